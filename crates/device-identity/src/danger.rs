//! Ways to accept what is refused for good reasons.
//!
//! They are reached through [`ChainVerifierBuilder::dangerous`], so that a search for that word
//! finds every use.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;

use crate::chain::{Concession, rsa_key};
use crate::{AnchorError, ChainVerifierBuilder};

/// A builder of a chain verifier that can be made to accept more than is wise.
#[derive(Debug)]
#[must_use]
pub struct DangerousChainVerifierBuilder {
    pub(crate) inner: ChainVerifierBuilder,
}

impl DangerousChainVerifierBuilder {
    /// Accepts signatures with SHA-1 that the key of `authority` has made, on certificates and on
    /// revocation lists, and of no other key.
    ///
    /// Collisions of SHA-1 can be computed: whoever gets an authority to sign with it what they
    /// have chosen can make it certify something else. Name only authorities that issue nothing
    /// any more but what their factory asks for. Handshakes do not accept SHA-1 in any case.
    ///
    /// `authority` does not become an anchor by this.
    ///
    /// # Errors
    ///
    /// [`AnchorError`] when the certificate cannot be read, or its key is not an RSA key.
    ///
    /// # Source
    ///
    /// RFC 8017 appendix A.2.4, <https://www.rfc-editor.org/rfc/rfc8017#appendix-A.2.4>, for the
    /// signatures; Cisco Root CA 2048 and what stands under it for the need.
    pub fn accept_sha1_signatures_of(
        self,
        authority: &CertificateDer<'_>,
    ) -> Result<ChainVerifierBuilder, AnchorError> {
        let mut builder = self.inner;
        builder.policy.sha1_keys.push(rsa_key(authority)?);
        Ok(builder)
    }

    /// Accepts certificates of devices up to `most` after their end, for a `reason` that every
    /// identity so proven carries, see [`DeviceIdentity::concession`].
    ///
    /// Only the device's own certificate may be past its end; intermediates may not. The chain is
    /// judged as it was in the last second of the device, so an intermediate that was renewed
    /// later, and begins later, is refused: name the authority as an anchor instead. Revocation
    /// lists may leave out what has expired, so a list is no help against such a certificate.
    ///
    /// # Errors
    ///
    /// [`AnchorError::NoReason`] when `reason` is blank.
    ///
    /// [`DeviceIdentity::concession`]: crate::DeviceIdentity::concession
    pub fn accept_expired_devices(
        self,
        most: Duration,
        reason: &str,
    ) -> Result<ChainVerifierBuilder, AnchorError> {
        let mut builder = self.inner;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(AnchorError::NoReason);
        }
        builder.policy.expired = Some(Concession {
            most,
            reason: Arc::from(reason),
        });
        Ok(builder)
    }
}
