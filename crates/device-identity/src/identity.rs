//! A proven identity, and where a server takes it from.

use std::fmt;
use std::sync::Arc;

use offhook_device_name::{DeviceModel, MacAddress};

use crate::certificate::Certificate;
use crate::chain::sha256;
use crate::{ChainVerifier, HeaderSource, IdentitySourceError, Rule, TrustedProxies};

/// The identity of a device, proven by a verified certificate or by a listed proxy.
///
/// There is no public constructor: only
/// [`VerifiedCertificate::identity`](crate::VerifiedCertificate::identity) and
/// [`HeaderSource::identity`] make one.
///
/// ```compile_fail,E0451
/// use offhook_device_identity::{DeviceIdentity, Rule, Source};
///
/// let identity = DeviceIdentity {
///     mac: [0, 14, 8, 171, 205, 239].into(),
///     model: None,
///     rule: Rule::Name,
///     source: Source::Certificate,
///     certificate: None,
///     concession: None,
/// };
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceIdentity {
    pub(crate) mac: MacAddress,
    pub(crate) model: Option<DeviceModel>,
    pub(crate) rule: Rule,
    pub(crate) source: Source,
    pub(crate) certificate: Option<Der>,
    pub(crate) concession: Option<Arc<str>>,
}

impl DeviceIdentity {
    /// The address of the device.
    #[must_use]
    pub const fn mac(&self) -> MacAddress {
        self.mac
    }

    /// The model, where the certificate carries one.
    #[must_use]
    pub const fn model(&self) -> Option<&DeviceModel> {
        self.model.as_ref()
    }

    /// The form in which the address was found.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// Who vouches for it.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The SHA-256 of the device's public key (its whole `SubjectPublicKeyInfo`), which stays the
    /// same when the certificate is renewed for the same key; `None` where no certificate was seen.
    ///
    /// It is computed at each call, as is [`certificate_thumbprint`](Self::certificate_thumbprint):
    /// together they would cost more than all else that makes an identity of a verified chain.
    #[must_use]
    pub fn key(&self) -> Option<[u8; 32]> {
        let certificate = Certificate::read(&self.certificate.as_ref()?.0).ok()?;
        Some(sha256(certificate.public_key()))
    }

    /// The SHA-256 of the whole certificate; `None` where no certificate was seen.
    ///
    /// # Source
    ///
    /// RFC 8705 section 3.1, `x5t#S256`, <https://www.rfc-editor.org/rfc/rfc8705#section-3.1>.
    #[must_use]
    pub fn certificate_thumbprint(&self) -> Option<[u8; 32]> {
        self.certificate.as_ref().map(|Der(der)| sha256(der))
    }

    /// Why the certificate counted though it was past its end; `None` where it was not. It belongs
    /// into every record of what the identity was used for.
    #[must_use]
    pub fn concession(&self) -> Option<&str> {
        self.concession.as_deref()
    }
}

/// The DER of a certificate that was verified.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Der(pub(crate) Arc<[u8]>);

impl fmt::Debug for Der {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

/// Who vouches for an identity.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// The device itself, by its certificate.
    Certificate,
    /// A listed proxy, by a header.
    Header,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Header => "header",
        })
    }
}

/// Where a server takes identities from: one source, never both.
///
/// Were both on at once, a client that reaches the server directly could send the header itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IdentitySource {
    /// The client certificate of the TLS connection.
    Certificate(Arc<ChainVerifier>),
    /// A header that listed proxies set.
    Header {
        /// Whose header counts.
        proxies: TrustedProxies,
        /// Which header it is and how it is read.
        header: HeaderSource,
    },
}

impl IdentitySource {
    /// The source that a configuration has turned on, where either has a setting of its own.
    ///
    /// # Errors
    ///
    /// [`IdentitySourceError`] when both are on, or neither, or no proxy is listed whose header
    /// could count.
    ///
    /// # Source
    ///
    /// BroadWorks, device management: the client certificate or a header, one of them at a time.
    pub fn from_settings(
        certificate: Option<Arc<ChainVerifier>>,
        header: Option<(TrustedProxies, HeaderSource)>,
    ) -> Result<Self, IdentitySourceError> {
        match (certificate, header) {
            (Some(_), Some(_)) => Err(IdentitySourceError::Both),
            (None, None) => Err(IdentitySourceError::Neither),
            (Some(verifier), None) => Ok(Self::Certificate(verifier)),
            (None, Some((proxies, _))) if proxies.is_empty() => Err(IdentitySourceError::NoProxies),
            (None, Some((proxies, header))) => Ok(Self::Header { proxies, header }),
        }
    }
}
