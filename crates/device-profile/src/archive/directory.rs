//! The end of a zip archive, looked at before anything believes what it says.

use std::io::{Read, Seek, SeekFrom};

use super::header;
use crate::{ArchiveError, Limits};

/// The directory of a zip archive as the end of the archive tells it.
pub(super) struct Directory {
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) entries: usize,
}

/// Refuses an archive that is too long or has more entries than allowed, before the directory is
/// read into memory; and one whose end could be taken for two different things.
pub(super) fn check(
    reader: &mut (impl Read + Seek),
    limits: &Limits,
) -> Result<Directory, ArchiveError> {
    let length = reader.seek(SeekFrom::End(0)).map_err(ArchiveError::Io)?;
    if length > limits.archive_bytes {
        return Err(ArchiveError::TooLarge);
    }
    let Some(end_at) = length.checked_sub(END_BYTES as u64) else {
        return Err(ArchiveError::Zip);
    };
    let mut end = [0; END_BYTES];
    reader
        .seek(SeekFrom::Start(end_at))
        .map_err(ArchiveError::Io)?;
    reader.read_exact(&mut end).map_err(ArchiveError::Io)?;
    let Some(rest) = end.strip_prefix(b"PK\x05\x06") else {
        // A comment at the end may hide another end, so there is none in an archive of ours.
        return Err(ArchiveError::Zip);
    };
    let [this_disk, first_disk, entries_here, entries] =
        [0, 2, 4, 6].map(|at| u64::from(u16::from_le_bytes(bytes_at(rest, at))));
    let [size, start] = [8, 12].map(|at| u64::from(u32::from_le_bytes(bytes_at(rest, at))));
    let comment = u16::from_le_bytes(bytes_at(rest, 16));
    let is_whole = this_disk == 0 && first_disk == 0 && entries_here == entries && comment == 0;
    // No gap in which anything could hide, and nothing before what the places are counted from.
    if !is_whole || start.checked_add(size) != Some(end_at) {
        return Err(ArchiveError::Directory);
    }
    let directory = Directory {
        start,
        size,
        entries: usize::try_from(entries).unwrap_or(usize::MAX),
    };
    if directory.entries > limits.entries {
        return Err(ArchiveError::TooManyEntries {
            found: directory.entries,
        });
    }
    if size > entries.saturating_mul(MAX_ENTRY_BYTES) {
        return Err(ArchiveError::Directory);
    }
    // A locator of the 64-bit form would make the directory another one.
    if let Some(at) = end_at.checked_sub(LOCATOR_BYTES) {
        let mut signature = [0; 4];
        reader.seek(SeekFrom::Start(at)).map_err(ArchiveError::Io)?;
        reader
            .read_exact(&mut signature)
            .map_err(ArchiveError::Io)?;
        if &signature == b"PK\x06\x07" {
            return Err(ArchiveError::Directory);
        }
    }
    header::check(reader, &directory)?;
    reader.rewind().map_err(ArchiveError::Io)?;
    Ok(directory)
}

/// The bytes from a place on; zeros where there are none.
pub(super) fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let found = bytes
        .get(at..at + N)
        .and_then(|found| found.try_into().ok());
    found.unwrap_or([0; N])
}

const END_BYTES: usize = 22;
const LOCATOR_BYTES: u64 = 20;
/// The most that the directory may say of one entry, its name and extra fields included: what
/// other programs add is some dozens of bytes.
const MAX_ENTRY_BYTES: u64 = 1_024;
