//! A report as a SARIF log, for code-scanning tools.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Finding, Place, Report, Rule, Unknown};

/// A report as a SARIF log, to be written by `serde`.
///
/// # Source
///
/// OASIS, Static Analysis Results Interchange Format version 2.1.0: one run whose rules are
/// [`Rule::ALL`], a result for each finding, a notification for each thing unknown.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct SarifLog(Value);

impl Report {
    /// The report as a SARIF log of the file at `uri`.
    #[must_use]
    pub fn to_sarif(&self, uri: &str) -> SarifLog {
        let results = self.findings.iter().map(|finding| result(finding, uri));
        let notifications = self
            .unknown
            .iter()
            .map(|unknown| notification(unknown, uri));
        SarifLog(json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "offhook-preflight",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": Rule::ALL.iter().map(rule).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": true,
                    "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
                }],
                "results": results.collect::<Vec<_>>(),
            }],
        }))
    }
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id(),
        "shortDescription": { "text": rule.title() },
        "fullDescription": { "text": format!("{}. Source: {}", rule.title(), rule.source()) },
        "help": { "text": rule.mend() },
        "defaultConfiguration": { "level": rule.severity().as_str() },
        "properties": { "group": rule.group() },
    })
}

fn result(finding: &Finding, uri: &str) -> Value {
    let text = format!(
        "{}. Why: {}. To mend it: {}",
        finding.what,
        finding.source,
        finding.mend()
    );
    json!({
        "ruleId": finding.rule.id(),
        "ruleIndex": finding.rule.index(),
        "level": finding.severity.as_str(),
        "message": { "text": text },
        "locations": [location(&finding.place, uri)],
    })
}

fn notification(unknown: &Unknown, uri: &str) -> Value {
    json!({
        "level": "warning",
        "message": { "text": format!("{}: {}", unknown.what, unknown.why) },
        "associatedRule": { "id": unknown.rule.id(), "index": unknown.rule.index() },
        "locations": [location(&unknown.place, uri)],
    })
}

fn location(place: &Place, uri: &str) -> Value {
    let mut logical = vec![json!({ "fullyQualifiedName": place.path, "kind": "member" })];
    if let Some(host) = &place.host {
        logical.push(json!({ "fullyQualifiedName": host, "kind": "resource" }));
    }
    let mut physical = json!({ "artifactLocation": { "uri": uri } });
    if let (Some(line), Some(physical)) = (place.line, physical.as_object_mut()) {
        physical.insert("region".to_owned(), json!({ "startLine": line }));
    }
    json!({ "physicalLocation": physical, "logicalLocations": logical })
}

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";
