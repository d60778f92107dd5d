//! What keeps a device from going on.

use std::time::Duration;

use offhook_activation_code::ParseCodeError;
use offhook_bearer_token::ParseTokenError;
use offhook_device_profile::{DocumentError, SettingsError};
use offhook_sip_resolver::{ParseNameError, ParseTargetError};
use thiserror::Error;

use super::MessageError;
use crate::EdgeTrustError;

/// A device cannot go on; it is where it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// What was typed is no code; type it again.
    #[error("malformed activation code")]
    Code(#[source] ParseCodeError),
    /// The configuration document cannot be read.
    #[error("configuration document not readable")]
    Document(#[source] DocumentError),
    /// Whom to trust at the edge cannot be read.
    #[error("authorities of the edge not readable")]
    EdgeTrust(#[source] EdgeTrustError),
    /// A message cannot be read or written.
    #[error("message not readable")]
    Message(#[source] MessageError),
    /// The activation service names no service domain: the code is not for remote access.
    #[error("no service domain in the answer")]
    NoServiceDomain,
    /// The configuration document brings no machine token.
    #[error("no machine token in the configuration document")]
    NoToken,
    /// Device management knows the certificate and has no such device.
    #[error("the device is not provisioned")]
    NotProvisioned,
    /// The telephone is inside, where its edge is not the way to the servers.
    #[error("the telephone is inside, and no edge is the way there")]
    Inside,
    /// The answer is for another device.
    #[error("the answer is for another device")]
    OtherDevice,
    /// The edge that was found is of another domain.
    #[error("the edge is of another domain")]
    OtherDomain,
    /// The outcome of another task was told.
    #[error("this is not the task at hand")]
    OutOfOrder,
    /// The service refused; asking again will not help.
    #[error("refused with status {status}: {error}: {description}")]
    Refused {
        /// Its HTTP status.
        status: u16,
        /// Its word for programs; empty where it gave none.
        error: String,
        /// Its sentence for people; empty where it gave none.
        description: String,
    },
    /// The service domain is no DNS name.
    #[error("malformed service domain")]
    ServiceDomain(#[source] ParseNameError),
    /// The configuration document does not say where and how to register.
    #[error("no SIP settings in the configuration document")]
    Settings(#[source] SettingsError),
    /// The SIP domain in the configuration document cannot be looked up.
    #[error("malformed SIP domain")]
    Target(#[source] ParseTargetError),
    /// The machine token is not well formed.
    #[error("malformed machine token")]
    Token(#[source] ParseTokenError),
    /// The machine token is not a bearer token.
    #[error("not a bearer token")]
    TokenType,
    /// The service could not find out; asking again may help.
    #[error("the service answered with status {status}")]
    Unavailable {
        /// Its HTTP status.
        status: u16,
        /// In how long it wants to be asked again, at the earliest; `None` where it does not say in
        /// seconds.
        retry_after: Option<Duration>,
    },
    /// The URL of a service cannot be used.
    #[error("URL of a service not usable")]
    Url,
}

impl DeviceError {
    /// In how long the service wants to be asked again, at the earliest, where it says so: an onboarding
    /// that comes earlier is refused for longer.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether a service said no: to ask it again will not help.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::NotProvisioned | Self::Refused { .. })
    }
}
