//! A report for machines.

use std::time::SystemTime;

use serde::Serialize;

use crate::{Finding, Group, Place, Report, Severity, Source, Summary, Unknown, Why};

/// A report for machines; the README has the form.
#[derive(Clone, Debug, Serialize)]
pub struct JsonReport<'r> {
    version: u32,
    deployment: &'r str,
    /// Seconds since 1970.
    judged_at: u64,
    summary: Summary,
    findings: Vec<JsonFinding<'r>>,
    unknown: Vec<JsonUnknown<'r>>,
}

#[derive(Clone, Debug, Serialize)]
struct JsonFinding<'r> {
    rule: &'static str,
    group: Group,
    severity: Severity,
    what: &'r str,
    r#where: &'r Place,
    why: Source,
    mend: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct JsonUnknown<'r> {
    rule: &'static str,
    what: &'r str,
    r#where: &'r Place,
    why: Why,
}

impl Report {
    /// The report for machines, to be written by `serde`.
    #[must_use]
    pub fn to_json(&self) -> JsonReport<'_> {
        let since = self.now.duration_since(SystemTime::UNIX_EPOCH);
        JsonReport {
            version: JSON_VERSION,
            deployment: &self.name,
            judged_at: since.map_or(0, |since| since.as_secs()),
            summary: self.summary(),
            findings: self.findings.iter().map(JsonFinding::of).collect(),
            unknown: self.unknown.iter().map(JsonUnknown::of).collect(),
        }
    }
}

impl<'r> JsonFinding<'r> {
    fn of(finding: &'r Finding) -> Self {
        Self {
            rule: finding.rule.id(),
            group: finding.rule.group(),
            severity: finding.severity,
            what: &finding.what,
            r#where: &finding.place,
            why: finding.source,
            mend: finding.mend(),
        }
    }
}

impl<'r> JsonUnknown<'r> {
    fn of(unknown: &'r Unknown) -> Self {
        Self {
            rule: unknown.rule.id(),
            what: &unknown.what,
            r#where: &unknown.place,
            why: unknown.why,
        }
    }
}

/// The version of the form; it changes where something is taken away or means something else.
pub const JSON_VERSION: u32 = 1;
