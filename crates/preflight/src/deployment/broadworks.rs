//! `BroadWorks` with Webex.

use std::fmt;

use offhook_device_profile::{DeviceType, DeviceTypeFile};
use serde::Deserialize;

use crate::{Date, Version};

/// `BroadWorks` with Webex. A switch that is left out counts as off, a list as empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BroadWorks {
    /// The release of the application server, as `R24`.
    pub release: Version,
    /// On what the device management runs.
    pub platform: Platform,
    /// The release of ADP, by year and month, as `2022.11`.
    #[serde(default)]
    pub adp_release: Option<Version>,
    /// The patches that are installed, by their names.
    #[serde(default)]
    pub patches: Vec<String>,
    /// The features that are activated on the application server, by their numbers.
    #[serde(default)]
    pub activated_features: Vec<String>,
    /// The features that its release has without being activated.
    #[serde(default)]
    pub included_features: Vec<String>,
    /// `asLocationLookupEnabled` at the network server.
    #[serde(default)]
    pub as_location_lookup_enabled: bool,
    /// Whether flow-through provisioning to Webex is configured.
    #[serde(default)]
    pub flow_through_provisioning: bool,
    /// Whether the Integrated IM+P service is on.
    #[serde(default)]
    pub integrated_imp: bool,
    /// The provisioning bridge that it points to.
    #[serde(default)]
    pub provisioning_bridge_url: Option<String>,
    /// Whether the device activation service is deployed.
    #[serde(default)]
    pub device_activation_service: bool,
    /// The URL of device management.
    #[serde(default)]
    pub dms_url: Option<String>,
    /// The DAS URL of the cluster.
    #[serde(default)]
    pub das_url: Option<String>,
    /// Whether support has added the DAS URL.
    #[serde(default)]
    pub das_url_by_support: bool,
    /// How many customers the cluster has.
    #[serde(default)]
    pub customers: u32,
    /// Whether ADP or XSP stands behind a firewall that ends TLS.
    #[serde(default)]
    pub behind_firewall: bool,
    /// The file with the certificates of the phones' maker that ADP or the firewall trusts.
    #[serde(default)]
    pub maker_roots: Option<String>,
    /// OAuth for device management.
    #[serde(default)]
    pub oauth: OAuth,
    /// The Cisco identity provider.
    #[serde(default)]
    pub identity_provider: IdentityProvider,
    /// The DM Bridge.
    #[serde(default)]
    pub dm_bridge: DmBridge,
    /// `Authentication/Headers`.
    #[serde(default)]
    pub headers: MacHeader,
    /// `Authentication/Certificates`.
    #[serde(default)]
    pub certificates: MacCertificate,
    /// The account with the discovery service.
    #[serde(default)]
    pub gds: Gds,
    /// The partner organizations, each with its device management.
    #[serde(default)]
    pub partner: Vec<Partner>,
    /// Device types.
    #[serde(default)]
    pub device_type: Vec<BroadWorksDeviceType>,
    /// Files with device type archives.
    #[serde(default)]
    pub device_type_archives: Vec<String>,
    /// The devices, by model and release.
    #[serde(default)]
    pub device: Vec<BroadWorksDevice>,
}

impl BroadWorks {
    /// Whether there are devices with this software.
    pub(crate) fn has(&self, software: Software) -> bool {
        self.device.iter().any(|device| device.software == software)
    }

    /// Whether devices, phones only where that is asked, use codes.
    pub(crate) fn uses_codes(&self, software: Option<Software>) -> bool {
        let mut devices = self.device.iter();
        devices.any(|device| {
            device.onboarding == BroadWorksOnboarding::ActivationCode
                && software.is_none_or(|software| device.software == software)
        })
    }
}

/// On what the device management runs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Platform {
    /// Application delivery platform, which has releases of its own.
    Adp,
    /// Xtended services platform.
    Xsp,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adp => "ADP",
            Self::Xsp => "XSP",
        })
    }
}

/// OAuth for device management (`AccessControl/Authentication/OAuth`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct OAuth {
    /// `enable`.
    pub enabled: bool,
    /// `Scopes`.
    pub scopes: Vec<String>,
}

/// The Cisco identity provider (`ExternalAuthentication/CiscoIdentityProvider`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct IdentityProvider {
    /// `enabled`.
    pub enabled: bool,
    /// Whether `clientId` is set.
    pub client_id_set: bool,
    /// Whether `clientSecret` is set.
    pub client_secret_set: bool,
    /// The CI cluster of the organization, as `US-A`.
    pub ci_cluster: String,
    /// The Teams cluster of the organization, as `ACHM`.
    pub teams_cluster: String,
    /// `issuerName`.
    pub issuer_name: String,
    /// `issuerUrl`.
    pub issuer_url: String,
    /// `tokenInfoUrl`.
    pub token_info_url: String,
    /// `ciResponseBodyMaxSizeInBytes`.
    pub ci_response_body_max_size_in_bytes: u64,
    /// `flsUrl` of `Federation`.
    pub fls_url: String,
    /// `refreshPeriodInMinutes` of `Federation`.
    pub refresh_period_in_minutes: u64,
    /// `partnerName` of `Federation`.
    pub partner_name: Option<String>,
    /// The names under `Partners`.
    pub partners: Vec<String>,
    /// Under what the refresh token is set.
    pub refresh_token: Option<RefreshTokenContext>,
    /// The day on which the refresh token was issued.
    pub refresh_token_issued: Option<Date>,
    /// Whether it is in use already, and thereby renewed.
    pub refresh_token_in_use: bool,
    /// `Scopes`.
    pub scopes: Vec<String>,
    /// `Admin/RolesAllowed`.
    pub admin_roles_allowed: Vec<String>,
    /// `Admin/ScopesAllowed`.
    pub admin_scopes_allowed: Vec<String>,
}

