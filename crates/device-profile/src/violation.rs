//! What no server would take of a device type.

use std::collections::HashSet;

use thiserror::Error;

use crate::substitute::first_tag;
use crate::{
    ConfigurationOption, DeviceType, DeviceTypeFile, FileAuthentication, FileCategory, FileSource,
    Guide, NumberOfPorts, ResetEvent, Source,
};

/// A rule that a device type breaks. Files are numbered from 0.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// Activation by code is on, and a file for one device has no bearer authentication, nor takes the device's
    /// address from certificate or header.
    #[error("file {file} needs bearerFileAuthentication where enableDeviceActivation is on")]
    ActivationWithoutBearerOnFile {
        /// Which file.
        file: usize,
    },
    /// Activation by code is on, and the type has no bearer authentication. No rule for telephones that show who
    /// they are by their address, for which a file for one device has the flag.
    #[error("the type needs bearerFileAuthentication where enableDeviceActivation is on")]
    ActivationWithoutBearerOnType,
    /// Activation by code is on, and the type is not configured by device management.
    #[error("enableDeviceActivation needs deviceTypeConfigurationOption Device Management")]
    ActivationWithoutDeviceManagement,
    /// Activation by code is on, and codes are not requested through the messaging server. No rule for telephones
    /// that show who they are by their address, for which a file for one device has the flag.
    #[error("enableDeviceActivation needs isActivationCodeThroughMessagingServer")]
    ActivationWithoutMessagingServer,
    /// Activation by code is on, and the type has no file for one device.
    #[error("enableDeviceActivation needs a file of the category Dynamic Profile")]
    ActivationWithoutProfileFile,
    /// Bearer authentication on a type of the older kind, which does not know it.
    #[error("a type of the kind Legacy has no bearerFileAuthentication")]
    BearerInLegacy,
    /// A file that takes a token is also served over HTTP or TFTP, where others could read it.
    #[error("file {file} takes tokens and is served without TLS")]
    BearerWithoutTls {
        /// Which file.
        file: usize,
    },
    /// An attribute of the type has control characters, those that turn the direction of writing, or those that are not seen.
    #[error("{attribute} has characters that show it as another text")]
    Characters {
        /// Which attribute.
        attribute: &'static str,
    },
    /// An attribute of a file has control characters, those that turn the direction of writing, or those that are not seen.
    #[error("{attribute} of file {file} has characters that show it as another text")]
    CharactersOnFile {
        /// Which attribute.
        attribute: &'static str,
        /// Which file.
        file: usize,
    },
    /// Two files of one `fileFormat`, by which files are told apart.
    #[error("file {file} has the fileFormat of an earlier one")]
    DuplicateFileFormat {
        /// Which file, the later one.
        file: usize,
    },
    /// A file of a type comes from the level above, and there is none.
    #[error("file {file} has the fileSource Default, which is for groups and devices")]
    FileSourceDefault {
        /// Which file.
        file: usize,
    },
    /// A name of a file leads out of the folder that it is served from: it has a part `..`, or begins at the root
    /// or at a drive.
    #[error("{attribute} of file {file} leads out of its folder")]
    LeadsOutOnFile {
        /// Which attribute.
        attribute: &'static str,
        /// Which file.
        file: usize,
    },
    /// An attribute of the type is too short or too long.
    #[error("{attribute} has not {least} to {most} characters")]
    Length {
        /// Which attribute.
        attribute: &'static str,
        /// The fewest characters.
        least: usize,
        /// The most characters.
        most: usize,
    },
    /// An attribute of a file is too short or too long.
    #[error("{attribute} of file {file} has not {least} to {most} characters")]
    LengthOnFile {
        /// Which attribute.
        attribute: &'static str,
        /// Which file.
        file: usize,
        /// The fewest characters.
        least: usize,
        /// The most characters.
        most: usize,
    },
    /// `macInCert` and `macInNonRequestURI` exclude one another.
    #[error("macInCert and macInNonRequestURI exclude one another on file {file}")]
    MacSourcesOnFile {
        /// Which file.
        file: usize,
    },
    /// `macInCert` and `macInNonRequestURI` exclude one another.
    #[error("macInCert and macInNonRequestURI exclude one another on the type")]
    MacSourcesOnType,
    /// `numberOfPorts` is a quantity of 0.
    #[error("numberOfPorts is 0")]
    NoPorts,
    /// `resetEvent` is `ResetString`, and there is no `resetString`.
    #[error("resetEvent ResetString needs a resetString")]
    ResetStringMissing,
    /// A static file, which is one for all, with a tag in a name.
    #[error("file {file} is static and has a tag in its name")]
    StaticFileWithTag {
        /// Which file.
        file: usize,
    },
}

