//! Tags: names in per cent signs that stand for values.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::xml::is_writable;
use crate::{DeviceManagementOptions, Secret, TagError, TagSet};

/// A tag's name: `%`, 1 to 62 letters, digits, `_`, `-` or `.`, and `%`.
///
/// Names that begin with `%BW` are native: the system sets them, and nobody else may.
///
/// # Source
///
/// `DeviceManagementTagName` of the provisioning interface: 1 to 64 characters between two per
/// cent signs. The alphabet is ours, so that `50% of 100%` is no tag.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TagName(Box<str>);

impl TagName {
    /// The name with its per cent signs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is one of the system's.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.0.starts_with("%BW")
    }
}

impl FromStr for TagName {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = text
            .strip_prefix('%')
            .and_then(|rest| rest.strip_suffix('%'))
            .ok_or(TagError::Name)?;
        let has_length = (1..=MAX_INNER_BYTES).contains(&inner.len());
        if !has_length || !inner.bytes().all(is_name_byte) {
            return Err(TagError::Name);
        }
        Ok(Self(text.into()))
    }
}

impl Serialize for TagName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TagName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a value is set; the later in this list goes before the earlier.
///
/// # Source
///
/// Levels: the provisioning interface's lists of tags. The order is drawn from them, for no public
/// text states it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum TagLevel {
    /// The system's default set.
    SystemDefault,
    /// The set of the device type.
    System,
    /// The service provider or enterprise.
    ServiceProvider,
    /// The group.
    Group,
    /// The device profile.
    Device,
}

impl TagLevel {
    /// The name that the provisioning interface's lists of tags give it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SystemDefault => "System Default",
            Self::System => "System",
            Self::ServiceProvider => "Service Provider",
            Self::Group => "Group",
            Self::Device => "Device Profile",
        }
    }
}

impl fmt::Display for TagLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether later levels may set another value (`isTagValueOverridable`).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Override {
    /// They may.
    #[default]
    Allowed,
    /// They may not: their values are passed over.
    Refused,
}

/// The values that tags have for one device.
///
/// `Debug` shows names only, and values are overwritten when the table is dropped: among them are
/// passwords and tokens.
///
/// # Examples
///
/// ```
/// use offhook_device_profile::{Override, TagLevel, TagTable};
///
/// let mut tags = TagTable::new();
/// tags.set_native(&"%BWMACADDRESS%".parse()?, "0A1B2C3D4D5F")?;
/// let domain = "%SIP_DOMAIN%".parse()?;
/// tags.set(TagLevel::System, &domain, Some("a.example"), Override::Refused)?;
/// tags.set(TagLevel::Group, &domain, Some("b.example"), Override::Allowed)?;
/// assert_eq!(tags.get("%SIP_DOMAIN%"), Some("a.example"));
/// # Ok::<(), offhook_device_profile::TagError>(())
/// ```
#[derive(Clone, Default)]
pub struct TagTable(HashMap<TagName, Values>);

impl TagTable {
    /// A table without any tag.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a tag of one's own at a level; without a value the tag stands for nothing.
    ///
    /// # Errors
    ///
    /// [`TagError::Native`] for a name of the system's, [`TagError::Value`] for a value that is
    /// not 1 to 256 characters or has control characters.
    pub fn set(
        &mut self,
        level: TagLevel,
        name: &TagName,
        value: Option<&str>,
        overriding: Override,
    ) -> Result<(), TagError> {
        if name.is_native() {
            return Err(TagError::Native);
        }
        if value.is_some_and(|value| !is_custom_value(value)) {
            return Err(TagError::Value);
        }
        self.put(level, name, value.unwrap_or_default(), overriding, None);
        Ok(())
    }

    /// Sets all tags of a set at a level; in a country of one of its regions, the region's values
    /// go before those that are for everywhere.
    ///
    /// # Errors
    ///
    /// [`TagError::TagSet`] for a set that breaks rules, of which nothing is set then.
    pub fn set_all(
        &mut self,
        level: TagLevel,
        tag_set: &TagSet,
        country: Option<&str>,
    ) -> Result<(), TagError> {
        if !tag_set.violations().is_empty() {
            return Err(TagError::TagSet);
        }
        let region = country.and_then(|country| tag_set.region_of(country));
        let regional: HashMap<&TagName, &Secret> = region
            .iter()
            .flat_map(|region| &region.tags)
            .map(|tag| (&tag.name, &tag.value))
            .collect();
        for tag in &tag_set.tags {
            let everywhere = tag.value.as_ref().map(Secret::secret);
            let regional = regional.get(&tag.name).copied();
            let origin = Origin {
                tag_set: tag_set.name.as_deref().map(Box::from),
                region: regional
                    .and(region)
                    .map(|region| region.name.as_str().into()),
            };
            let value = regional.map(Secret::secret).or(everywhere);
            let overriding = tag.overriding();
            self.put(
                level,
                &tag.name,
                value.unwrap_or_default(),
                overriding,
                Some(origin),
            );
        }
        Ok(())
    }

