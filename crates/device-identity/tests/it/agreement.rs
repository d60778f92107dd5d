//! The fast reader against a full parse by `x509-cert`.

#[cfg(feature = "parsed")]
use std::mem::discriminant;
use std::sync::LazyLock;
use std::time::SystemTime;

use der::{Any, Decode, Tag, Tagged as _};
#[cfg(feature = "parsed")]
use offhook_device_identity::Rules;
use offhook_device_identity::candidates;
use proptest::prelude::*;
use proptest::sample::Index;
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, SanType};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_cert::Certificate;
use x509_cert::der;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::authority::{Authority, days, device};
use crate::forge::resigned;

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
        "(MAC |mac:|AP-|4:|[A-F]{2}-|)(00[:-]0e[:-]08:ab:cd:ef|000e\\.08ab\\.cdef|000e08-abcdef)(\\.example|[:-]1|)",
        "(urn:uuid:|SEP|)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "(\\+|sip:|TEL:|)44[0-9]{10}(@example\\.com|)",
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
/// `None` where the full parse refuses it.
fn slowly(der: &[u8]) -> Option<Slow> {
    let certificate = Certificate::from_der(der).ok()?;
    let body = certificate.tbs_certificate();
    let mut slow = Slow::default();
    let attributes = attributes(body.subject());
    let has = |kind: &str| attributes.iter().any(|(other, _)| other == kind);
    for (kind, value) in &attributes {
        let is_state = kind == "2.5.4.8";
        let value = if is_state { value.trim_ascii() } else { value };
        match &**kind {
            "2.5.4.5" => {}
            "2.5.4.7" => slow.shared |= value.eq_ignore_ascii_case("ciscogeneric"),
            "2.5.4.3" => slow.common_name(value.trim_ascii()),
            "2.5.4.8" if value.eq_ignore_ascii_case("ciscogeneric") => slow.shared = true,
            "2.5.4.8" if is_bare(value) && is_filler(value) => slow.shared = true,
            "2.5.4.8" if is_bare(value) && has("2.5.4.11") && has("2.5.4.7") => slow.place(value),
            _ => slow.elsewhere(value),
        }
    }
    let names = body.get_extension::<SubjectAltName>().ok()?;
    for name in names.map(|(_, names)| names.0).unwrap_or_default() {
        match name {
            GeneralName::DnsName(name) => slow.host_name(&text_of(name.as_bytes())),
            GeneralName::Rfc822Name(name) => slow.elsewhere(&text_of(name.as_bytes())),
            GeneralName::UniformResourceIdentifier(name) => {
                slow.elsewhere(&text_of(name.as_bytes()));
            }
            GeneralName::DirectoryName(name) => {
                for (kind, value) in self::attributes(&name) {
                    if kind != "2.5.4.5" && kind != "2.5.4.7" {
                        slow.elsewhere(&value);
                    }
                }
            }
            _ => {}
        }
    }
    Some(slow)
}

fn attributes(name: &Name) -> Vec<(String, String)> {
    let attributes = name.iter_rdn().flat_map(|relative| relative.iter());
    attributes
        .map(|attribute| (attribute.oid.to_string(), value_of(&attribute.value)))
        .collect()
}

fn value_of(value: &Any) -> String {
    if value.tag() != Tag::BmpString {
        return text_of(value.value());
    }
    let units = value.value().chunks(2);
    let units = units.map(|unit| {
        unit.iter()
            .fold(0, |all, octet| all << 8 | u16::from(*octet))
    });
    char::decode_utf16(units)
        .map(|char| char.ok().filter(char::is_ascii).unwrap_or('é'))
        .collect()
}

