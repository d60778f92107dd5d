//! Any header and claims under a good signature, judged by us and by `jsonwebtoken`.
//!
//! Where the two disagree, what the token says must explain it: each of our refusals has its own
//! explanation, and there are few things that only the peer refuses.
#![no_main]

use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use libfuzzer_sys::fuzz_target;
use offhook_bearer_token::{
    ClaimsBuffer, KeySet, TokenPolicy, TokenRefusal as Refusal, danger, verify_in,
};
use ring::hmac;
use serde_json::Value;

const NOW: u64 = 1_800_000_000;
const LEEWAY: u64 = 60;
const DAY: u64 = 24 * 60 * 60;
const SECRET: [u8; 32] = [7; 32];
const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt","kid":"s"}"#;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // A newline parts header from claims.
    let (header, claims) = text.split_once('\n').unwrap_or((HEADER, text));
    let message = format!("{}.{}", encode(header), encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &SECRET);
    let tag = hmac::sign(&key, message.as_bytes());
    let token = format!("{message}.{}", encode(tag));
    compare(&token, header, claims);
    // The same, with form and signature as they come.
    compare(text, "", "");
});

fn compare(token: &str, header: &str, claims: &str) {
    static KEYS: OnceLock<KeySet> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let jwk = br#"{"keys":[{"kty":"oct","kid":"s","k":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}]}"#;
        danger::key_set_with_shared_secrets(jwk).expect("the set is ours")
    });
    let policy = danger::any_typ(TokenPolicy::new("i", "a"));
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    let mut buffer = ClaimsBuffer::new();
    let ours = verify_in(token, keys, &policy, now, &mut buffer);

    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&["i"]);
    validation.set_audience(&["a"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // It reads the clock of the machine.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let theirs =
        jsonwebtoken::decode::<Value>(token, &DecodingKey::from_secret(&SECRET), &validation);

    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(Some(ours.subject()), theirs.claims["sub"].as_str());
            let scope = theirs.claims["scope"].as_str().unwrap_or_default();
            assert!(
                ours.scopes()
                    .eq(scope.split(' ').filter(|scope| !scope.is_empty()))
            );
            assert_eq!(Some(ours.issuer()), theirs.claims["iss"].as_str());
            assert_eq!(ours.client_id(), theirs.claims["client_id"].as_str());
            assert_eq!(ours.token_id(), theirs.claims["jti"].as_str());
        }
        (Err(_), Err(_)) => {}
        (Err(refusal), Ok(theirs)) => {
            let header: Value = serde_json::from_str(header).expect("the peer has read it");
            assert!(
                explains(refusal, token, &header, &theirs.claims)
                    || refusal == Refusal::DuplicateMember && is_twice(claims),
                "{refusal:?}"
            );
        }
        (Ok(_), Err(error)) => assert!(only_theirs(header, claims), "{error:?}"),
    }
}

/// Whether what the token says is the reason for a refusal that the peer does not know.
fn explains(refusal: Refusal, token: &str, header: &Value, claims: &Value) -> bool {
    let number = |name: &str| claims[name].as_f64();
    let seconds = |name: &str| number(name).unwrap_or_default();
    match refusal {
        Refusal::TooLong => token.len() > 8_192,
        Refusal::HeaderTooLong => token.find('.').is_some_and(|length| length > 1_024),
        Refusal::TooDeep => depth(header).max(depth(claims)) > 16,
        Refusal::CriticalExtension => header.get("crit").is_some(),
        Refusal::UnencodedPayload => header.get("b64").is_some(),
        Refusal::EmbeddedKey => ["jwk", "jku", "x5c", "x5u"]
            .iter()
            .any(|name| header.get(name).is_some()),
        // A member that the peer takes for absent, or too many.
        Refusal::Header => {
            ["typ", "kid"]
                .iter()
                .any(|name| header.get(name) == Some(&Value::Null))
                || widest(header) > 64
        }
        Refusal::UnknownKey => header["kid"].as_str().is_some_and(|kid| kid != "s"),
        Refusal::Claims => {
            widest(claims) > 64
                || ["client_id", "jti"]
                    .iter()
                    .any(|name| claims.get(name).is_some_and(|value| !value.is_string()))
        }
        // The peer takes a list of issuers, and an audience among things that are no texts.
        Refusal::Issuer => !claims["iss"].is_string(),
        Refusal::Audience => !claims["aud"].is_string(),
        Refusal::Subject => claims["sub"].as_str().is_none_or(str::is_empty),
        Refusal::Scope => claims.get("scope").is_some(),
        Refusal::Confirmation => claims.get("cnf").is_some(),
        Refusal::Time => {
            let is_odd = |name: &str| {
                claims.get(name).is_some_and(|value| {
                    value.as_f64().is_none_or(|seconds| {
                        seconds < 0.0 || seconds.is_sign_negative() || seconds > 253_402_300_799.0
                    })
                })
            };
            ["exp", "iat", "nbf"].iter().any(|name| is_odd(name))
                || claims.get("iat").is_none()
                || claims.get("exp").is_none()
                || seconds("iat").floor() > seconds("exp").floor()
        }
        Refusal::Expired => seconds("exp").floor() <= (NOW - LEEWAY) as f64,
        Refusal::NotYetValid => seconds("nbf").floor() > (NOW + LEEWAY) as f64,
        Refusal::IssuedInFuture => seconds("iat").floor() > (NOW + LEEWAY) as f64,
        Refusal::LifetimeTooLong => seconds("exp").floor() - seconds("iat").floor() > DAY as f64,
        _ => false,
    }
}

/// What the peer refuses and we do not: types of members that we do not read, and numbers beyond a
/// double, which its parser does not take.
fn only_theirs(header: &str, claims: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(header), Some(_)) = (read(header), read(claims)) else {
        let has_exponent = |text: &str| text.contains(['e', 'E']) || text.len() > 300;
        return has_exponent(header) || has_exponent(claims);
    };
    ["cty", "x5t", "x5t#S256"].iter().any(|name| {
        header
            .get(name)
            .is_some_and(|value| !value.is_string() && !value.is_null())
    })
}

/// Whether a member may be given twice: the peer's reader keeps the last one and cannot tell.
fn is_twice(json: &str) -> bool {
    json.matches(':').count() > 1
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn widest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(widest).max().unwrap_or(0),
        Value::Object(members) => {
            let inner = members.values().map(widest).max().unwrap_or(0);
            inner.max(members.len())
        }
        _ => 0,
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
