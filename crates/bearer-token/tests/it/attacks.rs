//! Tokens made to deceive, each under its name; where a signature matters it is a good one.

use offhook_bearer_token::{TokenRefusal as Refusal, verify};

use crate::forge::{Forge, NOW, at, base64url, claims, key_set, policy};

#[test]
fn every_attack_on_the_form_is_refused() {
    let forge = Forge::new();
    let good = forge.good();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, body, signature] = parts[..] else {
        panic!("three parts")
    };
    let long = "a".repeat(8_193);
    let attacks: Vec<(&str, String, Refusal)> = vec![
        ("empty", String::new(), Refusal::NotCompact),
        ("one part", header.into(), Refusal::NotCompact),
        ("two parts", format!("{header}.{body}"), Refusal::NotCompact),
        ("four parts", format!("{good}."), Refusal::NotCompact),
        (
            "five parts, as encrypted",
            format!("{good}.a.b"),
            Refusal::NotCompact,
        ),
        ("only dots", "..".into(), Refusal::Header),
        (
            "json serialisation",
            format!(r#"{{"payload":"{body}"}}"#),
            Refusal::NotCompact,
        ),
        ("8,193 bytes", long.clone(), Refusal::TooLong),
        (
            "no signature",
            format!("{header}.{body}."),
            Refusal::Signature,
        ),
        (
            "cut signature",
            good[..good.len() - 2].into(),
            Refusal::Signature,
        ),
        ("padded signature", format!("{good}=="), Refusal::Encoding),
        (
            "signature and newline",
            format!("{good}\n"),
            Refusal::Encoding,
        ),
        ("space before", format!(" {good}"), Refusal::Encoding),
        (
            "padded header",
            format!("{header}=.{body}.{signature}"),
            Refusal::Encoding,
        ),
        (
            "standard alphabet",
            format!("{header}.{body}.{}+/", &signature[2..]),
            Refusal::Encoding,
        ),
        (
            "zero signature",
            format!("{header}.{body}.{}", base64url([0; 64])),
            Refusal::Signature,
        ),
        (
            "huge signature",
            format!("{header}.{body}.{}", base64url([1; 2_000])),
            Refusal::Encoding,
        ),
        (
            "bearer in front",
            format!("Bearer {good}"),
            Refusal::Encoding,
        ),
        (
            "other body",
            forge_body(header, signature),
            Refusal::Signature,
        ),
        (
            "not ascii",
            format!("{header}é.{body}.{signature}"),
            Refusal::Encoding,
        ),
    ];
    for (name, token, refusal) in attacks {
        assert_eq!(forge.verify(&token).unwrap_err(), refusal, "{name}");
    }
    assert!(forge.verify(&good).is_ok());
}

