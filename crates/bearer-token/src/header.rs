//! The header of a token.

use crate::json::{JsonFault, Object, Text};
use crate::{MAX_HEADER_BYTES, TokenRefusal, base64url};

/// What a header says that we listen to.
pub(crate) struct Header<'a> {
    /// `alg`: must be that of the key.
    pub(crate) algorithm: Text<'a>,
    /// `kid`: which key.
    pub(crate) key_id: Option<Text<'a>>,
    pub(crate) typ: Option<Text<'a>>,
}

impl<'a> Header<'a> {
    /// Reads a header into `buffer` and refuses one that asks for more than we do.
    pub(crate) fn read(
        encoded: &str,
        buffer: &'a mut [u8; MAX_HEADER_BYTES],
    ) -> Result<Self, TokenRefusal> {
        if encoded.len() > MAX_HEADER_BYTES {
            return Err(TokenRefusal::HeaderTooLong);
        }
        let json = base64url::decode_into(encoded, buffer).ok_or(TokenRefusal::Encoding)?;
        let header = Object::parse(json).map_err(|fault| match fault {
            JsonFault::DuplicateMember => TokenRefusal::DuplicateMember,
            JsonFault::Malformed => TokenRefusal::Header,
            JsonFault::TooDeep => TokenRefusal::TooDeep,
        })?;
        let has = |names: &[&str]| names.iter().any(|name| header.has(name));
        if has(&["crit"]) {
            return Err(TokenRefusal::CriticalExtension);
        }
        if has(&["b64"]) {
            return Err(TokenRefusal::UnencodedPayload);
        }
        if has(&["jwk", "jku", "x5c", "x5u"]) {
            return Err(TokenRefusal::EmbeddedKey);
        }
        let text = |name| header.text(name).map_err(|_| TokenRefusal::Header);
        Ok(Self {
            algorithm: text("alg")?.ok_or(TokenRefusal::Algorithm)?,
            key_id: text("kid")?,
            typ: text("typ")?,
        })
    }
}

/// A header that passed every check, with what remains to be checked against a policy.
///
/// An issuer writes the same header for years, and a comparison is cheaper than base64 and JSON.
pub(crate) struct UsualHeader {
    encoded: Short<256>,
    typ: Option<Short<32>>,
}

impl UsualHeader {
    /// `None` for one too long to be worth the room.
    pub(crate) fn new(encoded: &str, typ: Option<Text<'_>>) -> Option<Self> {
        Some(Self {
            encoded: Short::new(encoded)?,
            typ: match typ {
                Some(typ) => Some(Short::new(typ.plain()?)?),
                None => None,
            },
        })
    }

    /// What comes after it and a dot in a token that begins with it.
    pub(crate) fn strip<'t>(&self, token: &'t str) -> Option<&'t str> {
        let encoded = self.encoded.bytes();
        let is_meant = token.as_bytes().starts_with(encoded);
        let rest = is_meant.then(|| token.get(encoded.len()..))?;
        rest?.strip_prefix('.')
    }

    pub(crate) fn typ(&self) -> Option<&str> {
        self.typ.as_ref().map(Short::as_str)
    }
}

/// A text of at most `N` bytes that needs no heap.
struct Short<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Short<N> {
    fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; N];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        let length = text.len();
        Some(Self { bytes, length })
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}
