//! Reports for people and machines.

use offhook_preflight::{JSON_VERSION, Rule, Severity};
use serde_json::{Value, json};

use crate::sample::{NOW, World};

/// The sample with two faults and something unknown.
fn world() -> World {
    let mut world = World::passing()
        .with("\"R24\"", "\"R25\"")
        .with(
            "flow-through-provisioning = true",
            "flow-through-provisioning = false",
        )
        .with("name = \"Example\"", "name = \"Ex\\u001b[31mample\"");
    let question = "_cisco-uds._tcp.example.test";
    world
        .seen
        .answers
        .retain(|each, _| each.to_string() != question);
    world
}

#[test]
fn people_see_what_where_why_and_how_to_mend_it() {
    let report = world().report();
    assert_eq!(
        report.to_table(80).to_string(),
        "\
BroadWorks
  warning  broadworks-release
           what   no guide tells of release R25
           where  broadworks.release (line 12)
           why    device integration for Webex on BroadWorks, BroadWorks patch
                  requirements
           mend   ask support which patches the release needs
  error    flow-through-provisioning
           what   flow-through provisioning is not configured
           where  broadworks.flow-through-provisioning (line 19)
           why    device integration for Webex on BroadWorks, BroadWorks
                  configuration requirements
           mend   configure flow-through provisioning to Webex
Unknown
  unknown  uds-record
           what   DNS records of _cisco-uds._tcp.example.test
           where  remote-access.domains[0] (line 169)
           why    not looked at
1 error, 1 warning, 0 notes, 1 unknown"
    );
    let passing = World::passing().report().to_table(80).to_string();
    assert_eq!(passing, "0 errors, 0 warnings, 0 notes, 0 unknown");
}

#[test]
fn nothing_in_a_description_moves_the_cursor_of_a_terminal() {
    let world = World::passing()
        .with("Room Kit Pro", "Kit\\u001b[2J\\n\\u009b")
        // A release is told as it was written.
        .with("\"R24\"", "\"R25\\u001b[2J\\n\\u009b\"")
        .with("\"FederationPartner\"\npartners", "\"\\u0007\"\npartners");
    for width in [0, 40, 300] {
        let table = world.report().to_table(width).to_string();
        assert!(
            table.chars().all(|char| char == '\n' || !char.is_control()),
            "{table:?}"
        );
        let longest = table.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(width.max(110)), "{table}");
    }
}

#[test]
fn machines_get_an_object_of_a_known_form() {
    let report = world().report();
    let json = serde_json::to_value(report.to_json()).unwrap();
    assert_eq!(
        json,
        json!({
            "version": JSON_VERSION,
            "deployment": "Ex\u{1b}[31mample",
            "judged_at": NOW,
            "summary": {"errors": 1, "warnings": 1, "notes": 0, "unknown": 1},
            "findings": [
                {
                    "rule": "broadworks-release",
                    "group": "broadworks",
                    "severity": "warning",
                    "what": "no guide tells of release R25",
                    "where": {"path": "broadworks.release", "line": 12},
                    "why": {
                        "document": "device integration for Webex on BroadWorks",
                        "section": "BroadWorks patch requirements",
                    },
                    "mend": "ask support which patches the release needs",
                },
                {
                    "rule": "flow-through-provisioning",
                    "group": "broadworks",
                    "severity": "error",
                    "what": "flow-through provisioning is not configured",
                    "where": {"path": "broadworks.flow-through-provisioning", "line": 19},
                    "why": {
                        "document": "device integration for Webex on BroadWorks",
                        "section": "BroadWorks configuration requirements",
                    },
                    "mend": "configure flow-through provisioning to Webex",
                },
            ],
            "unknown": [{
                "rule": "uds-record",
                "what": "DNS records of _cisco-uds._tcp.example.test",
                "where": {"path": "remote-access.domains[0]", "line": 169},
                "why": "not-observed",
            }],
        })
    );
}

#[test]
fn a_sarif_log_has_every_rule_and_points_to_lines() {
    let mut world = World::of("failing.toml");
    world.seen.answers.clear();
    let report = world.report();
    let log = serde_json::to_value(report.to_sarif("site/failing.toml")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Rule::ALL.len());
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings().len());
    for (result, finding) in results.iter().zip(report.findings()) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert_eq!(result["level"], finding.severity.as_str());
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "site/failing.toml");
        assert_eq!(physical["region"]["startLine"], json!(finding.place.line));
        let logical = &result["locations"][0]["logicalLocations"][0];
        assert_eq!(logical["fullyQualifiedName"], finding.place.path);
        let text = result["message"]["text"].as_str().unwrap();
        assert!(text.contains(finding.mend()), "{text}");
    }
    let told = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(told.as_array().map(Vec::len), Some(report.unknown().len()));
    assert_eq!(
        told[0]["associatedRule"]["id"],
        Value::from(report.unknown()[0].rule.id())
    );
}

#[test]
fn strictness_decides_what_fails() {
    let warning = World::passing().with("\"R24\"", "\"R25\"").report();
    assert_eq!(warning.exit_code(Severity::Error), 0);
    assert_eq!(warning.exit_code(Severity::Warning), 1);
    assert_eq!(warning.exit_code(Severity::Note), 1);
}

#[test]
fn the_readme_has_every_rule_and_every_key_of_the_sample() {
    let readme = include_str!("../../README.md");
    let rows: Vec<_> = readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for rule in Rule::ALL {
        let row = format!(
            "| `{}` | {} | {} | {} |",
            rule.id(),
            rule.severity(),
            rule.title(),
            rule.source()
        );
        assert_eq!(rows.iter().filter(|line| **line == row).count(), 1, "{row}");
    }
    let sample = crate::sample::text("passing.toml");
    for line in sample.lines().filter(|line| !line.starts_with('#')) {
        // A table's head stands there as it is.
        let key = line.split_once(" = ").map_or(line, |(key, _)| key);
        assert!(
            key.is_empty() || readme.contains(&format!("`{key}`")),
            "{key}"
        );
    }
}
