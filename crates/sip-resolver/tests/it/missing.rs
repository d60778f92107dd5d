//! Answers that are not given, lead nowhere, or are too long to be whole.

use offhook_sip_resolver::{
    Plan, Policy, QuestionKind, Reply, ResolveError, Response, Step, TraceEvent,
};

use crate::plan::{room_os, standard};
use crate::zone::{Counter, Zone};

#[test]
fn naptr_that_is_not_answered_is_not_absent() {
    for failure in ["servfail", "silent"] {
        let elsewhere = format!(
            "example.com NAPTR {failure}
            _x._y.example.com 60 SRV 10 0 5061 one.example.com
            one.example.com 60 A 192.0.2.1"
        );
        assert_eq!(
            room_os(&elsewhere),
            Err(ResolveError::Temporary),
            "{failure}"
        );
        let dangling = format!(
            "example.com NAPTR {failure}
            _sip._tls.example.com 60 SRV 10 0 5061 one.example.com"
        );
        assert_eq!(
            room_os(&dangling),
            Err(ResolveError::Temporary),
            "{failure}"
        );
    }
    // Nor is it given up early where nothing else has been found.
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    for question in questions {
        if question.kind() != QuestionKind::Naptr {
            plan.answer(&question, Reply::Records(Response::default()));
        }
    }
    assert_eq!(plan.step(), Step::Wait);
    let failure = plan.finish(&mut Counter(0)).unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
}

#[test]
fn records_that_lead_nowhere_lead_on_to_tls_alone() {
    let zone = "
        _sips._tcp.example.com 60 SRV 10 0 5061 nowhere.example.com
        _sip._tls.example.com 60 SRV 10 0 5061 nowhere.example.com
        _sip._tcp.example.com 60 SRV 10 0 5060 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    assert_eq!(standard(zone), Err(ResolveError::NotFound));
    for dangling in ["_sips._tcp", "_sip._tls"] {
        let zone = zone.replace(
            &format!("{dangling}.example.com 60 SRV 10 0 5061 nowhere"),
            &format!("{dangling}.example.com 60 SRV 10 0 5061 one"),
        );
        let hops = Zone::new(&zone).hops("example.com", Policy::tls_only());
        assert_eq!(hops.unwrap(), ["TLS 192.0.2.1:5061 as example.com"]);
    }
}

#[test]
fn of_many_servers_the_first_are_kept_and_the_heavy_ones() {
    let (mut by_priority, mut by_weight) = (String::new(), String::new());
    for server in 1..=100 {
        let back = 101 - server;
        by_priority += &format!("_sip._tls.example.com 60 SRV {back} 0 {back} one.example.com\n");
        by_weight +=
            &format!("_sip._tls.example.com 60 SRV 1 {server} {server} s{server}.example.com\n");
        by_weight += &format!("s{server}.example.com 60 A 192.0.2.{server}\n");
    }
    by_priority += "one.example.com 60 A 192.0.2.1\n";
    let ports = |zone: &str| {
        let found = Zone::new(zone)
            .resolve("example.com", Policy::room_os())
            .unwrap();
        let ports = found.hops().iter().map(|hop| hop.address().port());
        ports.collect::<Vec<_>>()
    };
    assert_eq!(ports(&by_priority), (1..=64).collect::<Vec<_>>());
    let kept = ports(&by_weight);
    assert!(
        kept.len() >= 13 && kept.iter().all(|weight| *weight > 80),
        "{kept:?}"
    );
}

#[test]
fn a_server_that_turns_records_about_changes_no_draw() {
    let mut lines: Vec<String> = (1..=6_u16)
        .map(|server| {
            format!(
                "_sip._tls.example.com 60 SRV 1 {} {server} one.example.com",
                server % 3
            )
        })
        .collect();
    lines.push("one.example.com 60 A 192.0.2.1".to_owned());
    let hops = |lines: &[String]| room_os(&lines.join("\n")).unwrap();
    let first = hops(&lines);
    for _ in 0..6 {
        lines.rotate_left(1);
        assert_eq!(hops(&lines), first);
    }
}

#[test]
fn addresses_that_may_not_have_fitted_are_asked_for() {
    let mut lines = String::new();
    for server in 0..8 {
        let host = format!("s{server}.a-name-that-takes-some-room.example.com");
        lines += &format!(
            "_sip._tls.example.com 60 SRV 1 0 5061 {host}\n{host} 60 A 192.0.2.{server}\n"
        );
    }
    let mut zone = Zone::new(&lines);
    zone.adds = true;
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    let asked = found.trace().entries().iter().filter(|entry| {
        matches!(entry.event(), TraceEvent::Asked { question, .. }
            if question.kind() == QuestionKind::Aaaa && question.name().as_str().starts_with('s'))
    });
    assert_eq!(asked.count(), 8);
}
