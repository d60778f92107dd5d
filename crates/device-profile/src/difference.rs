//! What an import changes, or would change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::import::Family;
use crate::{BrokenRule, DeviceType, DeviceTypeFile, Secret, TagSet, has_credentials};

/// What an import changes, or would change.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportReport {
    /// Each difference between what is there and the archive.
    pub differences: Vec<ImportDifference>,
    /// Each rule that what comes out of it breaks; with one of them nothing is imported.
    /// Types and sets are numbered as in the archive, files of a rule about a type as the type will
    /// have them.
    /// No more are told than [`Limits::violations`](crate::Limits::violations).
    pub violations: Vec<BrokenRule>,
    /// How many more rules are broken than are told.
    pub violations_left_out: usize,
}

impl ImportReport {
    /// Whether the archive differs from what is there (`differenceFound`).
    #[must_use]
    pub fn difference_found(&self) -> bool {
        !self.differences.is_empty()
    }

    /// How many rules are broken, those among them that are not told one by one.
    #[must_use]
    pub fn rules_broken(&self) -> usize {
        self.violations
            .len()
            .saturating_add(self.violations_left_out)
    }
}

/// A difference between what is there and an archive. No value of a password or tag is in it, and
/// `[redacted]` stands for a value with [credentials](has_credentials) and what it was or becomes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportDifference {
    /// What differs.
    pub subject: Subject,
    /// Which of its attributes, by the provisioning interface's name, those of the parts it stands
    /// in before it; `None` for the whole subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The value that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
    /// The value in the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// What the import does about it.
    pub effect: Effect,
}

/// What differs. A name of more than 128 characters, which no rule allows, is cut there and has `…` behind it;
/// `[redacted]` stands for one with [credentials](has_credentials).
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Subject {
    /// A device family.
    DeviceFamily {
        /// Its name.
        device_family_name: String,
    },
    /// A device type.
    DeviceType {
        /// Its name, after the import.
        device_type: String,
    },
    /// A file of a device type.
    File {
        /// The type's name, after the import.
        device_type: String,
        /// The file's `fileFormat`.
        file_format: String,
    },
    /// A tag of a set.
    Tag {
        /// The set's name, after the import.
        #[serde(skip_serializing_if = "Option::is_none")]
        tag_set_name: Option<String>,
        /// The tag's name.
        tag_name: String,
        /// The region it has another value in.
        #[serde(skip_serializing_if = "Option::is_none")]
        region_name: Option<String>,
    },
    /// A tag set.
    TagSet {
        /// Its name, after the import.
        #[serde(skip_serializing_if = "Option::is_none")]
        tag_set_name: Option<String>,
    },
}

/// What an import does about a difference.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Effect {
    /// What only the archive has is added.
    Added,
    /// What is there stays as it is.
    Kept,
    /// What only is there is removed, for the whole is overridden.
    Removed,
    /// What is there becomes as in the archive.
    Updated,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeviceFamily { device_family_name } => {
                write!(f, "device family {device_family_name}")
            }
            Self::DeviceType { device_type } => write!(f, "device type {device_type}"),
            Self::File {
                device_type,
                file_format,
            } => write!(f, "file {file_format} of {device_type}"),
            Self::Tag {
                tag_set_name,
                tag_name,
                region_name,
            } => {
                let set = tag_set_name.as_deref().unwrap_or(DEFAULT_SET);
                write!(f, "tag {tag_name} of {set}")?;
                region_name
                    .as_ref()
                    .map_or(Ok(()), |region| write!(f, " in {region}"))
            }
            Self::TagSet { tag_set_name } => {
                let set = tag_set_name.as_deref().unwrap_or("of the system");
                write!(f, "tag set {set}")
            }
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Added => "added",
            Self::Kept => "kept",
            Self::Removed => "removed",
            Self::Updated => "updated",
        })
    }
}

/// Gathers differences.
#[derive(Default)]
pub(crate) struct Differences(pub(crate) Vec<ImportDifference>);

impl Differences {
    /// The whole subject is on one side only, or something of it that has no value to show.
    pub(crate) fn whole(&mut self, subject: Subject, effect: Effect) {
        self.0.push(ImportDifference {
            subject,
            attribute: None,
            existing: None,
            archive: None,
            effect,
        });
    }

    fn attribute(
        &mut self,
        subject: &Subject,
        attribute: &str,
        values: (Option<String>, Option<String>),
        effect: Effect,
    ) {
        self.0.push(ImportDifference {
            subject: subject.clone(),
            attribute: Some(attribute.to_owned()),
            existing: values.0,
            archive: values.1,
            effect,
        });
    }

