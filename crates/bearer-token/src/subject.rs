//! Whom a token speaks for.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::ParseSubjectError;

/// The UUID a token speaks for.
///
/// A machine's UUID stands for a workspace device, a user's UUID for a personal device; which of
/// the two a given UUID is, only the directory that issued it knows.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, bearer subject of a device.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subject(Uuid);

impl Subject {
    /// The UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for Subject {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for Subject {
    type Err = ParseSubjectError;

    /// Reads the hyphenated form of 36 characters, in either case, and no other.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser of `uuid` also takes braces, URNs and bare digits: one subject must not have
        // several spellings.
        if text.len() != HYPHENATED_LENGTH {
            return Err(ParseSubjectError);
        }
        let uuid = Uuid::try_parse(text).map_err(|_| ParseSubjectError)?;
        if uuid.is_nil() {
            return Err(ParseSubjectError);
        }
        Ok(Self(uuid))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const HYPHENATED_LENGTH: usize = 36;
