//! What is kept of a token where the token itself must not be.

use std::fmt;

use ring::digest::{SHA256, digest};
use ring::hmac;

use crate::AccessToken;

/// The SHA-256 of a token: enough to know the token again, and of no use at any door.
///
/// A digest needs no salt where the token has 256 bits of entropy, as ours have. `Debug` hides it
/// all the same: a token of others may have less.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of this token.
    #[must_use]
    pub fn of(token: &AccessToken) -> Self {
        Self(sha256(token.secret().as_bytes()))
    }

    /// The digest as a store has kept it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest for a store to keep.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest([redacted])")
    }
}

/// The certificate that the peer has shown on this connection, by its SHA-256: the `x5t#S256` that
/// a token may be bound to.
///
/// Only who has made the TLS handshake may say so; never a header of the request.
///
/// # Source
///
/// [RFC 8705 section 3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct CertificateThumbprint([u8; 32]);

impl CertificateThumbprint {
    /// The thumbprint of a certificate in DER.
    #[must_use]
    pub fn of_der(certificate: &[u8]) -> Self {
        Self(sha256(certificate))
    }

    /// The SHA-256 itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for CertificateThumbprint {
    fn from(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
///
/// *ring* compares the codes of HMAC so, and two texts have one code only if they are the same.
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"offhook");
    hmac::verify(&key, other, hmac::sign(&key, one).as_ref()).is_ok()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}
