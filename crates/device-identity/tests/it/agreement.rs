//! The fast reader against a full parse by `x509-cert`.

use std::sync::LazyLock;

use der::asn1::Any;
use der::{Decode, Encode, Tagged};
use offhook_device_identity::candidates;
use proptest::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, SanType};
use x509_cert::Certificate;
use x509_cert::der;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate().unwrap());

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9a-f]{12}",
        "SEP[0-9A-F]{12}",
        "CP-[0-9]{4}-SEP[0-9A-F]{12}",
        "[0-9A-F]{12}\\.[0-9a-f]{12}",
        "[A-Za-z0-9 .-]{1,20}",
        Just("ciscogeneric".to_owned()),
        Just("000e08abcdef".to_owned()),
        Just("00:0e:08:ab:cd:ef".to_owned()),
    ]
}

fn attribute() -> impl Strategy<Value = (DnType, String)> {
    let kind = prop_oneof![
        Just(DnType::CommonName),
        Just(DnType::LocalityName),
        Just(DnType::StateOrProvinceName),
        Just(DnType::OrganizationalUnitName),
        Just(DnType::CustomDnType(vec![2, 5, 4, 5])),
        Just(DnType::CustomDnType(vec![2, 5, 4, 12])),
    ];
    (kind, text())
}

/// What the certificate says, by way of strings: an address in each place, known form or not.
fn slowly(der: &[u8]) -> Slow {
    let certificate = Certificate::from_der(der).unwrap();
    let body = certificate.tbs_certificate();
    let mut slow = Slow::default();
    let attributes: Vec<(String, String)> = body
        .subject()
        .iter_rdn()
        .flat_map(|relative| relative.iter())
        .map(|attribute| (attribute.oid.to_string(), value(&attribute.value)))
        .collect();
    let has = |kind: &str| attributes.iter().any(|(other, _)| other == kind);
    for (kind, value) in &attributes {
        match &**kind {
            "2.5.4.5" => {}
            "2.5.4.7" => slow.shared |= value.eq_ignore_ascii_case("ciscogeneric"),
            "2.5.4.3" => slow.common_name(value),
            "2.5.4.8" if value.eq_ignore_ascii_case("ciscogeneric") => slow.shared = true,
            "2.5.4.8" if is_bare(value) && has("2.5.4.11") && has("2.5.4.7") => {
                slow.placed.push(value.to_uppercase());
            }
            _ => slow.elsewhere(value),
        }
    }
    if let Some((_, names)) = body.get_extension::<SubjectAltName>().unwrap() {
        for name in names.0 {
            match name {
                GeneralName::DnsName(name) => slow.host_name(name.as_ref()),
                GeneralName::UniformResourceIdentifier(name) => slow.elsewhere(name.as_ref()),
                _ => {}
            }
        }
    }
    slow
}

fn value(any: &Any) -> String {
    assert!(any.tag().to_der().is_ok());
    String::from_utf8(any.value().to_vec()).unwrap()
}

#[derive(Debug, Default)]
struct Slow {
    placed: Vec<String>,
    stray: Vec<String>,
    shared: bool,
}

impl Slow {
    fn outcome(mut self) -> Option<String> {
        if self.placed.is_empty() {
            return None;
        }
        self.placed.append(&mut self.stray);
        self.placed.sort();
        self.placed.dedup();
        (!self.shared && self.placed.len() == 1).then(|| self.placed.remove(0))
    }

    fn common_name(&mut self, text: &str) {
        let pattern = r"^(?i:(?:.+-)?(?:SEP)?([0-9A-F]{12})|[^.]+-(?:SEP)?([0-9A-F]{12})\..*)$";
        self.by(text, pattern);
        self.host_name(text);
    }

    fn host_name(&mut self, text: &str) {
        self.by(text, r"^(?i:(?:[^.]+-)?(?:SEP)?([0-9A-F]{12})(?:\..*)?)$");
    }

    fn by(&mut self, text: &str, pattern: &str) {
        if let Ok(mac) = text.parse::<offhook_device_name::MacAddress>() {
            return self.placed.push(mac.to_string());
        }
        let pattern = regex::Regex::new(pattern).unwrap();
        if let Some(found) = pattern.captures(text) {
            let group = found.get(1).or_else(|| found.get(2)).unwrap();
            self.placed.push(group.as_str().to_uppercase());
        }
        self.elsewhere(text);
    }

    fn elsewhere(&mut self, text: &str) {
        if let Ok(mac) = text.parse::<offhook_device_name::MacAddress>() {
            return self.stray.push(mac.to_string());
        }
        let pattern = regex::Regex::new(r"(?i:\b(?:SEP)?([0-9A-F]{12})\b)").unwrap();
        for found in pattern.captures_iter(&text.replace('_', " ")) {
            self.stray.push(found[1].to_uppercase());
        }
    }
}

fn is_bare(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

proptest! {
    #[test]
    fn the_fast_reader_and_a_full_parse_agree(
        attributes in prop::collection::vec(attribute(), 0..6),
        hosts in prop::collection::vec("[0-9a-f]{12}\\.example|SEP000E08ABCDEF|www\\.example", 0..3),
    ) {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, text) in attributes {
            params.distinguished_name.push(kind, text);
        }
        let name = |host: String| SanType::DnsName(host.try_into().unwrap());
        params.subject_alt_names = hosts.into_iter().map(name).collect();
        let issuer = Issuer::from_params(&params, &*KEY);
        let certificate = params.signed_by(&*KEY, &issuer).unwrap();

        let fast = candidates(certificate.der()).unwrap();
        let slow = slowly(certificate.der());
        prop_assert_eq!(fast.is_shared(), slow.shared);
        prop_assert_eq!(fast.one().ok().map(|only| only.mac().to_string()), slow.outcome());
    }

    #[test]
    fn no_octet_changed_in_a_certificate_makes_the_reader_panic(
        at in 0_usize..400,
        octet: u8,
    ) {
        let params = CertificateParams::new(["SEP000E08ABCDEF.example".to_owned()]).unwrap();
        let mut der = params.self_signed(&*KEY).unwrap().der().to_vec();
        if let Some(place) = der.get_mut(at) {
            *place = octet;
        }
        // Whatever the full parse accepts, the fast one reads too, and the other way round it
        // may only be laxer about what lies outside of the names.
        let _ = candidates(&der);
    }
}
