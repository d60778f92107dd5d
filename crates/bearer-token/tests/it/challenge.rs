//! Challenges, written and read.

use offhook_bearer_token::{BearerError, Challenge, ChallengeError, CredentialsError, Scope};
use proptest::prelude::*;

#[test]
fn a_challenge_to_a_request_without_credentials_names_no_error() {
    let challenge = Challenge::new("dm").unwrap();
    let challenge = challenge.with_error(CredentialsError::Missing.bearer_error());
    assert_eq!(challenge.to_string(), r#"Bearer realm="dm""#);
}

#[test]
fn a_sip_challenge_names_the_server_that_gives_tokens_out() {
    let challenge = Challenge::new("sip.example.net")
        .unwrap()
        .with_authz_server("https://idbroker.example.net/idb".parse().unwrap())
        .unwrap()
        .with_scope([Scope::BROADWORKS_CONNECTOR_USER])
        .with_error(BearerError::InvalidToken)
        .with_error_description("expired")
        .unwrap();
    let text = r#"Bearer realm="sip.example.net", authz_server="https://idbroker.example.net/idb", scope="broadworks-connector-user", error="invalid_token", error_description="expired""#;
    assert_eq!(challenge.to_string(), text);
    assert_eq!(text.parse::<Challenge>().unwrap(), challenge);
}

#[test]
fn quotes_and_backslashes_cannot_leave_the_realm() {
    let challenge = Challenge::new(r#"a", error="x\"#).unwrap();
    assert_eq!(challenge.to_string(), r#"Bearer realm="a\", error=\"x\\""#);
    assert_eq!(
        challenge.to_string().parse::<Challenge>().unwrap(),
        challenge
    );
    let bad = ChallengeError::BadValue { parameter: "realm" };
    assert_eq!(Challenge::new("a\r\nSet-Cookie: b").unwrap_err(), bad);
    let challenge = Challenge::new("").unwrap();
    assert!(challenge.clone().with_error_description("a\"b").is_err());
    assert!(
        challenge
            .with_authz_server("http://idp".parse().unwrap())
            .is_err()
    );
}

#[test]
fn what_others_write_is_read() {
    let read = |text: &str| text.parse::<Challenge>().unwrap();
    let challenge = read("bearer  ,  REALM = dm ,scope=\"a b\", foo=\"b\\ar, x=y\",");
    assert_eq!(challenge.realm(), "dm");
    assert_eq!(challenge.scope().len(), 2);
    assert_eq!(read("Bearer").realm(), "");
    assert_eq!(read("Bearer error=\"out_of_coffee\"").error(), None);
    assert_eq!(read("Bearer scope=\"\"").scope().len(), 0);
    assert_eq!(read("Bearer scope=\" a  b \"").scope().len(), 2);
    assert_eq!(
        read("Bearer error=invalid_token").error(),
        Some(BearerError::InvalidToken)
    );
}

#[test]
fn what_is_no_bearer_challenge_is_refused_with_its_place() {
    let error = |text: &str| text.parse::<Challenge>().unwrap_err();
    assert_eq!(error("Digest realm=\"a\""), ChallengeError::OtherScheme);
    assert_eq!(error(""), ChallengeError::OtherScheme);
    assert_eq!(error("Bearer abc"), ChallengeError::Malformed { at: 7 });
    assert_eq!(
        error("Bearer realm=\"a\" x"),
        ChallengeError::Malformed { at: 17 }
    );
    assert_eq!(
        error("Bearer realm=\"a\", Realm=\"b\""),
        ChallengeError::Duplicate { at: 18 }
    );
    assert!(matches!(
        error("Bearer realm=\"a"),
        ChallengeError::Malformed { .. }
    ));
    assert!(matches!(
        error("Bearer =a"),
        ChallengeError::Malformed { at: 7 }
    ));
    assert_eq!(
        error(&format!("Bearer realm=\"{}\"", "a".repeat(5_000))),
        ChallengeError::TooLong { found: 5_015 }
    );
    assert_eq!(
        error("Bearer authz_server=\"http://a\""),
        ChallengeError::BadValue {
            parameter: "authz_server"
        }
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        realm in "[ -~]{0,40}",
        scopes in prop::collection::vec("[!#-\\[\\]-~]{1,20}", 0..4),
        error in prop::sample::select(vec![
            None,
            Some(BearerError::InsufficientScope),
            Some(BearerError::InvalidRequest),
            Some(BearerError::InvalidToken),
        ]),
        text in prop::option::of("[ !#-\\[\\]-~]{0,40}"),
        has_server: bool,
    ) {
        let scopes = scopes.iter().map(|scope| scope.parse::<Scope>().unwrap());
        let mut challenge = Challenge::new(&realm).unwrap().with_scope(scopes).with_error(error);
        if let Some(text) = text {
            challenge = challenge.with_error_description(&text).unwrap();
        }
        if has_server {
            challenge = challenge.with_authz_server("https://a.example/b?c=d".parse().unwrap()).unwrap();
        }
        prop_assert_eq!(challenge.to_string().parse::<Challenge>().unwrap(), challenge);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,200}") {
        let _ = text.parse::<Challenge>();
        let _ = format!("Bearer {text}").parse::<Challenge>();
    }
}

#[test]
fn an_address_that_is_no_ascii_is_named_in_no_challenge() {
    for tail in [&[0xc3, 0xa9][..], b"\"", b"\\"] {
        let address = [b"https://a.example/".as_slice(), tail].concat();
        let Ok(address) = http::Uri::try_from(&address[..]) else {
            continue;
        };
        let challenge = Challenge::new("dms").unwrap();
        assert!(challenge.with_authz_server(address).is_err(), "{tail:?}");
    }
}
