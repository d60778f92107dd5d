//! What a good token says, and where its times end.

use std::time::Duration;

use offhook_bearer_token::{KeySet, Scope, TokenPolicy, TokenRefusal as Refusal, verify};

use crate::forge::{
    Forge, ISSUER, NOW, RS256_TOKEN, RSA_MODULUS, SUBJECT, at, base64url, claims, policy,
};

#[test]
fn a_good_token_says_who_what_and_how_long() {
    let token = Forge::new().judge(&claims(&[])).unwrap();
    assert_eq!(token.subject().to_string(), SUBJECT);
    assert_eq!(token.issuer(), ISSUER);
    assert_eq!(token.client_id(), Some("C1"));
    assert_eq!(token.token_id(), Some("t1"));
    assert_eq!(token.expires_at(), at(NOW + 3_600));
    assert_eq!(
        token.scopes().collect::<Vec<_>>(),
        ["broadworks-connector-user", "dm-bridge:device_auth"]
    );
    assert_eq!(token.require(&Scope::DM_BRIDGE_DEVICE_AUTH), Ok(()));
    assert_eq!(token.confirmation(), None);
}

#[test]
fn a_scope_is_matched_whole_and_case_sensitively() {
    let token = Forge::new()
        .judge(&claims(&[("scope", "\"dm-bridge:device_auth2 Admin\"")]))
        .unwrap();
    assert!(!token.has_scope(&Scope::DM_BRIDGE_DEVICE_AUTH));
    assert!(!token.has_scope(&"admin".parse().unwrap()));
    let missing = token.require(&Scope::DM_BRIDGE_DEVICE_AUTH).unwrap_err();
    assert_eq!(missing.missing, Scope::DM_BRIDGE_DEVICE_AUTH);
}

#[test]
fn a_token_without_scope_has_none() {
    for scope in ["", "\"\""] {
        let token = Forge::new().judge(&claims(&[("scope", scope)])).unwrap();
        assert_eq!(token.scopes().count(), 0);
    }
}

#[test]
fn the_leeway_ends_to_the_second() {
    let forge = Forge::new();
    let judge = |changes: &[(&str, &str)]| forge.judge(&claims(changes)).err();
    assert_eq!(
        judge(&[("iat", "0"), ("exp", "1799999940")]),
        Some(Refusal::Expired)
    );
    assert_eq!(judge(&[("iat", "1799990000"), ("exp", "1799999941")]), None);
    assert_eq!(judge(&[("nbf", "1800000060")]), None);
    assert_eq!(judge(&[("nbf", "1800000061")]), Some(Refusal::NotYetValid));
    // RFC 7519 section 4.1.5: not before, so not in the second in which it begins either.
    assert_eq!(
        judge(&[("nbf", "1800000060.5")]),
        Some(Refusal::NotYetValid)
    );
    assert_eq!(judge(&[("nbf", "1800000059.5")]), None);
    assert_eq!(judge(&[("iat", "1800000060")]), None);
    assert_eq!(
        judge(&[("iat", "1800000061")]),
        Some(Refusal::IssuedInFuture)
    );
    assert_eq!(judge(&[("exp", "1800086400")]), None);
    assert_eq!(
        judge(&[("exp", "1800086401")]),
        Some(Refusal::LifetimeTooLong)
    );
    assert_eq!(judge(&[("exp", "1800003600.75")]), None);
}

#[test]
fn leeway_and_lifetime_are_the_policys() {
    let forge = Forge::new();
    let token = forge.sign(&forge.header(), &claims(&[("exp", "1800086401")]));
    let long = policy().with_max_lifetime(Duration::from_secs(86_401));
    assert!(verify(&token, &forge.keys(), &long, at(NOW)).is_ok());
    let strict = long.with_leeway(Duration::ZERO);
    let answer = verify(&token, &forge.keys(), &strict, at(1_800_086_401));
    assert_eq!(answer.unwrap_err(), Refusal::Expired);
}

#[test]
fn an_audience_may_be_one_of_a_list() {
    let list = claims(&[("aud", "[\"other\",\"dms\"]")]);
    assert!(Forge::new().judge(&list).is_ok());
}

#[test]
fn a_type_may_be_a_media_type_in_any_case() {
    let forge = Forge::new();
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
        r"application\/at+jwt",
        r"\u0061t+jwt",
    ] {
        let header = format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"k1"}}"#);
        assert!(forge.verify(&forge.sign(&header, &claims(&[]))).is_ok());
    }
}

#[test]
fn a_token_is_bound_to_one_certificate_only() {
    let cnf = format!("{{\"x5t#S256\":\"{}\"}}", base64url([9; 32]));
    let bound = Forge::new().judge(&claims(&[("cnf", &cnf)])).unwrap();
    let escaped = cnf.replacen(r#":"C"#, r#":"\u0043"#, 1);
    assert_ne!(escaped, cnf);
    let same = Forge::new().judge(&claims(&[("cnf", &escaped)])).unwrap();
    assert_eq!(same.confirmation(), bound.confirmation());
    assert_eq!(bound.confirmation(), Some([9; 32]));
    assert!(bound.bound_to(&[9; 32]));
    assert!(!bound.bound_to(&[8; 32]));
    let free = Forge::new().judge(&claims(&[])).unwrap();
    assert!(!free.bound_to(&[0; 32]));
}

#[test]
fn a_token_signed_by_openssl_with_rs256_is_good() {
    let jwk =
        format!(r#"{{"keys":[{{"kty":"RSA","kid":"rsa-1","e":"AQAB","n":"{RSA_MODULUS}"}}]}}"#);
    let keys = KeySet::from_json(jwk.as_bytes()).unwrap();
    let policy = TokenPolicy::new(ISSUER, "dms");
    let verified = verify(RS256_TOKEN, &keys, &policy, at(NOW)).unwrap();
    assert_eq!(verified.subject().to_string(), SUBJECT);
    let (message, signature) = RS256_TOKEN.rsplit_once('.').unwrap();
    let other = format!("{message}.{}", signature.replacen('P', "Q", 1));
    assert_eq!(
        verify(&other, &keys, &policy, at(NOW)).unwrap_err(),
        Refusal::Signature
    );
}

#[test]
fn a_confirmation_of_two_methods_is_not_taken_for_one() {
    let forge = Forge::new();
    let thumbprint = base64url([1; 32]);
    let good = format!(r#"{{"x5t#S256":"{thumbprint}"}}"#);
    forge.judge(&claims(&[("cnf", &good)])).unwrap();
    let two = format!(r#"{{"x5t#S256":"{thumbprint}","jkt":"abc"}}"#);
    let answer = forge.judge(&claims(&[("cnf", &two)]));
    assert_eq!(answer.unwrap_err(), Refusal::Confirmation);
}

#[test]
fn a_type_with_escapes_is_read_each_time() {
    let forge = Forge::new();
    let keys = forge.keys();
    let token = forge.sign(
        r#"{"alg":"ES256","typ":"at\u002bjwt","kid":"k1"}"#,
        &claims(&[]),
    );
    for _ in 0..3 {
        verify(&token, &keys, &policy(), at(NOW)).unwrap();
    }
}
