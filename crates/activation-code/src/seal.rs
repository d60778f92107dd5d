//! A copy of a code that an administrator can read again.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{
    ActivationCode, CodeId, Entropy, EntropyError, ParseSealedCodeError, SealError, TenantId,
    UnsealError,
};

/// The number of a sealing key, kept in each box that was sealed with it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SealingKeyId(u32);

impl SealingKeyId {
    /// The key with the number `id`.
    #[must_use]
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A secret key of AES-256, apart from the peppers: whoever has it and the store reads the codes.
///
/// Hidden in `Debug`, wiped on drop.
#[derive(Clone)]
pub struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    /// How many bytes a key has.
    pub const BYTES: usize = 32;

    /// The key made of `bytes`, which must be random.
    #[must_use]
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key as `ring` takes it; `ring` keeps a copy that nobody wipes, so it is made anew each
    /// time and lives as long as one box.
    fn aead(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.0.as_slice())
            .ok()
            .map(LessSafeKey::new)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey([redacted])")
    }
}

/// The sealing key in use and those before it, so that keys change without reissuing codes.
///
/// Nonces are drawn at random: a key may seal 2^32 codes before it is to be retired.
#[derive(Clone, Debug)]
pub struct SealingKeys {
    current: (SealingKeyId, SealingKey),
    retired: Vec<(SealingKeyId, SealingKey)>,
}

impl SealingKeys {
    /// The most retired keys.
    pub const MAX_RETIRED: usize = 16;

    /// The key under which codes are sealed from now on.
    #[must_use]
    pub fn new(id: SealingKeyId, key: SealingKey) -> Self {
        Self {
            current: (id, key),
            retired: Vec::new(),
        }
    }

    /// Adds a key under which codes were sealed before.
    ///
    /// # Errors
    ///
    /// [`SealError::DuplicateId`] when `id` is in use already, [`SealError::TooMany`] when there
    /// are [`SealingKeys::MAX_RETIRED`].
    pub fn with_retired(mut self, id: SealingKeyId, key: SealingKey) -> Result<Self, SealError> {
        if self.all().any(|(known, _)| *known == id) {
            return Err(SealError::DuplicateId { id });
        }
        if self.retired.len() >= Self::MAX_RETIRED {
            return Err(SealError::TooMany);
        }
        self.retired.push((id, key));
        Ok(self)
    }

    /// Seals `code`, so that it opens as the code `id` of `tenant` only.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when `entropy` cannot supply a nonce.
    pub fn seal(
        &self,
        code: &ActivationCode,
        tenant: &TenantId,
        id: CodeId,
        entropy: &mut dyn Entropy,
    ) -> Result<SealedCode, EntropyError> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce)?;
        let (key_id, key) = &self.current;
        let mut text = code.ascii();
        // AES-256 takes every key of 32 bytes and GCM every text of 16.
        let tag = key.aead().and_then(|key| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_separate_tag(nonce, aad(tenant, id), text.as_mut_slice())
                .ok()
        });
        let tag = tag.ok_or_else(EntropyError::new)?;
        let parts = [VERSION].into_iter().chain(key_id.0.to_be_bytes());
        let parts = parts.chain(nonce).chain(text.iter().copied());
        let mut bytes = [0; SealedCode::BYTES];
        for (to, from) in bytes
            .iter_mut()
            .zip(parts.chain(tag.as_ref().iter().copied()))
        {
            *to = from;
        }
        Ok(SealedCode(bytes))
    }

    /// The code that was sealed as the code `id` of `tenant`.
    ///
    /// # Errors
    ///
    /// [`UnsealError::UnknownKey`] when the key is not among these; [`UnsealError::NotAuthentic`]
    /// when the box was sealed for another code or tenant, or was changed.
    pub fn open(
        &self,
        sealed: &SealedCode,
        tenant: &TenantId,
        id: CodeId,
    ) -> Result<ActivationCode, UnsealError> {
        let key_id = sealed.key_id();
        let found = self.all().find(|(known, _)| *known == key_id);
        let (_, key) = found.ok_or(UnsealError::UnknownKey { id: key_id })?;
        let open = || {
            let (_, rest) = sealed.0.split_at_checked(HEADER)?;
            let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
            let mut text = Zeroizing::new([0; SEALED]);
            text.copy_from_slice(sealed.get(..SEALED)?);
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let digits = key
                .aead()?
                .open_in_place(nonce, aad(tenant, id), text.as_mut_slice())
                .ok()?;
            std::str::from_utf8(digits).ok()?.parse().ok()
        };
        open().ok_or(UnsealError::NotAuthentic)
    }

    fn all(&self) -> impl Iterator<Item = &(SealingKeyId, SealingKey)> {
        std::iter::once(&self.current).chain(&self.retired)
    }
}

/// A code in a box that [`SealingKeys`] alone open: AES-256-GCM, bound to the tenant and to the
/// [`CodeId`].
///
/// A store keeps the bytes beside the code for as long as it is outstanding, and no longer.
///
/// # Format
///
/// Ours, version 1: a byte 1, the number of the key (4 bytes, big-endian), the nonce (12), the
/// sixteen sealed digits, the tag (16). The additional data are `sc1|`, the tenant, `|` and the
/// sixteen bytes of the code's name.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct SealedCode([u8; Self::BYTES]);

impl SealedCode {
    /// How many bytes a sealed code has.
    pub const BYTES: usize = HEADER + NONCE + SEALED;

    /// The sealed code that a store kept.
    ///
    /// # Errors
    ///
    /// [`ParseSealedCodeError`] when there are not [`SealedCode::BYTES`], or they are of another
    /// version.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ParseSealedCodeError> {
        let bytes: [u8; Self::BYTES] = bytes.try_into().map_err(|_| ParseSealedCodeError)?;
        if bytes.first() == Some(&VERSION) {
            Ok(Self(bytes))
        } else {
            Err(ParseSealedCodeError)
        }
    }

    /// The bytes to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The key that the code was sealed with.
    #[must_use]
    pub fn key_id(&self) -> SealingKeyId {
        let [_, a, b, c, d, ..] = self.0;
        SealingKeyId(u32::from_be_bytes([a, b, c, d]))
    }
}

impl fmt::Debug for SealedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedCode")
            .field("key", &self.key_id())
            .finish_non_exhaustive()
    }
}

fn aad(tenant: &TenantId, id: CodeId) -> Aad<Vec<u8>> {
    let mut bytes = b"sc1|".to_vec();
    bytes.extend_from_slice(tenant.as_str().as_bytes());
    bytes.push(b'|');
    bytes.extend_from_slice(id.as_uuid().as_bytes());
    Aad::from(bytes)
}

const VERSION: u8 = 1;
const HEADER: usize = 5;
const NONCE: usize = 12;
/// Sixteen digits and the tag.
const SEALED: usize = ActivationCode::DIGITS + 16;
