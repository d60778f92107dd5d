//! What is wrong with a table.

use std::fmt;

use thiserror::Error;

/// Everything that is wrong with a table of phones, by line. Nothing of it was taken over.
///
/// `Display` gives a line for each problem, ready for whoever wrote the table. No text of the table
/// is repeated but the names of columns that are not known.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub struct CsvReport {
    problems: Vec<CsvProblem>,
    more: u64,
}

impl CsvReport {
    pub(crate) const fn new() -> Self {
        Self {
            problems: Vec::new(),
            more: 0,
        }
    }

    /// Notes a problem, or counts it where there are `max` already.
    pub(crate) fn note(&mut self, problem: CsvProblem, max: usize) {
        if self.problems.len() < max {
            self.problems.push(problem);
        } else {
            self.more += 1;
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.more == 0
    }

    /// The problems, by line: as many as [`CsvLimits::problems`](crate::CsvLimits::problems)
    /// allows.
    #[must_use]
    pub fn problems(&self) -> &[CsvProblem] {
        &self.problems
    }

    /// How many more there are.
    #[must_use]
    pub const fn more(&self) -> u64 {
        self.more
    }
}

impl fmt::Display for CsvReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more problems"),
        }
    }
}

/// One thing that is wrong with a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CsvProblem {
    line: u64,
    column: Option<CsvColumn>,
    kind: CsvProblemKind,
}

impl CsvProblem {
    pub(crate) const fn new(line: u64, column: Option<CsvColumn>, kind: CsvProblemKind) -> Self {
        Self { line, column, kind }
    }

    /// The line, from 1, in which the row begins.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The column, if the problem is of one.
    #[must_use]
    pub const fn column(&self) -> Option<CsvColumn> {
        self.column
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &CsvProblemKind {
        &self.kind
    }
}

impl fmt::Display for CsvProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(column) = self.column {
            write!(f, "{column}: ")?;
        }
        self.kind.fmt(f)
    }
}

/// A column of a table of phones.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum CsvColumn {
    /// `DESCRIPTION`: free text.
    Description,
    /// `DEVICE NAME`: the device profile.
    DeviceName,
    /// `LOCATION`: free text.
    Location,
    /// `MAC ADDRESS`: the only address that the code is good for.
    MacAddress,
    /// `MODEL`: the models that the code is good for, with `;` between.
    Model,
    /// `USER ID`: the account.
    UserId,
}

impl CsvColumn {
    /// Every column.
    pub const ALL: [Self; 6] = [
        Self::Description,
        Self::DeviceName,
        Self::Location,
        Self::MacAddress,
        Self::Model,
        Self::UserId,
    ];

    /// The name at the head of the column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Description => "DESCRIPTION",
            Self::DeviceName => "DEVICE NAME",
            Self::Location => "LOCATION",
            Self::MacAddress => "MAC ADDRESS",
            Self::Model => "MODEL",
            Self::UserId => "USER ID",
        }
    }
}

impl fmt::Display for CsvColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CsvProblemKind {
    /// Not what belongs into the column.
    #[error("not valid")]
    BadValue,
    /// The file has more bytes than [`CsvLimits::bytes`](crate::CsvLimits::bytes).
    #[error("more than {max} bytes")]
    Bytes {
        /// The most bytes.
        max: usize,
    },
    /// The same value stands in an earlier line.
    #[error("the same as in line {first}")]
    Duplicate {
        /// The line of the first.
        first: u64,
    },
    /// The column is there twice.
    #[error("the column is there twice")]
    DuplicateColumn,
    /// More fields than the first line has names, or fewer.
    #[error("{found} fields instead of {expected}")]
    Fields {
        /// How many fields the line has.
        found: usize,
        /// How many names the first line has.
        expected: usize,
    },
    /// Neither a MAC address nor a model, so that the code would be good for nothing.
    #[error("neither MAC ADDRESS nor MODEL")]
    NoBinding,
    /// The file has no line of names.
    #[error("no line of column names")]
    NoHeader,
    /// The bytes are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A column that every table has is missing, or empty in this line.
    #[error("missing")]
    Missing,
    /// More lines than [`CsvLimits::rows`](crate::CsvLimits::rows).
    #[error("more than {max} rows")]
    Rows {
        /// The most rows.
        max: usize,
    },
    /// A field is longer than [`CsvLimits::field_bytes`](crate::CsvLimits::field_bytes); perhaps a
    /// quotation mark is not closed.
    #[error("a field of more than {max} bytes; a quotation mark that is not closed?")]
    TooLong {
        /// The most bytes.
        max: usize,
    },
    /// The column has a name that is not known.
    #[error("unknown column {name:?}")]
    UnknownColumn {
        /// The first 40 characters of it.
        name: String,
    },
}
