//! Signed documents.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use num_bigint::BigUint;
use offhook_device_profile::signed::{
    SignedDigest, SignedDocument, Signer, SigningKey, VerifyingKey, sign,
};
use offhook_device_profile::{Limits, SignedError};
use rcgen::{CertificateParams, KeyPair};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};

const KEY: &[u8] = include_bytes!("../../../../testdata/rsa-keys/authority.pk8");
const OTHER_KEY: &[u8] = include_bytes!("../../../../testdata/rsa-keys/device.pk8");
const NAME: &str = "SEP001122334455.cnf.xml.sgn";
const DOCUMENT: &[u8] = b"<device></device>\n";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn signer() -> Signer<'static> {
    Signer::new(
        "CN=cucm.example.net,O=Example",
        "CN=ca.example.net",
        &[1, 2, 3],
    )
}

fn signed(document: &[u8]) -> Vec<u8> {
    let key = SigningKey::from_pkcs8(KEY).unwrap();
    sign(document, NAME, &signer(), &key, now()).unwrap()
}

fn verifying(pkcs8: &[u8]) -> VerifyingKey {
    SigningKey::from_pkcs8(pkcs8)
        .unwrap()
        .verifying_key()
        .unwrap()
}

/// An element of DER.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(value.len()).unwrap().to_be_bytes();
    let length = match (high, low) {
        (0, ..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &length[..], value].concat()
}

#[test]
fn keys_that_are_too_short_or_too_long_are_refused() {
    let key = |bytes: usize| {
        let numbers = [der(2, &vec![0x7f; bytes]), der(2, &[1, 0, 1])];
        VerifyingKey::from_pkcs1(&der(0x30, &numbers.concat())).map(|_| ())
    };
    for good in [128, 256, 1_024] {
        assert_eq!(key(good), Ok(()), "{good}");
    }
    for bad in [64, 127, 1_025] {
        assert_eq!(key(bad), Err(SignedError::KeySize), "{bad}");
    }
}

fn parse(bytes: &[u8]) -> Result<SignedDocument<'_>, SignedError> {
    SignedDocument::parse(bytes, &Limits::default())
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&[tag], &length.to_be_bytes()[..], value].concat()
}

