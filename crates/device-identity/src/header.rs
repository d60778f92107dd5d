//! Identities that a trusted proxy puts into a header.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_device_name::MacAddress;
use rustls_pki_types::CertificateDer;

use crate::{
    ChainVerifier, DeviceIdentity, HeaderError, HeaderNameError, IdentityError, IdentityPattern,
    ListedProxy, Rule, Source,
};

/// A header in which a listed proxy passes on who the device is.
///
/// The proxy must remove a header of this name that the client has sent. As a second line of
/// defence a request with the header twice, or with a list in it, is refused here.
#[derive(Clone)]
pub struct HeaderSource {
    name: Box<str>,
    format: Format,
}

#[derive(Clone)]
enum Format {
    ClientCert(Arc<ChainVerifier>),
    Plain(IdentityPattern),
}

impl HeaderSource {
    /// The longest value of a header of text, in octets.
    pub const MAX_TEXT_BYTES: usize = 1_024;
    /// The longest value of `Client-Cert`, in octets.
    pub const MAX_CERTIFICATE_BYTES: usize = 65_536;

    /// The header `Client-Cert` with the certificate of the device, whose chain is verified here
    /// too.
    ///
    /// Intermediates that the devices send to the proxy do not arrive here; give those that matter
    /// to the verifier.
    ///
    /// # Source
    ///
    /// RFC 9440 section 2.2, <https://www.rfc-editor.org/rfc/rfc9440#section-2.2>.
    #[must_use]
    pub fn client_cert(verifier: Arc<ChainVerifier>) -> Self {
        Self {
            name: "client-cert".into(),
            format: Format::ClientCert(verifier),
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
        let found = name.chars().count();
        if !(1..=MAX_NAME_LENGTH).contains(&found) {
            return Err(HeaderNameError::WrongLength { found });
        }
        if let Some(at) = name.chars().position(|char| !is_token(char)) {
            return Err(HeaderNameError::BadCharacter { at });
        }
        Ok(Self {
            name: name.to_ascii_lowercase().into(),
            format: Format::Plain(pattern),
        })
    }

    /// The name of the header in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The identity in `values`, which are all values of the header in a request that came from
    /// `proxy`.
    ///
    /// # Errors
    ///
    /// [`HeaderError`] when there is not exactly one value, when it is malformed, and when it
    /// names no device or several.
    pub fn identity<'a>(
        &self,
        _proxy: &ListedProxy,
        values: impl IntoIterator<Item = &'a [u8]>,
        now: SystemTime,
    ) -> Result<DeviceIdentity, HeaderError> {
        let mut values = values.into_iter();
        let value = values.next().ok_or(HeaderError::Missing)?;
        if values.next().is_some() {
            return Err(HeaderError::Repeated);
        }
        let value = self.check(value.trim_ascii())?;
        match &self.format {
            Format::ClientCert(verifier) => from_certificate(value, verifier, now),
            Format::Plain(pattern) => from_text(value, pattern),
        }
    }

    /// What holds for every format: one value, printable, of a sane length.
    fn check<'a>(&self, value: &'a [u8]) -> Result<&'a str, HeaderError> {
        let most = match self.format {
            Format::ClientCert(_) => Self::MAX_CERTIFICATE_BYTES,
            Format::Plain(_) => Self::MAX_TEXT_BYTES,
        };
        if value.len() > most {
            let length = value.len();
            return Err(HeaderError::TooLong { length });
        }
        if value.is_empty() {
            return Err(HeaderError::Missing);
        }
        for (at, byte) in value.iter().enumerate() {
            match byte {
                0x80.. => return Err(HeaderError::NotAscii { at }),
                0..0x20 | 0x7f => return Err(HeaderError::ControlCharacter { at }),
                b'"' | b'\'' => return Err(HeaderError::Quoted { at }),
                b',' => return Err(HeaderError::List),
                _ => {}
            }
        }
        str::from_utf8(value).map_err(|error| HeaderError::NotAscii {
            at: error.valid_up_to(),
        })
    }
}

impl fmt::Debug for HeaderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderSource")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn from_certificate(
    value: &str,
    verifier: &ChainVerifier,
    now: SystemTime,
) -> Result<DeviceIdentity, HeaderError> {
    let base64 = value
        .strip_prefix(':')
        .and_then(|value| value.strip_suffix(':'))
        .ok_or(HeaderError::BadEncoding)?;
    let der = STANDARD
        .decode(base64)
        .map_err(|_| HeaderError::BadEncoding)?;
    let certificate = CertificateDer::from(der);
    let identity = verifier
        .verify(&certificate, &[], now)
        .map_err(HeaderError::Chain)?
        .identity()
        .map_err(HeaderError::Identity)?;
    Ok(DeviceIdentity {
        source: Source::Header,
        ..identity
    })
}

fn from_text(value: &str, pattern: &IdentityPattern) -> Result<DeviceIdentity, HeaderError> {
    let none = HeaderError::Identity(IdentityError::NoAddress);
    let (mac, place) = pattern.find(value).ok_or(none)?;

    let found = value.get(place.clone()).unwrap_or_default();
    let separator = found.chars().find(|char| !char.is_ascii_hexdigit());
    let goes_on = |char: char| char.is_ascii_hexdigit() || Some(char) == separator;
    let before = value
        .get(..place.start)
        .and_then(|text| text.chars().next_back());
    let after = value.get(place.end..).and_then(|text| text.chars().next());
    if before.is_some_and(goes_on) || after.is_some_and(goes_on) {
        return Err(HeaderError::PartOfLongerRun);
    }
    if let Some(second) = addresses(value).find(|other| *other != mac) {
        let first = mac;
        let ambiguous = IdentityError::Ambiguous { first, second };
        return Err(HeaderError::Identity(ambiguous));
    }
    Ok(DeviceIdentity {
        mac,
        model: None,
        rule: Rule::Pattern,
        source: Source::Header,
        key: None,
        certificate_thumbprint: None,
    })
}

/// The addresses that stand in `text`, in any spelling.
fn addresses(text: &str) -> impl Iterator<Item = MacAddress> {
    let digits = text.split(|char: char| !char.is_ascii_hexdigit());
    let bare = digits.filter(|run| run.len() == 12);
    let words = text.split(|char: char| !char.is_ascii_hexdigit() && !":-.".contains(char));
    let separated = words.filter(|word| matches!(word.len(), 14 | 17));
    bare.chain(separated).filter_map(|word| word.parse().ok())
}

const fn is_token(char: char) -> bool {
    matches!(char,
        'a'..='z' | 'A'..='Z' | '0'..='9' | '!' | '#' | '$' | '%' | '&' | '\'' | '*' | '+' | '-'
        | '.' | '^' | '_' | '`' | '|' | '~')
}

const MAX_NAME_LENGTH: usize = 64;
