//! A device as the registry keeps it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use offhook_activation_code::{AccountId, GrantId, ProfileId, Redemption, TenantId, Timestamp};
use offhook_device_name::{DeviceModel, DeviceName, MacAddress};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::message::SecretText;
use crate::{AuditEvent, OutboxKind, ParseLinePortError};

/// How far a device has come.
///
/// # Source
///
/// BroadWorks OCI-P schema, `DeviceActivationState`: the same three words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ActivationState {
    /// Onboarded; the device holds its configuration and may register.
    Activated,
    /// A code was requested and the device has not yet been activated.
    Activating,
    /// Not onboarded and no code requested; the device cannot call.
    Deactivated,
}

impl ActivationState {
    /// The word for this state, as it stands in messages and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Activating => "activating",
            Self::Deactivated => "deactivated",
        }
    }

    /// The state for a word of [`as_str`](Self::as_str); `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Activated, Self::Activating, Self::Deactivated]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// Whose device it is.
///
/// # Source
///
/// BroadWorks OCI-P schema, user `isPlace`; Webex for BroadWorks device integration: the bearer
/// subject is a machine UUID for a workspace device and a user UUID for a personal device.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Ownership {
    /// A person's device.
    Personal,
    /// A device of a room (`isPlace`).
    Workspace,
}

impl Ownership {
    /// The word for it, as it stands in messages and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Workspace => "workspace",
        }
    }

    /// The ownership for a word of [`as_str`](Self::as_str); `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Personal, Self::Workspace]
            .into_iter()
            .find(|ownership| ownership.as_str() == word)
    }
}

impl<'de> Deserialize<'de> for Ownership {
    /// Reads the word and nothing else: `serde` would take `{"personal": null}` for it too.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = || D::Error::unknown_variant(&word, &["personal", "workspace"]);
        Self::from_word(&word).ok_or_else(known)
    }
}

/// The address of record of a line, `user@domain`, without `sip:`.
///
/// The user is 1 to 64 characters that stand unescaped in a SIP URI; the domain is a DNS name,
/// kept in lower case. `Display` and `FromStr` are the form in which stores keep it.
///
/// # Source
///
/// BroadWorks OCI-P schema, `linePort`;
/// [RFC 3261 section 25.1](https://www.rfc-editor.org/rfc/rfc3261#section-25.1): `user`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinePort {
    user: Box<str>,
    domain: Box<str>,
}

impl LinePort {
    /// The part before the at sign.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The SIP domain, in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl FromStr for LinePort {
    type Err = ParseLinePortError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, domain) = text.split_once('@').ok_or(ParseLinePortError::NoDomain)?;
        let user_byte =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte);
        if user.is_empty() || user.len() > 64 || !user.bytes().all(user_byte) {
            return Err(ParseLinePortError::User);
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if domain.len() > 253 || !domain.split('.').all(label) {
            return Err(ParseLinePortError::Domain);
        }
        Ok(Self {
            user: user.into(),
            domain: domain.to_ascii_lowercase().into(),
        })
    }
}

impl fmt::Display for LinePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.domain)
    }
}

/// A registration that the registrar has reported.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores build it from their rows; a new field must reach every store"
)]
pub struct Registration {
    /// The SIP address of record.
    pub sip_address: String,
    /// Where the device registered from.
    pub ip_address: IpAddr,
    /// When the registrar accepted it.
    pub at: Timestamp,
}

/// A device as the registry keeps it.
///
/// The tenant and the device profile together name it; a profile is never renamed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores build it from their rows; a new field must reach every store"
)]
pub struct Device {
    /// To whom it belongs.
    pub tenant: TenantId,
    /// The device profile; unique within the tenant.
    pub profile: ProfileId,
    /// The primary user or workspace.
    pub account: AccountId,
    /// `SEP` and the address once that is known, a dummy `BAT` name before; unique within the
    /// tenant.
    pub name: DeviceName,
    /// The hardware address, once provisioned or bound; unique within the tenant.
    pub mac: Option<MacAddress>,
    /// The model that was provisioned.
    pub model: DeviceModel,
    /// The device type, by the name in its archive.
    pub device_type: String,
    /// Whose device it is.
    pub ownership: Ownership,
    /// The address of record of its line.
    pub line_port: LinePort,
    /// Tag values of the device profile level, by tag name with its per cent signs.
    pub tags: BTreeMap<String, SecretText>,
    /// How far it has come.
    pub state: ActivationState,
    /// The subject of the device's machine token, from its activation on.
    pub subject: Option<Uuid>,
    /// The serial number that the device told.
    pub serial_number: Option<String>,
    /// The last registration.
    pub registration: Option<Registration>,
}

