//! One device of a fleet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use offhook_activation_code::{RedemptionKey, SystemEntropy};
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_onboarding::device_side::{DeviceSettings, Flow, Mpp, RoomOs};
use offhook_onboarding::http::{ClientError, TlsCredentials, client_config};
use offhook_onboarding::message::{CodeRequest, ProvisionRequest};
use offhook_onboarding::{DeviceError, Ownership};
use offhook_testkit::{DOMAIN, DeviceSubject, Driver};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::ground::Ground;
use crate::now;
use crate::report::Outcome;

/// A device in its box, provisioned.
#[derive(Clone)]
pub(crate) struct Boxed {
    number: usize,
    mac: MacAddress,
    model: DeviceModel,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Room { code: String },
    Phone { credentials: Arc<TlsCredentials> },
}

impl Boxed {
    /// An administrator provisions the device, and has a code issued where it needs one; who is told to
    /// come again does so.
    pub(crate) async fn provision(ground: &Ground, number: usize) -> Result<Self, Outcome> {
        let mut outcome = Outcome::default();
        let mut failures = 0;
        loop {
            match Self::try_provision(ground, number).await {
                Ok(boxed) => return Ok(boxed),
                Err(error) if failures < ground.retries && may_come_again(&error) => {
                    outcome.retried += 1;
                    tokio::time::sleep(RETRY_AFTER * (1 << failures.min(9))).await;
                    failures += 1;
                }
                Err(error) => return Err(outcome.fail("provisioned", &error)),
            }
        }
    }

    async fn try_provision(ground: &Ground, number: usize) -> anyhow::Result<Self> {
        let [.., d, e, f] = u32::try_from(number)?.to_be_bytes();
        let [a, b, c] = ground.address;
        let mac = MacAddress::new([a, b, c, d, e, f]);
        let profile = format!("{}-{number}", ground.prefix);
        // Spread evenly, so that any part of the fleet is like the whole.
        let is_phone = (number + 1) * ground.phones / 100 > number * ground.phones / 100;
        let (device_type, model) = if is_phone {
            ("MPP 8841", "CP-8841-3PCC")
        } else {
            ("Room OS", "Cisco Desk Pro")
        };
        let model = DeviceModel::new(model)?;
        let request = ProvisionRequest {
            profile: profile.clone(),
            account: profile.clone(),
            device_type: device_type.to_owned(),
            model: model.clone(),
            ownership: Ownership::Workspace,
            line_port: format!("{profile}@{DOMAIN}"),
            mac_address: is_phone.then_some(mac),
            tags: BTreeMap::from([("%DISPLAY_NAME%".to_owned(), profile.clone().into())]),
        };
        let (client, token) = (&ground.node(number)?.client, &ground.admin_token);
        match client.provision(&request, token).await {
            // It is there: the answer to an earlier try was lost, or the code was not issued then.
            Ok(_) | Err(ClientError::Refused { status: 409, .. }) => {}
            Err(error) => return Err(error).context("provisioning"),
        }
        let kind = if is_phone {
            let subject = DeviceSubject::CiscoMultiplatform {
                model: model.to_string(),
                serial: serial(number),
                mac: format!("{mac:x}"),
            };
            Kind::Phone {
                credentials: Arc::new(ground.makers.device(&subject)?),
            }
        } else {
            let wanted = CodeRequest { recipient: None };
            let issued = client.issue_code(&profile, &wanted, token).await;
            let code = issued.context("issuing a code")?.activation_code;
            let code = code.context("the server shows no codes: set codes.shown")?;
            Kind::Room {
                code: code.secret().to_owned(),
            }
        };
        Ok(Self {
            number,
            mac,
            model,
            kind,
        })
    }

