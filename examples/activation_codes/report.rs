//! What people and machines read.

use std::io::{self, Write as _};
use std::time::SystemTime;

use humantime::format_rfc3339_seconds;
use offhook_activation_code::{ActivationCode, CodeId, Grant, OutstandingCode, Refusal, Timestamp};
use serde::Serialize;

/// An outstanding code, with the code itself where it is to be seen.
#[derive(Serialize)]
pub(crate) struct Line {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    tenant: String,
    account: String,
    profile: String,
    binding: String,
    mode: String,
    issued_at: String,
    expires_at: String,
    generation: u32,
}

impl Line {
    pub(crate) fn new(code: &OutstandingCode, text: Option<&ActivationCode>) -> Self {
        Self {
            id: code.id().to_string(),
            code: text.map(ActivationCode::to_string),
            tenant: code.tenant().to_string(),
            account: code.account().to_string(),
            profile: code.profile().to_string(),
            binding: code.binding().to_string().trim_end().replace('\n', ", "),
            mode: code.mode().to_string(),
            issued_at: time(code.issued_at()),
            expires_at: time(code.expires_at()),
            generation: code.generation(),
        }
    }
}

pub(crate) fn issued(line: &Line, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(line);
    }
    let mut out = io::stdout().lock();
    let mut row = |name: &str, value: &str| writeln!(out, "{name:<13}{value}");
    row("code", line.code.as_deref().unwrap_or_default())?;
    row("id", &line.id)?;
    row("profile", &line.profile)?;
    row("account", &line.account)?;
    row("redeemed by", &line.binding)?;
    row("mode", &line.mode)?;
    row("expires", &line.expires_at)?;
    Ok(())
}

pub(crate) fn list(lines: &[Line], codes: bool, json: bool) -> anyhow::Result<()> {
    if json {
        return lines.iter().try_for_each(print_json);
    }
    let mut heads = vec!["ID", "PROFILE", "ACCOUNT", "REDEEMED BY", "MODE", "EXPIRES"];
    if codes {
        heads.insert(1, "CODE");
    }
    let rows = lines.iter().map(|line| {
        let mut row = vec![
            line.id.as_str(),
            &line.profile,
            &line.account,
            &line.binding,
            &line.mode,
            &line.expires_at,
        ];
        if codes {
            row.insert(1, line.code.as_deref().unwrap_or("no copy"));
        }
        row
    });
    table(&heads, &rows.collect::<Vec<_>>())?;
    eprintln!("{} outstanding", lines.len());
    Ok(())
}

pub(crate) fn grant(grant: &Grant, json: bool) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Redeemed<'a> {
        ok: bool,
        grant: String,
        code: String,
        account: &'a str,
        profile: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        service_domain: Option<String>,
        redeemed_at: String,
        repeated: bool,
    }
    let domain = grant.mode().service_domain();
    let redeemed = Redeemed {
        ok: true,
        grant: grant.id().to_string(),
        code: grant.code().to_string(),
        account: grant.account().as_str(),
        profile: grant.profile().as_str(),
        service_domain: domain.map(ToString::to_string),
        redeemed_at: time(grant.redeemed_at()),
        repeated: grant.repeated(),
    };
    if json {
        return print_json(&redeemed);
    }
    let mut out = io::stdout().lock();
    let again = if grant.repeated() { ", once more" } else { "" };
    writeln!(
        out,
        "redeemed{again}: {} of {}",
        grant.profile(),
        grant.account()
    )?;
    writeln!(out, "{:<13}{}", "grant", grant.id())?;
    if let Some(domain) = domain {
        writeln!(out, "{:<13}{domain}", "edge")?;
    }
    Ok(())
}

/// The reason is the administrator's to see; a device is told no more than that it is refused.
pub(crate) fn refused(refusal: Refusal, json: bool) -> anyhow::Result<()> {
    if json {
        let reason = refusal.as_str();
        return print_json(&serde_json::json!({ "ok": false, "reason": reason }));
    }
    eprintln!("refused: {refusal}");
    Ok(())
}

pub(crate) fn revoked(id: CodeId, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(&serde_json::json!({ "ok": true, "id": id.to_string() }));
    }
    writeln!(io::stdout(), "revoked {id}")?;
    Ok(())
}

/// What is wrong with a line of a CSV file.
pub(crate) fn problem(
    line: u64,
    column: Option<&str>,
    what: &str,
    json: bool,
) -> anyhow::Result<()> {
    if json {
        let problem = serde_json::json!({ "line": line, "column": column, "problem": what });
        return print_json(&problem);
    }
    let column = column
        .map(|column| format!("{column}: "))
        .unwrap_or_default();
    eprintln!("line {line}: {column}{what}");
    Ok(())
}

pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{}", serde_json::to_string(value)?)?;
    Ok(())
}

/// A table with columns as wide as their widest value.
fn table(heads: &[&str], rows: &[Vec<&str>]) -> io::Result<()> {
    let width = |at: usize| {
        let values = rows.iter().filter_map(|row| row.get(at));
        let widest = values
            .chain(heads.get(at))
            .map(|value| value.chars().count());
        widest.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut out = io::stdout().lock();
    for row in std::iter::once(heads).chain(rows.iter().map(Vec::as_slice)) {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(value, width)| format!("{value:<width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn time(at: Timestamp) -> String {
    format_rfc3339_seconds(SystemTime::from(at)).to_string()
}
