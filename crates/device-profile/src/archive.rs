//! Archives of device types, tag sets and device families.

use std::fmt;
use std::io::{Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::{
    ArchiveError, ArchiveViolation, DeviceFamily, DeviceType, DeviceTypeFile, Limits, TagSet,
};
use reader::{ArchiveReader, content_name, from_zip};

pub(crate) mod content;
mod directory;
mod header;
mod manifest;
pub(crate) mod reader;
mod unpack;
pub(crate) mod violation;

/// A device type with its files, a tag set, or a device family, as one zip archive.
///
/// What is inside the archives of others is public nowhere, so the format is ours: an entry
/// `manifest.json` whose `format` is `offhook-dtaf`, `offhook-tsaf` or `offhook-dfaf` and
/// `version` 1, with what is in it under the provisioning interface's attribute names, and an
/// entry `files/n` for the content of file number `n`, counted from 0 through all device types.
/// Nothing else may stand in it. `docs/dtaf.md` has the whole of it, and a schema.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Archive {
    /// A device family archive (DFAF).
    DeviceFamily(DeviceFamily),
    /// A device type archive (DTAF).
    DeviceType(Box<DeviceType>),
    /// A tag set archive (TSAF).
    TagSet(TagSet),
}

/// What an archive is of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ArchiveKind {
    /// A device family (DFAF).
    DeviceFamily,
    /// A device type (DTAF).
    DeviceType,
    /// A tag set (TSAF).
    TagSet,
}

impl Archive {
    /// An archive of this device type.
    #[must_use]
    pub fn new(device_type: DeviceType) -> Self {
        Self::DeviceType(Box::new(device_type))
    }

