//! Certificate chains up to the makers' authorities.

use std::time::{SystemTime, UNIX_EPOCH};

use offhook_device_name::{DeviceModel, MacAddress};
use ring::digest::{SHA256, digest};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::certificate::Certificate;
use crate::{
    AnchorError, CertificateError, ChainError, DeviceIdentity, IdentifyError, IdentityError, Rule,
    Source,
};

/// Verifies that a certificate was issued by a maker whose authority is an anchor here.
///
/// A manufacturing authority can be an anchor itself; then neither its root nor the root's end
/// matters. As makers' certificates are, a certificate may lack alternative names and the extended
/// key usage; if the latter is there, it must allow client authentication. Revocation is not
/// checked. Signatures with SHA-1 are refused.
#[derive(Clone, Debug)]
pub struct ChainVerifier {
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
}

impl ChainVerifier {
    /// How many intermediate certificates a peer may send.
    pub const MAX_INTERMEDIATES: usize = 8;

    /// A verifier to be given its anchors.
    pub const fn builder() -> ChainVerifierBuilder {
        ChainVerifierBuilder {
            anchors: Vec::new(),
            intermediates: Vec::new(),
        }
    }

    /// Verifies `end_entity` at `now` with the help of the `intermediates` that came with it.
    ///
    /// # Errors
    ///
    /// [`ChainError`], which says what is wrong with the chain.
    pub fn verify<'a>(
        &self,
        end_entity: &'a CertificateDer<'a>,
        intermediates: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Result<VerifiedCertificate<'a>, ChainError> {
        let now = now
            .duration_since(UNIX_EPOCH)
            .map_err(|_| ChainError::BeforeEpoch)?;
        if intermediates.len() > Self::MAX_INTERMEDIATES {
            return Err(ChainError::TooManyIntermediates {
                found: intermediates.len(),
            });
        }
        let known = self.intermediates.iter().map(CertificateDer::as_ref);
        let intermediates: Vec<_> = intermediates
            .iter()
            .map(CertificateDer::as_ref)
            .chain(known)
            .map(CertificateDer::from)
            .collect();
        let parsed = EndEntityCert::try_from(end_entity).map_err(chain_error)?;
        parsed
            .verify_for_usage(
                ALL_VERIFICATION_ALGS,
                &self.anchors,
                &intermediates,
                UnixTime::since_unix_epoch(now),
                KeyUsage::client_auth(),
                None,
                None,
            )
            .map_err(chain_error)?;
        let certificate = Certificate::read(end_entity).map_err(ChainError::Malformed)?;
        // Both readers must have seen the same name, or the identity would not be what was signed.
        let subject = certificate.subject();
        if subject.contents != parsed.subject() {
            let error = CertificateError::Malformed { at: subject.at };
            return Err(ChainError::Malformed(error));
        }
        Ok(VerifiedCertificate {
            der: end_entity,
            certificate,
        })
    }

    /// Verifies the certificates of a peer, its own one first, and gives its identity.
    ///
    /// # Errors
    ///
    /// [`IdentifyError`], which tells a missing certificate, a bad chain and a certificate without
    /// identity apart.
    pub fn identify(
        &self,
        peer_certificates: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Result<DeviceIdentity, IdentifyError> {
        let (end_entity, intermediates) = peer_certificates
            .split_first()
            .ok_or(IdentifyError::NoCertificate)?;
        self.verify(end_entity, intermediates, now)
            .map_err(IdentifyError::Chain)?
            .identity()
            .map_err(IdentifyError::Identity)
    }

    /// The subjects of the anchors, each without its own tag and length.
    #[cfg(feature = "rustls")]
    pub(crate) fn subjects(&self) -> impl Iterator<Item = &[u8]> {
        self.anchors.iter().map(|anchor| anchor.subject.as_ref())
    }
}

/// Collects the anchors of a [`ChainVerifier`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ChainVerifierBuilder {
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
}

impl ChainVerifierBuilder {
    /// Adds the authority `certificate` as an anchor, be it self-signed or not.
    ///
    /// # Errors
    ///
    /// [`AnchorError::Malformed`] when it cannot be read.
    pub fn anchor(mut self, certificate: &CertificateDer<'_>) -> Result<Self, AnchorError> {
        let anchor = anchor_from_trusted_cert(certificate)
            .map_err(|error| AnchorError::Malformed(error.into()))?;
        self.anchors.push(anchor.to_owned());
        Ok(self)
    }

    /// Adds every certificate of a PEM document as an anchor.
    ///
    /// # Errors
    ///
    /// [`AnchorError::Malformed`] when one cannot be read, [`AnchorError::None`] when there is
    /// none.
    pub fn anchors_from_pem(mut self, pem: &[u8]) -> Result<Self, AnchorError> {
        let before = self.anchors.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| AnchorError::Malformed(error.into()))?;
            self = self.anchor(&certificate)?;
        }
        if self.anchors.len() == before {
            return Err(AnchorError::None);
        }
        Ok(self)
    }

    /// Adds an intermediate authority that devices fail to send; it is not trusted by itself.
    pub fn intermediate(mut self, certificate: &CertificateDer<'_>) -> Self {
        self.intermediates.push(certificate.clone().into_owned());
        self
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`AnchorError::None`] when no anchor was added.
    pub fn build(self) -> Result<ChainVerifier, AnchorError> {
        if self.anchors.is_empty() {
            return Err(AnchorError::None);
        }
        Ok(ChainVerifier {
            anchors: self.anchors,
            intermediates: self.intermediates,
        })
    }
}

/// A certificate whose chain has been verified; only [`ChainVerifier::verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedCertificate<'a> {
    der: &'a [u8],
    certificate: Certificate<'a>,
}

impl VerifiedCertificate<'_> {
    /// The identity that the certificate proves.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] when it names no device, or several, or is shared by many.
    pub fn identity(&self) -> Result<DeviceIdentity, IdentityError> {
        let candidates = self.certificate.candidates();
        let only = candidates.map_err(IdentityError::Certificate)?.one()?;
        Ok(self.proves(only.mac(), only.rule(), only.model()))
    }

    pub(crate) const fn certificate(&self) -> &Certificate<'_> {
        &self.certificate
    }

    pub(crate) fn proves(
        &self,
        mac: MacAddress,
        rule: Rule,
        model: Option<&str>,
    ) -> DeviceIdentity {
        DeviceIdentity {
            mac,
            // A model that is too long for one is no reason to refuse the device.
            model: model.and_then(|model| DeviceModel::new(model).ok()),
            rule,
            source: Source::Certificate,
            key: Some(sha256(self.certificate.public_key())),
            certificate_thumbprint: Some(sha256(self.der)),
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

fn chain_error(error: webpki::Error) -> ChainError {
    use webpki::Error;
    match error {
        Error::CertExpired { .. } => ChainError::Expired,
        Error::CertNotValidYet { .. } => ChainError::NotValidYet,
        Error::RequiredEkuNotFoundContext(_) => ChainError::NotForClients,
        Error::UnknownIssuer => ChainError::UnknownIssuer,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            ChainError::UnsupportedSignature
        }
        other => ChainError::Invalid(other.into()),
    }
}
