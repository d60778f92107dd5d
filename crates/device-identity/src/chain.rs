//! Certificate chains up to the makers' authorities.

mod policy;
mod revocation;
mod sha1;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use offhook_device_name::{DeviceModel, MacAddress};
use ring::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use self::policy::{Policy, chain_error};
use crate::certificate::Certificate;
use crate::danger::DangerousChainVerifierBuilder;
use crate::identity::Der;
use crate::{
    AnchorError, CertificateError, ChainError, DeviceIdentity, IdentifyError, IdentityError,
    IdentityPattern, Limits, Rule, Rules, Source,
};

pub(crate) use self::policy::Concession;
pub use self::revocation::{Revocation, RevocationDepth, StaleList, UnknownStatus};
pub(crate) use self::sha1::key as rsa_key;

/// Verifies that a certificate was issued by a maker whose authority is an anchor here.
///
/// A manufacturing authority can be an anchor itself; then neither its root nor the root's end
/// matters. As makers' certificates are, a certificate may lack alternative names and the extended
/// key usage; if the latter is there, on it or on an intermediate, it must allow client
/// authentication. Revocation is checked where [lists](ChainVerifierBuilder::revocation) are given.
/// Signatures with SHA-1 and certificates past their end are refused, except by
/// [`danger`](crate::danger).
#[derive(Clone, Debug)]
pub struct ChainVerifier {
    policy: Policy,
}

impl ChainVerifier {
    /// A verifier to be given its anchors.
    pub fn builder() -> ChainVerifierBuilder {
        ChainVerifierBuilder::default()
    }

    /// Verifies `end_entity` at `now` with the help of the `intermediates` that came with it.
    ///
    /// A certificate is no secret: that the peer holds its key, the handshake of its connection
    /// must have shown. For certificates that a header carries there is
    /// [`CarriedCertificates::verify`](crate::CarriedCertificates::verify).
    ///
    /// # Errors
    ///
    /// [`ChainError`], which says what is wrong with the chain.
    pub fn verify<'a>(
        &'a self,
        end_entity: &'a CertificateDer<'a>,
        intermediates: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Result<VerifiedCertificate<'a>, ChainError> {
        let now = now
            .duration_since(UNIX_EPOCH)
            .map_err(|_| ChainError::BeforeEpoch)?;
        if intermediates.len() > self.policy.limits.intermediates {
            return Err(ChainError::TooManyIntermediates {
                found: intermediates.len(),
            });
        }
        let parsed = EndEntityCert::try_from(end_entity).map_err(chain_error)?;
        let certificate = Certificate::read(end_entity).map_err(ChainError::Malformed)?;
        // Both readers must have seen the same name, or the identity would not be what was signed.
        let subject = certificate.subject();
        if subject.contents != parsed.subject() {
            let error = CertificateError::Malformed { at: subject.at() };
            return Err(ChainError::Malformed(error));
        }
        let policy = &self.policy;
        let known = policy.intermediates.iter().map(CertificateDer::as_ref);
        let intermediates: Vec<_> = intermediates
            .iter()
            .map(CertificateDer::as_ref)
            .chain(known)
            .filter(|_| !policy.pinned)
            .map(CertificateDer::from)
            .collect();
        let (judged_at, concession) = policy.judged_at(&certificate, now.as_secs())?;
        policy.verify_path(&parsed, &intermediates, judged_at, now.as_secs())?;
        Ok(VerifiedCertificate {
            der: end_entity,
            certificate,
            concession,
            rules: policy.rules,
            pattern: policy.pattern.as_ref(),
            source: Source::Certificate,
        })
    }

    /// Verifies the certificates of a peer, its own one first, and gives its identity.
    ///
    /// They must be those of a connection on which the peer has proved that it holds the key, as
    /// of [`verify`](Self::verify).
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
        let anchors = self.policy.anchors.iter();
        anchors.map(|anchor| anchor.subject.as_ref())
    }
}

/// Collects the anchors of a [`ChainVerifier`], and its policy.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ChainVerifierBuilder {
    pub(crate) policy: Policy,
}

