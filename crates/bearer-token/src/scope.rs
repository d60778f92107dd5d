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
    // Most lists are short and good, and that is seen without looking for each space.
    let is_short = (1..=MAX_BYTES).contains(&text.len());
    let is_space = |byte: u8| byte == b' ';
    let ends_in_space = text.starts_with(' ') || text.ends_with(' ');
    let pairs = text.bytes().zip(text.bytes().skip(1));
    let has_two = pairs.fold(false, |found, (one, next)| {
        found | (is_space(one) & is_space(next))
    });
    let has_foreign = text.bytes().fold(false, |found, byte| {
        found | (is_foreign(byte) & !is_space(byte))
    });
    if is_short && !ends_in_space && !has_two && !has_foreign {
        return Ok(());
    }
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
    match text.bytes().position(is_foreign) {
        Some(at) => Err(ParseScopeError::BadCharacter { at }),
        None => Ok(()),
    }
}

/// Whether a byte is none of a scope: RFC 6749 section 3.3.
fn is_foreign(byte: u8) -> bool {
    (byte < b'!') | (byte == b'"') | (byte == b'\\') | (byte > b'~')
}

const MAX_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_short_way_agrees_with_the_long_way(text in "[ -~\\x7fä]{0,12}") {
            let long = text.split(' ').try_for_each(check);
            prop_assert_eq!(check_list(&text), long);
        }
    }

    #[test]
    fn a_scope_is_as_long_as_one_may_be_and_no_longer() {
        for (length, is_good) in [(256, true), (257, false)] {
            assert_eq!(check_list(&"a".repeat(length)).is_ok(), is_good, "{length}");
        }
        assert!(check_list(&"a ".repeat(400)).is_err());
        assert!(check_list("a ").is_err() && check_list(" a").is_err());
        assert!(check_list(&format!("{}a", "a ".repeat(400))).is_ok());
    }
}
