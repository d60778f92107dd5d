//! The content encoding `aes128gcm`.

use std::fmt;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use zeroize::Zeroizing;

use super::Entropy;
use crate::{Limits, PayloadError};

/// Decrypts a payload of `Content-Encoding: aes128gcm` with the input keying material that both
/// ends know (`IKM_HTTP_Encrypt_Content`), and gives the name of the key beside the content.
///
/// The whole payload is no longer than [`Limits::document_bytes`].
///
/// # Errors
///
/// [`PayloadError`]: [`Decrypt`](PayloadError::Decrypt) does not tell a wrong key from a changed
/// record.
///
/// # Source
///
/// [RFC 8188 section 2](https://www.rfc-editor.org/rfc/rfc8188#section-2).
pub fn decrypt<'p>(
    payload: &'p [u8],
    keying_material: &[u8],
    limits: &Limits,
) -> Result<(&'p [u8], Zeroizing<Vec<u8>>), PayloadError> {
    if payload.len() > limits.document_bytes {
        return Err(PayloadError::TooLarge);
    }
    let (salt, rest) = payload.split_first_chunk().ok_or(PayloadError::Truncated)?;
    let (record_size, rest) = rest.split_first_chunk().ok_or(PayloadError::Truncated)?;
    let record_size = usize::try_from(u32::from_be_bytes(*record_size));
    let record_size = record_size.map_err(|_| PayloadError::RecordSize)?;
    if record_size < MIN_RECORD_BYTES {
        return Err(PayloadError::RecordSize);
    }
    let (id_length, rest) = rest.split_first().ok_or(PayloadError::Truncated)?;
    let split = rest.split_at_checked(usize::from(*id_length));
    let (key_id, body) = split.ok_or(PayloadError::Truncated)?;
    let key = Keys::new(salt, keying_material)?;
    let mut content = Zeroizing::new(Vec::with_capacity(body.len()));
    // Room for one record; a record that claims to be longer than what is here is not believed.
    let mut record = Zeroizing::new(Vec::with_capacity(record_size.min(body.len())));
    let mut records = body.chunks(record_size).enumerate().peekable();
    if records.peek().is_none() {
        return Err(PayloadError::Truncated);
    }
    while let Some((number, sealed)) = records.next() {
        record.clear();
        record.extend_from_slice(sealed);
        let opened = key
            .key
            .open_in_place(key.nonce(number)?, Aad::empty(), &mut record);
        let opened = opened.map_err(|_| PayloadError::Decrypt)?;
        let end = opened.iter().rposition(|byte| *byte != 0);
        let end = end.ok_or(PayloadError::Padding)?;
        let is_last = records.peek().is_none();
        match (opened.get(end), is_last) {
            (Some(&LAST), true) | (Some(&MORE), false) => {}
            // An end that is no end: records behind it are missing, or do not belong there.
            (Some(&LAST | &MORE), _) => return Err(PayloadError::Truncated),
            _ => return Err(PayloadError::Padding),
        }
        content.extend_from_slice(opened.get(..end).unwrap_or_default());
    }
    Ok((key_id, content))
}

/// How to encrypt payloads of `Content-Encoding: aes128gcm`.
#[derive(Clone)]
pub struct Encryption {
    keying_material: Zeroizing<Vec<u8>>,
    key_id: Vec<u8>,
    record_size: usize,
}

impl Encryption {
    /// Encrypts with keying material that both ends know, in records of 4,096 bytes, and without a
    /// name for the key.
    #[must_use]
    pub fn new(keying_material: &[u8]) -> Self {
        Self {
            keying_material: Zeroizing::new(keying_material.to_vec()),
            key_id: Vec::new(),
            record_size: RECORD_BYTES,
        }
    }

    /// Sets the name of the key, which everybody can read.
    ///
    /// # Errors
    ///
    /// [`PayloadError::KeyId`] when it is longer than 255 bytes.
    pub fn with_key_id(mut self, key_id: &[u8]) -> Result<Self, PayloadError> {
        if u8::try_from(key_id.len()).is_err() {
            return Err(PayloadError::KeyId);
        }
        self.key_id = key_id.to_vec();
        Ok(self)
    }

