//! Descriptions as they are read, and refused.

use std::error::Error as _;

use offhook_preflight::{Deployment, MAX_DESCRIPTION_BYTES, ReadError};
use proptest::prelude::*;

use crate::sample::{World, text};

/// Line, column and text of what is wrong.
fn malformed(description: &str) -> (usize, usize, String) {
    let error = Deployment::from_toml(description.as_bytes()).unwrap_err();
    let fault = error.source().map(ToString::to_string).unwrap_or_default();
    match error {
        ReadError::Malformed { line, column, .. } => (line, column, fault),
        other => panic!("{other:?}"),
    }
}

/// The sample with this in place of that, and what is wrong then.
fn changed(old: &str, new: &str) -> (usize, String) {
    let (line, _, fault) = malformed(&World::passing().with(old, new).text);
    (line, fault)
}

fn line_of(part: &str) -> usize {
    let sample = text("passing.toml");
    let at = sample.find(part).unwrap();
    sample[..at].lines().count() + usize::from(sample[..at].ends_with('\n'))
}

#[test]
fn an_unknown_key_is_refused_at_its_line_in_every_table() {
    for (table, key) in [
        ("[sip]", "sip"),
        ("[broadworks]", "broadworks"),
        ("[broadworks.oauth]", "oauth"),
        ("[broadworks.identity-provider]", "identity provider"),
        ("[broadworks.dm-bridge]", "bridge"),
        ("[broadworks.headers]", "headers"),
        ("[broadworks.certificates]", "certificates"),
        ("[broadworks.gds]", "gds"),
        ("[[broadworks.device-type]]", "type"),
        ("[[broadworks.device-type.file]]", "file"),
        ("[unified-cm]", "cm"),
        ("[[unified-cm.onboarding-method]]", "method"),
        ("[unified-cm.cloud-onboarding]", "cloud"),
        ("[[unified-cm.service-domain]]", "domain"),
        ("[unified-cm.sip-oauth]", "mode"),
        ("[[unified-cm.sip-oauth.node]]", "node"),
        ("[[unified-cm.sip-oauth.expressway-c]]", "edge server"),
        ("[[unified-cm.security-profile]]", "profile"),
        ("[remote-access]", "remote access"),
        ("[remote-access.firewall]", "firewall"),
        ("[remote-access.names]", "names"),
        ("[remote-access.chains]", "chains"),
        ("[remote-access.trust-stores]", "stores"),
    ] {
        let head = format!("{table}\n");
        let (line, fault) = changed(&head, &format!("{table}\nclient-secret = \"hunter2\"\n"));
        assert_eq!(line, line_of(&head) + 1, "{key}");
        assert!(
            fault.starts_with("unknown field `client-secret`, expected"),
            "{fault}"
        );
        assert!(!fault.contains("hunter2"), "{fault}");
    }
    // Nor in the place of a switch or a word, where it would be pasted by mistake.
    for (old, key) in [
        ("client-secret-set = true", "client-secret-set"),
        ("credentials-set = true", "credentials-set"),
        ("refresh-token = \"partners\"", "refresh-token"),
        ("refresh-token-in-use = true", "refresh-token-in-use"),
        ("customers = 12", "customers"),
        ("refresh-token-issued = 2026-05-20", "refresh-token-issued"),
    ] {
        for secret in ["hunter2", "a`, expected hunter2", "x, expected hunter2"] {
            let (line, fault) = changed(old, &format!("{key} = \"{secret}\""));
            assert_eq!(line, line_of(old), "{key}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }
    // Of what there is several times, by what stands first in one of them.
    for first in [
        "name = \"East\"\n",
        "model = \"Room Kit Pro\"\n",
        "model = \"8845\"\nsoftware = \"firmware\"\n",
    ] {
        let (line, fault) = changed(first, &format!("serial = 1\n{first}"));
        assert_eq!(line, line_of(first), "{first}");
        assert!(fault.contains("unknown field `serial`"), "{fault}");
    }
    let (line, _, fault) = malformed("version = 1\nbroadwork = 1");
    assert_eq!(line, 2);
    assert!(fault.contains("unknown field `broadwork`"), "{fault}");
}

#[test]
fn a_bad_value_is_told_with_its_line_and_reason() {
    for (old, new, reason) in [
        ("\"R24\"", "\"R\"", "not a release such as"),
        ("\"R24\"", "24", "expected a string"),
        (
            "\"ADP\"",
            "\"DMS\"",
            "unknown variant, expected `ADP` or `XSP`",
        ),
        (
            "\"udp/36002-59999\"",
            "\"udp/59999-36002\"",
            "not ports such as",
        ),
        ("2026-05-20", "2026-05-20T00:00:00Z", "not a date"),
        ("2026-05-20", "1969-05-20", "not a date"),
        (
            "customers = 12",
            "customers = -1",
            "invalid value, expected u32",
        ),
        (
            "flow-through-provisioning = true",
            "flow-through-provisioning = \"yes\"",
            "expected a boolean",
        ),
        ("\"10.0.0.5\"", "\"10.0.0\"", "invalid IP address"),
        (
            "domain = \"example.test\"\nsbc",
            "domain = \"exa mple\"\nsbc",
            "bad domain name at octet 3",
        ),
        ("\"join.example.test\"", "\"\"", "empty domain name"),
        (
            "onboarding = \"mac-address\"",
            "onboarding = \"tap\"",
            "unknown variant, expected ",
        ),
    ] {
        let (line, fault) = changed(old, new);
        assert_eq!(line, line_of(old), "{new}: {fault}");
        assert!(fault.contains(reason), "{new}: {fault}");
    }
    let missing = changed("software = \"room-os\"\n", "").1;
    assert!(missing.contains("missing field `software`"), "{missing}");
    let (line, column, _) = malformed("version = 1\nname = \"a\"\n[sip\n");
    assert_eq!((line, column), (3, 5));
    let twice = malformed("version = 1\nname = \"a\"\nname = \"b\"\n");
    assert_eq!((twice.0, twice.1), (3, 1));
}

#[test]
fn another_version_is_told_before_keys_that_only_it_has() {
    let error = Deployment::from_toml(b"# new\nversion = 2\nnovel = true").unwrap_err();
    assert!(
        matches!(error, ReadError::UnsupportedVersion { line: 2, found: 2 }),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "line 2: version 2 of the schema; this release reads 1"
    );
    let (_, _, fault) = malformed("name = \"a\"");
    assert!(fault.contains("missing field `version`"), "{fault}");
}

#[test]
fn what_is_too_long_or_no_text_is_refused() {
    let mut long = b"version = 1\n".to_vec();
    long.resize(MAX_DESCRIPTION_BYTES, b'#');
    assert!(Deployment::from_toml(&long).is_ok());
    long.push(b'#');
    let error = Deployment::from_toml(&long).unwrap_err();
    assert!(
        matches!(error, ReadError::TooLong { length: 1_048_577 }),
        "{error:?}"
    );
    let error = Deployment::from_toml(b"version = 1\nname = \"\xff\"").unwrap_err();
    assert!(matches!(error, ReadError::NotUtf8 { line: 2 }), "{error:?}");
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    for open in ["[", "{a="] {
        let deep = format!("version = 1\nname = {}", open.repeat(200_000));
        assert!(Deployment::from_toml(deep.as_bytes()).is_err());
    }
    let dotted = format!("version = 1\n{}a = 1", "a.".repeat(200_000));
    assert!(Deployment::from_toml(dotted.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn whatever_is_changed_in_the_sample_is_read_or_refused_at_a_line_of_it(
        at in 0_usize..8_000,
        bytes in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut text = text("failing.toml").into_bytes();
        let at = at.min(text.len() - bytes.len());
        text[at..at + bytes.len()].copy_from_slice(&bytes);
        let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
        if let Err(ReadError::Malformed { line, column, .. }) = Deployment::from_toml(&text) {
            prop_assert!((1..=lines).contains(&line));
            prop_assert!(column >= 1);
        }
    }
}
