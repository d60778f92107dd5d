//! What the headers of a zip's entries say, held against what other readers would make of it.

use std::io::{Read, Seek, SeekFrom};

use super::directory::bytes_at;
use crate::ArchiveError;

/// Refuses bytes before the first entry.
///
/// The directory begins at `start` and is `size` bytes long, both of which have been checked.
pub(super) fn check(
    reader: &mut (impl Read + Seek),
    start: u64,
    size: u64,
) -> Result<(), ArchiveError> {
    let length = usize::try_from(size).map_err(|_| ArchiveError::Directory)?;
    let mut directory = vec![0; length];
    reader
        .seek(SeekFrom::Start(start))
        .map_err(ArchiveError::Io)?;
    reader
        .read_exact(&mut directory)
        .map_err(ArchiveError::Io)?;
    let mut rest = directory.as_slice();
    let mut first = None;
    while let Some(header) = rest.strip_prefix(b"PK\x01\x02") {
        let [name, extra, comment] =
            [24, 26, 28].map(|at| usize::from(u16::from_le_bytes(bytes_at(header, at))));
        let offset = u32::from_le_bytes(bytes_at(header, 38));
        first = Some(first.map_or(offset, |first: u32| first.min(offset)));
        let length = HEADER_BYTES + name + extra + comment;
        rest = rest.get(length..).unwrap_or_default();
    }
    if first.is_some_and(|first| first > 0) {
        return Err(ArchiveError::Directory);
    }
    Ok(())
}

/// A header in the directory, without its name and what comes behind that.
const HEADER_BYTES: usize = 46;
