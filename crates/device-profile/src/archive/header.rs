//! What the headers of a zip's entries say, held against what other readers would make of it.

use std::io::{Read, Seek, SeekFrom};

use super::directory::{Directory, bytes_at};
use crate::{ArchiveError, EntryFault};

/// Refuses bytes before the first entry, entries on other volumes, and entries that some readers would unpack
/// otherwise or under another name; and a directory of anything but as many entries as its end counts, for some
/// readers go by the count and others by the length, and some look for another end where the directory is none.
///
/// The place and the length of the directory have been checked.
pub(super) fn check(
    reader: &mut (impl Read + Seek),
    directory: &Directory,
) -> Result<(), ArchiveError> {
    let length = usize::try_from(directory.size).map_err(|_| ArchiveError::Directory)?;
    let bytes = read(reader, directory.start, length)?;
    let mut rest = bytes.as_slice();
    let mut first = None;
    for index in 0..directory.entries {
        let header = rest.strip_prefix(b"PK\x01\x02");
        let header = header.ok_or(ArchiveError::Directory)?;
        let [flags, name, extra, comment, disk] =
            [4, 24, 26, 28, 30].map(|at| u16::from_le_bytes(bytes_at(header, at)));
        let [name, extra, comment] = [name, extra, comment].map(usize::from);
        let offset = u32::from_le_bytes(bytes_at(header, 38));
        first = Some(first.map_or(offset, |first: u32| first.min(offset)));
        if disk != 0 {
            return Err(ArchiveError::Directory);
        }
        check_flags(flags).map_err(|fault| ArchiveError::Entry { index, fault })?;
        check_extra(rest, HEADER_BYTES, name, extra)?;
        check_local(reader, offset.into(), directory.start)?;
        let length = HEADER_BYTES + name + extra + comment;
        rest = rest.get(length..).ok_or(ArchiveError::Directory)?;
    }
    if !rest.is_empty() || first.is_some_and(|first| first > 0) {
        return Err(ArchiveError::Directory);
    }
    Ok(())
}

/// Looks at the header before the content of an entry, which ends before `end`; that it agrees with the directory
/// otherwise is for the reader of the zip to say.
fn check_local(reader: &mut (impl Read + Seek), offset: u64, end: u64) -> Result<(), ArchiveError> {
    let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
    if left < LOCAL_HEADER_BYTES {
        return Ok(());
    }
    let header = read(reader, offset, LOCAL_HEADER_BYTES)?;
    let [name, extra] = [26, 28].map(|at| usize::from(u16::from_le_bytes(bytes_at(&header, at))));
    if extra == 0 {
        return Ok(());
    }
    let length = LOCAL_HEADER_BYTES + name + extra;
    let header = read(reader, offset, length.min(left))?;
    check_extra(&header, LOCAL_HEADER_BYTES, name, extra)
}

fn check_flags(flags: u16) -> Result<(), EntryFault> {
    let has = |flag| flags & flag != 0;
    if has(STRONG_ENCRYPTION | MASKED_HEADER) {
        return Err(EntryFault::Encrypted);
    }
    if has(PATCH) {
        return Err(EntryFault::Compression);
    }
    Ok(())
}

/// Refuses a field that gives an entry another name, which some readers take and others do not.
///
/// # Source
///
/// APPNOTE 6.3.10, section 4.6.9, Info-ZIP Unicode Path.
fn check_extra(header: &[u8], fixed: usize, name: usize, extra: usize) -> Result<(), ArchiveError> {
    let end = fixed + name;
    let mut rest = header.get(end..end + extra).unwrap_or_default();
    let name = header.get(fixed..end).unwrap_or_default();
    while let Some((id, more)) = rest.split_first_chunk::<2>() {
        let Some((length, more)) = more.split_first_chunk::<2>() else {
            break;
        };
        let length = usize::from(u16::from_le_bytes(*length));
        let (field, more) = more.split_at_checked(length).unwrap_or((more, &[]));
        // A version and a checksum come before the name.
        if u16::from_le_bytes(*id) == UNICODE_PATH && field.get(5..) != Some(name) {
            return Err(ArchiveError::Inconsistent);
        }
        rest = more;
    }
    Ok(())
}

fn read(
    reader: &mut (impl Read + Seek),
    from: u64,
    length: usize,
) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = vec![0; length];
    reader
        .seek(SeekFrom::Start(from))
        .map_err(ArchiveError::Io)?;
    reader.read_exact(&mut bytes).map_err(ArchiveError::Io)?;
    Ok(bytes)
}

/// A header in the directory, without its name and what comes behind that.
const HEADER_BYTES: usize = 46;
/// A header before a content, likewise.
const LOCAL_HEADER_BYTES: usize = 30;
/// The content changes another one.
const PATCH: u16 = 1 << 5;
const STRONG_ENCRYPTION: u16 = 1 << 6;
const MASKED_HEADER: u16 = 1 << 13;
const UNICODE_PATH: u16 = 0x7075;
