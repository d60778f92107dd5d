//! TLS settings of servers and clients, with the `ring` provider passed explicitly.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::TlsError;

/// A certificate chain and the private key of its first certificate.
///
/// `Debug` hides the key. Whether key and certificate belong together shows when settings are made of
/// them.
pub struct TlsCredentials {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl TlsCredentials {
    /// A chain, the peer's own certificate first, and the key of that one.
    #[must_use]
    pub const fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        Self { chain, key }
    }

    /// The chain and the key out of their PEM files.
    ///
    /// # Errors
    ///
    /// [`TlsError::Certificate`] when `chain` has no certificate, or one that cannot be read;
    /// [`TlsError::Key`] when `key` has no private key that can be read.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        // The parser's own text repeats what it read, and that may be a key.
        let chain = chain.map_err(|_| TlsError::Certificate)?;
        if chain.is_empty() {
            return Err(TlsError::Certificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
        Ok(Self { chain, key })
    }

    /// The certificates, the peer's own first.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// The private key: a secret.
    #[must_use]
    pub const fn key(&self) -> &PrivateKeyDer<'static> {
        &self.key
    }
}

impl fmt::Debug for TlsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsCredentials")
            .field("chain", &self.chain)
            .field("key", &"[redacted]")
            .finish()
    }
}

/// Settings of a client that trusts `anchors` alone, and shows `credentials` to who asks for them.
///
/// # Errors
///
/// [`TlsError::Anchor`] when one of `anchors` is no certificate, [`TlsError::Credentials`] when `credentials`
/// cannot be used.
pub fn client_config(
    anchors: &[&CertificateDer<'static>],
    credentials: Option<TlsCredentials>,
) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    for anchor in anchors {
        let added = roots.add((*anchor).clone());
        added.map_err(|error| TlsError::Anchor(error.into()))?;
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Versions(error.into()))?
        .with_root_certificates(roots);
    match credentials {
        Some(TlsCredentials { chain, key }) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| TlsError::Credentials(error.into())),
        None => Ok(builder.with_no_client_auth()),
    }
}

/// Settings of a server that shows `credentials`; with `devices` it asks for client certificates and has them
/// verified.
///
/// # Errors
///
/// [`TlsError::Credentials`] when `credentials` cannot be used, as when the key is that of another
/// certificate.
pub fn server_config(
    credentials: TlsCredentials,
    devices: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Versions(error.into()))?;
    let builder = match devices {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    builder
        .with_single_cert(credentials.chain, credentials.key)
        .map_err(|error| TlsError::Credentials(error.into()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn certified() -> CertifiedKey<rcgen::KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).unwrap()
    }

    fn credentials(certificate: &str, key: &str) -> Result<TlsCredentials, TlsError> {
        TlsCredentials::from_pem(certificate.as_bytes(), key.as_bytes())
    }

    #[test]
    fn a_certificate_and_its_key_make_a_server_and_a_client() {
        let made = certified();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let read = || credentials(&certificate, &key).unwrap();
        assert_eq!(read().chain(), [made.cert.der().clone()]);
        assert_eq!(read().key().secret_der(), made.signing_key.serialize_der());
        server_config(read(), None).unwrap();
        client_config(&[made.cert.der()], Some(read())).unwrap();
        // Without anchors nobody is trusted.
        client_config(&[], None).unwrap();
    }

    #[test]
    fn what_cannot_be_used_is_told_apart() {
        let (one, other) = (certified(), certified());
        let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        for bad in ["", key.as_str(), "-----BEGIN CERTIFICATE-----\n!\n"] {
            let refused = credentials(bad, &key).unwrap_err();
            assert!(matches!(refused, TlsError::Certificate), "{refused:?}");
        }
        for bad in ["", certificate.as_str(), "-----BEGIN PRIVATE KEY-----\n!\n"] {
            let refused = credentials(&certificate, bad).unwrap_err();
            assert!(matches!(refused, TlsError::Key), "{refused:?}");
        }
        let mixed = || credentials(&certificate, &other.signing_key.serialize_pem()).unwrap();
        let refused = server_config(mixed(), None).unwrap_err();
        assert!(matches!(refused, TlsError::Credentials(_)), "{refused:?}");
        let refused = client_config(&[], Some(mixed())).unwrap_err();
        assert!(matches!(refused, TlsError::Credentials(_)), "{refused:?}");
        let anchor = CertificateDer::from(vec![0x30, 0]);
        let refused = client_config(&[&anchor], None).unwrap_err();
        assert!(matches!(refused, TlsError::Anchor(_)), "{refused:?}");
    }

    #[test]
    fn no_key_shows_in_debug_or_in_an_error() {
        let made = certified();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let line = key.lines().nth(1).unwrap();
        let shown = format!("{:?}", credentials(&certificate, &key).unwrap());
        assert!(shown.contains("[redacted]"), "{shown}");
        // A file whose line breaks are gone, whose first line the parser would tell.
        let broken = format!("-----BEGIN PRIVATE KEY-----{line}");
        let bytes: Vec<String> = line.bytes().take(8).map(|byte| byte.to_string()).collect();
        for error in [
            credentials(&certificate, &broken).unwrap_err(),
            credentials(&broken, &key).unwrap_err(),
        ] {
            let told = format!("{error} {error:?}");
            let told = told.as_str();
            assert!(
                !told.contains(line) && !told.contains(&bytes.join(", ")),
                "{told}"
            );
        }
    }
}
