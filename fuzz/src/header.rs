//! Readers of proxies' headers that are slow and plain, and what every header must hold.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_device_identity::{
    CarriedCertificates, CertificateHeader, ChainVerifier, HeaderError, HeaderSource, Limits,
    ListedProxy, TrustedProxies,
};

use crate::certificate::MAKER;

pub static PROXY: LazyLock<ListedProxy> = LazyLock::new(|| {
    let proxies = TrustedProxies::new(["192.0.2.1".parse().unwrap()]);
    proxies.admit("192.0.2.1".parse().unwrap()).unwrap()
});

static VERIFIER: LazyLock<Arc<ChainVerifier>> = LazyLock::new(|| {
    let builder = ChainVerifier::builder().anchor(&MAKER.certificate).unwrap();
    Arc::new(builder.build().unwrap())
});

/// The certificates in a value of the header, the device's own one first.
pub type Read = Option<Vec<Vec<u8>>>;

/// Any values whatever: no panic, nothing of several values, and never another certificate than
/// `slowly` reads. What the format writes of any octets comes back unchanged.
pub fn check(
    header: &CertificateHeader,
    (values, companions): (Vec<&[u8]>, Vec<&[u8]>),
    slowly: impl Fn(&[u8], Option<&[u8]>) -> Read,
    write: impl Fn(&[u8]) -> Vec<u8>,
) {
    let read = |values: &[&[u8]], companions: &[&[u8]]| {
        let (values, companions) = (values.iter().copied(), companions.iter().copied());
        header.read(&PROXY, values, companions)
    };
    let found = read(&values, &companions);
    match (&values[..], &companions[..]) {
        ([value], [] | [_]) => {
            let expected = slowly(value.trim_ascii(), companions.first().copied());
            assert_eq!(found.ok().map(all), expected);
        }
        _ => assert!(found.is_err()),
    }
    // The same way through the door that leads to an identity; its end is a good chain.
    let source = HeaderSource::certificate(header.clone(), Arc::clone(&VERIFIER));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let outcome = source.identity_with(&PROXY, values.iter().copied(), companions, now);
    if let Ok(identity) = outcome {
        assert_eq!(identity.mac().to_string(), "000E08ABCDEF");
    }
    let Some(der) = values.first().filter(|der| (1..8_000).contains(&der.len())) else {
        return;
    };
    let status = header.name() == "x-haproxy";
    let companion: &[&[u8]] = if status { &[b"0"] } else { &[] };
    let written = write(der);
    match read(&[&written], companion) {
        Ok(found) => assert_eq!(all(found), [der.to_vec()]),
        Err(HeaderError::TooLong { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

pub fn all(found: CarriedCertificates) -> Vec<Vec<u8>> {
    let own = [found.end_entity().to_vec()];
    let others = found.intermediates().map(|other| other.to_vec());
    own.into_iter().chain(others).collect()
}

pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The text without percent-encoding, of which only `-._~`, letters, digits and `safe` are plain.
pub fn unescaped(text: &[u8], safe: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte == b'%' {
            let [high, low, after @ ..] = rest else {
                return None;
            };
            let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
            out.push(digit(*high)? << 4 | digit(*low)?);
            rest = after;
        } else if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || safe.contains(byte) {
            out.push(*byte);
        } else {
            return None;
        }
    }
    Some(out)
}

/// The certificates of PEM that is nothing else.
pub fn pem(text: &[u8]) -> Read {
    let mut lines = text
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|line| !line.is_empty());
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line != b"-----BEGIN CERTIFICATE-----" {
            return None;
        }
        let mut body = Vec::new();
        loop {
            match lines.next()? {
                b"-----END CERTIFICATE-----" => break,
                line => body.extend_from_slice(line),
            }
        }
        found.push(base64(&body)?);
    }
    (!found.is_empty()).then_some(found)
}

pub fn escaped_pem(value: &[u8], safe: &[u8]) -> Read {
    pem(&unescaped(value, safe)?)
}

pub fn one(found: Read) -> Read {
    found.filter(|found| found.len() == 1)
}

pub fn write_pem(der: &[u8], safe: &[u8]) -> Vec<u8> {
    let mut text = b"-----BEGIN CERTIFICATE-----\n".to_vec();
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(b"-----END CERTIFICATE-----\n");
    escape(&text, safe)
}

pub fn escape(text: &[u8], safe: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || safe.contains(byte) {
            out.push(*byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

/// Whether the value is within what is read at all.
pub fn is_sane(value: &[u8]) -> bool {
    !value.is_empty() && value.len() <= Limits::DEFAULT.header_bytes
}
