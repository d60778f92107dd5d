//! The device types that devices can be provisioned as.

use std::collections::BTreeMap;

use offhook_device_profile::DeviceType;

use crate::DeviceTypeError;
use crate::configuration::served;

/// The device types that devices can be provisioned as, by their names.
#[derive(Clone, Debug, Default)]
pub struct DeviceTypes(BTreeMap<String, DeviceType>);

impl DeviceTypes {
    /// No device types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a device type, as an archive has it.
    ///
    /// # Errors
    ///
    /// [`DeviceTypeError`] when the type is there already, breaks a rule, or has no file.
    pub fn with(mut self, device_type: DeviceType) -> Result<Self, DeviceTypeError> {
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

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The device type with that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&DeviceType> {
        self.0.get(name)
    }
}
