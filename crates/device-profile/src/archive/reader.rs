//! Reading an archive one file at a time.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, Read, Seek};

use zeroize::Zeroizing;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::unpack::unpack;
use super::{Archive, content, directory, manifest};
use crate::{ArchiveError, EntryFault, FileContent, Limits};

/// Where an archive is read from: what is in it, and the contents of its files one at a time.
///
/// [`Import`](crate::Import) takes any, so that an archive of another container than ours needs
/// an implementation of this and nothing else.
pub trait ArchiveSource {
    /// What is in it. The contents of the files may be empty here.
    fn outline(&self) -> &Archive;

    /// The content of file number `file`, counted from 0 through all device types; nobody has
    /// looked into it yet.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`] when it could not be read; any other says what is wrong with it.
    fn unpack(&mut self, file: usize) -> Result<FileContent, ArchiveError>;
}

/// An archive of which the manifest has been read and the files are read as they are asked for.
///
/// It takes no more memory than the directory, what the manifest says and one entry.
///
/// # Examples
///
/// ```
/// use std::io::Cursor;
///
/// use offhook_device_profile::{
///     Archive, ArchiveReader, ArchiveSource, DeviceType, DeviceTypeFile, Limits,
/// };
///
/// let file = DeviceTypeFile::new("%BWMACADDRESS%.xml", "<flat-profile/>");
/// let mut bytes = Cursor::new(Vec::new());
/// Archive::new(DeviceType::new("Phone").with_file(file)).write(&mut bytes)?;
/// let mut reader = ArchiveReader::open(bytes, &Limits::default())?;
/// assert_eq!(reader.outline().device_types()[0].name, "Phone");
/// assert_eq!(&*reader.content(0)?, b"<flat-profile/>");
/// # Ok::<(), offhook_device_profile::ArchiveError>(())
/// ```
pub struct ArchiveReader<R> {
    zip: ZipArchive<R>,
    outline: Archive,
    /// The entry of each file.
    entries: Vec<usize>,
    limits: Limits,
}

impl<R: Read + Seek> ArchiveReader<R> {
    /// Reads directory and manifest, and checks all that can be told of the entries without
    /// unpacking them.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`] when the reader fails; any other says what was wrong with the bytes.
    pub fn open(mut reader: R, limits: &Limits) -> Result<Self, ArchiveError> {
        let directory = directory::check(&mut reader, limits)?;
        let mut zip = ZipArchive::new(reader).map_err(from_zip)?;
        check_names(&zip)?;
        // Of two entries with the very same name the directory keeps one; this knows of both.
        match zip.validate_header_consistency() {
            Ok(()) => {}
            Err(ZipError::Io(error)) => return Err(from_zip(ZipError::Io(error))),
            Err(_) => return Err(ArchiveError::Inconsistent),
        }
        // The zip's reader finds the directory by itself, and may find another than was checked.
        let found = (zip.central_directory_start(), zip.offset(), zip.len());
        if found != (directory.start, 0, directory.entries) {
            return Err(ArchiveError::Directory);
        }
        check_entries(&zip, limits)?;
        let index = zip
            .index_for_name(manifest::NAME)
            .ok_or(ArchiveError::ManifestMissing)?;
        let json = Zeroizing::new(unpack(&mut zip, index)?);
        let outline = manifest::read(&json, limits)?;
        outline.check_counts(limits)?;
        let mut entries = Vec::new();
        for file in 0..outline.files().count() {
            let index = zip.index_for_name(&content_name(file));
            entries.push(index.ok_or(ArchiveError::ContentMissing { file })?);
        }
        // Every name is there once, so one too many means one that nobody named.
        if zip.len() != entries.len() + 1 {
            return Err(unexpected(&zip, entries.len()));
        }
        Ok(Self {
            zip,
            outline,
            entries,
            limits: *limits,
        })
    }

    /// The content of file number `file`, counted from 0 through all device types.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`] when it could not be read; any other says what is wrong with it.
    pub fn content(&mut self, file: usize) -> Result<FileContent, ArchiveError> {
        let content = self.unpack(file)?;
        match content::check(&content, &self.limits) {
            Ok(_) => Ok(content),
            Err(source) => Err(ArchiveError::Content { file, source }),
        }
    }

    /// Reads the whole archive.
    ///
    /// # Errors
    ///
    /// As [`content`](Self::content) of each file.
    pub fn read(mut self) -> Result<Archive, ArchiveError> {
        let mut archive = self.outline.clone();
        for (file, each) in archive.files_mut().enumerate() {
            each.content = self.content(file)?;
        }
        Ok(archive)
    }
}

impl<R: Read + Seek> ArchiveSource for ArchiveReader<R> {
    fn outline(&self) -> &Archive {
        &self.outline
    }

    fn unpack(&mut self, file: usize) -> Result<FileContent, ArchiveError> {
        let index = self.entries.get(file).copied();
        let index = index.ok_or(ArchiveError::ContentMissing { file })?;
        unpack(&mut self.zip, index).map(FileContent::from)
    }
}

impl ArchiveSource for Archive {
    fn outline(&self) -> &Archive {
        self
    }

    fn unpack(&mut self, file: usize) -> Result<FileContent, ArchiveError> {
        let found = self.files().nth(file);
        let found = found.ok_or(ArchiveError::ContentMissing { file })?;
        Ok(found.content.clone())
    }
}

impl<R> fmt::Debug for ArchiveReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveReader")
            .field("outline", &self.outline)
            .finish_non_exhaustive()
    }
}

/// Refuses entries for what the directory says of them.
fn check_entries<R: Read + Seek>(zip: &ZipArchive<R>, limits: &Limits) -> Result<(), ArchiveError> {
    let mut left = limits.total_bytes;
    for index in 0..zip.len() {
        let refused = |fault| Err(ArchiveError::Entry { index, fault });
        let entry = zip.by_index_data(index).map_err(from_zip)?;
        if entry.encrypted() {
            return refused(EntryFault::Encrypted);
        }
        let is_plain = entry.is_file() && !entry.is_symlink();
        let mode = entry.unix_mode().map_or(0, |mode| mode & MODE_TYPE);
        if !is_plain || !(mode == 0 || mode == MODE_FILE) {
            return refused(EntryFault::NotAFile);
        }
        let method = entry.compression();
        if !matches!(
            method,
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            return refused(EntryFault::Compression);
        }
        let announced = entry.size();
        if announced > limits.entry_bytes {
            return refused(EntryFault::TooLarge);
        }
        let by_ratio = entry.compressed_size().saturating_mul(limits.ratio);
        if announced > by_ratio.max(FREE_OF_RATIO) {
            return refused(EntryFault::Ratio);
        }
        left = left.checked_sub(announced).ok_or(ArchiveError::TooLarge)?;
    }
    Ok(())
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
        .chain([manifest::NAME.to_owned()])
        .collect();
    let is_known = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| known.contains(name));
    let index = zip.file_names_raw().position(|name| !is_known(name));
    ArchiveError::Entry {
        index: index.unwrap_or_default(),
        fault: EntryFault::Unexpected,
    }
}

pub(super) fn content_name(file: usize) -> String {
    format!("files/{file}")
}

pub(super) fn from_zip(error: ZipError) -> ArchiveError {
    match error {
        // An end that comes too early is the archive's fault and not the reader's.
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            ArchiveError::Io(error)
        }
        _ => ArchiveError::Zip,
    }
}

/// What an entry may unpack to whatever its packed length: a template of blanks is no bomb.
const FREE_OF_RATIO: u64 = 65_536;
const MODE_FILE: u32 = 0o100_000;
const MODE_TYPE: u32 = 0o170_000;
