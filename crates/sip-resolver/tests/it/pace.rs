use std::time::Duration;

use offhook_sip_resolver::{
    Families, Plan, Policy, QueryFailure, QuestionKind, RecordData, Reply, ResolveError, Response,
    Step, TraceEvent, Transport,
};

use crate::plan::FULL;
use crate::zone::{Broken, Counter, Zone, record};

#[test]
fn everything_is_asked_at_once() {
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    let asked: Vec<_> = questions.iter().map(ToString::to_string).collect();
    assert_eq!(
        asked,
        [
            "example.com NAPTR",
            "_sip._tls.example.com SRV",
            "_sips._tcp.example.com SRV",
            "example.com AAAA",
            "example.com A",
        ]
    );
    assert_eq!(plan.step(), Step::Wait);
}

/// How long the addresses of the other family are waited for where these are there.
fn patience(address: &str, policy: Policy) -> Duration {
    let address = record(address);
    let mut plan = Plan::new("sips:example.com:5061".parse().unwrap(), policy);
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    let is_six = matches!(address.data(), RecordData::Aaaa(_));
    let kind = [QuestionKind::A, QuestionKind::Aaaa][usize::from(is_six)];
    let question = questions.iter().find(|one| one.kind() == kind).unwrap();
    plan.answer(question, Reply::Records(Response::new(vec![address])));
    let Step::WaitAtMost(patience) = plan.step() else {
        panic!();
    };
    plan.settle();
    assert_eq!(plan.step(), Step::Done);
    assert_eq!(plan.finish(&mut Counter(0)).unwrap().hops().len(), 1);
    patience
}

#[test]
fn a_missing_family_holds_back_the_other_for_a_twentieth_of_a_second() {
    let policy = Policy::room_os();
    for policy in [policy, policy.with_families(Families::PreferIpv4)] {
        let patience = patience("example.com 60 A 192.0.2.1", policy);
        assert_eq!(patience, Duration::from_millis(50));
    }
}

#[test]
fn addresses_of_ipv4_are_waited_for_where_those_of_ipv6_came_first() {
    let policy = Policy::room_os();
    for policy in [policy, policy.with_families(Families::PreferIpv4)] {
        let patience = patience("example.com 60 AAAA 2001:db8::1", policy);
        assert_eq!(patience, Duration::from_millis(500));
    }
}

#[test]
fn a_dropped_naptr_question_costs_at_most_half_a_second() {
    let zone = Zone::new("example.com 60 A 192.0.2.1");
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    for question in questions {
        if question.kind() != QuestionKind::Naptr {
            plan.answer(&question, zone.reply(&question));
        }
    }
    assert_eq!(plan.step(), Step::WaitAtMost(Duration::from_millis(500)));
    plan.settle();
    assert_eq!(plan.step(), Step::Done);
    assert_eq!(plan.finish(&mut Counter(0)).unwrap().hops().len(), 1);
}

#[test]
fn what_is_missing_at_the_end_has_failed() {
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let _ = plan.step();
    let failure = plan.finish(&mut Counter(0)).unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
    let timeouts = failure.trace().entries().iter().filter(|entry| {
        matches!(
            entry.event(),
            TraceEvent::Failed {
                failure: QueryFailure::Timeout,
                ..
            }
        )
    });
    assert_eq!(timeouts.count(), 5);
}

#[test]
fn questions_are_limited() {
    let mut lines = String::new();
    for server in 0..60 {
        lines += &format!("_sip._tls.example.com 60 SRV {server} 0 5061 s{server}.example.com\n");
        lines += &format!("s{server}.example.com 60 A 192.0.2.{server}\n");
    }
    let found = Zone::new(&lines)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    assert_eq!(found.questions(), Policy::MAX_QUESTIONS);
    assert!(found.hops().len() >= 13);
    let mut zone = Zone::new(&lines);
    zone.adds = true;
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    // The message is so long that addresses of the other family may not have fitted.
    assert_eq!(found.questions(), Policy::MAX_QUESTIONS);
    assert_eq!(found.hops().len(), 60);
}

#[test]
fn entropy_is_needed_only_where_there_is_something_to_draw() {
    let run = |zone: &str| {
        let zone = Zone::new(zone);
        let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
        while let Step::Ask(questions) = plan.step() {
            for question in questions {
                plan.answer(&question, zone.reply(&question));
            }
        }
        plan.finish(&mut Broken)
    };
    assert!(run(FULL).is_ok());
    let failure = run("
        _sip._tls.example.com 60 SRV 10 1 5061 one.example.com
        _sip._tls.example.com 60 SRV 10 1 5062 one.example.com
        one.example.com 60 A 192.0.2.1
    ");
    assert!(matches!(
        failure.unwrap_err().error(),
        ResolveError::Entropy(_)
    ));
}

#[test]
fn the_trace_reads_as_a_story() {
    let zone = Zone::new("example.com 60 A 192.0.2.1");
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    let text = found.trace().to_string();
    assert!(
        text.starts_with("    0.00 ms > example.com NAPTR (round 1)\n"),
        "{text}"
    );
    assert!(text.contains("< example.com NAPTR: no records\n"), "{text}");
    assert!(
        text.contains("< example.com A: example.com 60 A 192.0.2.1\n"),
        "{text}"
    );
    assert!(
        text.ends_with("- no SRV records: addresses of the domain\n"),
        "{text}"
    );
    assert_eq!(found.hops()[0].transport(), Transport::Tls);
}

#[test]
fn what_comes_too_late_to_matter_was_not_needed() {
    let zone = Zone::new(FULL);
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let mut asked = Vec::new();
    while let Step::Ask(questions) = plan.step() {
        for question in questions {
            asked.push(question.to_string());
            if question.to_string() != "_sip._tls.example.com SRV" {
                plan.answer(&question, zone.reply(&question));
            }
        }
    }
    assert_eq!(plan.step(), Step::Done);
    let found = plan.finish(&mut Counter(0)).unwrap();
    let mut late = found.trace().entries().iter().filter(|entry| {
        let failure = QueryFailure::NotNeeded;
        matches!(entry.event(), TraceEvent::Failed { failure: why, .. } if *why == failure)
    });
    assert!(
        late.next().is_some() && late.next().is_none(),
        "{}",
        found.trace()
    );
}
