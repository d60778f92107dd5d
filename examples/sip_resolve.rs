//! The SIP servers of domains and URIs, and how they were found.
//!
//! ```sh
//! cargo run --release --example sip-resolve -- example.com sips:alice@example.org
//! cargo run --release --example sip-resolve -- --server 192.0.2.53:53 --policy tls-only \
//!     --trace example.com
//! cargo run --release --example sip-resolve -- --service collab-edge --json example.com
//! cargo run --release --example sip-resolve -- --dnssec --signed-only example.com
//! ```

use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::ops::Not;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use indicatif::ProgressBar;
use offhook_sip_resolver::{
    Dnssec, Entropy, EntropyError, Exchange, Hop, NameServer, Options, Policy, Resolution,
    ResolveError, ResolveFailure, Resolver, Target, Trace, Transport, Unsigned,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Serialize;

/// Finds the SIP servers of domains and SIP URIs: NAPTR, SRV and address records, in the order in
/// which a client is to try them, with the name that each server's certificate must show.
#[derive(Debug, Parser)]
#[command(
    name = "sip-resolve",
    version,
    after_help = "Examples:\n  sip-resolve example.com\n  sip-resolve --policy standard --trace \
    sip:alice@example.com\n  sip-resolve --service collab-edge --json example.com example.org\n\n\
    Exit status: 0 where every target was resolved; 2 where one has no service or is malformed; \
    3 where one could not be found out about; 1 for a bad command line or name server."
)]
struct Arguments {
    /// A name server to ask instead of those of this machine; give it again for each one.
    /// The port is 53 unless given.
    #[arg(long, value_name = "IP[:PORT]", value_parser = server)]
    server: Vec<SocketAddr>,
    /// Which services to look for, and in which order.
    #[arg(long, value_enum, default_value_t = PolicyName::RoomOs)]
    policy: PolicyName,
    /// Look for an edge of an enterprise network, or for its inside, instead of SIP servers, whatever
    /// the policy.
    #[arg(long, value_enum)]
    service: Option<ServiceName>,
    /// Validate answers by DNSSEC, with the keys of the root.
    #[arg(long)]
    dnssec: bool,
    /// Trust the DNSKEY records of this file, one a line, in place of the root's keys. Of a zone below the
    /// root all its keys are needed: those that sign keys (KSK) and those that sign its records (ZSK).
    #[arg(long, value_name = "FILE", requires = "dnssec")]
    trust_anchors: Option<PathBuf>,
    /// Take no answers of zones that are not signed.
    #[arg(long, requires = "dnssec")]
    signed_only: bool,
    /// How long a target may take, in seconds; one question may take three fifths of it.
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = seconds)]
    timeout: f64,
    /// Draw servers of one priority by this number, the same each time, instead of at random.
    ///
    /// The addresses of one server stay in the order in which the name server gives them.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print one JSON object a target: {"target":…,"hops":[…],…} or {"target":…,"error":"…"}.
    #[arg(long)]
    json: bool,
    /// Print every question and answer, with its time in milliseconds, and the name server with what
    /// was out of the ordinary: TCP, EDNS given up, an RCODE.
    #[arg(long)]
    trace: bool,
    /// Domains, or SIP or SIPS URIs.
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PolicyName {
    /// NAPTR, `_sip._tls` SRV, addresses; TLS only.
    RoomOs,
    /// NAPTR, `_sips._tcp` and `_sip._tls` SRV, addresses; TLS only.
    TlsOnly,
    /// NAPTR, `_sips._tcp`, `_sip._tcp` and `_sip._udp` SRV, addresses.
    Standard,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ServiceName {
    /// `_collab-edge._tls` SRV: the edge, as seen from outside.
    CollabEdge,
    /// `_cisco-uds._tcp` SRV: the servers inside.
    CiscoUds,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // To a closed pipe there is nothing to say.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match run(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(arguments: &Arguments) -> anyhow::Result<u8> {
    let servers = match &*arguments.server {
        [] => NameServer::of_system()?,
        given => given.iter().copied().map(NameServer::new).collect(),
    };
    let deadline = Duration::try_from_secs_f64(arguments.timeout)?;
    let options = Options::default()
        .with_deadline(deadline)
        .with_question_timeout(deadline * 3 / 5);
    let mut resolver = Resolver::new(servers, options)?;
    if arguments.dnssec {
        resolver = resolver.with_dnssec(&dnssec(arguments)?);
    }
    let policy = match (arguments.service, arguments.policy) {
        (Some(ServiceName::CiscoUds), _) => Policy::cisco_uds(),
        (Some(ServiceName::CollabEdge), _) => Policy::collab_edge(),
        (None, PolicyName::RoomOs) => Policy::room_os(),
        (None, PolicyName::Standard) => Policy::standard(),
        (None, PolicyName::TlsOnly) => Policy::tls_only(),
    };
    let mut entropy = Draws(arguments.seed);
    let mut worst = OK;
    for text in &arguments.targets {
        let begun = now();
        let outcome = match text.parse::<Target>() {
            Ok(target) => {
                let waiting = ProgressBar::new_spinner().with_message(text.clone());
                waiting.enable_steady_tick(Duration::from_millis(100));
                let outcome = resolver.resolve(&target, &policy, &mut entropy).await;
                waiting.finish_and_clear();
                outcome.map_err(Unresolved::Failed)
            }
            Err(error) => Err(Unresolved::Malformed(error.into())),
        };
        let took = begun.elapsed();
        worst = worst.max(outcome.as_ref().map_or_else(Unresolved::code, |_| OK));
        let mut out = io::stdout().lock();
        let written = if arguments.json {
            as_json(&mut out, text, &outcome, took, arguments.trace)
        } else {
            as_text(&mut out, text, &outcome, took, arguments.trace)
        };
        match written.and_then(|()| out.flush()) {
            // Whoever read it has enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => written.context("standard output")?,
        }
    }
    Ok(worst)
}

fn dnssec(arguments: &Arguments) -> anyhow::Result<Dnssec> {
    let dnssec = match &arguments.trust_anchors {
        None => Dnssec::default(),
        Some(file) => {
            let text = fs::read_to_string(file);
            let text = text.with_context(|| file.display().to_string())?;
            Dnssec::with_anchors(&text).with_context(|| file.display().to_string())?
        }
    };
    Ok(dnssec.with_unsigned(match arguments.signed_only {
        true => Unsigned::Refuse,
        false => Unsigned::Accept,
    }))
}

/// Why a target has no servers here.
enum Unresolved {
    Failed(ResolveFailure),
    Malformed(anyhow::Error),
}

impl Unresolved {
    fn code(&self) -> u8 {
        match self {
            Self::Failed(failure) if failure.is_temporary() => UNKNOWN,
            _ => NO_SERVICE,
        }
    }

    fn name(&self) -> &'static str {
        let Self::Failed(failure) = self else {
            return "BadTarget";
        };
        match failure.error() {
            ResolveError::Entropy(_) => "Entropy",
            ResolveError::Loop => "Loop",
            ResolveError::NoTlsService => "NoTlsService",
            ResolveError::NotFound => "NotFound",
            ResolveError::ServiceNotAvailable => "ServiceNotAvailable",
            _ => "Temporary",
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Failed(_) => None,
            Self::Malformed(error) => Some(format!("{error:#}")),
        }
    }

    fn trace(&self) -> Option<&Trace> {
        match self {
            Self::Failed(failure) => Some(failure.trace()),
            Self::Malformed(_) => None,
        }
    }
}

