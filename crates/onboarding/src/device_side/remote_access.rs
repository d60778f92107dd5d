//! A telephone outside of the enterprise network.

use std::time::Duration;

use http::Response;
use offhook_bearer_token::AccessToken;
use offhook_device_profile::unified_cm::ConfigurationFile;
use offhook_device_profile::{Limits, SettingsError, SipSettings};
use offhook_sip_resolver::{DomainName, Edge, Side};
use url::Url;

use super::request::{accept, activate, activated, bearer, get, post, read, renewal};
use super::{DeviceSettings, Flow, Registering, Step, Task, typed_code};
use crate::message::{CodePresented, MachineToken, SecretText};
use crate::{DeviceError, EdgeTrust};

/// A telephone of Unified CM outside of the enterprise network: code, machine token and service
/// domain, edge, activation, configuration, registration.
///
/// Its maker's certificate proves it on every connection, so it must be carried in the TLS settings
/// of the client that sends its requests. From the edge on, requests name the service domain, as in
/// `https://example.com/v1/activate`: they go to the servers of [`edge`](Flow::edge), whose
/// certificate must be for the name that each of them carries and signed by whom
/// [`edge_trust`](Flow::edge_trust) names. There it registers too.
/// `management_url` of its settings is not used.
///
/// # Source
///
/// Unified CM, device onboarding by activation code, onboarding workflow in mobile and remote access
/// mode: the phone learns from the cloud where its edge is. Requirements for mobile and remote
/// access, "SRV records": `_collab-edge._tls`. How the messages look is ours.
#[derive(Debug)]
pub struct RemoteAccessPhone {
    settings: DeviceSettings,
    edge: Option<Edge>,
    edge_trust: Option<EdgeTrust>,
    state: State,
}

#[derive(Debug)]
enum State {
    Redeem {
        activation_url: Url,
        code: SecretText,
    },
    Renew {
        activation_url: Url,
        token: AccessToken,
        domain: DomainName,
        file: String,
    },
    KeepToken {
        token: AccessToken,
        lifetime: Duration,
        domain: DomainName,
        /// The configuration of a phone that is activated.
        file: Option<String>,
    },
    FindEdge {
        token: AccessToken,
        domain: DomainName,
        /// The configuration of a phone that is activated.
        file: Option<String>,
    },
    Activate {
        token: AccessToken,
        base: Url,
    },
    Configure {
        token: AccessToken,
        base: Url,
        file: String,
    },
    Register(Registering),
    Finished,
}

impl RemoteAccessPhone {
    /// The phone at which somebody typed `code`, for the activation service at `activation_url`.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Code`] when the text is no code; nothing is sent then.
    pub fn new(
        settings: DeviceSettings,
        activation_url: Url,
        code: &str,
    ) -> Result<Self, DeviceError> {
        let code = typed_code(code)?.into();
        let state = State::Redeem {
            activation_url,
            code,
        };
        Ok(Self {
            settings,
            edge: None,
            edge_trust: None,
            state,
        })
    }

    /// The phone that was onboarded on premises by a code that allows remote access too, and goes
    /// outside: it has its token, its service domain and the name of its configuration file.
    ///
    /// # Source
    ///
    /// Unified CM, device onboarding by activation code, use cases: a phone that was onboarded on
    /// premises onboards again for remote access with the token that it got.
    #[must_use]
    pub const fn onboarded_on_premises(
        settings: DeviceSettings,
        token: AccessToken,
        service_domain: DomainName,
        configuration_file: String,
    ) -> Self {
        Self {
            settings,
            edge: None,
            edge_trust: None,
            state: State::FindEdge {
                token,
                domain: service_domain,
                file: Some(configuration_file),
            },
        }
    }

    /// The phone whose kept machine token has half of its lifetime behind it: it has the activation
    /// service at `activation_url` renew it, keeps the new one, and goes on with that to its edge. It has
    /// kept its service domain and the name of its configuration file too.
    ///
    /// What is said of [`RoomOs::renew`](super::RoomOs::renew) holds for it.
    #[must_use]
    pub const fn renew(
        settings: DeviceSettings,
        activation_url: Url,
        token: AccessToken,
        service_domain: DomainName,
        configuration_file: String,
    ) -> Self {
        Self {
            settings,
            edge: None,
            edge_trust: None,
            state: State::Renew {
                activation_url,
                token,
                domain: service_domain,
                file: configuration_file,
            },
        }
    }

    /// The phone that was told before whom to trust at its edge.
    #[must_use]
    pub fn with_edge_trust(self, edge_trust: EdgeTrust) -> Self {
        Self {
            edge_trust: Some(edge_trust),
            ..self
        }
    }
}

impl Flow for RemoteAccessPhone {
    fn step(&self) -> Option<Step> {
        match self.state {
            State::Redeem { .. } => Some(Step::CodeRedeemed),
            State::Renew { .. } => Some(Step::TokenRenewed),
            State::KeepToken { .. } => Some(Step::MachineToken),
            State::FindEdge { .. } => Some(Step::EdgeFound),
            State::Activate { .. } => Some(Step::Activated),
            State::Configure { .. } => Some(Step::Configuration),
            State::Register(_) => Some(Step::Registered),
            State::Finished => None,
        }
    }

