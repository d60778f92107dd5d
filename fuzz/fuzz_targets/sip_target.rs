//! Any text as a target: no panic, and what is read is printed so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_sip_resolver::{DomainName, ParseTargetError, Target, Transport};

fuzz_target!(|text: &str| {
    match text.parse::<Target>() {
        Ok(target) => {
            let printed = target.to_string();
            assert_eq!(printed.parse::<Target>().as_ref(), Ok(&target), "{printed}");
            assert_ne!(target.port(), Some(0));
            if printed.starts_with("sips:") {
                assert!(matches!(target.transport(), None | Some(Transport::Tls)));
                assert!(target.maddr().is_none());
            }
        }
        Err(
            ParseTargetError::BadHost { at }
            | ParseTargetError::BadParameter { at }
            | ParseTargetError::BadPort { at }
            | ParseTargetError::NoScheme { at }
            | ParseTargetError::NotAscii { at }
            | ParseTargetError::NotSecure { at }
            | ParseTargetError::Repeated { at }
            | ParseTargetError::UnsupportedTransport { at },
        ) => assert!(at <= text.len()),
        Err(ParseTargetError::UnsupportedScheme) => assert!(text.contains(':')),
        Err(error) => assert!(text.len() > Target::MAX_LENGTH, "{error}"),
    }
    if let Ok(name) = text.parse::<DomainName>() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
});