fn as_text(
    out: &mut dyn Write,
    target: &str,
    outcome: &Result<Resolution, Unresolved>,
    took: Duration,
    with_trace: bool,
) -> io::Result<()> {
    let target = target.escape_debug();
    let trace = match outcome {
        Ok(found) => {
            let (questions, rounds) = (found.questions(), found.round_trips());
            let plural = |count| if count == 1 { "" } else { "s" };
            writeln!(
                out,
                "{target}: {} server{}, {questions} question{} in {rounds} round trip{}, {:.1} ms{}",
                found.hops().len(),
                plural(found.hops().len()),
                plural(questions),
                plural(rounds),
                took.as_secs_f64() * 1000.0,
                seconds_of(found.ttl())
                    .map_or_else(String::new, |ttl| format!(", good for {ttl} s")),
            )?;
            write_table(out, found.hops())?;
            Some(found.trace())
        }
        Err(Unresolved::Malformed(error)) => {
            writeln!(out, "{target}: {error:#}")?;
            None
        }
        Err(unresolved @ Unresolved::Failed(failure)) => {
            let error = failure.error();
            writeln!(out, "{target}: {error} ({})", unresolved.name())?;
            Some(failure.trace())
        }
    };
    match trace.filter(|_| with_trace) {
        Some(trace) => writeln!(out, "{trace}"),
        None => Ok(()),
    }
}

fn write_table(out: &mut dyn Write, hops: &[Hop]) -> io::Result<()> {
    let head = ["priority", "transport", "address", "verify", "host", "ttl"];
    let mut rows = vec![head.map(ToOwned::to_owned)];
    rows.extend(hops.iter().map(|hop| {
        [
            hop.priority().to_string(),
            hop.transport().to_string(),
            hop.address().to_string(),
            hop.verify().to_owned(),
            hop.host()
                .map_or_else(|| "-".to_owned(), ToString::to_string),
            seconds_of(hop.ttl()).map_or_else(|| "-".to_owned(), |ttl| format!("{ttl} s")),
        ]
    }));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "  {}", line.join("  ").trim_end())?;
    }
    Ok(())
}

