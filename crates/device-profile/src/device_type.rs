//! What a server knows about a kind of device and the files it serves to it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of device: how it is configured, how it shows who it is, and its files.
///
/// Any values can stand here, as they come out of an archive;
/// [`violations`](Self::violations) tells which of them no server would take.
///
/// # Source
///
/// The attributes are those of `SystemSIPDeviceTypeAddRequest23V9` and
/// `CPEDeviceOptions22V6` of the provisioning interface, as far as device management and
/// activation need them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeviceType {
    /// Its name (`deviceType`): 1 to 40 characters.
    pub name: String,
    /// The model (`deviceModel`): at most 40 characters.
    pub model: Option<String>,
    /// How devices are configured (`deviceTypeConfigurationOption`).
    pub configuration_option: ConfigurationOption,
    /// The category (`deviceCategory`).
    pub category: Option<AccessDeviceCategory>,
    /// Whether a device may be activated by code (`enableDeviceActivation`).
    pub enable_device_activation: bool,
    /// Whether codes are requested through the messaging server
    /// (`isActivationCodeThroughMessagingServer`).
    pub is_activation_code_through_messaging_server: bool,
    /// How a device shows who it is, unless a file says otherwise.
    pub authentication: FileAuthentication,
    /// The files, in their order.
    pub files: Vec<DeviceTypeFile>,
}

impl DeviceType {
    /// A type of this name, managed by the device management, with every switch off.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Allows activation by code: activation on, codes through the messaging server, and bearer
    /// authentication on the type. The files' own switches are theirs.
    ///
    /// # Source
    ///
    /// Device integration for Webex on `BroadWorks`, provisioning of Room OS devices.
    #[must_use]
    pub fn with_activation(mut self) -> Self {
        self.enable_device_activation = true;
        self.is_activation_code_through_messaging_server = true;
        self.authentication.bearer = true;
        self
    }

    /// Names the model.
    #[must_use]
    pub fn with_model(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn with_file(mut self, file: DeviceTypeFile) -> Self {
        self.files.push(file);
        self
    }

    /// The file of this `fileFormat`.
    #[must_use]
    pub fn file(&self, file_format: &str) -> Option<&DeviceTypeFile> {
        self.files
            .iter()
            .find(|file| file.file_format == file_format)
    }
}

/// A file that devices of a type fetch, with the template it is made from.
///
/// # Source
///
/// `SystemSIPDeviceTypeFileAddRequest22V2` of the provisioning interface.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeviceTypeFile {
    /// The name devices ask for, with tags (`fileFormat`): 1 to 128 characters, once in a type.
    pub file_format: String,
    /// The name in the repository, with tags (`remoteFileFormat`): 1 to 128 characters.
    pub remote_file_format: String,
    /// What the file is made of (`fileCategory`).
    pub category: FileCategory,
    /// Who may change it (`fileCustomization`).
    pub customization: FileCustomization,
    /// How a device shows who it is.
    pub authentication: FileAuthentication,
    /// Whether it is served over HTTP (`allowHttp`).
    pub allow_http: bool,
    /// Whether it is served over HTTPS (`allowHttps`).
    pub allow_https: bool,
    /// Whether it is served over TFTP (`allowTftp`).
    pub allow_tftp: bool,
    /// Whether it may be cached (`enableCaching`).
    pub enable_caching: bool,
    /// Whether a device may upload it (`allowUploadFromDevice`).
    pub allow_upload_from_device: bool,
    /// The template, or the file itself where it has no tags.
    pub content: Vec<u8>,
}

impl DeviceTypeFile {
    /// A file for one device, made from this template and served over HTTPS only; its remote name
    /// is its name.
    #[must_use]
    pub fn new(file_format: &str, content: impl Into<Vec<u8>>) -> Self {
        Self {
            file_format: file_format.to_owned(),
            remote_file_format: file_format.to_owned(),
            category: FileCategory::DynamicProfile,
            customization: FileCustomization::Disallow,
            authentication: FileAuthentication::default(),
            allow_http: false,
            allow_https: true,
            allow_tftp: false,
            enable_caching: false,
            allow_upload_from_device: false,
            content: content.into(),
        }
    }

    /// Says how a device shows who it is.
    #[must_use]
    pub fn with_authentication(mut self, authentication: FileAuthentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Says what the file is made of.
    #[must_use]
    pub fn with_category(mut self, category: FileCategory) -> Self {
        self.category = category;
        self
    }
}

impl fmt::Debug for DeviceTypeFile {
    /// Leaves the content out: a template of one's own may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTypeFile")
            .field("file_format", &self.file_format)
            .field("category", &self.category)
            .field("authentication", &self.authentication)
            .field("content_bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// How a device shows who it is when it asks for a file; all off means that it need not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct FileAuthentication {
    /// By a bearer token (`bearerFileAuthentication`).
    pub bearer: bool,
    /// By HTTP digest (`useHttpDigestAuthentication`).
    pub http_digest: bool,
    /// By its MAC address (`macBasedFileAuthentication`).
    pub mac_based: bool,
    /// The MAC address is taken from the client certificate (`macInCert`).
    pub mac_in_cert: bool,
    /// The MAC address is taken from a header (`macInNonRequestURI`).
    pub mac_in_non_request_uri: bool,
    /// How the address stands in that header (`macFormatInNonRequestURI`): at most 256
    /// characters.
    pub mac_format_in_non_request_uri: Option<String>,
    /// By user name and password (`userNamePasswordFileAuthentication`).
    pub user_name_password: bool,
}

impl FileAuthentication {
    /// By a bearer token and nothing else.
    #[must_use]
    pub fn bearer() -> Self {
        Self {
            bearer: true,
            ..Self::default()
        }
    }

    /// By the MAC address in the client certificate.
    #[must_use]
    pub fn mac_in_cert() -> Self {
        Self {
            mac_based: true,
            mac_in_cert: true,
            ..Self::default()
        }
    }
}

/// How devices of a type are configured (`deviceTypeConfigurationOption`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum ConfigurationOption {
    /// By device management: each file has its own switches.
    #[default]
    #[serde(rename = "Device Management")]
    DeviceManagement,
    /// By the older file server: the type's switches rule, and bearer is not among them.
    Legacy,
    /// Not at all.
    #[serde(rename = "Not Supported")]
    NotSupported,
}

/// What kind of thing a device is (`deviceCategory`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum AccessDeviceCategory {
    /// Client applications.
    #[serde(rename = "Client Applications")]
    ClientApplications,
    /// Generic.
    Generic,
    /// Hosted.
    Hosted,
    /// Local gateway.
    #[serde(rename = "Local Gateway")]
    LocalGateway,
    /// SIP trunking.
    #[serde(rename = "SIP Trunking")]
    SipTrunking,
}

/// What a file is made of (`fileCategory`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum FileCategory {
    /// One for each group.
    #[serde(rename = "Dynamic Group")]
    DynamicGroup,
    /// One for each device profile.
    #[serde(rename = "Dynamic Profile")]
    DynamicProfile,
    /// The same for all; no tags.
    Static,
    /// A template that is never served.
    #[serde(rename = "Template Only")]
    TemplateOnly,
}

/// Who may change a file (`fileCustomization`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum FileCustomization {
    /// Administrators.
    Administrator,
    /// Administrators and users.
    #[serde(rename = "Administrator and User")]
    AdministratorAndUser,
    /// Nobody.
    #[default]
    Disallow,
}