/// Octets outside of ASCII, whatever they mean, become a letter that is no digit.
fn text_of(octets: &[u8]) -> String {
    let char = |byte: &u8| {
        if byte.is_ascii() {
            char::from(*byte)
        } else {
            'é'
        }
    };
    octets.iter().map(char).collect()
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

    fn place(&mut self, digits: &str) {
        if is_filler(digits) {
            self.shared = true;
        } else if !is_group(digits) {
            self.placed.push(digits.to_uppercase());
        }
    }

    fn common_name(&mut self, text: &str) {
        let pattern = r"^(?is:(?:.+-)?(?:SEP)?([0-9A-F]{12})|[^.]+-(?:SEP)?([0-9A-F]{12})\..*)$";
        match text.parse::<offhook_device_name::MacAddress>() {
            Ok(mac) => self.place(&mac.to_string()),
            Err(_) => self.by(text, pattern),
        }
        self.host_name(text);
    }

    fn host_name(&mut self, text: &str) {
        self.by(text, r"^(?is:(?:[^.]*-)?(?:SEP)?([0-9A-F]{12})(?:\..*)?)$");
    }

    fn by(&mut self, text: &str, pattern: &str) {
        let text = without_lookalikes(text);
        let pattern = regex::Regex::new(pattern).unwrap();
        if let Some(found) = pattern.captures(&text) {
            let group = found.get(1).or_else(|| found.get(2)).unwrap();
            self.place(group.as_str());
        }
        self.elsewhere(&text);
    }

    fn elsewhere(&mut self, text: &str) {
        let text = without_lookalikes(text).replace('_', " ");
        let pattern = regex::Regex::new(r"(?i:\b(?:SEP)?([0-9A-F]{12})\b)").unwrap();
        for found in pattern.captures_iter(&text) {
            self.stray(&found[1]);
        }
        for start in 0..text.len() {
            for length in [13, 14, 17] {
                let Some(spelled) = text.get(start..start + length) else {
                    continue;
                };
                let Ok(mac) = spelled.parse::<offhook_device_name::MacAddress>() else {
                    continue;
                };
                let mark =
                    regex::escape(&spelled.replace(|char: char| char.is_alphanumeric(), "")[..1]);
                let before = r"(?i:(?:^|[^[:alnum:]é])(?:SEP)?$)";
                let group_before = format!(r"(?i:(?:^|[^[:alnum:]é])[0-9A-F]+{mark}(?:SEP)?$)");
                let group_after = format!(r"(?i:^{mark}[0-9A-F]+(?:$|[^[:alnum:]é]))");
                let is =
                    |pattern: &str, text: &str| regex::Regex::new(pattern).unwrap().is_match(text);
                let (left, right) = (&text[..start], &text[start + length..]);
                if is(before, left)
                    && is("^(?:$|[^[:alnum:]é])", right)
                    && !is(&group_before, left)
                    && !is(&group_after, right)
                {
                    self.stray(&mac.to_string());
                }
            }
        }
    }

    fn stray(&mut self, digits: &str) {
        if is_filler(digits) || !is_group(digits) {
            self.stray.push(digits.to_uppercase());
        }
    }
}

/// The text without UUIDs and telephone numbers.
fn without_lookalikes(text: &str) -> String {
    let pattern =
        r"(?i:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-(?:SEP)?[0-9A-F]{12}\b|(?:\+|sips?:|tel:)[0-9]{12}\b)";
    let pattern = regex::Regex::new(pattern).unwrap();
    pattern.replace_all(text, "|").into_owned()
}

/// Whether the lowest bit of the first octet is set.
fn is_group(digits: &str) -> bool {
    "13579bBdDfF".contains(&digits[1..2])
}

fn is_filler(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0') || digits.bytes().all(|digit| b"fF".contains(&digit))
}