    /// The tags of a device: of these sets, each at its level, those that the type's mode and
    /// switches let through. Native tags are to be set besides, whatever the mode.
    ///
    /// # Errors
    ///
    /// [`TagError::TagSet`] for a set that breaks rules, or that stands at the level of the system
    /// and is not the one the type names.
    pub fn for_device(
        options: &DeviceManagementOptions,
        tag_sets: &[(TagLevel, &TagSet)],
        country: Option<&str>,
    ) -> Result<Self, TagError> {
        let mut table = Self::new();
        for (level, tag_set) in tag_sets {
            let is_of_type = *level != TagLevel::System || tag_set.name == options.tag_set;
            if !is_of_type {
                return Err(TagError::TagSet);
            }
            if options.uses_tags_of(*level) {
                table.set_all(*level, tag_set, country)?;
            }
        }
        Ok(table)
    }

    /// Sets a native tag; no level can set another value. It may be empty, and as long as the
    /// longest token, 8,192 bytes.
    ///
    /// # Errors
    ///
    /// [`TagError::NotNative`] for a name of one's own, [`TagError::Value`] for a value that is
    /// too long or has control characters.
    pub fn set_native(&mut self, name: &TagName, value: &str) -> Result<(), TagError> {
        if !name.is_native() {
            return Err(TagError::NotNative);
        }
        if value.len() > MAX_NATIVE_VALUE_BYTES || !is_value(value) {
            return Err(TagError::Value);
        }
        self.put(
            TagLevel::SystemDefault,
            name,
            value,
            Override::Refused,
            None,
        );
        Ok(())
    }

    /// The value a tag has in the end; the name with its per cent signs.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.get(name)?.winner()?;
        Some(value.text.secret())
    }

    /// Each tag with the value it has in the end and where that was set, by names.
    pub fn effective(&self) -> impl Iterator<Item = EffectiveTag<'_>> {
        let mut tags: Vec<_> = self.0.iter().collect();
        tags.sort_unstable_by_key(|(name, _)| *name);
        tags.into_iter().filter_map(|(name, values)| {
            let (level, value) = values.winner()?;
            let origin = value.origin.as_ref();
            Some(EffectiveTag {
                name,
                value: &value.text,
                level,
                tag_set: origin.and_then(|origin| origin.tag_set.as_deref()),
                region: origin.and_then(|origin| origin.region.as_deref()),
            })
        })
    }

    fn put(
        &mut self,
        level: TagLevel,
        name: &TagName,
        text: &str,
        overriding: Override,
        origin: Option<Origin>,
    ) {
        let values = self.0.entry(name.clone()).or_default();
        if let Some(slot) = values.0.get_mut(level as usize) {
            *slot = Some(Value {
                text: Secret::new(text),
                overriding,
                origin,
            });
        }
    }
}

impl fmt::Debug for TagTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl std::borrow::Borrow<str> for TagName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The value a tag has in the end, and where it was set.
///
/// # Source
///
/// The columns of the provisioning interface's lists of tags.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EffectiveTag<'t> {
    /// The name.
    pub name: &'t TagName,
    /// The value.
    pub value: &'t Secret,
    /// The level it was set at.
    pub level: TagLevel,
    /// The name of the tag set it was in; `None` for one of the system's default set, or none.
    pub tag_set: Option<&'t str>,
    /// The region it was for.
    pub region: Option<&'t str>,
}

/// A value for each level, in the order of [`TagLevel`].
#[derive(Clone, Default)]
struct Values([Option<Value>; 5]);

impl Values {
    /// The value that counts: the last one, unless an earlier one refuses it.
    fn winner(&self) -> Option<(TagLevel, &Value)> {
        let levels = LEVELS.into_iter().zip(&self.0);
        let mut levels = levels.filter_map(|(level, value)| Some((level, value.as_ref()?)));
        let mut winner = levels.next()?;
        for later in levels {
            if winner.1.overriding == Override::Refused {
                break;
            }
            winner = later;
        }
        Some(winner)
    }
}

#[derive(Clone)]
struct Value {
    text: Secret,
    overriding: Override,
    origin: Option<Origin>,
}

/// Out of which set a value came.
#[derive(Clone)]
struct Origin {
    tag_set: Option<Box<str>>,
    region: Option<Box<str>>,
}

/// Whether a value of one's own has 1 to 256 characters, none of them a control character.
pub(crate) fn is_custom_value(value: &str) -> bool {
    (1..=MAX_VALUE_CHARS).contains(&value.chars().count()) && is_value(value)
}

/// Whether a value can stand in any document.
fn is_value(value: &str) -> bool {
    !value.chars().any(char::is_control) && is_writable(value)
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

const LEVELS: [TagLevel; 5] = [
    TagLevel::SystemDefault,
    TagLevel::System,
    TagLevel::ServiceProvider,
    TagLevel::Group,
    TagLevel::Device,
];
pub(crate) const MAX_INNER_BYTES: usize = 62;
const MAX_NATIVE_VALUE_BYTES: usize = 8_192;
const MAX_VALUE_CHARS: usize = 256;
