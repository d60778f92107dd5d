//! No secret is ever printed.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use offhook_bearer_token::{
    AccessToken, ClientAuthentication, ClientSecret, Fetch, FetchError, Introspector,
    MachineClaims, MachineTokenIssuer, MemoryTokenStore, OpaqueTokenStore, OpaqueTokens,
    RefreshRequest, RefreshToken, RevocationRequest, SigningKey, TokenCache, TokenDigest,
    TokenInfoFormat, TokenResponse, TokenVerifier, credentials_value, danger,
};

use crate::forge::{Forge, NOW, SUBJECT, at, base64url, claims, policy};

const CANARY: &str = "Canary0123456789";

/// `Debug` and `Display` of an error and of all its sources.
fn printed(error: &dyn Error) -> String {
    let mut text = format!("{error:?} {error}");
    let mut next = error.source();
    while let Some(source) = next {
        text += &format!(" {source:?} {source}");
        next = source.source();
    }
    text
}

#[test]
fn tokens_and_secrets_hide_in_debug() {
    let access: AccessToken = CANARY.parse().unwrap();
    let refresh: RefreshToken = CANARY.parse().unwrap();
    let secret = ClientSecret::new(CANARY);
    let url = "https://idp.example.net/token".parse().unwrap();
    let request = RefreshRequest::new(&url, "c", &secret, refresh.clone()).unwrap();
    let body = format!(
        r#"{{"access_token":"{CANARY}","refresh_token":"{CANARY}","token_type":"Bearer"}}"#
    );
    let response = TokenResponse::parse(&Response::new(body.into_bytes())).unwrap();
    let text = format!("{access:?} {refresh:?} {secret:?} {request:?} {response:?}");
    assert!(!text.contains(CANARY), "{text}");
    assert!(!text.contains(&base64url(CANARY)), "{text}");
    assert!(text.matches("[redacted]").count() >= 5, "{text}");
}

