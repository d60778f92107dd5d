//! The code itself.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, Zeroizing};

use crate::digit::{decimal_value, is_dash};
use crate::{Entropy, EntropyError, ParseCodeError};

/// Sixteen decimal digits that open one device, once.
///
/// A code is read from what a person typed: white space and dashes of every kind are skipped, and
/// decimal digits of every script count (full-width ones above all: the guides of the field are
/// Japanese and Chinese as well). `Display` gives the plain digits in groups of four; `Debug`
/// hides them, so that a log line cannot leak a code. The memory is wiped on drop. There is no
/// `==`: a code is compared by its [`CodeDigest`](crate::CodeDigest).
///
/// # Examples
///
/// ```
/// use offhook_activation_code::ActivationCode;
///
/// let code: ActivationCode = "１２３４ 5678–9012 3456".parse()?;
/// assert_eq!(code.to_string(), "1234-5678-9012-3456");
/// assert_eq!(format!("{code:?}"), "ActivationCode([redacted])");
/// # Ok::<(), offhook_activation_code::ParseCodeError>(())
/// ```
///
/// # Source
///
/// BroadWorks device integration for Webex: a one-time code of 16 digits.
#[derive(Clone)]
pub struct ActivationCode(Zeroizing<u64>);

impl ActivationCode {
    /// How many decimal digits a code has.
    pub const DIGITS: usize = 16;

    /// The most characters that are read of a text that should be a code.
    pub const MAX_TEXT_CHARS: usize = 128;

    /// Draws a code, each of the 10^16 equally likely.
    ///
    /// Bytes that stand for a number past the last code are thrown away and drawn again, because
    /// taking a remainder would make some codes likelier than others.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when `entropy` cannot supply bytes, or supplies nothing usable a
    /// hundred times in a row, which a working source does less than once in 10^35 draws.
    pub fn draw(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; 8]);
        for _ in 0..MAX_DRAWS {
            entropy.fill(bytes.as_mut_slice())?;
            let candidate = u64::from_be_bytes(*bytes) & MASK;
            if candidate < CODES {
                return Ok(Self(Zeroizing::new(candidate)));
            }
        }
        Err(EntropyError::new())
    }

    /// The sixteen digits in ASCII.
    pub(crate) fn ascii(&self) -> Zeroizing<[u8; Self::DIGITS]> {
        let mut digits = Zeroizing::new([b'0'; Self::DIGITS]);
        let mut rest = *self.0;
        for (digit, value) in digits.iter_mut().rev().zip(std::iter::from_fn(|| {
            let value = rest % 10;
            rest /= 10;
            Some(value)
        })) {
            *digit += u8::try_from(value).unwrap_or_default();
        }
        rest.zeroize();
        digits
    }
}

impl FromStr for ActivationCode {
    type Err = ParseCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut value = Zeroizing::new(0_u64);
        let mut found = 0;
        for (at, char) in text.chars().enumerate() {
            if at >= Self::MAX_TEXT_CHARS {
                return Err(ParseCodeError::TooLong);
            }
            if char.is_whitespace() || is_dash(char) {
                continue;
            }
            let digit = decimal_value(char).ok_or(ParseCodeError::NotADigit { at })?;
            if found == Self::DIGITS {
                return Err(ParseCodeError::TooManyDigits { at });
            }
            found += 1;
            *value = *value * 10 + digit;
        }
        if found < Self::DIGITS {
            return Err(ParseCodeError::TooFewDigits { found });
        }
        Ok(Self(value))
    }
}

impl fmt::Display for ActivationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |scale: u64| *self.0 / scale % 10_000;
        write!(
            f,
            "{:04}-{:04}-{:04}-{:04}",
            group(1_000_000_000_000),
            group(100_000_000),
            group(10_000),
            group(1)
        )
    }
}

impl fmt::Debug for ActivationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActivationCode([redacted])")
    }
}

const CODES: u64 = 10_000_000_000_000_000;
/// The smallest run of low bits that covers [`CODES`]: 54 bits.
const MASK: u64 = (1 << 54) - 1;
/// A draw is usable with a probability of 10^16 / 2^54 = 0.555.
const MAX_DRAWS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_to_digest_are_those_displayed() {
        let code: ActivationCode = "0123-4567-8901-2345".parse().unwrap();
        assert_eq!(code.ascii().as_slice(), b"0123456789012345");
    }
}