    /// Sets the length of the records, sealed, in bytes.
    ///
    /// # Errors
    ///
    /// [`PayloadError::RecordSize`] for less than 18 and more than 2^32 − 1.
    pub fn with_record_size(mut self, bytes: usize) -> Result<Self, PayloadError> {
        if bytes < MIN_RECORD_BYTES || u32::try_from(bytes).is_err() {
            return Err(PayloadError::RecordSize);
        }
        self.record_size = bytes;
        Ok(self)
    }

    /// Encrypts content under a salt of its own.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Entropy`] when no salt can be had.
    pub fn encrypt(
        &self,
        content: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Vec<u8>, PayloadError> {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt).map_err(PayloadError::Entropy)?;
        let keys = Keys::new(&salt, &self.keying_material)?;
        let plain = self.record_size - TAG_BYTES - 1;
        let count = content.len().div_ceil(plain).max(1);
        let head = SALT_BYTES + 5 + self.key_id.len();
        let mut out = Vec::with_capacity(head + content.len() + count * (TAG_BYTES + 1));
        out.extend_from_slice(&salt);
        let record_size = u32::try_from(self.record_size);
        let record_size = record_size.map_err(|_| PayloadError::RecordSize)?;
        out.extend_from_slice(&record_size.to_be_bytes());
        out.push(u8::try_from(self.key_id.len()).map_err(|_| PayloadError::KeyId)?);
        out.extend_from_slice(&self.key_id);
        let mut record = Zeroizing::new(Vec::with_capacity(plain.min(content.len()) + 1));
        // Empty content is one record without any.
        let mut chunks = content.chunks(plain);
        for number in 0..count {
            record.clear();
            record.extend_from_slice(chunks.next().unwrap_or_default());
            record.push(if number + 1 == count { LAST } else { MORE });
            let nonce = keys.nonce(number)?;
            let tag = keys
                .key
                .seal_in_place_separate_tag(nonce, Aad::empty(), &mut record)
                .map_err(|_| PayloadError::Encrypt)?;
            out.extend_from_slice(&record);
            out.extend_from_slice(tag.as_ref());
        }
        Ok(out)
    }
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption")
            .field("record_size", &self.record_size)
            .finish_non_exhaustive()
    }
}

/// The key and the first nonce of a payload.
struct Keys {
    key: LessSafeKey,
    nonce: [u8; NONCE_LEN],
}

impl Keys {
    fn new(salt: &[u8; SALT_BYTES], keying_material: &[u8]) -> Result<Self, PayloadError> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, salt);
        let pseudorandom = salt.extract(keying_material);
        let expand = |info: &[&[u8]], out: &mut [u8]| {
            let expanded = pseudorandom.expand(info, Length(out.len()));
            let filled = expanded.and_then(|expanded| expanded.fill(out));
            filled.map_err(|_| PayloadError::Encrypt)
        };
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        expand(&[b"Content-Encoding: aes128gcm\0"], &mut key[..])?;
        let mut nonce = [0; NONCE_LEN];
        expand(&[b"Content-Encoding: nonce\0"], &mut nonce)?;
        let key = UnboundKey::new(&AES_128_GCM, &key[..]).map_err(|_| PayloadError::Encrypt)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            nonce,
        })
    }

    /// The first nonce, with the number of the record in its last bytes.
    fn nonce(&self, number: usize) -> Result<Nonce, PayloadError> {
        let number = u32::try_from(number).map_err(|_| PayloadError::TooLarge)?;
        let mut nonce = self.nonce;
        let (_, last) = nonce.split_at_mut(NONCE_LEN - 4);
        for (byte, more) in last.iter_mut().zip(number.to_be_bytes()) {
            *byte ^= more;
        }
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// A tag, a delimiter and one byte of content.
const MIN_RECORD_BYTES: usize = 18;
const RECORD_BYTES: usize = 4_096;
/// What stands behind the content of a record, before the padding.
const MORE: u8 = 1;
const LAST: u8 = 2;
