//! Values in rows.

use std::error::Error as StdError;
use std::str::FromStr;

use offhook_activation_code::{SealedCode, Timestamp};
use offhook_device_name::MacAddress;
use rusqlite::Row;
use rusqlite::types::Type;
use uuid::Uuid;

/// The value that the text in column `at` spells.
pub(crate) fn text<T>(row: &Row<'_>, at: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: StdError + Send + Sync + 'static>,
{
    parse(row.get_ref(at)?.as_str()?, at)
}

/// The value that the text in column `at` spells, or nothing.
pub(crate) fn optional_text<T>(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr<Err: StdError + Send + Sync + 'static>,
{
    let text = row.get_ref(at)?.as_str_or_null()?;
    text.map(|text| parse(text, at)).transpose()
}

/// The UUID in column `at`.
pub(crate) fn uuid(row: &Row<'_>, at: usize) -> rusqlite::Result<Uuid> {
    row.get(at).map(Uuid::from_bytes)
}

/// The MAC address in column `at`, or nothing.
pub(crate) fn optional_mac(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<MacAddress>> {
    let octets: Option<[u8; 6]> = row.get(at)?;
    Ok(octets.map(MacAddress::new))
}

/// The number in column `at`, which is not negative.
pub(crate) fn count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(at)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, value))
}

/// The moment in column `at`.
pub(crate) fn timestamp(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    count(row, at).map(Timestamp::from_millis)
}

/// The sealed code in column `at`, or nothing.
pub(crate) fn sealed(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<SealedCode>> {
    let bytes = row.get_ref(at)?.as_blob_or_null()?;
    bytes
        .map(SealedCode::from_slice)
        .transpose()
        .map_err(|err| rusqlite::Error::FromSqlConversionFailure(at, Type::Blob, Box::new(err)))
}

/// What the word in column `at` stands for.
pub(crate) fn word<T>(
    row: &Row<'_>,
    at: usize,
    meaning: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    meaning(row.get_ref(at)?.as_str()?).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(at, Type::Text, "unknown word".into())
    })
}

/// A moment as stored.
pub(crate) fn millis(timestamp: impl Into<Timestamp>) -> i64 {
    i64::try_from(timestamp.into().as_millis()).unwrap_or(i64::MAX)
}

fn parse<T>(text: &str, at: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: StdError + Send + Sync + 'static>,
{
    text.parse().map_err(|err| {
        rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::<T::Err>::new(err))
    })
}
