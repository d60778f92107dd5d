//! The string that a user types.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::code::draw_below;
use crate::digit::{decimal_value, is_dash};
use crate::{Entropy, EntropyError, ParseStringError};

/// Four to ten decimal digits that a user types into a client once, so that the certificate
/// authority proxy function (CAPF) gives it a certificate.
///
/// Read as an [`ActivationCode`](crate::ActivationCode) is: white space and dashes are skipped, and
/// digits of every script count. `Display` gives the digits, `Debug` hides them, and the memory is
/// wiped on drop. There is no `==`: strings are compared by their digests.
///
/// # Source
///
/// Jabber on-premises deployment, CAPF information: a string that is generated and given to the
/// user; Unified CM security guide, CAPF settings: 4 to 10 digits.
#[derive(Clone)]
pub struct AuthenticationString(Zeroizing<String>);

impl AuthenticationString {
    /// The fewest digits that a string has.
    pub const MIN_DIGITS: usize = 4;

    /// The most digits that a string has, and how many are drawn.
    pub const MAX_DIGITS: usize = 10;

    /// The most characters that are read of a text that should be a string.
    pub const MAX_TEXT_CHARS: usize = 64;

    /// Draws a string of [`AuthenticationString::MAX_DIGITS`], each equally likely.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when `entropy` cannot supply bytes, or supplies nothing usable a hundred
    /// times in a row.
    pub fn draw(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        let number = draw_below(STRINGS, entropy)?;
        Ok(Self(Zeroizing::new(format!("{:010}", *number))))
    }

    /// The digits in ASCII.
    #[must_use]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FromStr for AuthenticationString {
    type Err = ParseStringError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = Zeroizing::new(String::with_capacity(Self::MAX_DIGITS));
        for (at, char) in text.chars().enumerate() {
            if at >= Self::MAX_TEXT_CHARS {
                return Err(ParseStringError::TooLong);
            }
            if char.is_whitespace() || is_dash(char) {
                continue;
            }
            let value = decimal_value(char).and_then(|value| u32::try_from(value).ok());
            let digit = value.and_then(|value| char::from_digit(value, 10));
            let digit = digit.ok_or(ParseStringError::NotADigit { at })?;
            if digits.len() == Self::MAX_DIGITS {
                return Err(ParseStringError::TooManyDigits { at });
            }
            digits.push(digit);
        }
        if digits.len() < Self::MIN_DIGITS {
            return Err(ParseStringError::TooFewDigits {
                found: digits.len(),
            });
        }
        Ok(Self(digits))
    }
}

impl fmt::Display for AuthenticationString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AuthenticationString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticationString([redacted])")
    }
}

const STRINGS: u64 = 10_000_000_000;
