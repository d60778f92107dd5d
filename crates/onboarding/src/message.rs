//! The bodies of requests and answers, version 1: JSON, with the names of the guides.
//!
//! No public source says how these messages look, so they are ours. Unknown members of requests are
//! refused, so that a misspelled one is not silently ignored.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use offhook_device_name::{DeviceModel, DeviceName, MacAddress};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{ActivationState, Device, MessageError, Ownership};

/// A text that must not be printed: redacted by `Debug`, wiped when dropped, compared in a time that
/// does not tell where two differ.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct SecretText(#[serde(with = "secret")] Zeroizing<String>);

impl SecretText {
    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl Eq for SecretText {}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.secret()
            .as_bytes()
            .ct_eq(other.secret().as_bytes())
            .into()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An administrator adds a device: `POST /v1/devices`, answered by a [`DeviceStatus`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct ProvisionRequest {
    /// The name of the device profile, 1 to 80 characters.
    pub profile: String,
    /// The primary user or workspace, 1 to 80 characters.
    pub account: String,
    /// The device type.
    pub device_type: String,
    /// The model.
    pub model: DeviceModel,
    /// Whose device it is.
    pub ownership: Ownership,
    /// The address of record of its line, `user@domain`.
    pub line_port: String,
    /// The address; empty where a code is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<MacAddress>,
    /// Tag values of the device profile level, by tag name with its per cent signs. A message that names one twice
    /// is refused.
    #[serde(default, deserialize_with = "tags::deserialize")]
    pub tags: BTreeMap<String, SecretText>,
}

/// An administrator asks for a code: `POST /v1/devices/PROFILE/activation-code`, answered by a
/// [`CodeIssued`]. The code goes to the recipient only; where none is named it is in the answer, if
/// administrators may see codes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct CodeRequest {
    /// The mail address of the primary user; absent where the administrator hands the code over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// The device moves to another owner.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct MoveRequest {
    /// The device profile that it is to have; provisioned, and waiting for a device.
    pub profile: String,
    /// The mail address of that profile's primary user; absent where the administrator hands the
    /// code over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// A part of the devices, in the order of their profiles.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct DeviceList {
    /// The devices.
    pub devices: Vec<DeviceStatus>,
    /// The profile to ask on from (`after`); absent where no device is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A code was issued, and mailed or shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct CodeIssued {
    /// For which device profile.
    pub profile: String,
    /// From when on it opens nothing, in milliseconds since the Unix epoch.
    pub expiry_time: u64,
    /// The code, four groups of four digits; there where no mail was sent, and not to be had again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_code: Option<SecretText>,
}

/// A device presents its code to the activation service: `POST /v1/activations`, answered by a
/// [`MachineToken`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct CodePresented {
    /// The code as it was typed.
    pub activation_code: SecretText,
    /// The model of the device.
    pub model: DeviceModel,
    /// Its address.
    pub mac_address: MacAddress,
    /// 256 random bits that the device made, in hexadecimal; a device that shows its maker's
    /// certificate needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redemption_key: Option<SecretText>,
}

/// A machine token: answer to `POST /v1/activations` and to `POST /v1/machine-token`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct MachineToken {
    /// The token.
    pub access_token: SecretText,
    /// `Bearer`.
    pub token_type: String,
    /// For how many seconds it is good.
    pub expires_in: u64,
    /// Where the device looks for its edge, if its code was for remote access. A token that was renewed
    /// leaves that as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_domain: Option<String>,
    /// The certificates of the authorities that it trusts there, as PEM; without it, those that it
    /// trusts already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge_trust: Option<String>,
}

/// A device asks device management to be activated: `POST /v1/activate`, with the machine token in
/// `Authorization`, or with its maker's certificate and the code; answered by an
/// [`ActivationAccepted`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct ActivationRequest {
    /// The address of the device; with a certificate it must be the one in there.
    pub mac_address: MacAddress,
    /// The model, where the certificate does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<DeviceModel>,
    /// The serial number, at most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// The code, where device management itself redeems it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_code: Option<SecretText>,
}

/// Device management activated the device.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct ActivationAccepted {
    /// The name of the device from now on.
    pub device_name: DeviceName,
    /// The name of its configuration file, below `/v1/files/`.
    pub configuration_file: String,
}

