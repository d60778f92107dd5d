//! Values in rows.

use std::str::FromStr;

use offhook_activation_code::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::PostgresError;

/// The value in column `at`.
pub(crate) fn value<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, PostgresError> {
    row.try_get(at).map_err(|_| foreign(at))
}

/// The value that the text in column `at` spells.
pub(crate) fn text<T: FromStr>(row: &Row, at: usize) -> Result<T, PostgresError> {
    value::<&str>(row, at)?.parse().map_err(|_| foreign(at))
}

/// The value that the text in column `at` spells, or nothing.
pub(crate) fn optional_text<T: FromStr>(row: &Row, at: usize) -> Result<Option<T>, PostgresError> {
    let text: Option<&str> = value(row, at)?;
    text.map(|text| text.parse().map_err(|_| foreign(at)))
        .transpose()
}

/// The number in column `at`, which is not negative.
pub(crate) fn count(row: &Row, at: usize) -> Result<u64, PostgresError> {
    u64::try_from(value::<i64>(row, at)?).map_err(|_| foreign(at))
}

/// The moment in column `at`.
pub(crate) fn timestamp(row: &Row, at: usize) -> Result<Timestamp, PostgresError> {
    count(row, at).map(Timestamp::from_millis)
}

/// What the word in column `at` stands for.
pub(crate) fn word<T>(
    row: &Row,
    at: usize,
    meaning: impl FnOnce(&str) -> Option<T>,
) -> Result<T, PostgresError> {
    meaning(value(row, at)?).ok_or_else(|| foreign(at))
}

/// A moment as stored.
pub(crate) fn millis(timestamp: impl Into<Timestamp>) -> i64 {
    integer(timestamp.into().as_millis())
}

/// A number as stored.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn foreign(column: usize) -> PostgresError {
    PostgresError::Row { column }
}

/// The `now` of a statement, whose first parameter is the caller's where that decides.
///
/// The database's clock is read when the statement arrives, so that one that waits for a lock is
/// judged by when it was asked.
macro_rules! now {
    () => {
        "coalesce($1::int8, floor(extract(epoch FROM statement_timestamp()) * 1000)::int8)"
    };
}
pub(crate) use now;
