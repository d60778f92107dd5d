//! A profile that is read is written so that the same is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::mpp::{FlatProfile, Value};
use offhook_device_profile::{Limits, SipSettings};

fuzz_target!(|data: &[u8]| {
    let Ok(profile) = FlatProfile::parse(data, &Limits::default()) else {
        return;
    };
    let _ = SipSettings::from_flat_profile(&profile, 1);
    assert_eq!(profile.write().as_bytes(), data);
    // The same again, each value set anew, and in its place.
    let (mut anew, mut in_place) = (FlatProfile::new(), profile.clone());
    for parameter in profile.parameters() {
        for copy in [&mut anew, &mut in_place] {
            copy.set(parameter.name, text(parameter.value))
                .expect("a value that was read");
            copy.set_access(parameter.name, parameter.access)
                .expect("a name that was read");
        }
    }
    let mut roomy = Limits::default();
    // What is written escapes more than what was read.
    roomy.document_bytes *= 16;
    for written in [anew.write(), in_place.write()] {
        let again = FlatProfile::parse(written.as_bytes(), &roomy).expect("our own document");
        assert_eq!(again, profile);
    }
    // What is taken away is gone, and the rest is there.
    let mut fewer = profile.clone();
    for parameter in profile.parameters().step_by(2) {
        assert!(fewer.remove(parameter.name));
    }
    let again = FlatProfile::parse(fewer.write().as_bytes(), &roomy).expect("our own document");
    assert_eq!(again, fewer);
});

fn text(value: Value<'_>) -> &str {
    match value {
        Value::EmptyString => "\"\"",
        Value::Text(text) => text,
        _ => "",
    }
}
