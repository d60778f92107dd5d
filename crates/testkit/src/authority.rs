//! A throw-away certificate authority.

use std::fmt;
use std::net::IpAddr;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_onboarding::http::TlsCredentials;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// A throw-away certificate authority, made anew for each run; ECDSA P-256 throughout.
pub struct CertificateAuthority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// What a maker writes into the subject of a device certificate.
///
/// # Source
///
/// Public manuals and captures, one for each maker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeviceSubject {
    /// Cisco multiplatform phones: `OU=` model, `L=` serial number, `ST=` MAC address.
    CiscoMultiplatform {
        /// For instance `CP-8841-3PCC`.
        model: String,
        /// The serial number, which may look like a MAC address.
        serial: String,
        /// The MAC address as twelve digits.
        mac: String,
    },
    /// Makers who write the bare MAC address as common name.
    CommonName(String),
}

impl CertificateAuthority {
    /// A new authority with that common name.
    ///
    /// # Errors
    ///
    /// When the key or the certificate cannot be made.
    pub fn new(common_name: &str) -> anyhow::Result<Self> {
        let key = KeyPair::generate().context("making the key of an authority")?;
        let params = authority(common_name);
        let certificate = params.self_signed(&key).context("signing an authority")?;
        Ok(Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The certificate and the key, each as PEM, for [`restore`](Self::restore).
    #[must_use]
    pub fn to_pem(&self) -> (String, String) {
        let certificate = pem("CERTIFICATE", &self.certificate);
        (certificate, self.issuer.key().serialize_pem())
    }

    /// The authority of that common name out of its certificate and its key.
    ///
    /// # Errors
    ///
    /// When either cannot be read.
    pub fn restore(common_name: &str, certificate: &str, key: &str) -> anyhow::Result<Self> {
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())
            .context("reading the certificate of an authority")?;
        let key = KeyPair::from_pem(key).context("reading the key of an authority")?;
        Ok(Self {
            certificate,
            issuer: Issuer::new(authority(common_name), key),
        })
    }

    /// The certificate that peers take as their trust anchor.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Credentials of a server with these names and addresses in its certificate.
    ///
    /// # Errors
    ///
    /// When a name is not a DNS name, or the certificate cannot be made.
    pub fn server(&self, names: &[&str], addresses: &[IpAddr]) -> anyhow::Result<TlsCredentials> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = names.first() {
            params.distinguished_name.push(DnType::CommonName, *name);
        }
        for name in names {
            let name = (*name)
                .try_into()
                .with_context(|| format!("DNS name {name}"))?;
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        params
            .subject_alt_names
            .extend(addresses.iter().copied().map(SanType::IpAddress));
        self.sign(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Credentials of a device with that subject.
    ///
    /// # Errors
    ///
    /// When the certificate cannot be made.
    pub fn device(&self, subject: &DeviceSubject) -> anyhow::Result<TlsCredentials> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let name = &mut params.distinguished_name;
        match subject {
            DeviceSubject::CiscoMultiplatform { model, serial, mac } => {
                name.push(DnType::OrganizationalUnitName, model.as_str());
                name.push(DnType::LocalityName, serial.as_str());
                name.push(DnType::StateOrProvinceName, mac.as_str());
            }
            DeviceSubject::CommonName(text) => name.push(DnType::CommonName, text.as_str()),
        }
        self.sign(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
    ) -> anyhow::Result<TlsCredentials> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().context("making a key")?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .context("signing a certificate")?;
        // The certificate alone: its issuer is the peer's trust anchor.
        let chain = vec![certificate.der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Ok(TlsCredentials::new(chain, key.into()))
    }
}

/// What an authority of that common name says of itself.
fn authority(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// The chain and the key of `credentials`, each as PEM.
#[must_use]
pub fn credentials_pem(credentials: &TlsCredentials) -> (String, String) {
    let chain = credentials.chain().iter();
    let chain = chain.map(|der| pem("CERTIFICATE", der)).collect();
    (chain, pem("PRIVATE KEY", credentials.key().secret_der()))
}

/// `der` in the text form of RFC 7468.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (place, char) in text.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            pem.push('\n');
        }
        pem.push(char);
    }
    pem.push_str(&format!("\n-----END {label}-----\n"));
    pem
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority")
            .finish_non_exhaustive()
    }
}
