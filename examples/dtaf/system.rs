//! A system as a folder of archives.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use offhook_device_profile::{Archive, ArchiveKind, ArchiveReader, Inventory, Limits};
use tempfile::NamedTempFile;

use crate::lock::{Access, Lock};

/// A folder with one archive for each device type, tag set and device family, which nobody else changes.
pub(crate) struct Folder<'p> {
    path: &'p Path,
    /// The file of each archive that was read.
    files: HashMap<Subject, PathBuf>,
    lock: Option<Lock>,
}

/// What an archive is of: its kind, and its name if it has one.
type Subject = (ArchiveKind, Option<String>);

/// Whether what is there may be replaced.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Existing {
    Refused,
    Replaced,
}

impl<'p> Folder<'p> {
    /// Waits for whoever changes it, and reads what is in it: nothing where there is no folder yet.
    pub(crate) fn open(path: &'p Path, access: Access) -> anyhow::Result<(Self, Inventory)> {
        let shown = || path.display().to_string();
        let lock = Lock::of(path, access).with_context(shown)?;
        let mut folder = Self {
            path,
            files: HashMap::new(),
            lock,
        };
        // Where nobody is kept out, it may be of an import that goes on.
        if access == Access::Write && folder.lock.as_ref().is_some_and(Lock::is_held) {
            folder.sweep();
        }
        let system = folder.read()?;
        Ok((folder, system))
    }

    fn read(&mut self) -> anyhow::Result<Inventory> {
        let mut system = Inventory::new();
        // Types and sets count as their own archives have them, which come after the families'.
        for kind in KINDS {
            for path in self.archives(kind)? {
                let shown = path.display();
                let file = File::open(&path).with_context(|| shown.to_string())?;
                let archive = Archive::open(BufReader::new(file), &Limits::default());
                let archive = archive.with_context(|| shown.to_string())?;
                let subject = (archive.kind(), name_of(&archive));
                if self.files.insert(subject, path.clone()).is_some() {
                    bail!("{shown}: what it is of is in another file too");
                }
                match archive {
                    Archive::DeviceFamily(family) => system.insert_device_family(family),
                    Archive::DeviceType(device_type) => system.insert_device_type(*device_type),
                    Archive::TagSet(tag_set) => system.insert_tag_set(tag_set),
                    other => bail!("{shown}: a system has no {}", other.kind()),
                }
            }
        }
        Ok(system)
    }

    /// Writes what has changed: all of it beside its places first, so that what fails then has
    /// changed nothing.
    pub(crate) fn write(&self, before: &Inventory, after: &Inventory) -> anyhow::Result<()> {
        let mut staged = self.stage(before, after)?.into_iter();
        staged.try_for_each(|staged| staged.put(Existing::Replaced))
    }

