//! The command line.

use std::path::PathBuf;

use clap::Parser;
use url::Url;

/// Takes many devices from their boxes to their first registration, as many at a time as it is told,
/// and says how long each step took and why devices failed.
///
/// Half of them are room devices with activation codes, half are phones with certificates that the
/// maker of the lab signs. The registrar and the name server that they meet are of this process; the
/// registrar asks the server whether a device may register.
#[derive(Debug, Parser)]
#[command(
    name = "fleet",
    version,
    after_help = "Exit status: 0 where every device was registered; 1 where one was not; 2 where the \
    fleet could not set out."
)]
pub(crate) struct Arguments {
    /// The folder that `dms-server init` made: authorities, tokens.
    #[arg(long, value_name = "FOLDER", default_value = "lab")]
    pub(crate) lab: PathBuf,
    /// A server; give it again for each node, and devices are spread over them.
    #[arg(long, value_name = "URL", default_value = "https://localhost:8443/")]
    pub(crate) url: Vec<Url>,
    /// How many devices there are.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = positive)]
    pub(crate) devices: usize,
    /// How many are on their way at the same time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = positive)]
    pub(crate) concurrency: usize,
    /// How many of a hundred devices are phones.
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(..=100))]
    pub(crate) phones: u8,
    /// How often a step that could not be done is tried again, after 0.1, 0.2, 0.4 … seconds.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) retries: u32,
    /// Measure bare TLS handshakes of the same kinds first, and tell the ratio.
    #[arg(long)]
    pub(crate) handshakes: bool,
    /// The issuer of the server's tokens.
    #[arg(long, default_value = "https://localhost:8443/")]
    pub(crate) issuer: String,
    /// Their audience.
    #[arg(long, default_value = "devices.example.test")]
    pub(crate) audience: String,
    /// What the names of device profiles begin with; no other run may have had it on the same store.
    #[arg(long, value_name = "NAME")]
    pub(crate) prefix: Option<String>,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}
