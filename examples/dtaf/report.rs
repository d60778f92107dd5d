//! What is printed, for people and for machines.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Error;
use offhook_device_profile::{
    Archive, ArchiveViolation, BrokenRule, DeviceType, DeviceTypeFile, ImportReport, Limits,
    TagName, TagSet, has_credentials,
};
use serde_json::{Value, json};

use offhook_examples::terminal::{name, plain, plain_json, say};

pub(crate) fn error(file: &Path, error: &Error, json: bool) {
    let error = format!("{error:#}");
    // Where it is the file itself that failed, its path stands in front already.
    let path = format!("{}: ", file.display());
    let error = error.strip_prefix(&path).unwrap_or(&error);
    // Nobody reads on where this fails.
    let _ = if json {
        line(&json!({ "file": file.display().to_string(), "error": error }))
    } else {
        let error = plain(error);
        writeln!(io::stderr(), "error: {}: {error}", name(file)).map_err(Error::from)
    };
}

pub(crate) fn inspect(file: &Path, archive: &Archive, json: bool) -> anyhow::Result<()> {
    if json {
        let content = match archive {
            Archive::DeviceFamily(family) => serde_json::to_value(family)?,
            Archive::DeviceType(device_type) => serde_json::to_value(device_type)?,
            Archive::TagSet(tag_set) => serde_json::to_value(tag_set)?,
            _ => Value::Null,
        };
        let sizes: Vec<usize> = archive.files().map(|file| file.content.len()).collect();
        return line(&json!({
            "file": file.display().to_string(),
            "kind": archive.kind().abbreviation(),
            "format": archive.kind().format(),
            "content": redacted(content),
            "fileBytes": sizes,
        }));
    }
    let mut out = String::new();
    writeln!(
        out,
        "{}: {} of a {}",
        name(file),
        archive.kind().abbreviation(),
        archive.kind()
    )?;
    if let Archive::DeviceFamily(family) = archive {
        writeln!(out, "device family {}", plain(shown(&family.name)))?;
    }
    for device_type in archive.device_types() {
        writeln!(out, "device type {}", plain(shown(&device_type.name)))?;
        for (attribute, value) in attributes(device_type)? {
            writeln!(out, "  {attribute} {}", plain(&value))?;
        }
        let rows: Vec<_> = device_type.files.iter().map(file_row).collect();
        table(&mut out, &FILE_HEADS, &rows)?;
    }
    for tag_set in archive.tag_sets() {
        let set = tag_set.name.as_deref().unwrap_or("of the system");
        writeln!(out, "tag set {}", plain(shown(set)))?;
        table(&mut out, &TAG_HEADS, &tag_rows(tag_set))?;
    }
    say(out.trim_end())
}

pub(crate) fn violations(
    file: &Path,
    archive: &Archive,
    found: &[ArchiveViolation],
    json: bool,
) -> anyhow::Result<()> {
    let most = Limits::default().violations;
    let left_out = found.len().saturating_sub(most);
    let rules = found
        .iter()
        .take(most)
        .filter_map(|violation| archive.broken_rule(*violation));
    let rules: Vec<BrokenRule> = rules.collect();
    if json {
        return line(&json!({
            "file": file.display().to_string(),
            "kind": archive.kind().abbreviation(),
            "valid": found.is_empty(),
            "violations": rules,
            "violationsLeftOut": left_out,
        }));
    }
    let mut out = String::new();
    broken(&mut out, &rules, left_out)?;
    let count = match found.len() {
        0 => "no rule broken".to_owned(),
        1 => "1 rule broken".to_owned(),
        count => format!("{count} rules broken"),
    };
    write!(out, "{}: {count}", name(file))?;
    say(&out)
}

pub(crate) fn import(
    file: &Path,
    report: &ImportReport,
    outcome: &str,
    json: bool,
) -> anyhow::Result<()> {
    if json {
        let mut value = serde_json::to_value(report)?;
        if let Some(members) = value.as_object_mut() {
            members.insert("file".to_owned(), file.display().to_string().into());
            members.insert("outcome".to_owned(), outcome.into());
            members.insert(
                "differenceFound".to_owned(),
                report.difference_found().into(),
            );
        }
        return line(&value);
    }
    let mut out = String::new();
    let rows: Vec<Vec<String>> = report
        .differences
        .iter()
        .map(|difference| {
            let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
            vec![
                difference.effect.to_string(),
                difference.subject.to_string(),
                shown(&difference.attribute),
                shown(&difference.existing),
                shown(&difference.archive),
            ]
        })
        .collect();
    if !rows.is_empty() {
        table(&mut out, &DIFFERENCE_HEADS, &rows)?;
    }
    broken(&mut out, &report.violations, report.violations_left_out)?;
    let differences = match rows.len() {
        0 => "no difference".to_owned(),
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    };
    write!(out, "{}: {outcome}, {differences}", name(file))?;
    say(&out)
}

pub(crate) fn exported(file: &Path, archive: &Archive, json: bool) -> anyhow::Result<()> {
    let kind = archive.kind().abbreviation();
    let files = archive.files().count();
    let noun = if files == 1 { "file" } else { "files" };
    if json {
        let file = file.display().to_string();
        return line(&json!({ "file": file, "kind": kind, "files": files }));
    }
    say(&format!(
        "{}: {kind} with {files} {noun} exported",
        name(file)
    ))
}

