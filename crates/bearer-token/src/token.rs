//! The tokens themselves: text that opens doors, so text that is never printed.

use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use zeroize::Zeroizing;

use crate::{MAX_TOKEN_BYTES, ParseTokenError, digest};

/// An access token as it stands after `Bearer`: the `b64token` of RFC 6750, at most 8,192 bytes.
///
/// `Debug` hides the text, comparison takes the same time wherever two tokens differ, and the
/// text is overwritten when the value is dropped. Only [`secret`](Self::secret) and
/// [`to_authorization`](Self::to_authorization) show it.
///
/// # Source
///
/// [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
#[derive(Clone)]
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    /// The token's text.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The value of an `Authorization` header: `Bearer` and the token, marked as sensitive so that
    /// no `Debug` shows it.
    #[must_use]
    pub fn to_authorization(&self) -> HeaderValue {
        let text = Zeroizing::new(format!("Bearer {}", self.secret()));
        // A token is ASCII without control characters, so the value is always good.
        let mut value =
            HeaderValue::from_str(&text).unwrap_or(const { HeaderValue::from_static("Bearer") });
        value.set_sensitive(true);
        value
    }
}

/// A refresh token: visible ASCII and spaces, at most 8,192 bytes, as secret as an
/// [`AccessToken`].
///
/// # Source
///
/// [RFC 6749 appendix A.17](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.17).
#[derive(Clone)]
pub struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// The token's text.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccessToken {
    type Err = ParseTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length(text)?;
        // 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
        let body = text.trim_end_matches('=');
        if body.is_empty() {
            return Err(ParseTokenError::BadCharacter { at: 0 });
        }
        let foreign = |byte: u8| {
            !(byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
        };
        match body.bytes().position(foreign) {
            Some(at) => Err(ParseTokenError::BadCharacter { at }),
            None => Ok(Self(Zeroizing::new(text.to_owned()))),
        }
    }
}

impl FromStr for RefreshToken {
    type Err = ParseTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length(text)?;
        let foreign = |byte: u8| !matches!(byte, b' '..=b'~');
        match text.bytes().position(foreign) {
            Some(at) => Err(ParseTokenError::BadCharacter { at }),
            None => Ok(Self(Zeroizing::new(text.to_owned()))),
        }
    }
}

impl Eq for AccessToken {}

impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        digest::is_same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for RefreshToken {}

impl PartialEq for RefreshToken {
    fn eq(&self, other: &Self) -> bool {
        digest::is_same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([redacted])")
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken([redacted])")
    }
}

fn check_length(text: &str) -> Result<(), ParseTokenError> {
    match text.len() {
        0 => Err(ParseTokenError::Empty),
        found if found > MAX_TOKEN_BYTES => Err(ParseTokenError::TooLong { found }),
        _ => Ok(()),
    }
}
