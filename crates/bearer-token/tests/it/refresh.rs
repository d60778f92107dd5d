//! The refresh exchange, without a network.

use std::time::Duration;

use http::{Response, StatusCode};
use offhook_bearer_token::{
    ClientSecret, REFRESH_EVERY, REFRESH_TOKEN_LIFETIME, RefreshError, RefreshRefusal,
    RefreshRequest, Scope, TokenResponse,
};

fn request(endpoint: &str) -> Result<RefreshRequest, RefreshError> {
    RefreshRequest::new(
        &endpoint.parse().unwrap(),
        "a client",
        &ClientSecret::new("p:w+d"),
        "r&t=1".parse().unwrap(),
    )
}

fn answer(status: u16, body: &str) -> Result<TokenResponse, RefreshError> {
    let response = Response::builder()
        .status(status)
        .body(body.as_bytes().to_vec());
    TokenResponse::parse(&response.unwrap())
}

#[test]
fn the_request_is_a_form_with_the_clients_id_and_secret_encoded() {
    let http = request("https://idp.example.net/token?a=b")
        .unwrap()
        .with_scope(Scope::DM_BRIDGE_DEVICE_AUTH)
        .to_http();
    assert_eq!(http.method(), "POST");
    assert_eq!(http.uri(), "https://idp.example.net/token?a=b");
    assert_eq!(
        http.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    // printf 'a+client:p%%3Aw%%2Bd' | base64
    assert_eq!(
        http.headers()["authorization"],
        "Basic YStjbGllbnQ6cCUzQXclMkJk"
    );
    assert!(http.headers()["authorization"].is_sensitive());
    assert_eq!(
        http.body(),
        b"grant_type=refresh_token&refresh_token=r%26t%3D1&scope=dm-bridge%3Adevice_auth"
    );
}

#[test]
fn secrets_are_not_sent_without_tls() {
    assert!(matches!(
        request("http://idp.example.net/token"),
        Err(RefreshError::NotHttps)
    ));
}

#[test]
fn a_good_answer_gives_tokens_lifetime_and_scopes() {
    let tokens = answer(
        200,
        r#"{"access_token":"AT","token_type":"bearer","expires_in":3600,"refresh_token":"RT","scope":"a b","x":1}"#,
    )
    .unwrap();
    assert_eq!(tokens.access_token().secret(), "AT");
    assert_eq!(tokens.refresh_token().unwrap().secret(), "RT");
    assert_eq!(tokens.expires_in(), Some(Duration::from_secs(3_600)));
    assert_eq!(tokens.scopes().unwrap().len(), 2);
    let bare = answer(200, r#"{"access_token":"AT","token_type":"Bearer"}"#).unwrap();
    assert!(bare.refresh_token().is_none() && bare.scopes().is_none());
}

#[test]
fn a_token_is_not_lost_to_how_its_answer_is_spelled() {
    let tokens = answer(
        200,
        r#"{"access_token":"a\/\u0062","token_type":"\u0062earer","refresh_token":"r\"\/x","scope":null,"expires_in":"3600"}"#,
    )
    .unwrap();
    assert_eq!(tokens.access_token().secret(), "a/b");
    assert_eq!(tokens.refresh_token().unwrap().secret(), "r\"/x");
    assert_eq!(tokens.expires_in(), Some(Duration::from_secs(3_600)));
    assert!(tokens.scopes().is_none());
    for lifetime in ["-1", "1.5", "1e3", "\"soon\"", "null", "[]", "true", "\"\""] {
        let body = format!(
            r#"{{"access_token":"AT","token_type":"Bearer","refresh_token":"RT","expires_in":{lifetime}}}"#
        );
        let tokens = answer(200, &body).unwrap();
        assert_eq!(tokens.expires_in(), None, "{lifetime}");
        assert_eq!(tokens.refresh_token().unwrap().secret(), "RT");
    }
    for refresh_token in ["null", "\"\""] {
        let body = format!(
            r#"{{"access_token":"AT","token_type":"Bearer","refresh_token":{refresh_token}}}"#
        );
        assert!(answer(200, &body).unwrap().refresh_token().is_none());
    }
}

#[test]
fn each_reason_of_the_rfc_has_its_own_error() {
    for (reason, expected) in [
        ("invalid_client", RefreshRefusal::InvalidClient),
        ("invalid_grant", RefreshRefusal::InvalidGrant),
        ("invalid_request", RefreshRefusal::InvalidRequest),
        ("invalid_scope", RefreshRefusal::InvalidScope),
        ("unauthorized_client", RefreshRefusal::UnauthorizedClient),
        (
            "unsupported_grant_type",
            RefreshRefusal::UnsupportedGrantType,
        ),
        ("teapot", RefreshRefusal::Unlisted),
    ] {
        let body = format!(r#"{{"error":"{reason}","error_description":"x"}}"#);
        for status in [400, 401] {
            match answer(status, &body).unwrap_err() {
                RefreshError::Refused(found) => assert_eq!(found, expected),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn an_answer_that_cannot_be_used_is_told_apart_from_a_refusal() {
    for body in [
        "",
        "[]",
        r#"{"token_type":"Bearer"}"#,
        r#"{"access_token":"A T","token_type":"Bearer"}"#,
        r#"{"access_token":"AT","token_type":"mac"}"#,
        r#"{"access_token":"AT","access_token":"AT","token_type":"Bearer"}"#,
        r#"{"access_token":7,"token_type":"Bearer"}"#,
        r#"{"access_token":"","token_type":"Bearer"}"#,
        r#"{"access_token":null,"token_type":"Bearer"}"#,
        r#"{"access_token":"AT","token_type":"Bearer","refresh_token":{}}"#,
        r#"{"access_token":"AT","token_type":"Bearer","scope":7}"#,
        r#"{"access_token":"AT"}"#,
    ] {
        assert!(
            matches!(answer(200, body), Err(RefreshError::Response)),
            "{body}"
        );
    }
    for (status, body) in [(500, ""), (302, ""), (400, "<html>"), (401, "{}")] {
        match answer(status, body).unwrap_err() {
            RefreshError::Status(found) => {
                assert_eq!(found, StatusCode::from_u16(status).unwrap());
            }
            other => panic!("{other:?}"),
        }
    }
    let long = " ".repeat(65_537);
    assert!(matches!(answer(200, &long), Err(RefreshError::TooLong)));
}

#[test]
fn the_guides_numbers() {
    assert_eq!(REFRESH_EVERY.as_secs(), 3_600);
    assert_eq!(REFRESH_TOKEN_LIFETIME.as_secs(), 5_184_000);
}
