//! Importing archives into what is there, and exporting them out of it.

use std::collections::{BTreeMap, HashSet};

use crate::archive::content;
use crate::difference::{Differences, file_subject, told};
use crate::{
    Archive, ArchiveError, ArchiveSource, ArchiveViolation, BrokenRule, DeviceFamily, DeviceType,
    DeviceTypeFile, Effect, FileContent, ImportError, ImportReport, Limits, Subject, TagSet,
};

/// The device types, tag sets and device families of a system.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inventory {
    device_types: BTreeMap<String, DeviceType>,
    /// The system's default set has no name.
    tag_sets: BTreeMap<Option<String>, TagSet>,
    families: BTreeMap<String, Family>,
}

/// A family by the names of what belongs to it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Family {
    pub(crate) reseller_id: Option<String>,
    pub(crate) device_types: Vec<String>,
    pub(crate) tag_sets: Vec<Option<String>>,
}

impl Family {
    fn of(family: &DeviceFamily) -> Self {
        Self {
            reseller_id: family.reseller_id.clone(),
            device_types: family.device_types.iter().map(|t| t.name.clone()).collect(),
            tag_sets: family.tag_sets.iter().map(|s| s.name.clone()).collect(),
        }
    }
}

impl Inventory {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a device type, in the place of one with its name.
    pub fn insert_device_type(&mut self, device_type: DeviceType) {
        self.device_types
            .insert(device_type.name.clone(), device_type);
    }

    /// Adds a tag set, in the place of one with its name.
    pub fn insert_tag_set(&mut self, tag_set: TagSet) {
        self.tag_sets.insert(tag_set.name.clone(), tag_set);
    }

    /// Adds a family, in the place of one with its name, with its types and sets.
    pub fn insert_device_family(&mut self, family: DeviceFamily) {
        let members = Family::of(&family);
        self.families.insert(family.name, members);
        for device_type in family.device_types {
            self.insert_device_type(device_type);
        }
        for tag_set in family.tag_sets {
            self.insert_tag_set(tag_set);
        }
    }

    /// The device type of this name.
    #[must_use]
    pub fn device_type(&self, name: &str) -> Option<&DeviceType> {
        self.device_types.get(name)
    }

    /// The tag set of this name; the system's default set has none.
    #[must_use]
    pub fn tag_set(&self, name: Option<&str>) -> Option<&TagSet> {
        self.tag_sets.get(&name.map(str::to_owned))
    }

    /// The device types, by their names.
    pub fn device_types(&self) -> impl Iterator<Item = &DeviceType> {
        self.device_types.values()
    }

    /// The tag sets, by their names, the system's default set first.
    pub fn tag_sets(&self) -> impl Iterator<Item = &TagSet> {
        self.tag_sets.values()
    }

    /// The names of the families.
    pub fn device_families(&self) -> impl Iterator<Item = &str> {
        self.families.keys().map(String::as_str)
    }

    /// An archive of a device type.
    #[must_use]
    pub fn export_device_type(&self, name: &str) -> Option<Archive> {
        self.device_type(name).cloned().map(Archive::new)
    }

    /// An archive of a tag set; the system's default set has no name.
    #[must_use]
    pub fn export_tag_set(&self, name: Option<&str>) -> Option<Archive> {
        self.tag_set(name).cloned().map(Archive::TagSet)
    }

    /// An archive of a family, with what of its types and sets is there.
    #[must_use]
    pub fn export_device_family(&self, name: &str) -> Option<Archive> {
        let family = self.families.get(name)?;
        let types = family.device_types.iter();
        let sets = family.tag_sets.iter();
        Some(Archive::DeviceFamily(DeviceFamily {
            name: name.to_owned(),
            reseller_id: family.reseller_id.clone(),
            device_types: types
                .filter_map(|name| self.device_types.get(name).cloned())
                .collect(),
            tag_sets: sets
                .filter_map(|name| self.tag_sets.get(name).cloned())
                .collect(),
        }))
    }
}

