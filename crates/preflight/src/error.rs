//! Why a description could not be read.

use std::error::Error as StdError;
use std::fmt;

use thiserror::Error;

/// A description of a deployment could not be read; whoever wrote it has to mend it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not TOML, or not of the schema: an unknown key, a missing one, a value of the wrong kind.
    #[error("line {line}, column {column}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong.
        #[source]
        fault: SchemaFault,
    },
    /// Not UTF-8.
    #[error("line {line}: not UTF-8")]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
    },
    /// Longer than [`MAX_DESCRIPTION_BYTES`](crate::MAX_DESCRIPTION_BYTES).
    #[error(
        "description of {length} octets, more than {}",
        crate::MAX_DESCRIPTION_BYTES
    )]
    TooLong {
        /// The length in octets.
        length: usize,
    },
    /// A version of the schema that this release does not know.
    #[error(
        "line {line}: version {found} of the schema; this release reads {}",
        crate::SCHEMA_VERSION
    )]
    UnsupportedVersion {
        /// The line, from 1.
        line: usize,
        /// The version that stands there.
        found: i64,
    },
}

/// What is wrong with a description, without the value that is wrong: it may be a secret in the wrong
/// place.
pub struct SchemaFault(pub(crate) toml::de::Error);

impl SchemaFault {
    fn message(&self) -> String {
        let message = self.0.message();
        // What is wanted stands last, whatever the value has in it.
        let without = |kind: &str, mark: &str| {
            let value = message.strip_prefix(kind)?;
            let (_, wanted) = value.rsplit_once(mark)?;
            Some(format!(
                "{}, expected {wanted}",
                kind.trim_end_matches([':', ' ', '`'])
            ))
        };
        let message = without("invalid type: ", ", expected ")
            .or_else(|| without("invalid value: ", ", expected "))
            .or_else(|| without("invalid length ", ", expected "))
            .or_else(|| without("unknown variant `", "`, expected "))
            .unwrap_or_else(|| message.to_owned());
        let lines: Vec<&str> = message.lines().collect();
        let mut shown = String::new();
        for char in lines.join("; ").chars() {
            if char.is_control() {
                shown.extend(char.escape_default());
            } else {
                shown.push(char);
            }
        }
        shown
    }
}

impl fmt::Debug for SchemaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SchemaFault").field(&self.message()).finish()
    }
}

impl fmt::Display for SchemaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl StdError for SchemaFault {}

/// A text is no date: no day of the calendar from 1970 on.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a date from 1970 on")]
#[non_exhaustive]
pub struct ParseDateError;

/// A text names no ports: not `tcp/` or `udp/` and a port from 1 to 65535, or two with `-`
/// between them, the lesser first.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not ports such as tcp/8443 or udp/36002-59999")]
#[non_exhaustive]
pub struct ParsePortsError;

/// A text is no release: no number in it, or too many.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a release such as 11.3.7, X14.0 or 12.5(1)SU1")]
#[non_exhaustive]
pub struct ParseVersionError;
