//! Releases, compared by their numbers.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A release of a product, as `14`, `12.5(1)SU1`, `X12.5`, `11.3.7` or `11-3-2MPP0001-609`, or a
/// telephone's firmware by the name of its load, as `sip8841.11-3-2MPP0001-609`, of which the model
/// does not count.
///
/// It is what its numbers say, from left to right; what is left out counts as 0. Letters do not
/// count, so only releases of one product can be compared.
///
/// # Examples
///
/// ```
/// use offhook_device_profile::Release;
///
/// let release: Release = "12.5(1)SU1".parse()?;
/// assert!(release > "12.5(1)".parse()?);
/// assert!(release < "14".parse()?);
/// # Ok::<(), offhook_device_profile::ParseReleaseError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Release([u32; NUMBERS]);

impl Release {
    pub(crate) const fn major(number: u32) -> Self {
        Self([number, 0, 0, 0, 0, 0, 0, 0])
    }
}

impl FromStr for Release {
    type Err = ParseReleaseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_BYTES {
            return Err(ParseReleaseError);
        }
        let mut numbers = [0; NUMBERS];
        let mut slots = numbers.iter_mut();
        let digits = without_model(text).split(|char: char| !char.is_ascii_digit());
        for number in digits.filter(|digits| !digits.is_empty()) {
            let number = number.parse().map_err(|_| ParseReleaseError)?;
            *slots.next().ok_or(ParseReleaseError)? = number;
        }
        // None of the slots was taken.
        if slots.len() == NUMBERS {
            return Err(ParseReleaseError);
        }
        Ok(Self(numbers))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.iter().rposition(|number| *number != 0);
        for (at, number) in self.0.iter().take(last.unwrap_or(0) + 1).enumerate() {
            let point = if at == 0 { "" } else { "." };
            write!(f, "{point}{number}")?;
        }
        Ok(())
    }
}

/// What comes after `sip`, a model and a dot at the beginning.
fn without_model(text: &str) -> &str {
    let (start, rest) = text.split_at_checked(3).unwrap_or(("", text));
    match rest.split_once('.') {
        Some((_, release)) if start.eq_ignore_ascii_case("sip") => release,
        _ => text,
    }
}

/// A text is no release: no number in it, more than 8, one of more than 32 bits, or more than 64
/// bytes.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[error("malformed release")]
#[non_exhaustive]
pub struct ParseReleaseError;

const MAX_BYTES: usize = 64;
const NUMBERS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        text.parse().unwrap_or(Release([u32::MAX; NUMBERS]))
    }

    #[test]
    fn releases_are_ordered_by_their_numbers() {
        let ascending = [
            "9",
            "10.2.4(99)",
            "12.5",
            "12.5(1)SU1",
            "12.5(1)SU2",
            "14",
            "14.0.1",
        ];
        for pair in ascending.windows(2) {
            assert!(release(pair[0]) < release(pair[1]), "{pair:?}");
        }
        assert_eq!(release("X12.5"), release("12.5.0"));
        assert!(release("sip8841.11-3-7MPP0001-609") > release("11.3.7"));
        assert!(release("SIP8841.11-3-6MPP0001-609") < release("11.3.7"));
        assert_eq!(release("sip88xx.14-1-1-0001-125"), release("14.1.1.1.125"));
        assert_eq!(release("12.5.sip"), release("12.5"));
        assert_eq!(release("ce11.20.1").to_string(), "11.20.1");
        assert_eq!(release("0").to_string(), "0");
    }

    #[test]
    fn what_is_no_release_is_refused() {
        for bad in ["", "SU", "1.2.3.4.5.6.7.8.9", "4294967296", &"1".repeat(65)] {
            assert_eq!(bad.parse::<Release>(), Err(ParseReleaseError), "{bad}");
        }
    }
}
