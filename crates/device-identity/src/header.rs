//! Identities that a trusted proxy puts into a header.

mod envoy;
mod escaped;
mod text;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;

use crate::{
    ChainVerifier, DeviceIdentity, HeaderError, HeaderNameError, IdentityPattern, ListedProxy,
    Source,
};

/// A header in which a listed proxy passes on who the device is.
///
/// The proxy must remove headers of these names that the client has sent, on every port that it
/// serves, those without TLS too. As a second line of defence a request with the header twice is
/// refused here, and so is every value that the proxy would not have written in just that way.
///
/// A certificate in a header does not show that the client holds its key: that the proxy has
/// checked. Its chain is verified here all the same.
#[derive(Clone)]
pub struct HeaderSource {
    name: Box<str>,
    companion: Option<Box<str>>,
    format: Format,
}

#[derive(Clone)]
enum Format {
    Certificate(Carrier, Arc<ChainVerifier>),
    Subject(XfccElement, IdentityPattern),
    Text(IdentityPattern),
}

/// How a proxy writes a certificate into a header.
#[derive(Clone, Copy)]
enum Carrier {
    Alb(AlbMode),
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

impl HeaderSource {
    /// The longest value of a header of text, in octets.
    pub const MAX_TEXT_BYTES: usize = 1_024;
    /// The longest value of a header with a certificate or a chain, in octets.
    pub const MAX_CERTIFICATE_BYTES: usize = 65_536;

