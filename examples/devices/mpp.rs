//! A phone with its maker's certificate: new, in use before it could be onboarded, or outside.
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
use offhook_device_profile::Release;
use offhook_onboarding::device_side::{Flow, Mpp, RemoteAccessPhone, UpgradedMpp};
use offhook_onboarding::http::TlsCredentials;
use url::Url;

/// A multiplatform phone with its maker's certificate, or with --remote-access a telephone of Unified CM
/// outside of the enterprise network.
///
/// It keeps nothing: its certificate proves it each time, so it may be stopped after any step, and started again;
/// with --remote-access while its code may be redeemed again, for ten minutes.
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
    /// The firmware of a phone that is in use: where it is too old to be onboarded, it installs
    /// what --upgrade offers.
    #[arg(long, value_name = "RELEASE", conflicts_with = "code")]
    firmware: Option<Release>,
    /// The firmware that a phone in use is offered.
    #[arg(long, value_name = "RELEASE", requires = "firmware")]
    upgrade: Option<Release>,
    /// It stands outside: it learns from the activation service where its edge is, and goes over that.
    #[arg(long, requires = "code")]
    remote_access: bool,
    /// The activation service of --remote-access, https; that of device management unless told otherwise.
    #[arg(long, value_name = "URL", requires = "remote_access")]
    activation: Option<Url>,
    /// The port of its edge at which it registers.
    #[arg(long, value_name = "PORT", default_value_t = 5061)]
    edge_sip_port: u16,
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
    let credentials = TlsCredentials::from_pem(&chain, &key)?;
    let device = settings.device(arguments.model.clone());
    let mut flow: Box<dyn Flow> = match (&arguments.code, arguments.firmware) {
        (Some(code), _) if arguments.remote_access => {
            let activation = arguments.activation.as_ref();
            let activation = activation.unwrap_or(&settings.management);
            Box::new(RemoteAccessPhone::new(device, activation.clone(), code)?)
        }
        (Some(code), _) => Box::new(Mpp::with_code(device, code)?),
        (None, Some(firmware)) => Box::new(UpgradedMpp::new(device, firmware)),
        (None, None) => Box::new(Mpp::new(device)),
    };
    let driver = settings.driver(Some(credentials))?;
    let driver = driver.with_edge_sip_port(arguments.edge_sip_port);
    let mut driver = match arguments.upgrade {
        Some(firmware) => driver.with_firmware(firmware),
        None => driver,
    };
    Ok(settings.onboard(&mut driver, flow.as_mut()).await.into())
}
