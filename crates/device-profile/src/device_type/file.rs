//! The files that devices of a type fetch.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::attribute::{FileCategory, FileCustomization, FileSource};
use super::authentication::carries_authentication;

/// A file that devices of a type fetch, with the template it is made from.
///
/// # Source
///
/// `SystemSIPDeviceTypeFileAddRequest22V2` of the provisioning interface, but for the name of the
/// type; the content stands for its `uploadFile`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceTypeFile {
    /// The name devices ask for, with tags (`fileFormat`): 1 to 128 characters, once in a type;
    /// unchangeable.
    pub file_format: String,
    /// The name in the repository, with tags (`remoteFileFormat`): 1 to 128 characters.
    pub remote_file_format: String,
    /// What the file is made of (`fileCategory`); unchangeable.
    #[serde(rename = "fileCategory")]
    pub category: FileCategory,
    /// Who may change it (`fileCustomization`).
    #[serde(rename = "fileCustomization")]
    pub customization: FileCustomization,
    /// Where it comes from (`fileSource`).
    #[serde(rename = "fileSource")]
    pub source: FileSource,
    /// Whether a device authenticates by HTTP digest (`useHttpDigestAuthentication`).
    pub use_http_digest_authentication: bool,
    /// Whether a device shows its MAC address (`macBasedFileAuthentication`).
    pub mac_based_file_authentication: bool,
    /// Whether a device tells user name and password (`userNamePasswordFileAuthentication`).
    pub user_name_password_file_authentication: bool,
    /// Whether a device shows a bearer token (`bearerFileAuthentication`).
    pub bearer_file_authentication: bool,
    /// Whether the MAC address is taken from a header (`macInNonRequestURI`).
    #[serde(rename = "macInNonRequestURI")]
    pub mac_in_non_request_uri: bool,
    /// Whether the MAC address is taken from the client certificate (`macInCert`).
    pub mac_in_cert: bool,
    /// How the address stands in that header (`macFormatInNonRequestURI`): at most 256
    /// characters.
    #[serde(
        default,
        rename = "macFormatInNonRequestURI",
        skip_serializing_if = "Option::is_none"
    )]
    pub mac_format_in_non_request_uri: Option<String>,
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
    /// Whether what devices upload is kept with more about it (`defaultExtendedFileCaptureMode`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_extended_file_capture_mode: Option<bool>,
    /// The template, or the file itself where it has no tags. It is no member for `serde`: an
    /// archive has it as an entry of its own.
    #[serde(skip)]
    pub content: FileContent,
}

impl DeviceTypeFile {
    /// A file for one device, made from this template and served over HTTPS only; its remote name
    /// is its name.
    #[must_use]
    pub fn new(file_format: &str, content: impl Into<FileContent>) -> Self {
        Self {
            file_format: file_format.to_owned(),
            remote_file_format: file_format.to_owned(),
            category: FileCategory::DynamicProfile,
            customization: FileCustomization::Disallow,
            source: FileSource::Custom,
            use_http_digest_authentication: false,
            mac_based_file_authentication: false,
            user_name_password_file_authentication: false,
            bearer_file_authentication: false,
            mac_in_non_request_uri: false,
            mac_in_cert: false,
            mac_format_in_non_request_uri: None,
            allow_http: false,
            allow_https: true,
            allow_tftp: false,
            enable_caching: false,
            allow_upload_from_device: false,
            default_extended_file_capture_mode: None,
            content: content.into(),
        }
    }

    /// Says what the file is made of.
    #[must_use]
    pub fn with_category(mut self, category: FileCategory) -> Self {
        self.category = category;
        self
    }
}

carries_authentication!(DeviceTypeFile);

/// What is in a file; a clone shares the bytes.
///
/// `Debug` hides them: a template of one's own may hold passwords.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct FileContent(Arc<Vec<u8>>);

impl Deref for FileContent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for FileContent {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}

impl From<&[u8]> for FileContent {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl<const N: usize> From<[u8; N]> for FileContent {
    fn from(bytes: [u8; N]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&str> for FileContent {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for FileContent {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileContent({} bytes)", self.len())
    }
}
