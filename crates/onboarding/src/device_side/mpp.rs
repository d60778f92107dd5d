//! A multiplatform phone (MPP).

use http::Response;
use offhook_device_profile::{Limits, SipSettings, mpp::FlatProfile};
use offhook_sip_resolver::Policy;

use super::request::{accept, activate, activated, get, read};
use super::{DeviceSettings, Flow, Registering, Step, Task, resolve, typed_code};
use crate::DeviceError;
use crate::message::{IdentityShown, SecretText};

/// A multiplatform phone on its way: its maker's certificate proves it on every connection, so it
/// must be carried in the TLS settings of the client that sends its requests.
///
/// # Source
///
/// Webex for BroadWorks device integration, MPP device onboarding: certificate, or an activation
/// code where one was requested.
#[derive(Debug)]
pub struct Mpp {
    settings: DeviceSettings,
    code: Option<SecretText>,
    state: State,
}

#[derive(Debug)]
enum State {
    Identity,
    Activate(SecretText),
    Configure { file: String },
    Resolve(Registering),
    Register(Registering),
    Finished,
}

impl Mpp {
    /// The phone that was provisioned with its address.
    #[must_use]
    pub const fn new(settings: DeviceSettings) -> Self {
        Self {
            settings,
            code: None,
            state: State::Identity,
        }
    }

    /// The phone at which somebody typed `code`.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Code`] when the text is no code; nothing is sent then.
    pub fn with_code(settings: DeviceSettings, code: &str) -> Result<Self, DeviceError> {
        Ok(Self {
            code: Some(typed_code(code)?.into()),
            ..Self::new(settings)
        })
    }
}

impl Flow for Mpp {
    fn step(&self) -> Option<Step> {
        match self.state {
            State::Identity => Some(Step::CertificateIdentity),
            State::Activate(_) => Some(Step::Activated),
            State::Configure { .. } => Some(Step::Configuration),
            State::Resolve(_) => Some(Step::Resolved),
            State::Register(_) => Some(Step::Registered),
            State::Finished => None,
        }
    }

    fn task(&self) -> Result<Task, DeviceError> {
        let base = &self.settings.management_url;
        Ok(match &self.state {
            State::Identity => Task::Request(get(base, &["v1", "identity"], None)?),
            State::Activate(code) => {
                Task::Request(activate(&self.settings, base, None, Some(code))?)
            }
            State::Configure { file } => Task::Request(get(base, &["v1", "files", file], None)?),
            State::Resolve(registering) => resolve(&registering.domain, Policy::tls_only())?,
            State::Register(registering) => Task::Register(registering.clone()),
            State::Finished => Task::Finished,
        })
    }

    fn answered(&mut self, response: &Response<Vec<u8>>) -> Result<(), DeviceError> {
        self.state = match &self.state {
            State::Identity => {
                let message: IdentityShown = read(response)?;
                if message.mac_address != self.settings.mac {
                    return Err(DeviceError::OtherDevice);
                }
                match (&self.code, message.configuration_file) {
                    (Some(code), _) => State::Activate(code.clone()),
                    (None, Some(file)) => State::Configure { file },
                    (None, None) => return Err(DeviceError::NotProvisioned),
                }
            }
            State::Activate(_) => State::Configure {
                file: activated(&self.settings, response)?,
            },
            State::Configure { .. } => {
                accept(response)?;
                let document = FlatProfile::parse(response.body(), &Limits::default())
                    .map_err(DeviceError::Document)?;
                let sip =
                    SipSettings::from_flat_profile(&document, 1).map_err(DeviceError::Settings)?;
                let token = sip.token().ok_or(DeviceError::NoToken)?;
                State::Resolve(Registering {
                    user: sip.user().to_owned(),
                    domain: sip.domain().to_owned(),
                    token: token.secret().parse().map_err(DeviceError::Token)?,
                })
            }
            _ => return Err(DeviceError::OutOfOrder),
        };
        Ok(())
    }

    fn done(&mut self) -> Result<(), DeviceError> {
        self.state = match &self.state {
            State::Resolve(registering) => State::Register(registering.clone()),
            State::Register(_) => State::Finished,
            _ => return Err(DeviceError::OutOfOrder),
        };
        Ok(())
    }
}
