//! The headers in which proxies pass on certificates.

use std::borrow::Cow;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;

use super::base64::decode;
use super::percent::Safe;
use super::{Marks, bounded, checked, checked_name, envoy, escaped, first_bad, single};
use crate::candidate::Candidates;
use crate::{
    CertificateError, ChainError, ChainVerifier, HeaderError, HeaderNameError, Limits, ListedProxy,
    VerifiedCertificate, candidates,
};

/// A header in which a proxy passes on the certificate of its client, and how the proxy writes it.
///
/// The proxy must remove headers of these names that the client has sent, on every port that it
/// serves, those without TLS too. As a second line of defence a request with the header twice is
/// refused here, and so is a value that is not in the encoding of the proxy.
///
/// # Examples
///
/// ```
/// use offhook_device_identity::{CertificateHeader, HeaderError, TrustedProxies};
///
/// let proxies = TrustedProxies::new(["192.0.2.1".parse()?]);
/// let proxy = proxies.admit("192.0.2.1".parse()?).ok_or("not listed")?;
/// let header = CertificateHeader::client_cert();
/// let error = header.read(&proxy, [&b":MAA=:"[..], b":MAA=:"], []).unwrap_err();
/// assert!(matches!(error, HeaderError::Repeated));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CertificateHeader {
    name: Cow<'static, str>,
    companion: Option<Cow<'static, str>>,
    carrier: Carrier,
    pub(super) limits: Limits,
}

/// How a proxy writes a certificate into a header.
#[derive(Clone, Copy, Debug)]
enum Carrier {
    Alb(AlbMode),
    Apache,
    ClientCert,
    Envoy(XfccElement),
    HaProxy,
    Nginx,
    Traefik,
}

/// What a load balancer of AWS does with the certificates of its clients.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum AlbMode {
    /// It passes on the whole chain unverified, in `X-Amzn-Mtls-Clientcert`.
    Passthrough,
    /// It verifies the chain and passes on the client's own certificate, in
    /// `X-Amzn-Mtls-Clientcert-Leaf`.
    Verify,
}

/// Which element of `X-Forwarded-Client-Cert` counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum XfccElement {
    /// The last one, which the nearest proxy has appended (`APPEND_FORWARD`).
    ///
    /// Envoy writes alternative names of the client without quotation marks. Where an authority
    /// issues certificates with a comma in such a name, the client can make an element of its
    /// own, so prefer [`Only`](Self::Only) wherever there is a single proxy.
    Last,
    /// The only one; a list is refused (`SANITIZE_SET`).
    Only,
}

impl CertificateHeader {
    /// The header `Client-Cert` with the certificate of the device, and `Client-Cert-Chain` beside
    /// it with the intermediates, which may be absent.
    ///
    /// # Source
    ///
    /// RFC 9440 sections 2.2 and 2.3, <https://www.rfc-editor.org/rfc/rfc9440#section-2.2>.
    #[must_use]
    pub const fn client_cert() -> Self {
        Self {
            name: Cow::Borrowed("client-cert"),
            companion: Some(Cow::Borrowed("client-cert-chain")),
            carrier: Carrier::ClientCert,
            limits: Limits::DEFAULT,
        }
    }

    /// The header `name` with the PEM of Apache's `expr=%{escape:%{SSL_CLIENT_CERT}}`, in which
    /// `+`, `=` and `/` are not percent-encoded.
    ///
    /// # Errors
    ///
    /// [`HeaderNameError`] when `name` is not the name of a header of HTTP.
    ///
    /// # Source
    ///
    /// Apache httpd, expressions, function `escape`; `mod_ssl`, environment variables.
    pub fn apache(name: &str) -> Result<Self, HeaderNameError> {
        Self::named(name, Carrier::Apache)
    }

    /// The header `name` with the PEM of nginx's `$ssl_client_escaped_cert`, in which every
    /// character but letters, digits and `-._~` is percent-encoded.
    ///
    /// # Errors
    ///
    /// [`HeaderNameError`] when `name` is not the name of a header of HTTP.
    ///
    /// # Source
    ///
    /// nginx, module `ngx_http_ssl_module`, embedded variables, since 1.13.5.
    pub fn nginx(name: &str) -> Result<Self, HeaderNameError> {
        Self::named(name, Carrier::Nginx)
    }