fn broken(out: &mut String, rules: &[BrokenRule], left_out: usize) -> fmt::Result {
    for rule in rules {
        writeln!(out, "rule broken: {}", plain(&rule.to_string()))?;
        writeln!(out, "    source: {}", rule.violation.source())?;
    }
    if left_out > 0 {
        writeln!(out, "rules broken and not told: {left_out}")?;
    }
    Ok(())
}

/// The attributes of a type that are on, or have a value, with the names of the parts that they stand
/// in, but for the two that hold most of them.
fn attributes(device_type: &DeviceType) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), redacted(serde_json::to_value(device_type)?))];
    while let Some((name, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                let is_whole = name.is_empty();
                let part = match name.as_str() {
                    "" | "cpeDeviceOptions" | "deviceManagementDeviceTypeOptions" => String::new(),
                    part => format!("{part}."),
                };
                let mut inner: Vec<_> = members
                    .into_iter()
                    .filter(|(member, _)| {
                        !(is_whole && matches!(member.as_str(), "files" | "deviceType"))
                    })
                    .map(|(member, value)| (format!("{part}{member}"), value))
                    .collect();
                inner.reverse();
                open.extend(inner);
            }
            Value::Bool(false) | Value::Null => {}
            Value::String(text) => found.push((name, text)),
            other => found.push((name, other.to_string())),
        }
    }
    Ok(found)
}

/// The same without passwords, the values of tags and what else carries credentials.
fn redacted(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                *member = if matches!(name.as_str(), "password" | "tagValue") {
                    REDACTED.into()
                } else {
                    redacted(member.take())
                };
            }
        }
        Value::Array(each) => each
            .iter_mut()
            .for_each(|each| *each = redacted(each.take())),
        Value::String(text) if has_credentials(text) => REDACTED.clone_into(text),
        _ => {}
    }
    value
}

/// A name, hidden where it carries credentials.
fn shown(name: &str) -> &str {
    if has_credentials(name) {
        REDACTED
    } else {
        name
    }
}

fn file_row(file: &DeviceTypeFile) -> Vec<String> {
    let authentication = file.authentication();
    let ways = [
        (authentication.bearer, "bearer"),
        (authentication.http_digest, "digest"),
        (authentication.mac_in_cert, "MAC in certificate"),
        (authentication.mac_in_non_request_uri, "MAC in header"),
        (
            authentication.mac_based
                && !authentication.mac_in_cert
                && !authentication.mac_in_non_request_uri,
            "MAC",
        ),
        (authentication.user_name_password, "password"),
    ];
    let served = [
        (file.allow_https, "HTTPS"),
        (file.allow_http, "HTTP"),
        (file.allow_tftp, "TFTP"),
    ];
    vec![
        shown(&file.file_format).to_owned(),
        file.category.to_string(),
        names(&ways),
        names(&served),
        file.content.len().to_string(),
    ]
}

fn names(switches: &[(bool, &str)]) -> String {
    let on = switches.iter().filter(|(is_on, _)| *is_on);
    let names: Vec<&str> = on.map(|(_, name)| *name).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn tag_rows(tag_set: &TagSet) -> Vec<Vec<String>> {
    let mut regions: HashMap<&TagName, String> = HashMap::new();
    for region in &tag_set.regions {
        for tag in &region.tags {
            let names = regions.entry(&tag.name).or_default();
            // No more is shown, and all of them for each tag could be much.
            if names.len() <= 4 * COLUMN {
                let between = if names.is_empty() { "" } else { ", " };
                names.push_str(between);
                names.push_str(shown(&region.name));
            }
        }
    }
    let row = |tag: &offhook_device_profile::Tag| {
        let overridable = if tag.is_tag_value_overridable {
            "yes"
        } else {
            "no"
        };
        vec![
            tag.name.to_string(),
            overridable.to_owned(),
            regions.get(&tag.name).cloned().unwrap_or_default(),
        ]
    };
    tag_set.tags.iter().map(row).collect()
}

/// A table with columns as wide as their widest value, which is cut where it is wider than any is to be.
fn table(out: &mut String, heads: &[&str], rows: &[Vec<String>]) -> fmt::Result {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|value| cell(value)).collect())
        .collect();
    let width = |at: usize| {
        let values = rows.iter().chain([&heads]).filter_map(|row| row.get(at));
        values.map(|value| value.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    for row in [&heads].into_iter().chain(&rows) {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(value, width)| format!("{value:<width$}"))
            .collect();
        writeln!(out, "  {}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// A text fit for a terminal and no wider than a column.
fn cell(value: &str) -> String {
    // What does not fit as it came does not fit with escapes either.
    let value: String = value.chars().take(COLUMN + 1).collect();
    let value = plain(&value);
    if value.chars().count() <= COLUMN {
        return value;
    }
    value.chars().take(COLUMN - 1).chain(['…']).collect()
}

fn line(value: &Value) -> anyhow::Result<()> {
    say(&plain_json(&value.to_string()))
}

/// The most characters of a column.
const COLUMN: usize = 60;
const DIFFERENCE_HEADS: [&str; 5] = ["EFFECT", "WHAT", "ATTRIBUTE", "THERE", "ARCHIVE"];
const FILE_HEADS: [&str; 5] = ["FILE", "CATEGORY", "AUTHENTICATION", "OVER", "BYTES"];
const REDACTED: &str = "[redacted]";
const TAG_HEADS: [&str; 3] = ["TAG", "OVERRIDABLE", "OTHERWISE IN"];
