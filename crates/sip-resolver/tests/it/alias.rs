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
fn a_circle_of_one_kind_ends_too() {
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
        let most = match kind {
            // There are those of the other family, and of the other server none. Besides the first five
            // questions there are two for each of the servers, and five aliases of each.
            QuestionKind::A | QuestionKind::Aaaa => {
                assert!(outcome.is_ok());
                5 + 2 * (2 + 5)
            }
            _ => {
                assert_eq!(outcome.unwrap_err().error(), ResolveError::Loop);
                12
            }
        };
        assert!(questions <= most, "{kind}: {questions} questions");
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

/// What comes of a zone whose server gives one alias at a time, where answers about `late` come after
/// all others that are under way.
fn singly(zone: &str, late: QuestionKind) -> Result<Vec<String>, ResolveError> {
    let (aliases, others): (Vec<_>, Vec<_>) = zone
        .lines()
        .map(str::trim)
        .partition(|line| line.contains(" CNAME "));
    let zone = Zone::new(&others.join("\n"));
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let mut open: Vec<Question> = Vec::new();
    loop {
        match plan.step() {
            Step::Ask(questions) => open.extend(questions),
            Step::Done => break,
            Step::WaitAtMost(_) if open.is_empty() => plan.settle(),
            _ => {
                let first = open.iter().position(|open| open.kind() != late);
                let question = open.remove(first.unwrap_or(0));
                let start = format!("{} ", question.name());
                let reply = match aliases.iter().find(|line| line.starts_with(&start)) {
                    Some(line) => Reply::Records(Response::new(vec![record(line)])),
                    None => zone.reply(&question),
                };
                plan.answer(&question, reply);
            }
        }
    }
    let found = plan.finish(&mut Counter(0));
    let found = found.map_err(|failure| failure.error())?;
    Ok(found.hops().iter().map(ToString::to_string).collect())
}

#[test]
fn servers_behind_several_aliases_are_found_however_many_there_are() {
    for servers in 1..=4 {
        let mut zone = String::new();
        for server in 1..=servers {
            zone += &format!(
                "_sip._tls.example.com 60 SRV {server} 0 5061 s{server}.example.com
                s{server}.example.com 60 CNAME x{server}.example.net
                x{server}.example.net 60 CNAME y{server}.example.org
                y{server}.example.org 60 A 192.0.2.{server}\n"
            );
        }
        for late in [QuestionKind::A, QuestionKind::Aaaa] {
            let hops = singly(&zone, late).unwrap();
            assert_eq!(hops.len(), servers, "{late} {hops:?}");
        }
    }
    // As far as aliases are followed, and no farther.
    for (aliases, hops) in [(5, Ok(1)), (6, Err(ResolveError::Loop))] {
        let mut zone = "_sip._tls.example.com 60 SRV 1 0 5061 n0.example.com\n".to_owned();
        for at in 0..aliases {
            let next = at + 1;
            zone += &format!("n{at}.example.com 60 CNAME n{next}.example.com\n");
        }
        zone += &format!("n{aliases}.example.com 60 A 192.0.2.1\n");
        for late in [QuestionKind::A, QuestionKind::Aaaa] {
            let found = singly(&zone, late);
            assert_eq!(found.map(|hops| hops.len()), hops, "{aliases}");
        }
    }
}

#[test]
fn what_comes_of_aliases_does_not_depend_on_which_answer_is_late() {
    let chain = "example.com 60 CNAME a1.example.net
        a1.example.net 60 CNAME a2.example.net
        a2.example.net 60 CNAME a3.example.net
        a3.example.net 60 A 192.0.2.9";
    let naptr = format!(
        "{chain}
        a3.example.net 60 NAPTR 10 10 s SIPS+D2T \"\" _sips._tcp.example.org
        _sips._tcp.example.org 60 SRV 1 0 5061 one.example.org
        one.example.org 60 A 192.0.2.1"
    );
    let kinds = [
        QuestionKind::A,
        QuestionKind::Aaaa,
        QuestionKind::Naptr,
        QuestionKind::Srv,
    ];
    for late in kinds {
        let hops = ["TLS 192.0.2.1:5061 as example.com"];
        assert_eq!(singly(&naptr, late).unwrap(), hops, "{late}");
        let hops = ["TLS 192.0.2.9:5061 as example.com"];
        assert_eq!(singly(chain, late).unwrap(), hops, "{late}");
    }
}
