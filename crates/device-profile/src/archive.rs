//! Device type archives.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::manifest::{Head, Manifest};
use crate::{ArchiveError, DeviceType, DeviceTypeFile, EntryFault, Limits};

/// A device type with its files, as one zip archive.
///
/// What is inside the archives of others is public nowhere, so the format is ours: an entry
/// `manifest.json` whose `format` is `offhook-dtaf` and `version` 1, with the device type under
/// the provisioning interface's attribute names, and an entry `files/n` for the content of its
/// file number `n`, counted from 0. Nothing else may stand in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Archive {
    device_type: DeviceType,
}

impl Archive {
    /// An archive of this device type.
    #[must_use]
    pub fn new(device_type: DeviceType) -> Self {
        Self { device_type }
    }

    /// Adds a file to the device type.
    #[must_use]
    pub fn with_file(mut self, file: DeviceTypeFile) -> Self {
        self.device_type.files.push(file);
        self
    }

    /// Reads an archive whole.
    ///
    /// Nothing is believed of an entry but what unpacking it shows: lengths are counted while
    /// they are read. The device type may still break rules; ask
    /// [`DeviceType::violations`].
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`] when the reader fails; any other says what was wrong with the bytes.
    pub fn open(mut reader: impl Read + Seek, limits: &Limits) -> Result<Self, ArchiveError> {
        let length = reader.seek(SeekFrom::End(0)).map_err(ArchiveError::Io)?;
        if length > limits.archive_bytes {
            return Err(ArchiveError::TooLarge);
        }
        reader.rewind().map_err(ArchiveError::Io)?;
        let mut zip = ZipArchive::new(reader).map_err(from_zip)?;
        if zip.len() > limits.entries {
            return Err(ArchiveError::TooManyEntries { found: zip.len() });
        }
        check_names(&zip)?;
        // Of two entries with the very same name the directory keeps one; this knows of both.
        match zip.validate_header_consistency() {
            Ok(()) => {}
            Err(ZipError::Io(error)) => return Err(from_zip(ZipError::Io(error))),
            Err(_) => return Err(ArchiveError::Inconsistent),
        }
        let mut unpacker = Unpacker {
            left: limits.total_bytes,
            limits,
        };
        let index = zip
            .index_for_name(MANIFEST)
            .ok_or(ArchiveError::ManifestMissing)?;
        let manifest = read_manifest(&unpacker.unpack(&mut zip, index)?)?;
        let mut contents = Vec::new();
        for file in 0..manifest.files() {
            let index = zip
                .index_for_name(&content_name(file))
                .ok_or(ArchiveError::ContentMissing { file })?;
            contents.push(unpacker.unpack(&mut zip, index)?);
        }
        // Every name is there once, so one too many means one that nobody named.
        if zip.len() != manifest.files() + 1 {
            return Err(unexpected(&zip, manifest.files()));
        }
        Ok(Self::new(manifest.into_device_type(contents)))
    }

    /// Writes the archive; the same device type always gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`] when the writer fails.
    pub fn write(&self, writer: impl Write + Seek) -> Result<(), ArchiveError> {
        // The earliest time a zip can tell, for the clock has no place in an archive.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        let manifest = serde_json::to_vec_pretty(&Manifest::of(&self.device_type))
            .map_err(|error| ArchiveError::Io(error.into()))?;
        let mut zip = ZipWriter::new(writer);
        zip.start_file(MANIFEST, options).map_err(from_zip)?;
        zip.write_all(&manifest).map_err(ArchiveError::Io)?;
        for (index, file) in self.device_type.files.iter().enumerate() {
            zip.start_file(content_name(index), options)
                .map_err(from_zip)?;
            zip.write_all(&file.content).map_err(ArchiveError::Io)?;
        }
        zip.finish().map_err(from_zip)?;
        Ok(())
    }

    /// The device type.
    #[must_use]
    pub fn device_type(&self) -> &DeviceType {
        &self.device_type
    }

    /// Takes the device type out.
    #[must_use]
    pub fn into_device_type(self) -> DeviceType {
        self.device_type
    }
}

/// Unpacks entries and keeps count of what they came to.
struct Unpacker<'l> {
    left: u64,
    limits: &'l Limits,
}

