//! The manifest of an archive: the attributes by the names the field gives them.

use serde::{Deserialize, Serialize};

use crate::{
    AccessDeviceCategory, ConfigurationOption, DeviceType, DeviceTypeFile, FileAuthentication,
    FileCategory, FileCustomization,
};

/// An unknown member is an error everywhere: a misspelt switch must not read as one that is off.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: String,
    version: u32,
    #[serde(rename = "deviceType")]
    device_type: TypeEntry,
}

/// Only what tells one manifest from another, so that a newer one is known for what it is.
#[derive(Deserialize)]
pub(crate) struct Head {
    format: String,
    version: u32,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TypeEntry {
    device_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_model: Option<String>,
    device_type_configuration_option: ConfigurationOption,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_category: Option<AccessDeviceCategory>,
    enable_device_activation: bool,
    is_activation_code_through_messaging_server: bool,
    use_http_digest_authentication: bool,
    mac_based_file_authentication: bool,
    user_name_password_file_authentication: bool,
    bearer_file_authentication: bool,
    #[serde(rename = "macInNonRequestURI")]
    mac_in_non_request_uri: bool,
    mac_in_cert: bool,
    #[serde(
        default,
        rename = "macFormatInNonRequestURI",
        skip_serializing_if = "Option::is_none"
    )]
    mac_format_in_non_request_uri: Option<String>,
    files: Vec<FileEntry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileEntry {
    file_format: String,
    remote_file_format: String,
    file_category: FileCategory,
    file_customization: FileCustomization,
    use_http_digest_authentication: bool,
    mac_based_file_authentication: bool,
    user_name_password_file_authentication: bool,
    bearer_file_authentication: bool,
    #[serde(rename = "macInNonRequestURI")]
    mac_in_non_request_uri: bool,
    mac_in_cert: bool,
    #[serde(
        default,
        rename = "macFormatInNonRequestURI",
        skip_serializing_if = "Option::is_none"
    )]
    mac_format_in_non_request_uri: Option<String>,
    allow_http: bool,
    allow_https: bool,
    allow_tftp: bool,
    enable_caching: bool,
    allow_upload_from_device: bool,
}

impl Head {
    pub(crate) fn is_ours(&self) -> bool {
        self.format == FORMAT && self.version == VERSION
    }
}

impl Manifest {
    pub(crate) fn of(device_type: &DeviceType) -> Self {
        let DeviceType {
            authentication,
            files,
            ..
        } = device_type;
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            device_type: TypeEntry {
                device_type: device_type.name.clone(),
                device_model: device_type.model.clone(),
                device_type_configuration_option: device_type.configuration_option,
                device_category: device_type.category,
                enable_device_activation: device_type.enable_device_activation,
                is_activation_code_through_messaging_server: device_type
                    .is_activation_code_through_messaging_server,
                use_http_digest_authentication: authentication.http_digest,
                mac_based_file_authentication: authentication.mac_based,
                user_name_password_file_authentication: authentication.user_name_password,
                bearer_file_authentication: authentication.bearer,
                mac_in_non_request_uri: authentication.mac_in_non_request_uri,
                mac_in_cert: authentication.mac_in_cert,
                mac_format_in_non_request_uri: authentication.mac_format_in_non_request_uri.clone(),
                files: files.iter().map(FileEntry::of).collect(),
            },
        }
    }

    /// How many files it names; file `n` is the archive's entry `files/n`.
    pub(crate) fn files(&self) -> usize {
        self.device_type.files.len()
    }

    /// The device type with these contents of its files, in their order.
    pub(crate) fn into_device_type(self, contents: Vec<Vec<u8>>) -> DeviceType {
        let entry = self.device_type;
        DeviceType {
            name: entry.device_type,
            model: entry.device_model,
            configuration_option: entry.device_type_configuration_option,
            category: entry.device_category,
            enable_device_activation: entry.enable_device_activation,
            is_activation_code_through_messaging_server: entry
                .is_activation_code_through_messaging_server,
            authentication: FileAuthentication {
                bearer: entry.bearer_file_authentication,
                http_digest: entry.use_http_digest_authentication,
                mac_based: entry.mac_based_file_authentication,
                mac_in_cert: entry.mac_in_cert,
                mac_in_non_request_uri: entry.mac_in_non_request_uri,
                mac_format_in_non_request_uri: entry.mac_format_in_non_request_uri,
                user_name_password: entry.user_name_password_file_authentication,
            },
            files: entry
                .files
                .into_iter()
                .zip(contents)
                .map(|(file, content)| file.into_file(content))
                .collect(),
        }
    }
}

impl FileEntry {
    fn of(file: &DeviceTypeFile) -> Self {
        let authentication = &file.authentication;
        Self {
            file_format: file.file_format.clone(),
            remote_file_format: file.remote_file_format.clone(),
            file_category: file.category,
            file_customization: file.customization,
            use_http_digest_authentication: authentication.http_digest,
            mac_based_file_authentication: authentication.mac_based,
            user_name_password_file_authentication: authentication.user_name_password,
            bearer_file_authentication: authentication.bearer,
            mac_in_non_request_uri: authentication.mac_in_non_request_uri,
            mac_in_cert: authentication.mac_in_cert,
            mac_format_in_non_request_uri: authentication.mac_format_in_non_request_uri.clone(),
            allow_http: file.allow_http,
            allow_https: file.allow_https,
            allow_tftp: file.allow_tftp,
            enable_caching: file.enable_caching,
            allow_upload_from_device: file.allow_upload_from_device,
        }
    }

    fn into_file(self, content: Vec<u8>) -> DeviceTypeFile {
        DeviceTypeFile {
            file_format: self.file_format,
            remote_file_format: self.remote_file_format,
            category: self.file_category,
            customization: self.file_customization,
            authentication: FileAuthentication {
                bearer: self.bearer_file_authentication,
                http_digest: self.use_http_digest_authentication,
                mac_based: self.mac_based_file_authentication,
                mac_in_cert: self.mac_in_cert,
                mac_in_non_request_uri: self.mac_in_non_request_uri,
                mac_format_in_non_request_uri: self.mac_format_in_non_request_uri,
                user_name_password: self.user_name_password_file_authentication,
            },
            allow_http: self.allow_http,
            allow_https: self.allow_https,
            allow_tftp: self.allow_tftp,
            enable_caching: self.enable_caching,
            allow_upload_from_device: self.allow_upload_from_device,
            content,
        }
    }
}

const FORMAT: &str = "offhook-dtaf";
const VERSION: u32 = 1;
