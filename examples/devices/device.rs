//! What the simulated devices have in common: their settings, and how they get on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_onboarding::DeviceError;
use offhook_onboarding::device_side::{DeviceSettings, Flow, Step};
use offhook_onboarding::http::{TlsCredentials, client_config};
use offhook_sip_resolver::{NameServer, Options, Resolver};
use offhook_testkit::Driver;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use url::Url;

/// Settings that every device has.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Device management, https.
    #[arg(long, value_name = "URL", default_value = "https://localhost:8443/")]
    pub(crate) management: Url,
    /// The PEM file of the authorities that sign the certificates of the services.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The address of the device.
    #[arg(long)]
    mac: MacAddress,
    /// Its serial number.
    #[arg(long, default_value = "FOC2412N0AB")]
    serial: String,
    /// A name server to ask instead of those of this machine; give it again for each one.
    #[arg(long, value_name = "IP:PORT")]
    dns: Vec<SocketAddr>,
    /// End once the configuration is read, before the SIP servers are looked for.
    #[arg(long)]
    configuration_only: bool,
    /// How often a step that could not be done is tried again, after 1, 2, 4 … seconds, at most 30, and
    /// not before the service wants it; where that is later the device ends.
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// Print one JSON object a step.
    #[arg(long)]
    json: bool,
}

impl Settings {
    /// What the maker put into the device.
    pub(crate) fn device(&self, model: DeviceModel) -> DeviceSettings {
        DeviceSettings {
            model,
            mac: self.mac,
            serial_number: self.serial.clone(),
            management_url: self.management.clone(),
        }
    }

    /// The device's network: its TLS client, which shows `credentials`, and its resolver.
    pub(crate) fn driver(&self, credentials: Option<TlsCredentials>) -> anyhow::Result<Driver> {
        let roots = certificates(&self.ca)?;
        let roots: Vec<_> = roots.iter().collect();
        let tls = Arc::new(client_config(&roots, credentials)?);
        let servers = match self.dns.as_slice() {
            [] => NameServer::of_system().context("finding the name servers of this machine")?,
            given => given.iter().copied().map(NameServer::new).collect(),
        };
        let resolver = Resolver::new(servers, Options::default());
        let resolver = resolver.context("setting up the resolver")?;
        Ok(Driver::over(tls, Arc::new(resolver)))
    }

    /// Carries out all steps of `flow`, and tells each.
    pub(crate) async fn onboard(&self, driver: &mut Driver, flow: &mut dyn Flow) -> Outcome {
        let mut failures = 0;
        while let Some(step) = flow.step() {
            if self.configuration_only && matches!(step, Step::Resolved | Step::Registered) {
                break;
            }
            match driver.step(flow).await {
                Ok(Some(done)) => {
                    failures = 0;
                    self.tell(&done.step.to_string(), &done.story, true);
                }
                Ok(None) => break,
                Err(error) => {
                    let step = step.to_string();
                    self.tell(&step, &format!("{error:#}"), false);
                    if is_refused(&error) {
                        return Outcome::Refused;
                    }
                    let asked = retry_after(&error).unwrap_or_default();
                    if asked > LONGEST_WAIT {
                        let told = format!("asked to come again in {} s", asked.as_secs());
                        self.tell(&step, &told, false);
                        return Outcome::Failed;
                    }
                    if failures == self.retries {
                        return Outcome::Failed;
                    }
                    let wait = Duration::from_secs(1 << failures.min(5)).min(LONGEST_WAIT);
                    let wait = wait.max(asked);
                    failures += 1;
                    tokio::time::sleep(wait).await;
                }
            }
        }
        Outcome::Done
    }

    fn tell(&self, step: &str, story: &str, ok: bool) {
        let told = if ok { "story" } else { "error" };
        if self.json {
            println!(
                "{}",
                serde_json::json!({"step": step, "ok": ok, told: story})
            );
        } else if ok {
            println!("{step:<20} {story}");
        } else {
            eprintln!("{step:<20} failed: {story}");
        }
    }
}

/// How far a device got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Done,
    Failed,
    /// A service said no.
    Refused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
            Outcome::Refused => Self::from(3),
        }
    }
}

/// All certificates of a PEM file.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let told = || format!("reading {}", path.display());
    let certificates = CertificateDer::pem_file_iter(path).with_context(told)?;
    certificates.collect::<Result<_, _>>().with_context(told)
}

/// Whether a service said no.
fn is_refused(error: &anyhow::Error) -> bool {
    let refused = |error: &DeviceError| error.is_refusal();
    error
        .chain()
        .any(|cause| cause.downcast_ref().is_some_and(refused))
}

/// In how long a service wants to be asked again.
fn retry_after(error: &anyhow::Error) -> Option<Duration> {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<DeviceError>()?.retry_after())
}

/// The exit status of a program whose device got so far.
pub(crate) fn end(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

const LONGEST_WAIT: Duration = Duration::from_secs(30);
