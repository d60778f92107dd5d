//! What is read as a code prints as itself, and the text forms of stores read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_activation_code::{
    ActivationCode, AuthenticationString, Binding, CheckDigit, ClaimantKey, CodeMode, CodePolicy,
    RedemptionKey, SealedCode, TenantId,
};

fuzz_target!(|text: &str| {
    if let Ok(code) = text.parse::<ActivationCode>() {
        let shown = code.to_string();
        let back: ActivationCode = shown.parse().unwrap();
        assert_eq!(back.to_string(), shown);
        assert!(CodePolicy::default().read(text).is_ok());
        let damm = CodePolicy::default().with_check_digit(CheckDigit::Damm);
        assert_eq!(damm.read(text).is_ok(), damm.read(&shown).is_ok());
    }
    if let Ok(string) = text.parse::<AuthenticationString>() {
        let shown = string.to_string();
        assert!((4..=10).contains(&shown.len()));
        assert_eq!(
            shown.parse::<AuthenticationString>().unwrap().to_string(),
            shown
        );
    }
    if let Ok(mode) = text.parse::<CodeMode>() {
        assert_eq!(mode.to_string().parse(), Ok(mode));
    }
    if let Ok(sealed) = SealedCode::from_slice(text.as_bytes()) {
        assert_eq!(sealed.as_bytes().as_slice(), text.as_bytes());
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