    /// Reads an archive whole; [`ArchiveReader`] reads one file at a time.
    ///
    /// Nothing is believed of an entry but what unpacking it shows. What comes out may still
    /// break rules; ask [`violations`](Self::violations).
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`] when the reader fails; any other says what was wrong with the bytes.
    pub fn open(reader: impl Read + Seek, limits: &Limits) -> Result<Self, ArchiveError> {
        ArchiveReader::open(reader, limits)?.read()
    }

    /// Writes the archive; the same content always gives the same bytes. That it is within anybody's
    /// [`Limits`] is not looked at.
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
        let manifest = manifest::write(self)?;
        let mut zip = ZipWriter::new(writer);
        zip.start_file(manifest::NAME, options).map_err(from_zip)?;
        zip.write_all(&manifest).map_err(ArchiveError::Io)?;
        for (index, file) in self.files().enumerate() {
            zip.start_file(content_name(index), options)
                .map_err(from_zip)?;
            zip.write_all(&file.content).map_err(ArchiveError::Io)?;
        }
        zip.finish().map_err(from_zip)?;
        Ok(())
    }

    /// What it is of.
    #[must_use]
    pub fn kind(&self) -> ArchiveKind {
        match self {
            Self::DeviceFamily(_) => ArchiveKind::DeviceFamily,
            Self::DeviceType(_) => ArchiveKind::DeviceType,
            Self::TagSet(_) => ArchiveKind::TagSet,
        }
    }

    /// Its device types: one, those of the family, or none.
    #[must_use]
    pub fn device_types(&self) -> &[DeviceType] {
        match self {
            Self::DeviceFamily(family) => &family.device_types,
            Self::DeviceType(device_type) => std::slice::from_ref(device_type),
            Self::TagSet(_) => &[],
        }
    }

    /// Its tag sets: one, those of the family, or none.
    #[must_use]
    pub fn tag_sets(&self) -> &[TagSet] {
        match self {
            Self::DeviceFamily(family) => &family.tag_sets,
            Self::DeviceType(_) => &[],
            Self::TagSet(tag_set) => std::slice::from_ref(tag_set),
        }
    }

    /// The files of all its device types, by their numbers in the archive.
    pub fn files(&self) -> impl Iterator<Item = &DeviceTypeFile> {
        self.device_types().iter().flat_map(|each| &each.files)
    }

    /// Takes the device type out.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Kind`] where it is of something else.
    pub fn into_device_type(self) -> Result<DeviceType, ArchiveError> {
        match self {
            Self::DeviceType(device_type) => Ok(*device_type),
            other => Err(ArchiveError::Kind {
                wanted: ArchiveKind::DeviceType,
                found: other.kind(),
            }),
        }
    }

    /// Every rule that is broken by what is in it, documents that are not well-formed among them;
    /// empty when all is well. They are numbers without names;
    /// [`broken_rule`](Self::broken_rule) names what breaks one.
    #[must_use]
    pub fn violations(&self, limits: &Limits) -> Vec<ArchiveViolation> {
        let mut found = Vec::new();
        for (device_type, each) in self.device_types().iter().enumerate() {
            let violations = each.violations().into_iter();
            found.extend(violations.map(|violation| ArchiveViolation::DeviceType {
                device_type,
                violation,
            }));
        }
        for (tag_set, each) in self.tag_sets().iter().enumerate() {
            let violations = each.violations().into_iter();
            found.extend(
                violations.map(|violation| ArchiveViolation::TagSet { tag_set, violation }),
            );
        }
        if let Self::DeviceFamily(family) = self {
            let violations = family.violations().into_iter();
            found.extend(violations.map(ArchiveViolation::DeviceFamily));
        }
        for (file, each) in self.files().enumerate() {
            let (Ok(told) | Err(told)) = content::check(&each.content, limits).map_err(Some);
            found.extend(told.map(|error| ArchiveViolation::Content { file, error }));
        }
        found
    }

    /// Refuses more types and sets, and sets of more tags, regions and countries, than allowed.
    pub(crate) fn check_counts(&self, limits: &Limits) -> Result<(), ArchiveError> {
        let found = self.device_types().len();
        if found > limits.device_types {
            return Err(ArchiveError::TooManyDeviceTypes { found });
        }
        let found = self.tag_sets().len();
        if found > limits.tag_sets {
            return Err(ArchiveError::TooManyTagSets { found });
        }
        for (tag_set, each) in self.tag_sets().iter().enumerate() {
            let found = each.regions.len();
            if found > limits.regions {
                return Err(ArchiveError::TooManyRegions { tag_set, found });
            }
            let countries = each.regions.iter().map(|region| region.countries.len());
            let found = countries.sum::<usize>();
            if found > limits.countries {
                return Err(ArchiveError::TooManyCountries { tag_set, found });
            }
            let regional = each.regions.iter().map(|region| region.tags.len());
            let found = each.tags.len() + regional.sum::<usize>();
            if found > limits.tags {
                return Err(ArchiveError::TooManyTags { tag_set, found });
            }
        }
        Ok(())
    }

    pub(crate) fn files_mut(&mut self) -> impl Iterator<Item = &mut DeviceTypeFile> {
        let device_types = match self {
            Self::DeviceFamily(family) => &mut family.device_types[..],
            Self::DeviceType(device_type) => std::slice::from_mut(device_type.as_mut()),
            Self::TagSet(_) => &mut [],
        };
        device_types.iter_mut().flat_map(|each| &mut each.files)
    }
}

impl ArchiveKind {
    /// What the field calls such an archive: `DTAF`, `TSAF` or `DFAF`.
    #[must_use]
    pub const fn abbreviation(self) -> &'static str {
        match self {
            Self::DeviceFamily => "DFAF",
            Self::DeviceType => "DTAF",
            Self::TagSet => "TSAF",
        }
    }

    /// The `format` of its manifest.
    #[must_use]
    pub const fn format(self) -> &'static str {
        match self {
            Self::DeviceFamily => "offhook-dfaf",
            Self::DeviceType => "offhook-dtaf",
            Self::TagSet => "offhook-tsaf",
        }
    }
}

impl fmt::Display for ArchiveKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeviceFamily => "device family",
            Self::DeviceType => "device type",
            Self::TagSet => "tag set",
        })
    }
}
