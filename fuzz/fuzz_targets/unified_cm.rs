//! A document of Unified CM is written as it came, and what is set anew in it is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::unified_cm::ConfigurationFile;
use offhook_device_profile::{Limits, SipSettings};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let Ok(file) = ConfigurationFile::parse(data, &limits) else {
        return;
    };
    assert_eq!(file.write().as_bytes(), data);
    if let Some(device) = file.device() {
        for line in device.lines() {
            let _ = SipSettings::from_device(&device, &line);
        }
    }
    if let Some(defaults) = file.defaults() {
        let _ = SipSettings::from_defaults(&defaults, "user");
        let _ = defaults
            .loads()
            .map(|load| load.onboarding_method())
            .count();
    }
    let mut in_place = file.clone();
    for (path, value) in file.values().take(64) {
        assert_eq!(file.text(&path), Some(value.trim_ascii()));
        in_place.set(&path, value).expect("a value that was read");
    }
    let mut roomy = limits;
    // What is written escapes more than what was read.
    roomy.document_bytes *= 16;
    let again = ConfigurationFile::parse(in_place.write().as_bytes(), &roomy);
    assert_eq!(again.expect("our own document"), file);
});
