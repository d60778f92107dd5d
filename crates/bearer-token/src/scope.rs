//! What a token allows.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::ParseScopeError;

/// One scope: visible ASCII without quotation mark, backslash and space, at most 256 bytes,
/// compared case-sensitively.
///
/// # Source
///
/// [RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// `broadworks-connector-user`: the scope a device's token carries to the application server.
    ///
    /// # Source
    ///
    /// Device integration for Webex on `BroadWorks`, scopes of the connector.
    pub const BROADWORKS_CONNECTOR_USER: Self = Self(Cow::Borrowed("broadworks-connector-user"));
    /// `dm-bridge:device_auth`: the scope asked of a device at the DM Bridge.
    ///
    /// # Source
    ///
    /// Device integration for Webex on `BroadWorks`, configuration of the DM Bridge.
    pub const DM_BRIDGE_DEVICE_AUTH: Self = Self(Cow::Borrowed("dm-bridge:device_auth"));

    /// The scope's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check(text)?;
        Ok(Self(Cow::Owned(text.to_owned())))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is scopes with one space between any two.
pub(crate) fn check_list(text: &str) -> Result<(), ParseScopeError> {
    text.split(' ').try_for_each(check)
}

/// `scopes` with one space between any two.
pub(crate) fn join(scopes: &[Scope]) -> String {
    let texts: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    texts.join(" ")
}

fn check(text: &str) -> Result<(), ParseScopeError> {
    if text.is_empty() {
        return Err(ParseScopeError::Empty);
    }
    if text.len() > MAX_BYTES {
        return Err(ParseScopeError::TooLong { found: text.len() });
    }
    let foreign = |byte: u8| !matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    match text.bytes().position(foreign) {
        Some(at) => Err(ParseScopeError::BadCharacter { at }),
        None => Ok(()),
    }
}

const MAX_BYTES: usize = 256;
