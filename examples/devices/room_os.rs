//! A Room OS device: code, machine token, activation, configuration, SIP servers, registration.
//!
//! ```sh
//! cargo run --release --example room-os-device -- --ca lab/services-ca.pem \
//!     --mac 00:11:22:33:44:55 --state device 1234-5678-9012-3456
//! ```

mod device;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use offhook_activation_code::{RedemptionKey, SystemEntropy};
use offhook_device_name::DeviceModel;
use offhook_onboarding::device_side::{Flow as _, RoomOs, Step};
use offhook_onboarding::http::{Clock as _, SystemClock};
use offhook_testkit::KeptToken;
use url::Url;

use crate::device::Outcome;

/// A room device at which somebody types an activation code.
///
/// With --state it keeps what a device must not lose: its redemption key before it sends the code, and
/// its machine token. Stop it after any step and start it again: it goes on, and nothing is used up. Started
/// again when half of its token's life is over, it has the token renewed first; start it so often that this is
/// before the token expires, for then it needs a new code.
#[derive(Debug, Parser)]
#[command(
    name = "room-os-device",
    version,
    after_help = "Exit status: 0 where the device is registered (with --configuration-only: configured); 1 \
    where it could not get on; 2 for a bad command line; 3 where a service refused it."
)]
struct Arguments {
    #[command(flatten)]
    settings: device::Settings,
    /// The activation service, https; that of device management unless told otherwise.
    #[arg(long, value_name = "URL")]
    activation: Option<Url>,
    /// The model.
    #[arg(long, default_value = "Cisco Desk Pro")]
    model: DeviceModel,
    /// The folder that the device keeps its secrets in; it is made where there is none.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// The activation code; not needed where the device has its token, and used where that is refused, as
    /// after a move to another owner.
    code: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    device::end(run(&Arguments::parse()).await)
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = &arguments.settings;
    let mut driver = settings.driver(None)?;
    let mut token = None;
    if let Some(folder) = &arguments.state {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let file = folder.join("machine.token");
        token = KeptToken::read(&file)?;
        driver = driver.with_token_file(file);
    }
    let device = || settings.device(arguments.model.clone());
    let activation = arguments.activation.as_ref();
    let activation = activation.unwrap_or(&settings.management).clone();
    if let Some(kept) = token {
        let token = kept.token().clone();
        let resume = || RoomOs::resume(device(), token.clone());
        let is_due = kept.is_due(SystemClock::new().now());
        let mut flow = if is_due {
            RoomOs::renew(device(), activation.clone(), token.clone())
        } else {
            resume()
        };
        let mut outcome = settings.onboard(&mut driver, &mut flow).await;
        if outcome != Outcome::Done && flow.step() == Some(Step::TokenRenewed) {
            // The token that it has may be good still.
            outcome = settings.onboard(&mut driver, &mut resume()).await;
        }
        // The token may be that of a profile which the device has left; a code is for another.
        if outcome != Outcome::Refused || arguments.code.is_none() {
            return Ok(outcome.into());
        }
    }
    let code = arguments.code.as_deref();
    let code = code.context("no activation code, and no machine token is kept")?;
    let key = redemption_key(arguments.state.as_deref())?;
    let mut flow = RoomOs::new(device(), activation, code, key)?;
    Ok(settings.onboard(&mut driver, &mut flow).await.into())
}

/// The redemption key that the device has kept, or a new one, which it keeps before it is sent.
fn redemption_key(folder: Option<&Path>) -> anyhow::Result<RedemptionKey> {
    let draw =
        || RedemptionKey::draw(&mut SystemEntropy::new()).context("drawing a redemption key");
    let Some(folder) = folder else {
        return draw();
    };
    let file = folder.join("redemption.key");
    if let Some(key) = kept(&file)? {
        return key.parse().context("reading the kept redemption key");
    }
    let key = draw()?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(&file)?;
        file.write_all(key.secret().as_bytes())?;
        file.sync_all()
    };
    write().with_context(|| format!("writing {}", file.display()))?;
    Ok(key)
}

/// What a file keeps; `None` where there is none, or nothing in it.
fn kept(file: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}
