//! Carries out what a device has to do.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http::Request;
use offhook_bearer_token::{AccessToken, Fetch, HttpsFetch};
use offhook_onboarding::device_side::{Flow, Registering, Step, Task};
use offhook_sip_resolver::{
    Entropy, EntropyError, Hop, Options, Policy, Resolution, Resolver, Target,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::ClientConfig;

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
        fs::read_to_string(file).context("reading the kept machine token")
    }

    async fn carry_out(&mut self, flow: &mut dyn Flow) -> anyhow::Result<String> {
        Ok(match flow.task()? {
            Task::Request(request) => {
                let asked = self.told(&request);
                let response = self.fetch.fetch(request).await.context(asked.clone())?;
                flow.answered(&response).context(asked.clone())?;
                format!("{asked} → {}", response.status().as_u16())
            }
            Task::KeepToken(token) => {
                self.keep(&token).context("keeping the machine token")?;
                flow.done()?;
                "device → its own memory: machine token kept".to_owned()
            }
            Task::Resolve { target, policy } => {
                let story = self.resolve(&target, &policy).await?;
                flow.done()?;
                story
            }
            Task::Register(registering) => {
                let story = self.register(&registering).await?;
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

    fn keep(&self, token: &AccessToken) -> anyhow::Result<()> {
        let Some(file) = &self.token_file else {
            return Ok(());
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(file)?;
        file.write_all(token.secret().as_bytes())?;
        Ok(file.sync_all()?)
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
    async fn register(&self, registering: &Registering) -> anyhow::Result<String> {
        let targets = self
            .targets
            .as_ref()
            .map(Resolution::hops)
            .unwrap_or_default();
        let agent = UserAgent::new(
            Arc::clone(&self.tls),
            &registering.user,
            &registering.domain,
        );
        // An error takes the trace of the stack with it, so none is made that nobody reads.
        let mut failure = None;
        for hop in targets {
            match agent
                .register(hop.address(), hop.verify(), &registering.token)
                .await
            {
                Ok(registered) => return Ok(told(hop, registering, registered.expires)),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| anyhow::anyhow!("no target")))
    }
}

fn told(hop: &Hop, registering: &Registering, expires: Option<u32>) -> String {
    let Registering { user, domain, .. } = registering;
    let address: SocketAddr = hop.address();
    let seconds = expires.unwrap_or_default();
    format!(
        "device → registrar {address} as {}: REGISTER {user}@{domain} → 200, {seconds} s",
        hop.verify()
    )
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