impl Violation {
    /// The file that breaks it, from 0; `None` where the type does.
    #[must_use]
    pub const fn file(&self) -> Option<usize> {
        match self {
            Self::ActivationWithoutBearerOnFile { file }
            | Self::BearerWithoutTls { file }
            | Self::CharactersOnFile { file, .. }
            | Self::DuplicateFileFormat { file }
            | Self::FileSourceDefault { file }
            | Self::LeadsOutOnFile { file, .. }
            | Self::LengthOnFile { file, .. }
            | Self::MacSourcesOnFile { file }
            | Self::StaticFileWithTag { file } => Some(*file),
            Self::ActivationWithoutBearerOnType
            | Self::ActivationWithoutDeviceManagement
            | Self::ActivationWithoutMessagingServer
            | Self::ActivationWithoutProfileFile
            | Self::BearerInLegacy
            | Self::Characters { .. }
            | Self::Length { .. }
            | Self::MacSourcesOnType
            | Self::NoPorts
            | Self::ResetStringMissing => None,
        }
    }

    /// Where the rule stands.
    #[must_use]
    pub const fn source(&self) -> Source {
        const SCHEMA: Guide = Guide::ProvisioningSchema;
        match self {
            Self::ActivationWithoutBearerOnFile { .. }
            | Self::ActivationWithoutBearerOnType
            | Self::ActivationWithoutMessagingServer => {
                Source::new(Guide::DeviceIntegration, "provisioning of Room OS devices")
            }
            Self::ActivationWithoutDeviceManagement
            | Self::ActivationWithoutProfileFile
            | Self::BearerWithoutTls { .. }
            | Self::Characters { .. }
            | Self::CharactersOnFile { .. }
            | Self::LeadsOutOnFile { .. }
            | Self::ResetStringMissing => Source::new(Guide::Ours, ""),
            Self::BearerInLegacy => Source::new(SCHEMA, "DeviceManagementDeviceTypeOptions22V6"),
            Self::Length { .. } | Self::MacSourcesOnType | Self::NoPorts => {
                Source::new(SCHEMA, "SystemSIPDeviceTypeAddRequest23V9")
            }
            Self::DuplicateFileFormat { .. }
            | Self::FileSourceDefault { .. }
            | Self::LengthOnFile { .. }
            | Self::MacSourcesOnFile { .. }
            | Self::StaticFileWithTag { .. } => {
                Source::new(SCHEMA, "SystemSIPDeviceTypeFileAddRequest22V2")
            }
        }
    }
}

