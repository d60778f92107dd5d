//! Certificates that `rcgen` cannot make: signed with SHA-1, of version 1, or changed afterwards.

use num_bigint::BigUint;
use rcgen::{KeyPair, SigningKey};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

pub(crate) const AUTHORITY_KEY: &[u8] =
    include_bytes!("../../../../testdata/rsa-keys/authority.pk8");
pub(crate) const DEVICE_KEY: &[u8] = include_bytes!("../../../../testdata/rsa-keys/device.pk8");

pub(crate) fn rsa(pkcs8: &[u8]) -> KeyPair {
    KeyPair::try_from(pkcs8).unwrap()
}

/// A certificate of Cisco's in `testdata/cisco-cas`.
pub(crate) fn cisco(name: &str) -> CertificateDer<'static> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/cisco-cas");
    CertificateDer::from_pem_file(format!("{folder}/{name}.pem")).unwrap()
}

/// `certificate` with its body changed and signed again by `key`, however little sense it makes.
pub(crate) fn resigned(
    certificate: &[u8],
    change: impl FnOnce(&mut [u8]),
    key: &impl SigningKey,
) -> CertificateDer<'static> {
    let parts = items(contents(certificate));
    let mut body = parts[0].to_vec();
    change(&mut body);
    let mut signature = vec![0];
    signature.extend(key.sign(&body).unwrap());
    let whole = [&body, parts[1], &tlv(0x03, &signature)].concat();
    tlv(0x30, &whole).into()
}

/// The fields of the body of a certificate, each with tag and length.
#[derive(Clone, Debug)]
pub(crate) struct Body(pub(crate) Vec<Vec<u8>>);

impl Body {
    pub(crate) fn of(certificate: &[u8]) -> Self {
        let parts = items(contents(certificate));
        let fields = items(contents(parts[0]));
        Self(fields.into_iter().map(<[u8]>::to_vec).collect())
    }

    fn first(&self) -> usize {
        usize::from(self.0[0][0] == 0xa0)
    }

    pub(crate) fn serial(&self) -> &[u8] {
        contents(&self.0[self.first()])
    }

    pub(crate) fn subject(&self) -> &[u8] {
        &self.0[self.first() + 4]
    }

    pub(crate) fn issued_by(mut self, issuer: &[u8]) -> Self {
        let at = self.first() + 2;
        self.0[at] = issuer.to_vec();
        self
    }

    /// Without version, unique names and extensions, as a certificate of version 1 is.
    pub(crate) fn version_1(mut self) -> Self {
        self.0.retain(|field| field[0] & 0xc0 == 0);
        self
    }

    pub(crate) fn signed(&self, key: &impl SigningKey) -> CertificateDer<'static> {
        let algorithm = self.0[self.first() + 1].clone();
        self.sealed(&algorithm, |message| key.sign(message).unwrap())
    }

    /// Signed with SHA-1 by the key of the authority.
    pub(crate) fn signed_with_sha1(mut self) -> CertificateDer<'static> {
        let at = self.first() + 1;
        self.0[at] = SHA1_WITH_RSA.to_vec();
        self.sealed(SHA1_WITH_RSA, |message| {
            sha1_signature(AUTHORITY_KEY, message)
        })
    }

    fn sealed(
        &self,
        algorithm: &[u8],
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> CertificateDer<'static> {
        let body = tlv(0x30, &self.0.concat());
        let mut signature = vec![0];
        signature.extend(sign(&body));
        let whole = [&body, algorithm, &tlv(0x03, &signature)].concat();
        tlv(0x30, &whole).into()
    }
}

/// RSASSA-PKCS1-v1_5 with SHA-1, which `ring` verifies but does not make.
fn sha1_signature(pkcs8: &[u8], message: &[u8]) -> Vec<u8> {
    let outer = items(contents(pkcs8));
    let key = items(contents(contents(outer[2])));
    let number = |at: usize| BigUint::from_bytes_be(contents(key[at]));
    let (modulus, exponent) = (number(1), number(3));

    let mut info = vec![
        0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a,
    ];
    info.extend([0x05, 0x00, 0x04, 0x14]);
    info.extend(digest(&SHA1_FOR_LEGACY_USE_ONLY, message).as_ref());
    let mut block = vec![0, 1];
    block.resize(256 - info.len() - 1, 0xff);
    block.push(0);
    block.extend(info);

    let signature = BigUint::from_bytes_be(&block).modpow(&exponent, &modulus);
    let signature = signature.to_bytes_be();
    let mut padded = vec![0; 256 - signature.len()];
    padded.extend(signature);
    padded
}

fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap();
    let [high, low] = length.to_be_bytes();
    let mut out = match length {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    out.extend_from_slice(contents);
    out
}

/// Where the contents of the first item begin and end.
fn bounds(bytes: &[u8]) -> (usize, usize) {
    let (header, length) = match bytes[1] {
        0x81 => (3, usize::from(bytes[2])),
        0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
        short => (2, usize::from(short)),
    };
    (header, header + length)
}

fn contents(item: &[u8]) -> &[u8] {
    let (start, end) = bounds(item);
    &item[start..end]
}

fn items(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (item, rest) = bytes.split_at(bounds(bytes).1);
        found.push(item);
        bytes = rest;
    }
    found
}

const SHA1_WITH_RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
];
