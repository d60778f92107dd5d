//! Documents compressed on their way.

use std::io::{Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use zeroize::Zeroizing;

use crate::{Limits, PayloadError};

/// Whether bytes begin as gzip does.
///
/// # Source
///
/// [RFC 1952 section 2.3.1](https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1).
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

/// Unpacks gzip; what comes of it is no longer than [`Limits::document_bytes`], and, once it is
/// over 64 KiB, than [`Limits::ratio`] times what came.
///
/// # Errors
///
/// [`PayloadError::Gzip`] for what is no gzip, is damaged or has something behind it,
/// [`PayloadError::TooLarge`] and [`PayloadError::Ratio`] for what unpacks to too much.
pub fn decompress(bytes: &[u8], limits: &Limits) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    if !is_gzip(bytes) {
        return Err(PayloadError::Gzip);
    }
    let packed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut unpacked = Zeroizing::new(Vec::new());
    let mut block = Zeroizing::new([0; BLOCK_BYTES]);
    loop {
        let read = decoder.read(&mut block[..]);
        let read = read.map_err(|_| PayloadError::Gzip)?;
        let Some(more) = block.get(..read).filter(|more| !more.is_empty()) else {
            return Ok(unpacked);
        };
        let length = unpacked.len() + read;
        if length > limits.document_bytes {
            return Err(PayloadError::TooLarge);
        }
        let is_bomb = u64::try_from(length).is_ok_and(|length| {
            length > FREE_BYTES && length > packed.saturating_mul(limits.ratio)
        });
        if is_bomb {
            return Err(PayloadError::Ratio);
        }
        push(&mut unpacked, more);
    }
}

/// Packs bytes as gzip, without a name and a time, so that the same bytes give the same.
///
/// # Errors
///
/// [`PayloadError::Gzip`] when the compressor fails, which it does not do in memory.
pub fn compress(bytes: &[u8]) -> Result<Vec<u8>, PayloadError> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    encoder.write_all(bytes).map_err(|_| PayloadError::Gzip)?;
    encoder.finish().map_err(|_| PayloadError::Gzip)
}

/// A vector that grew by itself would leave its old bytes to the allocator as they are.
fn push(bytes: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    let needed = bytes.len() + more.len();
    if needed > bytes.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * bytes.capacity())));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(more);
}

const BLOCK_BYTES: usize = 8_192;
/// As for archives: short ones may unpack to any multiple.
const FREE_BYTES: u64 = 65_536;
