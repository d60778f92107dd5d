//! Tag sets: tags with their values, for everywhere and for regions.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::tag::is_custom_value;
use crate::violation::{has_length, is_shown};
use crate::{Guide, Override, Secret, Source, TagName, secret};

/// Tags with their values, under a name that types, service providers, groups and devices refer
/// to; the system's default set has none.
///
/// `Debug` hides the values; `serde` writes them.
///
/// # Source
///
/// The requests for tag sets of the provisioning interface. The names of the lists are ours.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TagSet {
    /// Its name (`tagSetName`): 1 to 30 characters, absent for the system's default set.
    #[serde(
        default,
        rename = "tagSetName",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// The tags, in their order.
    pub tags: Vec<Tag>,
    /// The regions in which some tags have other values, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<TagRegion>,
}

/// A tag of a set.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tag {
    /// Its name (`tagName`).
    #[serde(rename = "tagName")]
    pub name: TagName,
    /// Its value (`tagValue`): 1 to 256 characters, or none.
    #[serde(
        default,
        rename = "tagValue",
        serialize_with = "secret::plain_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<Secret>,
    /// Whether lower levels may set another value (`isTagValueOverridable`).
    pub is_tag_value_overridable: bool,
    /// Whether the system keeps the value encrypted (`isTagValueEncrypted`); not everywhere known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_tag_value_encrypted: Option<bool>,
}

/// Countries in which some tags of a set have other values.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TagRegion {
    /// Its name (`regionName`): 1 to 64 characters.
    #[serde(rename = "regionName")]
    pub name: String,
    /// Its countries (`countryCode`), as in ISO 3166: two capital letters each.
    pub countries: Vec<String>,
    /// The tags with other values there.
    pub tags: Vec<RegionalTag>,
}

/// A tag with the value that it has in a region.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RegionalTag {
    /// Its name (`tagName`), which the set has too.
    #[serde(rename = "tagName")]
    pub name: TagName,
    /// Its value there (`tagValue`): 1 to 256 characters.
    #[serde(rename = "tagValue", serialize_with = "secret::plain")]
    pub value: Secret,
}

/// A rule that a tag set breaks. Tags and regions are numbered from 0.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum TagSetViolation {
    /// A country of two capital letters is needed.
    #[error("region {region} has a country that is not two capital letters")]
    Country {
        /// Which region.
        region: usize,
    },
    /// A country that stands in two regions.
    #[error("region {region} has a country of an earlier one")]
    DuplicateCountry {
        /// Which region, the later one.
        region: usize,
    },
    /// Two regions of one name.
    #[error("region {region} has the name of an earlier one")]
    DuplicateRegion {
        /// Which region, the later one.
        region: usize,
    },
    /// Two tags of one name.
    #[error("tag {tag} has the name of an earlier one")]
    DuplicateTag {
        /// Which tag, the later one.
        tag: usize,
    },
    /// `tagSetName` has control characters, those that turn the direction of writing, or those that are not seen.
    #[error("tagSetName has characters that show it as another text")]
    NameCharacters,
    /// `tagSetName` is not 1 to 30 characters.
    #[error("tagSetName has not 1 to 30 characters")]
    NameLength,
    /// A name of the system's.
    #[error("tag {tag} has a native name")]
    NativeTag {
        /// Which tag.
        tag: usize,
    },
    /// `regionName` has control characters, those that turn the direction of writing, or those that are not seen.
    #[error("regionName of region {region} has characters that show it as another text")]
    RegionNameCharacters {
        /// Which region.
        region: usize,
    },
    /// `regionName` is not 1 to 64 characters.
    #[error("regionName of region {region} has not 1 to 64 characters")]
    RegionNameLength {
        /// Which region.
        region: usize,
    },
    /// A tag of a region that the set has not, or that the region has twice.
    #[error("region {region} has a tag twice or one that the set has not")]
    RegionTag {
        /// Which region.
        region: usize,
    },
    /// A value of a region is not 1 to 256 characters, or has control characters or others that no document can have.
    #[error("region {region} has a value that no tag can have")]
    RegionValue {
        /// Which region.
        region: usize,
    },
    /// A value is not 1 to 256 characters, or has control characters or others that no document can have.
    #[error("tag {tag} has a value that no tag can have")]
    Value {
        /// Which tag.
        tag: usize,
    },
}

