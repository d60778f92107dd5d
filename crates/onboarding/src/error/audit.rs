//! What can be wrong with an audit log.

use std::io;

use offhook_activation_code::StoreError;
use thiserror::Error;

use super::MessageError;

/// The audit log is not what was written.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AuditError {
    /// A record, or its place, was changed.
    #[error("audit record {sequence} was changed")]
    Changed {
        /// Which record.
        sequence: u64,
    },
    /// A record is missing or stands out of order.
    #[error("audit record {found} stands where {wanted} belongs")]
    Gap {
        /// The sequence that belongs there.
        wanted: u64,
        /// The sequence that stands there.
        found: u64,
    },
}

/// A text is not the head of an audit log.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a place, a colon and 64 lower-case hexadecimal digits")]
#[non_exhaustive]
pub struct ParseChainHeadError;

/// A text does not name whoever acts: it is empty, longer than 255 characters, or has a character that
/// is not printable ASCII.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ActorError {
    /// The issuer.
    #[error("issuer is not 1 to 255 printable ASCII characters")]
    Issuer,
    /// The subject.
    #[error("subject is not 1 to 255 printable ASCII characters")]
    Subject,
}

/// A line is not an audit record.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AuditLineError {
    /// Who did it is no name.
    #[error("malformed actor")]
    Actor(#[source] ActorError),
    /// An event that this version does not know.
    #[error("unknown event")]
    Event,
    /// The hash is not 64 lower-case hexadecimal digits.
    #[error("malformed hash")]
    Hash,
    /// The line is no object with the members of a record; the place is within the line.
    #[error("not a record")]
    Json(#[source] MessageError),
    /// The profile is no name.
    #[error("malformed profile")]
    Profile,
    /// The tenant is no name.
    #[error("malformed tenant")]
    Tenant,
    /// The time is after the year 9999.
    #[error("time after the year 9999")]
    Time,
    /// Longer than 8,192 bytes; the rest was not read.
    #[error("line too long")]
    TooLong,
}

/// A file is not the audit log that was written. Lines count from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuditFileError {
    /// The record does not follow the one before it.
    #[error("line {line} breaks the chain")]
    Chain {
        /// Which line.
        line: u64,
        /// How.
        source: AuditError,
    },
    /// The line is not a record.
    #[error("line {line} is no audit record")]
    Line {
        /// Which line.
        line: u64,
        /// Why.
        source: AuditLineError,
    },
    /// The noted head stands before the log's start, so the log says nothing of it.
    #[error("the noted head is older than the start")]
    NotedBeforeStart,
    /// The record at the noted place is another one: the chain was made anew.
    #[error("audit record {sequence} at line {line} is not the one that was noted")]
    NotNoted {
        /// Which line; 0 for the start.
        line: u64,
        /// Which record.
        sequence: u64,
    },
    /// The file could not be read.
    #[error("line {line} not read")]
    Read {
        /// Which line.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// The noted record is missing: the end was cut off.
    #[error("the log ends with audit record {found}, and {wanted} was noted")]
    Truncated {
        /// The record that was noted.
        wanted: u64,
        /// The last one of the log; 0 for none.
        found: u64,
    },
}

/// An audit log was not written out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuditExportError {
    /// The store could not answer, and asking again may help; or it has a record that cannot be read, and
    /// names it.
    #[error("audit log not read")]
    Store(#[source] StoreError),
    /// The output takes no more.
    #[error("audit log not written")]
    Write(#[source] io::Error),
}
