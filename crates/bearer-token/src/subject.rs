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

    /// The name under which a device of this subject is kept: its UUID, hyphenated, in lower case,
    /// 36 characters.
    ///
    /// # Source
    ///
    /// Device integration for Webex on `BroadWorks`, device authentication: the UUID is saved as the
    /// device name.
    #[must_use]
    pub fn device_name(self) -> String {
        self.to_string()
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

/// What a subject's UUID is the name of.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, device authentication: "a machine UUID for workspace
/// devices or user UUID for personal devices".
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SubjectKind {
    /// A machine: its device stands in a workspace.
    Machine,
    /// A user: the device is personal.
    User,
}

impl SubjectKind {
    /// Whose the device is.
    #[must_use]
    pub fn ownership(self) -> DeviceOwnership {
        match self {
            Self::Machine => DeviceOwnership::Workspace,
            Self::User => DeviceOwnership::Personal,
        }
    }
}

/// Whose a device is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DeviceOwnership {
    /// A user's.
    Personal,
    /// A workspace's.
    Workspace,
}

/// A directory that knows which UUIDs are machines and which are users; nobody else does, for they
/// all look alike. Any function from a subject to a kind is one.
pub trait SubjectDirectory {
    /// What this subject is; `None` when the directory does not know it.
    fn kind(&self, subject: &Subject) -> Option<SubjectKind>;

    /// Whose the device of this subject is; `None` when the directory does not know the subject.
    fn ownership(&self, subject: &Subject) -> Option<DeviceOwnership> {
        self.kind(subject).map(SubjectKind::ownership)
    }
}

impl<F: Fn(&Subject) -> Option<SubjectKind>> SubjectDirectory for F {
    fn kind(&self, subject: &Subject) -> Option<SubjectKind> {
        self(subject)
    }
}

const HYPHENATED_LENGTH: usize = 36;