impl DeviceType {
    /// Every rule that is broken, those of the type first; empty when all is well.
    ///
    /// # Source
    ///
    /// [`Violation::source`] of each.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        self.check_lengths(&mut found);
        let mut check = |is_broken: bool, violation| {
            if is_broken {
                found.push(violation);
            }
        };
        let options = self.device_management();
        let bearer = options.is_some_and(|options| options.bearer_file_authentication);
        let through_messaging = options.is_some_and(|options| {
            options.is_activation_code_through_messaging_server == Some(true)
        });
        let activates = self.allows_activation();
        // Telephones that show who they are by their address go on without a token. The flags of the files say
        // so: where device management configures, those of the type are for the directory of phone services.
        let mut files = self.files.iter();
        let is_by_address =
            files.any(|file| is_for_one_device(file) && takes_address(&file.authentication()));
        check(
            self.number_of_ports == NumberOfPorts::Quantity(0),
            Violation::NoPorts,
        );
        check(
            self.reset_event == Some(ResetEvent::ResetString) && self.reset_string.is_none(),
            Violation::ResetStringMissing,
        );
        check(
            options.is_some_and(|options| options.mac_in_cert && options.mac_in_non_request_uri),
            Violation::MacSourcesOnType,
        );
        check(
            self.configuration_option == ConfigurationOption::Legacy && bearer,
            Violation::BearerInLegacy,
        );
        check(
            activates && self.configuration_option != ConfigurationOption::DeviceManagement,
            Violation::ActivationWithoutDeviceManagement,
        );
        check(
            activates && !is_by_address && !through_messaging,
            Violation::ActivationWithoutMessagingServer,
        );
        check(
            activates && !is_by_address && !bearer,
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

    fn check_lengths(&self, found: &mut Vec<Violation>) {
        let mut check = |attribute, text: Option<&str>, least, most| {
            let Some(text) = text else {
                return;
            };
            if !has_length(text, least, most) {
                found.push(Violation::Length {
                    attribute,
                    least,
                    most,
                });
            }
            if !is_shown(text) {
                found.push(Violation::Characters { attribute });
            }
        };
        check("deviceType", Some(&self.name), 1, 40);
        check(
            "webBasedConfigURL",
            self.web_based_config_url.as_deref(),
            0,
            80,
        );
        let Some(cpe) = &self.cpe_device_options else {
            return;
        };
        check("systemFileName", cpe.system_file_name.as_deref(), 0, 265);
        check(
            "deviceFileFormat",
            cpe.device_file_format.as_deref(),
            0,
            265,
        );
        let Some(options) = &cpe.device_management else {
            return;
        };
        check("tagSet", options.tag_set.as_deref(), 1, 30);
        check(
            "deviceAccessContext",
            options.device_access_context.as_deref(),
            0,
            80,
        );
        check(
            "deviceAccessURI",
            options.device_access_uri.as_deref(),
            0,
            256,
        );
        check(
            "defaultDeviceLanguage",
            options.default_device_language.as_deref(),
            0,
            40,
        );
        check(
            "defaultDeviceEncoding",
            options.default_device_encoding.as_deref(),
            0,
            40,
        );
        check(
            "macFormatInNonRequestURI",
            options.mac_format_in_non_request_uri.as_deref(),
            0,
            256,
        );
        check("deviceModel", options.device_model.as_deref(), 1, 40);
    }
}

fn check_file(file: &DeviceTypeFile, index: usize, activates: bool, found: &mut Vec<Violation>) {
    let mut check = |is_broken: bool, violation| {
        if is_broken {
            found.push(violation);
        }
    };
    let authentication = file.authentication();
    let has_address = takes_address(&authentication);
    let FileAuthentication {
        bearer,
        mac_in_cert,
        mac_in_non_request_uri,
        mac_format_in_non_request_uri,
        ..
    } = authentication;
    let format = mac_format_in_non_request_uri.as_deref();
    for (attribute, text, least, most) in [
        ("fileFormat", Some(file.file_format.as_str()), 1, 128),
        (
            "remoteFileFormat",
            Some(file.remote_file_format.as_str()),
            1,
            128,
        ),
        ("macFormatInNonRequestURI", format, 0, 256),
    ] {
        let Some(text) = text else {
            continue;
        };
        let file = index;
        check(
            !has_length(text, least, most),
            Violation::LengthOnFile {
                attribute,
                file,
                least,
                most,
            },
        );
        check(
            !is_shown(text),
            Violation::CharactersOnFile { attribute, file },
        );
    }
    for (attribute, name) in [
        ("fileFormat", &file.file_format),
        ("remoteFileFormat", &file.remote_file_format),
    ] {
        let file = index;
        check(
            leads_out(name),
            Violation::LeadsOutOnFile { attribute, file },
        );
    }
    check(
        mac_in_cert && mac_in_non_request_uri,
        Violation::MacSourcesOnFile { file: index },
    );
    check(
        activates && is_for_one_device(file) && !bearer && !has_address,
        Violation::ActivationWithoutBearerOnFile { file: index },
    );
    check(
        bearer && (file.allow_http || file.allow_tftp),
        Violation::BearerWithoutTls { file: index },
    );
    check(
        file.source == FileSource::Default,
        Violation::FileSourceDefault { file: index },
    );
    let has_tag = |name: &str| first_tag(name).is_some();
    check(
        file.category == FileCategory::Static
            && (has_tag(&file.file_format) || has_tag(&file.remote_file_format)),
        Violation::StaticFileWithTag { file: index },
    );
}

/// Whether a name of a file names a place of its own: from the root or a drive on, or up.
fn leads_out(name: &str) -> bool {
    let is_drive = |drive: &str| drive.len() == 1 && drive.bytes().all(|b| b.is_ascii_alphabetic());
    let has_drive = name
        .split_once(':')
        .is_some_and(|(drive, _)| is_drive(drive));
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    name.starts_with(['/', '\\']) || has_drive || climbs
}

/// Whether a device shows who it is by its address, in its certificate or in a header.
fn takes_address(authentication: &FileAuthentication) -> bool {
    authentication.mac_in_cert || authentication.mac_in_non_request_uri
}

fn is_for_one_device(file: &DeviceTypeFile) -> bool {
    file.category == FileCategory::DynamicProfile
}

pub(crate) fn has_length(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
}

/// Whether a text shows as what it is: controls, what turns the direction of writing, and what is not
/// seen make it look like another one. The two joiners (U+200C, U+200D) are letters' and stay.
pub(crate) fn is_shown(text: &str) -> bool {
    !text.chars().any(|char| char.is_control() || misleads(char))
}

/// Whether a character turns the direction of writing, ends a line or is not seen, so that a text shows as
/// another one. Control characters (`char::is_control`) are not among these, nor are the two joiners
/// (U+200C, U+200D), which some scripts write words with.
///
/// For whoever shows texts of strangers.
///
/// # Examples
///
/// ```
/// use offhook_device_profile::misleads;
///
/// assert!("a\u{202e}b".contains(misleads));
/// assert!(!"Jürgen".contains(misleads));
/// ```
#[must_use]
pub fn misleads(char: char) -> bool {
    matches!(
        char,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
