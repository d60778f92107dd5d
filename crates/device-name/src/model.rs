//! The model of a device, as its maker calls it.

use std::fmt;
use std::str::FromStr;

use crate::ParseDeviceModelError;

/// The model of a device as its maker calls it, for instance `Cisco Desk Pro` or `CP-8841-3PCC`.
///
/// One to 40 characters, no control character, no white space at either end. Two models are the
/// same only where they are spelled the same.
///
/// # Source
///
/// BroadWorks OCI-P schema, device type and `deviceModel`: 1 to 40 characters.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DeviceModel(Box<str>);

impl DeviceModel {
    /// The most characters that a model has.
    pub const MAX_LENGTH: usize = 40;

    /// The model spelled `text`.
    ///
    /// # Errors
    ///
    /// [`ParseDeviceModelError`] when `text` is empty, too long, or has a control character
    /// anywhere or white space at an end.
    pub fn new(text: &str) -> Result<Self, ParseDeviceModelError> {
        if text.is_empty() {
            return Err(ParseDeviceModelError::Empty);
        }
        let last = text.chars().count() - 1;
        if last >= Self::MAX_LENGTH {
            return Err(ParseDeviceModelError::TooLong);
        }
        let bad = |(at, char): (usize, char)| {
            char.is_control() || (char.is_whitespace() && (at == 0 || at == last))
        };
        match text.chars().enumerate().find(|&item| bad(item)) {
            Some((at, _)) => Err(ParseDeviceModelError::BadCharacter { at }),
            None => Ok(Self(text.into())),
        }
    }

    /// The model as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceModel {
    type Err = ParseDeviceModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for DeviceModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "serde")]
crate::text::serde_as_text!(DeviceModel, "a device model");
