//! The header of a signed document: tags, lengths and values, all big-endian.

use super::{SignedDigest, Signer};
use crate::{Limits, SignedError};

/// What a header says.
#[derive(Clone, Copy)]
pub(super) struct Header<'d> {
    pub(super) signer: &'d str,
    pub(super) issuer: &'d str,
    pub(super) serial: &'d [u8],
    pub(super) digest: SignedDigest,
    pub(super) signature: &'d [u8],
    pub(super) file_name: &'d str,
    pub(super) timestamp: u32,
    pub(super) payload: &'d [u8],
    /// Where the signature is in the document, with its tag and its length.
    signature_at: usize,
}

pub(super) fn is_signed(bytes: &[u8]) -> bool {
    matches!(bytes, [VERSION, 0, 2, 1 | 2, _, HEADER_LENGTH, ..])
}

impl<'d> Header<'d> {
    pub(super) fn parse(bytes: &'d [u8], limits: &Limits) -> Result<Self, SignedError> {
        let first = bytes.get(..FIRST_BYTES).ok_or(SignedError::Truncated)?;
        let [VERSION, 0, 2, major, minor, HEADER_LENGTH, 0, 2, high, low] = first else {
            return Err(SignedError::Format);
        };
        match (major, minor) {
            (1, 0) | (2, 1) => {}
            (2, 0) => return Err(SignedError::Encrypted),
            _ => return Err(SignedError::Version),
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length > MAX_HEADER_BYTES {
            return Err(SignedError::TooLarge);
        }
        let (header, payload) = bytes
            .split_at_checked(length)
            .ok_or(SignedError::Truncated)?;
        if payload.len() > limits.document_bytes {
            return Err(SignedError::TooLarge);
        }
        let mut found = Fields::default();
        found.read(header, FIRST_BYTES, header.len())?;
        let found = found.complete()?;
        let missing = SignedError::Missing;
        Ok(Self {
            signer: name(found.one(SIGNER_NAME).ok_or(missing)?)?,
            issuer: name(found.one(ISSUER_NAME).ok_or(missing)?)?,
            serial: found.one(SERIAL).ok_or(missing)?,
            digest: match found.one(HASH).ok_or(missing)? {
                [1] => SignedDigest::Sha1,
                [2] => SignedDigest::Sha256,
                [3] => SignedDigest::Sha512,
                _ => return Err(SignedError::Digest),
            },
            signature: found.one(SIGNATURE).ok_or(missing)?,
            file_name: name(found.one(FILE_NAME).ok_or(missing)?)?,
            timestamp: match found.one(TIMESTAMP).ok_or(missing)?.first_chunk() {
                Some(seconds) => u32::from_be_bytes(*seconds),
                None => return Err(SignedError::Format),
            },
            payload,
            signature_at: found.signature_at,
        })
    }

    /// What was signed: all but the signature and its head.
    pub(super) fn message(&self, bytes: &[u8]) -> Vec<u8> {
        let before = bytes.get(..self.signature_at).unwrap_or_default();
        let behind = self.signature_at + HEAD_BYTES + self.signature.len();
        let behind = bytes.get(behind..).unwrap_or_default();
        [before, behind].concat()
    }
}

/// The values of a header by tag, each there once.
#[derive(Default)]
struct Fields<'d> {
    values: [Option<&'d [u8]>; TAGS],
    signature_at: usize,
}

impl<'d> Fields<'d> {
    /// Reads tags from one place to another.
    fn read(&mut self, header: &'d [u8], from: usize, until: usize) -> Result<(), SignedError> {
        let mut at = from;
        while at < until {
            let rest = header.get(at..until).unwrap_or_default();
            let [tag, rest @ ..] = rest else { break };
            if *tag == PADDING {
                at += 1;
                continue;
            }
            let [high, low, rest @ ..] = rest else {
                return Err(SignedError::Truncated);
            };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let value = rest.get(..length).ok_or(SignedError::Truncated)?;
            let inside = at + HEAD_BYTES;
            let place = self.values.get_mut(usize::from(*tag));
            let place = place.ok_or(SignedError::Format)?;
            if place.replace(value).is_some() {
                return Err(SignedError::Duplicate);
            }
            match *tag {
                // Each of them is there once, so that this goes no deeper than there are tags.
                SIGNER | SIGNATURE_INFO | ALGORITHM_INFO => {
                    self.read(header, inside, inside + length)?;
                }
                SIGNATURE => self.signature_at = at,
                _ => {}
            }
            at = inside + length;
        }
        Ok(())
    }

    /// Checks what the parts say of one another.
    fn complete(self) -> Result<Self, SignedError> {
        if self.one(VERSION).is_some() || self.one(HEADER_LENGTH).is_some() {
            return Err(SignedError::Duplicate);
        }
        if self.one(ALGORITHM) != Some(&[0]) {
            return Err(SignedError::Algorithm);
        }
        let signature = self.one(SIGNATURE).ok_or(SignedError::Missing)?;
        let told = match self.one(MODULUS) {
            Some([index]) => MODULI.get(usize::from(*index)),
            _ => None,
        };
        if told != Some(&signature.len()) {
            return Err(SignedError::Algorithm);
        }
        Ok(self)
    }