impl Device {
    /// A device just provisioned: deactivated, named after `mac` where there is one and by the
    /// dummy name with `dummy` digits where not.
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a required attribute of its own type"
    )]
    pub fn provisioned(
        tenant: TenantId,
        profile: ProfileId,
        account: AccountId,
        model: DeviceModel,
        device_type: String,
        ownership: Ownership,
        line_port: LinePort,
        mac: Option<MacAddress>,
        dummy: [u8; 6],
    ) -> Self {
        Self {
            tenant,
            profile,
            account,
            name: mac.map_or_else(|| DeviceName::bat(dummy), DeviceName::sep),
            mac,
            model,
            device_type,
            ownership,
            line_port,
            tags: BTreeMap::new(),
            state: ActivationState::Deactivated,
            subject: None,
            serial_number: None,
            registration: None,
        }
    }

    /// Sets the tag values of the device profile level.
    #[must_use]
    pub fn with_tags(mut self, tags: BTreeMap<String, SecretText>) -> Self {
        self.tags = tags;
        self
    }
}

/// By what a device is looked up, always within one tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a new key must reach every store")]
pub enum DeviceKey {
    /// The hardware address.
    Mac(MacAddress),
    /// The device profile.
    Profile(ProfileId),
    /// The subject of its machine token.
    Subject(Uuid),
}

/// What a device may be asked to do.
///
/// # Source
///
/// Webex for `BroadWorks` device integration, device serviceability: reboot, report a problem.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new request must reach every store"
)]
pub enum DeviceRequest {
    /// Send a problem report.
    ProblemReport,
    /// Restart.
    Reboot,
}

impl DeviceRequest {
    /// What the audit log says of it.
    #[must_use]
    pub const fn audit_event(self) -> AuditEvent {
        match self {
            Self::ProblemReport => AuditEvent::ProblemReportRequested,
            Self::Reboot => AuditEvent::RebootRequested,
        }
    }

    /// What call control is told.
    #[must_use]
    pub const fn outbox_kind(self) -> OutboxKind {
        match self {
            Self::ProblemReport => OutboxKind::ProblemReportRequested,
            Self::Reboot => OutboxKind::RebootRequested,
        }
    }
}

/// What entitles a device to be activated.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new entitlement must reach every store"
)]
pub enum Entitlement {
    /// The maker's certificate, or a trusted proxy's header, proved the address of a device that
    /// was provisioned with it. The subject becomes the device's, unless it has one already.
    Certificate {
        /// The subject of the device's machine token.
        subject: Uuid,
    },
    /// An activation code that the device presents to device management itself; it is redeemed in
    /// the same transaction, and the grant becomes the subject.
    Code(Redemption),
    /// A grant that the activation service gave for a code; it is the subject of the machine token.
    Grant(GrantId),
}

/// A request to activate a device: who asks, and by what right.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores take it apart; a new field must reach every store"
)]
pub struct Activation {
    /// To whom the device belongs.
    pub tenant: TenantId,
    /// By what right.
    pub entitlement: Entitlement,
    /// The address that becomes the device's.
    pub mac: MacAddress,
    /// The serial number that the device tells, if it does.
    pub serial_number: Option<String>,
}

/// A device that is now activated.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores build it; a new field must reach every store"
)]
pub struct Activated {
    /// The device after its activation.
    pub device: Device,
    /// Whether the same device had been activated by the same right before: a lost answer is
    /// asked for again, and nothing was changed.
    pub repeated: bool,
}

/// A registration that was noted.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores build it; a new field must reach every store"
)]
pub struct Registered {
    /// The device after it.
    pub device: Device,
    /// Whether it is the first since the device was activated.
    pub first: bool,
}
