//! How devices of a type are configured and managed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::attribute::{
    AutoCreateDevicesLevel, ConfigType, DeviceAccessProtocol, SupportLinks, TagMode,
};
use super::authentication::carries_authentication;
use crate::{Secret, TagLevel};

/// How devices of a type are configured (`cpeDeviceOptions`).
///
/// # Source
///
/// `CPEDeviceOptions22V6` of the provisioning interface.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CpeDeviceOptions {
    /// Whether devices are watched (`enableMonitoring`).
    pub enable_monitoring: bool,
    /// Which files devices fetch (`configType`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_type: Option<ConfigType>,
    /// The name of the system's file (`systemFileName`): at most 265 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_file_name: Option<String>,
    /// The name of a device's file, with tags (`deviceFileFormat`): at most 265 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_file_format: Option<String>,
    /// How devices are managed (`deviceManagementDeviceTypeOptions`).
    #[serde(
        default,
        rename = "deviceManagementDeviceTypeOptions",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_management: Option<DeviceManagementOptions>,
}

/// How devices of a type are managed (`deviceManagementDeviceTypeOptions`).
///
/// Where the type is configured by device management, the switches of authentication here rule a
/// telephone's directory file only, and each file has switches of its own; where it is configured
/// the older way, they rule all files, and bearer is not among them.
///
/// # Source
///
/// `DeviceManagementDeviceTypeOptions22V6` of the provisioning interface.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceManagementOptions {
    /// Over what devices fetch their files (`deviceAccessProtocol`).
    pub device_access_protocol: DeviceAccessProtocol,
    /// Which tags are put into the files (`tagMode`).
    pub tag_mode: TagMode,
    /// The tag set of the type (`tagSet`): 1 to 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_set: Option<String>,
    /// Whether a device may have a tag set of its own (`allowDeviceProfileCustomTagSet`).
    pub allow_device_profile_custom_tag_set: bool,
    /// Whether a group may (`allowGroupCustomTagSet`).
    pub allow_group_custom_tag_set: bool,
    /// Whether a service provider may (`allowSpCustomTagSet`).
    pub allow_sp_custom_tag_set: bool,
    /// Whether somebody is told when a device could not be reset (`sendEmailUponResetFailure`).
    pub send_email_upon_reset_failure: bool,
    /// The name of the server that devices ask (`deviceAccessNetAddress`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_access_net_address: Option<String>,
    /// Its port (`deviceAccessPort`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_access_port: Option<u16>,
    /// The first part of the path (`deviceAccessContext`): at most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_access_context: Option<String>,
    /// The rest of the path (`deviceAccessURI`): at most 256 characters.
    #[serde(
        rename = "deviceAccessURI",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub device_access_uri: Option<String>,
    /// The language of devices that tell none (`defaultDeviceLanguage`): at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_device_language: Option<String>,
    /// The encoding of devices that tell none (`defaultDeviceEncoding`): at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_device_encoding: Option<String>,
    /// The user name and password that all devices of the type have (`accessDeviceCredentials`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_device_credentials: Option<DeviceCredentials>,
    /// Whether a device authenticates by HTTP digest (`useHttpDigestAuthentication`).
    pub use_http_digest_authentication: bool,
    /// Whether a device shows its MAC address (`macBasedFileAuthentication`).
    pub mac_based_file_authentication: bool,
    /// Whether a device tells user name and password (`userNamePasswordFileAuthentication`).
    pub user_name_password_file_authentication: bool,
    /// Whether the MAC address is taken from a header (`macInNonRequestURI`).
    #[serde(rename = "macInNonRequestURI")]
    pub mac_in_non_request_uri: bool,
    /// Whether the MAC address is taken from the client certificate (`macInCert`).
    pub mac_in_cert: bool,
    /// How the address stands in that header (`macFormatInNonRequestURI`): at most 256 characters.
    #[serde(
        rename = "macFormatInNonRequestURI",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub mac_format_in_non_request_uri: Option<String>,
    /// Whether a device may be activated by code (`enableDeviceActivation`); in the guides, Allow
    /// Activation Code Onboarding.
    pub enable_device_activation: bool,
    /// The model (`deviceModel`): at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_model: Option<String>,
    /// Whether devices are linked with one another (`supportLinks`).
    pub support_links: SupportLinks,
    /// The type whose devices are linked without an administrator (`autoLinkingDeviceType`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_linking_device_type: Option<String>,
    /// Where devices are made without an administrator (`autoCreateDevicesLevel`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_create_devices_level: Option<AutoCreateDevicesLevel>,
    /// Whether codes are requested through the messaging server
    /// (`isActivationCodeThroughMessagingServer`); in the guides, Send Activation Code Request
    /// Through Messaging Server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_activation_code_through_messaging_server: Option<bool>,
    /// Whether a device shows a bearer token (`bearerFileAuthentication`); in the guides,
    /// Authentication Mode: Bearer.
    pub bearer_file_authentication: bool,
}

impl DeviceManagementOptions {
    /// Whether the values of a level are used at all, by mode and switches.
    ///
    /// # Source
    ///
    /// `tagMode`, `allowSpCustomTagSet`, `allowGroupCustomTagSet` and
    /// `allowDeviceProfileCustomTagSet` of the provisioning interface; that a switch counts in the
    /// mode System And Custom only is drawn from the names.
    #[must_use]
    pub fn uses_tags_of(&self, level: TagLevel) -> bool {
        match self.tag_mode {
            TagMode::None => false,
            TagMode::System => level == TagLevel::SystemDefault,
            TagMode::SystemAndCustom => match level {
                TagLevel::SystemDefault | TagLevel::System => true,
                TagLevel::ServiceProvider => self.allow_sp_custom_tag_set,
                TagLevel::Group => self.allow_group_custom_tag_set,
                TagLevel::Device => self.allow_device_profile_custom_tag_set,
            },
        }
    }
}

carries_authentication!(DeviceManagementOptions);

/// A user name and password (`accessDeviceCredentials`).
///
/// `Debug` hides the password; `serde` writes it.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceCredentials {
    /// The user name (`userName`).
    pub user_name: String,
    /// The password (`password`).
    pub password: Secret,
}

impl DeviceCredentials {
    /// This user name and password.
    #[must_use]
    pub fn new(user_name: &str, password: &str) -> Self {
        Self {
            user_name: user_name.to_owned(),
            password: Secret::new(password),
        }
    }
}

impl fmt::Debug for DeviceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCredentials")
            .field("user_name", &self.user_name)
            .finish_non_exhaustive()
    }
}
