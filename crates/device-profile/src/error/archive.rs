//! What can go wrong with an archive.

use std::io;

use thiserror::Error;

use crate::difference::told;
use crate::{ArchiveKind, DocumentError, ImportReport};

/// An archive cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A file is XML that could make whoever reads it work without end: it has a document type,
    /// which could define entities, or more depth or elements than allowed.
    #[error("content of file {file} refused")]
    Content {
        /// Which file, from 0.
        file: usize,
        /// What is wrong with it, and where.
        #[source]
        source: DocumentError,
    },
    /// The manifest names a file that is not there.
    #[error("content of file {file} is missing")]
    ContentMissing {
        /// Which file, from 0.
        file: usize,
    },
    /// The end of the archive or its directory is not as we write it: a comment, bytes before the
    /// first or behind the last, another number of entries than the end tells, several volumes, or
    /// sizes of more than 32 bits.
    #[error("directory is not as it should be")]
    Directory,
    /// An entry is one that no archive of ours has.
    #[error("entry {index} refused: {fault}")]
    Entry {
        /// Which entry of the directory, from 0.
        index: usize,
        /// What is wrong with it.
        fault: EntryFault,
    },
    /// The manifest says that the archive is of another format or version.
    #[error("another format or version")]
    Format,
    /// Names that are the same, or entries that share bytes, or headers that disagree.
    #[error("inconsistent archive")]
    Inconsistent,
    /// Reading or writing failed; trying again may help.
    #[error("archive could not be read or written")]
    Io(#[source] io::Error),
    /// An archive of one kind, where another was wanted.
    #[error("an archive of a {found}, not of a {wanted}")]
    Kind {
        /// What was wanted.
        wanted: ArchiveKind,
        /// What it is.
        found: ArchiveKind,
    },
    /// `manifest.json` is not the JSON it should be.
    #[error("malformed manifest at line {line}, column {column}")]
    Manifest {
        /// The line, from 1; 0 when it is known no closer.
        line: usize,
        /// The column, from 1; 0 when it is known no closer.
        column: usize,
    },
    /// `manifest.json` has a longer text than allowed.
    #[error("text too long at byte {at} of the manifest")]
    ManifestText {
        /// Where it begins, in bytes from 0.
        at: usize,
    },
    /// `manifest.json` has more members and elements, all together, than allowed.
    #[error("manifest with too many values")]
    ManifestValues,
    /// There is no `manifest.json`.
    #[error("no manifest")]
    ManifestMissing,
    /// More bytes than allowed, packed or unpacked.
    #[error("archive too large")]
    TooLarge,
    /// More countries in a tag set than allowed, those of all its regions together.
    #[error("tag set {tag_set} of {found} countries")]
    TooManyCountries {
        /// Which tag set, from 0.
        tag_set: usize,
        /// How many countries there were.
        found: usize,
    },
    /// More device types in a device family than allowed.
    #[error("device family of {found} device types")]
    TooManyDeviceTypes {
        /// How many device types there were.
        found: usize,
    },
    /// More entries than allowed.
    #[error("archive of {found} entries")]
    TooManyEntries {
        /// How many entries there were.
        found: usize,
    },
    /// More regions in a tag set than allowed.
    #[error("tag set {tag_set} of {found} regions")]
    TooManyRegions {
        /// Which tag set, from 0.
        tag_set: usize,
        /// How many regions there were.
        found: usize,
    },
    /// More tag sets in a device family than allowed.
    #[error("device family of {found} tag sets")]
    TooManyTagSets {
        /// How many tag sets there were.
        found: usize,
    },
    /// More tags in a set than allowed, those of its regions counted.
    #[error("tag set {tag_set} of {found} tags")]
    TooManyTags {
        /// Which tag set, from 0.
        tag_set: usize,
        /// How many tags there were.
        found: usize,
    },
    /// Not a zip archive that we read.
    #[error("not a zip archive")]
    Zip,
}

/// What is wrong with an entry of an archive.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum EntryFault {
    /// A method of packing other than stored and deflated.
    #[error("packed by an unknown method")]
    Compression,
    /// The content does not fit its checksum or its announced length.
    #[error("damaged or lying about its length")]
    Damaged,
    /// An entry of this name, or of one that differs in case only, came before.
    #[error("name given twice")]
    Duplicate,
    /// Encrypted.
    #[error("encrypted")]
    Encrypted,
    /// A directory, a link or another thing that is no file.
    #[error("no plain file")]
    NotAFile,
    /// It unpacks to far more than it takes, as a bomb does.
    #[error("unpacks out of proportion")]
    Ratio,
    /// Longer than allowed.
    #[error("too large")]
    TooLarge,
    /// A name that leads elsewhere: absolute, with `..`, a backslash or a drive.
    #[error("name leads out of the archive")]
    Traversal,
    /// Not one of the names the manifest gives.
    #[error("name not in the manifest")]
    Unexpected,
}

/// An archive cannot be imported; nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The archive cannot be read.
    #[error("archive could not be read")]
    Archive(#[source] ArchiveError),
    /// A device family of this name is there, and nobody said that it may be overridden.
    #[error("device family {} is there already", told(name))]
    DeviceFamilyExists {
        /// Its name.
        name: String,
    },
    /// A device type of this name is there, and nobody said that its files may be updated.
    #[error("device type {} is there already", told(name))]
    DeviceTypeExists {
        /// Its name.
        name: String,
    },
    /// The archive has nothing of the name that is to be changed, or is of a device family, in
    /// which nothing can be renamed.
    #[error("nothing of that name to rename")]
    Rename,
    /// A tag set of this name is there, and nobody said that it may be overridden.
    #[error("tag set {} is there already", name.as_deref().map_or_else(|| "of the system".to_owned(), told))]
    TagSetExists {
        /// Its name; the system's default set has none.
        name: Option<String>,
    },
    /// What would come out of it breaks rules.
    #[error("rules broken by what is imported: {}", report.rules_broken())]
    Violations {
        /// What a dry run would have told.
        report: Box<ImportReport>,
    },
}
