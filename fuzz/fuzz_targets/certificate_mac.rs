//! Any octets as a certificate: no panic, and never an address that is not written in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::candidates;

fuzz_target!(|data: &[u8]| {
    let Ok(found) = candidates(data) else {
        return;
    };
    for candidate in found.iter() {
        let digits = candidate.mac().to_string();
        let written: String = data
            .iter()
            .filter(|byte| !matches!(byte, b':' | b'-' | b'.'))
            .map(|byte| char::from(byte.to_ascii_uppercase()))
            .collect();
        assert!(written.contains(&digits), "{digits}");
    }
    if let Ok(only) = found.one() {
        assert!(!found.is_shared());
        assert!(found.iter().all(|other| other.mac() == only.mac()));
    }
});
