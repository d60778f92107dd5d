//! Whether onboarding will work in a deployment, before any code is mailed.
//!
//! ```sh
//! cargo run --release --example preflight -- deployment.toml
//! cargo run --release --example preflight -- --offline testdata/preflight/failing.toml
//! cargo run --release --example preflight -- --server 192.0.2.53:53 --strict --json deployment.toml
//! cargo run --release --example preflight -- --sarif deployment.toml > preflight.sarif
//! ```

use std::env;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use clap::Parser;
use indicatif::ProgressBar;
use offhook_preflight::{
    Deployment, MAX_DESCRIPTION_BYTES, Observations, Outcome, Question, Report, Severity, Unread,
    check,
};
use offhook_sip_resolver::{Entropy, EntropyError, NameServer, Options, Resolver, Target};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::task::JoinSet;

/// Holds a deployment that is described in TOML against the guides, and tells everything at once
/// that keeps devices from being onboarded: what, where, why, and how to mend it.
///
/// Name servers are asked as a device outside would ask them. Files are looked for beside the
/// description.
#[derive(Debug, Parser)]
#[command(
    name = "preflight",
    version,
    after_help = "Examples:\n  preflight deployment.toml\n  preflight --strict --json \
    deployment.toml\n  preflight --server 192.0.2.53:53 deployment.toml\n\n\
    Exit status: 0 without an error; 1 with one (with --strict: or with a warning); 2 where the \
    description could not be read, or for a bad command line; 3 where there is no error, but name \
    servers did not tell everything."
)]
struct Arguments {
    /// A name server to ask instead of those of this machine; give it again for each one.
    #[arg(long, value_name = "IP:PORT")]
    server: Vec<SocketAddr>,
    /// Ask no name server: what they would have to tell is unknown then.
    #[arg(long, conflicts_with = "server")]
    offline: bool,
    /// Judge dates at this time, in seconds since 1970, instead of now.
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    /// How long a question to name servers may take, in seconds.
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Let warnings fail too.
    #[arg(long)]
    strict: bool,
    /// Print one JSON object: {"version":1,"summary":{…},"findings":[…],"unknown":[…]}.
    #[arg(long)]
    json: bool,
    /// Print a SARIF 2.1.0 log, for tools that show findings in the description.
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    /// The description of the deployment; - for standard input.
    #[arg(value_name = "FILE")]
    description: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {}", printable(&format!("{error:#}")));
            ExitCode::from(UNREADABLE)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let path = &arguments.description;
    let name = || path.display().to_string();
    let description = if path == Path::new("-") {
        contents(&mut io::stdin().lock(), MAX_DESCRIPTION_BYTES)
    } else {
        file(path, MAX_DESCRIPTION_BYTES)
    };
    let description = description.with_context(name)?;
    let deployment = Deployment::from_toml(&description).with_context(name)?;
    let now = match arguments.now {
        Some(seconds) => SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_secs(seconds))
            .context("--now is too late")?,
        None => now(),
    };
    let mut seen = Observations::new();
    read_files(
        &deployment,
        path.parent().unwrap_or_else(|| Path::new("")),
        &mut seen,
    );
    if !arguments.offline {
        ask(arguments, deployment.questions(), &mut seen)?;
    }
    let report = check(&deployment, &seen, now);
    let mut out = io::stdout().lock();
    match print(&mut out, arguments, &report) {
        // To a closed pipe there is nothing to say.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(UNREADABLE),
        written => written.context("the report could not be written")?,
    }
    Ok(report.exit_code(if arguments.strict {
        Severity::Warning
    } else {
        Severity::Error
    }))
}

fn print(out: &mut dyn io::Write, arguments: &Arguments, report: &Report) -> io::Result<()> {
    if arguments.json {
        serde_json::to_writer(&mut *out, &report.to_json())?;
        writeln!(out)?;
    } else if arguments.sarif {
        let uri = arguments.description.to_string_lossy().replace('\\', "/");
        serde_json::to_writer_pretty(&mut *out, &report.to_sarif(&uri))?;
        writeln!(out)?;
    } else {
        let columns = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        writeln!(out, "{}", report.to_table(columns.unwrap_or(WIDTH)))?;
    }
    out.flush()
}

fn read_files(deployment: &Deployment, folder: &Path, seen: &mut Observations) {
    let read = |name: &str| {
        let contents = file(&folder.join(name), Observations::MAX_FILE_BYTES);
        contents.map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => Unread::TooLong,
            _ => Unread::CannotOpen,
        })
    };
    for name in deployment.certificate_files() {
        seen.certificate_file(name, read(name).as_deref().map_err(|error| *error));
    }
    for name in deployment.archive_files() {
        seen.archive_file(name, read(name).as_deref().map_err(|error| *error));
    }
}

/// Asks all questions at once, some at a time.
#[tokio::main(flavor = "current_thread")]
async fn ask(
    arguments: &Arguments,
    questions: Vec<Question>,
    seen: &mut Observations,
) -> anyhow::Result<()> {
    let given = arguments.server.iter().copied().map(NameServer::new);
    let servers = match &*arguments.server {
        [] => NameServer::of_system(),
        _ => Ok(given.collect()),
    };
    let options = Options::default().with_deadline(Duration::from_secs(arguments.timeout));
    let resolver = match servers.and_then(|servers| Resolver::new(servers, options)) {
        Ok(resolver) => resolver,
        Err(error) => {
            // Nothing can be found out then, which the report says of each question.
            let error = anyhow::Error::from(error);
            eprintln!("name servers: {}", printable(&format!("{error:#}")));
            for question in questions {
                seen.answer(question, Outcome::Failed);
            }
            return Ok(());
        }
    };
    let waiting = ProgressBar::new_spinner().with_message("asking name servers");
    waiting.enable_steady_tick(Duration::from_millis(100));
    let mut running = JoinSet::new();
    for question in questions {
        if running.len() >= AT_ONCE
            && let Some(answer) = running.join_next().await
        {
            let (question, outcome): (Question, Outcome) = answer?;
            seen.answer(question, outcome);
        }
        let resolver = resolver.clone();
        running.spawn(async move {
            let target = Target::from(question.domain().clone());
            let found = resolver
                .resolve(&target, &question.policy(), &mut Draws)
                .await;
            let outcome = Outcome::from(&found);
            (question, outcome)
        });
    }
    while let Some(answer) = running.join_next().await {
        let (question, outcome) = answer?;
        seen.answer(question, outcome);
    }
    waiting.finish_and_clear();
    Ok(())
}

/// From the system.
struct Draws;

impl Entropy for Draws {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        let filled = SystemRandom::new().fill(out);
        filled.map_err(|_| EntropyError::new())
    }
}

fn file(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    contents(&mut File::open(path)?, most)
}

/// All of it, up to a limit.
fn contents(reader: &mut dyn io::Read, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One octet more tells that it is longer.
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Without what could move the cursor or end the line.
fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[expect(clippy::disallowed_methods, reason = "a program may read the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// How many questions are under way at a time.
const AT_ONCE: usize = 16;
const UNREADABLE: u8 = 2;
/// How wide lines are where nobody says.
const WIDTH: usize = 100;
