//! Both onboarding flows, from the box to the first registration, on loopback with real parts.
//!
//! ```sh
//! cargo run --release --example onboard
//! cargo run --release --example onboard -- --json
//! cargo run --release --example onboard -- --fault wrong-model
//! ```

mod report;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use offhook_testkit::{
    Fault, PhoneBy, World, WorldOptions, onboard_mpp, onboard_room_os, sample_archives, show_fault,
};

use crate::report::Report;

/// Takes a room device and a phone from their boxes to their first registration, on loopback:
/// DNS, OAuth issuer, activation service, DM Bridge, device management and SIP registrar each on
/// a socket of its own.
#[derive(Debug, Parser)]
#[command(
    name = "onboard",
    version,
    after_help = "Exit status: 0 where both devices are registered, or where the \
    system refused a fault as it must; 1 where not; 2 for a bad command line."
)]
struct Arguments {
    /// Print one JSON object a step, and the counters last.
    #[arg(long)]
    json: bool,
    /// Show how one thing that must not succeed is refused.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Fault::ALL.map(Fault::name))
        .try_map(|name| Fault::named(&name).ok_or("unknown fault")))]
    fault: Option<Fault>,
    /// Let the phone be activated by a code too, instead of being provisioned with its address.
    #[arg(long, conflicts_with = "fault")]
    mpp_by_code: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What is interrupted ends as a failure does: the temporary folder goes with it.
    let outcome = tokio::select! {
        outcome = run(&arguments) => outcome,
        () = interrupted() => Err(anyhow::anyhow!("interrupted")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Waits for Ctrl-C; for ever where that cannot be noticed.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = private_folder().context("making a temporary folder")?;
    let options = arguments.fault.map(Fault::world).unwrap_or_default();
    let world = start(folder.path(), options).await?;
    let mut report = Report::new(arguments.json, arguments.fault);
    if let Some(fault) = arguments.fault {
        show_fault(fault, &world, folder.path(), &mut report).await?;
        return report.end(&world).await;
    }
    report.introduce(&world, folder.path());
    let by = if arguments.mpp_by_code {
        PhoneBy::CertificateAndCode
    } else {
        PhoneBy::Certificate
    };
    onboard_room_os(&world, folder.path(), &mut report).await?;
    onboard_mpp(&world, folder.path(), by, &mut report).await?;
    report.end(&world).await?;
    report.all_registered(&world).await
}

async fn start(folder: &std::path::Path, options: WorldOptions) -> anyhow::Result<World> {
    World::start(folder, &sample_archives(), options)
        .await
        .context("starting the services")
}

/// A temporary folder for its owner only: codes and tokens lie in it.
fn private_folder() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}
