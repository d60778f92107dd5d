//! The device side, without I/O: what a device does next, and what it makes of the answers.
//!
//! A device holds a [`RoomOs`], an [`Mpp`], an [`UpgradedMpp`] or a [`RemoteAccessPhone`], each a
//! [`Flow`]: it carries out the [`Task`] at hand and tells the outcome. A task that failed, or whose answer was lost, is simply carried out
//! again.

mod mpp;
mod remote_access;
mod request;
mod room_os;
mod upgraded_mpp;

use std::fmt;
use std::time::Duration;

use offhook_activation_code::ActivationCode;
use offhook_bearer_token::AccessToken;
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_device_profile::catalogue::Minimum;
use offhook_sip_resolver::{DomainName, Edge, Policy, Target};
use url::Url;

pub use mpp::Mpp;
pub use remote_access::RemoteAccessPhone;
#[cfg(feature = "http")]
pub(crate) use request::{ExchangeError, accept, build};
pub use room_os::RoomOs;
pub use upgraded_mpp::UpgradedMpp;

use crate::{DeviceError, EdgeTrust};

/// A device on its way from its box to its first registration.
pub trait Flow: fmt::Debug + Send {
    /// The step that the task at hand belongs to; `None` once registered.
    fn step(&self) -> Option<Step>;

    /// What to do next; the same until its outcome is told.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Url`] or [`DeviceError::Target`] when the device was told where to go and
    /// cannot.
    fn task(&self) -> Result<Task, DeviceError>;

    /// Takes the answer to a request.
    ///
    /// # Errors
    ///
    /// [`DeviceError`]; the device is then where it was.
    fn answered(&mut self, response: &http::Response<Vec<u8>>) -> Result<(), DeviceError>;

    /// Takes the edge that was found.
    ///
    /// # Errors
    ///
    /// [`DeviceError::OutOfOrder`] when the task at hand is another one;
    /// [`DeviceError::OtherDomain`] when the edge is of another domain.
    fn edge_found(&mut self, _edge: Edge) -> Result<(), DeviceError> {
        Err(DeviceError::OutOfOrder)
    }

    /// The edge, once found; requests then go to its servers, whatever name is in their URLs, and the
    /// device registers there.
    fn edge(&self) -> Option<&Edge> {
        None
    }

    /// Whom it trusts at the edge, if it was told so; else whom it trusts elsewhere.
    fn edge_trust(&self) -> Option<&EdgeTrust> {
        None
    }

    /// Takes note that a task is done that is neither a request nor to find the edge.
    ///
    /// # Errors
    ///
    /// [`DeviceError::OutOfOrder`] when the task at hand is one of those, or there is none.
    fn done(&mut self) -> Result<(), DeviceError>;
}

/// What a device knows when it leaves its maker, and where its services are.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a device must know all of it")]
pub struct DeviceSettings {
    /// Its model.
    pub model: DeviceModel,
    /// Its address.
    pub mac: MacAddress,
    /// Its serial number.
    pub serial_number: String,
    /// Device management: the URL below which `v1/` stands.
    pub management_url: Url,
}

/// What a device has to do next; `Debug` shows neither headers nor bodies of requests.
#[non_exhaustive]
pub enum Task {
    /// Find out where the device stands, and with which servers it goes on there: by
    /// [`Edge::decide`], from what is found for this domain.
    FindEdge {
        /// The service domain.
        domain: DomainName,
    },
    /// Nothing: the device is registered.
    Finished,
    /// Keep the machine token where it survives a loss of power: the code that brought it is used
    /// up. Keep beside it when it is to be renewed, which is once half of its lifetime is over: one that has
    /// expired is good for nothing, and takes a new code.
    KeepToken {
        /// The token.
        token: AccessToken,
        /// For how long it is good, from the answer that brought it.
        lifetime: Duration,
    },
    /// Register at one of the targets found, with this address of record and token.
    Register(Registering),
    /// Send this request.
    Request(http::Request<Vec<u8>>),
    /// Find the SIP servers.
    Resolve {
        /// Whose.
        target: Target,
        /// By which rules.
        policy: Policy,
    },
    /// Install newer firmware and start again with it; done once the device runs it.
    UpgradeFirmware {
        /// The first release that will do.
        at_least: Minimum,
    },
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FindEdge { domain } => {
                f.debug_struct("FindEdge").field("domain", domain).finish()
            }
            Self::Finished => f.write_str("Finished"),
            Self::KeepToken { token, lifetime } => f
                .debug_struct("KeepToken")
                .field("token", token)
                .field("lifetime", lifetime)
                .finish(),
            Self::Register(registering) => f.debug_tuple("Register").field(registering).finish(),
            Self::Request(request) => {
                write!(f, "Request({} {})", request.method(), request.uri())
            }
            Self::Resolve { target, policy } => f
                .debug_struct("Resolve")
                .field("target", target)
                .field("policy", policy)
                .finish(),
            Self::UpgradeFirmware { at_least } => {
                write!(f, "UpgradeFirmware({at_least})")
            }
        }
    }
}

/// How a device registers.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a registration needs all of it")]
pub struct Registering {
    /// The user part of the address of record.
    pub user: String,
    /// The domain of the address of record.
    pub domain: String,
    /// The machine token.
    pub token: AccessToken,
}

/// A step of an onboarding; `Display` is the word that programs read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Device management activates the device.
    Activated,
    /// Device management says whom the certificate proves.
    CertificateIdentity,
    /// The activation service takes the code.
    CodeRedeemed,
    /// The configuration is fetched and read.
    Configuration,
    /// The edge of the service domain is found.
    EdgeFound,
    /// The firmware is recent enough to be onboarded.
    FirmwareUpgraded,
    /// The machine token is read and kept.
    MachineToken,
    /// The registrar takes the device.
    Registered,
    /// The SIP servers are found.
    Resolved,
    /// The activation service renews the machine token.
    TokenRenewed,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Activated => "activated",
            Self::CertificateIdentity => "certificate_identity",
            Self::CodeRedeemed => "code_redeemed",
            Self::Configuration => "configuration",
            Self::EdgeFound => "edge_found",
            Self::FirmwareUpgraded => "firmware_upgraded",
            Self::MachineToken => "machine_token",
            Self::Registered => "registered",
            Self::Resolved => "resolved",
            Self::TokenRenewed => "token_renewed",
        })
    }
}

/// The typed code, read before it is sent: a typing error costs no attempt.
fn typed_code(text: &str) -> Result<String, DeviceError> {
    let code: ActivationCode = text.parse().map_err(DeviceError::Code)?;
    Ok(code.to_string())
}

/// The task to find the SIP servers of `domain`.
fn resolve(domain: &str, policy: Policy) -> Result<Task, DeviceError> {
    let target = domain.parse().map_err(DeviceError::Target)?;
    Ok(Task::Resolve { target, policy })
}
