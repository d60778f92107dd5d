//! What a token endpoint and a revocation endpoint answer, in any form and under any status.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_bearer_token::{TokenResponse, read_revocation};

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let mut response = http::Response::new(body.to_vec());
    if let Ok(status) = http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    let status = response.status();
    if let Ok(token) = TokenResponse::parse(&response) {
        assert_eq!(status, 200);
        assert!(!token.access_token().secret().is_empty());
        assert!(
            !format!("{token:?}").contains(token.access_token().secret())
                || token.access_token().secret().len() < 24
        );
    }
    assert_eq!(
        read_revocation(&response).is_ok(),
        status == 200 && body.len() <= 65_536
    );
});