    /// As [`apache`](Self::apache), with the header `verify_name` beside it that says whether Apache
    /// has verified the certificate: `expr=%{SSL_CLIENT_VERIFY}`. Unless it is `SUCCESS`, nothing
    /// counts.
    ///
    /// Prefer this one: under `SSLVerifyClient optional_no_ca` Apache passes on any certificate.
    ///
    /// # Errors
    ///
    /// As of [`haproxy`](Self::haproxy).
    ///
    /// # Source
    ///
    /// Apache httpd, `mod_ssl`, environment variables, `SSL_CLIENT_VERIFY`.
    pub fn apache_verified(name: &str, verify_name: &str) -> Result<Self, HeaderNameError> {
        Self::apache(name)?.with_companion(verify_name)
    }

    /// As [`nginx`](Self::nginx), with the header `verify_name` beside it that says whether nginx
    /// has verified the certificate: `$ssl_client_verify`. Unless it is `SUCCESS`, nothing counts.
    ///
    /// Prefer this one: under `ssl_verify_client optional_no_ca` nginx passes on any certificate.
    ///
    /// # Errors
    ///
    /// As of [`haproxy`](Self::haproxy).
    ///
    /// # Source
    ///
    /// nginx, module `ngx_http_ssl_module`, embedded variables, `$ssl_client_verify`.
    pub fn nginx_verified(name: &str, verify_name: &str) -> Result<Self, HeaderNameError> {
        Self::nginx(name)?.with_companion(verify_name)
    }

    /// The header `name` with the base64 of the DER of the certificate, with or without quotation
    /// marks, and the header `verify_name` with the outcome of `HAProxy`'s own verification.
    ///
    /// In `HAProxy`: `http-request set-header NAME %{+Q}[ssl_c_der,base64]` and `http-request
    /// set-header VERIFY_NAME %[ssl_c_verify]`. Without an outcome of 0 nothing counts.
    ///
    /// # Errors
    ///
    /// [`HeaderNameError`] when a name is not the name of a header of HTTP, or both are the same.
    ///
    /// # Source
    ///
    /// `HAProxy` configuration manual, fetching samples at layer 5, `ssl_c_der` and `ssl_c_verify`.
    pub fn haproxy(name: &str, verify_name: &str) -> Result<Self, HeaderNameError> {
        Self::named(name, Carrier::HaProxy)?.with_companion(verify_name)
    }

    /// RFC 9440's values in headers of other names: the certificate of the device in `name` and
    /// the intermediates, which may be absent, in `chain_name`.
    ///
    /// # Errors
    ///
    /// As of [`haproxy`](Self::haproxy).
    pub fn client_cert_named(name: &str, chain_name: &str) -> Result<Self, HeaderNameError> {
        Self::named(name, Carrier::ClientCert)?.with_companion(chain_name)
    }

    fn with_companion(self, name: &str) -> Result<Self, HeaderNameError> {
        let name = checked_name(name)?;
        if *self.name == *name {
            return Err(HeaderNameError::Twice);
        }
        Ok(Self {
            companion: Some(Cow::Owned(name.into())),
            ..self
        })
    }

    /// The header `X-Forwarded-Client-Cert` of Envoy, with the certificate in `Cert` or `Chain`.
    ///
    /// Where several of `Hash`, `Cert` and `Chain` are there, they must agree.
    ///
    /// # Source
    ///
    /// Envoy documentation, HTTP connection management, `x-forwarded-client-cert`.
    #[must_use]
    pub const fn envoy(element: XfccElement) -> Self {
        Self::fixed(envoy::NAME, Carrier::Envoy(element))
    }

    /// The header `X-Forwarded-Tls-Client-Cert` of Traefik: the base64 of PEM without its first
    /// and last line, of several certificates with commas between; percent-encoded or not.
    ///
    /// # Source
    ///
    /// Traefik documentation, middleware `PassTLSClientCert`; older releases percent-encode.
    #[must_use]
    pub const fn traefik() -> Self {
        Self::fixed("x-forwarded-tls-client-cert", Carrier::Traefik)
    }

