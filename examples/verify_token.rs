//! Whether tokens are good, one a line.
//!
//! ```sh
//! cargo run --release --example verify-token -- --jwks keys.json --issuer https://idp.example \
//!     --audience dms --type at+jwt --scope dm-bridge:device_auth --json < tokens.txt
//! pbpaste | cargo run --release --example verify-token -- --jwks keys.json
//! ```

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use clap::Parser;
use offhook_bearer_token::danger::{
    any_audience, any_issuer, any_typ, key_set_with_shared_secrets,
};
use offhook_bearer_token::{
    ClaimsBuffer, DEFAULT_LEEWAY, DEFAULT_MAX_LIFETIME, KeySet, MAX_KEY_SET_BYTES, MAX_TOKEN_BYTES,
    Scope, Subject, TokenPolicy, TokenRefusal, VerifiedClaims, verify_in,
};
use serde::Serialize;

/// Verifies signed access tokens against a key set: one token a line on standard input, one verdict
/// a line on standard output.
///
/// Every line gets a verdict, an empty one too; a carriage return at its end is cut off and nothing
/// else. What is not asked for is not checked, but signature, form and times always are. `exp`,
/// `iat` and `sub` must be there; the subject may be any text.
#[derive(Debug, Parser)]
#[command(
    name = "verify-token",
    version,
    after_help = "Examples:\n  verify-token --jwks keys.json --issuer https://idp.example \
    --audience dms --type at+jwt < tokens.txt\n  verify-token --jwks keys.json --scope \
    dm-bridge:device_auth --json < tokens.txt\n\nExit status: 0 where every token is good; 1 where \
    one is not; 2 for a bad command line or key set, or where reading or writing failed."
)]
struct Arguments {
    /// File with the JWK set. Shared secrets (`oct`) count only in a set of nothing else.
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,
    /// The issuer that `iss` must name.
    #[arg(long, value_name = "I")]
    issuer: Option<String>,
    /// The audience that `aud` must name.
    #[arg(long, value_name = "A")]
    audience: Option<String>,
    /// The type that the header must name, at+jwt for access tokens.
    #[arg(long = "type", value_name = "TYPE")]
    typ: Option<String>,
    /// A scope that the token must carry; give it again for each one.
    #[arg(long, value_name = "S")]
    scope: Vec<Scope>,
    /// Refuse subjects that are no UUID, as device management does.
    #[arg(long)]
    uuid_subject: bool,
    /// Judge at this time, in seconds since 1970, instead of now.
    #[arg(long, value_name = "UNIX")]
    now: Option<u64>,
    /// How far two clocks may be apart, in seconds.
    #[arg(long, value_name = "S", default_value_t = DEFAULT_LEEWAY.as_secs())]
    leeway: u64,
    /// How long a token may live from `iat` to `exp`, in seconds.
    #[arg(long, value_name = "S", default_value_t = DEFAULT_MAX_LIFETIME.as_secs())]
    max_lifetime: u64,
    /// Print one JSON object a token: {"ok":true,"subject":…,"scope":[…]} or
    /// {"ok":false,"reason":"…"}.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(format_args!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let judge = Judge::new(arguments)?;
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let mut buffer = ClaimsBuffer::new();
    let mut line = Vec::with_capacity(MAX_LINE_BYTES);
    let (mut good, mut bad) = (0_u64, 0_u64);
    loop {
        // Whoever waits for a verdict before sending more gets it.
        if input.buffer().is_empty() {
            output.flush().context("standard output")?;
        }
        if !read_line(&mut input, &mut line).context("standard input")? {
            break;
        }
        let verdict = judge.judge(&line, &mut buffer);
        if verdict.is_ok() {
            good += 1;
        } else {
            bad += 1;
        }
        if arguments.json {
            write_json(&mut output, &verdict)
        } else {
            write_text(&mut output, good + bad, &verdict)
        }
        .context("standard output")?;
    }
    output.flush().context("standard output")?;
    if !arguments.json {
        tell(format_args!("{good} good, {bad} refused"));
    }
    Ok(bad == 0)
}

struct Judge {
    keys: KeySet,
    policy: TokenPolicy,
    scopes: Vec<Scope>,
    uuid_subject: bool,
    now: SystemTime,
}

