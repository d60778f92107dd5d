use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_device_identity::{
    CertificateHeader, DeviceIdentity, HeaderError, HeaderNameError, HeaderSource, IdentityError,
    IdentityPattern, IdentitySource, IdentitySourceError, Limits, ListedProxy, Rule, Source,
    TrustedProxies,
};
use rcgen::DnType;

use crate::authority::{Authority, days, device, now};

fn proxy() -> ListedProxy {
    TrustedProxies::new(["192.0.2.1".parse().unwrap()])
        .admit("192.0.2.1".parse().unwrap())
        .unwrap()
}

fn plain(values: &[&[u8]]) -> Result<DeviceIdentity, HeaderError> {
    let pattern = IdentityPattern::new(".*([0-9a-fA-F]{12}).*").unwrap();
    HeaderSource::plain("macaddress", pattern)
        .unwrap()
        .identity(&proxy(), values.iter().copied(), now())
}

#[test]
fn only_a_listed_peer_is_admitted() {
    let proxies = TrustedProxies::new(["192.0.2.0/28".parse().unwrap()]);
    for (peer, admitted) in [
        ("192.0.2.15", true),
        ("::ffff:192.0.2.15", true),
        ("192.0.2.16", false),
        ("::192.0.2.15", false),
        ("2001:db8::1", false),
    ] {
        assert_eq!(
            proxies.admit(peer.parse().unwrap()).is_some(),
            admitted,
            "{peer}"
        );
    }
    let none = TrustedProxies::default();
    assert!(none.admit("127.0.0.1".parse().unwrap()).is_none());
}

#[test]
fn a_plain_header_gives_the_identity() {
    for value in [
        "000e08abcdef",
        " 000e08abcdef ",
        "CP-8841-SEP000E08ABCDEF",
        "mac=000e08abcdef; twice=000E08ABCDEF",
    ] {
        let identity = plain(&[value.as_bytes()]).unwrap();
        assert_eq!(identity.mac().to_string(), "000E08ABCDEF", "{value}");
        assert_eq!(identity.source(), Source::Header);
        assert_eq!(identity.rule(), Rule::Pattern);
        assert_eq!(
            (identity.key(), identity.certificate_thumbprint()),
            (None, None)
        );
    }
}

/// What an attacker, or a misconfigured proxy, can make of the value.
#[test]
fn no_value_is_guessed_at() {
    let a = b"000e08abcdef".as_slice();
    assert!(matches!(plain(&[]), Err(HeaderError::Missing)));
    assert!(matches!(plain(&[b""]), Err(HeaderError::Missing)));
    assert!(matches!(plain(&[b"  "]), Err(HeaderError::Missing)));
    assert!(matches!(plain(&[a, a]), Err(HeaderError::Repeated)));
    assert!(matches!(plain(&[a, b""]), Err(HeaderError::Repeated)));
    assert!(matches!(
        plain(&[b"000e08abcdef, 805ec0112233"]),
        Err(HeaderError::List)
    ));
    assert!(matches!(
        plain(&[b"\"000e08abcdef\""]),
        Err(HeaderError::Quoted { at: 0 })
    ));
    assert!(matches!(
        plain(&[b"000e08abcdef\r\nx: 805ec0112233"]),
        Err(HeaderError::ControlCharacter { at: 12 })
    ));
    assert!(matches!(
        plain(&[b"000e08abcdef\x00"]),
        Err(HeaderError::ControlCharacter { at: 12 })
    ));
    assert!(matches!(
        plain(&["000e08abcde\u{ff46}".as_bytes()]),
        Err(HeaderError::NotAscii { at: 11 })
    ));
    assert!(matches!(
        plain(&[b"000e08abcdef hash=0123456788abcdef0123"]),
        Err(HeaderError::PartOfLongerRun)
    ));
    assert!(matches!(
        plain(&[b"000e08abcdef00"]),
        Err(HeaderError::PartOfLongerRun)
    ));
    let long = vec![b'a'; Limits::DEFAULT.text_bytes + 1];
    assert!(matches!(
        plain(&[&long]),
        Err(HeaderError::TooLong { length: 1_025 })
    ));
    assert!(matches!(
        plain(&[b"phone"]),
        Err(HeaderError::Identity(IdentityError::NoAddress))
    ));
    for shared in [
        "000000000000",
        "SEPffffffffffff",
        "CN=000e08abcdef;L=CiscoGeneric",
    ] {
        assert!(
            matches!(
                plain(&[shared.as_bytes()]),
                Err(HeaderError::Identity(IdentityError::Shared))
            ),
            "{shared}"
        );
    }
    for two in [
        "805e-c011-2233 000e08abcdef",
        "000e08abcdef 805ec0112233",
        "805ec0112233;000e08abcdef",
        "000e08abcdef.805ec0112233.example.com",
        "80:5e:c0:11:22:33 000e08abcdef",
        "mac:80:5e:c0:11:22:33 000e08abcdef",
    ] {
        assert!(
            matches!(
                plain(&[two.as_bytes()]),
                Err(HeaderError::Identity(IdentityError::Ambiguous { .. }))
            ),
            "{two}"
        );
    }
}

#[test]
fn a_serial_number_and_what_only_looks_like_an_address_is_none() {
    for value in [
        "PID:CP-8841 SN:88E8B7000000",
        "serial: 88012BA01234",
        "L=a=88012BA01234",
        "Serial Number: 88012BA01234",
    ] {
        assert!(
            matches!(
                plain(&[value.as_bytes()]),
                Err(HeaderError::Identity(IdentityError::NoAddress))
            ),
            "{value}"
        );
    }
    for value in [
        "BAT0023456789AB",
        "X805EC0112233Y",
        "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
        "01005E7FFFFA",
        "tel:+447700900123",
    ] {
        assert!(plain(&[value.as_bytes()]).is_err(), "{value}");
    }
    for value in [
        "000e08abcdef urn:x",
        "serial: FOC8704M57A; mac: 000e08abcdef",
        "urn:uuid:550e8400-e29b-41d4-a716-446655440000; mac: 000e08abcdef",
    ] {
        assert!(plain(&[value.as_bytes()]).is_ok(), "{value}");
    }
}

