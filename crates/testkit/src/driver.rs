//! Carries out what a device has to do.

mod edge;
mod kept_token;

use std::path::PathBuf;
use std::slice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http::Request;
use offhook_bearer_token::{Fetch, HttpsFetch};
use offhook_device_profile::Release;
use offhook_onboarding::device_side::{Flow, Registering, Step, Task};
use offhook_onboarding::http::{Clock as _, SystemClock};
use offhook_sip_resolver::{
    Entropy, EntropyError, Hop, Options, Policy, Resolution, Resolver, Target,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::ClientConfig;

use self::edge::EdgeClient;
pub use self::kept_token::KeptToken;
use crate::{UserAgent, World};

/// Carries out the tasks of a device over real sockets.
#[derive(Debug)]
pub struct Driver {
    fetch: HttpsFetch,
    tls: Arc<ClientConfig>,
    resolver: Arc<Resolver>,
    token_file: Option<PathBuf>,
    activation_port: Option<u16>,
    targets: Option<Resolution>,
    edge_sip_port: u16,
    firmware: Option<Release>,
}

/// A step that was carried out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepDone {
    /// Which one.
    pub step: Step,
    /// Who spoke to whom, and what came of it, for people.
    pub story: String,
    /// How long it took.
    pub took: Duration,
}

impl Driver {
    /// A device in `world` whose TLS client is `tls`, which carries its certificate if it has
    /// one; it keeps its machine token in `token_file`.
    ///
    /// # Errors
    ///
    /// When the resolver cannot be set up.
    pub fn new(world: &World, tls: ClientConfig, token_file: PathBuf) -> anyhow::Result<Self> {
        let resolver = Resolver::new([world.dns()], Options::default())?;
        let driver = Self::over(Arc::new(tls), Arc::new(resolver)).with_token_file(token_file);
        Ok(Self {
            activation_port: world.activation_url().port(),
            edge_sip_port: world.edge().map_or(SIPS_PORT, |edge| edge.sip().port()),
            ..driver
        })
    }

    /// A device whose TLS client is `tls` and that finds SIP servers by `resolver`; it keeps its
    /// machine token for as long as it runs.
    #[must_use]
    pub fn over(tls: Arc<ClientConfig>, resolver: Arc<Resolver>) -> Self {
        Self {
            fetch: HttpsFetch::new(Arc::clone(&tls)),
            tls,
            resolver,
            token_file: None,
            activation_port: None,
            targets: None,
            edge_sip_port: SIPS_PORT,
            firmware: None,
        }
    }

    /// The device that registers at its edge on this port; 5061 unless set.
    #[must_use]
    pub fn with_edge_sip_port(self, port: u16) -> Self {
        Self {
            edge_sip_port: port,
            ..self
        }
    }

    /// The device that is offered `firmware`.
    #[must_use]
    pub fn with_firmware(self, firmware: Release) -> Self {
        Self {
            firmware: Some(firmware),
            ..self
        }
    }

    /// The device that keeps its machine token in `file`.
    #[must_use]
    pub fn with_token_file(self, file: PathBuf) -> Self {
        Self {
            token_file: Some(file),
            ..self
        }
    }

    /// Carries out the task at hand and tells its outcome; `None` once the device is registered.
    ///
    /// # Errors
    ///
    /// When the task fails; the device is then where it was.
    pub async fn step(&mut self, flow: &mut dyn Flow) -> anyhow::Result<Option<StepDone>> {
        let Some(step) = flow.step() else {
            return Ok(None);
        };
        let begun = now();
        let story = self
            .carry_out(flow)
            .await
            .with_context(|| format!("step {step}"))?;
        Ok(Some(StepDone {
            step,
            story,
            took: begun.elapsed(),
        }))
    }

    /// The machine token that the device has kept.
    ///
    /// # Errors
    ///
    /// When it has kept none.
    pub fn kept_token(&self) -> anyhow::Result<String> {
        let file = self.token_file.as_ref().context("no file for it")?;
        let kept = KeptToken::read(file)?.context("no machine token is kept")?;
        Ok(kept.token().secret().to_owned())
    }

