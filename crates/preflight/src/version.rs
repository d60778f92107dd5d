//! Releases, as people write them.

use std::fmt;
use std::str::FromStr;

use offhook_device_profile::Release;
use serde::{Deserialize, Deserializer};

use crate::ParseVersionError;
use crate::deployment::parsed;

/// A release as it was written, which compares by its numbers: `R24`, `X14.0.1`, `12.5(1)SU1`,
/// `sip8841.11-3-7MPP0001-609`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version {
    text: String,
    release: Release,
}

impl Version {
    /// The release, to compare.
    #[must_use]
    pub const fn release(&self) -> Release {
        self.release
    }

    /// Whether it is `least` or later; `false` where `least` is no release.
    pub(crate) fn is_at_least(&self, least: &str) -> bool {
        let least: Result<Release, _> = least.parse();
        least.is_ok_and(|least| self.release >= least)
    }

    /// Its first numbers, from left to right.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        let text = self.release.to_string();
        let numbers = text.split('.').map(str::parse);
        numbers.map_while(Result::ok).collect()
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let release = text.parse().map_err(|_| ParseVersionError)?;
        Ok(Self {
            text: text.to_owned(),
            release,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_in_the_name_of_firmware_is_no_part_of_the_release() {
        for (text, least, is_recent) in [
            ("sip8841.11-3-6MPP0001-609", "11.3.7", false),
            ("sip8841.11-3-7MPP0001-609", "11.3.7", true),
            ("sip88xx.14-0-1-0101-107", "11.0(1)", true),
            ("sip88xx.10-3-1-20", "11.0(1)", false),
            ("ce10.12.9", "10.13", false),
            ("RoomOS 10.13.1.2", "10.13", true),
        ] {
            let version: Version = text.parse().unwrap();
            assert_eq!(version.is_at_least(least), is_recent, "{text}");
            assert_eq!(version.to_string(), text);
        }
        assert_eq!("sip8841.".parse::<Version>(), Err(ParseVersionError));
    }
}