    /// The header of an application load balancer of AWS, with PEM in which `+`, `=` and `/` are
    /// not percent-encoded.
    ///
    /// # Source
    ///
    /// AWS, user guide for application load balancers, mutual authentication with TLS, HTTP
    /// headers.
    #[must_use]
    pub const fn aws_alb(mode: AlbMode) -> Self {
        let name = match mode {
            AlbMode::Passthrough => "x-amzn-mtls-clientcert",
            AlbMode::Verify => "x-amzn-mtls-clientcert-leaf",
        };
        Self::fixed(name, Carrier::Alb(mode))
    }

    const fn fixed(name: &'static str, carrier: Carrier) -> Self {
        Self {
            name: Cow::Borrowed(name),
            companion: None,
            carrier,
            limits: Limits::DEFAULT,
        }
    }

    fn named(name: &str, carrier: Carrier) -> Result<Self, HeaderNameError> {
        Ok(Self {
            name: Cow::Owned(checked_name(name)?.into()),
            companion: None,
            carrier,
            limits: Limits::DEFAULT,
        })
    }

    /// Sets the bounds for its values; [`Limits::DEFAULT`] unless told otherwise.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The name of the header in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, in lower case, of a second header that the format reads: `Client-Cert-Chain`, or
    /// the outcome of the proxy's own verification.
    #[must_use]
    pub fn companion(&self) -> Option<&str> {
        self.companion.as_deref()
    }

    /// The certificates in `values`, which are all values of the header in a request that came
    /// from `proxy`, and in `companions`, which are all values of the header that
    /// [`companion`](Self::companion) names.
    ///
    /// They are as the proxy passes them on and not verified: for that there is
    /// [`CarriedCertificates::verify`].
    ///
    /// # Errors
    ///
    /// [`HeaderError`] when there is not exactly one value, or more than one companion, and when a
    /// value is not as the proxy writes it.
    pub fn read<'a>(
        &self,
        _proxy: &ListedProxy,
        values: impl IntoIterator<Item = &'a [u8]>,
        companions: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<CarriedCertificates, HeaderError> {
        let value = single(values)?.ok_or(HeaderError::Missing)?;
        let companion = single(companions)?;
        if self.companion.is_some() && matches!(self.carrier, Carrier::Apache | Carrier::Nginx) {
            succeeded(companion)?;
        }
        self.carrier
            .certificates(value, companion, self.limits.header_bytes)
    }
}

/// The certificates that a header carries, as the proxy has passed them on: not verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CarriedCertificates {
    pub(super) end_entity: CertificateDer<'static>,
    pub(super) intermediates: Vec<CertificateDer<'static>>,
}

impl CarriedCertificates {
    /// The DER of the certificate of the device.
    #[must_use]
    pub fn end_entity(&self) -> &[u8] {
        &self.end_entity
    }

    /// The DER of those that came with it, in the order of the header.
    pub fn intermediates(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.intermediates.iter().map(AsRef::as_ref)
    }

    /// Verifies the certificate of the device by `verifier` at `now`, with the help of those that
    /// came with it.
    ///
    /// What it proves, it proves by the word of the proxy: the source of the identity is
    /// [`Source::Header`](crate::Source::Header).
    ///
    /// # Errors
    ///
    /// As of [`ChainVerifier::verify`].
    pub fn verify<'a>(
        &'a self,
        verifier: &'a ChainVerifier,
        now: SystemTime,
    ) -> Result<VerifiedCertificate<'a>, ChainError> {
        let verified = verifier.verify(&self.end_entity, &self.intermediates, now)?;
        Ok(verified.carried())
    }

    /// Every address that the certificate of the device carries, as of
    /// [`candidates`](crate::candidates()): nothing that is verified.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when it cannot be read.
    pub fn candidates(&self) -> Result<Candidates<'_>, CertificateError> {
        candidates(&self.end_entity)
    }

    const fn alone(end_entity: CertificateDer<'static>) -> Self {
        Self {
            end_entity,
            intermediates: Vec::new(),
        }
    }

    /// These, if there is but one.
    pub(super) fn only(self) -> Result<Self, HeaderError> {
        if self.intermediates.is_empty() {
            Ok(self)
        } else {
            Err(HeaderError::SeveralCertificates)
        }
    }
}

