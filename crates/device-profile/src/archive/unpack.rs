//! Unpacking an entry.

use std::io::{self, Read, Seek};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zeroize::Zeroizing;
use zip::{CompressionMethod, ZipArchive};

use super::reader::from_zip;
use crate::{ArchiveError, EntryFault};

/// Unpacks an entry, which takes no more room than it announced and is packed in all of its bytes: other
/// readers may take what stands behind the end of what is packed for something else.
pub(super) fn unpack<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    index: usize,
) -> Result<Vec<u8>, ArchiveError> {
    let damaged = || ArchiveError::Entry {
        index,
        fault: EntryFault::Damaged,
    };
    let mut entry = zip.by_index_raw(index).map_err(from_zip)?;
    // What it announces was found to be within the limits.
    let announced = usize::try_from(entry.size()).map_err(|_| damaged())?;
    let checksum = entry.crc32();
    let unpacked = match entry.compression() {
        CompressionMethod::Stored => stored(&mut entry, announced),
        _ => inflated(&mut entry, announced),
    };
    match unpacked {
        Ok(unpacked) => {
            let mut crc = Crc::new();
            crc.update(&unpacked);
            (crc.sum() == checksum)
                .then_some(unpacked)
                .ok_or_else(damaged)
        }
        Err(error) => match error.kind() {
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Other
            | io::ErrorKind::UnexpectedEof => Err(damaged()),
            _ => Err(ArchiveError::Io(error)),
        },
    }
}

fn stored(packed: &mut impl Read, announced: usize) -> io::Result<Vec<u8>> {
    let mut unpacked = vec![0; announced];
    packed.read_exact(&mut unpacked)?;
    match packed.read(&mut [0])? {
        0 => Ok(unpacked),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn inflated(packed: &mut impl Read, announced: usize) -> io::Result<Vec<u8>> {
    let damaged = || io::Error::from(io::ErrorKind::InvalidData);
    let mut inflate = Decompress::new(false);
    // With room for one byte too many, which then is seen.
    let mut unpacked = vec![0; announced + 1];
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    let (mut filled, mut is_ended) = (0, false);
    loop {
        let read = packed.read(&mut block[..])?;
        let mut rest = block.get(..read).unwrap_or_default();
        if rest.is_empty() {
            if !is_ended || filled != announced {
                return Err(damaged());
            }
            unpacked.truncate(announced);
            return Ok(unpacked);
        }
        while !rest.is_empty() {
            let room = unpacked.get_mut(filled..).unwrap_or_default();
            if is_ended || room.is_empty() {
                return Err(damaged());
            }
            let before = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(rest, room, FlushDecompress::None);
            is_ended = status.map_err(|_| damaged())? == Status::StreamEnd;
            let small = |more: u64| usize::try_from(more).map_err(|_| damaged());
            let taken = small(inflate.total_in() - before.0)?;
            filled += small(inflate.total_out() - before.1)?;
            if taken == 0 && !is_ended {
                return Err(damaged());
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
}

const BLOCK_BYTES: usize = 8_192;
