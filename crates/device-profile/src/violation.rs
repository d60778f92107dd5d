//! What no server would take of a device type.

use std::collections::HashSet;

use thiserror::Error;

use crate::{ConfigurationOption, DeviceType, DeviceTypeFile, FileAuthentication, FileCategory};

/// A rule that a device type breaks. Files are numbered from 0.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// Activation by code is on, and a file for one device has no bearer authentication.
    #[error("file {file} needs bearer authentication where activation is on")]
    ActivationWithoutBearerOnFile {
        /// Which file.
        file: usize,
    },
    /// Activation by code is on, and the type has no bearer authentication.
    #[error("the type needs bearer authentication where activation is on")]
    ActivationWithoutBearerOnType,
    /// Activation by code is on, and codes are not requested through the messaging server.
    #[error("activation needs codes through the messaging server")]
    ActivationWithoutMessagingServer,
    /// Activation by code is on, and the type has no file for one device.
    #[error("activation needs a file of the category Dynamic Profile")]
    ActivationWithoutProfileFile,
    /// Bearer authentication on a type of the older kind, which does not know it.
    #[error("legacy types have no bearer authentication")]
    BearerInLegacy,
    /// A file that takes a token is also served over HTTP or TFTP, where others could read it.
    /// This rule is ours.
    #[error("file {file} would show tokens to the network")]
    BearerWithoutTls {
        /// Which file.
        file: usize,
    },
    /// Two files of one `fileFormat`, by which files are told apart.
    #[error("file {file} has the file format of an earlier one")]
    DuplicateFileFormat {
        /// Which file, the later one.
        file: usize,
    },
    /// `fileFormat` is not 1 to 128 characters.
    #[error("file {file} has a file format of a wrong length")]
    FileFormatLength {
        /// Which file.
        file: usize,
    },
    /// `macInCert` and `macInNonRequestURI` exclude one another.
    #[error("two sources of the MAC address on file {file}")]
    MacSourcesOnFile {
        /// Which file.
        file: usize,
    },
    /// `macInCert` and `macInNonRequestURI` exclude one another.
    #[error("two sources of the MAC address on the type")]
    MacSourcesOnType,
    /// `macFormatInNonRequestURI` is longer than 256 characters.
    #[error("MAC format too long on file {file}")]
    MacFormatLengthOnFile {
        /// Which file.
        file: usize,
    },
    /// `macFormatInNonRequestURI` is longer than 256 characters.
    #[error("MAC format too long on the type")]
    MacFormatLengthOnType,
    /// `deviceModel` is not 1 to 40 characters.
    #[error("model of a wrong length")]
    ModelLength,
    /// `deviceType` is not 1 to 40 characters.
    #[error("name of a wrong length")]
    NameLength,
    /// `remoteFileFormat` is not 1 to 128 characters.
    #[error("file {file} has a remote file format of a wrong length")]
    RemoteFileFormatLength {
        /// Which file.
        file: usize,
    },
}

impl DeviceType {
    /// Every rule that is broken, those of the type first; empty when all is well.
    ///
    /// # Source
    ///
    /// Lengths and exclusions: the provisioning interface's schema. Activation: device integration
    /// for Webex on `BroadWorks`, provisioning of Room OS devices.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut check = |is_broken: bool, violation| {
            if is_broken {
                found.push(violation);
            }
        };
        let authentication = &self.authentication;
        let activates = self.enable_device_activation;
        let is_legacy = self.configuration_option == ConfigurationOption::Legacy;
        check(!has_length(&self.name, 40), Violation::NameLength);
        let model = self.model.as_deref();
        check(
            model.is_some_and(|model| !has_length(model, 40)),
            Violation::ModelLength,
        );
        check(two_mac_sources(authentication), Violation::MacSourcesOnType);
        check(
            long_mac_format(authentication),
            Violation::MacFormatLengthOnType,
        );
        check(
            is_legacy && authentication.bearer,
            Violation::BearerInLegacy,
        );
        check(
            activates && !self.is_activation_code_through_messaging_server,
            Violation::ActivationWithoutMessagingServer,
        );
        check(
            activates && !authentication.bearer,
            Violation::ActivationWithoutBearerOnType,
        );
        check(
            activates && !self.files.iter().any(is_for_one_device),
            Violation::ActivationWithoutProfileFile,
        );
        let mut formats = HashSet::new();
        for (index, file) in self.files.iter().enumerate() {
            if !formats.insert(&file.file_format) {
                found.push(Violation::DuplicateFileFormat { file: index });
            }
            check_file(file, index, activates, &mut found);
        }
        found
    }
}

fn check_file(file: &DeviceTypeFile, index: usize, activates: bool, found: &mut Vec<Violation>) {
    let mut check = |is_broken: bool, violation| {
        if is_broken {
            found.push(violation);
        }
    };
    let authentication = &file.authentication;
    check(
        !has_length(&file.file_format, 128),
        Violation::FileFormatLength { file: index },
    );
    check(
        !has_length(&file.remote_file_format, 128),
        Violation::RemoteFileFormatLength { file: index },
    );
    check(
        two_mac_sources(authentication),
        Violation::MacSourcesOnFile { file: index },
    );
    check(
        long_mac_format(authentication),
        Violation::MacFormatLengthOnFile { file: index },
    );
    check(
        activates && is_for_one_device(file) && !authentication.bearer,
        Violation::ActivationWithoutBearerOnFile { file: index },
    );
    check(
        authentication.bearer && (file.allow_http || file.allow_tftp),
        Violation::BearerWithoutTls { file: index },
    );
}

fn is_for_one_device(file: &DeviceTypeFile) -> bool {
    file.category == FileCategory::DynamicProfile
}

fn has_length(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count())
}

fn two_mac_sources(authentication: &FileAuthentication) -> bool {
    authentication.mac_in_cert && authentication.mac_in_non_request_uri
}

fn long_mac_format(authentication: &FileAuthentication) -> bool {
    let format = authentication.mac_format_in_non_request_uri.as_deref();
    format.is_some_and(|format| format.chars().count() > 256)
}
