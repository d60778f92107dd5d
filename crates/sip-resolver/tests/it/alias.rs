//! Aliases, and where they end.

use std::time::Duration;

use offhook_sip_resolver::{
    Plan, Policy, Question, QuestionKind, Reply, Resolution, ResolveError, ResolveFailure,
    Response, Step,
};

use crate::plan::{FULL, room_os};
use crate::zone::{Counter, Zone, record};

#[test]
fn aliases_are_followed_wherever_they_stand() {
    let zone = r#"
        example.com 60 CNAME sip.example.net
        sip.example.net 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.example.com
        _sips._tcp.example.com 60 CNAME _sips._tcp.example.net
        _sips._tcp.example.net 60 SRV 10 0 5061 edge.example.net
        edge.example.net 60 CNAME edge1.example.net
        edge1.example.net 60 A 192.0.2.1
    "#;
    assert_eq!(
        room_os(zone).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
}

#[test]
fn an_alias_to_nothing_is_asked_for_only_where_the_server_does_not_say_so() {
    for (says_so, questions) in [(true, 2), (false, 3)] {
        let mut plan = Plan::new("example.com:5061".parse().unwrap(), Policy::room_os());
        let mut asked = 0;
        while let Step::Ask(open) = plan.step() {
            for question in open {
                asked += 1;
                let alias = record("example.com 60 CNAME host.example.com");
                let mut response = match (question.name().as_str(), question.kind()) {
                    ("example.com", QuestionKind::A) => {
                        let address = record("host.example.com 60 A 192.0.2.1");
                        Response::new(vec![alias, address])
                    }
                    ("example.com", _) => Response::new(vec![alias]),
                    _ => Response::default(),
                };
                if says_so {
                    response = response.with_negative_ttl(Duration::from_secs(5));
                }
                plan.answer(&question, Reply::Records(response));
            }
        }
        assert_eq!(asked, questions);
        assert_eq!(plan.finish(&mut Counter(0)).unwrap().hops().len(), 1);
    }
}

/// The questions of a plan to a server that gives one alias at a time, by `next`, for every name under
/// example.com that `is_alias` says, and what comes of it.
fn chain(
    of: &str,
    policy: Policy,
    is_alias: impl Fn(&Question) -> bool,
    mut next: impl FnMut(&Question) -> String,
    backwards: bool,
) -> (usize, Result<Resolution, ResolveFailure>) {
    let zone = Zone::new(FULL);
    let mut plan = Plan::new(of.parse().unwrap(), policy);
    let (mut count, mut open) = (0, Vec::new());
    loop {
        match plan.step() {
            Step::Ask(questions) => {
                count += questions.len();
                open.extend(questions);
            }
            Step::Done => return (count, plan.finish(&mut Counter(0))),
            Step::WaitAtMost(_) if open.is_empty() => plan.settle(),
            _ => {
                let at = if backwards { open.len() - 1 } else { 0 };
                let question = open.remove(at);
                let reply = match is_alias(&question) {
                    true => {
                        let line = format!("{} 60 CNAME {}", question.name(), next(&question));
                        Reply::Records(Response::new(vec![record(&line)]))
                    }
                    false => zone.reply(&question),
                };
                plan.answer(&question, reply);
            }
        }
    }
}

#[test]
fn circular_aliases_end_within_twelve_questions() {
    let zone = "
        _sip._tls.example.com 60 CNAME a.example.com
        a.example.com 60 CNAME b.example.com
        b.example.com 60 CNAME a.example.com
    ";
    let failure = Zone::new(zone)
        .resolve("example.com", Policy::room_os())
        .unwrap_err();
    assert_eq!(failure.error(), ResolveError::Loop);
    assert!(failure.trace().questions() <= 12, "{}", failure.trace());

    // From servers that give one alias at a time.
    let circle_of_six = |question: &Question| {
        let name = question.name().as_str();
        let at = name.strip_prefix('l').and_then(|rest| rest.split_once('.'));
        let at: usize = at.map_or(0, |(at, _)| at.parse().unwrap());
        format!("l{}.example.com", (at + 1) % 6)
    };
    for policy in [Policy::room_os(), Policy::tls_only(), Policy::standard()] {
        for of in ["example.com", "example.com:5061"] {
            for backwards in [false, true] {
                let mut number = 0;
                let endless = |_: &Question| {
                    number += 1;
                    format!("n{number}.example.com")
                };
                let all = |_: &Question| true;
                for (questions, outcome) in [
                    chain(of, policy, all, circle_of_six, backwards),
                    chain(of, policy, all, endless, backwards),
                ] {
                    let failure = outcome.unwrap_err();
                    assert_eq!(failure.error(), ResolveError::Loop, "{}", failure.trace());
                    assert!(questions <= 12, "{}", failure.trace());
                }
            }
        }
    }
}

#[test]
fn a_circle_of_one_kind_ends_within_twelve_questions_too() {
    let kinds = [
        QuestionKind::A,
        QuestionKind::Aaaa,
        QuestionKind::Naptr,
        QuestionKind::Srv,
    ];
    for kind in kinds {
        let mut number = 0;
        let endless = |_: &Question| {
            number += 1;
            format!("n{number}.example.com")
        };
        let of_kind = |question: &Question| question.kind() == kind;
        let (questions, outcome) = chain("example.com", Policy::room_os(), of_kind, endless, false);
        match kind {
            // There are those of the other family, and of the other server none.
            QuestionKind::A | QuestionKind::Aaaa => assert!(outcome.is_ok()),
            _ => assert_eq!(outcome.unwrap_err().error(), ResolveError::Loop),
        }
        assert!(questions <= 12, "{kind}: {questions} questions");
    }
}

#[test]
fn servers_that_are_aliases_are_asked_for_however_many_there_are() {
    let mut lines = String::new();
    for server in 0..6 {
        lines += &format!("_sip._tls.example.com 60 SRV {server} 0 5061 s{server}.example.com\n");
    }
    let zone = Zone::new(&lines);
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    while let Step::Ask(questions) = plan.step() {
        for question in questions {
            let name = question.name().as_str();
            let (is_server, is_end) = (name.starts_with('s'), name.starts_with("e"));
            let line = match question.kind() {
                QuestionKind::A if name.starts_with("end") => {
                    format!("{name} 60 A 192.0.2.{}", &name[3..4])
                }
                QuestionKind::A | QuestionKind::Aaaa if is_server => {
                    format!("{name} 60 CNAME end{}", &name[1..])
                }
                _ => {
                    assert!(is_end || name.starts_with('_'));
                    plan.answer(&question, zone.reply(&question));
                    continue;
                }
            };
            plan.answer(
                &question,
                Reply::Records(Response::new(vec![record(&line)])),
            );
        }
    }
    assert_eq!(plan.finish(&mut Counter(0)).unwrap().hops().len(), 6);
}