impl Unpacker<'_> {
    fn unpack<R: Read + Seek>(
        &mut self,
        zip: &mut ZipArchive<R>,
        index: usize,
    ) -> Result<Vec<u8>, ArchiveError> {
        let refused = |fault| ArchiveError::Entry { index, fault };
        let entry = zip.by_index_data(index).map_err(from_zip)?;
        if entry.encrypted() {
            return Err(refused(EntryFault::Encrypted));
        }
        let is_plain = entry.is_file() && !entry.is_symlink();
        let mode = entry.unix_mode().map_or(0, |mode| mode & MODE_TYPE);
        if !is_plain || !(mode == 0 || mode == MODE_FILE) {
            return Err(refused(EntryFault::NotAFile));
        }
        let method = entry.compression();
        if !matches!(
            method,
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            return Err(refused(EntryFault::Compression));
        }
        let (announced, packed) = (entry.size(), entry.compressed_size());
        if announced > self.limits.entry_bytes {
            return Err(refused(EntryFault::TooLarge));
        }
        let most = self.limits.entry_bytes.min(self.left);
        let by_ratio = packed.saturating_mul(self.limits.ratio).max(FREE_OF_RATIO);
        let mut unpacked = Vec::new();
        zip.by_index(index)
            .map_err(from_zip)?
            .take(most.min(by_ratio).saturating_add(1))
            .read_to_end(&mut unpacked)
            .map_err(|_| refused(EntryFault::Damaged))?;
        let length = unpacked.len() as u64;
        if length > by_ratio {
            return Err(refused(EntryFault::Ratio));
        }
        if length > self.limits.entry_bytes {
            return Err(refused(EntryFault::TooLarge));
        }
        if length > self.left {
            return Err(ArchiveError::TooLarge);
        }
        if length != announced {
            return Err(refused(EntryFault::Damaged));
        }
        self.left -= length;
        Ok(unpacked)
    }
}

/// Refuses names that lead out of the archive or that some file system would take for one.
fn check_names<R: Read + Seek>(zip: &ZipArchive<R>) -> Result<(), ArchiveError> {
    let mut seen = HashSet::new();
    for (index, name) in zip.file_names_raw().enumerate() {
        let refused = |fault| Err(ArchiveError::Entry { index, fault });
        let leads_out = name.starts_with(b"/")
            || name.iter().any(|byte| matches!(byte, b'\\' | b':' | 0))
            || name.split(|byte| *byte == b'/').any(|part| part == b"..");
        if leads_out {
            return refused(EntryFault::Traversal);
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return refused(EntryFault::Duplicate);
        }
    }
    Ok(())
}

/// The first entry that the manifest does not name.
fn unexpected<R: Read + Seek>(zip: &ZipArchive<R>, files: usize) -> ArchiveError {
    let known: HashSet<String> = (0..files)
        .map(content_name)
        .chain([MANIFEST.to_owned()])
        .collect();
    let is_known = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| known.contains(name));
    let index = zip.file_names_raw().position(|name| !is_known(name));
    ArchiveError::Entry {
        index: index.unwrap_or_default(),
        fault: EntryFault::Unexpected,
    }
}

fn read_manifest(json: &[u8]) -> Result<Manifest, ArchiveError> {
    let malformed = |error: serde_json::Error| ArchiveError::Manifest {
        line: error.line(),
        column: error.column(),
    };
    let head: Head = serde_json::from_slice(json).map_err(malformed)?;
    if !head.is_ours() {
        return Err(ArchiveError::Format);
    }
    serde_json::from_slice(json).map_err(malformed)
}

fn content_name(file: usize) -> String {
    format!("files/{file}")
}

fn from_zip(error: ZipError) -> ArchiveError {
    match error {
        // An end that comes too early is the archive's fault and not the reader's.
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            ArchiveError::Io(error)
        }
        _ => ArchiveError::Zip,
    }
}

/// What an entry may unpack to whatever its packed length: a template of blanks is no bomb.
const FREE_OF_RATIO: u64 = 65_536;
const MANIFEST: &str = "manifest.json";
const MODE_FILE: u32 = 0o100_000;
const MODE_TYPE: u32 = 0o170_000;
