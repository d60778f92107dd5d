//! The audit log from the command line.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use offhook_onboarding::{ChainHead, verify_audit_log, write_audit_log};

use crate::config::Config;
use crate::store::{MissingStore, registry};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Write the log to standard output, a JSON object for each record, and its head to standard error. Where
    /// a record cannot be read those before it are written and it is named.
    Export {
        /// The configuration file.
        config: PathBuf,
        /// Only what follows the record of this number.
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
    },
    /// Verify a log that was written out, without the server and without its store, and print its head. A
    /// file without a record proves nothing and does not verify, unless it is to follow a head.
    ///
    /// Note the head where nobody who can write to the store can reach it: what is cut off at the end, or
    /// made wholly anew, shows only against a head that was noted before.
    Verify {
        /// The file; - for standard input.
        log: PathBuf,
        /// The head of the part before, where the log does not begin with the first record.
        #[arg(long, value_name = "HEAD")]
        start: Option<ChainHead>,
        /// A head that was noted before and must be in the log.
        #[arg(long, value_name = "HEAD")]
        noted: Option<ChainHead>,
    },
}

impl Verb {
    pub(crate) async fn carry_out(self) -> anyhow::Result<()> {
        match self {
            Self::Export { config, after } => {
                let config = Config::read(&config)?;
                let registry = registry(&config, MissingStore::Refused).await?;
                let mut out = BufWriter::new(io::stdout());
                let head = write_audit_log(registry.as_ref(), after, &mut out).await?;
                match head {
                    Some(head) => eprintln!("{head}"),
                    None => eprintln!("no record behind {after}"),
                }
                Ok(())
            }
            Self::Verify { log, start, noted } => {
                let (start, noted) = (start.as_ref(), noted.as_ref());
                let head = if log == Path::new("-") {
                    verify_audit_log(io::stdin().lock(), start, noted)
                } else {
                    let file = File::open(&log);
                    let file = file.with_context(|| format!("reading {}", log.display()))?;
                    verify_audit_log(BufReader::new(file), start, noted)
                };
                let head = head.with_context(|| log.display().to_string())?;
                ensure!(head.sequence() > 0, "{}: no audit record", log.display());
                if start == Some(&head) {
                    eprintln!("no record behind {}", head.sequence());
                }
                println!("{head}");
                Ok(())
            }
        }
    }
}
