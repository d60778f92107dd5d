//! A device as an administrator provisions it.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::device_type::attribute::named;
use crate::violation::{has_length, is_shown};
use crate::{DeviceCredentials, DeviceType, Guide, NumberOfPorts, Source};

named! {
    /// Where the configuration of a device comes from (`configurationMode`).
    ConfigurationMode, Default;
    /// A file of its own.
    Custom = "Custom",
    /// The type's files.
    Default = "Default",
    /// By hand.
    Manual = "Manual",
}

named! {
    /// Whether a device is there (`status`).
    DeviceStatus, Unknown;
    /// It is not.
    Offline = "Offline",
    /// It is.
    Online = "Online",
    /// It cannot be told now.
    Unavailable = "Unavailable",
    /// It cannot be told.
    Unknown = "Unknown",
}

named! {
    /// Over what a device speaks SIP (`transportProtocol`).
    TransportProtocol, Unspecified;
    /// TCP.
    Tcp = "TCP",
    /// TLS.
    Tls = "TLS",
    /// UDP.
    Udp = "UDP",
    /// Not said.
    Unspecified = "Unspecified",
}

/// Where in the hierarchy a device profile stands.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum DeviceLevel {
    /// In a group of a service provider or enterprise.
    Group {
        /// The service provider (`serviceProviderId`).
        service_provider_id: String,
        /// The group (`groupId`).
        group_id: String,
    },
    /// At a service provider or enterprise.
    #[serde(rename = "Service Provider")]
    ServiceProvider {
        /// The service provider (`serviceProviderId`).
        service_provider_id: String,
    },
    /// At the system.
    #[default]
    System,
}

/// A device as an administrator provisions it; the guides call it identity/device profile.
///
/// # Source
///
/// `GroupAccessDeviceAddRequest22V2` of the provisioning interface, and of what is only read
/// [`DeviceReadings`].
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceProfile {
    /// Where it stands (`level`; the name is ours, for the interface has a request for each).
    pub level: DeviceLevel,
    /// Its name (`deviceName`): 1 to 40 characters.
    #[serde(rename = "deviceName")]
    pub name: String,
    /// Its type (`deviceType`): 1 to 40 characters.
    pub device_type: String,
    /// What it speaks (`protocol`), as `SIP 2.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Its address or name in the network (`netAddress`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net_address: Option<String>,
    /// Its port (`port`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The proxy that requests to it go through (`outboundProxyServerNetAddress`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_proxy_server_net_address: Option<String>,
    /// Its STUN server (`stunServerNetAddress`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stun_server_net_address: Option<String>,
    /// Its MAC address (`macAddress`): 12 hexadecimal digits; absent where a code is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// Its serial number (`serialNumber`): at most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// What somebody wrote of it (`description`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it stands in the house (`physicalLocation`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_location: Option<String>,
    /// Over what it speaks SIP (`transportProtocol`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport_protocol: Option<TransportProtocol>,
    /// Whether it has a user name and password of its own (`useCustomUserNamePassword`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_custom_user_name_password: Option<bool>,
    /// Those (`accessDeviceCredentials`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_device_credentials: Option<DeviceCredentials>,
    /// The identity of a handset (`deviceIPEI`).
    #[serde(
        default,
        rename = "deviceIPEI",
        skip_serializing_if = "Option::is_none"
    )]
    pub device_ipei: Option<String>,
}

/// What a system tells of a device besides what was provisioned.
///
/// # Source
///
/// `GroupAccessDeviceGetResponse24V3` of the provisioning interface; `isWebexTeamsDevice` is told
/// at the level of the system.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeviceReadings {
    /// How many ports it has (`numberOfPorts`).
    pub number_of_ports: Option<NumberOfPorts>,
    /// How many of them are taken (`numberOfAssignedPorts`).
    pub number_of_assigned_ports: Option<u32>,
    /// Whether it is there (`status`).
    pub status: Option<DeviceStatus>,
    /// Where its configuration comes from (`configurationMode`).
    pub configuration_mode: Option<ConfigurationMode>,
    /// The file it is configured by (`configurationFileName`).
    pub configuration_file_name: Option<String>,
    /// Its user name (`userName`).
    pub user_name: Option<String>,
    /// The `User-Agent` it showed (`version`).
    pub version: Option<String>,
    /// Whether it is one of Webex (`isWebexTeamsDevice`).
    pub is_webex_teams_device: Option<bool>,
    /// The identifier it has outside (`deviceExternalId`).
    pub device_external_id: Option<String>,
    /// Its code, four digits (`deviceCode`).
    pub device_code: Option<String>,
    /// Its number (`deviceIndex`).
    pub device_index: Option<u32>,
    /// Whether the code is used (`useDeviceCode`).
    pub use_device_code: Option<bool>,
    /// The subject of its bearer tokens, a UUID (`authBearerSubject`).
    pub auth_bearer_subject: Option<String>,
}