/// How an archive is imported; without more said, what is there already is refused.
///
/// A device type that is there keeps its own attributes. Its files are matched by `fileFormat`;
/// those that match become as in the archive but for `fileFormat` and `fileCategory`, those that
/// only the archive has are added, and the others stay. A tag set or family that is there is
/// overridden whole; the types of a family that are no longer in it stay in the system.
///
/// # Examples
///
/// ```
/// use offhook_device_profile::{Archive, DeviceType, DeviceTypeFile, Import, Inventory};
///
/// let phone = |text: &str| DeviceType::new("Phone").with_file(DeviceTypeFile::new("%BWDEVICEID%.xml", text));
/// let mut system = Inventory::new();
/// system.insert_device_type(phone("<a/>"));
/// let mut archive = Archive::new(phone("<b/>"));
/// assert!(Import::new().run(&mut archive, &mut system).is_err());
///
/// let import = Import::new().with_device_type_file_update();
/// assert!(import.dry_run(&mut archive, &system)?.difference_found());
/// import.run(&mut archive, &mut system)?;
/// assert!(!import.dry_run(&mut archive, &system)?.difference_found());
/// # Ok::<(), offhook_device_profile::ImportError>(())
/// ```
///
/// # Source
///
/// The import requests of the provisioning interface: `deviceTypeRename`, `tagSetRename`,
/// `deviceTypeFileUpdate`, `tagSetOverride`, `deviceFamilyOverride`, `resellerId`; that files are
/// matched by `fileFormat` and which two attributes stay. What else stays or goes is ours.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Import {
    rename: Option<(String, String)>,
    reseller_id: Option<String>,
    updates_files: bool,
    overrides_tag_sets: bool,
    overrides_families: bool,
    limits: Limits,
}

impl Import {
    /// An import of what is not there yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the device type or tag set of the archive another name in the system
    /// (`deviceTypeRename`, `tagSetRename`).
    #[must_use]
    pub fn with_rename(mut self, original: &str, new: &str) -> Self {
        self.rename = Some((original.to_owned(), new.to_owned()));
        self
    }

    /// Looks through contents and tag sets by these limits, instead of the default ones.
    #[must_use]
    pub fn with_limits(mut self, limits: &Limits) -> Self {
        self.limits = *limits;
        self
    }

    /// Gives the device types and families that are made this reseller (`resellerId`).
    #[must_use]
    pub fn with_reseller_id(mut self, reseller_id: &str) -> Self {
        self.reseller_id = Some(reseller_id.to_owned());
        self
    }

    /// Updates the files of a type that is there (`deviceTypeFileUpdate`).
    #[must_use]
    pub fn with_device_type_file_update(mut self) -> Self {
        self.updates_files = true;
        self
    }

    /// Overrides a tag set that is there (`tagSetOverride`).
    #[must_use]
    pub fn with_tag_set_override(mut self) -> Self {
        self.overrides_tag_sets = true;
        self
    }

    /// Overrides a device family that is there (`deviceFamilyOverride`).
    #[must_use]
    pub fn with_device_family_override(mut self) -> Self {
        self.overrides_families = true;
        self
    }

    /// Tells what the import would change, and changes nothing. One content at a time is in
    /// memory.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; broken rules are none here but stand in the report.
    pub fn dry_run(
        &self,
        source: &mut dyn ArchiveSource,
        inventory: &Inventory,
    ) -> Result<ImportReport, ImportError> {
        let (report, _) = self.plan(source, inventory, Contents::Compared)?;
        Ok(report)
    }