impl ChainVerifierBuilder {
    /// Adds the authority `certificate` as an anchor, be it self-signed or not.
    ///
    /// Its end, its key usage and the length of path that it allows are not looked at: an anchor
    /// is trusted because it was named.
    ///
    /// # Errors
    ///
    /// [`AnchorError::Malformed`] when it cannot be read, [`AnchorError::NotAnAuthority`] when it
    /// is a certificate of version 3 that may not issue others.
    ///
    /// # Source
    ///
    /// RFC 5280 section 4.2.1.9, <https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9>.
    pub fn anchor(mut self, certificate: &CertificateDer<'_>) -> Result<Self, AnchorError> {
        let is_authority = Certificate::read(certificate).and_then(|read| read.is_authority());
        if !is_authority.map_err(|error| AnchorError::Malformed(error.into()))? {
            return Err(AnchorError::NotAnAuthority);
        }
        let anchor = anchor_from_trusted_cert(certificate)
            .map_err(|error| AnchorError::Malformed(error.into()))?;
        self.policy.anchors.push(anchor.to_owned());
        Ok(self)
    }

    /// Adds every certificate of a PEM document as an anchor.
    ///
    /// # Errors
    ///
    /// As of [`anchor`](Self::anchor) for each, and [`AnchorError::None`] when there is none.
    pub fn anchors_from_pem(mut self, pem: &[u8]) -> Result<Self, AnchorError> {
        let before = self.policy.anchors.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| AnchorError::Malformed(error.into()))?;
            self = self.anchor(&certificate)?;
        }
        if self.policy.anchors.len() == before {
            return Err(AnchorError::None);
        }
        Ok(self)
    }

    /// Adds an intermediate authority that devices fail to send; it is not trusted by itself.
    pub fn intermediate(mut self, certificate: &CertificateDer<'_>) -> Self {
        self.policy
            .intermediates
            .push(certificate.clone().into_owned());
        self
    }

    /// Accepts only certificates that an anchor itself has issued; intermediates, sent or known,
    /// are left aside.
    ///
    /// With manufacturing authorities as anchors nothing else that their roots have issued counts,
    /// and a verification costs one signature.
    pub const fn pinned(mut self) -> Self {
        self.policy.pinned = true;
        self
    }

    /// Checks certificates against revocation lists. Without any, revocation is not checked.
    pub fn revocation(mut self, revocation: Revocation) -> Self {
        self.policy.revocation = Some(revocation);
        self
    }

    /// Sets the bounds for what a peer may send; [`Limits::DEFAULT`] unless told otherwise.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.policy.limits = limits;
        self
    }

    /// Sets the forms in which an address counts; [`Rules::ALL`] unless told otherwise.
    ///
    /// With the authorities of one maker as the anchors, name that maker's form.
    pub const fn rules(mut self, rules: Rules) -> Self {
        self.policy.rules = rules;
        self
    }

    /// Takes addresses by `pattern` instead of the rules, for makers whose form has none, as of
    /// [`IdentityPattern::identity`].
    pub fn pattern(mut self, pattern: IdentityPattern) -> Self {
        self.policy.pattern = Some(pattern);
        self
    }

    /// Ways to accept what is refused for good reasons.
    pub const fn dangerous(self) -> DangerousChainVerifierBuilder {
        DangerousChainVerifierBuilder { inner: self }
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// [`AnchorError::None`] when no anchor was added.
    pub fn build(self) -> Result<ChainVerifier, AnchorError> {
        if self.policy.anchors.is_empty() {
            return Err(AnchorError::None);
        }
        Ok(ChainVerifier {
            policy: self.policy,
        })
    }
}

/// A certificate whose chain has been verified; only [`ChainVerifier::verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedCertificate<'a> {
    der: &'a [u8],
    certificate: Certificate<'a>,
    concession: Option<&'a Arc<str>>,
    rules: Rules,
    pattern: Option<&'a IdentityPattern>,
    source: Source,
}

impl VerifiedCertificate<'_> {
    /// The same, where a listed proxy has passed it on.
    pub(crate) const fn carried(self) -> Self {
        Self {
            source: Source::Header,
            ..self
        }
    }

    /// Why the certificate counts though it is past its end; `None` where it is not.
    #[must_use]
    pub fn concession(&self) -> Option<&str> {
        self.concession.map(|reason| &**reason)
    }

    /// The identity that the certificate proves, by the pattern of the verifier if it has one and
    /// by its rules otherwise.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] when it names no device, or several, or is shared by many.
    pub fn identity(&self) -> Result<DeviceIdentity, IdentityError> {
        if let Some(pattern) = self.pattern {
            return pattern.identity(self);
        }
        let candidates = self.certificate.candidates(self.rules);
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
            source: self.source,
            certificate: Some(Der(self.der.into())),
            concession: self.concession.cloned(),
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}