    /// The attributes of a type, its files left out, which stay as they are.
    pub(crate) fn device_type(&mut self, existing: &DeviceType, archive: &DeviceType) {
        let subject = Subject::DeviceType {
            device_type: told(&existing.name),
        };
        let [old, new] = [existing, archive].map(public_attributes);
        self.values(&subject, "", &old, &new, &|_| Effect::Kept);
        let password = |each: &DeviceType| {
            let options = each.device_management()?;
            let credentials = options.access_device_credentials.as_ref()?;
            Some(credentials.password.clone())
        };
        if password(existing) != password(archive) {
            let hidden = |secret: Option<Secret>| secret.map(|_| HIDDEN.to_owned());
            let values = (hidden(password(existing)), hidden(password(archive)));
            self.attribute(&subject, "password", values, Effect::Kept);
        }
    }

    /// The attributes of a file, which become as in the archive but for the two that cannot.
    pub(crate) fn file(
        &mut self,
        device_type: &str,
        existing: &DeviceTypeFile,
        archive: &DeviceTypeFile,
    ) {
        let subject = file_subject(device_type, existing);
        let [old, new] = [existing, archive].map(|file| serde_json::to_value(file).ok());
        let [old, new] = [old, new].map(Option::unwrap_or_default);
        self.values(&subject, "", &old, &new, &|attribute| match attribute {
            "fileCategory" | "fileFormat" => Effect::Kept,
            _ => Effect::Updated,
        });
    }

    /// A file's content.
    pub(crate) fn content(&mut self, device_type: &str, existing: &DeviceTypeFile, new: &[u8]) {
        if &*existing.content != new {
            let size = |content: &[u8]| Some(format!("{} bytes", content.len()));
            let values = (size(&existing.content), size(new));
            let subject = file_subject(device_type, existing);
            self.attribute(&subject, "content", values, Effect::Updated);
        }
    }

    /// What a family that is overridden says: its reseller, and what belongs to it by name.
    pub(crate) fn family(&mut self, name: &str, existing: &Family, archive: &Family) {
        let subject = Subject::DeviceFamily {
            device_family_name: told(name),
        };
        let mut check = |attribute, old: Option<String>, new: Option<String>, is_other| {
            if is_other {
                self.attribute(&subject, attribute, (old, new), Effect::Updated);
            }
        };
        let reseller = |family: &Family| family.reseller_id.as_deref().map(told);
        check(
            "resellerId",
            reseller(existing),
            reseller(archive),
            existing.reseller_id != archive.reseller_id,
        );
        let listed = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
        let types =
            |family: &Family| listed(family.device_types.iter().map(|name| told(name)).collect());
        check(
            "deviceTypes",
            types(existing),
            types(archive),
            existing.device_types != archive.device_types,
        );
        let set = |name: &Option<String>| match name {
            Some(name) => told(name),
            None => DEFAULT_SET.to_owned(),
        };
        let sets = |family: &Family| listed(family.tag_sets.iter().map(set).collect());
        check(
            "tagSets",
            sets(existing),
            sets(archive),
            existing.tag_sets != archive.tag_sets,
        );
    }