#[test]
fn keys_hide_in_debug() {
    let (key, pkcs8) = SigningKey::generate_eddsa("k").unwrap();
    let issuer = MachineTokenIssuer::new(key, "i", "a", Duration::from_secs(60));
    let secret = base64url([0x5a; 32]);
    let set = format!(r#"{{"keys":[{{"kty":"oct","k":"{secret}"}}]}}"#);
    let set = danger::key_set_with_shared_secrets(set.as_bytes()).unwrap();
    let text = format!("{issuer:?} {set:?}");
    assert!(
        !text.contains(&secret) && !text.contains("90, 90"),
        "{text}"
    );
    let seed = format!("{:?}", &pkcs8[16..20]);
    assert!(!text.contains(seed.trim_matches(['[', ']'])), "{text}");
}

#[test]
fn no_error_repeats_what_it_refused() {
    let forge = Forge::new();
    let header = |member: &str| format!(r#"{{"alg":"ES256","typ":"at+jwt",{member}}}"#);
    let mut texts = Vec::new();
    let tokens = [
        CANARY.to_owned(),
        format!("{CANARY}.{CANARY}.{CANARY}"),
        forge.sign(&header(&format!("\"kid\":\"{CANARY}\"")), &claims(&[])),
        forge.sign(&header(&format!("\"crit\":[\"{CANARY}\"]")), &claims(&[])),
        forge.sign(&format!("{{\"{CANARY}"), &claims(&[])),
    ];
    for token in tokens {
        texts.push(printed(&forge.verify(&token).unwrap_err()));
    }
    for name in ["iss", "aud", "sub", "exp", "iat", "cnf", "client_id"] {
        let value = format!("{{\"x\":\"{CANARY}\"}}");
        let refused = forge.judge(&claims(&[(name, &value)])).unwrap_err();
        texts.push(printed(&refused));
    }
    texts.push(printed(
        &credentials_value(&format!("Bearer {CANARY} x")).unwrap_err(),
    ));
    texts.push(printed(
        &format!("{CANARY}\n").parse::<AccessToken>().unwrap_err(),
    ));
    texts.push(printed(
        &format!("{CANARY}\n").parse::<RefreshToken>().unwrap_err(),
    ));
    for status in [200, 400] {
        let body =
            format!(r#"{{"error":"{CANARY}","access_token":"{CANARY} x","token_type":"Bearer"}}"#);
        let response = Response::builder().status(status).body(body.into_bytes());
        texts.push(printed(
            &TokenResponse::parse(&response.unwrap()).unwrap_err(),
        ));
    }
    texts.push(printed(
        &SigningKey::es256_from_pkcs8("k", CANARY.as_bytes()).unwrap_err(),
    ));
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains(&base64url(CANARY)), "{text}");
    }
}

#[test]
fn a_verified_token_holds_no_signature() {
    let (key, _) = SigningKey::generate_eddsa("k").unwrap();
    let issuer = MachineTokenIssuer::new(key, "i", "a", Duration::from_secs(60));
    let claims = MachineClaims::new(SUBJECT.parse().unwrap());
    let token = issuer.issue(&claims, [1; 16], at(NOW)).unwrap();
    let set = offhook_bearer_token::KeySet::from_json(issuer.key_set_json().unwrap().as_bytes());
    let set = set.unwrap();
    let policy = issuer.policy();
    let verified = offhook_bearer_token::verify(token.secret(), &set, &policy, at(NOW)).unwrap();
    let (_, signature) = token.secret().rsplit_once('.').unwrap();
    assert!(!format!("{verified:?} {set:?}").contains(signature));
}

#[tokio::test]
async fn lookups_stores_and_caches_show_no_token_and_repeat_none_in_an_error() {
    #[derive(Debug)]
    struct Echo(&'static str);
    #[async_trait]
    impl Fetch for Echo {
        async fn fetch(&self, _: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
            let body = self.0.replace('$', CANARY);
            Ok(Response::new(body.into_bytes()))
        }
    }
    let token: AccessToken = CANARY.parse().unwrap();
    let mut texts = Vec::new();
    let own = [
        ClientAuthentication::basic("dm", &ClientSecret::new(CANARY)),
        ClientAuthentication::bearer(&token),
    ];
    for (own, body) in own.into_iter().zip([r#"{"active":"$"}"#, "$"]) {
        texts.push(format!("{own:?}"));
        let url = "https://idp.example.net/introspect".parse().unwrap();
        let introspector = Introspector::new(url, own, Arc::new(Echo(body)));
        let answer = introspector.verify_token(&token, &policy(), at(NOW)).await;
        texts.push(printed(&answer.unwrap_err()));
        texts.push(format!("{introspector:?}"));
    }
    let format = TokenInfoFormat::rfc7662().with_parameter("client_secret", CANARY);
    texts.push(format!("{format:?}"));
    let store = Arc::new(MemoryTokenStore::new());
    let tokens = OpaqueTokens::new(store.clone(), "i", "a", Duration::from_secs(60));
    let claims = MachineClaims::new(SUBJECT.parse().unwrap());
    let issued = tokens.issue(&claims, &[7; 32], at(NOW));
    let issued = issued.await.unwrap();
    let digest = TokenDigest::of(&issued);
    let record = store.find(&digest).await.unwrap().unwrap();
    texts.push(format!(
        "{tokens:?} {store:?} {record:?} {digest:?} {issued:?}"
    ));
    let cache = TokenCache::new(Forge::new().keys());
    let answer = cache.verify_token(&token, &policy(), at(NOW)).await;
    texts.push(format!("{cache:?} {}", printed(&answer.unwrap_err())));
    let url = "https://idp.example.net/revoke".parse().unwrap();
    let request = RevocationRequest::of_access_token(&url, "dm", &ClientSecret::new(CANARY), token);
    texts.push(format!("{:?}", request.unwrap()));
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains(&base64url(CANARY)), "{text}");
        assert!(!text.contains(issued.secret()), "{text}");
        assert!(
            !text.contains(&format!("{:?}", digest.as_bytes())),
            "{text}"
        );
    }
}