impl Carrier {
    fn certificates(
        self,
        value: &[u8],
        companion: Option<&[u8]>,
        most: usize,
    ) -> Result<CarriedCertificates, HeaderError> {
        let marks = match self {
            Self::Envoy(_) => Marks::BOTH,
            Self::HaProxy => Marks::QUOTES,
            Self::Traefik => Marks::COMMAS,
            Self::Alb(_) | Self::Apache | Self::ClientCert | Self::Nginx => Marks::NONE,
        };
        let value = bounded(value, most)?;
        let read = self.decoded(value, companion, most, marks);
        // No decoder takes a mark or an octet that does not belong; which one it was matters only
        // to the error.
        read.map_err(|error| first_bad(value, marks).err().unwrap_or(error))
    }

    fn decoded(
        self,
        value: &[u8],
        companion: Option<&[u8]>,
        most: usize,
        marks: Marks,
    ) -> Result<CarriedCertificates, HeaderError> {
        match self {
            Self::Alb(AlbMode::Passthrough) => escaped::certificates(value, Safe::Base64),
            Self::Alb(AlbMode::Verify) | Self::Apache => escaped::single(value, Safe::Base64),
            Self::ClientCert => Ok(CarriedCertificates {
                end_entity: octets(value)?,
                intermediates: chain(companion, most)?,
            }),
            Self::Envoy(element) => envoy::certificates(checked(value, most, marks)?, element),
            Self::HaProxy => {
                verified(companion)?;
                quoted(value).map(CarriedCertificates::alone)
            }
            Self::Nginx => escaped::single(value, Safe::Unreserved),
            Self::Traefik => escaped::list(value),
        }
    }
}

/// A byte sequence of a structured field: base64 between colons.
fn octets(value: &[u8]) -> Result<CertificateDer<'static>, HeaderError> {
    match value {
        [b':', base64 @ .., b':'] => decode(base64),
        _ => Err(HeaderError::BadEncoding),
    }
}

/// The intermediates of `Client-Cert-Chain`.
fn chain(value: Option<&[u8]>, most: usize) -> Result<Vec<CertificateDer<'static>>, HeaderError> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    match checked(value, most, Marks::COMMAS) {
        Err(HeaderError::Missing) => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(value) => value
            .split(',')
            .map(|item| octets(item.trim_ascii().as_bytes()))
            .collect(),
    }
}

/// Whether `HAProxy` has verified the certificate itself.
fn verified(status: Option<&[u8]>) -> Result<(), HeaderError> {
    match status.map(<[u8]>::trim_ascii) {
        None | Some(b"" | b"\"\"") => Err(HeaderError::NoVerifyStatus),
        Some(b"0" | b"\"0\"") => Ok(()),
        Some(_) => Err(HeaderError::NotVerified),
    }
}

/// Whether nginx or Apache has verified the certificate.
fn succeeded(status: Option<&[u8]>) -> Result<(), HeaderError> {
    match status.map(<[u8]>::trim_ascii) {
        None | Some(b"") => Err(HeaderError::NoVerifyStatus),
        Some(b"SUCCESS") => Ok(()),
        Some(_) => Err(HeaderError::NotVerified),
    }
}

/// Base64 of which both ends are quoted, or neither.
fn quoted(value: &[u8]) -> Result<CertificateDer<'static>, HeaderError> {
    let (start, inner) = match value {
        [b'"', inner @ .., b'"'] => (1, inner),
        [b'"', ..] => return Err(HeaderError::Quoted { at: 0 }),
        _ => (0, value),
    };
    if inner.is_empty() {
        return Err(HeaderError::Missing);
    }
    let is_mark = |byte: &u8| matches!(byte, b'"' | b'\'');
    decode(inner).map_err(|error| match inner.iter().position(is_mark) {
        Some(at) => HeaderError::Quoted { at: start + at },
        None => error,
    })
}