    /// The header `Client-Cert` with the certificate of the device, and `Client-Cert-Chain` beside
    /// it with the intermediates, which may be absent.
    ///
    /// # Source
    ///
    /// RFC 9440 sections 2.2 and 2.3, <https://www.rfc-editor.org/rfc/rfc9440#section-2.2>.
    #[must_use]
    pub fn client_cert(verifier: Arc<ChainVerifier>) -> Self {
        Self {
            companion: Some("client-cert-chain".into()),
            ..Self::carried("client-cert", Carrier::ClientCert, verifier)
        }
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
    pub fn nginx(name: &str, verifier: Arc<ChainVerifier>) -> Result<Self, HeaderNameError> {
        let name = checked_name(name)?;
        Ok(Self::carried(&name, Carrier::Nginx, verifier))
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
    pub fn haproxy(
        name: &str,
        verify_name: &str,
        verifier: Arc<ChainVerifier>,
    ) -> Result<Self, HeaderNameError> {
        let (name, verify_name) = (checked_name(name)?, checked_name(verify_name)?);
        if name == verify_name {
            return Err(HeaderNameError::Twice);
        }
        Ok(Self {
            companion: Some(verify_name),
            ..Self::carried(&name, Carrier::HaProxy, verifier)
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
    pub fn envoy(element: XfccElement, verifier: Arc<ChainVerifier>) -> Self {
        Self::carried(XFCC, Carrier::Envoy(element), verifier)
    }

    /// The header `X-Forwarded-Client-Cert` of Envoy, with the address in what `pattern` reads of
    /// `Subject`.
    ///
    /// Envoy writes subjects in the reverse order of the certificate; the match must be the only
    /// address in it, as in [`plain`](Self::plain). Prefer [`envoy`](Self::envoy), which sees the
    /// certificate.
    #[must_use]
    pub fn envoy_subject(element: XfccElement, pattern: IdentityPattern) -> Self {
        Self {
            name: XFCC.into(),
            companion: None,
            format: Format::Subject(element, pattern),
        }
    }

    /// The header `X-Forwarded-Tls-Client-Cert` of Traefik: the base64 of PEM without its first
    /// and last line, of several certificates with commas between; percent-encoded or not.
    ///
    /// # Source
    ///
    /// Traefik documentation, middleware `PassTLSClientCert`; older releases percent-encode.
    #[must_use]
    pub fn traefik(verifier: Arc<ChainVerifier>) -> Self {
        Self::carried("x-forwarded-tls-client-cert", Carrier::Traefik, verifier)
    }

    /// The header of an application load balancer of AWS, with PEM in which `+`, `=` and `/` are
    /// not percent-encoded.
    ///
    /// # Source
    ///
    /// AWS, user guide for application load balancers, mutual authentication with TLS, HTTP
    /// headers.
    #[must_use]
    pub fn aws_alb(mode: AlbMode, verifier: Arc<ChainVerifier>) -> Self {
        let name = match mode {
            AlbMode::Passthrough => "x-amzn-mtls-clientcert",
            AlbMode::Verify => "x-amzn-mtls-clientcert-leaf",
        };
        Self::carried(name, Carrier::Alb(mode), verifier)
    }

    /// The header `name` with the address in a text that `pattern` reads.
    ///
    /// The match must be the only address in the value and no piece of a longer run of digits.
    ///
    /// # Errors
    ///
    /// [`HeaderNameError`] when `name` is not the name of a header of HTTP.
    ///
    /// # Source
    ///
    /// RFC 9110 section 5.6.2, <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>, for names.
    pub fn plain(name: &str, pattern: IdentityPattern) -> Result<Self, HeaderNameError> {
        Ok(Self {
            name: checked_name(name)?,
            companion: None,
            format: Format::Text(pattern),
        })
    }

    fn carried(name: &str, carrier: Carrier, verifier: Arc<ChainVerifier>) -> Self {
        Self {
            name: name.into(),
            companion: None,
            format: Format::Certificate(carrier, verifier),
        }
    }

    /// The name of the header in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, in lower case, of a second header that the format reads: `Client-Cert-Chain`, or
    /// the outcome of `HAProxy`'s verification.
    #[must_use]
    pub fn companion(&self) -> Option<&str> {
        self.companion.as_deref()
    }

    /// The identity in `values`, which are all values of the header in a request that came from
    /// `proxy`, where there is no [`companion`](Self::companion) in the request.
    ///
    /// # Errors
    ///
    /// As of [`identity_with`](Self::identity_with).
    pub fn identity<'a>(
        &self,
        proxy: &ListedProxy,
        values: impl IntoIterator<Item = &'a [u8]>,
        now: SystemTime,
    ) -> Result<DeviceIdentity, HeaderError> {
        self.identity_with(proxy, values, [], now)
    }

    /// The identity in `values`, which are all values of the header in a request that came from
    /// `proxy`, and in `companions`, which are all values of the header that
    /// [`companion`](Self::companion) names.
    ///
    /// # Errors
    ///
    /// [`HeaderError`] when there is not exactly one value, or more than one companion, when a
    /// value is not as the proxy writes it, and when it names no device or several.
    pub fn identity_with<'a>(
        &self,
        _proxy: &ListedProxy,
        values: impl IntoIterator<Item = &'a [u8]>,
        companions: impl IntoIterator<Item = &'a [u8]>,
        now: SystemTime,
    ) -> Result<DeviceIdentity, HeaderError> {
        let value = single(values)?.ok_or(HeaderError::Missing)?;
        let companion = single(companions)?;
        match &self.format {
            Format::Text(pattern) => {
                let value = checked(value, Self::MAX_TEXT_BYTES, Marks::NONE)?;
                text::from_text(value, pattern)
            }
            Format::Subject(element, pattern) => {
                let value = checked(value, Self::MAX_CERTIFICATE_BYTES, Marks::BOTH)?;
                let subject = envoy::subject(value, *element)?;
                if subject.len() > Self::MAX_TEXT_BYTES {
                    let length = subject.len();
                    return Err(HeaderError::TooLong { length });
                }
                text::from_text(subject, pattern)
            }
            Format::Certificate(carrier, verifier) => {
                let (own, others) = carrier.certificates(value, companion)?;
                let identity = verifier
                    .verify(&own, &others, now)
                    .map_err(HeaderError::Chain)?
                    .identity()
                    .map_err(HeaderError::Identity)?;
                Ok(DeviceIdentity {
                    source: Source::Header,
                    ..identity
                })
            }
        }
    }
}

impl fmt::Debug for HeaderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderSource")
            .field("name", &self.name)
            .field("companion", &self.companion)
            .finish_non_exhaustive()
    }
}

/// The certificate of the device, and those that came with it.
type Carried = (CertificateDer<'static>, Vec<CertificateDer<'static>>);

impl Carrier {
    fn certificates(self, value: &[u8], companion: Option<&[u8]>) -> Result<Carried, HeaderError> {
        let marks = match self {
            Self::Envoy(_) => Marks::BOTH,
            Self::HaProxy => Marks {
                quotes: true,
                commas: false,
            },
            Self::Traefik => Marks {
                quotes: false,
                commas: true,
            },
            Self::Alb(_) | Self::ClientCert | Self::Nginx => Marks::NONE,
        };
        let value = checked(value, HeaderSource::MAX_CERTIFICATE_BYTES, marks)?;
        match self {
            Self::Alb(mode) => {
                let (own, others) = escaped::certificates(value, escaped::Safe::Base64)?;
                match mode {
                    AlbMode::Verify if !others.is_empty() => Err(HeaderError::SeveralCertificates),
                    AlbMode::Passthrough | AlbMode::Verify => Ok((own, others)),
                }
            }
            Self::ClientCert => Ok((octets(value)?, chain(companion)?)),
            Self::Envoy(element) => envoy::certificates(value, element),
            Self::HaProxy => {
                verified(companion)?;
                Ok((quoted(value)?, Vec::new()))
            }
            Self::Nginx => escaped::single(value),
            Self::Traefik => escaped::list(value),
        }
    }
}

/// The only value, which may be absent.
fn single<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<&'a [u8]>, HeaderError> {
    let mut values = values.into_iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(HeaderError::Repeated),
        None => Ok(first),
    }
}

