//! Codes as tables, and tables of phones.

mod date;
mod export;
mod field;
mod import;
mod report;

pub use export::{CsvDialect, CsvWriter};
pub use import::{CsvLimits, OtherColumns, Phone, read_phones};
pub use report::{CsvColumn, CsvProblem, CsvProblemKind, CsvReport};
