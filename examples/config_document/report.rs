//! What was found, for people and for machines.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use humantime::format_rfc3339_seconds;
use offhook_device_profile::{
    Change, Difference, Document, DocumentKind, Limits, Registration, SettingsError, Shown,
    SipSettings, Warning, has_credentials,
};
use serde::Serialize;
use serde_json::json;

use crate::file::{Found, Line};
use offhook_examples::terminal::{name, plain, plain_json, say};

/// A file for machines; what is absent does not apply.
#[derive(Default, Serialize)]
struct FileLine {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packing: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<SettingsLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignatureLine {
    signer: String,
    file_name: String,
    digest: String,
    signed_at: String,
    verified: bool,
}

#[derive(Serialize)]
struct SettingsLine {
    line: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<SipSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What went wrong, with the file if it is one's fault: for machines where the lines are.
pub(crate) fn error(path: Option<&Path>, error: &anyhow::Error, json: bool) {
    let error = format!("{error:#}");
    // Nobody reads on where this fails.
    let _ = if json {
        let line = match path {
            Some(path) => json!({ "file": path.to_string_lossy(), "error": error }),
            None => json!({ "error": error }),
        };
        say(&plain_json(&line.to_string()))
    } else {
        let file = path.map_or_else(String::new, |path| format!("{}: ", name(path)));
        let line = writeln!(io::stderr(), "error: {file}{}", plain(&error));
        line.map_err(anyhow::Error::from)
    };
}

/// Warns of what a document has that no difference tells.
pub(crate) fn not_compared(path: &Path, document: &Document, json: bool) {
    for warning in document.warnings(&Limits::default()) {
        if !matches!(warning, Warning::Access { .. } | Warning::Nested { .. }) {
            continue;
        }
        let warning = format!("{warning}; not compared");
        let line = if json {
            let line = json!({ "file": path.to_string_lossy(), "warning": warning });
            plain_json(&line.to_string())
        } else {
            format!("warning: {}: {}", name(path), plain(&warning))
        };
        // Nobody reads on where this fails.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

pub(crate) fn as_json(
    path: &Path,
    found: anyhow::Result<(Found, Vec<Line>)>,
) -> anyhow::Result<String> {
    let mut line = FileLine {
        file: path.to_string_lossy().into_owned(),
        ..FileLine::default()
    };
    match found {
        Err(error) => line.error = Some(format!("{error:#}")),
        Ok((found, lines)) => {
            line.kind = Some(found.document.kind().as_str());
            let settings = lines.into_iter().map(|(line, settings)| SettingsLine {
                line,
                error: settings.as_ref().err().map(SettingsError::to_string),
                settings: settings.ok(),
            });
            line.lines = Some(settings.collect());
            line.warnings = Some(warnings(&found));
            line.packing = Some(found.packing);
            line.signature = found.signature.map(|signature| SignatureLine {
                signer: signature.signer,
                file_name: signature.file_name,
                digest: signature.digest,
                signed_at: format_rfc3339_seconds(signature.signed_at).to_string(),
                verified: signature.verified,
            });
        }
    }
    Ok(plain_json(&serde_json::to_string(&line)?))
}

pub(crate) fn as_text(path: &Path, found: anyhow::Result<(Found, Vec<Line>)>) -> String {
    let file = name(path);
    let (found, lines) = match found {
        Ok(found) => found,
        Err(error) => return format!("{file}: error: {}", plain(&format!("{error:#}"))),
    };
    let mut text = format!(
        "{file}: {}, {} bytes",
        found.document.kind().as_str(),
        found.length
    );
    for packing in &found.packing {
        let _ = write!(text, ", {packing}");
    }
    if let Some(signature) = &found.signature {
        let word = if signature.verified {
            "verified"
        } else {
            "NOT VERIFIED"
        };
        row(&mut text, "signature", word);
        row(&mut text, "signer", &signature.signer);
        row(&mut text, "signed as", &signature.file_name);
        let at = format_rfc3339_seconds(signature.signed_at);
        row(
            &mut text,
            "signed at",
            &format!("{at}, {}", signature.digest),
        );
    }
    for (line, settings) in &lines {
        text.push_str("\n ");
        match line {
            Some(line) => _ = write!(text, " line {line}"),
            None => text.push_str(" SIP"),
        }
        match settings {
            Ok(settings) => rows(&mut text, settings),
            Err(error) => row(&mut text, "error", &error.to_string()),
        }
    }
    if lines.is_empty() {
        text.push_str("\n  no line");
        if found.document.kind() == DocumentKind::Defaults {
            text.push_str("; --user tells whom to register as");
        }
    }
    for warning in warnings(&found) {
        row(&mut text, "warning", &warning);
    }
    text
}

pub(crate) fn difference(difference: &Difference) -> String {
    let name = plain(&difference.name);
    let shown = |value: &Shown| plain(&value.to_string());
    match &difference.change {
        Change::Added { to } => format!("+ {name}: {}", shown(to)),
        Change::Changed { from, to } => format!("~ {name}: {} -> {}", shown(from), shown(to)),
        Change::Removed { from } => format!("- {name}: {}", shown(from)),
        _ => format!("? {name}"),
    }
}

fn rows(text: &mut String, settings: &SipSettings) {
    let host_port = |(host, port): (&str, Option<u16>)| match port {
        Some(port) => format!("{host} port {port}"),
        None => host.to_owned(),
    };
    row(
        text,
        "domain",
        &host_port((settings.domain(), settings.port())),
    );
    for backup in settings.backups() {
        row(text, "backup", &host_port(backup));
    }
    if let Some(proxy) = settings.outbound_proxy() {
        row(text, "outbound proxy", &host_port(proxy));
    }
    row(text, "transport", settings.transport().as_str());
    row(text, "target", &settings.target_uri());
    row(text, "user", settings.user());
    if let Some(user) = settings.authentication_user() {
        row(text, "authenticates as", user);
    }
    if let Some(display_name) = settings.display_name() {
        let is_hidden = has_credentials(display_name);
        row(
            text,
            "display name",
            if is_hidden { REDACTED } else { display_name },
        );
    }
    for (label, secret) in [
        ("password", settings.password()),
        ("token", settings.token()),
    ] {
        row(
            text,
            label,
            if secret.is_some() { REDACTED } else { "none" },
        );
    }
    let registers = settings.registration() == Registration::Wanted;
    row(text, "registers", if registers { "yes" } else { "no" });
}

fn row(text: &mut String, label: &str, value: &str) {
    let _ = write!(text, "\n    {label:16}  {}", plain(value));
}

fn warnings(found: &Found) -> Vec<String> {
    let warnings = found.document.warnings(&Limits::default());
    warnings.iter().map(ToString::to_string).collect()
}

const REDACTED: &str = "[redacted]";
