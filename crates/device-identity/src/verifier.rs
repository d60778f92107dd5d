//! Client certificates of makers for servers that use `rustls`.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError as TlsCertificateError, DigitallySignedStruct, DistinguishedName, Error,
    OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::{ChainError, ChainVerifier, DeviceIdentity, IdentifyError};

/// Whether a client must present a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Without a certificate there is no connection.
    Mandatory,
    /// A client may come without one; one that is presented must be good.
    Optional,
}

/// Verifies the certificates of devices in TLS handshakes, by [`ChainVerifier`].
///
/// The signatures of the handshake are verified by `ring`, whichever provider the process has
/// installed. Give the server's configuration the same provider:
/// `ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))`.
///
/// A handshake succeeds with every certificate whose chain holds; whether it names a device is
/// for [`identify`](Self::identify) to say.
#[derive(Clone, Debug)]
pub struct DeviceCertificateVerifier {
    chain: Arc<ChainVerifier>,
    authentication: ClientAuthentication,
    subjects: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl DeviceCertificateVerifier {
    /// A verifier by the anchors of `chain`.
    #[must_use]
    pub fn new(chain: Arc<ChainVerifier>, authentication: ClientAuthentication) -> Self {
        Self {
            subjects: chain
                .subjects()
                .map(DistinguishedName::in_sequence)
                .collect(),
            chain,
            authentication,
            algorithms: ring::default_provider().signature_verification_algorithms,
        }
    }

    /// The identity of a peer, from the certificates that its connection reports.
    ///
    /// Ask once, when the handshake is done, and keep the identity with the connection. The chain
    /// is verified again, so that a resumed session gives no identity after the certificate's end.
    ///
    /// # Errors
    ///
    /// [`IdentifyError`] as of [`ChainVerifier::identify`].
    pub fn identify(
        &self,
        peer_certificates: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Result<DeviceIdentity, IdentifyError> {
        self.chain.identify(peer_certificates, now)
    }
}

impl ClientCertVerifier for DeviceCertificateVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.authentication == ClientAuthentication::Mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let now = UNIX_EPOCH
            .checked_add(Duration::from_secs(now.as_secs()))
            .ok_or(Error::FailedToGetCurrentTime)?;
        match self.chain.verify(end_entity, intermediates, now) {
            Ok(_) => Ok(ClientCertVerified::assertion()),
            Err(error) => Err(Error::InvalidCertificate(alert(error))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The error that makes `rustls` send the alert that fits.
fn alert(error: ChainError) -> TlsCertificateError {
    match error {
        ChainError::Expired => TlsCertificateError::Expired,
        ChainError::Malformed(_) => TlsCertificateError::BadEncoding,
        ChainError::NotForClients => TlsCertificateError::InvalidPurpose,
        ChainError::NotValidYet => TlsCertificateError::NotValidYet,
        ChainError::RevocationListStale => TlsCertificateError::ExpiredRevocationList,
        ChainError::RevocationUnknown => TlsCertificateError::UnknownRevocationStatus,
        ChainError::Revoked => TlsCertificateError::Revoked,
        ChainError::UnknownCriticalExtension => TlsCertificateError::UnhandledCriticalExtension,
        ChainError::UnknownIssuer => TlsCertificateError::UnknownIssuer,
        other => TlsCertificateError::Other(OtherError(Arc::new(other))),
    }
}
