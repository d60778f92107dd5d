//! A Room OS device.

use std::time::Duration;

use http::Response;
use offhook_activation_code::RedemptionKey;
use offhook_bearer_token::AccessToken;
use offhook_device_profile::{Limits, SipSettings, room_os::Configuration};
use offhook_sip_resolver::Policy;
use url::Url;

use super::request::{accept, activate, activated, bearer, get, post, read, renewal};
use super::{DeviceSettings, Flow, Registering, Step, Task, resolve, typed_code};
use crate::DeviceError;
use crate::message::{CodePresented, MachineToken, SecretText};

/// A Room OS device on its way: code, machine token, activation, configuration, SIP servers,
/// registration.
///
/// # Source
///
/// Webex for BroadWorks device integration, onboarding process for Room OS: these steps in this
/// order; TLS only.
#[derive(Debug)]
pub struct RoomOs {
    settings: DeviceSettings,
    state: State,
}

#[derive(Debug)]
enum State {
    Redeem {
        activation_url: Url,
        code: SecretText,
        redemption_key: RedemptionKey,
    },
    Renew {
        activation_url: Url,
        token: AccessToken,
    },
    KeepToken {
        token: AccessToken,
        lifetime: Duration,
    },
    Activate(AccessToken),
    Configure {
        token: AccessToken,
        file: String,
    },
    Resolve(Registering),
    Register(Registering),
    Finished,
}

impl RoomOs {
    /// The device at which somebody typed `code`; it keeps `redemption_key` until it holds its
    /// machine token.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Code`] when the text is no code; nothing is sent then.
    pub fn new(
        settings: DeviceSettings,
        activation_url: Url,
        code: &str,
        redemption_key: RedemptionKey,
    ) -> Result<Self, DeviceError> {
        let state = State::Redeem {
            activation_url,
            code: typed_code(code)?.into(),
            redemption_key,
        };
        Ok(Self { settings, state })
    }

    /// The device that lost its power after it had kept its machine token: it goes on with that. To be
    /// activated again with the same token changes nothing.
    #[must_use]
    pub const fn resume(settings: DeviceSettings, token: AccessToken) -> Self {
        Self {
            settings,
            state: State::Activate(token),
        }
    }

    /// The device whose kept machine token has half of its lifetime behind it: it has the activation
    /// service at `activation_url` renew it, keeps the new one, and goes on with that as
    /// [`resume`](Self::resume) does.
    ///
    /// The old token stays good until it expires, so that until then a renewal that failed costs nothing.
    /// One that has expired is not renewed: the device needs a new code then.
    #[must_use]
    pub const fn renew(settings: DeviceSettings, activation_url: Url, token: AccessToken) -> Self {
        let state = State::Renew {
            activation_url,
            token,
        };
        Self { settings, state }
    }
}

impl Flow for RoomOs {
    fn step(&self) -> Option<Step> {
        match self.state {
            State::Redeem { .. } => Some(Step::CodeRedeemed),
            State::Renew { .. } => Some(Step::TokenRenewed),
            State::KeepToken { .. } => Some(Step::MachineToken),
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
            State::Redeem {
                activation_url,
                code,
                redemption_key,
            } => {
                let message = CodePresented {
                    activation_code: code.clone(),
                    model: self.settings.model.clone(),
                    mac_address: self.settings.mac,
                    redemption_key: Some(redemption_key.secret().as_str().to_owned().into()),
                };
                let path = ["v1", "activations"];
                Task::Request(post(activation_url, &path, None, &message)?)
            }
            State::Renew {
                activation_url,
                token,
            } => Task::Request(renewal(activation_url, token)?),
            State::KeepToken { token, lifetime } => Task::KeepToken {
                token: token.clone(),
                lifetime: *lifetime,
            },
            State::Activate(token) => {
                Task::Request(activate(&self.settings, base, Some(token), None)?)
            }
            State::Configure { token, file } => {
                Task::Request(get(base, &["v1", "files", file], Some(token))?)
            }
            State::Resolve(registering) => resolve(&registering.domain, Policy::room_os())?,
            State::Register(registering) => Task::Register(registering.clone()),
            State::Finished => Task::Finished,
        })
    }

    fn answered(&mut self, response: &Response<Vec<u8>>) -> Result<(), DeviceError> {
        self.state = match &self.state {
            State::Redeem { .. } | State::Renew { .. } => {
                let message: MachineToken = read(response)?;
                let (token, lifetime) = bearer(&message)?;
                State::KeepToken { token, lifetime }
            }
            State::Activate(token) => State::Configure {
                token: token.clone(),
                file: activated(&self.settings, response)?,
            },
            State::Configure { token, .. } => {
                accept(response)?;
                let document = Configuration::parse(response.body(), &Limits::default())
                    .map_err(DeviceError::Document)?;
                let sip =
                    SipSettings::from_configuration(&document).map_err(DeviceError::Settings)?;
                State::Resolve(Registering {
                    user: sip.user().to_owned(),
                    domain: sip.domain().to_owned(),
                    token: token.clone(),
                })
            }
            _ => return Err(DeviceError::OutOfOrder),
        };
        Ok(())
    }

    fn done(&mut self) -> Result<(), DeviceError> {
        self.state = match &self.state {
            State::KeepToken { token, .. } => State::Activate(token.clone()),
            State::Resolve(registering) => State::Register(registering.clone()),
            State::Register(_) => State::Finished,
            _ => return Err(DeviceError::OutOfOrder),
        };
        Ok(())
    }
}