    fn task(&self) -> Result<Task, DeviceError> {
        Ok(match &self.state {
            State::Redeem {
                activation_url,
                code,
            } => {
                let message = CodePresented {
                    activation_code: code.clone(),
                    model: self.settings.model.clone(),
                    mac_address: self.settings.mac,
                    redemption_key: None,
                };
                Task::Request(post(
                    activation_url,
                    &["v1", "activations"],
                    None,
                    &message,
                )?)
            }
            State::Renew {
                activation_url,
                token,
                ..
            } => Task::Request(renewal(activation_url, token)?),
            State::KeepToken {
                token, lifetime, ..
            } => Task::KeepToken {
                token: token.clone(),
                lifetime: *lifetime,
            },
            State::FindEdge { domain, .. } => Task::FindEdge {
                domain: domain.clone(),
            },
            State::Activate { token, base } => {
                Task::Request(activate(&self.settings, base, Some(token), None)?)
            }
            State::Configure { token, base, file } => {
                Task::Request(get(base, &["v1", "files", file], Some(token))?)
            }
            State::Register(registering) => Task::Register(registering.clone()),
            State::Finished => Task::Finished,
        })
    }

    fn answered(&mut self, response: &Response<Vec<u8>>) -> Result<(), DeviceError> {
        self.state = match &self.state {
            State::Redeem { .. } => {
                let message: MachineToken = read(response)?;
                let (token, lifetime) = bearer(&message)?;
                let domain = message.service_domain.ok_or(DeviceError::NoServiceDomain)?;
                let domain = domain.parse().map_err(DeviceError::ServiceDomain)?;
                // Without it, those that it was told before stay.
                if let Some(pem) = &message.edge_trust {
                    let trust = EdgeTrust::from_pem(pem).map_err(DeviceError::EdgeTrust)?;
                    self.edge_trust = Some(trust);
                }
                State::KeepToken {
                    token,
                    lifetime,
                    domain,
                    file: None,
                }
            }
            State::Renew { domain, file, .. } => {
                let message: MachineToken = read(response)?;
                let (token, lifetime) = bearer(&message)?;
                State::KeepToken {
                    token,
                    lifetime,
                    domain: domain.clone(),
                    file: Some(file.clone()),
                }
            }
            State::Activate { token, base } => State::Configure {
                token: token.clone(),
                base: base.clone(),
                file: activated(&self.settings, response)?,
            },
            State::Configure { token, .. } => {
                accept(response)?;
                let sip = settings_of(response.body())?;
                State::Register(Registering {
                    user: sip.user().to_owned(),
                    domain: sip.domain().to_owned(),
                    token: token.clone(),
                })
            }
            _ => return Err(DeviceError::OutOfOrder),
        };
        Ok(())
    }

    fn edge_found(&mut self, edge: Edge) -> Result<(), DeviceError> {
        let State::FindEdge {
            token,
            domain,
            file,
        } = &self.state
        else {
            return Err(DeviceError::OutOfOrder);
        };
        if edge.domain() != domain {
            return Err(DeviceError::OtherDomain);
        }
        // Those inside are no edge: neither their authorities nor their paths are the edge's.
        if edge.side() == Side::Inside {
            return Err(DeviceError::Inside);
        }
        let base = Url::parse(&format!("https://{domain}/")).map_err(|_| DeviceError::Url)?;
        let token = token.clone();
        self.state = match file.clone() {
            Some(file) => State::Configure { token, base, file },
            None => State::Activate { token, base },
        };
        self.edge = Some(edge);
        Ok(())
    }

    fn edge(&self) -> Option<&Edge> {
        self.edge.as_ref()
    }

    /// Keep it together with the machine token.
    fn edge_trust(&self) -> Option<&EdgeTrust> {
        self.edge_trust.as_ref()
    }

    fn done(&mut self) -> Result<(), DeviceError> {
        self.state = match &self.state {
            State::KeepToken {
                token,
                domain,
                file,
                ..
            } => State::FindEdge {
                token: token.clone(),
                domain: domain.clone(),
                file: file.clone(),
            },
            State::Register(_) => State::Finished,
            _ => return Err(DeviceError::OutOfOrder),
        };
        Ok(())
    }
}

/// How the phone registers, by its first line.
fn settings_of(document: &[u8]) -> Result<SipSettings, DeviceError> {
    let missing = || DeviceError::Settings(SettingsError::DomainMissing);
    let file = ConfigurationFile::parse(document, &Limits::default());
    let file = file.map_err(DeviceError::Document)?;
    let device = file.device().ok_or_else(missing)?;
    let line = device.lines().next().ok_or_else(missing)?;
    SipSettings::from_device(&device, &line).map_err(DeviceError::Settings)
}
