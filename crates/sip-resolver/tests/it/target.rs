use offhook_sip_resolver::{Host, ParseTargetError, Scheme, Target, Transport};
use proptest::prelude::*;

#[test]
fn domains_uris_and_addresses_are_read() {
    for (text, printed) in [
        ("Example.com", "sip:example.com"),
        ("example.com.", "sip:example.com"),
        ("example.com:5061", "sip:example.com:5061"),
        ("192.0.2.1", "sip:192.0.2.1"),
        ("2001:db8::1", "sip:[2001:db8::1]"),
        ("[2001:db8::1]:5061", "sip:[2001:db8::1]:5061"),
        ("SIP:alice@example.com", "sip:example.com"),
        ("sips:alice@example.com:5071", "sips:example.com:5071"),
        (
            "sips:example.com;transport=tcp",
            "sips:example.com;transport=tls",
        ),
        (
            "sip:example.com;transport=UDP;lr",
            "sip:example.com;transport=udp",
        ),
        (
            "sip:example.com;tr%61nsport=%75dp;x=%ff%",
            "sip:example.com;transport=udp",
        ),
        (
            "sip:+1;phone-context=x@example.com?subject=a:b",
            "sip:example.com",
        ),
        (
            "sip:a:password@[2001:db8::1]:5070",
            "sip:[2001:db8::1]:5070",
        ),
        (
            "sip:example.com;maddr=192.0.2.1",
            "sip:example.com;maddr=192.0.2.1",
        ),
        ("sip:example.com;maddr=[::1]", "sip:example.com;maddr=[::1]"),
        (
            "sips:a@example.com;maddr=b.example.org",
            "sips:example.com;maddr=b.example.org",
        ),
    ] {
        let target: Target = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(target.to_string(), printed, "{text}");
    }
    let target: Target = "sips:example.com".parse().unwrap();
    assert_eq!(target.scheme(), Scheme::Sips);
    assert!(matches!(target.host(), Host::Name(name) if name.as_str() == "example.com"));
    assert_eq!(
        (target.port(), target.transport(), target.maddr()),
        (None, None, None)
    );
    assert_eq!(Transport::Tls.default_port(), 5061);
}

#[test]
fn faults_are_refused_with_the_place() {
    for (text, error) in [
        ("", ParseTargetError::BadHost { at: 0 }),
        ("tel:+4930123456", ParseTargetError::UnsupportedScheme),
        ("TEL:5060", ParseTargetError::UnsupportedScheme),
        ("http:example.com", ParseTargetError::UnsupportedScheme),
        ("https://example.com/", ParseTargetError::UnsupportedScheme),
        ("ldap://example.com", ParseTargetError::UnsupportedScheme),
        ("sip:", ParseTargetError::BadHost { at: 4 }),
        ("sip:alice@", ParseTargetError::BadHost { at: 10 }),
        ("sips:ex_ample.com/x", ParseTargetError::BadHost { at: 17 }),
        ("sip:a@b@example.com", ParseTargetError::BadHost { at: 7 }),
        ("exämple.com", ParseTargetError::NotAscii { at: 2 }),
        ("sip:bücher.test", ParseTargetError::NotAscii { at: 5 }),
        ("alice@example.com", ParseTargetError::NoScheme { at: 5 }),
        ("alice@192.0.2.1", ParseTargetError::NoScheme { at: 5 }),
        (
            "alice:5060@example.com",
            ParseTargetError::NoScheme { at: 10 },
        ),
        (
            "alice@example.com:5060",
            ParseTargetError::NoScheme { at: 5 },
        ),
        ("192.0.2.256", ParseTargetError::BadHost { at: 0 }),
        ("[2001:db8::g]", ParseTargetError::BadHost { at: 0 }),
        ("sip:[192.0.2.1]", ParseTargetError::BadHost { at: 4 }),
        ("sip:::1:5060", ParseTargetError::BadHost { at: 4 }),
        ("sips:a@2001:db8::1", ParseTargetError::BadHost { at: 7 }),
        ("example.com:", ParseTargetError::BadPort { at: 12 }),
        ("example.com:0", ParseTargetError::BadPort { at: 12 }),
        ("example.com:65536", ParseTargetError::BadPort { at: 12 }),
        ("example.com:+61", ParseTargetError::BadPort { at: 12 }),
        ("sip:a@example.com:5x", ParseTargetError::BadPort { at: 18 }),
        (
            "sip:example.com;",
            ParseTargetError::BadParameter { at: 16 },
        ),
        (
            "sip:example.com;=x",
            ParseTargetError::BadParameter { at: 16 },
        ),
        (
            "sip:example.com;maddr",
            ParseTargetError::BadHost { at: 21 },
        ),
        (
            "sip:example.com;maddr=a b",
            ParseTargetError::BadHost { at: 23 },
        ),
        (
            "sips:example.com;transport=udp",
            ParseTargetError::NotSecure { at: 17 },
        ),
        (
            "sips:example.com;maddr=192.0.2.1;transport=udp",
            ParseTargetError::NotSecure { at: 33 },
        ),
        (
            "sip:example.com;transport=sctp",
            ParseTargetError::UnsupportedTransport { at: 16 },
        ),
        (
            "sip:example.com;transport=tcp;transport=tls",
            ParseTargetError::Repeated { at: 30 },
        ),
        (
            &"a".repeat(1_025),
            ParseTargetError::TooLong { length: 1_025 },
        ),
    ] {
        assert_eq!(text.parse::<Target>(), Err(error), "{text}");
    }
    // Whoever can mend it is told how.
    for (text, hint) in [("alice@example.com", "sip:"), ("bücher.test", "xn--")] {
        let error = text.parse::<Target>().unwrap_err().to_string();
        assert!(error.contains(hint), "{error}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(text in "(sips?:)?([a-z]{1,3}@)?[a-z0-9.:\\[\\]]{1,12}(;transport=(tcp|tls|udp))?(;maddr=[a-z0-9.]{1,5})?") {
        if let Ok(target) = text.parse::<Target>() {
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
        let _ = text.parse::<Target>();
    }
}
