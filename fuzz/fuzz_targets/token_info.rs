//! An answer about a token in any form, read by RFC 7662 and by members that the input names: only a
//! plain `true` makes a token active, and what is told is judged like the claims of a signed token.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use offhook_bearer_token::{Claim, TokenInfoFormat, TokenPolicy, TokenRefusal};

fuzz_target!(|input: (&str, &str, u16, &[u8])| {
    let (subject, scope, status, body) = input;
    let asked = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let policy = TokenPolicy::new("i", "a");
    let mut response = http::Response::new(body.to_vec());
    if let Ok(status) = http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    let named = TokenInfoFormat::token_info()
        .with_member(Claim::Subject, subject)
        .with_member(Claim::Scope, scope)
        .with_member(Claim::ExpiresIn, "expires_in");
    for format in [TokenInfoFormat::rfc7662(), named] {
        if let Ok(Ok(told)) = format.read(&response, &policy, asked) {
            assert!(told.algorithm().is_none());
            assert!(!told.subject().uuid().is_nil());
            for scope in told.scopes() {
                assert!(!scope.is_empty());
            }
            assert_eq!(told.issuer(), "i");
            assert!(told.is_for("a"));
            assert!(told.expires_at() + Duration::from_secs(60) > asked);
        }
    }
    let text = String::from_utf8_lossy(body);
    match TokenInfoFormat::rfc7662().read(&response, &policy, asked) {
        Ok(Ok(_)) => assert!(text.contains("true")),
        Ok(Err(TokenRefusal::Inactive)) => assert!(text.contains("false")),
        _ => {}
    }
});
