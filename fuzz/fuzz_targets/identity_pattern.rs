//! Any pattern on any text: no panic, and what is accepted compiles and gives what the text holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::IdentityPattern;

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    let Ok(pattern) = IdentityPattern::new(pattern) else {
        return;
    };
    if let Some(mac) = pattern.matches(text) {
        let written: String = text
            .chars()
            .filter(char::is_ascii_hexdigit)
            .map(|char| char.to_ascii_uppercase())
            .collect();
        assert!(written.contains(&mac.to_string()));
    }
});
