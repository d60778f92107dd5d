//! Certificates that `x509-cert` has parsed.

use offhook_device_identity::{
    Attribute, CertificateError, IdentityError, Rule, Rules, candidates_by, candidates_of,
};
use rcgen::{CertificateParams, CustomExtension, DnType, SanType};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::authority::{Authority, device, serial_number};

fn issued(params: &CertificateParams) -> (Vec<u8>, Certificate) {
    let (der, _) = Authority::root("maker").issue(params);
    let certificate = Certificate::from_der(&der).unwrap();
    (der.to_vec(), certificate)
}

#[test]
fn the_full_path_gives_the_address_its_form_and_the_model() {
    let (_, certificate) = issued(&device(&[
        (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
        (DnType::LocalityName, "88012BA01234"),
        (DnType::StateOrProvinceName, "000e08abcdef"),
    ]));
    let found = candidates_of(&certificate, Rules::ALL).unwrap();
    let only = found.one().unwrap();
    assert_eq!(only.mac().to_string(), "000E08ABCDEF");
    assert_eq!(
        (only.rule(), only.model()),
        (Rule::CiscoMpp, Some("CP-8841-3PCC"))
    );
}

#[test]
fn both_paths_read_every_place_under_every_rule_alike() {
    let mut params = device(&[
        (serial_number(), "805ec0112233"),
        (DnType::CommonName, "CP-8841-SEP000E08ABCDEF"),
        (DnType::LocalityName, "88012BA01234"),
        (DnType::OrganizationalUnitName, "phone"),
    ]);
    let wide = rcgen::string::BmpString::try_from("unit 000e08abcdef").unwrap();
    params.distinguished_name.push(
        DnType::CustomDnType(vec![2, 5, 4, 12]),
        rcgen::DnValue::BmpString(wide),
    );
    params.subject_alt_names = vec![
        SanType::DnsName("SEP000E08ABCDEF.example.com".try_into().unwrap()),
        SanType::URI("urn:dev:mac:000e08abcdef".try_into().unwrap()),
        SanType::Rfc822Name("000e08abcdef@example.com".try_into().unwrap()),
    ];
    let (der, certificate) = issued(&params);
    for (rules, outcome) in [
        (Rules::ALL, Ok(Rule::ModelAndName)),
        (Rules::CISCO_MIC, Ok(Rule::ModelAndName)),
        (Rules::of(Rule::HostName), Ok(Rule::HostName)),
        (
            Rules::attribute(Attribute::AlternativeName),
            Ok(Rule::Attribute(Attribute::AlternativeName)),
        ),
        (Rules::YEALINK, Err(IdentityError::NoAddress)),
    ] {
        let full = candidates_of(&certificate, rules).unwrap();
        assert_eq!(full, candidates_by(&der, rules).unwrap(), "{rules:?}");
        assert_eq!(full.one().map(|only| only.rule()), outcome, "{rules:?}");
    }
}

#[test]
fn the_full_path_reads_text_in_utf_16() {
    let mut params = device(&[]);
    let wide = rcgen::string::BmpString::try_from("SEP000E08ABCDEF").unwrap();
    let wide = rcgen::DnValue::BmpString(wide);
    params.distinguished_name.push(DnType::CommonName, wide);
    let (_, certificate) = issued(&params);
    let found = candidates_of(&certificate, Rules::ALL).unwrap();
    assert_eq!(found.one().unwrap().rule(), Rule::Name);
}

#[test]
fn alternative_names_that_cannot_be_read_or_stand_there_twice_are_refused() {
    let name =
        |contents: &[u8]| CustomExtension::from_oid_content(&[2, 5, 29, 17], contents.to_vec());
    let good = [0x30, 0x03, 0x82, 0x01, b'a'];
    for extensions in [
        vec![name(&[0x30, 0x03, 0x82])],
        vec![name(&good), name(&good)],
    ] {
        let mut params = device(&[(DnType::CommonName, "000e08abcdef")]);
        params.custom_extensions = extensions;
        let (der, certificate) = issued(&params);
        assert_eq!(
            candidates_of(&certificate, Rules::ALL),
            Err(CertificateError::AlternativeNames)
        );
        assert!(candidates_by(&der, Rules::ALL).is_err());
    }
}
