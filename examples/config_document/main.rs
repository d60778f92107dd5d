//! What a configuration document says, whichever kind it is, and what differs between two.
//!
//! ```sh
//! cargo run --release --example config-document -- SEP001122334455.cnf.xml room.xml
//! cargo run --release --example config-document -- --json phone.xml.gz
//! cargo run --release --example config-document -- --certificate tftp.pem SEP001122334455.cnf.xml.sgn
//! cargo run --release --example config-document -- --diff old.xml new.xml
//! ```

mod file;
mod report;
#[path = "../terminal.rs"]
mod terminal;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use file::Reader;

/// Prints what each configuration document says: its kind, found by its content, how it was packed
/// and signed, the SIP settings of each line, and warnings. Secrets are never shown.
///
/// Documents of multiplatform phones, room devices (XML or xConfiguration lines) and Unified CM
/// are read, compressed, encrypted (aes128gcm) or signed (.sgn) as they may be.
#[derive(Debug, Parser)]
#[command(
    name = "config-document",
    version,
    after_help = "Exit status: 0 where every file is a document and the settings of all its lines \
    are good, or where --diff finds none; 1 where one is not, or --diff finds some; 2 for a bad \
    command line, and where --diff cannot read a file."
)]
struct Arguments {
    /// Print what differs between two documents of one kind.
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "files")]
    diff: Option<Vec<PathBuf>>,
    /// Certificate, in PEM or DER, of whoever signs; without it a signed document is shown
    /// unverified. A signed document must bear the name of its file.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// File with the keying material of encrypted documents, as it is.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Whom a phone registers as that has no document of its own, for XMLDefault.cnf.xml.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Print JSON: an object a file, or with --diff one a difference.
    #[arg(long)]
    json: bool,
    /// Documents; - for standard input.
    #[arg(required_unless_present = "diff", value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let status = match &arguments.diff {
        Some(files) => differences(&arguments, files),
        None => documents(&arguments),
    };
    status.unwrap_or_else(|error| {
        let error = terminal::plain(&format!("{error:#}"));
        // Nobody reads on where this fails.
        let _ = writeln!(io::stderr(), "error: {error}");
        ExitCode::from(2)
    })
}

fn documents(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let reader = reader(arguments)?;
    let user = arguments.user.as_deref();
    let mut is_good = true;
    for path in &arguments.files {
        let found = reader.read(path);
        let found = found.map(|found| {
            let lines = file::settings(&found.document, user);
            (found, lines)
        });
        let is_one = |(_, lines): &(_, Vec<file::Line>)| lines.iter().all(|line| line.1.is_ok());
        is_good &= found.as_ref().is_ok_and(is_one);
        terminal::say(&if arguments.json {
            report::as_json(path, found)?
        } else {
            report::as_text(path, found)
        })?;
    }
    Ok(if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn differences(arguments: &Arguments, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let reader = reader(arguments)?;
    let mut found = Vec::new();
    for path in files {
        let document = reader.read(path);
        found.push(
            document
                .with_context(|| path.display().to_string())?
                .document,
        );
    }
    let [one, other] = found.as_slice() else {
        anyhow::bail!("--diff wants two files");
    };
    let differences = one.differences(other).with_context(|| {
        let [one, other] = [one, other].map(|document| document.kind().as_str());
        format!("documents of two kinds: {one} and {other}")
    })?;
    for difference in &differences {
        terminal::say(&if arguments.json {
            terminal::plain_json(&serde_json::to_string(difference)?)
        } else {
            report::difference(difference)
        })?;
    }
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn reader(arguments: &Arguments) -> anyhow::Result<Reader> {
    Reader::new(arguments.certificate.as_deref(), arguments.key.as_deref())
}
