//! What a check has found.

use std::fmt;
use std::time::SystemTime;

use serde::Serialize;

use crate::{Rule, Severity, Source};

pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod table;

/// Everything that a check has found, in the order of [`Rule::ALL`].
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) name: String,
    pub(crate) now: SystemTime,
    pub(crate) findings: Vec<Finding>,
    pub(crate) unknown: Vec<Unknown>,
}

impl Report {
    /// Puts what was found into the order of the rules; within a rule it stays as it was found.
    pub(crate) fn new(
        name: &str,
        mut findings: Vec<Finding>,
        mut unknown: Vec<Unknown>,
        now: SystemTime,
    ) -> Self {
        findings.sort_by_cached_key(|finding| finding.rule.index());
        unknown.sort_by_cached_key(|unknown| unknown.rule.index());
        Self {
            name: name.to_owned(),
            now,
            findings,
            unknown,
        }
    }

    /// What is not as it should be.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What could not be judged.
    #[must_use]
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }

    /// How much of each there is.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |severity| {
            let findings = self.findings.iter();
            findings
                .filter(|finding| finding.severity == severity)
                .count()
        };
        Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            unknown: self.unknown.len(),
        }
    }

    /// The exit status of a program that reports this: 1 where something is as severe as `least` or
    /// more, else 3 where name servers failed to tell something, else 0.
    #[must_use]
    pub fn exit_code(&self, least: Severity) -> u8 {
        if self
            .findings
            .iter()
            .any(|finding| finding.severity >= least)
        {
            1
        } else if self
            .unknown
            .iter()
            .any(|unknown| unknown.why == Why::Failed)
        {
            3
        } else {
            0
        }
    }
}

/// How much was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
    /// What could not be judged.
    pub unknown: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        write!(
            f,
            "{} error{}, {} warning{}, {} note{}, {} unknown",
            self.errors,
            plural(self.errors),
            self.warnings,
            plural(self.warnings),
            self.notes,
            plural(self.notes),
            self.unknown
        )
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that is broken.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// Where.
    pub place: Place,
    /// Why it is wrong: where that is written.
    pub source: Source,
}

impl Finding {
    /// How to mend it.
    #[must_use]
    pub const fn mend(&self) -> &'static str {
        self.rule.mend()
    }

    pub(crate) const fn severe(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(crate) fn because(mut self, source: impl Into<Source>) -> Self {
        self.source = source.into();
        self
    }

    pub(crate) fn at(mut self, host: impl fmt::Display) -> Self {
        self.place.host = Some(host.to_string());
        self
    }
}

/// Where something is wrong.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Place {
    /// The path in the description, as `broadworks.device[0].release`.
    pub path: String,
    /// Its line, or that of the table where it is missing, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The name in the DNS, where the fault is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        if let Some(host) = &self.host {
            write!(f, ", {host}")?;
        }
        Ok(())
    }
}

/// Something that could not be judged.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unknown {
    /// The rule.
    pub rule: Rule,
    /// What is missing.
    pub what: String,
    /// Where.
    pub place: Place,
    /// Why.
    pub why: Why,
}

/// Why something could not be judged.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Why {
    /// Name servers failed; it may be tried again.
    Failed,
    /// It is not described.
    NotDescribed,
    /// It is described, but nobody has looked.
    NotObserved,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "name servers failed",
            Self::NotDescribed => "not described",
            Self::NotObserved => "not looked at",
        })
    }
}
