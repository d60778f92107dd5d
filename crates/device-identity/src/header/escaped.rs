//! Certificates in PEM or base64 that is percent-encoded.

use rustls_pki_types::CertificateDer;

use super::base64::{Decoder, decode, decode_escaped};
use super::percent::{Safe, Text};
use super::{CarriedCertificates, HeaderError};

/// The certificates of percent-encoded PEM, the device's own one first.
pub(super) fn certificates(value: &[u8], safe: Safe) -> Result<CarriedCertificates, HeaderError> {
    let mut text = Text::new(value, safe);
    let mut found = Vec::new();
    while begins(&mut text)? {
        found.push(body(&mut text)?);
    }
    first(found)
}

/// The one certificate of percent-encoded PEM.
pub(super) fn single(value: &[u8], safe: Safe) -> Result<CarriedCertificates, HeaderError> {
    certificates(value, safe)?.only()
}

/// Certificates in base64 with commas between, all of them percent-encoded or none.
pub(super) fn list(value: &[u8]) -> Result<CarriedCertificates, HeaderError> {
    let escaped = value.contains(&b'%');
    let found = value.split(|byte| *byte == b',').map(|item| {
        if escaped {
            decode_escaped(item, Safe::Unreserved)
        } else {
            decode(item)
        }
    });
    first(found.collect::<Result<_, _>>()?)
}

fn first(mut found: Vec<CertificateDer<'static>>) -> Result<CarriedCertificates, HeaderError> {
    if found.is_empty() {
        return Err(HeaderError::Missing);
    }
    let intermediates = found.split_off(1);
    let end_entity = found.pop().ok_or(HeaderError::Missing)?;
    Ok(CarriedCertificates {
        end_entity,
        intermediates,
    })
}

/// Whether a certificate begins, of which the first line is then read; otherwise the text has
/// ended.
fn begins(text: &mut Text<'_>) -> Result<bool, HeaderError> {
    if let Some(rest) = text.rest().strip_prefix(ESCAPED_BEGIN) {
        text.go_on_at(rest);
        return Ok(true);
    }
    let mut start = text.clone();
    loop {
        match text.next()? {
            None => return Ok(false),
            Some(b'\r' | b'\n') => start = text.clone(),
            Some(_) => break,
        }
    }
    *text = start;
    if !text.is(BEGIN)? || !matches!(text.next()?, Some(b'\r' | b'\n')) {
        return Err(HeaderError::BadEncoding);
    }
    Ok(true)
}

/// The certificate between the first line, which has been read, and the last, which is read too.
fn body(text: &mut Text<'_>) -> Result<CertificateDer<'static>, HeaderError> {
    let mut decoder = Decoder::for_length(text.rest().len());
    let mut at_line_start = true;
    loop {
        at_line_start &= !decoder.escaped(text);
        match text.next()?.ok_or(HeaderError::BadEncoding)? {
            b'\r' | b'\n' => at_line_start = true,
            b'-' if at_line_start => break,
            byte => {
                decoder.push(byte)?;
                at_line_start = false;
            }
        }
    }
    let is_end = text.is(END)? && matches!(text.next()?, None | Some(b'\r' | b'\n'));
    is_end.then_some(()).ok_or(HeaderError::BadEncoding)?;
    decoder.finish()
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// As every proxy writes it.
const ESCAPED_BEGIN: &[u8] = b"-----BEGIN%20CERTIFICATE-----%0A";
/// All but the first character.
const END: &[u8] = b"----END CERTIFICATE-----";
