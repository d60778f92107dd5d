//! TLS settings with the `ring` provider passed explicitly.

use std::sync::Arc;

use anyhow::Context as _;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::Credentials;

/// Settings of a client that trusts `anchors` and shows `credentials` to who asks for them.
///
/// # Errors
///
/// When an anchor or the credentials are not well formed.
pub fn client_config(
    anchors: &[&CertificateDer<'static>],
    credentials: Option<Credentials>,
) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for anchor in anchors {
        roots
            .add((*anchor).clone())
            .context("adding a trust anchor")?;
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions")?
        .with_root_certificates(roots);
    Ok(match credentials {
        Some(Credentials { chain, key }) => builder
            .with_client_auth_cert(chain, key)
            .context("client credentials")?,
        None => builder.with_no_client_auth(),
    })
}

/// Settings of a server; with `devices` it asks for client certificates and has them verified.
///
/// # Errors
///
/// When the credentials are not well formed.
pub fn server_config(
    credentials: Credentials,
    devices: Option<Arc<dyn ClientCertVerifier>>,
) -> anyhow::Result<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions")?;
    let builder = match devices {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    builder
        .with_single_cert(credentials.chain, credentials.key)
        .context("server credentials")
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
