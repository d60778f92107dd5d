//! A multiplatform phone: its maker's certificate, and a code where one was requested.
//!
//! ```sh
//! cargo run --release --example mpp-device -- --ca lab/services-ca.pem --mac 00:0e:08:ab:cd:ef \
//!     --certificate phone.pem --key phone.key
//! ```

mod device;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use offhook_device_name::DeviceModel;
use offhook_onboarding::device_side::Mpp;
use offhook_testkit::Credentials;

/// A multiplatform phone with its maker's certificate.
///
/// It keeps nothing: its certificate proves it each time, so it may be stopped after any step.
#[derive(Debug, Parser)]
#[command(
    name = "mpp-device",
    version,
    after_help = "`dms-server phone` makes a certificate of the maker of a lab.\n\n\
    Exit status: 0 where the phone is registered (with --configuration-only: configured); 1 where it \
    could not get on; 2 for a bad command line; 3 where a service refused it."
)]
struct Arguments {
    #[command(flatten)]
    settings: device::Settings,
    /// The PEM file of its certificate, and of those between that and its maker's.
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// The PEM file of its private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The model.
    #[arg(long, default_value = "CP-8841-3PCC")]
    model: DeviceModel,
    /// The activation code, where one was requested.
    code: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    device::end(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = &arguments.settings;
    let read = |path: &Path| fs::read(path).with_context(|| format!("reading {}", path.display()));
    let (chain, key) = (read(&arguments.certificate)?, read(&arguments.key)?);
    let credentials = Credentials::from_pem(&chain, &key)?;
    let device = settings.device(arguments.model.clone());
    let mut flow = match &arguments.code {
        Some(code) => Mpp::with_code(device, code)?,
        None => Mpp::new(device),
    };
    let driver = settings.driver(Some(credentials))?;
    Ok(settings.onboard(driver, &mut flow).await)
}