/// Which marks a format uses.
#[derive(Clone, Copy)]
struct Marks {
    quotes: bool,
    commas: bool,
}

impl Marks {
    const BOTH: Self = Self {
        quotes: true,
        commas: true,
    };
    const NONE: Self = Self {
        quotes: false,
        commas: false,
    };
}

/// What holds for every format: printable, of a sane length, no marks that do not belong.
fn checked(value: &[u8], most: usize, marks: Marks) -> Result<&str, HeaderError> {
    let value = value.trim_ascii();
    if value.len() > most {
        let length = value.len();
        return Err(HeaderError::TooLong { length });
    }
    if value.is_empty() {
        return Err(HeaderError::Missing);
    }
    // Without an early end many octets are checked at once; the place matters only to the error.
    let quote = if marks.quotes { 0 } else { b'"' };
    let apostrophe = if marks.quotes { 0 } else { b'\'' };
    let comma = if marks.commas { 0 } else { b',' };
    let is_bad = value.iter().fold(false, |bad, &byte| {
        let mark = (byte == quote) | (byte == apostrophe) | (byte == comma);
        bad | mark | !(0x20..0x7f).contains(&byte)
    });
    if is_bad {
        first_bad(value, marks)?;
    }
    str::from_utf8(value).map_err(|error| HeaderError::NotAscii {
        at: error.valid_up_to(),
    })
}

fn first_bad(value: &[u8], marks: Marks) -> Result<(), HeaderError> {
    for (at, byte) in value.iter().enumerate() {
        match byte {
            0x80.. => return Err(HeaderError::NotAscii { at }),
            0..0x20 | 0x7f => return Err(HeaderError::ControlCharacter { at }),
            b'"' | b'\'' if !marks.quotes => return Err(HeaderError::Quoted { at }),
            b',' if !marks.commas => return Err(HeaderError::List),
            _ => {}
        }
    }
    Ok(())
}

/// A byte sequence of a structured field: base64 between colons.
fn octets(value: &str) -> Result<CertificateDer<'static>, HeaderError> {
    let base64 = value
        .strip_prefix(':')
        .and_then(|value| value.strip_suffix(':'))
        .ok_or(HeaderError::BadEncoding)?;
    decoded(base64)
}

fn decoded(base64: impl AsRef<[u8]>) -> Result<CertificateDer<'static>, HeaderError> {
    let der = STANDARD
        .decode(base64)
        .map_err(|_| HeaderError::BadEncoding)?;
    Ok(der.into())
}

/// The intermediates of `Client-Cert-Chain`.
fn chain(value: Option<&[u8]>) -> Result<Vec<CertificateDer<'static>>, HeaderError> {
    let marks = Marks {
        quotes: false,
        commas: true,
    };
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    match checked(value, HeaderSource::MAX_CERTIFICATE_BYTES, marks) {
        Err(HeaderError::Missing) => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(value) => value
            .split(',')
            .map(|item| octets(item.trim_ascii()))
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

/// Base64 of which both ends are quoted, or neither.
fn quoted(value: &str) -> Result<CertificateDer<'static>, HeaderError> {
    let (start, inner) = match value.strip_prefix('"') {
        None => (0, value),
        Some(rest) => {
            let inner = rest.strip_suffix('"');
            (1, inner.ok_or(HeaderError::Quoted { at: 0 })?)
        }
    };
    if let Some(at) = inner.find(['"', '\'']) {
        return Err(HeaderError::Quoted { at: start + at });
    }
    if inner.is_empty() {
        return Err(HeaderError::Missing);
    }
    decoded(inner)
}

fn checked_name(name: &str) -> Result<Box<str>, HeaderNameError> {
    let found = name.chars().count();
    if !(1..=MAX_NAME_LENGTH).contains(&found) {
        return Err(HeaderNameError::WrongLength { found });
    }
    if let Some(at) = name.chars().position(|char| !is_token(char)) {
        return Err(HeaderNameError::BadCharacter { at });
    }
    Ok(name.to_ascii_lowercase().into())
}

const fn is_token(char: char) -> bool {
    matches!(char,
        'a'..='z' | 'A'..='Z' | '0'..='9' | '!' | '#' | '$' | '%' | '&' | '\'' | '*' | '+' | '-'
        | '.' | '^' | '_' | '`' | '|' | '~')
}

const MAX_NAME_LENGTH: usize = 64;
const XFCC: &str = "x-forwarded-client-cert";