    /// Takes away what an import that was ended has left beside its places; what cannot be taken away
    /// hinders nobody.
    fn sweep(&self) {
        let entries = fs::read_dir(self.path).into_iter().flatten();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is_staged = name.as_encoded_bytes().starts_with(STAGED.as_bytes());
            if is_staged && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// What has changed, beside its places.
    fn stage(&self, before: &Inventory, after: &Inventory) -> anyhow::Result<Vec<Staged>> {
        let mut staged = Vec::new();
        let mut stage = |archive: Option<Archive>, name: &str| -> anyhow::Result<()> {
            let Some(archive) = archive else {
                return Ok(());
            };
            staged.push(Staged::write(
                &archive,
                &self.place(&archive, name),
                STAGED,
            )?);
            Ok(())
        };
        for device_type in after.device_types() {
            let name = &device_type.name;
            if before.device_type(name) != Some(device_type) {
                stage(after.export_device_type(name), name)?;
            }
        }
        for tag_set in after.tag_sets() {
            let name = tag_set.name.as_deref();
            if before.tag_set(name) != Some(tag_set) {
                stage(after.export_tag_set(name), name.unwrap_or_default())?;
            }
        }
        for name in after.device_families() {
            let family = after.export_device_family(name);
            if before.export_device_family(name) != family {
                stage(family, name)?;
            }
        }
        Ok(staged)
    }

    /// Where an archive goes: to the file that it was read from, whatever that is called.
    fn place(&self, archive: &Archive, name: &str) -> PathBuf {
        let subject = (archive.kind(), name_of(archive));
        if let Some(known) = self.files.get(&subject) {
            return known.clone();
        }
        let place = |file: &str| {
            let extension = extension(archive.kind());
            self.path.join(format!("{file}.{extension}"))
        };
        let own = place(&file_name(name));
        if own.exists() {
            // Somebody has given the file of another archive this name.
            return place(&digest_name(name));
        }
        own
    }

    fn archives(&self, kind: ArchiveKind) -> anyhow::Result<Vec<PathBuf>> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        let shown = || self.path.display().to_string();
        let entries = fs::read_dir(self.path).with_context(shown)?;
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let wanted = extension(kind);
            if path
                .extension()
                .is_some_and(|extension| *extension == *wanted)
            {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Writes an archive beside its place and moves it there.
pub(crate) fn write(archive: &Archive, to: &Path, existing: Existing) -> anyhow::Result<()> {
    Staged::write(archive, to, ".tmp")?.put(existing)
}

/// An archive beside its place.
struct Staged {
    file: NamedTempFile,
    to: PathBuf,
}

impl Staged {
    fn write(archive: &Archive, to: &Path, prefix: &str) -> anyhow::Result<Self> {
        let shown = || to.display().to_string();
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let file = NamedTempFile::with_prefix_in(prefix, folder).with_context(shown)?;
        let mut writer = BufWriter::new(file);
        archive.write(&mut writer).with_context(shown)?;
        writer.flush().with_context(shown)?;
        let file = writer.into_inner().map_err(|error| error.into_error());
        let file = file.with_context(shown)?;
        file.as_file().sync_all().with_context(shown)?;
        // What is imported may be packed otherwise than we pack it, and more than we read.
        let again = file.reopen().with_context(shown)?;
        ArchiveReader::open(again, &Limits::default())
            .with_context(|| format!("{} could not be read again", to.display()))?;
        let to = to.to_owned();
        Ok(Self { file, to })
    }

    fn put(self, existing: Existing) -> anyhow::Result<()> {
        let moved = match existing {
            Existing::Refused => self.file.persist_noclobber(&self.to),
            Existing::Replaced => self.file.persist(&self.to),
        };
        let shown = || self.to.display().to_string();
        moved.map_err(|error| error.error).with_context(shown)?;
        Ok(())
    }
}

/// The name of what an archive is of; the system's default tag set has none.
fn name_of(archive: &Archive) -> Option<String> {
    match archive {
        Archive::DeviceFamily(family) => Some(family.name.clone()),
        Archive::TagSet(tag_set) => tag_set.name.clone(),
        other => other.device_types().first().map(|each| each.name.clone()),
    }
}

/// A name as a file's: letters, digits, `-`, `_`, `.` and blanks as they are, the rest by numbers.
fn file_name(name: &str) -> String {
    let mut file = String::new();
    for byte in name.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' ');
        // A point at the front would hide the file.
        if is_plain || (byte == b'.' && !file.is_empty()) {
            file.push(char::from(byte));
        } else {
            file.push_str(&format!("%{byte:02X}"));
        }
    }
    // The default set has no name, and no name is written as a single `%`.
    if file.is_empty() {
        file.push('%');
    }
    // File systems take 255 bytes.
    if file.len() > MAX_FILE_NAME {
        return with_digest(file, name);
    }
    file
}

/// The same for a name whose own file is one of something else.
fn digest_name(name: &str) -> String {
    with_digest(file_name(name), name)
}

/// What begins as a file's name does, and ends with a digest of the name in the place of its end.
fn with_digest(mut file: String, name: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    file.truncate(MAX_FILE_NAME - 34);
    file.push_str("%-");
    for byte in digest.as_ref().iter().take(16) {
        file.push_str(&format!("{byte:02x}"));
    }
    file
}

fn extension(kind: ArchiveKind) -> String {
    kind.abbreviation().to_ascii_lowercase()
}

const KINDS: [ArchiveKind; 3] = [
    ArchiveKind::DeviceFamily,
    ArchiveKind::TagSet,
    ArchiveKind::DeviceType,
];

const MAX_FILE_NAME: usize = 200;
/// What the names begin with of files that are not yet in their places.
const STAGED: &str = ".dtaf-import-";