    /// Imports the archive, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; nothing was changed then. Where rules are broken, it has the report.
    pub fn run(
        &self,
        source: &mut dyn ArchiveSource,
        inventory: &mut Inventory,
    ) -> Result<ImportReport, ImportError> {
        let (report, plan) = self.plan(source, inventory, Contents::Kept)?;
        if report.rules_broken() > 0 {
            let report = Box::new(report);
            return Err(ImportError::Violations { report });
        }
        for device_type in plan.device_types {
            inventory.insert_device_type(device_type);
        }
        for tag_set in plan.tag_sets {
            inventory.insert_tag_set(tag_set);
        }
        if let Some((name, family)) = plan.family {
            inventory.families.insert(name, family);
        }
        Ok(report)
    }

    fn plan(
        &self,
        source: &mut dyn ArchiveSource,
        inventory: &Inventory,
        contents: Contents,
    ) -> Result<(ImportReport, Plan), ImportError> {
        let mut job = Job {
            import: self,
            inventory,
            contents,
            differences: Differences::default(),
            violations: Violations::new(&self.limits),
            plan: Plan::default(),
        };
        let outline = renamed(source.outline(), self.rename.as_ref())?;
        let checked = outline.check_counts(&self.limits);
        checked.map_err(ImportError::Archive)?;
        if let Archive::DeviceFamily(family) = &outline {
            job.family(family)?;
        }
        for (index, tag_set) in outline.tag_sets().iter().enumerate() {
            job.tag_set(index, tag_set)?;
        }
        let mut first_file = 0;
        for (index, device_type) in outline.device_types().iter().enumerate() {
            job.device_type(index, device_type, source, first_file)?;
            first_file += device_type.files.len();
        }
        let report = ImportReport {
            differences: job.differences.0,
            violations: job.violations.told,
            violations_left_out: job.violations.left_out,
        };
        Ok((report, job.plan))
    }
}

/// What becomes of the contents that are read.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Contents {
    Compared,
    Kept,
}

/// What is put into the inventory once all is known to be well.
#[derive(Default)]
struct Plan {
    device_types: Vec<DeviceType>,
    tag_sets: Vec<TagSet>,
    family: Option<(String, Family)>,
}

/// The rules that are broken: some by name, the rest by their number.
struct Violations {
    told: Vec<BrokenRule>,
    left_out: usize,
    most: usize,
}

impl Violations {
    fn new(limits: &Limits) -> Self {
        Self {
            told: Vec::new(),
            left_out: 0,
            most: limits.violations,
        }
    }

    fn extend(&mut self, rules: impl IntoIterator<Item = BrokenRule>) {
        for rule in rules {
            if self.told.len() < self.most {
                self.told.push(rule);
            } else {
                self.left_out += 1;
            }
        }
    }
}

struct Job<'j> {
    import: &'j Import,
    inventory: &'j Inventory,
    contents: Contents,
    differences: Differences,
    violations: Violations,
    plan: Plan,
}

