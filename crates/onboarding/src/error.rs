//! What can go wrong, apart by who has to act: *refused* is for the caller to mend, a
//! [`StoreError`] may pass.

use offhook_activation_code::{IssueRefusal, Refusal, StoreError};
use thiserror::Error;

use crate::OnboardingMethodRefusal;

mod audit;
mod device;
mod service;
#[cfg(feature = "smtp")]
mod smtp;
#[cfg(feature = "http")]
mod tls;
#[cfg(feature = "http")]
mod webhook;

pub use audit::{
    ActorError, AuditError, AuditExportError, AuditFileError, AuditLineError, ParseChainHeadError,
};
pub use device::DeviceError;
pub use service::{
    BridgeError, ConfigurationError, ConfigurationRefusal, DeviceTypeError, IssueCodeError,
    LifeCycleError, MailError, OnboardError, PresentError, RenewError, RequestError, TemplateError,
};
#[cfg(feature = "smtp")]
pub use smtp::{SmtpError, SmtpSetupError};
#[cfg(feature = "http")]
pub use tls::TlsError;
#[cfg(feature = "http")]
pub use webhook::{WebhookError, WebhookRefusal, WebhookSetupError};

/// A device was not provisioned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProvisionError {
    /// The request is bad; asking again will not help.
    #[error("device not provisioned")]
    Refused(#[source] ProvisionRefusal),
    /// The store could not answer; asking again may help.
    #[error("device registry failed")]
    Store(#[source] StoreError),
}

/// Why a device was not provisioned.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ProvisionRefusal {
    /// Another device of the tenant has the address.
    #[error("another device has this MAC address")]
    MacInUse,
    /// The device type takes no activation codes, and the request gives no address.
    #[error("a MAC address is needed where no activation code is used")]
    MacMissing,
    /// Another device of the tenant has the dummy name; draw another.
    #[error("another device has this name")]
    NameInUse,
    /// Telephones of the model are not onboarded by codes; give the address, or switch the method.
    #[error(transparent)]
    Method(OnboardingMethodRefusal),
    /// The model is not the one of the device type.
    #[error("the model is not the one of the device type")]
    ModelMismatch,
    /// The tenant has that profile already.
    #[error("the device profile exists")]
    ProfileExists,
    /// No such device type.
    #[error("unknown device type")]
    UnknownDeviceType,
}

/// A code was not requested.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestCodeError {
    /// The request is bad; asking again will not help.
    #[error("activation code not issued")]
    Refused(#[source] RequestCodeRefusal),
    /// The store could not answer; asking again may help.
    #[error("device registry failed")]
    Store(#[source] StoreError),
}

/// Why a code was not requested.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum RequestCodeRefusal {
    /// The device is activated; deactivate it first.
    #[error("the device is activated")]
    Activated,
    /// The profile has a code, by which another device may come than the one that is to move there;
    /// deactivate it first.
    #[error("the device profile waits for another device")]
    Awaited,
    /// The digest belongs to another code; draw another.
    #[error("the code is in use")]
    CodeInUse,
    /// Telephones of the model are not onboarded by codes; provision the device with its address, or
    /// switch the method.
    #[error(transparent)]
    Method(OnboardingMethodRefusal),
    /// The device is not activated, so that there is none to be replaced.
    #[error("the device is not activated")]
    NotActivated,
    /// The device type does not allow activation by code.
    #[error("the device type allows no activation code")]
    NotAllowed,
    /// A code was issued for the profile beside the registry and is outstanding; revoke that one.
    #[error("the profile has an outstanding code that the registry does not know")]
    Outstanding,
    /// The device was provisioned with an address, and is proved by its certificate.
    #[error("the device is provisioned by its MAC address")]
    ProvisionedByMac,
    /// The tenant has no such device, or it belongs to another account.
    #[error("unknown device")]
    UnknownDevice,
}

impl From<IssueRefusal> for RequestCodeRefusal {
    fn from(refusal: IssueRefusal) -> Self {
        match refusal {
            IssueRefusal::Outstanding => Self::Outstanding,
            _ => Self::CodeInUse,
        }
    }
}

