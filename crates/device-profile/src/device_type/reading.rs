//! What a system tells of a file.

use serde::{Deserialize, Serialize};

/// What a system tells of a file besides what was provisioned.
///
/// # Source
///
/// The responses for files of device types of the provisioning interface.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileReadings {
    /// The name of the file that was uploaded (`configurationFileName`).
    pub configuration_file_name: Option<String>,
    /// Where devices fetch the file (`accessUrl`); parts that are not defined stand between `[`
    /// and `]`.
    pub access_url: Option<String>,
    /// Where the system keeps the file (`repositoryUrl`).
    pub repository_url: Option<String>,
    /// Where the system keeps the template (`templateUrl`).
    pub template_url: Option<String>,
}

/// Why there is no address to fetch a file from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum AccessUrlFault {
    /// No name of the server is provisioned.
    NoAccessFqdn,
    /// No first part of the path is provisioned.
    NoContextName,
    /// There is no repository.
    NoRepository,
}

impl FileReadings {
    /// Why there is no address, where the system tells that in its place.
    ///
    /// # Source
    ///
    /// The three texts that the schema of the provisioning interface names.
    #[must_use]
    pub fn access_url_fault(&self) -> Option<AccessUrlFault> {
        match self.access_url.as_deref()? {
            "Error Access FQDN Not Provisioned" => Some(AccessUrlFault::NoAccessFqdn),
            "Error Access Context Name Not Provisioned" => Some(AccessUrlFault::NoContextName),
            "DEVICE_CONFIGURATION_FILE_REPOSITORY_MISSING" => Some(AccessUrlFault::NoRepository),
            _ => None,
        }
    }

    /// The parts of the address that are not defined.
    pub fn undefined_parts(&self) -> impl Iterator<Item = &str> {
        let url = self.access_url.as_deref().unwrap_or_default();
        let opened = url.split('[').skip(1);
        opened.filter_map(|part| Some(part.split_once(']')?.0))
    }
}
