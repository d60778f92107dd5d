//! Codes as tables, and tables of phones.

mod export;
mod field;
mod import;
mod limits;
mod report;

pub use export::{CsvDialect, CsvWriter};
pub use import::{Phone, read_phones};
pub use limits::{CsvLimits, OtherColumns};
pub use report::{CsvColumn, CsvProblem, CsvProblemKind, CsvReport};