/// Who the service takes a device for: answer to `GET /v1/identity`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct IdentityShown {
    /// The address that was proved.
    pub mac_address: MacAddress,
    /// The rule by which it was found.
    pub rule: String,
    /// Where it was found.
    pub source: String,
    /// The name of the configuration file, below `/v1/files/`, where the device is provisioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_file: Option<String>,
}

/// The registrar asks whether a subject may register an address of record, and reports that it
/// did: `POST /v1/registrations`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct RegistrationReport {
    /// The subject of the token that the device registered with.
    pub subject: Uuid,
    /// The address of record, without `sip:`.
    pub sip_address: String,
    /// Where it registered from.
    pub ip_address: IpAddr,
}

/// A device as an administrator sees it: answer to `GET /v1/devices/PROFILE`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct DeviceStatus {
    /// The device profile.
    pub profile: String,
    /// The primary user or workspace.
    pub account: String,
    /// The name of the device.
    pub device_name: DeviceName,
    /// How far it has come.
    pub activation_state: ActivationState,
    /// Its model.
    pub model: DeviceModel,
    /// Its device type.
    pub device_type: String,
    /// Whose device it is.
    pub ownership: Ownership,
    /// Its address.
    pub mac_address: Option<MacAddress>,
    /// Its serial number.
    pub serial_number: Option<String>,
    /// The subject of its machine token.
    pub subject: Option<Uuid>,
    /// Whether the registrar has reported a registration.
    pub registered: bool,
    /// The address of record of the last registration.
    pub sip_address: Option<String>,
    /// Where the last registration came from.
    pub ip_address: Option<IpAddr>,
}

impl From<Device> for DeviceStatus {
    fn from(device: Device) -> Self {
        let registration = device.registration;
        Self {
            profile: device.profile.as_str().to_owned(),
            account: device.account.as_str().to_owned(),
            device_name: device.name,
            activation_state: device.state,
            model: device.model,
            device_type: device.device_type,
            ownership: device.ownership,
            mac_address: device.mac,
            serial_number: device.serial_number,
            subject: device.subject,
            registered: registration.is_some(),
            ip_address: registration
                .as_ref()
                .map(|registration| registration.ip_address),
            sip_address: registration.map(|registration| registration.sip_address),
        }
    }
}

/// Why a request was refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct Problem {
    /// A fixed word for programs.
    pub error: String,
    /// What was wrong, for people; the same for every refused code.
    pub error_description: String,
}

/// Device management asks the DM Bridge whether a device may come on, and for its machine token.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct BridgeRequest {
    /// The address that the maker's certificate proves.
    pub mac_address: MacAddress,
    /// The subject that the device has already, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
}

/// The DM Bridge lets the device come on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::exhaustive_structs,
    reason = "a message of version 1, complete as it is"
)]
pub struct BridgeAnswer {
    /// The subject of the token.
    pub subject: Uuid,
    /// The machine token of the device.
    pub access_token: SecretText,
}

/// The message in `body`, a JSON object.
pub(crate) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, MessageError> {
    let message = serde_json::from_slice(body);
    let message = message.map_err(|error| MessageError::from_json(&error))?;
    // An array of the members in their order would be taken too.
    let begin = body.trim_ascii_start();
    if begin.starts_with(b"{") {
        return Ok(message);
    }
    let (before, _) = body.split_at(body.len() - begin.len());
    Err(MessageError::not_an_object(before))
}

/// A map that is read as it is written: the last of two values of one name would be taken unseen.
mod tags {
    use std::collections::BTreeMap;
    use std::fmt;

    use serde::Deserializer;
    use serde::de::{Error as _, MapAccess, Visitor};

    use super::SecretText;

    struct Tags;

    impl<'de> Visitor<'de> for Tags {
        type Value = BTreeMap<String, SecretText>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("tags, each of them once")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut tags = BTreeMap::new();
            while let Some((name, value)) = map.next_entry()? {
                if tags.insert(name, value).is_some() {
                    return Err(A::Error::custom("a tag stands there twice"));
                }
            }
            Ok(tags)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, SecretText>, D::Error> {
        deserializer.deserialize_map(Tags)
    }
}

mod secret {
    use serde::{Deserialize, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(
        text: &Zeroizing<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new)
    }
}
