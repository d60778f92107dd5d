//! What is read of a challenge is written so that the same is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_bearer_token::{Challenge, credentials_value};

fuzz_target!(|text: &str| {
    if let Ok(token) = credentials_value(text) {
        let value = token.to_authorization();
        let again = credentials_value(value.to_str().expect("ASCII")).expect("our own spelling");
        assert_eq!(again, token);
    }
    if let Ok(challenge) = text.parse::<Challenge>() {
        let again: Challenge = challenge.to_string().parse().expect("our own spelling");
        assert_eq!(again, challenge);
    }
});
