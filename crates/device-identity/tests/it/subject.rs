use offhook_device_identity::{IdentityError, Rule, candidates};
use rcgen::{DnType, SanType};

use crate::authority::{Authority, device, serial_number};

const MAC: &str = "000E08ABCDEF";

pub(crate) type Subject = Vec<(DnType, &'static str)>;

/// Every order of `attributes`.
pub(crate) fn orders(attributes: &Subject) -> Vec<Subject> {
    if attributes.len() < 2 {
        return vec![attributes.clone()];
    }
    let mut all = Vec::new();
    for at in 0..attributes.len() {
        let mut rest = attributes.clone();
        let first = rest.remove(at);
        for mut order in orders(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}

fn one(subject: &Subject) -> Result<(String, Rule, Option<String>), IdentityError> {
    let (der, _) = Authority::root("maker").issue(&device(subject));
    let only = candidates(&der).unwrap().one()?;
    let model = only.model().map(str::to_owned);
    Ok((only.mac().to_string(), only.rule(), model))
}

#[test]
fn every_known_subject_gives_the_address_in_every_order_of_attributes() {
    let known: [(Subject, Rule, Option<&str>); 7] = [
        (
            vec![
                (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
                (DnType::LocalityName, "88012BA01234"),
                (DnType::StateOrProvinceName, "000e08abcdef"),
            ],
            Rule::CiscoMpp,
            Some("CP-8841-3PCC"),
        ),
        (
            vec![
                (DnType::CommonName, "CP-7961G-GE-SEP000E08ABCDEF"),
                (DnType::OrganizationName, "Cisco Systems, Inc."),
                (DnType::OrganizationalUnitName, "EVVBU"),
            ],
            Rule::ModelAndName,
            Some("CP-7961G-GE"),
        ),
        (
            vec![(DnType::CommonName, "SEP000E08ABCDEF")],
            Rule::Name,
            None,
        ),
        (
            vec![
                (DnType::CountryName, "US"),
                (DnType::StateOrProvinceName, "California"),
                (DnType::LocalityName, "San Jose"),
                (DnType::CommonName, "AP1G4-000E08ABCDEF"),
                (
                    DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]),
                    "support@cisco.example",
                ),
            ],
            Rule::Model,
            Some("AP1G4"),
        ),
        (
            vec![
                (DnType::CommonName, "C9300-48UXM-000E08ABCDEF"),
                (serial_number(), "PID:C9300-48UXM SN:0123456789AB"),
            ],
            Rule::Model,
            Some("C9300-48UXM"),
        ),
        (
            vec![
                (DnType::CountryName, "CN"),
                (DnType::StateOrProvinceName, "Fujian"),
                (DnType::LocalityName, "Xiamen"),
                (DnType::CommonName, "000e08abcdef"),
            ],
            Rule::CommonName,
            None,
        ),
        (
            vec![(DnType::CommonName, "00:0e:08:ab:cd:ef")],
            Rule::CommonName,
            None,
        ),
    ];
    for (subject, rule, model) in known {
        for order in orders(&subject) {
            let expected = (MAC.to_owned(), rule, model.map(str::to_owned));
            assert_eq!(one(&order).unwrap(), expected, "{order:?}");
        }
    }
}

#[test]
fn a_serial_number_of_twelve_digits_is_never_taken() {
    for subject in [
        vec![(serial_number(), "88012BA01234")],
        vec![(DnType::LocalityName, "88012BA01234")],
        vec![
            (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
            (DnType::LocalityName, "88012BA01234"),
        ],
        vec![
            (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
            (DnType::LocalityName, "88012BA01234"),
            (DnType::StateOrProvinceName, "Texas"),
            (serial_number(), "333345384237"),
        ],
    ] {
        for order in orders(&subject) {
            assert_eq!(one(&order), Err(IdentityError::NoAddress), "{order:?}");
        }
    }
}

#[test]
fn a_state_without_model_and_serial_number_is_no_address() {
    let subject = vec![
        (DnType::StateOrProvinceName, "000e08abcdef"),
        (DnType::OrganizationalUnitName, "phones"),
    ];
    assert_eq!(one(&subject), Err(IdentityError::NoAddress));
}

#[test]
fn a_shared_certificate_names_no_device() {
    for subject in [
        vec![
            (DnType::OrganizationalUnitName, "cisco.com"),
            (DnType::LocalityName, "ciscogeneric"),
            (DnType::StateOrProvinceName, "ciscogeneric"),
        ],
        vec![
            (DnType::LocalityName, "ciscogeneric"),
            (DnType::CommonName, "000e08abcdef"),
        ],
        vec![(DnType::CommonName, "000000000000")],
        vec![
            (DnType::OrganizationalUnitName, "SPA-962"),
            (DnType::LocalityName, "88012BA01234"),
            (DnType::StateOrProvinceName, "ffffffffffff"),
        ],
    ] {
        for order in orders(&subject) {
            assert_eq!(one(&order), Err(IdentityError::Shared), "{order:?}");
        }
    }
}

#[test]
fn two_distinct_addresses_are_ambiguous_wherever_they_stand() {
    for subject in [
        vec![
            (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
            (DnType::LocalityName, "88012BA01234"),
            (DnType::StateOrProvinceName, "000e08abcdef"),
            (DnType::CommonName, "SEP805EC0112233"),
        ],
        vec![
            (DnType::CommonName, "000e08abcdef"),
            (DnType::StateOrProvinceName, "805EC0112233"),
        ],
        vec![
            (DnType::CommonName, "000e08abcdef"),
            (DnType::OrganizationalUnitName, "asset 805EC0112233"),
        ],
        vec![
            (DnType::CommonName, "000e08abcdef"),
            (DnType::CustomDnType(vec![2, 5, 4, 65]), "80:5e:c0:11:22:33"),
        ],
    ] {
        for order in orders(&subject) {
            let Err(IdentityError::Ambiguous { first, second }) = one(&order) else {
                panic!("{order:?}");
            };
            let mut both = [first.to_string(), second.to_string()];
            both.sort();
            assert_eq!(both, [MAC, "805EC0112233"], "{order:?}");
        }
    }
}

#[test]
fn an_alternative_name_can_carry_the_address_and_contradict_it() {
    let read = |common_name: &str, names: &[SanType]| {
        let mut params = device(&[(DnType::CommonName, common_name)]);
        params.subject_alt_names = names.to_vec();
        let (der, _) = Authority::root("maker").issue(&params);
        candidates(&der)
            .unwrap()
            .one()
            .map(|only| only.mac().to_string())
    };
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let uri = |name: &str| SanType::URI(name.try_into().unwrap());

    let host = dns("SEP000E08ABCDEF.example.com");
    assert_eq!(read("phone", std::slice::from_ref(&host)).unwrap(), MAC);
    assert_eq!(read("000e08abcdef", &[host]).unwrap(), MAC);
    for names in [
        vec![dns("SEP805EC0112233.example.com")],
        vec![dns("www.805EC0112233.example.com")],
        vec![uri("urn:dev:mac:805ec0112233")],
        vec![dns("example.com"), uri("sip:805ec0112233@example.com")],
        vec![uri("urn:dev:mac:80-5e-c0-11-22-33")],
        vec![dns("80-5e-c0-11-22-33.example.com")],
    ] {
        let Err(IdentityError::Ambiguous { first, second }) = read("000e08abcdef", &names) else {
            panic!("{names:?}");
        };
        let mut both = [first.to_string(), second.to_string()];
        both.sort();
        assert_eq!(both, [MAC, "805EC0112233"], "{names:?}");
    }
    // RFC 5626 instances, telephone numbers and groups contradict nothing, and prove nothing.
    for names in [
        vec![uri("urn:uuid:550e8400-e29b-41d4-a716-446655440000")],
        vec![dns("550e8400-e29b-41d4-a716-446655440000.example.com")],
        vec![uri("sip:+447700900123@example.com")],
        vec![
            uri("sips:447700900123@example.com"),
            uri("tel:447700900123"),
        ],
        vec![uri("urn:dev:mac:01-00-5e-7f-ff-fa")],
        vec![dns("01005e7ffffa.example.com")],
    ] {
        assert_eq!(read("SEP000E08ABCDEF", &names).unwrap(), MAC, "{names:?}");
        let error = read("phone", &names).unwrap_err();
        assert_eq!(error, IdentityError::NoAddress, "{names:?}");
    }
}

#[test]
fn text_in_utf_16_is_read_as_any_other() {
    let read = |subject: &[(DnType, &str)]| {
        let mut params = device(&[]);
        for (kind, text) in subject {
            let wide = rcgen::string::BmpString::try_from(*text).unwrap();
            let wide = rcgen::DnValue::BmpString(wide);
            params.distinguished_name.push(kind.clone(), wide);
        }
        let (der, _) = Authority::root("maker").issue(&params);
        candidates(&der)
            .unwrap()
            .one()
            .map(|only| (only.mac().to_string(), only.rule()))
    };
    let (cn, ou) = (DnType::CommonName, DnType::OrganizationalUnitName);
    let (l, st) = (DnType::LocalityName, DnType::StateOrProvinceName);
    assert_eq!(
        read(&[(cn.clone(), "SEP000e08abcdef")]),
        Ok((MAC.to_owned(), Rule::Name))
    );
    assert_eq!(
        read(&[
            (l.clone(), "88012BA01234"),
            (st.clone(), "000e08abcdef"),
            (ou.clone(), "CP-8841-3PCC"),
        ]),
        Ok((MAC.to_owned(), Rule::CiscoMpp))
    );
    assert_eq!(
        read(&[(l, "ciscogeneric"), (st, "000e08abcdef")]),
        Err(IdentityError::Shared)
    );
    // A full-width digit, and a letter whose lower octet is a digit's.
    for text in [
        "000e08abcde\u{ff11}",
        "000e08abcde\u{0131}",
        "\u{4e}00e08abcdef",
    ] {
        assert_eq!(
            read(&[(cn.clone(), text)]),
            Err(IdentityError::NoAddress),
            "{text}"
        );
    }
    assert!(matches!(
        read(&[(cn, "000e08abcdef"), (ou, "unit 805ec0112233")]),
        Err(IdentityError::Ambiguous { .. })
    ));
}

#[test]
fn a_text_in_utf_16_that_is_longer_than_any_or_cut_within_a_character_is_refused() {
    use offhook_device_identity::CertificateError;

    let mut params = device(&[]);
    let wide = rcgen::string::BmpString::try_from("x".repeat(257)).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, rcgen::DnValue::BmpString(wide));
    let (der, _) = Authority::root("maker").issue(&params);
    assert!(matches!(
        candidates(&der),
        Err(CertificateError::WideText { .. })
    ));

    // Thirteen octets, which are six characters and a half.
    let (der, _) =
        Authority::root("maker").issue(&device(&[(DnType::CommonName, "000e08abcdef1")]));
    let mut der = der.to_vec();
    let text = der
        .windows(13)
        .position(|window| window == b"000e08abcdef1");
    der[text.unwrap() - 2] = 0x1e;
    assert!(matches!(
        candidates(&der),
        Err(CertificateError::Malformed { .. })
    ));
}

#[test]
fn a_certificate_cut_short_or_prolonged_is_refused() {
    let (der, _) = Authority::root("maker").issue(&device(&[(DnType::CommonName, MAC)]));
    for length in 0..der.len() {
        assert!(candidates(&der[..length]).is_err(), "{length}");
    }
    let mut longer = der.to_vec();
    longer.push(0);
    assert!(candidates(&longer).is_err());
}
