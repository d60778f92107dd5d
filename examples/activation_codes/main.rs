//! Activation codes from the command line: issue, redeem, revoke, reissue, list, import, export, draw
//! as QR codes; and a stress test that proves that no code is redeemed twice.
//!
//! ```sh
//! cargo run --release --example activation-codes -- issue --account ann@acme.example --profile room-7 --model 'Cisco Desk Pro'
//! cargo run --release --example activation-codes -- list
//! cargo run --release --example activation-codes -- --store postgres://dms@localhost/codes stress --workers 64 --codes 20000
//! ```

mod arguments;
mod desk;
mod phones;
mod report;
mod store;
mod stress;

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser as _;
use offhook_activation_code::StoreError;

use crate::arguments::{Arguments, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.chain().any(may_pass) {
                ExitCode::from(arguments::FAILED)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Stress(stress) => stress::run(arguments, stress).await,
        Command::StressWorker(worker) => stress::worker(arguments, worker).await,
        command => {
            let desk = desk::Desk::open(arguments).await?;
            match command {
                Command::Issue(issue) => desk.issue(issue).await,
                Command::Redeem(redeem) => desk.redeem(redeem).await,
                Command::Revoke(which) => desk.revoke(which).await,
                Command::Reissue(reissue) => desk.reissue(reissue).await,
                Command::List(list) => desk.list(list).await,
                Command::Qr(qr) => desk.qr(qr).await,
                Command::Import(import) => phones::import(&desk, import).await,
                Command::Export(export) => phones::export(&desk, export).await,
                Command::Stress(_) | Command::StressWorker(_) => unreachable!("handled above"),
            }
        }
    }
}

/// Whether it was a store or a file that failed, so that the same may be tried again.
fn may_pass(error: &(dyn Error + 'static)) -> bool {
    error.is::<StoreError>()
        || error.is::<offhook_store_postgres::OpenError>()
        || error.is::<offhook_store_sqlite::OpenError>()
        || error.is::<io::Error>()
}

#[expect(clippy::disallowed_methods, reason = "a program may read the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}
