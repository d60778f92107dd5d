//! A profile that is read is written so that the same is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::{Limits, SipSettings};

fuzz_target!(|data: &[u8]| {
    let Ok(profile) = FlatProfile::parse(data, &Limits::default()) else {
        return;
    };
    let _ = SipSettings::from_flat_profile(&profile);
    let mut roomy = Limits::default();
    // What is written escapes more than what was read.
    roomy.document_bytes *= 16;
    let again = FlatProfile::parse(profile.write().as_bytes(), &roomy).expect("our own document");
    assert_eq!(again, profile);
});
