//! Every subject that was seen in the field, in every order of its attributes, in every encoding
//! and every rendering: never a wrong identity.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_device_identity::{
    AlbMode, CertificateHeader, HeaderError, HeaderSource, IdentityError, IdentityPattern, Rule,
    Rules, XfccElement, candidates,
};
use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString, UniversalString};
use rcgen::{DistinguishedName, DnType, DnValue};
use rustls_pki_types::CertificateDer;

use crate::authority::{Authority, device, now, serial_number};
use crate::proxy::{escaped, hex, pem, proxy};
use crate::subject::{Subject, orders};

const MAC: &str = "001AA136C68A";
const FIELD: &str = ".*([0-9a-fA-F]{12}).*";

/// What the certificates with a subject may say, whatever the order.
#[derive(Clone, Copy, Debug)]
enum Truth {
    /// The address in this form; the preset of the maker takes it too.
    Device(Rule, Rules),
    /// Two addresses, in any order.
    Ambiguous([&'static str; 2]),
    NoAddress,
    Shared,
}

fn table() -> Vec<(&'static str, Subject, Truth)> {
    let (c, cn, o) = (
        DnType::CountryName,
        DnType::CommonName,
        DnType::OrganizationName,
    );
    let (ou, l, st) = (
        DnType::OrganizationalUnitName,
        DnType::LocalityName,
        DnType::StateOrProvinceName,
    );
    let mail = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
    let serial = serial_number;
    let maker = |rule, rules| Truth::Device(rule, rules);
    vec![
        (
            "Cisco MPP",
            vec![
                (ou.clone(), "CP-8841-3PCC"),
                (l.clone(), "88012BA01234"),
                (st.clone(), "001aa136c68a"),
            ],
            maker(Rule::CiscoMpp, Rules::CISCO_MPP),
        ),
        (
            "Cisco SPA",
            vec![
                (ou.clone(), "SPA-962"),
                (l.clone(), "88012BA01234"),
                (st.clone(), "001aa136c68a"),
            ],
            maker(Rule::CiscoMpp, Rules::CISCO_SPA),
        ),
        (
            "Cisco SPA, generic",
            vec![
                (ou.clone(), "cisco.com"),
                (l.clone(), "ciscogeneric"),
                (st.clone(), "ciscogeneric"),
            ],
            Truth::Shared,
        ),
        (
            "Cisco MIC",
            vec![
                (o.clone(), "Cisco Systems Inc."),
                (ou.clone(), "EVVBU"),
                (cn.clone(), "CP-7961G-GE-SEP001AA136C68A"),
            ],
            maker(Rule::ModelAndName, Rules::CISCO_MIC),
        ),
        (
            "Cisco MIC with a serial number that is hexadecimal",
            vec![
                (serial(), "PID:CP-8841 SN:33E8B7000000"),
                (cn.clone(), "CP-8841-SEP001AA136C68A"),
                (ou.clone(), "CTG"),
                (o.clone(), "Cisco Systems Inc."),
            ],
            maker(Rule::ModelAndName, Rules::CISCO_MIC),
        ),
        (
            "Cisco LSC",
            vec![
                (c.clone(), "US"),
                (o.clone(), "example"),
                (ou.clone(), "phones"),
                (cn.clone(), "SEP001AA136C68A"),
            ],
            maker(Rule::Name, Rules::CISCO_LSC),
        ),
        (
            "Cisco access point",
            vec![
                (c.clone(), "US"),
                (st.clone(), "California"),
                (l.clone(), "San Jose"),
                (o.clone(), "Cisco Systems"),
                (cn.clone(), "AP1G4-001AA136C68A"),
                (mail.clone(), "support@cisco.example"),
            ],
            maker(Rule::Model, Rules::CISCO_ACCESS_POINT),
        ),
        (
            "Cisco SUDI",
            vec![
                (cn.clone(), "C9300-48UXM-001AA136C68A"),
                (serial(), "PID:C9300-48UXM SN:FOC8704M57A"),
            ],
            maker(Rule::Model, Rules::CISCO_SUDI),
        ),
        (
            "Cisco SUDI with a serial number of twelve digits",
            vec![
                (cn.clone(), "C9300-48UXM-001AA136C68A"),
                (serial(), "0123456789AB"),
            ],
            maker(Rule::Model, Rules::CISCO_SUDI),
        ),
        (
            "Yealink",
            vec![
                (c, "CN"),
                (st.clone(), "Fujian"),
                (l.clone(), "Xiamen"),
                (o, "YEALINK"),
                (cn.clone(), "001aa136c68a"),
                (mail, "support@yealink.example"),
            ],
            maker(Rule::CommonName, Rules::YEALINK),
        ),
        (
            "an address with separators",
            vec![
                (cn.clone(), "00:1a:a1:36:c6:8a"),
                (l.clone(), "deadbeefcafe"),
            ],
            maker(Rule::CommonName, Rules::YEALINK),
        ),
        (
            "a certificate that many devices hold",
            vec![(cn.clone(), "000000000000"), (ou.clone(), "phone")],
            Truth::Shared,
        ),
        (
            "a host name with another run of digits",
            vec![(cn.clone(), "001AA136C68A.deadbeefcafe.example.com")],
            Truth::Ambiguous([MAC, "DEADBEEFCAFE"]),
        ),
        (
            "a phone and an asset",
            vec![
                (cn.clone(), "SEP001AA136C68A"),
                (ou.clone(), "asset 805ec0112233"),
                (l.clone(), "88012BA01234"),
            ],
            Truth::Ambiguous([MAC, "805EC0112233"]),
        ),
        (
            "fourteen digits",
            vec![(cn.clone(), "001AA136C68A00"), (ou.clone(), "phone")],
            Truth::NoAddress,
        ),
        (
            "a serial number alone",
            vec![
                (ou.clone(), "CP-8841-3PCC"),
                (l.clone(), "88012BA01234"),
                (serial(), "88012BA01234"),
            ],
            Truth::NoAddress,
        ),
        (
            "a serial number of which the DER has twelve digits",
            vec![(cn.clone(), "phone"), (serial(), "1234")],
            Truth::NoAddress,
        ),
        (
            "another value of which the DER has twelve digits",
            vec![
                (cn.clone(), "phone"),
                (DnType::CustomDnType(vec![2, 5, 4, 65]), "1234"),
            ],
            Truth::NoAddress,
        ),
        (
            "a serial number after a comma",
            vec![(l.clone(), "unit, 88012BA01234"), (ou.clone(), "phone")],
            Truth::NoAddress,
        ),
        (
            "a serial number alone, beside a product",
            vec![
                (serial(), "PID:CP-8841 SN:88E8B7000000"),
                (ou.clone(), "CTG"),
            ],
            Truth::NoAddress,
        ),
        (
            "a serial number with a label in another attribute",
            vec![(cn.clone(), "PID:CP-8841 SN:88E8B7000000")],
            Truth::NoAddress,
        ),
        (
            "a serial number after an equals sign",
            vec![(l.clone(), "a=88012BA01234"), (ou.clone(), "phone")],
            Truth::NoAddress,
        ),
        (
            "a UUID",
            vec![(cn.clone(), "550e8400-e29b-41d4-a716-446655440000")],
            Truth::NoAddress,
        ),
        (
            "a phone and a UUID",
            vec![
                (cn.clone(), "SEP001AA136C68A"),
                (ou.clone(), "urn:uuid:550e8400-e29b-41d4-a716-446655440000"),
            ],
            maker(Rule::Name, Rules::CISCO_LSC),
        ),
        (
            "a phone and an asset with separators",
            vec![
                (cn.clone(), "SEP001AA136C68A"),
                (ou.clone(), "MAC 80:5e:c0:11:22:33"),
            ],
            Truth::Ambiguous([MAC, "805EC0112233"]),
        ),
        (
            "a phone and its number",
            vec![
                (cn.clone(), "SEP001AA136C68A"),
                (ou.clone(), "tel:+447700900123"),
            ],
            maker(Rule::Name, Rules::CISCO_LSC),
        ),
        (
            "the address of a group",
            vec![(cn.clone(), "01005E7FFFFA")],
            Truth::NoAddress,
        ),
        (
            "a phone and the address of a group",
            vec![
                (cn.clone(), "SEP001AA136C68A"),
                (ou.clone(), "01005E7FFFFA"),
            ],
            maker(Rule::Name, Rules::CISCO_LSC),
        ),
        (
            "a dummy device name",
            vec![
                (cn.clone(), "BAT001AA136C68A"),
                (ou.clone(), "X001AA136C68AY"),
            ],
            Truth::NoAddress,
        ),
        (
            "a hash",
            vec![(cn, "phone"), (st, "0123456789abcdef0123")],
            Truth::NoAddress,
        ),
    ]
}

/// How the text of an attribute is encoded in the certificate.
const ENCODINGS: [fn(&str) -> DnValue; 6] = [
    |text| DnValue::Utf8String(text.to_owned()),
    |text| match PrintableString::try_from(text) {
        Ok(text) => DnValue::PrintableString(text),
        // A mail address has a character that is not printable in this sense.
        Err(_) => DnValue::Ia5String(Ia5String::try_from(text).unwrap()),
    },
    |text| DnValue::Ia5String(Ia5String::try_from(text).unwrap()),
    |text| DnValue::TeletexString(TeletexString::try_from(text).unwrap()),
    |text| DnValue::BmpString(BmpString::try_from(text).unwrap()),
    |text| DnValue::UniversalString(UniversalString::try_from(text).unwrap()),
];

/// How programs write a subject as text.
struct Rendering {
    what: &'static str,
    separator: &'static str,
    equals: &'static str,
    reversed: bool,
    /// Whether types without a name in RFC 2253 are written as numbers, with values in hexadecimal.
    numbers: bool,
    lower_case: bool,
}

const fn rendering(what: &'static str, separator: &'static str, reversed: bool) -> Rendering {
    Rendering {
        what,
        separator,
        equals: "=",
        reversed,
        numbers: false,
        lower_case: false,
    }
}

const RENDERINGS: [Rendering; 10] = [
    rendering("in the order of the certificate", ",", false),
    rendering("Java getSubjectDN", ", ", true),
    Rendering {
        numbers: true,
        ..rendering("Java RFC 2253", ",", true)
    },
    Rendering {
        numbers: true,
        ..rendering("Java RFC 1779", ", ", true)
    },
    Rendering {
        numbers: true,
        lower_case: true,
        ..rendering("Java canonical", ",", true)
    },
    rendering("OpenSSL -nameopt RFC2253, nginx, Envoy, ALB", ",", true),
    rendering("OpenSSL oneline, older nginx", "/", false),
    Rendering {
        equals: " = ",
        ..rendering("OpenSSL default", ", ", false)
    },
    rendering("multi-valued", "+", false),
    rendering("semicolons", "; ", true),
];

impl Rendering {
    fn of(&self, subject: &Subject) -> String {
        let mut parts: Vec<String> = subject.iter().map(|part| self.part(part)).collect();
        if self.reversed {
            parts.reverse();
        }
        let text = parts.join(self.separator);
        if self.lower_case {
            text.to_lowercase()
        } else {
            text
        }
    }

    fn part(&self, (kind, text): &(DnType, &str)) -> String {
        let name = match kind {
            DnType::CommonName => "CN",
            DnType::CountryName => "C",
            DnType::LocalityName => "L",
            DnType::OrganizationName => "O",
            DnType::OrganizationalUnitName => "OU",
            DnType::StateOrProvinceName => "ST",
            DnType::CustomDnType(oid) if self.numbers => {
                let number: Vec<_> = oid.iter().map(ToString::to_string).collect();
                let mut value = format!("13{:02x}", text.len());
                for byte in text.bytes() {
                    write!(value, "{byte:02x}").unwrap();
                }
                return format!("{}=#{value}", number.join("."));
            }
            DnType::CustomDnType(oid) if oid.len() > 4 => "emailAddress",
            _ => "serialNumber",
        };
        format!("{name}{}{text}", self.equals)
    }
}

#[derive(Debug, Default)]
struct Count {
    right: usize,
    refused: usize,
}

impl Count {
    /// Counts what was found of a subject, which must be nothing but the truth.
    fn add<E: std::fmt::Debug>(&mut self, truth: Truth, found: Result<String, E>, what: &str) {
        match (truth, found) {
            (Truth::Device(..), Ok(mac)) if mac == MAC => self.right += 1,
            (_, Ok(mac)) => panic!("{mac} of {what}"),
            (_, Err(_)) => self.refused += 1,
        }
    }
}

#[test]
fn no_format_in_any_order_and_any_encoding_gives_a_wrong_identity() {
    let maker = Authority::root("maker");
    let verifier = maker.verifier();
    let pattern = IdentityPattern::new(FIELD).unwrap();
    let (mut certificates, mut by_pattern) = (0, Count::default());
    for (what, subject, truth) in table() {
        for order in orders(&subject) {
            for encode in ENCODINGS {
                let der = issued(&maker, &order, encode);
                certificates += 1;
                let identity = verifier.verify(&der, &[], now()).unwrap().identity();
                assert_eq!(
                    candidates(&der).unwrap().one().map(|only| only.mac()),
                    identity
                        .as_ref()
                        .map(|identity| identity.mac())
                        .map_err(|error| *error)
                );
                match (truth, identity) {
                    (Truth::Device(rule, rules), Ok(identity)) => {
                        assert_eq!(identity.mac().to_string(), MAC, "{what}: {order:?}");
                        assert_eq!(identity.rule(), rule, "{what}: {order:?}");
                        let preset = offhook_device_identity::candidates_by(&der, rules).unwrap();
                        assert_eq!(preset.one().unwrap().rule(), rule, "{what}: {order:?}");
                    }
                    (Truth::Ambiguous(both), Err(IdentityError::Ambiguous { first, second })) => {
                        let mut named = [first.to_string(), second.to_string()];
                        named.sort();
                        assert_eq!(named, both, "{what}: {order:?}");
                    }
                    (Truth::NoAddress, Err(IdentityError::NoAddress))
                    | (Truth::Shared, Err(IdentityError::Shared)) => {}
                    (_, other) => panic!("{what}: {order:?}: {other:?}"),
                }
                let found = pattern.candidate(&der).map(|mac| mac.to_string());
                by_pattern.add(truth, found, what);
            }
        }
    }
    println!("{certificates} certificates, by pattern {by_pattern:?}");
    // 1,560 orders in six encodings.
    assert_eq!(certificates, 9_360);
    // All but those with separators and those that must be refused.
    assert_eq!(by_pattern.right, 9_078);
}

fn issued(
    maker: &Authority,
    subject: &Subject,
    encode: fn(&str) -> DnValue,
) -> CertificateDer<'static> {
    let mut params = device(&[]);
    params.distinguished_name = DistinguishedName::new();
    for (kind, text) in subject {
        params.distinguished_name.push(kind.clone(), encode(text));
    }
    maker.issue(&params).0
}

#[test]
fn no_format_in_any_order_and_any_rendering_gives_a_wrong_identity() {
    let pattern = || IdentityPattern::new(FIELD).unwrap();
    let plain = HeaderSource::plain("subject", pattern()).unwrap();
    let envoy = HeaderSource::envoy_subject(XfccElement::Only, pattern());
    let mut renderings = 0;
    let mut count = Count::default();
    for (what, subject, truth) in table() {
        for order in orders(&subject) {
            for rendering in &RENDERINGS {
                renderings += 1;
                let text = rendering.of(&order);
                let what = format!("{what}, {}: {text}", rendering.what);
                let quoted = format!("Subject=\"{text}\"");
                for (header, value) in [(&plain, &text), (&envoy, &quoted)] {
                    let found = header.identity(&proxy(), [value.as_bytes()], now());
                    let found = found.map(|identity| identity.mac().to_string());
                    // A comma is a list to a header of text, whatever it holds.
                    if text.contains(',') && std::ptr::eq(header, &raw const plain) {
                        assert!(matches!(found, Err(HeaderError::List)), "{what}");
                    }
                    count.add(truth, found, &what);
                }
            }
        }
    }
    println!("{renderings} renderings, {count:?}");
    assert_eq!(renderings, 15_600);
    assert!(count.right > 10_000, "{count:?}");
}

#[test]
fn every_header_with_a_certificate_passes_on_every_format_as_the_certificate_itself() {
    let maker = Authority::root("maker");
    let verifier = || maker.verifier();
    let mut right = 0;
    for (what, subject, truth) in table() {
        for encode in ENCODINGS {
            let der = issued(&maker, &subject, encode);
            let direct = maker
                .verifier()
                .verify(&der, &[], now())
                .unwrap()
                .identity();
            for (header, value, companion) in written(&der) {
                let source = HeaderSource::certificate(header, verifier());
                let found = source.identity_with(&proxy(), [value.as_bytes()], companion, now());
                match (found, &direct, truth) {
                    (Ok(found), Ok(direct), Truth::Device(..)) => {
                        assert_eq!(found.mac().to_string(), MAC, "{what}: {source:?}");
                        assert_eq!((found.rule(), found.key()), (direct.rule(), direct.key()));
                        right += 1;
                    }
                    (Err(HeaderError::Identity(error)), Err(direct), _) => {
                        assert_eq!(error, *direct, "{what}: {source:?}");
                    }
                    other => panic!("{what}: {source:?}: {other:?}"),
                }
            }
        }
    }
    // Thirteen formats in six encodings in eight headers.
    assert_eq!(right, 624);
}

/// A certificate as each proxy writes it, with the value of a second header where there is one.
fn written(der: &[u8]) -> Vec<(CertificateHeader, String, Option<&'static [u8]>)> {
    let base64 = STANDARD.encode(der);
    let strict = escaped(&pem(der), "");
    let loose = escaped(&pem(der), "+=/");
    vec![
        (
            CertificateHeader::client_cert(),
            format!(":{base64}:"),
            None,
        ),
        (CertificateHeader::nginx("x").unwrap(), strict.clone(), None),
        (CertificateHeader::apache("x").unwrap(), loose.clone(), None),
        (
            CertificateHeader::haproxy("x", "y").unwrap(),
            format!("\"{base64}\""),
            Some(b"0"),
        ),
        (
            CertificateHeader::envoy(XfccElement::Only),
            format!("Hash={};Cert=\"{strict}\"", hex(der)),
            None,
        ),
        (CertificateHeader::traefik(), base64, None),
        (
            CertificateHeader::aws_alb(AlbMode::Passthrough),
            loose.clone(),
            None,
        ),
        (CertificateHeader::aws_alb(AlbMode::Verify), loose, None),
    ]
}
