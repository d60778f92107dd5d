//! Certificates in PEM or base64 that is percent-encoded.

use rustls_pki_types::CertificateDer;

use super::{Carried, decoded};
use crate::HeaderError;

/// Which characters a proxy leaves as they are, besides letters, digits and `-._~`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Safe {
    /// `+`, `=` and `/` too.
    Base64,
    /// No others.
    Unreserved,
}

/// The certificates of percent-encoded PEM, the device's own one first.
pub(super) fn certificates(value: &str, safe: Safe) -> Result<Carried, HeaderError> {
    let text = unescaped(value, safe)?;
    let lines = text.as_bytes().split(|byte| is_line_end(*byte));
    let mut lines = lines.filter(|line| !line.is_empty());
    let mut found = Vec::new();
    let mut base64 = Vec::with_capacity(text.len());
    while let Some(line) = lines.next() {
        if line != BEGIN {
            return Err(HeaderError::BadEncoding);
        }
        base64.clear();
        loop {
            match lines.next().ok_or(HeaderError::BadEncoding)? {
                END => break,
                line => base64.extend_from_slice(line),
            }
        }
        found.push(decoded(&base64)?);
    }
    first(found)
}

/// The one certificate of percent-encoded PEM.
pub(super) fn single(value: &str) -> Result<Carried, HeaderError> {
    let (own, others) = certificates(value, Safe::Unreserved)?;
    if others.is_empty() {
        Ok((own, others))
    } else {
        Err(HeaderError::SeveralCertificates)
    }
}

/// Certificates in base64 with commas between, all of them percent-encoded or none.
pub(super) fn list(value: &str) -> Result<Carried, HeaderError> {
    let escaped = value.contains('%');
    let found = value.split(',').map(|item| {
        if escaped {
            decoded(&unescaped(item, Safe::Unreserved)?)
        } else {
            decoded(item)
        }
    });
    first(found.collect::<Result<_, _>>()?)
}

fn first(mut found: Vec<CertificateDer<'static>>) -> Result<Carried, HeaderError> {
    if found.is_empty() {
        return Err(HeaderError::Missing);
    }
    let others = found.split_off(1);
    let own = found.pop().ok_or(HeaderError::Missing)?;
    Ok((own, others))
}

/// `value` without percent-encoding; what the proxy would have encoded must not stand in it.
fn unescaped(value: &str, safe: Safe) -> Result<String, HeaderError> {
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    for (index, piece) in value.as_bytes().split(|byte| *byte == b'%').enumerate() {
        let (skipped, plain) = if index == 0 {
            (0, piece)
        } else {
            let bad = HeaderError::BadEscape { at: at - 1 };
            let ([high, low], plain) = piece.split_first_chunk().ok_or(bad)?;
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                return Err(HeaderError::BadEscape { at: at - 1 });
            };
            out.push(high << 4 | low);
            (2, plain)
        };
        // Without an early end many octets are checked at once.
        let is_safe = |byte: &u8| is_safe(*byte, safe);
        if !plain.iter().fold(true, |all, byte| all & is_safe(byte))
            && let Some(place) = plain.iter().position(|byte| !is_safe(byte))
        {
            return Err(HeaderError::StrayCharacter {
                at: at + skipped + place,
            });
        }
        out.extend_from_slice(plain);
        at += piece.len() + 1;
    }
    String::from_utf8(out).map_err(|_| HeaderError::BadEncoding)
}

const fn is_safe(byte: u8, safe: Safe) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    let is_mark = (byte == b'-') | (byte == b'.') | (byte == b'_') | (byte == b'~');
    let is_base64 = (byte == b'+') | (byte == b'=') | (byte == b'/');
    is_letter | is_digit | is_mark | (is_base64 & matches!(safe, Safe::Base64))
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_can_be_escaped() {
        let all: String = (0..128).map(|byte| format!("%{byte:02X}")).collect();
        let plain = unescaped(&all, Safe::Unreserved).unwrap();
        assert!(plain.bytes().eq(0..128));
        assert_eq!(unescaped("a%2bb%2F", Safe::Unreserved).unwrap(), "a+b/");
        assert_eq!(unescaped("a+b/c=", Safe::Base64).unwrap(), "a+b/c=");
    }

    #[test]
    fn what_is_not_escaped_rightly_is_refused_with_the_place() {
        for (value, at) in [
            ("%", 0),
            ("ab%4", 2),
            ("%41%G1", 3),
            ("%41%+1", 3),
            ("%%41", 0),
        ] {
            let error = unescaped(value, Safe::Base64).unwrap_err();
            assert!(matches!(error, HeaderError::BadEscape { at: found } if found == at));
        }
        for (value, at) in [
            ("ab+", 2),
            ("%41 ", 3),
            ("/", 0),
            ("%41%42=", 6),
            ("a&b", 1),
        ] {
            let error = unescaped(value, Safe::Unreserved).unwrap_err();
            assert!(matches!(error, HeaderError::StrayCharacter { at: found } if found == at));
        }
    }
}