/// A signed document put together by hand, with whatever digest, and its fields changed.
fn by_hand(
    number: u8,
    document: &[u8],
    change: impl Fn(u8, Vec<u8>) -> Vec<u8>,
    sign: impl Fn(u8, &[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let field = |tag: u8, value: &[u8]| change(tag, tlv(tag, value));
    let who = [
        field(4, b"CN=cucm.example.net,O=Example\0"),
        field(6, b"CN=ca.example.net\0"),
        field(5, &[1, 2, 3]),
    ];
    let algorithm = [field(10, &[0]), field(11, &[2])];
    let how = [field(8, &[number]), field(9, &algorithm.concat())];
    let before = [field(3, &who.concat()), field(7, &how.concat())].concat();
    let mut behind = [
        field(14, &[NAME.as_bytes(), &[0]].concat()),
        field(15, &1_767_225_600_u32.to_be_bytes()),
    ]
    .concat();
    let length = 10 + before.len() + 3 + 256 + behind.len();
    let padded = length.next_multiple_of(4);
    behind.resize(behind.len() + padded - length, 13);
    let head = [
        tlv(1, &[1, 0]),
        tlv(2, &u16::try_from(padded).unwrap().to_be_bytes()),
    ]
    .concat();
    let message = [head.as_slice(), &before, &behind, document].concat();
    let signature = sign(number, &message);
    [
        head.as_slice(),
        &before,
        &tlv(12, &signature),
        &behind,
        document,
    ]
    .concat()
}

/// RSASSA-PKCS1-v1_5 in plain numbers, with SHA-1 too, which `ring` does not sign with.
fn rsa(number: u8, message: &[u8]) -> Vec<u8> {
    let outer = items(contents(KEY));
    let key = items(contents(contents(outer[2])));
    let integer = |at: usize| BigUint::from_bytes_be(contents(key[at]));
    let (algorithm, info): (_, &[u8]) = match number {
        1 => (
            &SHA1_FOR_LEGACY_USE_ONLY,
            &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 14, 3, 2, 26, 5, 0, 4, 20],
        ),
        2 => (
            &SHA256,
            &[
                0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32,
            ],
        ),
        _ => (
            &SHA512,
            &[
                0x30, 0x51, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64,
            ],
        ),
    };
    let info = [info, digest(algorithm, message).as_ref()].concat();
    let block = [&[0, 1][..], &vec![0xff; 253 - info.len()], &[0], &info].concat();
    let signature = BigUint::from_bytes_be(&block).modpow(&integer(3), &integer(1));
    let signature = signature.to_bytes_be();
    [vec![0; 256 - signature.len()], signature].concat()
}

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

#[test]
fn what_is_signed_is_verified() {
    let bytes = signed(DOCUMENT);
    assert!(SignedDocument::is_signed(&bytes) && !SignedDocument::is_signed(DOCUMENT));
    let document = parse(&bytes).unwrap();
    assert_eq!(document.signer(), "CN=cucm.example.net,O=Example");
    assert_eq!(document.issuer(), "CN=ca.example.net");
    assert_eq!(document.serial(), [1, 2, 3]);
    assert_eq!(document.digest(), SignedDigest::Sha512);
    assert_eq!(document.file_name(), NAME);
    assert_eq!(document.signed_at(), now());
    assert_eq!(document.unverified(), DOCUMENT);
    assert_eq!(document.verify(&verifying(KEY), NAME), Ok(DOCUMENT));
    assert_eq!(bytes.len() % 4, DOCUMENT.len() % 4);
}

#[test]
fn all_three_digests_are_verified_as_others_make_them() {
    for (number, digest) in [
        (1, SignedDigest::Sha1),
        (2, SignedDigest::Sha256),
        (3, SignedDigest::Sha512),
    ] {
        let bytes = by_hand(number, DOCUMENT, |_, field| field, rsa);
        let document = parse(&bytes).unwrap();
        assert_eq!(document.digest(), digest);
        assert_eq!(document.verify(&verifying(KEY), NAME), Ok(DOCUMENT));
    }
    // What we write is what they write, to the byte.
    assert_eq!(
        signed(DOCUMENT),
        by_hand(3, DOCUMENT, |_, field| field, rsa)
    );
}

#[test]
fn not_a_bit_can_be_changed() {
    let bytes = signed(DOCUMENT);
    let key = verifying(KEY);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let verified = parse(&changed).and_then(|document| document.verify(&key, NAME));
        assert!(verified.is_err(), "byte {at}");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    let verified = parse(&longer).unwrap().verify(&key, NAME);
    assert_eq!(verified, Err(SignedError::Signature));
}

#[test]
fn another_key_and_another_name_are_refused() {
    let bytes = signed(DOCUMENT);
    let document = parse(&bytes).unwrap();
    let other = document.verify(&verifying(OTHER_KEY), NAME);
    assert_eq!(other, Err(SignedError::Signature));
    let other = document.verify(&verifying(KEY), "SEP665544332211.cnf.xml.sgn");
    assert_eq!(other, Err(SignedError::FileName));
}

#[test]
fn a_key_is_read_out_of_a_certificate() {
    let pair = KeyPair::try_from(KEY).unwrap();
    let certificate = CertificateParams::new(vec!["cucm.example.net".into()]).unwrap();
    let certificate = certificate.self_signed(&pair).unwrap();
    let key = VerifyingKey::from_certificate(certificate.der()).unwrap();
    let bytes = signed(DOCUMENT);
    assert_eq!(parse(&bytes).unwrap().verify(&key, NAME), Ok(DOCUMENT));
    let elliptic = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&elliptic).unwrap();
    for bad in [certificate.der().as_ref(), b"", b"\x30\x00", KEY] {
        let error = VerifyingKey::from_certificate(bad).unwrap_err();
        assert_eq!(error, SignedError::Key);
        assert_eq!(VerifyingKey::from_pkcs1(bad).unwrap_err(), SignedError::Key);
    }
    assert_eq!(SigningKey::from_pkcs8(b"x").unwrap_err(), SignedError::Key);
}

