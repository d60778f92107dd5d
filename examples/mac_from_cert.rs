//! The address of the device behind a certificate, or behind the header of a proxy.
//!
//! ```sh
//! cargo run --release --example mac-from-cert -- phone.pem
//! cargo run --release --example mac-from-cert -- --roots manufacturing-ca.pem --json phone.der
//! cargo run --release --example mac-from-cert -- --roots ca.pem --header nginx header.txt
//! cargo run --release --example mac-from-cert -- --pattern '.*([0-9a-f]{12}).*' phone.pem
//! ```

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use clap::{Parser, ValueEnum};
use offhook_device_identity::{
    AlbMode, CarriedCertificates, CertificateHeader, ChainVerifier, DeviceIdentity,
    IdentityPattern, Rule, TrustedProxies, VerifiedCertificate, XfccElement, candidates,
};
use offhook_device_name::MacAddress;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject as _};
use serde::Serialize;

/// Prints the MAC address of the device that each certificate belongs to.
///
/// With roots the chain is verified and the address is an identity. Without, only candidates are
/// printed: what the certificate says of itself, which proves nothing.
#[derive(Debug, Parser)]
#[command(
    name = "mac-from-cert",
    version,
    after_help = "Exit status: 0 where every file gave an identity (without --roots: a \
    candidate); 1 where one did not; 2 for a bad command line."
)]
struct Arguments {
    /// PEM file with certificates of authorities, roots or not, to trust.
    #[arg(long, value_name = "PEM")]
    roots: Vec<PathBuf>,
    /// Identity pattern in Java's dialect, for the subject instead of the makers' known forms;
    /// its first group is the address.
    #[arg(long, value_name = "P")]
    pattern: Option<String>,
    /// Read each file as the value of this proxy's header; a second line is the value of the
    /// header beside it: the chain of RFC 9440, or what `HAProxy` has verified, 0 if left out. The
    /// name of a header may stand before its value.
    #[arg(long, value_enum, value_name = "FORMAT")]
    header: Option<Format>,
    /// Judge certificates at this time, in seconds since 1970, instead of now.
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    /// Print one JSON object a file.
    #[arg(long)]
    json: bool,
    /// Certificates in PEM, each followed by its intermediates if any, or in DER; - for standard
    /// input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Whose header it is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// `Client-Cert`, as in RFC 9440.
    Rfc9440,
    /// The escaped PEM of nginx, in a header of any name.
    Nginx,
    /// The escaped PEM of Apache, in a header of any name.
    Apache,
    /// The base64 DER of `HAProxy`, in a header of any name.
    Haproxy,
    /// `X-Forwarded-Client-Cert` of Envoy, with one element.
    Xfcc,
    /// `X-Forwarded-Tls-Client-Cert` of Traefik.
    Traefik,
    /// `X-Amzn-Mtls-Clientcert` or `X-Amzn-Mtls-Clientcert-Leaf` of AWS.
    Alb,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let reader = match Reader::new(&arguments) {
        Ok(reader) => reader,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    let width = arguments
        .files
        .iter()
        .map(|file| name(file).chars().count());
    let width = width.max().unwrap_or_default();
    let mut all = true;
    for file in &arguments.files {
        let found = reader.read(file);
        all &= found.is_ok();
        let line = if arguments.json {
            let line = as_json(file, found, reader.verifier.is_none());
            serde_json::to_string(&line).unwrap_or_default()
        } else {
            as_text(file, found, width)
        };
        if writeln!(io::stdout(), "{line}").is_err() {
            return ExitCode::FAILURE; // Nobody reads on.
        }
    }
    if all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What a file gave.
enum Found {
    Identity(DeviceIdentity),
    /// Addresses and the forms they stand in; nobody has verified them.
    Candidates(Vec<(MacAddress, Rule)>),
}

struct Reader {
    verifier: Option<ChainVerifier>,
    pattern: Option<IdentityPattern>,
    header: Option<CertificateHeader>,
    now: SystemTime,
}

impl Reader {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let mut builder = ChainVerifier::builder();
        for path in &arguments.roots {
            let pem = contents(path).with_context(|| path.display().to_string())?;
            let with = builder.anchors_from_pem(&pem);
            builder = with.with_context(|| path.display().to_string())?;
        }
        let verifier = if arguments.roots.is_empty() {
            None
        } else {
            Some(builder.build()?)
        };
        let pattern = arguments.pattern.as_deref();
        let pattern = pattern.map(IdentityPattern::new).transpose();
        Ok(Self {
            verifier,
            pattern: pattern.context("--pattern")?,
            header: arguments.header.map(Format::header).transpose()?,
            now: match arguments.now {
                Some(seconds) => SystemTime::UNIX_EPOCH
                    .checked_add(Duration::from_secs(seconds))
                    .context("--now is too late")?,
                None => now(),
            },
        })
    }

    fn read(&self, path: &Path) -> anyhow::Result<Found> {
        let bytes = contents(path)?;
        if bytes.is_empty() {
            bail!("empty");
        }
        if let Some(header) = &self.header {
            let carried = carried(header, &bytes)?;
            return match &self.verifier {
                None => self.unverified(carried.end_entity()),
                Some(verifier) => self.identity(&carried.verify(verifier, self.now)?),
            };
        }
        let chain = certificates(bytes)?;
        let Some((own, others)) = chain.split_first() else {
            bail!("no certificate in PEM");
        };
        match &self.verifier {
            None => self.unverified(own),
            Some(verifier) => self.identity(&verifier.verify(own, others, self.now)?),
        }
    }

    fn identity(&self, verified: &VerifiedCertificate<'_>) -> anyhow::Result<Found> {
        let identity = match &self.pattern {
            Some(pattern) => pattern.identity(verified),
            None => verified.identity(),
        };
        Ok(Found::Identity(identity?))
    }

    fn unverified(&self, own: &[u8]) -> anyhow::Result<Found> {
        if let Some(pattern) = &self.pattern {
            let mac = pattern.candidate(own)?;
            return Ok(Found::Candidates(vec![(mac, Rule::Pattern)]));
        }
        let found = candidates(own)?;
        // Shared, none, or several: each has an error of its own.
        found.one()?;
        let all = found.iter().map(|found| (found.mac(), found.rule()));
        Ok(Found::Candidates(all.collect()))
    }
}

impl Format {
    fn header(self) -> anyhow::Result<CertificateHeader> {
        Ok(match self {
            Self::Rfc9440 => CertificateHeader::client_cert(),
            Self::Nginx => CertificateHeader::nginx("ssl-client-cert")?,
            Self::Apache => CertificateHeader::apache("ssl-client-cert")?,
            Self::Haproxy => CertificateHeader::haproxy("ssl-client-cert", "ssl-verify")?,
            Self::Xfcc => CertificateHeader::envoy(XfccElement::Only),
            Self::Traefik => CertificateHeader::traefik(),
            Self::Alb => CertificateHeader::aws_alb(AlbMode::Passthrough),
        })
    }
}

/// The certificates in the value of a header.
fn carried(header: &CertificateHeader, bytes: &[u8]) -> anyhow::Result<CarriedCertificates> {
    let lines = bytes.trim_ascii_end().split(|byte| *byte == b'\n');
    let mut lines = lines.map(|line| without_name(line.trim_ascii()));
    let value = lines.next();
    let companion = match (lines.next(), header.companion()) {
        (None, Some("ssl-verify")) => Some(&b"0"[..]),
        (second, _) => second,
    };
    if lines.next().is_some() || companion.is_some() && header.companion().is_none() {
        bail!("more lines than headers");
    }
    // Whoever runs this program vouches for the file.
    let here = [127, 0, 0, 1].into();
    let proxies = TrustedProxies::new(["127.0.0.1".parse()?]);
    let proxy = proxies.admit(here).context("loopback is not listed")?;
    Ok(header.read(&proxy, value, companion)?)
}

/// What follows `Name: `, which no value begins with.
fn without_name(line: &[u8]) -> &[u8] {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let length = line.iter().take_while(|byte| is_name(byte)).count();
    match line.split_at(length) {
        ([_, ..], [b':', b' ', value @ ..]) => value,
        _ => line,
    }
}

fn contents(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut read = |file: &mut dyn io::Read| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    let length = if path == Path::new("-") {
        read(&mut io::stdin().lock())?
    } else {
        read(&mut fs::File::open(path)?)?
    };
    if u64::try_from(length)? > MAX_FILE_BYTES {
        bail!("larger than {MAX_FILE_BYTES} octets");
    }
    Ok(bytes)
}

/// The certificates of a PEM or DER file, the device's own one first.
fn certificates(bytes: Vec<u8>) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    // A certificate is longer than 127 octets, so that no text begins as its DER does.
    if let [0x30, 0x80..=0xff, ..] = bytes[..] {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    CertificateDer::pem_slice_iter(text)
        .map(|certificate| certificate.map_err(bad_pem))
        .collect()
}

/// What is wrong, without the octets that it is wrong with.
fn bad_pem(error: pem::Error) -> anyhow::Error {
    anyhow::anyhow!(match error {
        pem::Error::MissingSectionEnd { .. } => "bad PEM: no line that ends a section",
        pem::Error::IllegalSectionStart { .. } => "bad PEM: malformed line that begins a section",
        pem::Error::Base64Decode(_) => "bad PEM: not base64",
        _ => "bad PEM",
    })
}

/// A line for machines; what is absent does not apply.
#[derive(Default, Serialize)]
struct Line {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<CandidateLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct CandidateLine {
    mac: String,
    rule: &'static str,
}

fn as_json(file: &Path, found: anyhow::Result<Found>, unverified: bool) -> Line {
    let mut line = Line {
        file: file.to_string_lossy().into_owned(),
        unverified: unverified.then_some(true),
        ..Line::default()
    };
    match found {
        Ok(Found::Identity(identity)) => {
            line.mac = Some(format!("{:x}", identity.mac()));
            line.rule = Some(identity.rule().as_str());
        }
        Ok(Found::Candidates(all)) => {
            let all = all.iter().map(|(mac, rule)| CandidateLine {
                mac: format!("{mac:x}"),
                rule: rule.as_str(),
            });
            line.candidates = Some(all.collect());
        }
        Err(error) => line.error = Some(format!("{error:#}")),
    }
    line
}

fn as_text(file: &Path, found: anyhow::Result<Found>, width: usize) -> String {
    let file = name(file);
    let rest = match found {
        Ok(Found::Identity(identity)) => {
            format!("{}  {}", identity.mac(), identity.rule())
        }
        Ok(Found::Candidates(all)) => {
            let all = all.iter().map(|(mac, rule)| format!("{mac}  {rule}"));
            let all: Vec<_> = all.collect();
            format!("{}, unverified", all.join(", "))
        }
        Err(error) => format!("error: {}", printable(&format!("{error:#}"))),
    };
    format!("{file:width$}  {rest}")
}

/// Without what could move the cursor or end the line.
fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn name(file: &Path) -> String {
    file.to_string_lossy().escape_debug().to_string()
}

#[expect(clippy::disallowed_methods, reason = "a program may read the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// More than any chain or header that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;