impl Job<'_> {
    fn family(&mut self, family: &DeviceFamily) -> Result<(), ImportError> {
        let name = family.name.clone();
        let mut members = Family::of(family);
        let existing = self.inventory.families.get(&name);
        if existing.is_some() && !self.import.overrides_families {
            return Err(ImportError::DeviceFamilyExists { name });
        }
        if let (None, Some(reseller_id)) = (existing, &self.import.reseller_id) {
            members.reseller_id = Some(reseller_id.clone());
        }
        match existing {
            None => {
                let device_family_name = told(&name);
                let subject = Subject::DeviceFamily { device_family_name };
                self.differences.whole(subject, Effect::Added);
            }
            Some(existing) => self.differences.family(&name, existing, &members),
        }
        let violations = family.violations().into_iter();
        self.violations
            .extend(violations.map(|violation| BrokenRule::of_family(&name, violation)));
        self.plan.family = Some((name, members));
        Ok(())
    }

    fn tag_set(&mut self, index: usize, tag_set: &TagSet) -> Result<(), ImportError> {
        match self.inventory.tag_sets.get(&tag_set.name) {
            None => {
                let tag_set_name = tag_set.name.as_deref().map(told);
                let subject = Subject::TagSet { tag_set_name };
                self.differences.whole(subject, Effect::Added);
            }
            Some(existing) if self.import.overrides_tag_sets => {
                self.differences.tag_set(existing, tag_set);
            }
            Some(_) => {
                return Err(ImportError::TagSetExists {
                    name: tag_set.name.clone(),
                });
            }
        }
        let violations = tag_set.violations().into_iter();
        self.violations
            .extend(violations.map(|violation| BrokenRule::of_tag_set(index, tag_set, violation)));
        self.plan.tag_sets.push(tag_set.clone());
        Ok(())
    }

    fn device_type(
        &mut self,
        index: usize,
        archive: &DeviceType,
        source: &mut dyn ArchiveSource,
        first_file: usize,
    ) -> Result<(), ImportError> {
        let name = &archive.name;
        let existing = self.inventory.device_types.get(name);
        if existing.is_some() && !self.import.updates_files {
            return Err(ImportError::DeviceTypeExists { name: name.clone() });
        }
        // The type as it will be, without the contents that need not be looked at again.
        let mut outcome = archive.clone();
        if let Some(existing) = existing {
            self.differences.device_type(existing, archive);
            outcome.clone_from(existing);
        } else {
            let device_type = told(name);
            self.differences
                .whole(Subject::DeviceType { device_type }, Effect::Added);
            outcome.files.clear();
            if let Some(reseller_id) = &self.import.reseller_id {
                outcome.reseller_id = Some(reseller_id.clone());
            }
        }
        let mut seen = HashSet::new();
        for (at, file) in archive.files.iter().enumerate() {
            let number = first_file + at;
            let content = source.unpack(number).map_err(ImportError::Archive)?;
            let fault = content::check(&content, &self.import.limits).map_err(|source| {
                let file = number;
                ImportError::Archive(ArchiveError::Content { file, source })
            })?;
            self.violations.extend(fault.map(|error| BrokenRule {
                subject: file_subject(name, file),
                violation: ArchiveViolation::Content {
                    file: number,
                    error,
                },
            }));
            let mut new = file.clone();
            let same_format = |old: &&mut DeviceTypeFile| old.file_format == new.file_format;
            let slot = outcome.files.iter_mut().find(same_format);
            // A file that the archive has twice is a rule broken, and no update.
            let is_first = seen.insert(&file.file_format);
            let old = existing.and_then(|existing| existing.file(&file.file_format));
            let slot = slot.zip(old).filter(|_| is_first);
            if let Some((_, old)) = &slot {
                self.differences.file(name, old, &new);
                self.differences.content(name, old, &content);
                new.category = old.category;
            } else if existing.is_some() {
                let subject = file_subject(name, file);
                self.differences.whole(subject, Effect::Added);
            }
            if self.contents == Contents::Kept {
                new.content = content;
            }
            match slot {
                Some((slot, _)) => *slot = new,
                None => outcome.files.push(new),
            }
        }
        for old in existing.map_or(&[][..], |existing| &existing.files) {
            if archive.file(&old.file_format).is_none() {
                let subject = file_subject(name, old);
                self.differences.whole(subject, Effect::Kept);
            }
        }
        let violations = outcome.violations().into_iter();
        self.violations.extend(
            violations.map(|violation| BrokenRule::of_device_type(index, &outcome, violation)),
        );
        self.plan.device_types.push(outcome);
        Ok(())
    }
}

/// What is in an archive, without the contents and with the new name.
fn renamed(outline: &Archive, rename: Option<&(String, String)>) -> Result<Archive, ImportError> {
    let mut outline = outline.clone();
    for file in outline.files_mut() {
        file.content = FileContent::default();
    }
    let Some((original, new)) = rename else {
        return Ok(outline);
    };
    match &mut outline {
        Archive::DeviceType(each) if each.name == *original => {
            each.name.clone_from(new);
        }
        Archive::TagSet(set) if set.name.as_ref() == Some(original) => set.name = Some(new.clone()),
        _ => return Err(ImportError::Rename),
    }
    Ok(outline)
}