#[test]
fn malformed_headers_are_refused_by_name() {
    let with = |change: &dyn Fn(u8, Vec<u8>) -> Vec<u8>| {
        let bytes = by_hand(3, DOCUMENT, change, |_, _| vec![0; 256]);
        parse(&bytes).map(|_| ()).unwrap_err()
    };
    let replaced = |tag: u8, value: &'static [u8]| {
        with(&move |known, field| if known == tag { tlv(tag, value) } else { field })
    };
    assert_eq!(replaced(8, &[4]), SignedError::Digest);
    assert_eq!(replaced(10, &[1]), SignedError::Algorithm);
    assert_eq!(replaced(11, &[3]), SignedError::Algorithm);
    assert_eq!(replaced(11, &[9]), SignedError::Algorithm);
    assert_eq!(replaced(14, b"a\nb\0"), SignedError::Name);
    assert_eq!(replaced(4, b"\xff\0"), SignedError::Name);
    assert_eq!(replaced(15, &[1]), SignedError::Format);
    for tag in [4, 5, 6, 8, 14, 15] {
        let error = with(&|known, field| if known == tag { Vec::new() } else { field });
        assert_eq!(error, SignedError::Missing, "{tag}");
        let error = with(&|known, field| if known == tag { field.repeat(2) } else { field });
        assert_eq!(error, SignedError::Duplicate, "{tag}");
    }
    let nested = with(&|known, field| {
        if known == 5 {
            tlv(3, &tlv(3, b""))
        } else {
            field
        }
    });
    assert_eq!(nested, SignedError::Duplicate);
    let again = with(&|known, field| {
        if known == 14 {
            [field, tlv(2, &[0, 9])].concat()
        } else {
            field
        }
    });
    assert_eq!(again, SignedError::Duplicate);
    let unknown = with(&|known, field| if known == 5 { tlv(200, b"") } else { field });
    assert_eq!(unknown, SignedError::Format);
    let bytes = signed(DOCUMENT);
    let mut encrypted = bytes.clone();
    encrypted[3..5].copy_from_slice(&[2, 0]);
    assert_eq!(parse(&encrypted).unwrap_err(), SignedError::Encrypted);
    encrypted[3] = 7;
    assert_eq!(parse(&encrypted).unwrap_err(), SignedError::Version);
    for at in 0..bytes.len() - DOCUMENT.len() {
        assert_eq!(
            parse(&bytes[..at]).unwrap_err(),
            SignedError::Truncated,
            "byte {at}"
        );
    }
}

#[test]
fn lengths_are_bounded() {
    let bytes = signed(DOCUMENT);
    let mut limits = Limits::default();
    limits.document_bytes = DOCUMENT.len();
    assert!(SignedDocument::parse(&bytes, &limits).is_ok());
    limits.document_bytes -= 1;
    assert_eq!(
        SignedDocument::parse(&bytes, &limits).unwrap_err(),
        SignedError::TooLarge
    );
    let key = SigningKey::from_pkcs8(KEY).unwrap();
    let long = "x".repeat(5_000);
    let refused = sign(DOCUMENT, &long, &signer(), &key, now());
    assert_eq!(refused, Err(SignedError::TooLarge));
    let refused = sign(DOCUMENT, "a\0b", &signer(), &key, now());
    assert_eq!(refused, Err(SignedError::Name));
    let late = UNIX_EPOCH + Duration::from_secs(1 << 32);
    let refused = sign(DOCUMENT, NAME, &signer(), &key, late);
    assert_eq!(refused, Err(SignedError::Timestamp));
}
