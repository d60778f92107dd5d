//! A device management server: activation service, device management and their key set behind TLS.
//!
//! ```sh
//! cargo run --release --example dms-server -- init lab
//! cargo run --release --example dms-server -- serve lab/dms.toml
//! ```

mod assemble;
mod audit;
mod config;
mod devices;
mod lab;
mod refresh_token;
mod restart;
mod serve;
mod store;
mod token;
mod upkeep;
mod upstream;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use offhook_bearer_token::Subject;
use offhook_device_name::{DeviceModel, MacAddress};

use crate::config::Config;

/// Provisions devices, gives out their activation codes and machine tokens, and serves their
/// configuration.
#[derive(Debug, Parser)]
#[command(
    name = "dms-server",
    version,
    after_help = "A first try:\n  dms-server init lab\n  dms-server serve lab/dms.toml\n  curl --cacert \
    lab/services-ca.pem -H \"Authorization: Bearer $(cat lab/admin.token)\" \
    https://localhost:8443/v1/devices\n\n\
    Exit status: 0 after a graceful end; 1 where something failed, or a log does not verify; 2 for a bad command line, or where there \
    is no store of which to write out the log."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a folder with keys, certificates, device types, tokens and a configuration: a lab.
    Init {
        /// The folder; it must be empty or not there.
        folder: PathBuf,
    },
    /// Serve until SIGTERM or Ctrl-C; SIGHUP has configuration, certificates, keys and device types
    /// read again.
    Serve {
        /// The configuration file.
        config: PathBuf,
        /// Read everything, say whether the server could start, and end; this changes nothing, and makes no
        /// store.
        #[arg(long)]
        check: bool,
        /// How the log on standard error looks.
        #[arg(long, value_enum, default_value_t = LogFormat::Text)]
        log: LogFormat,
    },
    /// The audit log, written out and verified.
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Make the certificate of a phone, signed by the maker of a lab.
    Phone {
        /// The folder that `init` made; MAC.pem and MAC.key go into it.
        folder: PathBuf,
        /// The address of the phone.
        mac: MacAddress,
        /// Its model.
        #[arg(long, default_value = "CP-8841-3PCC")]
        model: DeviceModel,
    },
    /// Print an access token, signed by the server's own key.
    Token {
        /// The configuration file.
        config: PathBuf,
        /// A scope that it has: offhook:admin for administrators, offhook:registration for the
        /// registrar, offhook:metrics for whoever reads counters; give it again for each one.
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// How long it is good; at most 24 hours pass.
        #[arg(long, default_value = "8h", value_parser = humantime::parse_duration)]
        lifetime: Duration,
        /// Whom the token speaks for: so the audit log names an administrator. A new one unless given.
        #[arg(long, value_name = "UUID")]
        subject: Option<Subject>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// A line for each event, for people.
    Text,
    /// A JSON object for each event.
    Json,
    /// None.
    Off,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().verb).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<store::NoStore>() {
                return ExitCode::from(2);
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Init { folder } => {
            lab::make(&folder)?;
            let folder = folder.display();
            println!("{folder} is ready: dms-server serve {folder}/dms.toml");
            Ok(())
        }
        Verb::Audit(verb) => verb.carry_out().await,
        Verb::Phone { folder, mac, model } => lab::phone(&folder, mac, &model),
        Verb::Serve { config, check, log } => serve::serve(&config, check, log).await,
        Verb::Token {
            config,
            scope,
            lifetime,
            subject,
        } => {
            let subject = subject.map_or_else(token::new_subject, Ok)?;
            let config = Config::read(&config)?;
            let token = token::sign(&config, subject, &scope, lifetime)?;
            eprintln!("the token speaks for {subject}");
            println!("{}", token.secret());
            Ok(())
        }
    }
}
