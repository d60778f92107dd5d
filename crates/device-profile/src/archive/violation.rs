//! The rules that what is in an archive breaks, and what breaks them.

use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use thiserror::Error;

use super::Archive;
use crate::difference::{file_subject, told};
use crate::{
    DeviceType, DocumentError, FamilyViolation, Guide, Source, Subject, TagSet, TagSetViolation,
    Violation,
};

/// A rule that what is in an archive breaks.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum ArchiveViolation {
    /// A file that looks like XML is none that we would read.
    #[error("content of file {file}: {error}")]
    Content {
        /// Which file, from 0 through all device types.
        file: usize,
        /// What is wrong with it, and where.
        error: DocumentError,
    },
    /// A rule of the family.
    #[error("{0}")]
    DeviceFamily(FamilyViolation),
    /// A rule of a device type.
    #[error("device type {device_type}: {violation}")]
    DeviceType {
        /// Which device type, from 0.
        device_type: usize,
        /// Which rule.
        violation: Violation,
    },
    /// A rule of a tag set.
    #[error("tag set {tag_set}: {violation}")]
    TagSet {
        /// Which tag set, from 0.
        tag_set: usize,
        /// Which rule.
        violation: TagSetViolation,
    },
}

impl ArchiveViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(&self) -> Source {
        match self {
            Self::Content { .. } => Source::new(Guide::Ours, ""),
            Self::DeviceFamily(violation) => violation.source(),
            Self::DeviceType { violation, .. } => violation.source(),
            Self::TagSet { violation, .. } => violation.source(),
        }
    }
}

/// A rule that is broken, and by what: by its name where [`ArchiveViolation`] has a number.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BrokenRule {
    /// What breaks it: of a rule about a file, that file.
    pub subject: Subject,
    /// The rule.
    pub violation: ArchiveViolation,
}

impl BrokenRule {
    pub(crate) fn of_device_type(
        number: usize,
        device_type: &DeviceType,
        violation: Violation,
    ) -> Self {
        let file = violation
            .file()
            .and_then(|file| device_type.files.get(file));
        let whole = || Subject::DeviceType {
            device_type: told(&device_type.name),
        };
        Self {
            subject: file.map_or_else(whole, |file| file_subject(&device_type.name, file)),
            violation: ArchiveViolation::DeviceType {
                device_type: number,
                violation,
            },
        }
    }

    pub(crate) fn of_tag_set(number: usize, tag_set: &TagSet, violation: TagSetViolation) -> Self {
        Self {
            subject: Subject::TagSet {
                tag_set_name: tag_set.name.as_deref().map(told),
            },
            violation: ArchiveViolation::TagSet {
                tag_set: number,
                violation,
            },
        }
    }

    pub(crate) fn of_family(name: &str, violation: FamilyViolation) -> Self {
        Self {
            subject: Subject::DeviceFamily {
                device_family_name: told(name),
            },
            violation: ArchiveViolation::DeviceFamily(violation),
        }
    }
}

impl fmt::Display for BrokenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.subject)?;
        match self.violation {
            ArchiveViolation::Content { error, .. } => write!(f, "{error}"),
            ArchiveViolation::DeviceFamily(violation) => write!(f, "{violation}"),
            ArchiveViolation::DeviceType { violation, .. } => write!(f, "{violation}"),
            ArchiveViolation::TagSet { violation, .. } => write!(f, "{violation}"),
        }
    }
}

/// With `subject`, `rule` and `source`, the last two as texts.
impl Serialize for BrokenRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("BrokenRule", 3)?;
        fields.serialize_field("subject", &self.subject)?;
        fields.serialize_field("rule", &self.to_string())?;
        fields.serialize_field("source", &self.violation.source())?;
        fields.end()
    }
}

impl Archive {
    /// What breaks a rule, by its name; `None` where a violation is of another archive.
    #[must_use]
    pub fn broken_rule(&self, violation: ArchiveViolation) -> Option<BrokenRule> {
        match violation {
            ArchiveViolation::Content { file, .. } => {
                let mut files = self.device_types().iter().flat_map(|each| {
                    let files = each.files.iter();
                    files.map(|file| file_subject(&each.name, file))
                });
                let subject = files.nth(file)?;
                Some(BrokenRule { subject, violation })
            }
            ArchiveViolation::DeviceFamily(violation) => match self {
                Self::DeviceFamily(family) => Some(BrokenRule::of_family(&family.name, violation)),
                _ => None,
            },
            ArchiveViolation::DeviceType {
                device_type,
                violation,
            } => {
                let of = self.device_types().get(device_type)?;
                Some(BrokenRule::of_device_type(device_type, of, violation))
            }
            ArchiveViolation::TagSet { tag_set, violation } => {
                let of = self.tag_sets().get(tag_set)?;
                Some(BrokenRule::of_tag_set(tag_set, of, violation))
            }
        }
    }
}