    /// The tags of a set that is overridden.
    pub(crate) fn tag_set(&mut self, existing: &TagSet, archive: &TagSet) {
        let [old, new] = [existing, archive].map(entries);
        let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (region, tag) = *name;
            let effect = match (old.get(name), new.get(name)) {
                (None, _) => Effect::Added,
                (_, None) => Effect::Removed,
                (Some(old), Some(new)) if old == new => continue,
                _ => Effect::Updated,
            };
            let subject = Subject::Tag {
                tag_set_name: existing.name.as_deref().map(told),
                tag_name: tag.to_owned(),
                region_name: (!region.is_empty()).then(|| told(region)),
            };
            self.whole(subject, effect);
        }
        let places = |set: &TagSet| -> Vec<(String, Vec<String>)> {
            let regions = set.regions.iter();
            regions
                .map(|region| (region.name.clone(), region.countries.clone()))
                .collect()
        };
        if places(existing) != places(archive) {
            let both = [existing, archive].into_iter().flat_map(places);
            let is_hidden = both
                .flat_map(|(name, countries)| [vec![name], countries].concat())
                .any(|text| has_credentials(&text));
            let shown = |set: &TagSet| {
                if is_hidden {
                    return Some(HIDDEN.to_owned());
                }
                let each = places(set).into_iter();
                let each = each.map(|(name, countries)| format!("{name}: {}", countries.join(" ")));
                Some(each.collect::<Vec<_>>().join("; "))
            };
            let subject = Subject::TagSet {
                tag_set_name: existing.name.as_deref().map(told),
            };
            let values = (shown(existing), shown(archive));
            self.attribute(&subject, "regions", values, Effect::Updated);
        }
    }

    /// Compares two objects member by member, those within them too.
    fn values(
        &mut self,
        subject: &Subject,
        place: &str,
        old: &Value,
        new: &Value,
        effect: &impl Fn(&str) -> Effect,
    ) {
        let empty = serde_json::Map::new();
        let [old, new] = [old, new].map(|value| value.as_object().unwrap_or(&empty));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        // Passwords are compared by themselves.
        for name in names.into_iter().filter(|name| *name != "password") {
            let place = if place.is_empty() {
                name.clone()
            } else {
                format!("{place}.{name}")
            };
            match (old.get(name), new.get(name)) {
                (a, b) if a == b => {}
                (a, b) if [a, b].into_iter().flatten().all(Value::is_object) => {
                    let [a, b] = [a, b].map(|each| each.unwrap_or(&Value::Null));
                    self.values(subject, &place, a, b, effect);
                }
                (a, b) => {
                    let is_hidden = [a, b].into_iter().flatten().any(is_secret);
                    let shown = |value: Option<&Value>| match value {
                        Some(_) if is_hidden => Some(HIDDEN.to_owned()),
                        Some(Value::String(text)) => Some(text.clone()),
                        other => other.map(|value| redacted(value).to_string()),
                    };
                    self.attribute(subject, &place, (shown(a), shown(b)), effect(&place));
                }
            }
        }
    }
}

fn is_secret(value: &Value) -> bool {
    value.as_str().is_some_and(has_credentials)
}

/// A value without what carries credentials in it.
fn redacted(value: &Value) -> Value {
    match value {
        Value::Array(each) => each.iter().map(redacted).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(name, member)| (name.clone(), redacted(member)))
                    .collect(),
            )
        }
        value if is_secret(value) => HIDDEN.into(),
        value => value.clone(),
    }
}

/// What a tag of a set is, its value compared and never shown.
type Entry<'s> = (Option<&'s Secret>, bool, Option<bool>);

/// The tags by region, `""` for all, and name; of two of one name the first counts.
fn entries(set: &TagSet) -> BTreeMap<(&str, &str), Entry<'_>> {
    let everywhere = set.tags.iter().map(|tag| {
        let flags = (tag.is_tag_value_overridable, tag.is_tag_value_encrypted);
        (
            ("", tag.name.as_str()),
            (tag.value.as_ref(), flags.0, flags.1),
        )
    });
    let regional = set.regions.iter().flat_map(|region| {
        let name = region.name.as_str();
        let tags = region.tags.iter();
        tags.map(move |tag| ((name, tag.name.as_str()), (Some(&tag.value), false, None)))
    });
    let mut entries = BTreeMap::new();
    for (name, entry) in everywhere.chain(regional) {
        entries.entry(name).or_insert(entry);
    }
    entries
}

/// The attributes of a type without its files and its password.
fn public_attributes(device_type: &DeviceType) -> Value {
    let mut public = device_type.clone();
    public.files.clear();
    if let Some(credentials) = public
        .cpe_device_options
        .as_mut()
        .and_then(|options| options.device_management.as_mut())
        .and_then(|options| options.access_device_credentials.as_mut())
    {
        credentials.password = Secret::new("");
    }
    serde_json::to_value(&public).unwrap_or_default()
}

pub(crate) fn file_subject(device_type: &str, file: &DeviceTypeFile) -> Subject {
    Subject::File {
        device_type: told(device_type),
        file_format: told(&file.file_format),
    }
}

/// A name for a report, in which it stands again and again: no longer than any may be, and hidden
/// where it has credentials.
pub(crate) fn told(name: &str) -> String {
    if has_credentials(name) {
        return HIDDEN.to_owned();
    }
    match name.char_indices().nth(TOLD_CHARACTERS) {
        None => name.to_owned(),
        Some((end, _)) => {
            let mut cut = name.get(..end).unwrap_or_default().to_owned();
            cut.push('…');
            cut
        }
    }
}

/// As many as `fileFormat` may have, which is the longest of the names.
const TOLD_CHARACTERS: usize = 128;
const DEFAULT_SET: &str = "the system's default set";
const HIDDEN: &str = "[redacted]";
