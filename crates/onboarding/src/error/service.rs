//! What the services answer instead of doing what they were asked.

use std::error::Error as StdError;

use offhook_activation_code::{
    EntropyError, OverBudget, ParseCodeError, ParseIdError, ParseRedemptionKeyError, Refusal,
    StoreError,
};
use offhook_bearer_token::{InsufficientScope, IssuerError};
use offhook_device_profile::{TagError, Violation};
use thiserror::Error;

use super::{
    ActivateError, ActivateRefusal, MoveError, ParseLinePortError, ProvisionError,
    RequestCodeError, UpdateError,
};

/// A mail was not taken for delivery.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MailError {
    /// The mail system could not take it now, or it is not known whether it did; asking again may help.
    #[error("mail not taken for delivery")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
    /// The mail system will not take it as it is: mend the recipient or the mail system.
    #[error("mail refused")]
    Refused(#[source] Box<dyn StdError + Send + Sync>),
}

impl MailError {
    /// The failure of a mail system, for implementors of [`Mailer`](crate::Mailer).
    pub fn failed(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }

    /// The refusal of a mail system, for implementors of [`Mailer`](crate::Mailer).
    pub fn refused(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Refused(source.into())
    }
}

/// A code that a device presented brought no machine token.
///
/// Only [`Malformed`](Self::Malformed), [`Key`](Self::Key), [`KeyMissing`](Self::KeyMissing),
/// [`GroupAddress`](Self::GroupAddress) and [`OtherAddress`](Self::OtherAddress), which depend on the request alone, may be told to a device
/// as they are.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PresentError {
    /// No entropy for the grant or the token; asking again may help.
    #[error("no entropy")]
    Entropy(#[source] EntropyError),
    /// The address is one of a group of stations, which no device has.
    #[error("a group MAC address")]
    GroupAddress,
    /// The token could not be signed.
    #[error("machine token not issued")]
    Issuer(#[source] IssuerError),
    /// The redemption key is not well formed.
    #[error("malformed redemption key")]
    Key(#[source] ParseRedemptionKeyError),
    /// Neither a maker's certificate nor a redemption key, so that the device could not be told
    /// from another if it asked again.
    #[error("neither certificate nor redemption key")]
    KeyMissing,
    /// Not a code.
    #[error("malformed activation code")]
    Malformed(#[source] ParseCodeError),
    /// The request names another address than the certificate.
    #[error("the certificate is for another MAC address")]
    OtherAddress,
    /// There were too many wrong codes, and this one was not looked at: come again later. Nothing
    /// was written into the audit log.
    #[error("too many wrong activation codes")]
    OverBudget(OverBudget),
    /// The code is not good. The reason is for the audit log; a device is told the same for all.
    #[error("activation code refused")]
    Refused(Refusal),
    /// The store could not answer; asking again may help.
    #[error("device registry failed")]
    Store(#[source] StoreError),
}

/// A machine token was not renewed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenewError {
    /// No entropy for the token; asking again may help.
    #[error("no entropy")]
    Entropy(#[source] EntropyError),
    /// The new token could not be signed.
    #[error("machine token not issued")]
    Issuer(#[source] IssuerError),
    /// No activated device of the tenant has the subject of the token: the device needs a new code.
    #[error("no activated device has this token")]
    NotActivated,
    /// The token lacks the scope of machine tokens.
    #[error("token not sufficient")]
    Scope(#[source] InsufficientScope),
    /// The store could not answer; asking again may help.
    #[error("device registry failed")]
    Store(#[source] StoreError),
}

/// The DM Bridge gave no machine token.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The bridge could not be asked, or its answer could not be read; asking again may help.
    #[error("DM Bridge failed")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
    /// The bridge gave a token for another subject than the device has.
    #[error("DM Bridge answered for another subject")]
    OtherSubject,
    /// The bridge does not let this device come on.
    #[error("DM Bridge refused with status {status}")]
    Refused {
        /// Its HTTP status.
        status: u16,
    },
}

/// A request is not well formed; mend it.
#[derive(Clone, Copy, Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The account.
    #[error("malformed account")]
    Account(#[source] ParseIdError),
    /// The name of the device profile is one that no path can have.
    #[error("a device profile is not named . or ..")]
    DotSegment,
    /// The address is one of a group of stations, which no device has.
    #[error("a group MAC address")]
    GroupAddress,
    /// The address of record of the line.
    #[error("malformed line port")]
    LinePort(#[source] ParseLinePortError),
    /// A device that comes with its certificate must bring a code.
    #[error("no activation code")]
    NoCode,
    /// The request names another address than the certificate.
    #[error("the certificate is for another MAC address")]
    OtherAddress,
    /// The name of the device profile.
    #[error("malformed device profile name")]
    Profile(#[source] ParseIdError),
    /// The serial number is empty, longer than 80 characters, or not printable ASCII.
    #[error("malformed serial number")]
    SerialNumber,
    /// A device that comes with its token has redeemed its code already.
    #[error("both a machine token and an activation code")]
    TokenAndCode,
}

/// A device was not provisioned or not activated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OnboardError {
    /// The registry refused or failed to activate it.
    #[error("device not activated")]
    Activate(#[source] ActivateError),
    /// No entropy for a dummy name; asking again may help.
    #[error("no entropy")]
    Entropy(#[source] EntropyError),
    /// The code could not be presented.
    #[error("device not activated")]
    Present(#[source] PresentError),
    /// The registry refused or failed to provision it.
    #[error("device not provisioned")]
    Provision(#[source] ProvisionError),
    /// The request is not well formed.
    #[error("bad request")]
    Request(#[source] RequestError),
    /// The machine token lacks the scope.
    #[error("token not sufficient")]
    Scope(#[source] InsufficientScope),
    /// The files of the device could not be filled in.
    #[error("device not provisioned")]
    Template(#[source] TemplateError),
}

impl OnboardError {
    /// Whether the device did not prove its right, which the counter of failures leaves out.
    pub(crate) const fn is_authorization(&self) -> bool {
        matches!(
            self,
            Self::Scope(_)
                | Self::Present(PresentError::OverBudget(_))
                | Self::Activate(
                    ActivateError::Code(_)
                        | ActivateError::Refused(
                            ActivateRefusal::BoundElsewhere | ActivateRefusal::NotEntitled
                        )
                )
        )
    }
}

impl From<RequestError> for OnboardError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

/// No code was issued and mailed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueCodeError {
    /// No entropy for the code; asking again may help.
    #[error("no entropy")]
    Entropy(#[source] EntropyError),
    /// The code was issued and the mail was not taken: issue another, once what a refusal is about is
    /// mended.
    #[error("activation code not mailed")]
    Mail(#[source] MailError),
    /// Codes go by mail only, and no recipient was named; nothing was issued.
    #[error("codes are not shown: name a recipient")]
    NotShown,
    /// The registry refused or failed to issue it.
    #[error("activation code not issued")]
    Request(#[source] RequestCodeError),
}

/// A device was not deactivated or moved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LifeCycleError {
    /// No code for the profile that the device was to have.
    #[error("activation code not issued")]
    Code(#[source] IssueCodeError),
    /// No entropy for a dummy name; asking again may help.
    #[error("no entropy")]
    Entropy(#[source] EntropyError),
    /// The other profile is for another model: its code would be refused to the device.
    #[error("the device profile is for another model")]
    OtherModel,
    /// A device moves to another profile than it has.
    #[error("a device moves to another profile")]
    SameProfile,
    /// The device cannot be deactivated.
    #[error("device not deactivated")]
    Update(#[source] UpdateError),
}

impl From<MoveError> for LifeCycleError {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Code(error) => Self::Code(IssueCodeError::Request(error)),
            MoveError::Update(error) => Self::Update(error),
        }
    }
}

/// A device did not get its configuration.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The DM Bridge refused the device, or could not be asked.
    #[error("device not authorized by the DM Bridge")]
    Bridge(#[source] BridgeError),
    /// The device may not have it.
    #[error("configuration refused")]
    Refused(#[source] ConfigurationRefusal),
    /// The machine token lacks the scope.
    #[error("token not sufficient")]
    Scope(#[source] InsufficientScope),
    /// The store could not answer; asking again may help.
    #[error("device registry failed")]
    Store(#[source] StoreError),
    /// The template of the device type cannot be filled in; for the administrator.
    #[error("configuration template not usable")]
    Template(#[source] TemplateError),
}

/// A template of a device type cannot be filled in for a device.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TemplateError {
    /// A template is not UTF-8.
    #[error("template {file} is not text")]
    NotText {
        /// The `fileFormat` of the file.
        file: String,
    },
    /// A tag of the device, or the outcome, breaks a rule.
    #[error("bad tag")]
    Tag(#[source] TagError),
    /// A tag has no value.
    #[error("tag {tag} in line {line}, column {column} of {file} has no value")]
    Undefined {
        /// The tag with its per cent signs.
        tag: String,
        /// The `fileFormat` of the file.
        file: String,
        /// The line of the template, from 1.
        line: usize,
        /// The column, in characters from 1.
        column: usize,
    },
}

/// Why a device may not have a configuration file.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ConfigurationRefusal {
    /// The file is given to a certificate only.
    #[error("the file is given to a maker's certificate")]
    CertificateNeeded,
    /// The device is not activated.
    #[error("the device is not activated")]
    NotActivated,
    /// No such file, or not this device's.
    #[error("no such file for this device")]
    NotFound,
    /// The certificate is of another model than was provisioned.
    #[error("the certificate is of another model")]
    OtherModel,
    /// The file is given to a machine token only.
    #[error("the file is given to a machine token")]
    TokenNeeded,
}

/// A device type cannot be offered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceTypeError {
    /// Two archives are of the same device type.
    #[error("device type {name} is there twice")]
    Exists {
        /// The device type.
        name: String,
    },
    /// The device type has no file for devices.
    #[error("device type {name} has no file")]
    NoFile {
        /// The device type.
        name: String,
    },
    /// The device type breaks rules; all of them are listed.
    #[error("device type {name} breaks {} rules", violations.len())]
    Violations {
        /// The device type.
        name: String,
        /// The rules.
        violations: Vec<Violation>,
    },
}
