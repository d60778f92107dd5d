//! The manifest of an archive: what is in it, by the names the field gives it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Archive, ArchiveKind};
use crate::{ArchiveError, DeviceFamily, DeviceType, Limits, TagSet};

/// An unknown member is an error everywhere: a misspelt switch must not read as one that is off.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Manifest<'a> {
    format: Cow<'a, str>,
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_family: Option<Cow<'a, DeviceFamily>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_type: Option<Cow<'a, DeviceType>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag_set: Option<Cow<'a, TagSet>>,
}

/// Only what tells one manifest from another, so that a newer one is known for what it is.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// What is in an archive, from its manifest; the contents of the files are empty.
pub(super) fn read(json: &[u8], limits: &Limits) -> Result<Archive, ArchiveError> {
    check(json, limits)?;
    let malformed = |error: serde_json::Error| ArchiveError::Manifest {
        line: error.line(),
        column: error.column(),
    };
    let head: Head = serde_json::from_slice(json).map_err(malformed)?;
    let kind = KINDS.into_iter().find(|kind| kind.format() == head.format);
    let kind = kind.filter(|_| head.version == VERSION);
    let kind = kind.ok_or(ArchiveError::Format)?;
    let manifest: Manifest<'_> = serde_json::from_slice(json).map_err(malformed)?;
    let Manifest {
        device_family,
        device_type,
        tag_set,
        ..
    } = manifest;
    match (kind, device_family, device_type, tag_set) {
        (ArchiveKind::DeviceFamily, Some(family), None, None) => {
            Ok(Archive::DeviceFamily(family.into_owned()))
        }
        (ArchiveKind::DeviceType, None, Some(device_type), None) => {
            Ok(Archive::new(device_type.into_owned()))
        }
        (ArchiveKind::TagSet, None, None, Some(tag_set)) => {
            Ok(Archive::TagSet(tag_set.into_owned()))
        }
        // Nothing, or more than the format says; in no place more than in another.
        _ => Err(ArchiveError::Manifest { line: 0, column: 0 }),
    }
}

/// Refuses texts that are too long and too many values, before any of them takes memory of its own.
///
/// What is not JSON is left to the reader: a text ends here where it ends there.
fn check(json: &[u8], limits: &Limits) -> Result<(), ArchiveError> {
    let mut values = 0;
    // Where a text that is open begins, and how many characters of it have been seen.
    let mut text: Option<(usize, usize)> = None;
    let mut bytes = json.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let Some((begin, length)) = &mut text else {
            match byte {
                b'"' => text = Some((at, 0)),
                b',' | b'[' | b'{' => values += 1,
                _ => {}
            }
            if values > limits.manifest_values {
                return Err(ArchiveError::ManifestValues);
            }
            continue;
        };
        match byte {
            b'"' => {
                text = None;
                continue;
            }
            // Of the four digits behind `u` none counts.
            b'\\' => {
                let digits = match bytes.next() {
                    Some((_, b'u')) => 4,
                    _ => 0,
                };
                let _ = bytes.by_ref().take(digits).last();
            }
            // The first byte of a character counts for all.
            0x80..=0xbf => continue,
            _ => {}
        }
        *length += 1;
        if *length > limits.text_characters {
            return Err(ArchiveError::ManifestText { at: *begin });
        }
    }
    Ok(())
}

/// The manifest of an archive. There may be passwords in it.
pub(super) fn write(archive: &Archive) -> Result<Zeroizing<Vec<u8>>, ArchiveError> {
    let mut manifest = Manifest {
        format: archive.kind().format().into(),
        version: VERSION,
        device_family: None,
        device_type: None,
        tag_set: None,
    };
    match archive {
        Archive::DeviceFamily(family) => manifest.device_family = Some(Cow::Borrowed(family)),
        Archive::DeviceType(each) => manifest.device_type = Some(Cow::Borrowed(each)),
        Archive::TagSet(tag_set) => manifest.tag_set = Some(Cow::Borrowed(tag_set)),
    }
    serde_json::to_vec_pretty(&manifest)
        .map(Zeroizing::new)
        .map_err(|error| ArchiveError::Io(error.into()))
}

pub(super) const NAME: &str = "manifest.json";
const KINDS: [ArchiveKind; 3] = [
    ArchiveKind::DeviceFamily,
    ArchiveKind::DeviceType,
    ArchiveKind::TagSet,
];
const VERSION: u32 = 1;
