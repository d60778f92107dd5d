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

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use offhook_examples::terminal;

use file::Reader;

/// Prints what each configuration document says: its kind, found by its content, how it was packed
/// and signed, the SIP settings of each line, and warnings. Secrets are never shown.
///
/// Read are documents of multiplatform phones (flat-profile), of room devices (XML or xConfiguration
/// lines) and of Unified CM (SEP….cnf.xml, XMLDefault.cnf.xml), in UTF-8 and up to 1 MiB, as they are
/// or compressed (gzip), encrypted (aes128gcm) or signed (.sgn).
#[derive(Debug, Parser)]
#[command(
    name = "config-document",
    version,
    after_help = "Examples:\n  \
    config-document phone.xml room.xml SEP001122334455.cnf.xml\n  \
    config-document --json phone.xml.gz\n  \
    config-document --certificate tftp.pem SEP001122334455.cnf.xml.sgn\n  \
    config-document --user SEP001122334455 XMLDefault.cnf.xml\n  \
    config-document --diff old.xml new.xml\n\n\
    Exit status: 0 where every file is a document and the settings of all its lines \
    are good, or where --diff finds no difference; 1 where one is not, or --diff finds some; 2 for a \
    bad command line, and where --diff cannot read a file or has documents of two kinds. A warning changes nothing, and neither \
    does a signature that nobody has verified. What --diff does not compare is told on standard error."
)]
struct Arguments {
    /// Print what differs between two documents of one kind.
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "files")]
    diff: Option<Vec<PathBuf>>,
    /// Certificate of the signer, in PEM or DER: a document that it did not sign for a file of this very
    /// name is refused. Without it a signed document is shown as NOT VERIFIED.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// File whose bytes, a line break at its end among them, are the key of encrypted documents
    /// (`IKM_HTTP_Encrypt_Content`).
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// User to register as, for XMLDefault.cnf.xml, which names none.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Print JSON, one object a line for each file, or with --diff for each difference.
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
        report::error(None, &error, arguments.json);
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
        match reader.read(path) {
            Ok(document) => found.push(document.document),
            Err(error) => {
                report::error(Some(path), &error, arguments.json);
                return Ok(ExitCode::from(2));
            }
        }
    }
    for (path, document) in files.iter().zip(&found) {
        report::not_compared(path, document, arguments.json);
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
