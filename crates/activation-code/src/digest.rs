//! What stands for a code at rest.

use std::fmt;

use ring::hmac;
use zeroize::Zeroizing;

use crate::{ActivationCode, AuthenticationString, CapfDevice, PepperError, TenantId};

/// The number of a pepper, kept beside each digest that was made with it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PepperId(u32);

impl PepperId {
    /// The pepper with the number `id`.
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

/// A secret that whoever steals the store does not have: without it, sixteen digits are soon
/// guessed from their digest.
///
/// Hidden in `Debug`, wiped on drop.
#[derive(Clone)]
pub struct Pepper(Zeroizing<Vec<u8>>);

impl Pepper {
    /// The fewest bytes of a pepper: as many as the digest has.
    pub const MIN_BYTES: usize = 32;

    /// The most bytes of a pepper.
    pub const MAX_BYTES: usize = 1_024;

    /// The pepper made of `bytes`, which must be random.
    ///
    /// # Errors
    ///
    /// [`PepperError::WrongLength`] when there are fewer than [`Pepper::MIN_BYTES`] or more than
    /// [`Pepper::MAX_BYTES`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, PepperError> {
        let bytes = Zeroizing::new(bytes);
        if (Self::MIN_BYTES..=Self::MAX_BYTES).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(PepperError::WrongLength { found: bytes.len() })
        }
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper([redacted])")
    }
}

/// The pepper in use and those before it, so that peppers change without reissuing codes.
///
/// A retired pepper may be left out once the codes issued under it have expired.
#[derive(Clone, Debug)]
pub struct Peppers {
    current: (PepperId, Pepper),
    retired: Vec<(PepperId, Pepper)>,
}

impl Peppers {
    /// The most retired peppers: each costs one more digest for each redeem.
    pub const MAX_RETIRED: usize = 16;

    /// The pepper under which codes are issued from now on.
    #[must_use]
    pub fn new(id: PepperId, pepper: Pepper) -> Self {
        Self {
            current: (id, pepper),
            retired: Vec::new(),
        }
    }

    /// Adds a pepper under which codes were issued before, newest first.
    ///
    /// # Errors
    ///
    /// [`PepperError::DuplicateId`] when `id` is in use already, [`PepperError::TooMany`] when
    /// there are [`Peppers::MAX_RETIRED`].
    pub fn with_retired(mut self, id: PepperId, pepper: Pepper) -> Result<Self, PepperError> {
        if self.all().any(|(known, _)| *known == id) {
            return Err(PepperError::DuplicateId { id });
        }
        if self.retired.len() >= Self::MAX_RETIRED {
            return Err(PepperError::TooMany);
        }
        self.retired.push((id, pepper));
        Ok(self)
    }

    /// The digest of `code` in `tenant` under the current pepper.
    #[must_use]
    pub fn digest(&self, tenant: &TenantId, code: &ActivationCode) -> CodeDigest {
        CodeDigest::new(&self.current, tenant, code)
    }

    /// The digest of the authentication string of `device` under the current pepper.
    #[must_use]
    pub fn string_digest(&self, device: &CapfDevice, string: &AuthenticationString) -> CodeDigest {
        CodeDigest::of_string(&self.current, device, string)
    }

    /// The digests of the authentication string of `device` under every pepper.
    #[must_use]
    pub fn string_digests(
        &self,
        device: &CapfDevice,
        string: &AuthenticationString,
    ) -> Vec<CodeDigest> {
        self.all()
            .map(|pepper| CodeDigest::of_string(pepper, device, string))
            .collect()
    }

    /// The digests of `code` in `tenant` under every pepper.
    #[must_use]
    pub fn digests(&self, tenant: &TenantId, code: &ActivationCode) -> CodeDigests {
        CodeDigests {
            tenant: tenant.clone(),
            current: self.digest(tenant, code),
            retired: self
                .retired
                .iter()
                .map(|pepper| CodeDigest::new(pepper, tenant, code))
                .collect(),
        }
    }

    /// A secret for another purpose, named by `tag`, that changes with the current pepper.
    pub(crate) fn derive(&self, tag: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(CodeDigest::over(&self.current, &[tag]).bytes)
    }

    fn all(&self) -> impl Iterator<Item = &(PepperId, Pepper)> {
        std::iter::once(&self.current).chain(&self.retired)
    }
}

/// What stands for a code at rest: HMAC-SHA-256 under a pepper over `ac1|`, the tenant, `|` and
/// the sixteen ASCII digits.
///
/// For an authentication string it is taken over `cs1|`, the tenant, `|`, the name of the device,
/// `|` and the digits, so that neither passes for the other.
///
/// `Debug` shows the number of the pepper only.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CodeDigest {
    pepper: PepperId,
    bytes: [u8; 32],
}

impl CodeDigest {
    /// The digest that a store kept in parts.
    #[must_use]
    pub const fn from_parts(pepper: PepperId, bytes: [u8; 32]) -> Self {
        Self { pepper, bytes }
    }

    /// The pepper that the digest was made with.
    #[must_use]
    pub const fn pepper_id(&self) -> PepperId {
        self.pepper
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The key is made anew for each digest, because `ring` would keep its own copy of the pepper
    /// in memory that nobody wipes.
    fn over((id, pepper): &(PepperId, Pepper), parts: &[&[u8]]) -> Self {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &pepper.0));
        for part in parts {
            context.update(part);
        }
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        Self { pepper: *id, bytes }
    }

    fn new(pepper: &(PepperId, Pepper), tenant: &TenantId, code: &ActivationCode) -> Self {
        let (tenant, digits) = (tenant.as_str().as_bytes(), code.ascii());
        Self::over(pepper, &[b"ac1|", tenant, b"|", digits.as_slice()])
    }

    fn of_string(
        pepper: &(PepperId, Pepper),
        device: &CapfDevice,
        string: &AuthenticationString,
    ) -> Self {
        let tenant = device.tenant().as_str().as_bytes();
        let name = device.name().as_str().as_bytes();
        Self::over(
            pepper,
            &[b"cs1|", tenant, b"|", name, b"|", string.as_bytes()],
        )
    }
}

impl fmt::Debug for CodeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeDigest")
            .field("pepper", &self.pepper)
            .finish_non_exhaustive()
    }
}

/// The digests of one code in one tenant under every pepper: made by [`Peppers::digests`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CodeDigests {
    tenant: TenantId,
    current: CodeDigest,
    retired: Vec<CodeDigest>,
}

impl CodeDigests {
    /// The tenant that went into the digests.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The digest under the current pepper.
    #[must_use]
    pub fn current(&self) -> &CodeDigest {
        &self.current
    }

    /// The digests, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &CodeDigest> {
        std::iter::once(&self.current).chain(&self.retired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected bytes are those of
    /// `printf 'ac1|acme|1234567890123456' | openssl dgst -sha256 -mac HMAC -macopt hexkey:07…07`.
    #[test]
    fn the_digest_is_hmac_over_version_tenant_and_digits() {
        let peppers = Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap());
        let code: ActivationCode = "1234-5678-9012-3456".parse().unwrap();
        let digest = peppers.digest(&"acme".parse().unwrap(), &code);
        let hex: String = digest
            .as_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(
            hex,
            "2faca62dfbaea99cbe5644b4ddbab690e07f5b651405c131f93ec5de17105d92"
        );
    }
}