/// How a device comes to its profile, which decides whether the profile may have a MAC address.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Onboarding {
    /// By an activation code: the address is not known yet.
    ActivationCode,
    /// By the address that its maker's certificate proves.
    MacAddress,
}

/// A rule that a device profile breaks.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum ProfileViolation {
    /// A code is used, and the type does not allow activation.
    #[error("the device type does not allow activation by code")]
    ActivationNotAllowed,
    /// A user name and password of its own, of which one is not there.
    #[error("a user name and password of its own is said to be there and is not")]
    CredentialsMissing,
    /// `deviceName` has control characters, those that turn the direction of writing, or those that are not seen.
    #[error("deviceName has characters that show it as another text")]
    NameCharacters,
    /// `deviceName` is not 1 to 40 characters.
    #[error("deviceName has not 1 to 40 characters")]
    NameLength,
    /// A code is used, and the address is filled in.
    #[error("macAddress must be empty where an activation code is used")]
    MacAddressWithCode,
    /// `macAddress` is not 12 hexadecimal digits.
    #[error("macAddress is not 12 hexadecimal digits")]
    MacAddressForm,
    /// No code is used, and there is no address.
    #[error("macAddress is needed where no activation code is used")]
    MacAddressMissing,
    /// `serialNumber` is longer than 80 characters.
    #[error("serialNumber has more than 80 characters")]
    SerialNumberLength,
    /// The profile is of another type than the one it was held against.
    #[error("deviceType is another")]
    TypeDiffers,
}

impl ProfileViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> Source {
        match self {
            Self::ActivationNotAllowed | Self::MacAddressWithCode => {
                Source::new(Guide::DeviceIntegration, "provisioning of Room OS devices")
            }
            Self::MacAddressMissing => {
                Source::new(Guide::DeviceIntegration, "provisioning of MPP devices")
            }
            Self::NameCharacters => Source::new(Guide::Ours, ""),
            Self::NameLength | Self::SerialNumberLength => {
                Source::new(Guide::ProvisioningSchema, "GroupAccessDeviceAddRequest22V2")
            }
            Self::CredentialsMissing | Self::MacAddressForm | Self::TypeDiffers => {
                Source::new(Guide::Ours, "")
            }
        }
    }
}

impl DeviceProfile {
    /// A profile of this name, at the system, of this type.
    #[must_use]
    pub fn new(name: &str, device_type: &str) -> Self {
        Self {
            name: name.to_owned(),
            device_type: device_type.to_owned(),
            ..Self::default()
        }
    }

    /// Gives it a MAC address.
    #[must_use]
    pub fn with_mac_address(mut self, mac_address: &str) -> Self {
        self.mac_address = Some(mac_address.to_owned());
        self
    }

    /// Every rule that is broken by this profile of that type; empty when all is well. An empty
    /// `macAddress` counts as none. The rules of the type itself are [`DeviceType::violations`].
    #[must_use]
    pub fn violations(
        &self,
        device_type: &DeviceType,
        onboarding: Onboarding,
    ) -> Vec<ProfileViolation> {
        let mut found = Vec::new();
        let mut check = |is_broken: bool, violation| {
            if is_broken {
                found.push(violation);
            }
        };
        let mac = self.mac_address.as_deref().filter(|mac| !mac.is_empty());
        let by_code = onboarding == Onboarding::ActivationCode;
        check(!has_length(&self.name, 1, 40), ProfileViolation::NameLength);
        check(!is_shown(&self.name), ProfileViolation::NameCharacters);
        check(
            self.device_type != device_type.name,
            ProfileViolation::TypeDiffers,
        );
        check(
            by_code && !device_type.allows_activation(),
            ProfileViolation::ActivationNotAllowed,
        );
        check(
            by_code && mac.is_some(),
            ProfileViolation::MacAddressWithCode,
        );
        check(
            !by_code && mac.is_none(),
            ProfileViolation::MacAddressMissing,
        );
        let is_hex = |mac: &str| mac.len() == 12 && mac.bytes().all(|b| b.is_ascii_hexdigit());
        check(
            mac.is_some_and(|mac| !is_hex(mac)),
            ProfileViolation::MacAddressForm,
        );
        let serial = self.serial_number.as_deref().unwrap_or_default();
        check(
            !has_length(serial, 0, 80),
            ProfileViolation::SerialNumberLength,
        );
        check(
            self.use_custom_user_name_password == Some(true)
                && self.access_device_credentials.is_none(),
            ProfileViolation::CredentialsMissing,
        );
        found
    }
}

impl fmt::Display for DeviceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group { .. } => "Group",
            Self::ServiceProvider { .. } => "Service Provider",
            Self::System => "System",
        })
    }
}