    async fn carry_out(&mut self, flow: &mut dyn Flow) -> anyhow::Result<String> {
        Ok(match flow.task()? {
            Task::Request(request) => {
                let asked = self.told(&request);
                let response = match EdgeClient::of(flow, &self.tls)? {
                    Some(edge) => edge.fetch(&request).await.context(asked.clone())?,
                    None => self.fetch.fetch(request).await.context(asked.clone())?,
                };
                flow.answered(&response).context(asked.clone())?;
                format!("{asked} → {}", response.status().as_u16())
            }
            Task::KeepToken { token, lifetime } => {
                if let Some(file) = &self.token_file {
                    let kept = KeptToken::new(token, lifetime, SystemClock::new().now());
                    kept.write(file).context("keeping the machine token")?;
                }
                flow.done()?;
                "device → its own memory: machine token kept".to_owned()
            }
            Task::Resolve { target, policy } => {
                let story = self.resolve(&target, &policy).await?;
                flow.done()?;
                story
            }
            Task::FindEdge { domain } => {
                let (domains, mut entropy) = (slice::from_ref(&domain), RingEntropy);
                let edge = self.resolver.edge(domains, &mut entropy).await;
                let edge = edge.context("finding the edge")?;
                let hops = edge.resolution().hops();
                let first = hops.first().map(ToString::to_string).unwrap_or_default();
                flow.edge_found(edge)?;
                format!("device → DNS: edge of {domain} → {first}")
            }
            Task::UpgradeFirmware { at_least } => {
                let firmware = self.firmware.filter(|offered| at_least.is_met_by(*offered));
                let firmware = firmware.with_context(|| format!("no {at_least} is offered"))?;
                flow.done()?;
                format!("device → itself: started again with firmware {firmware}")
            }
            Task::Register(registering) => {
                let edge = EdgeClient::of(flow, &self.tls)?;
                let story = self.register(&registering, edge.as_ref()).await?;
                flow.done()?;
                story
            }
            _ => bail!("an unknown task"),
        })
    }

    /// Who asks whom for what.
    fn told(&self, request: &Request<Vec<u8>>) -> String {
        let (method, uri) = (request.method(), request.uri());
        let service = if uri.port_u16() == self.activation_port {
            "activation service"
        } else {
            "device management"
        };
        format!("device → {service}: {method} {}", uri.path())
    }

    async fn resolve(&mut self, target: &Target, policy: &Policy) -> anyhow::Result<String> {
        let resolution = self
            .resolver
            .resolve(target, policy, &mut RingEntropy)
            .await
            .context("finding the SIP servers")?;
        let first = resolution
            .hops()
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        let (questions, round_trips) = (resolution.questions(), resolution.round_trips());
        let plural = if round_trips == 1 { "" } else { "s" };
        let story = format!(
            "device → DNS: {questions} questions in {round_trips} round trip{plural} → {first}"
        );
        self.targets = Some(resolution);
        Ok(story)
    }

    /// Tries the targets in their order until one takes the device.
    async fn register(
        &self,
        registering: &Registering,
        edge: Option<&EdgeClient>,
    ) -> anyhow::Result<String> {
        let Registering {
            user,
            domain,
            token,
        } = registering;
        let (tls, targets) = match edge {
            Some(edge) => (&edge.tls, edge.registrars(self.edge_sip_port)),
            None => {
                let hops = self.targets.as_ref().map(Resolution::hops);
                let target = |hop: &Hop| (hop.address(), hop.verify().to_owned());
                let targets = hops.unwrap_or_default().iter().map(target).collect();
                (&self.tls, targets)
            }
        };
        let agent = UserAgent::new(Arc::clone(tls), user, domain);
        // An error takes the trace of the stack with it, so none is made that nobody reads.
        let mut failure = None;
        for (address, verify) in targets {
            match agent.register(address, &verify, token).await {
                Ok(registered) => {
                    let seconds = registered.expires.unwrap_or_default();
                    return Ok(format!(
                        "device → registrar {address} as {verify}: REGISTER {user}@{domain} → 200, \
                         {seconds} s"
                    ));
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| anyhow::anyhow!("no target")))
    }
}

/// The system's entropy, for the order of targets of equal priority.
struct RingEntropy;

impl Entropy for RingEntropy {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        SystemRandom::new()
            .fill(out)
            .map_err(|_| EntropyError::new())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stopwatch for what people read"
)]
fn now() -> Instant {
    Instant::now()
}

/// Where SIP over TLS is spoken unless told otherwise.
const SIPS_PORT: u16 = 5061;
