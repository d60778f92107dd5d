//! Taking a token out of a request.

use http::{HeaderMap, HeaderValue, StatusCode};
use offhook_bearer_token::{BearerError, CredentialsError, credentials, credentials_value};

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append("authorization", HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn the_schemes_case_and_the_number_of_spaces_do_not_matter() {
    for value in ["Bearer abc", "bearer abc", "BEARER   abc", "Bearer abc "] {
        assert_eq!(credentials(&headers(&[value])).unwrap().secret(), "abc");
    }
}

#[test]
fn missing_several_malformed_and_foreign_are_told_apart() {
    let error = |values: &[&str]| credentials(&headers(values)).unwrap_err();
    assert_eq!(error(&[]), CredentialsError::Missing);
    assert_eq!(error(&["Bearer a", "Bearer a"]), CredentialsError::Several);
    assert_eq!(error(&["Bearer a", "Basic a"]), CredentialsError::Several);
    for value in [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a,b",
        "Bearer =",
        "Bearer a=b",
        "Bearer \"a\"",
        "Bearer a, Bearer b",
        "Bearer a\tb",
    ] {
        assert_eq!(error(&[value]), CredentialsError::Malformed, "{value:?}");
    }
    for value in [
        "Basic YTpi",
        "BearerX a",
        "",
        "Bearer\ta",
        "Digest username=\"a\"",
    ] {
        assert_eq!(error(&[value]), CredentialsError::OtherScheme, "{value:?}");
    }
    let mut bytes = HeaderMap::new();
    bytes.insert(
        "authorization",
        HeaderValue::from_bytes(b"Bearer \xff").unwrap(),
    );
    assert_eq!(
        credentials(&bytes).unwrap_err(),
        CredentialsError::Malformed
    );
}

#[test]
fn every_character_of_a_b64token_is_taken_and_no_other() {
    let token = "AZaz09-._~+/==";
    let read = credentials_value(&format!("Bearer {token}")).unwrap();
    assert_eq!(read.secret(), token);
    assert_eq!(read.to_authorization(), format!("Bearer {token}"));
    assert!(!format!("{:?}", read.to_authorization()).contains(token));
    for byte in (0..=127_u8).filter(|byte| !byte.is_ascii_alphanumeric()) {
        let char = char::from(byte);
        let taken = credentials_value(&format!("Bearer a{char}b")).is_ok();
        assert_eq!(taken, "-._~+/".contains(char), "{char:?}");
    }
}

#[test]
fn a_token_of_8192_bytes_is_taken_and_a_longer_one_is_not() {
    let of = |length| credentials_value(&format!("Bearer {}", "a".repeat(length)));
    assert!(of(8_192).is_ok());
    assert_eq!(of(8_193).unwrap_err(), CredentialsError::Malformed);
}

#[test]
fn no_error_is_named_where_no_bearer_token_was_sent() {
    assert_eq!(CredentialsError::Missing.bearer_error(), None);
    assert_eq!(CredentialsError::OtherScheme.bearer_error(), None);
    assert_eq!(CredentialsError::Missing.status(), StatusCode::UNAUTHORIZED);
    for error in [CredentialsError::Malformed, CredentialsError::Several] {
        assert_eq!(error.bearer_error(), Some(BearerError::InvalidRequest));
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    }
}
