//! A configuration that is read, from XML or lines, is written so that the same is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::room_os::{Configuration, Path};
use offhook_device_profile::{Limits, SipSettings};

fuzz_target!(|data: &[u8]| {
    let mut roomy = Limits::default();
    // What is written escapes and repeats more than what was read.
    roomy.document_bytes *= 64;
    roomy.elements *= 64;
    if let Ok(configuration) = Configuration::parse_command_lines(data, &Limits::default()) {
        let lines = configuration.command_lines().expect("what was read");
        let again = Configuration::parse_command_lines(&lines, &roomy);
        assert_eq!(again.expect("our own lines"), configuration);
    }
    let Ok(configuration) = Configuration::parse(data, &Limits::default()) else {
        return;
    };
    let _ = SipSettings::from_configuration(&configuration);
    for (path, value) in configuration.values() {
        let again: Path = path.to_string().parse().expect("our own spelling");
        assert_eq!(again, path);
        assert_eq!(configuration.get(&path), Some(value));
    }
    assert_eq!(configuration.write().as_bytes(), data);
    // The same again, each value set anew.
    let mut anew = Configuration::new();
    for (path, value) in configuration.values() {
        anew.set(&path, value).expect("a value that was read");
    }
    let again = Configuration::parse(anew.write().as_bytes(), &roomy);
    assert_eq!(again.expect("our own document"), configuration);
    if let Some(lines) = configuration.command_lines() {
        let again = Configuration::parse_command_lines(&lines, &roomy);
        assert_eq!(again.expect("our own lines"), configuration);
    }
});
