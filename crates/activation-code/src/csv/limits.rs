//! How much of a table is read.

/// How much of a table is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CsvLimits {
    bytes: usize,
    rows: usize,
    field_bytes: usize,
    problems: usize,
    other_columns: OtherColumns,
}

/// What becomes of columns that are not known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum OtherColumns {
    /// They are passed over: for tables with lines, speed dials and the like.
    Ignore,
    /// They are problems, so that a name with a typing error is not passed over.
    #[default]
    Report,
}

impl CsvLimits {
    /// The limits with at most `bytes` in all; the default is 4 MiB.
    #[must_use]
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// The limits with at most `rows` under the names; the default is 10,000.
    #[must_use]
    pub fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// The limits with at most `bytes` in a field; the default is 1,024.
    #[must_use]
    pub fn with_field_bytes(self, bytes: usize) -> Self {
        Self {
            field_bytes: bytes,
            ..self
        }
    }

    /// The limits with at most `problems` in a report; the default is 100. More are counted.
    #[must_use]
    pub fn with_problems(self, problems: usize) -> Self {
        Self { problems, ..self }
    }

    /// The limits under which columns that are not known are treated as `other_columns` says.
    #[must_use]
    pub fn with_other_columns(self, other_columns: OtherColumns) -> Self {
        Self {
            other_columns,
            ..self
        }
    }

    /// What becomes of columns that are not known.
    #[must_use]
    pub const fn other_columns(&self) -> OtherColumns {
        self.other_columns
    }

    /// The most problems in a report.
    #[must_use]
    pub const fn problems(&self) -> usize {
        self.problems
    }

    /// The most bytes in all.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The most rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The most bytes in a field.
    #[must_use]
    pub const fn field_bytes(&self) -> usize {
        self.field_bytes
    }
}

impl Default for CsvLimits {
    fn default() -> Self {
        Self {
            bytes: 4 * 1_024 * 1_024,
            rows: 10_000,
            field_bytes: 1_024,
            problems: 100,
            other_columns: OtherColumns::Report,
        }
    }
}