    fn one(&self, tag: u8) -> Option<&'d [u8]> {
        self.values.get(usize::from(tag)).copied().flatten()
    }
}

/// A header, but for the signature and its head.
pub(super) struct Parts {
    pub(super) before: Vec<u8>,
    pub(super) behind: Vec<u8>,
}

/// Writes the header of a document that is to have a signature of this length.
pub(super) fn parts(
    signer: &Signer<'_>,
    file_name: &str,
    timestamp: u32,
    signature_bytes: usize,
) -> Result<Parts, SignedError> {
    let index = MODULI.iter().position(|bytes| *bytes == signature_bytes);
    let index = index.and_then(|index| u8::try_from(index).ok());
    let index = index.ok_or(SignedError::KeySize)?;
    let mut who = Vec::new();
    push(&mut who, SIGNER_NAME, &terminated(signer.name)?)?;
    push(&mut who, ISSUER_NAME, &terminated(signer.issuer)?)?;
    push(&mut who, SERIAL, signer.serial)?;
    let mut algorithm = Vec::new();
    push(&mut algorithm, ALGORITHM, &[0])?;
    push(&mut algorithm, MODULUS, &[index])?;
    let mut how = Vec::new();
    push(&mut how, HASH, &[SHA_512])?;
    push(&mut how, ALGORITHM_INFO, &algorithm)?;
    let mut before = Vec::new();
    push(&mut before, SIGNER, &who)?;
    push(&mut before, SIGNATURE_INFO, &how)?;
    let mut behind = Vec::new();
    push(&mut behind, FILE_NAME, &terminated(file_name)?)?;
    push(&mut behind, TIMESTAMP, &timestamp.to_be_bytes())?;
    let length = FIRST_BYTES + before.len() + HEAD_BYTES + signature_bytes + behind.len();
    let padded = length.next_multiple_of(ALIGNMENT);
    behind.resize(behind.len() + padded - length, PADDING);
    if padded > MAX_HEADER_BYTES {
        return Err(SignedError::TooLarge);
    }
    let padded = u16::try_from(padded).map_err(|_| SignedError::TooLarge)?;
    let mut first = Vec::new();
    push(&mut first, VERSION, &[1, 0])?;
    push(&mut first, HEADER_LENGTH, &padded.to_be_bytes())?;
    first.append(&mut before);
    Ok(Parts {
        before: first,
        behind,
    })
}

/// The head of a signature.
pub(super) fn signature(signature: &[u8]) -> Result<Vec<u8>, SignedError> {
    let mut head = Vec::new();
    push(&mut head, SIGNATURE, signature)?;
    head.truncate(HEAD_BYTES);
    Ok(head)
}

fn push(out: &mut Vec<u8>, tag: u8, value: &[u8]) -> Result<(), SignedError> {
    let length = u16::try_from(value.len()).map_err(|_| SignedError::TooLarge)?;
    out.push(tag);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
    Ok(())
}

/// A text with the zero byte that ends it.
fn terminated(text: &str) -> Result<Vec<u8>, SignedError> {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(SignedError::Name);
    }
    Ok([text.as_bytes(), &[0]].concat())
}

/// The text before the zero byte that ends it.
fn name(value: &[u8]) -> Result<&str, SignedError> {
    let text = match value {
        [text @ .., 0] => text,
        text => text,
    };
    let text = std::str::from_utf8(text).map_err(|_| SignedError::Name)?;
    if text.chars().any(char::is_control) {
        return Err(SignedError::Name);
    }
    Ok(text)
}

const VERSION: u8 = 1;
const HEADER_LENGTH: u8 = 2;
const SIGNER: u8 = 3;
const SIGNER_NAME: u8 = 4;
const SERIAL: u8 = 5;
const ISSUER_NAME: u8 = 6;
const SIGNATURE_INFO: u8 = 7;
const HASH: u8 = 8;
const ALGORITHM_INFO: u8 = 9;
const ALGORITHM: u8 = 10;
const MODULUS: u8 = 11;
const SIGNATURE: u8 = 12;
/// A single byte, without length and value.
const PADDING: u8 = 13;
const FILE_NAME: u8 = 14;
const TIMESTAMP: u8 = 15;
const TAGS: usize = 16;

/// Tag and length.
const HEAD_BYTES: usize = 3;
/// Version and length of the header.
const FIRST_BYTES: usize = 10;
const ALIGNMENT: usize = 4;
const MAX_HEADER_BYTES: usize = 4_096;
const SHA_512: u8 = 3;
/// The lengths of a modulus, in bytes, by the number that stands for each.
const MODULI: [usize; 4] = [64, 128, 256, 512];
