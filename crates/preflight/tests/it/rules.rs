//! Each rule fires where one thing is changed in the sample that passes, and no other rule does.

use std::collections::BTreeSet;

use offhook_preflight::{Observations, Rule, Severity};

use crate::sample::World;

mod broadworks;
mod identity;
mod remote_access;
mod sip;
mod unified_cm;
mod validity;

/// A change to the sample, the rule that it breaks, how severely, and where.
pub(crate) struct Case {
    rule: &'static str,
    severity: Severity,
    path: &'static str,
    world: World,
}

/// An error after a change to the text.
pub(crate) fn error(rule: &'static str, path: &'static str, old: &str, new: &str) -> Case {
    case(rule, Severity::Error, path, World::passing().with(old, new))
}

/// As [`error`], a warning.
pub(crate) fn warning(rule: &'static str, path: &'static str, old: &str, new: &str) -> Case {
    case(
        rule,
        Severity::Warning,
        path,
        World::passing().with(old, new),
    )
}

/// As [`error`], a note.
pub(crate) fn note(rule: &'static str, path: &'static str, old: &str, new: &str) -> Case {
    case(rule, Severity::Note, path, World::passing().with(old, new))
}

/// Any change.
pub(crate) fn case(
    rule: &'static str,
    severity: Severity,
    path: &'static str,
    world: World,
) -> Case {
    Case {
        rule,
        severity,
        path,
        world,
    }
}

/// The sample with another text.
fn described(text: &str) -> World {
    World {
        text: text.to_owned(),
        ..World::passing()
    }
}

/// The sample without this table, or these, and what is below it.
fn without(table: &str) -> World {
    let mut world = World::passing();
    let is_within = |head: &str| {
        let name = head.trim_matches(['[', ']']);
        name == table || name.starts_with(&format!("{table}."))
    };
    let mut keeps = true;
    let lines = world.text.split_inclusive('\n').filter(|line| {
        if line.starts_with('[') {
            keeps = !is_within(line.trim());
        }
        keeps
    });
    world.text = lines.collect();
    world
}

/// The sample with Unified CM's devices inside alone.
fn inside() -> World {
    let mut world = without("unified-cm.device");
    world.text.push_str(
        "\n[[unified-cm.device]]\nmodel = \"8845\"\nsoftware = \"firmware\"\n\
         release = \"14-0-1\"\nonboarding = \"activation-code\"\n",
    );
    world
}

fn cases() -> Vec<Case> {
    let cm = "version = 1\n[unified-cm]\nrelease = \"14\"\nsecurity-mode = \"mixed\"\nip-mode = \"ipv4\"\n";
    let mut cases = vec![
        case(
            "nothing-described",
            Severity::Error,
            "version",
            described("version = 1"),
        ),
        case(
            "no-device",
            Severity::Warning,
            "unified-cm.device",
            described(cm),
        ),
    ];
    let no_device = |path, world| case("no-device", Severity::Warning, path, world);
    cases.extend([
        no_device("broadworks.device", without("broadworks.device")),
        no_device("unified-cm.device", without("unified-cm.device")),
        no_device("remote-access", without("unified-cm")),
        no_device("remote-access", inside()),
    ]);
    cases.extend(broadworks::cases());
    cases.extend(identity::cases());
    cases.extend(sip::cases());
    cases.extend(remote_access::cases());
    cases.extend(unified_cm::cases());
    cases.extend(validity::cases());
    cases
}

#[test]
fn each_change_breaks_exactly_its_rule_at_its_place() {
    for (number, case) in cases().into_iter().enumerate() {
        let report = case.world.report();
        let said = format!("case {number}, {}: {:#?}", case.rule, report.findings());
        assert!(!report.findings().is_empty(), "{said}");
        for finding in report.findings() {
            assert_eq!(finding.rule.id(), case.rule, "{said}");
            assert_eq!(finding.severity, case.severity, "{said}");
            assert!(
                !finding.what.is_empty() && !finding.mend().is_empty(),
                "{said}"
            );
        }
        let place = &report.findings()[0].place;
        assert_eq!(place.path, case.path, "{said}");
        assert!(place.line.is_some() || case.path == "sip", "{said}");
        let code = u8::from(case.severity == Severity::Error);
        assert_eq!(report.exit_code(Severity::Error), code, "{said}");
        assert_eq!(report.exit_code(Severity::Note), 1, "{said}");
    }
}

#[test]
fn every_rule_has_a_case_that_breaks_it() {
    let broken: BTreeSet<_> = cases().iter().map(|case| case.rule).collect();
    let all: BTreeSet<_> = Rule::ALL.iter().map(Rule::id).collect();
    assert_eq!(broken, all);
    assert_eq!(all.len(), Rule::ALL.len(), "two rules have one name");
}

#[test]
fn harmless_changes_break_nothing() {
    let all = [
        broadworks::harmless(),
        sip::harmless(),
        remote_access::harmless(),
        validity::harmless(),
    ];
    for (number, world) in all.into_iter().flatten().enumerate() {
        let report = world.report();
        assert_eq!(report.findings(), [], "change {number}");
    }
}

#[test]
fn what_nobody_has_looked_at_is_unknown_and_breaks_nothing() {
    let mut world = World::passing();
    world.seen = Observations::new();
    let report = world.report();
    assert_eq!(report.findings(), []);
    // Three questions, eleven files for seventeen places and two checks, one archive, its type.
    let unknown: BTreeSet<_> = report.unknown().iter().map(|each| each.rule.id()).collect();
    for rule in [
        "certificate-chain",
        "certificate-trust",
        "device-type",
        "device-type-unknown",
        "edge-record",
        "maker-roots",
        "sbc-chain",
        "sip-domain",
        "uds-record",
    ] {
        assert!(unknown.contains(rule), "{rule}");
    }
    assert_eq!(report.exit_code(Severity::Note), 0);
}

#[test]
fn findings_come_in_the_order_of_the_rules_and_the_same_each_time() {
    let report = World::of("failing.toml").report();
    let order = |rule: &Rule| Rule::ALL.iter().position(|each| each == rule);
    let places: Vec<_> = report
        .findings()
        .iter()
        .map(|each| order(&each.rule))
        .collect();
    assert!(places.is_sorted());
    assert_eq!(
        World::of("failing.toml").report().findings(),
        report.findings()
    );
}
