//! The form of questions and answers: the examples of the RFC, members of one's own, and anything.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Request, Response, StatusCode};
use offhook_bearer_token::{
    AccessToken, ClientAuthentication, ClientSecret, Fetch, FetchError, Introspector, LookupError,
    PingError, TokenInfoFormat, TokenPolicy, TokenRefusal, TokenVerifier, VerifyError,
};
use proptest::prelude::*;

use crate::forge::{AUDIENCE, ISSUER, NOW, SUBJECT, at, policy};
use crate::introspection::{Bed, active};

#[tokio::test]
async fn a_format_with_members_of_its_own_is_followed() {
    use offhook_bearer_token::Claim;
    let format = TokenInfoFormat::token_info()
        .with_member(Claim::Subject, "/user/id")
        .with_member(Claim::Scope, "scopes")
        .with_member(Claim::ExpiresIn, "expires_in")
        .without_member(Claim::ExpiresAt)
        .with_required("token_use", "access");
    let bed = Bed::with(|introspector| introspector.with_format(format));
    let body = format!(
        r#"{{"user":{{"id":"{SUBJECT}"}},"scopes":["a","broadworks-connector-user"],
            "expires_in":120,"exp":1,"iss":"{ISSUER}","aud":"{AUDIENCE}","token_use":"access"}}"#
    );
    bed.tell("t1", body.clone());
    let verified = bed.ask("t1", NOW).await.unwrap();
    assert_eq!(verified.expires_at(), at(NOW + 120));
    assert_eq!(
        verified.scopes().collect::<Vec<_>>(),
        ["a", "broadworks-connector-user"]
    );
    {
        let asked = bed.server.asked.lock().unwrap();
        assert_eq!(asked[0].method(), Method::GET);
        assert_eq!(asked[0].headers()["authorization"], "Bearer t1");
        assert!(asked[0].headers()["authorization"].is_sensitive());
        assert!(asked[0].body().is_empty());
    }
    bed.tell("t2", body.replace("\"access\"", "\"refresh\""));
    assert_eq!(bed.refusal("t2", NOW).await, TokenRefusal::Type);
    for (number, status) in [400, 401, 403, 404].into_iter().enumerate() {
        let token = format!("u{number}");
        bed.answer(&token, StatusCode::from_u16(status).unwrap(), body.clone());
        assert_eq!(bed.refusal(&token, NOW).await, TokenRefusal::Inactive);
    }
    bed.answer("t3", StatusCode::BAD_GATEWAY, body);
    let answer = bed.ask("t3", NOW).await;
    assert!(matches!(
        answer,
        Err(VerifyError::Lookup(LookupError::Status(_)))
    ));
}

/// RFC 7662 sections 2.1 and 2.2: the second example request, and the example response.
#[tokio::test]
async fn the_examples_of_rfc_7662_are_asked_and_read() {
    let bed = Bed::new();
    let own = ClientAuthentication::basic("s6BhdRkqt3", &ClientSecret::new("gX1fBat3bV"));
    let url = "https://server.example.com/introspect".parse().unwrap();
    let introspector = Introspector::new(url, own, bed.server.clone());
    let example = r#"{
        "active": true,
        "client_id": "l238j323ds-23ij4",
        "username": "jdoe",
        "scope": "read write dolphin",
        "sub": "Z5O3upPC88QrAjx00dis",
        "aud": "https://protected.example.net/resource",
        "iss": "https://server.example.com/",
        "exp": 1419356238,
        "iat": 1419350238,
        "extension_field": "twenty-seven"
    }"#;
    bed.tell(
        "mF_9.B5f-4.1JqM",
        example.replace("Z5O3upPC88QrAjx00dis", SUBJECT),
    );
    bed.tell("as-it-stands", example);
    let policy = TokenPolicy::new(
        "https://server.example.com/",
        "https://protected.example.net/resource",
    );
    let ask = async |token: &str| {
        let token: AccessToken = token.parse().unwrap();
        introspector
            .verify_token(&token, &policy, at(1_419_350_238))
            .await
    };
    let verified = ask("mF_9.B5f-4.1JqM").await.unwrap();
    let scopes: Vec<&str> = verified.scopes().collect();
    assert_eq!(scopes, ["read", "write", "dolphin"]);
    assert_eq!(verified.client_id(), Some("l238j323ds-23ij4"));
    // Our subjects are UUIDs; that of the example is none.
    let answer = ask("as-it-stands").await;
    assert!(matches!(
        answer,
        Err(VerifyError::Refused(TokenRefusal::Subject))
    ));
    let asked = bed.server.asked.lock().unwrap();
    assert_eq!(
        asked[0].headers()["authorization"],
        "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
    );
    assert_eq!(
        asked[0].body(),
        b"token=mF_9.B5f-4.1JqM&token_type_hint=access_token"
    );
}

/// A member's value of any type.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
        Just(format!("\"{SUBJECT}\"")),
        (NOW - 100..NOW + 100).prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        "\"[ a-z]{0,12}\"",
        "\\[\"[a-z]{0,5}\"(,[0-9])?\\]",
        "\\{\"[a-z]{1,5}\":[0-9]\\}",
    ]
}

#[test]
fn an_answer_read_by_hand_is_judged_too() {
    let format = TokenInfoFormat::rfc7662();
    let read = |status: u16, body: String| {
        let response = Response::builder().status(status).body(body.into_bytes());
        format.read(&response.unwrap(), &policy(), at(NOW))
    };
    assert!(read(200, active(&[])).unwrap().is_ok());
    let ended = active(&[("exp", &(NOW - 60).to_string())]);
    assert_eq!(
        read(200, ended).unwrap().map(drop),
        Err(TokenRefusal::Expired)
    );
    for status in [201, 204, 302, 401, 500] {
        let answer = read(status, active(&[]));
        assert!(matches!(answer, Err(LookupError::Status(found)) if found == status));
    }
}

#[tokio::test]
async fn a_client_that_panics_fails_a_ping_and_no_more() {
    #[derive(Debug)]
    struct Panics;
    #[async_trait]
    impl Fetch for Panics {
        async fn fetch(&self, _: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
            panic!("as this test wants it");
        }
    }
    let url = "https://idp.example.net/idp/authenticate".parse().unwrap();
    let introspector = Introspector::new(url, ClientAuthentication::none(), Arc::new(Panics));
    assert!(matches!(
        introspector.ping().await,
        Err(PingError::Fetch(_))
    ));
}

proptest! {
    /// Whatever a server says: a token is good only where `active` is `true`, it is ours by issuer
    /// and audience, and it has not ended.
    #[test]
    fn no_answer_makes_a_token_good_that_is_not(
        changes in proptest::collection::vec((0..10_usize, value()), 0..4),
    ) {
        let names = ["active", "iss", "aud", "sub", "exp", "iat", "nbf", "scope", "client_id", "token_type"];
        let changes: Vec<(&str, &str)> = changes
            .iter()
            .map(|(name, value)| (names[*name], value.as_str()))
            .collect();
        let body = active(&changes);
        let response = Response::new(body.clone().into_bytes());
        let read = TokenInfoFormat::rfc7662().read(&response, &policy(), at(NOW));
        if let Ok(Ok(told)) = read {
            prop_assert!(body.contains("\"active\":true"), "{}", body);
            prop_assert_eq!(told.issuer(), ISSUER);
            prop_assert!(told.is_for(AUDIENCE));
            prop_assert!(told.expires_at() > at(NOW - 60));
            prop_assert_eq!(told.subject().to_string(), SUBJECT);
        }
    }
}
