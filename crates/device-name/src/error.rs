//! What a text was that is not a name.

use thiserror::Error;

use crate::DeviceName;

/// A text is not a MAC address.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseMacAddressError {
    /// A character is neither a hexadecimal digit nor the separator in use.
    #[error("character {at} does not belong in a MAC address")]
    BadCharacter {
        /// Where, in characters from 0.
        at: usize,
    },
    /// Not twelve hexadecimal digits.
    #[error("{found} hexadecimal digits instead of 12")]
    WrongLength {
        /// How many there were; at most 13 are counted.
        found: usize,
    },
    /// The groups between separators are not all of two digits, of four, or of six.
    #[error("the group that ends before character {at} has the wrong length")]
    WrongGroup {
        /// Where the group ends, in characters from 0.
        at: usize,
    },
}

/// A text is not a device name.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseDeviceNameError {
    /// A character may not stand in a name of this kind.
    #[error("character {at} does not belong in a device name of this kind")]
    BadCharacter {
        /// Where, in characters from 0.
        at: usize,
    },
    /// `SEP` or `BAT` is not followed by twelve hexadecimal digits.
    #[error("the prefix is not followed by twelve hexadecimal digits")]
    NotTwelveDigits,
    /// Longer than [`DeviceName::MAX_LENGTH`](crate::DeviceName::MAX_LENGTH).
    #[error("longer than 15 characters")]
    TooLong,
    /// Nothing follows the prefix.
    #[error("nothing follows the prefix")]
    TooShort,
    /// The name starts with none of `BAT`, `BOT`, `CSF`, `SEP`, `TAB`, `TCT`.
    #[error("unknown device name prefix")]
    UnknownPrefix,
}

/// A text is not a device model.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseDeviceModelError {
    /// A character is a control character, or white space at an end.
    #[error("character {at} does not belong in a device model")]
    BadCharacter {
        /// Where, in characters from 0.
        at: usize,
    },
    /// The text is empty.
    #[error("empty device model")]
    Empty,
    /// Longer than [`DeviceModel::MAX_LENGTH`](crate::DeviceModel::MAX_LENGTH).
    #[error("longer than 40 characters")]
    TooLong,
}

/// A user cannot have this softphone. The administrator has to remove the other one first.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SoftphoneError {
    /// The user has a softphone of this kind already.
    #[error("the user has {name} already")]
    Another {
        /// The name of the one that is there.
        name: DeviceName,
    },
    /// The name is that of a phone, or a dummy name.
    #[error("not the name of a softphone")]
    NotASoftphone,
}