/// A target for machines.
#[derive(Serialize)]
struct Line<'a> {
    target: &'a str,
    #[serde(flatten)]
    outcome: Outcome<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<Event>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Error {
        error: &'static str,
        /// What is wrong with a malformed target.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Found {
        hops: Vec<HopLine<'a>>,
        questions: usize,
        rtts: usize,
        ms: f64,
        /// Seconds; none for an address, which holds for ever.
        ttl: Option<u64>,
    },
}

#[derive(Serialize)]
struct HopLine<'a> {
    transport: &'static str,
    address: IpAddr,
    port: u16,
    verify: &'a str,
    priority: u16,
}

#[derive(Serialize)]
struct Event {
    ms: f64,
    event: String,
    /// The name server, of an answer or a failure of one.
    #[serde(flatten)]
    exchange: Option<ExchangeLine>,
}

#[derive(Serialize)]
struct ExchangeLine {
    server: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcode: Option<String>,
    edns: bool,
    /// Whether DNSSEC has proved the answer.
    #[serde(skip_serializing_if = "Not::not")]
    secure: bool,
}

fn as_json(
    out: &mut dyn Write,
    target: &str,
    outcome: &Result<Resolution, Unresolved>,
    took: Duration,
    with_trace: bool,
) -> io::Result<()> {
    let trace = match outcome {
        Ok(found) => Some(found.trace()),
        Err(unresolved) => unresolved.trace(),
    };
    let events = |trace: &Trace| {
        let entries = trace.entries().iter();
        let events = entries.map(|entry| Event {
            ms: milliseconds(entry.at()),
            event: entry.event().to_string(),
            exchange: entry.event().exchange().map(ExchangeLine::of),
        });
        events.collect()
    };
    let line = Line {
        target,
        outcome: match outcome {
            Ok(found) => Outcome::Found {
                hops: found.hops().iter().map(HopLine::of).collect(),
                questions: found.questions(),
                rtts: found.round_trips(),
                ms: milliseconds(took),
                ttl: seconds_of(found.ttl()),
            },
            Err(unresolved) => Outcome::Error {
                error: unresolved.name(),
                reason: unresolved.reason(),
            },
        },
        trace: trace.filter(|_| with_trace).map(events),
    };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

impl<'a> HopLine<'a> {
    fn of(hop: &'a Hop) -> Self {
        Self {
            transport: match hop.transport() {
                Transport::Tls => "tls",
                Transport::Tcp => "tcp",
                _ => "udp",
            },
            address: hop.address().ip(),
            port: hop.address().port(),
            verify: hop.verify(),
            priority: hop.priority(),
        }
    }
}

impl ExchangeLine {
    fn of(exchange: &Exchange) -> Self {
        let transport = exchange.transport();
        Self {
            server: exchange.server(),
            transport: transport.map(|transport| transport.to_string().to_lowercase()),
            rcode: exchange.rcode().map(|rcode| rcode.to_string()),
            edns: !exchange.lacks_edns(),
            secure: exchange.is_secure(),
        }
    }
}

/// From the system, or `SplitMix64` from a seed.
struct Draws(Option<u64>);

impl Entropy for Draws {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        let Some(state) = &mut self.0 else {
            let filled = SystemRandom::new().fill(out);
            return filled.map_err(|_| EntropyError::new());
        };
        for chunk in out.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = *state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            for (byte, drawn) in chunk.iter_mut().zip((word ^ (word >> 31)).to_be_bytes()) {
                *byte = drawn;
            }
        }
        Ok(())
    }
}

fn server(text: &str) -> Result<SocketAddr, &'static str> {
    let alone = text.parse::<IpAddr>().map(|address| (address, 53).into());
    alone
        .or_else(|_| text.parse())
        .map_err(|_| "not an IP address, with or without port")
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    let seconds: f64 = text.parse().map_err(|_| "not a number")?;
    if seconds > 0.0 && seconds <= 3600.0 {
        Ok(seconds)
    } else {
        Err("not between 0 and 3600")
    }
}

/// To a hundredth.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn seconds_of(ttl: Duration) -> Option<u64> {
    (ttl < Duration::MAX).then_some(ttl.as_secs())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stopwatch for what people read"
)]
fn now() -> Instant {
    Instant::now()
}

const OK: u8 = 0;
const NO_SERVICE: u8 = 2;
const UNKNOWN: u8 = 3;