#[test]
fn a_separated_address_must_not_be_part_of_a_longer_one() {
    let pattern = IdentityPattern::new(".*?((?:[0-9a-f]{2}:){5}[0-9a-f]{2}).*").unwrap();
    let header = HeaderSource::plain("X-Mac", pattern).unwrap();
    assert_eq!(header.name(), "x-mac");
    let read = |value: &'static [u8]| header.identity(&proxy(), [value], now());
    assert!(read(b"mac=00:0e:08:ab:cd:ef").is_ok());
    assert!(matches!(
        read(b"00:0e:08:ab:cd:ef:00:01"),
        Err(HeaderError::PartOfLongerRun)
    ));
}

#[test]
fn both_sources_at_once_are_an_error_of_the_configuration() {
    let pattern = || IdentityPattern::new("(.*)").unwrap();
    let header = |proxies: TrustedProxies| {
        Some((
            proxies,
            HeaderSource::plain("macaddress", pattern()).unwrap(),
        ))
    };
    let proxies = || TrustedProxies::new(["192.0.2.1".parse().unwrap()]);
    let certificate = || Some(Authority::root("maker").verifier());
    let source = IdentitySource::from_settings;
    for (outcome, error) in [
        (
            source(certificate(), header(proxies())),
            IdentitySourceError::Both,
        ),
        (
            source(certificate(), header(TrustedProxies::default())),
            IdentitySourceError::Both,
        ),
        (source(None, None), IdentitySourceError::Neither),
        (
            source(None, header(TrustedProxies::default())),
            IdentitySourceError::NoProxies,
        ),
    ] {
        assert_eq!(outcome.unwrap_err(), error);
    }
    assert!(matches!(
        source(certificate(), None),
        Ok(IdentitySource::Certificate(_))
    ));
    assert!(matches!(
        source(None, header(proxies())),
        Ok(IdentitySource::Header { .. })
    ));
}

#[test]
fn a_header_name_is_checked() {
    let pattern = || IdentityPattern::new("(.*)").unwrap();
    for (name, error) in [
        ("", HeaderNameError::WrongLength { found: 0 }),
        ("mac address", HeaderNameError::BadCharacter { at: 3 }),
        ("macaddress:", HeaderNameError::BadCharacter { at: 10 }),
        ("mäc", HeaderNameError::BadCharacter { at: 1 }),
    ] {
        assert_eq!(HeaderSource::plain(name, pattern()).unwrap_err(), error);
    }
}

#[test]
fn client_cert_gives_the_identity_of_a_verified_certificate_only() {
    let maker = Authority::root("Manufacturing CA");
    let subject = device(&[(DnType::CommonName, "CP-8841-SEP000E08ABCDEF")]);
    let (der, _) = maker.issue(&subject);
    let header = HeaderSource::certificate(CertificateHeader::client_cert(), maker.verifier());
    assert_eq!(header.name(), "client-cert");
    let value = format!(":{}:", STANDARD.encode(&der));

    let identity = header
        .identity(&proxy(), [value.as_bytes()], now())
        .unwrap();
    assert_eq!(identity.mac().to_string(), "000E08ABCDEF");
    assert_eq!(identity.model().unwrap().as_str(), "CP-8841");
    assert_eq!(identity.source(), Source::Header);
    assert!(identity.key().is_some() && identity.certificate_thumbprint().is_some());

    assert!(matches!(
        header.identity(&proxy(), [value.as_bytes()], days(4_000)),
        Err(HeaderError::Chain(_))
    ));
    let (forged, _) = Authority::root("Manufacturing CA").issue(&subject);
    let forged = format!(":{}:", STANDARD.encode(&forged));
    assert!(matches!(
        header.identity(&proxy(), [forged.as_bytes()], now()),
        Err(HeaderError::Chain(_))
    ));
}

#[test]
fn client_cert_in_another_form_is_refused() {
    let maker = Authority::root("Manufacturing CA");
    let (der, _) = maker.issue(&device(&[(DnType::CommonName, "SEP000E08ABCDEF")]));
    let header = HeaderSource::certificate(CertificateHeader::client_cert(), maker.verifier());
    let base64 = STANDARD.encode(&der);
    let refuse = |value: &str| {
        header
            .identity(&proxy(), [value.as_bytes()], now())
            .unwrap_err()
    };
    for value in [
        base64.clone(),
        format!(":{base64}"),
        format!(":{base64}:;a=b"),
        format!(":{}:", base64.trim_end_matches('=').get(1..).unwrap()),
        format!(": {base64}:"),
        format!("::{base64}::"),
        ":".to_owned(),
        format!("-----BEGIN CERTIFICATE-----%0A{base64}"),
    ] {
        let error = refuse(&value);
        assert!(
            matches!(error, HeaderError::BadEncoding),
            "{error:?}: {value}"
        );
    }
    assert!(matches!(refuse("::"), HeaderError::Chain(_)));
    assert!(matches!(
        refuse(&format!(":{base64}:, :{base64}:")),
        HeaderError::List
    ));
    assert!(matches!(
        refuse(&format!("\"{base64}\"")),
        HeaderError::Quoted { at: 0 }
    ));
    let long = "A".repeat(Limits::DEFAULT.header_bytes + 1);
    assert!(matches!(refuse(&long), HeaderError::TooLong { .. }));
}