#[test]
fn every_attack_by_the_header_is_refused() {
    let forge = Forge::new();
    let with = |member: &str| format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":"k1",{member}}}"#);
    let jwk = forge.jwk();
    let deep = format!("\"x\":{}{}", "[".repeat(16), "]".repeat(16));
    let attacks: Vec<(&str, String, Refusal)> = vec![
        (
            "none",
            r#"{"alg":"none","typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Algorithm,
        ),
        (
            "NONE",
            r#"{"alg":"NONE","typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Algorithm,
        ),
        (
            "no alg",
            r#"{"typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Algorithm,
        ),
        (
            "null alg",
            r#"{"alg":null,"typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Header,
        ),
        (
            "alg list",
            r#"{"alg":["ES256"],"typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Header,
        ),
        (
            "hmac with public key",
            r#"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Algorithm,
        ),
        (
            "other curve",
            r#"{"alg":"ES384","typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Algorithm,
        ),
        (
            "alg in lower case",
            r#"{"alg":"es256","typ":"at+jwt","kid":"k1"}"#.into(),
            Refusal::Algorithm,
        ),
        (
            "unknown kid",
            r#"{"alg":"ES256","typ":"at+jwt","kid":"k2"}"#.into(),
            Refusal::UnknownKey,
        ),
        (
            "kid as path",
            r#"{"alg":"ES256","typ":"at+jwt","kid":"../k1"}"#.into(),
            Refusal::UnknownKey,
        ),
        (
            "kid as number",
            r#"{"alg":"ES256","typ":"at+jwt","kid":1}"#.into(),
            Refusal::Header,
        ),
        (
            "kid null",
            r#"{"alg":"ES256","typ":"at+jwt","kid":null}"#.into(),
            Refusal::Header,
        ),
        (
            "no typ",
            r#"{"alg":"ES256","kid":"k1"}"#.into(),
            Refusal::Type,
        ),
        (
            "id token",
            r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#.into(),
            Refusal::Type,
        ),
        (
            "typ as number",
            r#"{"alg":"ES256","typ":1,"kid":"k1"}"#.into(),
            Refusal::Header,
        ),
        (
            "crit",
            with(r#""crit":["exp"]"#),
            Refusal::CriticalExtension,
        ),
        (
            "empty crit",
            with(r#""crit":[]"#),
            Refusal::CriticalExtension,
        ),
        ("b64", with(r#""b64":false"#), Refusal::UnencodedPayload),
        ("b64 true", with(r#""b64":true"#), Refusal::UnencodedPayload),
        (
            "own jwk",
            with(&format!("\"jwk\":{jwk}")),
            Refusal::EmbeddedKey,
        ),
        (
            "jku",
            with(r#""jku":"https://evil.example/keys""#),
            Refusal::EmbeddedKey,
        ),
        (
            "x5u",
            with(r#""x5u":"https://evil.example/cert""#),
            Refusal::EmbeddedKey,
        ),
        ("x5c", with(r#""x5c":["MIIB"]"#), Refusal::EmbeddedKey),
        (
            "alg twice",
            with(r#""alg":"none""#),
            Refusal::DuplicateMember,
        ),
        ("kid twice", with(r#""kid":"k2""#), Refusal::DuplicateMember),
        (
            "alg twice, once escaped",
            with(r#""\u0061lg":"none""#),
            Refusal::DuplicateMember,
        ),
        (
            "twice below",
            with(r#""x":{"a":1,"a":2}"#),
            Refusal::DuplicateMember,
        ),
        ("too deep", with(&deep), Refusal::TooDeep),
        (
            "too long",
            with(&format!("\"x\":\"{}\"", "a".repeat(800))),
            Refusal::HeaderTooLong,
        ),
        ("list", "[]".into(), Refusal::Header),
        ("text", "\"ES256\"".into(), Refusal::Header),
        (
            "rubbish after it",
            format!("{}x", forge.header()),
            Refusal::Header,
        ),
        (
            "second object after it",
            format!("{}{{}}", forge.header()),
            Refusal::Header,
        ),
        (
            "byte order mark",
            format!("\u{feff}{}", forge.header()),
            Refusal::Header,
        ),
    ];
    for (name, header, refusal) in attacks {
        let token = forge.sign(&header, &claims(&[]));
        assert_eq!(forge.verify(&token).unwrap_err(), refusal, "{name}");
    }
}

#[test]
fn every_attack_by_the_claims_is_refused() {
    let forge = Forge::new();
    let numbers = |value: &'static str| [("exp", value)];
    let attacks: Vec<(&str, String, Refusal)> = vec![
        ("no iss", claims(&[("iss", "")]), Refusal::Issuer),
        (
            "iss list",
            claims(&[("iss", "[\"https://idbroker.example.net/idb\"]")]),
            Refusal::Issuer,
        ),
        (
            "iss with slash",
            claims(&[("iss", "\"https://idbroker.example.net/idb/\"")]),
            Refusal::Issuer,
        ),
        ("iss number", claims(&[("iss", "1")]), Refusal::Issuer),
        ("no aud", claims(&[("aud", "")]), Refusal::Audience),
        (
            "other aud",
            claims(&[("aud", "\"dms2\"")]),
            Refusal::Audience,
        ),
        (
            "aud object",
            claims(&[("aud", "{\"dms\":1}")]),
            Refusal::Audience,
        ),
        (
            "aud list with number",
            claims(&[("aud", "[\"dms\",1]")]),
            Refusal::Audience,
        ),
        (
            "empty aud list",
            claims(&[("aud", "[]")]),
            Refusal::Audience,
        ),
        (
            "nested aud list",
            claims(&[("aud", "[[\"dms\"]]")]),
            Refusal::Audience,
        ),
        ("no exp", claims(&[("exp", "")]), Refusal::Time),
        ("exp null", claims(&[("exp", "null")]), Refusal::Time),
        (
            "exp text",
            claims(&[("exp", "\"1800003600\"")]),
            Refusal::Time,
        ),
        ("exp negative", claims(&numbers("-1")), Refusal::Time),
        (
            "exp past year 9999",
            claims(&numbers("253402300800")),
            Refusal::Time,
        ),
        (
            "exp of 20 digits",
            claims(&numbers("99999999999999999999")),
            Refusal::Time,
        ),
        ("exp of 1e300", claims(&numbers("1e300")), Refusal::Time),
        ("exp of 1e999", claims(&numbers("1e999")), Refusal::Time),
        ("expired", claims(&numbers("1799999940")), Refusal::Expired),
        (
            "exp zero",
            claims(&[("exp", "0"), ("iat", "0")]),
            Refusal::Expired,
        ),
        ("no iat", claims(&[("iat", "")]), Refusal::Time),
        (
            "iat in future",
            claims(&[("iat", "1800000061")]),
            Refusal::IssuedInFuture,
        ),
        (
            "iat after exp",
            claims(&[("iat", "1800000050"), ("exp", "1800000010")]),
            Refusal::Time,
        ),
        (
            "nbf in future",
            claims(&[("nbf", "1800000061")]),
            Refusal::NotYetValid,
        ),
        ("nbf text", claims(&[("nbf", "\"0\"")]), Refusal::Time),
        (
            "long life",
            claims(&[("exp", "1800086401")]),
            Refusal::LifetimeTooLong,
        ),
        ("no sub", claims(&[("sub", "")]), Refusal::Subject),
        (
            "sub no uuid",
            claims(&[("sub", "\"admin\"")]),
            Refusal::Subject,
        ),
        (
            "sub nil",
            claims(&[("sub", "\"00000000-0000-0000-0000-000000000000\"")]),
            Refusal::Subject,
        ),
        (
            "sub braced",
            claims(&[("sub", "\"{8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f}\"")]),
            Refusal::Subject,
        ),
        (
            "sub list",
            claims(&[("sub", "[\"8d5f2a3e-8a80-4f1c-9d6b-1f3f0f1f2f3f\"]")]),
            Refusal::Subject,
        ),
        (
            "scope list",
            claims(&[("scope", "[\"a\"]")]),
            Refusal::Scope,
        ),
        (
            "scope with quote",
            claims(&[("scope", "\"a\\\"b\"")]),
            Refusal::Scope,
        ),
        (
            "scope with two spaces",
            claims(&[("scope", "\"a  b\"")]),
            Refusal::Scope,
        ),
        (
            "client id number",
            claims(&[("client_id", "1")]),
            Refusal::Claims,
        ),
        ("jti object", claims(&[("jti", "{}")]), Refusal::Claims),
        (
            "cnf text",
            claims(&[("cnf", "\"x\"")]),
            Refusal::Confirmation,
        ),
        (
            "cnf by key",
            claims(&[("cnf", "{\"jkt\":\"x\"}")]),
            Refusal::Confirmation,
        ),
        (
            "cnf in hex",
            claims(&[("cnf", "{\"x5t#S256\":\"00ff\"}")]),
            Refusal::Confirmation,
        ),
        (
            "sub twice",
            format!("{},\"sub\":\"x\"}}", claims(&[]).trim_end_matches('}')),
            Refusal::DuplicateMember,
        ),
        ("not json", "sub=x".into(), Refusal::Claims),
        ("list", "[]".into(), Refusal::Claims),
        ("nothing", String::new(), Refusal::Claims),
        (
            "too deep",
            claims(&[(
                "x",
                &format!("{}{}", "[".repeat(5_000 / 2), "]".repeat(5_000 / 2)),
            )]),
            Refusal::TooDeep,
        ),
    ];
    for (name, claims, refusal) in attacks {
        assert_eq!(forge.judge(&claims).unwrap_err(), refusal, "{name}");
    }
}

#[test]
fn a_claim_part_that_is_not_canonical_is_refused_though_it_is_signed() {
    let forge = Forge::new();
    let header = base64url(forge.header());
    let body = base64url(claims(&[]));
    for body in [format!("{body}="), format!("{body}\n"), "A".to_owned()] {
        let token = forge.sign_parts(&header, &body);
        assert_eq!(forge.verify(&token).unwrap_err(), Refusal::Encoding);
    }
}

#[test]
fn a_header_seen_before_is_no_way_round_the_checks() {
    let forge = Forge::new();
    let keys = forge.keys();
    let now = at(NOW);
    let good = forge.good();
    assert!(verify(&good, &keys, &policy(), now).is_ok());
    assert!(verify(&good, &keys, &policy(), now).is_ok());
    let forged = Forge::new().good();
    assert_eq!(
        verify(&forged, &keys, &policy(), now).unwrap_err(),
        Refusal::Signature
    );
    assert_eq!(
        verify(&good, &keys, &policy().with_typ("logout+jwt"), now).unwrap_err(),
        Refusal::Type
    );
    let expired = forge.sign(&forge.header(), &claims(&[("exp", "1799990000")]));
    assert_eq!(
        verify(&expired, &keys, &policy(), now).unwrap_err(),
        Refusal::Expired
    );
}

#[test]
fn a_header_without_kid_is_good_only_for_a_set_of_one_key() {
    let (one, two) = (Forge::with_id("k1"), Forge::with_id("k2"));
    let token = one.sign(r#"{"alg":"ES256","typ":"at+jwt"}"#, &claims(&[]));
    assert!(one.verify(&token).is_ok());
    let both = key_set(&[one.jwk(), two.jwk()]);
    assert_eq!(
        verify(&token, &both, &policy(), at(NOW)).unwrap_err(),
        Refusal::KeyNotNamed
    );
}

fn forge_body(header: &str, signature: &str) -> String {
    let body = base64url(claims(&[(
        "sub",
        "\"00000000-0000-4000-8000-000000000001\"",
    )]));
    format!("{header}.{body}.{signature}")
}
