//! What is read as a code prints as itself, and the text forms of stores read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_activation_code::{ActivationCode, Binding, ClaimantKey, RedemptionKey, TenantId};

fuzz_target!(|text: &str| {
    if let Ok(code) = text.parse::<ActivationCode>() {
        let shown = code.to_string();
        let back: ActivationCode = shown.parse().unwrap();
        assert_eq!(back.to_string(), shown);
    }
    if let Ok(key) = text.parse::<RedemptionKey>() {
        assert!(key.secret().eq_ignore_ascii_case(text));
    }
    if let Ok(key) = text.parse::<ClaimantKey>() {
        assert_eq!(key.to_string().parse(), Ok(key));
    }
    if let Ok(binding) = text.parse::<Binding>() {
        assert_eq!(binding.to_string().parse(), Ok(binding));
    }
    if let Ok(tenant) = text.parse::<TenantId>() {
        assert_eq!(tenant.as_str(), text);
    }
});
