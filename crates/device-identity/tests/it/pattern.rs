use offhook_device_identity::{IdentityPattern, Limits};
use proptest::prelude::*;

#[test]
fn the_whole_text_must_match_and_the_first_group_counts() {
    let pattern = IdentityPattern::new("mac=([0-9a-f]{12});(.*)").unwrap();
    let mac = pattern.matches("mac=000e08abcdef;805ec0112233").unwrap();
    assert_eq!(mac.to_string(), "000E08ABCDEF");
    assert_eq!(pattern.matches("x mac=000e08abcdef;"), None);
    assert_eq!(pattern.matches("mac=000e08abcdef"), None);
    assert_eq!(pattern.as_str(), "mac=([0-9a-f]{12});(.*)");
}

#[test]
fn a_group_that_is_no_address_does_not_match() {
    let pattern = IdentityPattern::new("(.*)").unwrap();
    assert!(pattern.matches("00-0E-08-AB-CD-EF").is_some());
    assert_eq!(pattern.matches("phone"), None);
    let unused = IdentityPattern::new("a(b)?").unwrap();
    assert_eq!(unused.matches("a"), None);
}

#[test]
fn a_text_beyond_the_limit_never_matches() {
    let pattern = IdentityPattern::new(".*([0-9a-f]{12})").unwrap();
    let text = |length: usize| format!("{}000e08abcdef", " ".repeat(length - 12));
    assert!(
        pattern
            .matches(&text(Limits::DEFAULT.pattern_input_bytes))
            .is_some()
    );
    assert!(
        pattern
            .matches(&text(Limits::DEFAULT.pattern_input_bytes + 1))
            .is_none()
    );
}

proptest! {
    #[test]
    fn no_pattern_makes_the_translator_panic(pattern in ".{0,40}", text in ".{0,40}") {
        if let Ok(pattern) = IdentityPattern::new(&pattern) {
            let _ = pattern.matches(&text);
        }
    }

    #[test]
    fn every_translation_compiles(pattern in r"[()\[\]a-c?*+|\\dwsQE{}1,2.^$:i&-]{0,24}") {
        // What is translated but then too large would hide a translation that does not compile.
        let error = IdentityPattern::new(&pattern).err();
        prop_assert_ne!(error, Some(offhook_device_identity::PatternError::TooLarge));
    }
}
