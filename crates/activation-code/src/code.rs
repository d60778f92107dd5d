//! The code itself.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, Zeroizing};

use crate::digit::{decimal_value, is_dash};
use crate::{CheckDigit, Entropy, EntropyError, ParseCodeError, damm};

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
        Self::draw_with(CheckDigit::None, entropy)
    }

    /// Draws a code, each of those with that check digit equally likely.
    pub(crate) fn draw_with(
        check_digit: CheckDigit,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, EntropyError> {
        match check_digit {
            CheckDigit::None => draw_below(CODES, entropy).map(Self),
            CheckDigit::Damm => {
                let mut value = draw_below(CODES / 10, entropy)?;
                *value = *value * 10 + damm::check_digit(*value);
                Ok(Self(value))
            }
        }
    }

    /// Reads a code as [`FromStr`] does, and looks at its check digit.
    pub(crate) fn read_with(check_digit: CheckDigit, text: &str) -> Result<Self, ParseCodeError> {
        let code: Self = text.parse()?;
        match check_digit {
            CheckDigit::Damm if damm::check_digit(*code.0) != 0 => Err(ParseCodeError::CheckDigit),
            CheckDigit::Damm | CheckDigit::None => Ok(code),
        }
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
        match plain(text.as_bytes()) {
            Some(value) => Ok(Self(value)),
            None => general(text).map(Self),
        }
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

/// The code in a text of every form.
fn general(text: &str) -> Result<Zeroizing<u64>, ParseCodeError> {
    let mut value = Zeroizing::new(0_u64);
    let mut found = 0;
    for (at, char) in text.chars().enumerate() {
        if at >= ActivationCode::MAX_TEXT_CHARS {
            return Err(ParseCodeError::TooLong);
        }
        if char.is_whitespace() || is_dash(char) {
            continue;
        }
        let digit = decimal_value(char).ok_or(ParseCodeError::NotADigit { at })?;
        if found == ActivationCode::DIGITS {
            return Err(ParseCodeError::TooManyDigits { at });
        }
        found += 1;
        *value = *value * 10 + digit;
    }
    if found < ActivationCode::DIGITS {
        return Err(ParseCodeError::TooFewDigits { found });
    }
    Ok(value)
}

/// The code in a text of the two usual forms, sixteen ASCII digits or four groups of four with an
/// ASCII dash or a space between; `None` for every other text, good or bad.
fn plain(text: &[u8]) -> Option<Zeroizing<u64>> {
    let (high, low) = match text {
        [_, _, _, _, _, _, _, _, low @ ..] if text.len() == ActivationCode::DIGITS => {
            (eight(*text.first_chunk()?)?, eight(*low.first_chunk()?)?)
        }
        &[
            a,
            b,
            c,
            d,
            b'-' | b' ',
            e,
            f,
            g,
            h,
            b'-' | b' ',
            i,
            j,
            k,
            l,
            b'-' | b' ',
            m,
            n,
            o,
            p,
        ] => (
            eight([a, b, c, d, e, f, g, h])?,
            eight([i, j, k, l, m, n, o, p])?,
        ),
        _ => return None,
    };
    Some(Zeroizing::new(high * 100_000_000 + low))
}

/// The number spelled by eight ASCII digits, worked out on all eight at once.
fn eight(digits: [u8; 8]) -> Option<u64> {
    let text = u64::from_le_bytes(digits);
    // Each byte is 3 above and 0 to 9 below: its upper half is 3, and still is with 6 added.
    let upper = 0xf0f0_f0f0_f0f0_f0f0;
    let plus_six = text.wrapping_add(0x0606_0606_0606_0606);
    if (text & upper) | ((plus_six & upper) >> 4) != 0x3333_3333_3333_3333 {
        return None;
    }
    let ones = text & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// Draws a number below `bound`, each equally likely.
pub(crate) fn draw_below(
    bound: u64,
    entropy: &mut dyn Entropy,
) -> Result<Zeroizing<u64>, EntropyError> {
    // The smallest run of low bits that covers the bound, so that more than half of all draws are
    // usable.
    let mask = bound.next_power_of_two() - 1;
    let mut bytes = Zeroizing::new([0; 8]);
    for _ in 0..MAX_DRAWS {
        entropy.fill(bytes.as_mut_slice())?;
        let candidate = Zeroizing::new(u64::from_be_bytes(*bytes) & mask);
        if *candidate < bound {
            return Ok(candidate);
        }
    }
    Err(EntropyError::new())
}

const CODES: u64 = 10_000_000_000_000_000;
/// Of 100 draws none is usable with a probability of 0.445^100 (0.112^100 with a check digit).
const MAX_DRAWS: usize = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text of up to 24 characters out of those that a code is made of, and a few that are
    /// neighbours of them.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{14,18}",
            "[0-9]{4}[- ][0-9]{4}[- ][0-9]{4}[- ][0-9]{4}",
            "[0-9]{4}[-_ /][0-9:]{4}[-. ][0-9/]{4}[- 0][0-9a]{4}",
            "[0-9/:\\-０-９–]{12,20}",
            any::<[u8; 16]>()
                .prop_map(|bytes| bytes.iter().map(|&byte| char::from(byte)).collect()),
            any::<String>(),
        ]
    }

    proptest! {
        /// Whatever the text, the short way says what the long way says, or nothing.
        #[test]
        fn the_short_way_agrees_with_the_long_way(text in text()) {
            if let Some(value) = plain(text.as_bytes()) {
                prop_assert_eq!(Ok(value), general(&text));
            }
        }
    }

    #[test]
    fn the_two_usual_forms_take_the_short_way() {
        for text in [
            "0123456789012345",
            "9999-9999-9999-9999",
            "0000 0000 0000 0000",
        ] {
            assert_eq!(
                plain(text.as_bytes()).map(Ok),
                Some(general(text)),
                "{text}"
            );
        }
    }

    /// Each byte value in each place of a code.
    #[test]
    fn nothing_but_a_digit_is_a_digit_on_the_short_way() {
        for at in 0..16 {
            for byte in 0..=u8::MAX {
                let mut text = *b"0123456789012345";
                text[at] = byte;
                let expected = std::str::from_utf8(&text)
                    .ok()
                    .and_then(|text| general(text).ok());
                assert_eq!(
                    plain(&text),
                    expected.filter(|_| byte.is_ascii_digit()),
                    "{byte} at {at}"
                );
            }
        }
    }

    #[test]
    fn the_digits_to_digest_are_those_displayed() {
        let code: ActivationCode = "0123-4567-8901-2345".parse().unwrap();
        assert_eq!(code.ascii().as_slice(), b"0123456789012345");
    }
}
