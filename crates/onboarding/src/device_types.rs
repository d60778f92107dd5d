//! The device types that devices can be provisioned as.

use std::collections::BTreeMap;

use offhook_device_profile::{Archive, DeviceType};

use crate::DeviceTypeError;
use crate::configuration::served;

/// The device types that devices can be provisioned as, each from its archive.
#[derive(Clone, Debug, Default)]
pub struct DeviceTypes(BTreeMap<String, DeviceType>);

impl DeviceTypes {
    /// No device types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the device type of `archive`.
    ///
    /// # Errors
    ///
    /// [`DeviceTypeError`] when the type is there already, breaks a rule, or has no file.
    pub fn with(mut self, archive: Archive) -> Result<Self, DeviceTypeError> {
        let device_type = archive.into_device_type();
        let name = device_type.name.clone();
        let violations = device_type.violations();
        if !violations.is_empty() {
            return Err(DeviceTypeError::Violations { name, violations });
        }
        if served(&device_type).next().is_none() {
            return Err(DeviceTypeError::NoFile { name });
        }
        if self.0.contains_key(&name) {
            return Err(DeviceTypeError::Exists { name });
        }
        self.0.insert(name, device_type);
        Ok(self)
    }

    /// The device type with that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&DeviceType> {
        self.0.get(name)
    }
}
