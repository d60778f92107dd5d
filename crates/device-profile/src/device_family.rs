//! Device families: device types that belong together, with their tag sets.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::violation::{has_length, is_shown};
use crate::{DeviceType, Guide, Source, TagSet};

/// Device types that belong together, with the tag sets that they name.
///
/// # Source
///
/// `SystemDeviceFamilyAddRequest` of the provisioning interface, for name and reseller; that a
/// family carries its types and sets whole is the archive's.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceFamily {
    /// Its name (`deviceFamilyName`): 1 to 30 characters.
    #[serde(rename = "deviceFamilyName")]
    pub name: String,
    /// The reseller it belongs to (`resellerId`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reseller_id: Option<String>,
    /// Its types, in their order.
    pub device_types: Vec<DeviceType>,
    /// Its tag sets, in their order.
    pub tag_sets: Vec<TagSet>,
}

impl DeviceFamily {
    /// A family of this name without types and tag sets.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Adds a device type.
    #[must_use]
    pub fn with_device_type(mut self, device_type: DeviceType) -> Self {
        self.device_types.push(device_type);
        self
    }

    /// Adds a tag set.
    #[must_use]
    pub fn with_tag_set(mut self, tag_set: TagSet) -> Self {
        self.tag_sets.push(tag_set);
        self
    }

    /// Every rule of the family itself that is broken; those of its types and tag sets are theirs.
    #[must_use]
    pub fn violations(&self) -> Vec<FamilyViolation> {
        let mut found = Vec::new();
        if !has_length(&self.name, 1, 30) {
            found.push(FamilyViolation::NameLength);
        }
        if !is_shown(&self.name) {
            found.push(FamilyViolation::NameCharacters);
        }
        let mut names = HashSet::new();
        for (device_type, each) in self.device_types.iter().enumerate() {
            if !names.insert(&each.name) {
                found.push(FamilyViolation::DuplicateDeviceType { device_type });
            }
        }
        let mut names = HashSet::new();
        for (tag_set, each) in self.tag_sets.iter().enumerate() {
            if !names.insert(&each.name) {
                found.push(FamilyViolation::DuplicateTagSet { tag_set });
            }
        }
        found
    }
}

/// A rule that a device family breaks. Types and tag sets are numbered from 0.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum FamilyViolation {
    /// Two types of one name.
    #[error("device type {device_type} has the name of an earlier one")]
    DuplicateDeviceType {
        /// Which type, the later one.
        device_type: usize,
    },
    /// Two tag sets of one name.
    #[error("tag set {tag_set} has the name of an earlier one")]
    DuplicateTagSet {
        /// Which tag set, the later one.
        tag_set: usize,
    },
    /// `deviceFamilyName` has control characters, those that turn the direction of writing, or those that are not seen.
    #[error("deviceFamilyName has characters that show it as another text")]
    NameCharacters,
    /// `deviceFamilyName` is not 1 to 30 characters.
    #[error("deviceFamilyName has not 1 to 30 characters")]
    NameLength,
}

impl FamilyViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> Source {
        match self {
            Self::NameLength => {
                Source::new(Guide::ProvisioningSchema, "SystemDeviceFamilyAddRequest")
            }
            _ => Source::new(Guide::Ours, ""),
        }
    }
}