    /// Shakes hands with each server that the device will speak to, and no more; how often.
    pub(crate) async fn shake_hands(&self, ground: &Ground) -> anyhow::Result<usize> {
        let tls = Arc::new(self.tls(ground)?);
        let url = &ground.node(self.number)?.url;
        let host = url.host_str().context("a URL without host")?.to_owned();
        let port = url.port_or_known_default().context("a URL without port")?;
        let management = TcpStream::connect((host.as_str(), port)).await?;
        let registrar = TcpStream::connect(ground.registrar.address()).await?;
        let hands = [(management, host), (registrar, DOMAIN.to_owned())];
        let count = hands.len();
        for (stream, name) in hands {
            let connector = TlsConnector::from(Arc::clone(&tls));
            let name = ServerName::try_from(name)?;
            drop(connector.connect(name, stream).await?);
        }
        Ok(count)
    }

    /// From the box to the registration.
    pub(crate) async fn onboard(&self, ground: &Ground) -> Outcome {
        let mut outcome = Outcome::default();
        let begun = now();
        let mut failures = 0;
        let prepared = self.prepare(ground);
        let (mut driver, mut flow) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return outcome.fail("unpacked", &error),
        };
        while let Some(step) = flow.step() {
            match driver.step(flow.as_mut()).await {
                Ok(Some(done)) => {
                    failures = 0;
                    outcome.step(&done.step.to_string(), done.took);
                }
                Ok(None) => break,
                Err(error) if failures < ground.retries && !is_refused(&error) => {
                    outcome.retried += 1;
                    tokio::time::sleep(RETRY_AFTER * (1 << failures.min(9))).await;
                    failures += 1;
                }
                Err(error) => return outcome.fail(&step.to_string(), &error),
            }
        }
        outcome.step(WHOLE, begun.elapsed());
        outcome
    }

    fn prepare(&self, ground: &Ground) -> anyhow::Result<(Driver, Box<dyn Flow>)> {
        let url = ground.node(self.number)?.url.clone();
        let settings = DeviceSettings {
            model: self.model.clone(),
            mac: self.mac,
            serial_number: serial(self.number),
            management_url: url.clone(),
        };
        let flow: Box<dyn Flow> = match &self.kind {
            Kind::Room { code } => {
                let key = RedemptionKey::draw(&mut SystemEntropy::new())?;
                Box::new(RoomOs::new(settings, url, code, key)?)
            }
            Kind::Phone { .. } => Box::new(Mpp::new(settings)),
        };
        let tls = Arc::new(self.tls(ground)?);
        Ok((Driver::over(tls, Arc::clone(&ground.resolver)), flow))
    }

    /// A TLS client of its own: no device resumes the session of another.
    fn tls(&self, ground: &Ground) -> anyhow::Result<ClientConfig> {
        let roots: Vec<_> = ground.roots.iter().collect();
        let credentials = match &self.kind {
            Kind::Room { .. } => None,
            Kind::Phone { credentials } => Some(copy(credentials)),
        };
        Ok(client_config(&roots, credentials)?)
    }
}

fn copy(credentials: &TlsCredentials) -> TlsCredentials {
    TlsCredentials::new(credentials.chain().to_vec(), credentials.key().clone_key())
}

/// Whether a service said no.
fn is_refused(error: &anyhow::Error) -> bool {
    let refused = |error: &DeviceError| error.is_refusal();
    error
        .chain()
        .any(|cause| cause.downcast_ref().is_some_and(refused))
}

/// Whether an administrator may try again.
fn may_come_again(error: &anyhow::Error) -> bool {
    let again = |cause: &(dyn std::error::Error + 'static)| {
        let cause = cause.downcast_ref();
        matches!(
            cause,
            Some(ClientError::Unavailable { .. } | ClientError::Fetch(_))
        )
    };
    error.chain().any(again)
}

fn serial(number: usize) -> String {
    format!("FLT{number:08}")
}

/// The name of the whole way among the steps.
pub(crate) const WHOLE: &str = "whole";
const RETRY_AFTER: Duration = Duration::from_millis(100);