fn is_bare(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

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
        #[cfg(feature = "parsed")]
        {
            let full = Certificate::from_der(certificate.der()).unwrap();
            let full = offhook_device_identity::candidates_of(&full, Rules::ALL);
            prop_assert_eq!(full, Ok(fast));
        }
        let slow = slowly(certificate.der()).unwrap();
        prop_assert_eq!(fast.is_shared(), slow.shared);
        prop_assert_eq!(fast.one().ok().map(|only| only.mac().to_string()), slow.outcome());
    }

    #[test]
    fn both_readers_agree_on_every_changed_certificate_that_both_accept(
        certificate in certificate(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut der = certificate.to_vec();
        for (at, octet) in changes {
            der[at.index(certificate.len())] = octet;
        }
        full_path_agrees(&der);
        if let (Ok(fast), Some(slow)) = (candidates(&der), slowly(&der)) {
            prop_assert_eq!(fast.is_shared(), slow.shared);
            prop_assert_eq!(fast.one().ok().map(|only| only.mac().to_string()), slow.outcome());
        }
    }

    /// The signature is right each time, so that only what the certificate says is judged.
    #[test]
    fn no_certificate_is_accepted_that_webpki_refuses(
        certificate in certificate(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
        day in 0_u64..4_000,
    ) {
        let key = MAKER.issuer.key();
        let der = resigned(&certificate, |body| {
            for (at, octet) in changes {
                let length = body.len();
                body[at.index(length)] = octet;
            }
        }, key);
        let now = days(day);
        full_path_agrees(&der);
        let verifier = MAKER.verifier();
        if let Ok(verified) = verifier.verify(&der, &[], now) {
            let theirs = by_webpki(&der, now);
            prop_assert!(theirs.is_ok(), "{theirs:?}");
            if let (Ok(identity), Some(slow)) = (verified.identity(), slowly(&der)) {
                prop_assert_eq!(Some(identity.mac().to_string()), slow.outcome());
            }
        }
    }
}

/// The two paths of the library, where both accept a certificate.
#[cfg(feature = "parsed")]
fn full_path_agrees(der: &[u8]) {
    let (Ok(fast), Ok(full)) = (candidates(der), Certificate::from_der(der)) else {
        return;
    };
    let Ok(full) = offhook_device_identity::candidates_of(&full, Rules::ALL) else {
        return;
    };
    assert_eq!(fast.is_shared(), full.is_shared());
    match (fast.one(), full.one()) {
        (Ok(fast), Ok(full)) => assert_eq!(fast.mac(), full.mac()),
        // Which two of three are named can differ, for `x509-cert` sorts the attributes of one
        // relative distinguished name.
        (Err(fast), Err(full)) => assert_eq!(discriminant(&fast), discriminant(&full)),
        different => panic!("{different:?}"),
    }
}

#[cfg(not(feature = "parsed"))]
const fn full_path_agrees(_: &[u8]) {}

static MAKER: LazyLock<Authority> = LazyLock::new(|| Authority::root("Manufacturing CA"));

fn by_webpki(der: &CertificateDer<'_>, now: SystemTime) -> Result<(), webpki::Error> {
    let anchor = webpki::anchor_from_trusted_cert(&MAKER.certificate)?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    webpki::EndEntityCert::try_from(der)?.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        &[],
        UnixTime::since_unix_epoch(now),
        webpki::KeyUsage::client_auth(),
        None,
        None,
    )?;
    Ok(())
}

/// A certificate of the maker's with an address in one of the places where it can stand.
fn certificate() -> impl Strategy<Value = CertificateDer<'static>> {
    static MADE: LazyLock<Vec<CertificateDer<'static>>> = LazyLock::new(|| {
        let subjects: [&[(DnType, &str)]; 5] = [
            &[
                (DnType::OrganizationalUnitName, "CP-8841-3PCC"),
                (DnType::LocalityName, "88012BA01234"),
                (DnType::StateOrProvinceName, "000e08abcdef"),
            ],
            &[(DnType::CommonName, "CP-7961G-GE-SEP000E08ABCDEF")],
            &[(DnType::CommonName, "SEP000E08ABCDEF.example.com")],
            &[(DnType::CommonName, "00:0e:08:ab:cd:ef")],
            &[
                (DnType::LocalityName, "ciscogeneric"),
                (DnType::CommonName, "ffffffffffff"),
            ],
        ];
        let made = subjects.iter().flat_map(|subject| {
            let plain = device(subject);
            let mut named = plain.clone();
            let host = "SEP000E08ABCDEF.example".try_into().unwrap();
            let mail = "805ec0112233@example.com".try_into().unwrap();
            named.subject_alt_names = vec![SanType::DnsName(host), SanType::Rfc822Name(mail)];
            [plain, named]
        });
        made.map(|params| MAKER.issue(&params).0).collect()
    });
    (0..MADE.len()).prop_map(|index| MADE[index].clone())
}
