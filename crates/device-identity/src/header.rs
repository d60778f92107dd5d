//! Identities that a trusted proxy puts into a header.

mod base64;
mod certificate;
mod envoy;
mod escaped;
mod percent;
mod text;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub use self::certificate::{AlbMode, CarriedCertificates, CertificateHeader, XfccElement};
use crate::{
    ChainVerifier, DeviceIdentity, HeaderError, HeaderNameError, IdentityPattern, Limits,
    ListedProxy,
};

/// A header in which a listed proxy passes on who the device is.
///
/// The proxy must remove headers of these names that the client has sent, on every port that it
/// serves, those without TLS too. Where it fails to, whoever has a device's certificate, which is
/// no secret, is that device: a header of the client's, with a verify status of the client's, is
/// the same octets as the proxy's (CVE-2026-46579). As a second line of defence a request with the
/// header twice is refused here, and so is a value that is not in the encoding of the proxy.
///
/// A certificate in a header does not show that the client holds its key: that the proxy has
/// checked. Its chain is verified here all the same.
#[derive(Clone)]
pub struct HeaderSource {
    format: Format,
    limits: Limits,
}

#[derive(Clone)]
enum Format {
    Certificate(CertificateHeader, Arc<ChainVerifier>),
    Subject(XfccElement, IdentityPattern),
    Text(Box<str>, IdentityPattern),
}

impl HeaderSource {
    /// The certificate in `header`, of which `verifier` verifies the chain.
    #[must_use]
    pub const fn certificate(header: CertificateHeader, verifier: Arc<ChainVerifier>) -> Self {
        Self {
            limits: header.limits,
            format: Format::Certificate(header, verifier),
        }
    }

    /// The header `X-Forwarded-Client-Cert` of Envoy, with the address in what `pattern` reads of
    /// `Subject`.
    ///
    /// Envoy writes subjects in the reverse order of the certificate; the match must be the only
    /// address in it, as in [`plain`](Self::plain). Prefer [`CertificateHeader::envoy`], which sees
    /// the certificate.
    #[must_use]
    pub const fn envoy_subject(element: XfccElement, pattern: IdentityPattern) -> Self {
        Self {
            format: Format::Subject(element, pattern),
            limits: Limits::DEFAULT,
        }
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
            format: Format::Text(checked_name(name)?, pattern),
            limits: Limits::DEFAULT,
        })
    }

    /// Sets the bounds for the values; [`Limits::DEFAULT`], or those of the [`CertificateHeader`],
    /// unless told otherwise.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        if let Format::Certificate(header, _) = &mut self.format {
            header.limits = limits;
        }
        self
    }

    /// The name of the header in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.format {
            Format::Certificate(header, _) => header.name(),
            Format::Subject(..) => envoy::NAME,
            Format::Text(name, _) => name,
        }
    }

    /// The name, in lower case, of a second header that the format reads, see
    /// [`CertificateHeader::companion`].
    #[must_use]
    pub fn companion(&self) -> Option<&str> {
        match &self.format {
            Format::Certificate(header, _) => header.companion(),
            Format::Subject(..) | Format::Text(..) => None,
        }
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
        proxy: &ListedProxy,
        values: impl IntoIterator<Item = &'a [u8]>,
        companions: impl IntoIterator<Item = &'a [u8]>,
        now: SystemTime,
    ) -> Result<DeviceIdentity, HeaderError> {
        match &self.format {
            Format::Certificate(header, verifier) => {
                let carried = header.read(proxy, values, companions)?;
                let verified = carried.verify(verifier, now).map_err(HeaderError::Chain)?;
                verified.identity().map_err(HeaderError::Identity)
            }
            Format::Subject(element, pattern) => {
                let value = alone(values, companions)?;
                let value = checked(value, self.limits.header_bytes, Marks::BOTH)?;
                let subject = envoy::subject(value, *element)?;
                if subject.len() > self.limits.text_bytes {
                    let length = subject.len();
                    return Err(HeaderError::TooLong { length });
                }
                text::from_text(subject, pattern)
            }
            Format::Text(_, pattern) => {
                let value = alone(values, companions)?;
                let value = checked(value, self.limits.text_bytes, Marks::NONE)?;
                text::from_text(value, pattern)
            }
        }
    }
}

impl fmt::Debug for HeaderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderSource")
            .field("name", &self.name())
            .field("companion", &self.companion())
            .finish_non_exhaustive()
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

/// The only value, where the format has no second header.
fn alone<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
    companions: impl IntoIterator<Item = &'a [u8]>,
) -> Result<&'a [u8], HeaderError> {
    let value = single(values)?.ok_or(HeaderError::Missing)?;
    single(companions)?;
    Ok(value)
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
    const COMMAS: Self = Self {
        quotes: false,
        commas: true,
    };
    const QUOTES: Self = Self {
        quotes: true,
        commas: false,
    };
    const NONE: Self = Self {
        quotes: false,
        commas: false,
    };
}

/// What holds for every format: printable, of a sane length, no marks that do not belong.
fn checked(value: &[u8], most: usize, marks: Marks) -> Result<&str, HeaderError> {
    let value = bounded(value, most)?;
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

/// Without the spaces around it, and of a sane length.
fn bounded(value: &[u8], most: usize) -> Result<&[u8], HeaderError> {
    let value = value.trim_ascii();
    match value.len() {
        0 => Err(HeaderError::Missing),
        length if length > most => Err(HeaderError::TooLong { length }),
        _ => Ok(value),
    }
}

/// The first octet or mark that does not belong.
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