impl Judge {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let keys = key_set(&arguments.jwks)
            .with_context(|| format!("key set {}", arguments.jwks.display()))?;
        let text = |option: &Option<String>| option.clone().unwrap_or_default();
        let mut policy = TokenPolicy::new(&text(&arguments.issuer), &text(&arguments.audience))
            .with_leeway(Duration::from_secs(arguments.leeway))
            .with_max_lifetime(Duration::from_secs(arguments.max_lifetime));
        if arguments.issuer.is_none() {
            tell(format_args!(
                "warning: no --issuer: tokens of any issuer who has a key are taken"
            ));
            policy = any_issuer(policy);
        }
        if arguments.audience.is_none() {
            tell(format_args!(
                "warning: no --audience: tokens for any audience are taken"
            ));
            policy = any_audience(policy);
        }
        if let Some(typ) = &arguments.typ {
            policy = policy.with_typ(typ);
        } else {
            tell(format_args!(
                "warning: no --type: tokens of any type are taken"
            ));
            policy = any_typ(policy);
        }
        Ok(Self {
            keys,
            policy,
            scopes: arguments.scope.clone(),
            uuid_subject: arguments.uuid_subject,
            now: match arguments.now {
                Some(seconds) => SystemTime::UNIX_EPOCH
                    .checked_add(Duration::from_secs(seconds))
                    .context("--now is too late")?,
                None => now(),
            },
        })
    }

    fn judge<'b>(
        &self,
        line: &[u8],
        buffer: &'b mut ClaimsBuffer,
    ) -> Result<VerifiedClaims<'b>, String> {
        // Not UTF-8 is not base64url either.
        let token = std::str::from_utf8(line).map_err(|_| TokenRefusal::Encoding.to_string())?;
        let verified = verify_in(token, &self.keys, &self.policy, self.now, buffer);
        let verified = verified.map_err(|refusal| refusal.to_string())?;
        if self.uuid_subject && verified.subject().parse::<Subject>().is_err() {
            return Err(TokenRefusal::Subject.to_string());
        }
        for scope in &self.scopes {
            let carried = verified.require(scope);
            carried.map_err(|missing| missing.to_string())?;
        }
        Ok(verified)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Verdict<'a> {
    Good {
        ok: bool,
        subject: &'a str,
        scope: Vec<&'a str>,
    },
    Refused {
        ok: bool,
        reason: &'a str,
    },
}

impl<'a> From<&'a Result<VerifiedClaims<'_>, String>> for Verdict<'a> {
    fn from(verdict: &'a Result<VerifiedClaims<'_>, String>) -> Self {
        match verdict {
            Ok(verified) => Self::Good {
                ok: true,
                subject: verified.subject(),
                scope: verified.scopes().collect(),
            },
            Err(reason) => Self::Refused { ok: false, reason },
        }
    }
}

fn write_json(
    output: &mut impl Write,
    verdict: &Result<VerifiedClaims<'_>, String>,
) -> io::Result<()> {
    serde_json::to_writer(&mut *output, &Verdict::from(verdict))?;
    output.write_all(b"\n")
}

fn write_text(
    output: &mut impl Write,
    number: u64,
    verdict: &Result<VerifiedClaims<'_>, String>,
) -> io::Result<()> {
    match verdict {
        Ok(verified) => {
            let scopes: Vec<&str> = verified.scopes().collect();
            // Escaped: a subject is the issuer's text, and a terminal obeys control characters.
            let subject = verified.subject().escape_debug();
            writeln!(
                output,
                "{number:>6}  good     {subject}  {}",
                scopes.join(" ")
            )
        }
        Err(reason) => writeln!(output, "{number:>6}  refused  {reason}"),
    }
}

/// Reads a line without its end; of a line that no token fills only the beginning is kept.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut is_there = false;
    loop {
        let read = input.fill_buf()?;
        if read.is_empty() {
            break;
        }
        is_there = true;
        let end = read.iter().position(|byte| *byte == b'\n');
        let part = read.get(..end.unwrap_or(read.len())).unwrap_or_default();
        let room = MAX_LINE_BYTES - line.len();
        line.extend_from_slice(part.get(..room).unwrap_or(part));
        let length = part.len() + usize::from(end.is_some());
        input.consume(length);
        if end.is_some() {
            break;
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(is_there)
}

fn key_set(path: &Path) -> anyhow::Result<KeySet> {
    let mut json = Vec::new();
    let limit = u64::try_from(MAX_KEY_SET_BYTES)? + 1;
    File::open(path)?.take(limit).read_to_end(&mut json)?;
    let public = KeySet::from_json(&json)?;
    let keys = key_set_with_shared_secrets(&json)?;
    if keys.len() > public.len() {
        tell(format_args!(
            "warning: shared secrets: whoever can verify with them can sign with them"
        ));
    }
    match (keys.len(), keys.skipped()) {
        (0, 0) => bail!("no key in it"),
        (_, 0) => {}
        (used, skipped) => tell(format_args!(
            "warning: {skipped} of {} keys skipped",
            used + skipped
        )),
    }
    Ok(keys)
}

/// Tells people; where standard error is closed or full there is nobody to be told.
fn tell(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[expect(clippy::disallowed_methods, reason = "a program has a clock")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// One byte more than a token, and one for a carriage return.
const MAX_LINE_BYTES: usize = MAX_TOKEN_BYTES + 2;