/// Under what a refresh token is set.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefreshTokenContext {
    /// `CiscoIdentityProvider/Federation`.
    Federation,
    /// `CiscoIdentityProvider/Partners`.
    Partners,
}

/// The DM Bridge (`DeviceActivation/DMBridge`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DmBridge {
    /// `url`, a host name.
    pub url: String,
    /// `scope`.
    pub scope: String,
}

/// The MAC address of a phone out of its certificate (`Authentication/Certificates`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MacCertificate {
    /// `enable`.
    pub enabled: bool,
    /// `identityPattern`.
    pub identity_pattern: String,
}

/// The MAC address of a phone out of a header that the firewall sets (`Authentication/Headers`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MacHeader {
    /// `enable`.
    pub enabled: bool,
    /// The name of the header.
    pub header: String,
    /// `identityPattern`.
    pub identity_pattern: String,
}

/// The account with the discovery service (`IdentityProviders/Cisco`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Gds {
    /// `gdsDomain`, as `https://activation.webex.com`.
    pub gds_domain: String,
    /// Whether `clientId`, `clientSecret` and `refreshToken` are set.
    pub credentials_set: bool,
}

/// A partner organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Partner {
    /// Its name.
    pub name: String,
    /// The URL of its device management.
    pub dms_url: String,
}

/// What matters of a device type for onboarding, by the names of the provisioning interface.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BroadWorksDeviceType {
    /// `deviceType`.
    pub name: String,
    /// `enableDeviceActivation`: Allow Activation Code Onboarding.
    #[serde(default)]
    pub enable_device_activation: bool,
    /// `isActivationCodeThroughMessagingServer`: Send Activation Code Request Through Messaging
    /// Server.
    #[serde(default)]
    pub is_activation_code_through_messaging_server: bool,
    /// `bearerFileAuthentication`: Authentication Mode Bearer.
    #[serde(default)]
    pub bearer_file_authentication: bool,
    /// `macInCert`.
    #[serde(default)]
    pub mac_in_cert: bool,
    /// `macInNonRequestURI`.
    #[serde(default)]
    pub mac_in_non_request_uri: bool,
    /// Its files.
    #[serde(default)]
    pub file: Vec<BroadWorksFile>,
}

impl BroadWorksDeviceType {
    /// As `device-profile` knows it, to be judged by its rules.
    pub(crate) fn to_device_type(&self) -> DeviceType {
        let mut device_type = DeviceType::new(&self.name);
        let options = device_type.device_management_mut();
        options.enable_device_activation = self.enable_device_activation;
        options.is_activation_code_through_messaging_server =
            Some(self.is_activation_code_through_messaging_server);
        options.bearer_file_authentication = self.bearer_file_authentication;
        options.mac_in_cert = self.mac_in_cert;
        options.mac_in_non_request_uri = self.mac_in_non_request_uri;
        for described in &self.file {
            let mut file = DeviceTypeFile::new(&described.file_format, Vec::new());
            file.bearer_file_authentication = described.bearer_file_authentication;
            file.mac_in_cert = described.mac_in_cert;
            file.mac_in_non_request_uri = described.mac_in_non_request_uri;
            file.allow_http = described.allow_http;
            file.allow_tftp = described.allow_tftp;
            device_type.files.push(file);
        }
        device_type
    }
}

/// What matters of a file of a device type, which is made for each device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BroadWorksFile {
    /// `fileFormat`.
    pub file_format: String,
    /// `bearerFileAuthentication`: Authentication Mode Bearer.
    #[serde(default)]
    pub bearer_file_authentication: bool,
    /// `macInCert`.
    #[serde(default)]
    pub mac_in_cert: bool,
    /// `macInNonRequestURI`.
    #[serde(default)]
    pub mac_in_non_request_uri: bool,
    /// `allowHttp`.
    #[serde(default)]
    pub allow_http: bool,
    /// `allowTftp`.
    #[serde(default)]
    pub allow_tftp: bool,
}

/// Devices of one model and release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BroadWorksDevice {
    /// The model, as `Room Kit Pro` or `CP-8841-3PCC-K9`.
    pub model: String,
    /// What runs on it.
    pub software: Software,
    /// Of which release.
    pub release: Version,
    /// The name of its device type.
    pub device_type: String,
    /// How it is onboarded.
    pub onboarding: BroadWorksOnboarding,
    /// The MAC addresses in its profiles; none where codes are used.
    #[serde(default)]
    pub mac_addresses: Vec<String>,
}

/// How a device at `BroadWorks` is onboarded.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BroadWorksOnboarding {
    /// By an activation code.
    ActivationCode,
    /// By the MAC address in its profile, which its maker's certificate proves.
    MacAddress,
}

/// What runs on a device at `BroadWorks`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Software {
    /// Multiplatform firmware of a telephone.
    Mpp,
    /// Room OS.
    RoomOs,
}
