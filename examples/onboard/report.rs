//! What people and programs see.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use offhook_activation_code::{ActivationCode, QrPicture};
use offhook_onboarding::message::DeviceStatus;
use offhook_onboarding::{ActivationState, AuditEvent, Counter, verify_chain};
use offhook_testkit::{Fault, Witness, World};
use serde::Serialize;

/// Prints a line, unless nobody reads any more: what is to be done is done all the same, and the
/// exit status tells how it ended.
macro_rules! say {
    ($($text:tt)*) => {{
        let mut out = std::io::stdout().lock();
        if writeln!(out, $($text)*).is_err() {
            OUTPUT_LOST.store(true, Ordering::Relaxed);
        }
    }};
}

static OUTPUT_LOST: AtomicBool = AtomicBool::new(false);

/// Writes what happens, for people or for programs.
#[derive(Debug)]
pub(crate) struct Report {
    json: bool,
    fault: Option<Fault>,
    device: &'static str,
    profiles: Vec<&'static str>,
}

impl Report {
    pub(crate) const fn new(json: bool, fault: Option<Fault>) -> Self {
        Self {
            json,
            fault,
            device: "",
            profiles: Vec::new(),
        }
    }

    /// Says where everything is.
    pub(crate) fn introduce(&self, world: &World, folder: &Path) {
        if self.json {
            return;
        }
        say!(
            "{} services over TLS, and the DNS, on loopback:",
            world.services()
        );
        say!("  DNS                 {} (UDP and TCP)", world.dns());
        say!("  activation service  {}", world.activation_url());
        say!("  device management   {}", world.management_url());
        say!("  SIP registrar       {}", world.registrar());
        say!("  registry            SQLite in {}", folder.display());
    }

    /// Checks that device management knows every device as registered.
    pub(crate) async fn all_registered(&self, world: &World) -> anyhow::Result<()> {
        for profile in &self.profiles {
            let status = world
                .admin()
                .status(profile)
                .await
                .context("device status")?;
            ensure!(status.registered, "{profile} is not registered");
        }
        Ok(())
    }

    /// Shows the devices, the counters and the audit log, and checks that they agree.
    pub(crate) async fn end(&self, world: &World) -> anyhow::Result<()> {
        let mut devices = Vec::new();
        for profile in &self.profiles {
            devices.push(
                world
                    .admin()
                    .status(profile)
                    .await
                    .context("device status")?,
            );
        }
        let records = world.registry().audit(0, usize::MAX).await?;
        verify_chain(None, &records).context("audit log")?;
        for (counter, event) in [
            (Counter::CodesIssued, AuditEvent::CodeIssued),
            (Counter::CodesRedeemed, AuditEvent::CodeRedeemed),
            (Counter::DevicesRegistered, AuditEvent::Registered),
        ] {
            let logged = records
                .iter()
                .filter(|record| record.entry().event == event);
            let (logged, counted) = (logged.count() as u64, world.counters().get(counter));
            ensure!(
                logged == counted,
                "{} counts {counted}, the audit log {logged}",
                counter.name()
            );
        }
        let metrics = world.admin().metrics().await.context("counters")?;
        let counters = world.counters();
        for counter in Counter::ALL {
            let line = format!(
                "offhook_{}_total {}\n",
                counter.name(),
                counters.get(counter)
            );
            ensure!(
                metrics.contains(&line),
                "the counter {} is not exported",
                counter.name()
            );
        }
        if self.json {
            print_json(&BTreeMap::from([("summary", counters)]));
            return complete();
        }
        if !devices.is_empty() {
            say!("\nDevice status");
            devices.iter().for_each(show_device);
        }
        say!("\nCounters");
        for counter in Counter::ALL {
            say!("  {:<34}{:>4}", counter.name(), counters.get(counter));
        }
        say!(
            "\nAudit log, records in a verified chain: {}",
            records.len()
        );
        complete()
    }
}

impl Witness for Report {
    fn device(&mut self, device: &'static str, profile: &'static str, title: &str) {
        self.device = device;
        self.profiles.push(profile);
        if !self.json {
            say!("\n{title}");
        }
    }

    fn step(&mut self, step: &str, story: &str, took: Duration) {
        let ms = millis(took);
        if self.json {
            print_json(&StepLine {
                device: self.device,
                step,
                ok: true,
                ms,
                error: None,
            });
        } else {
            say!("  {step:<21}{ms:>8.2} ms  {story}");
        }
    }

    fn failed(&mut self, step: &str, error: &anyhow::Error, took: Duration) {
        let ms = millis(took);
        if self.json {
            print_json(&StepLine {
                device: self.device,
                step,
                ok: false,
                ms,
                error: Some(format!("{error:#}")),
            });
        } else {
            say!("  {step:<21}{ms:>8.2} ms  FAILED");
        }
    }

    fn code(&mut self, code: &ActivationCode) -> anyhow::Result<()> {
        if !self.json {
            let picture = QrPicture::new(code).context("drawing the QR code")?;
            say!(
                "\n{}\n    activation code {code}\n",
                picture.terminal().as_str()
            );
        }
        Ok(())
    }

    fn refused(&mut self, by: &str, said: &str) {
        if self.json {
            print_json(&FaultLine {
                fault: self.fault.map_or("", Fault::name),
                refused: true,
                by,
                said,
            });
        } else {
            say!("  refused by {by}: {said}");
        }
    }

    fn note(&mut self, text: &str) {
        if !self.json {
            say!("  {text}");
        }
    }
}

#[derive(Serialize)]
struct StepLine<'a> {
    device: &'a str,
    step: &'a str,
    ok: bool,
    ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct FaultLine<'a> {
    fault: &'a str,
    refused: bool,
    by: &'a str,
    said: &'a str,
}

/// Whether all that was said could be written.
fn complete() -> anyhow::Result<()> {
    ensure!(
        !OUTPUT_LOST.load(Ordering::Relaxed),
        "the output could not be written to its end"
    );
    Ok(())
}

fn print_json(line: &impl Serialize) {
    match serde_json::to_string(line) {
        Ok(line) => say!("{line}"),
        Err(error) => eprintln!("error: {error}"),
    }
}

fn show_device(device: &DeviceStatus) {
    let mac = device
        .mac_address
        .map(|mac| mac.separated(':').to_string())
        .unwrap_or_default();
    let state = match device.activation_state {
        ActivationState::Activated => "activated",
        ActivationState::Activating => "activating",
        _ => "deactivated",
    };
    let registration = match (&device.sip_address, device.ip_address) {
        (Some(address), Some(ip)) => format!("registered as {address} from {ip}"),
        _ => "not registered".to_owned(),
    };
    say!(
        "  {:<16}{} {mac}, {state}, {registration}",
        device.profile,
        device.device_name
    );
}

/// Milliseconds, to the hundredth.
fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}
