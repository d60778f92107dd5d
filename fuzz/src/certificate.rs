//! Certificates of devices, the same on every run, and their signing.

use std::sync::LazyLock;

use rcgen::string::BmpString;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use ring::signature::Ed25519KeyPair;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// An authority, and the bodies of certificates that it has issued.
pub struct Maker {
    pub certificate: CertificateDer<'static>,
    pub devices: Vec<CertificateDer<'static>>,
    key: Ed25519KeyPair,
}

pub static MAKER: LazyLock<Maker> = LazyLock::new(Maker::new);

impl Maker {
    fn new() -> Self {
        let pkcs8 = [PKCS8_OF_ED25519, &SEED[..]].concat();
        let pkcs8 = PrivatePkcs8KeyDer::from(pkcs8);
        let key = KeyPair::try_from(&pkcs8).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Maker");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let device_key = KeyPair::try_from(&pkcs8).unwrap();
        let issuer = Issuer::new(params, key);
        let issue = |params: CertificateParams| {
            let certificate = params.signed_by(&device_key, &issuer).unwrap();
            certificate.der().clone()
        };
        Self {
            certificate,
            devices: subjects().into_iter().map(issue).collect(),
            key: Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap(),
        }
    }

    /// A device's certificate with octets changed, by where and to what.
    pub fn changed(&self, device: u8, changes: &[(u16, u8)]) -> Vec<u8> {
        let place = usize::from(device) % self.devices.len();
        let mut der = self.devices[place].to_vec();
        let length = der.len();
        for (at, octet) in changes {
            der[usize::from(*at) % length] = *octet;
        }
        der
    }

    /// A certificate with this body, signed rightly.
    pub fn signed(&self, body: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(body);
        let bits = [&[0], signature.as_ref()].concat();
        tlv(0x30, &[body, ED25519, &tlv(0x03, &bits)].concat())
    }
}

/// The first item inside of the outermost one, of a certificate its body.
pub fn body(certificate: &[u8]) -> &[u8] {
    let inside = &certificate[header(certificate)..];
    let length = header(inside) + length(inside);
    &inside[..length]
}

fn header(der: &[u8]) -> usize {
    match der[1] {
        0x81 => 3,
        0x82 => 4,
        _ => 2,
    }
}

fn length(der: &[u8]) -> usize {
    match der[1] {
        0x81 => usize::from(der[2]),
        0x82 => usize::from(der[2]) << 8 | usize::from(der[3]),
        short => usize::from(short),
    }
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(contents.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    let head = match (high, low) {
        (0, 0..=0x7f) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&head, contents].concat()
}

fn subjects() -> Vec<CertificateParams> {
    let serial = DnType::CustomDnType(vec![2, 5, 4, 5]);
    let (cn, ou) = (DnType::CommonName, DnType::OrganizationalUnitName);
    let (l, st) = (DnType::LocalityName, DnType::StateOrProvinceName);
    let names: [Vec<(DnType, &str)>; 7] = [
        vec![
            (ou.clone(), "CP-8841-3PCC"),
            (l.clone(), "88012BA01234"),
            (st.clone(), "000e08abcdef"),
        ],
        vec![(cn.clone(), "CP-7961G-GE-SEP000E08ABCDEF")],
        vec![
            (cn.clone(), "SEP000E08ABCDEF.example.com"),
            (serial, "88012BA01234"),
        ],
        vec![(cn.clone(), "00:0e:08:ab:cd:ef")],
        vec![(cn.clone(), "000e08abcdef"), (ou, "unit 805ec0112233")],
        vec![(l, "ciscogeneric"), (st, "ciscogeneric")],
        Vec::new(),
    ];
    let plain = names.map(|names| {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
        params.distinguished_name = DistinguishedName::new();
        for (kind, text) in names {
            params.distinguished_name.push(kind, text);
        }
        params
    });
    let mut all = plain.to_vec();
    let mut wide = plain[6].clone();
    let text = BmpString::try_from("000e08abcdef").unwrap();
    wide.distinguished_name.push(cn, DnValue::BmpString(text));
    all.push(wide);
    for params in plain {
        let mut named = params;
        let text = |text: &str| text.try_into().unwrap();
        named.subject_alt_names = vec![
            SanType::DnsName(text("SEP000E08ABCDEF.example")),
            SanType::Rfc822Name(text("000e08abcdef@example.com")),
            SanType::URI(text("urn:dev:mac:000e08abcdef")),
        ];
        named.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        named.use_authority_key_identifier_extension = true;
        all.push(named);
    }
    // A directory name among the alternative ones: CN=000e08abcdef.
    let directory = [&[0x06, 0x03, 0x55, 4, 3, 0x0c, 0x0c][..], b"000e08abcdef"].concat();
    let name = tlv(0xa4, &tlv(0x30, &tlv(0x31, &tlv(0x30, &directory))));
    let mut directed = all[0].clone();
    directed.custom_extensions = vec![CustomExtension::from_oid_content(
        &[2, 5, 29, 17],
        tlv(0x30, &name),
    )];
    all.push(directed);
    all
}

const SEED: [u8; 32] = [7; 32];
const PKCS8_OF_ED25519: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