impl TagSetViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> Source {
        match self {
            Self::NameLength
            | Self::NativeTag { .. }
            | Self::RegionNameLength { .. }
            | Self::RegionValue { .. }
            | Self::Value { .. } => Source::new(Guide::ProvisioningSchema, "tags and tag sets"),
            Self::Country { .. }
            | Self::DuplicateCountry { .. }
            | Self::DuplicateRegion { .. }
            | Self::DuplicateTag { .. }
            | Self::NameCharacters
            | Self::RegionNameCharacters { .. }
            | Self::RegionTag { .. } => Source::new(Guide::Ours, ""),
        }
    }
}

impl TagSet {
    /// A set of this name without tags.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tags.push(tag);
        self
    }

    /// Adds a region.
    #[must_use]
    pub fn with_region(mut self, region: TagRegion) -> Self {
        self.regions.push(region);
        self
    }

    /// The region that a country stands in.
    #[must_use]
    pub fn region_of(&self, country: &str) -> Option<&TagRegion> {
        let has = |region: &&TagRegion| region.countries.iter().any(|each| each == country);
        self.regions.iter().find(has)
    }

    /// Every rule that is broken, those of the set first; empty when all is well.
    #[must_use]
    pub fn violations(&self) -> Vec<TagSetViolation> {
        let mut found = Vec::new();
        let mut check = |is_broken: bool, violation| {
            if is_broken {
                found.push(violation);
            }
        };
        let name = self.name.as_deref();
        check(
            name.is_some_and(|name| !has_length(name, 1, 30)),
            TagSetViolation::NameLength,
        );
        check(
            name.is_some_and(|name| !is_shown(name)),
            TagSetViolation::NameCharacters,
        );
        let mut names = HashSet::new();
        for (tag, each) in self.tags.iter().enumerate() {
            check(each.name.is_native(), TagSetViolation::NativeTag { tag });
            check(
                !names.insert(&each.name),
                TagSetViolation::DuplicateTag { tag },
            );
            let value = each.value.as_ref();
            check(
                value.is_some_and(|value| !is_custom_value(value.secret())),
                TagSetViolation::Value { tag },
            );
        }
        let mut regions = HashSet::new();
        let mut countries = HashSet::new();
        for (region, each) in self.regions.iter().enumerate() {
            check(
                !has_length(&each.name, 1, 64),
                TagSetViolation::RegionNameLength { region },
            );
            check(
                !is_shown(&each.name),
                TagSetViolation::RegionNameCharacters { region },
            );
            check(
                !regions.insert(&each.name),
                TagSetViolation::DuplicateRegion { region },
            );
            let is_code =
                |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
            check(
                !each.countries.iter().all(is_code),
                TagSetViolation::Country { region },
            );
            let mut is_new = true;
            for country in &each.countries {
                is_new &= countries.insert(country);
            }
            check(!is_new, TagSetViolation::DuplicateCountry { region });
            let mut seen = HashSet::new();
            let is_known = |tag: &RegionalTag| names.contains(&tag.name);
            let once = each.tags.iter().all(|tag| seen.insert(&tag.name));
            check(
                !once || !each.tags.iter().all(is_known),
                TagSetViolation::RegionTag { region },
            );
            let has_value = |tag: &RegionalTag| is_custom_value(tag.value.secret());
            check(
                !each.tags.iter().all(has_value),
                TagSetViolation::RegionValue { region },
            );
        }
        found
    }
}

impl Tag {
    /// A tag of this name with this value, which lower levels may override.
    #[must_use]
    pub fn new(name: &TagName, value: &str) -> Self {
        Self {
            name: name.clone(),
            value: Some(Secret::new(value)),
            is_tag_value_overridable: true,
            is_tag_value_encrypted: None,
        }
    }

    /// Forbids lower levels to set another value.
    #[must_use]
    pub fn not_overridable(mut self) -> Self {
        self.is_tag_value_overridable = false;
        self
    }

    pub(crate) fn overriding(&self) -> Override {
        if self.is_tag_value_overridable {
            Override::Allowed
        } else {
            Override::Refused
        }
    }
}

impl TagRegion {
    /// A region of this name and these countries without tags.
    #[must_use]
    pub fn new(name: &str, countries: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            countries: countries.iter().map(|code| (*code).to_owned()).collect(),
            tags: Vec::new(),
        }
    }

    /// Gives a tag of the set another value there.
    #[must_use]
    pub fn with_value(mut self, name: &TagName, value: &str) -> Self {
        self.tags.push(RegionalTag {
            name: name.clone(),
            value: Secret::new(value),
        });
        self
    }

    /// The value that a tag has there.
    #[must_use]
    pub fn value_of(&self, name: &TagName) -> Option<&Secret> {
        let found = self.tags.iter().find(|tag| tag.name == *name);
        found.map(|tag| &tag.value)
    }
}