/// A device was not activated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ActivateError {
    /// The code is not good. The reason is for the audit log; a device is told the same for all.
    #[error("activation code refused")]
    Code(Refusal),
    /// The request is bad; asking again will not help.
    #[error("activation refused")]
    Refused(#[source] ActivateRefusal),
    /// The store could not answer; asking again may help.
    #[error("device registry failed")]
    Store(#[source] StoreError),
}

/// Why a device was not activated.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ActivateRefusal {
    /// The grant has activated a device with another address.
    #[error("the grant is bound to another device")]
    BoundElsewhere,
    /// Another device of the tenant has the address, or the name made from it.
    #[error("another device has this MAC address")]
    MacInUse,
    /// The device is not waiting to be activated.
    #[error("the device is not activating")]
    NotActivating,
    /// No grant, or no provisioned address, like this.
    #[error("nothing entitles this device")]
    NotEntitled,
    /// Another device of the tenant has the subject.
    #[error("another device has this subject")]
    SubjectInUse,
}

impl ActivateRefusal {
    /// The reason in a word, as it stands in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BoundElsewhere => "bound-elsewhere",
            Self::MacInUse => "mac-in-use",
            Self::NotActivating => "not-activating",
            Self::NotEntitled => "not-entitled",
            Self::SubjectInUse => "subject-in-use",
        }
    }
}

/// A body is not the message that belongs there.
///
/// It tells the place only: the parser's own text repeats the value, and that may be a secret.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the body {} at line {line}, column {column}", kind.as_str())]
pub struct MessageError {
    kind: MessageFault,
    line: usize,
    column: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum MessageFault {
    EndsEarly,
    NotJson,
    NotMessage,
}

impl MessageError {
    pub(crate) fn from_json(error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Data => MessageFault::NotMessage,
            serde_json::error::Category::Eof => MessageFault::EndsEarly,
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => {
                MessageFault::NotJson
            }
        };
        Self {
            kind,
            line: error.line(),
            column: error.column(),
        }
    }

    /// What stands behind the white space `before` is no object.
    pub(crate) fn not_an_object(before: &[u8]) -> Self {
        let lines = || before.split(|&byte| byte == b'\n');
        Self {
            kind: MessageFault::NotMessage,
            line: lines().count(),
            column: lines().next_back().map_or(1, |line| line.len() + 1),
        }
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column, from 1; 0 where the line ended.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl MessageFault {
    const fn as_str(self) -> &'static str {
        match self {
            Self::EndsEarly => "ends too early",
            Self::NotJson => "is not JSON",
            Self::NotMessage => "is not what belongs there",
        }
    }
}

/// A device was not changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Another device of the tenant has the dummy name; draw another.
    #[error("another device has this name")]
    NameInUse,
    /// Nobody hears of events who could carry the request out.
    #[error("no receiver of events is configured")]
    NoEventReceiver,
    /// The device is not activated, so that nobody can reach it.
    #[error("the device is not activated")]
    NotActivated,
    /// The store could not answer; asking again may help.
    #[error("device registry failed")]
    Store(#[source] StoreError),
    /// No device with that key.
    #[error("unknown device")]
    UnknownDevice,
}

/// A device was not moved to another owner; nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MoveError {
    /// No code for the profile that the device was to have.
    #[error("activation code not issued")]
    Code(#[source] RequestCodeError),
    /// The profile that the device has cannot be deactivated.
    #[error("device not deactivated")]
    Update(#[source] UpdateError),
}

/// A text is not the address of record of a line.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseLinePortError {
    /// What stands behind the at sign is not a DNS name.
    #[error("no DNS name behind the at sign")]
    Domain,
    /// There is no at sign.
    #[error("no at sign")]
    NoDomain,
    /// What stands before the at sign is empty, longer than 64 characters, or not fit for a SIP
    /// URI.
    #[error("no SIP user before the at sign")]
    User,
}
