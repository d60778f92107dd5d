//! What the driver does when name servers, or the network before them, do what they must not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_server::proto::op::{Message, MessageType, ResponseCode};
use hickory_server::proto::rr::rdata::{A, AAAA, NS, SRV};
use hickory_server::proto::rr::{Name, RData, Record};
use offhook_sip_resolver::{
    Options, Policy, QueryFailure, Resolution, ResolveError, ResolveFailure, Resolver, TraceEvent,
    Transport,
};
use tokio::time::Instant;

use crate::network::resolve;
use crate::server::{Fate, asked, empty, proxy, serve};
use crate::zone::Counter;

const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
    one 60 IN AAAA 2001:db8::1
    @ 60 IN A 192.0.2.9
";
const SERVERS: [&str; 2] = [
    "TLS [2001:db8::1]:5061 as example.com",
    "TLS 192.0.2.1:5061 as example.com",
];

fn hops(found: &Resolution) -> Vec<String> {
    found.hops().iter().map(ToString::to_string).collect()
}

/// The outcome with this fate for each question, and how long it took.
async fn outcome(
    zone: &str,
    fate: impl Fn(&Message, usize) -> Fate + Send + Sync + 'static,
) -> (Result<Resolution, ResolveFailure>, Duration) {
    let server = proxy(serve(zone).await, fate).await;
    let begun = Instant::now();
    let outcome = resolve(server, Options::default()).await;
    (outcome, begun.elapsed())
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn evil() -> SocketAddr {
    "203.0.113.66:5061".parse().unwrap()
}

/// An answer that leads to the attacker.
fn forged(mut question: Message) -> Message {
    let owner = question.queries[0].name().clone();
    question.metadata.message_type = MessageType::Response;
    question.answers = vec![
        Record::from_rdata(owner.clone(), 600, RData::A(A([203, 0, 113, 66].into()))),
        Record::from_rdata(
            owner,
            600,
            RData::SRV(SRV::new(0, 0, 5061, name("evil.example.net."))),
        ),
    ];
    question
}

#[tokio::test]
async fn a_question_that_is_lost_is_asked_again() {
    let (found, _) = outcome(ZONE, |_, count| match count % 3 {
        0 => Fate::Dropped,
        _ => Fate::Passed,
    })
    .await;
    assert_eq!(hops(&found.unwrap()), SERVERS);
}

#[tokio::test]
async fn a_naptr_or_aaaa_question_never_answered_costs_less_than_a_second() {
    const ADDRESS: &str = "@ 60 IN A 192.0.2.1\n@ 60 IN AAAA 2001:db8::1";
    for (zone, servers) in [(ZONE, &SERVERS[..]), (ADDRESS, &SERVERS[1..])] {
        let (found, took) = outcome(zone, |question, _| {
            match asked(question).ends_with(" NAPTR") || asked(question).ends_with(" AAAA") {
                true => Fate::Dropped,
                false => Fate::Passed,
            }
        })
        .await;
        assert_eq!(hops(&found.unwrap()), servers);
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}

#[tokio::test]
async fn an_ipv4_address_that_comes_late_is_not_lost() {
    const ADDRESS: &str = "@ 60 IN A 192.0.2.1\n@ 60 IN AAAA 2001:db8::1";
    let (found, _) = outcome(ADDRESS, |question, _| {
        match asked(question).ends_with(" A") {
            true => Fate::Delayed(Duration::from_millis(150)),
            false => Fate::Passed,
        }
    })
    .await;
    assert_eq!(hops(&found.unwrap()), SERVERS);
}

#[tokio::test]
async fn slow_answers_are_waited_for() {
    let (found, _) = outcome(ZONE, |_, _| Fate::Delayed(Duration::from_millis(100))).await;
    let found = found.unwrap();
    assert_eq!(hops(&found), SERVERS);
    // As often as the delays are: what is asked at once costs one.
    assert!(found.round_trips() <= 2);
}

#[tokio::test]
async fn answers_with_a_wrong_number_or_question_are_nobodys() {
    let wrong_id = |question: Message| {
        let mut answer = forged(question);
        answer.metadata.id = answer.metadata.id.wrapping_add(1);
        answer.to_vec().unwrap()
    };
    let (found, _) = outcome(ZONE, move |_, _| Fate::Forestalled(wrong_id)).await;
    assert_eq!(hops(&found.unwrap()), SERVERS);
    let wrong_question = |question: Message| {
        let mut answer = forged(question);
        answer.queries[0].set_name(name("evil.example.net."));
        answer.to_vec().unwrap()
    };
    let (found, _) = outcome(ZONE, move |_, _| Fate::Forestalled(wrong_question)).await;
    assert_eq!(hops(&found.unwrap()), SERVERS);
}

#[tokio::test]
async fn records_that_nobody_asked_for_are_not_believed() {
    // As by a server, or somebody before it, who adds what is not its own to every answer.
    let (found, _) = outcome(ZONE, |_, _| {
        Fate::Changed(|answer| {
            let poison = |owner: &str, data| Record::from_rdata(name(owner), 600, data);
            let address = RData::A(A([203, 0, 113, 66].into()));
            let edge = RData::SRV(SRV::new(0, 0, 5061, name("evil.example.net.")));
            answer
                .additionals
                .push(poison("evil.example.net.", address.clone()));
            answer.additionals.push(poison("com.", address.clone()));
            answer
                .answers
                .push(poison("evil.example.net.", address.clone()));
            answer.answers.push(poison("_sips._tcp.example.net.", edge));
            answer.authorities.push(poison("example.com.", address));
        })
    })
    .await;
    assert_eq!(hops(&found.unwrap()), SERVERS);
}

#[tokio::test]
async fn addresses_of_another_domains_server_are_asked_for_and_not_taken_from_the_side() {
    // The server does not know example.net, and says so.
    let zone = "_sip._tls 60 IN SRV 10 0 5061 edge.example.net.";
    let (found, _) = outcome(zone, |_, _| {
        Fate::Changed(|answer| {
            let edge = name("edge.example.net.");
            let four = RData::A(A([203, 0, 113, 66].into()));
            let six = RData::AAAA(AAAA("2001:db8::66".parse().unwrap()));
            answer
                .additionals
                .push(Record::from_rdata(edge.clone(), 600, four));
            answer.additionals.push(Record::from_rdata(edge, 600, six));
        })
    })
    .await;
    assert_eq!(found.unwrap_err().error(), ResolveError::Temporary);
}

#[tokio::test]
async fn poison_for_the_domain_itself_still_leads_to_nobody_but_its_certificate() {
    let (found, _) = outcome(ZONE, |_, _| {
        Fate::Replaced(|question| forged(question).to_vec().unwrap())
    })
    .await;
    let found = found.unwrap();
    assert!(!found.hops().is_empty());
    for hop in found.hops() {
        assert_eq!(
            (hop.transport(), hop.verify()),
            (Transport::Tls, "example.com")
        );
        assert_eq!(hop.address(), evil());
    }
}

#[tokio::test]
async fn a_server_that_fails_at_srv_is_no_reason_to_take_addresses() {
    for code in [
        ResponseCode::ServFail,
        ResponseCode::NotImp,
        ResponseCode::Refused,
        ResponseCode::FormErr,
    ] {
        let (found, _) = outcome(ZONE, move |question, _| {
            match asked(question) == "_sip._tls.example.com. SRV" {
                true => Fate::Refused(code),
                false => Fate::Passed,
            }
        })
        .await;
        let failure = found.unwrap_err();
        assert_eq!(failure.error(), ResolveError::Temporary, "{code}");
        assert!(failure.is_temporary());
    }
}

#[tokio::test]
async fn a_server_that_knows_no_naptr_leads_to_srv() {
    for code in [ResponseCode::ServFail, ResponseCode::NotImp] {
        let (found, _) = outcome(ZONE, move |question, _| {
            match asked(question).ends_with(" NAPTR") {
                true => Fate::Refused(code),
                false => Fate::Passed,
            }
        })
        .await;
        assert_eq!(hops(&found.unwrap()), SERVERS, "{code}");
    }
}

#[tokio::test]
async fn a_server_that_knows_no_edns_is_asked_without_and_remembered() {
    for code in [
        ResponseCode::FormErr,
        ResponseCode::NotImp,
        ResponseCode::BADVERS,
    ] {
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        let server = proxy(serve(ZONE).await, move |question, _| {
            match question.edns.is_some() {
                true => {
                    count.fetch_add(1, Ordering::SeqCst);
                    Fate::Refused(code)
                }
                false => Fate::Passed,
            }
        })
        .await;
        let options = Options::default().with_cache_capacity(0);
        let resolver = Resolver::new([server], options).unwrap();
        for _ in 0..2 {
            let target = "example.com".parse().unwrap();
            let policy = Policy::room_os();
            let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
            assert_eq!(hops(&found.unwrap()), SERVERS, "{code}");
            // Nothing of the second round.
            assert_eq!(refused.load(Ordering::SeqCst), 5, "{code}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_silent_about_edns_is_asked_without() {
    let server = proxy(serve(ZONE).await, |question, _| {
        match question.edns.is_some() {
            true => Fate::Dropped,
            false => Fate::Passed,
        }
    })
    .await;
    let options = Options::default().with_question_timeout(Duration::from_secs(1));
    let found = resolve(server, options).await.unwrap();
    assert_eq!(hops(&found), SERVERS);
}

#[tokio::test]
async fn a_truncated_answer_is_worth_nothing_where_there_is_no_tcp() {
    let (found, _) = outcome(ZONE, |question, _| {
        match asked(question) == "_sip._tls.example.com. SRV" {
            true => Fate::Changed(|answer| answer.metadata.truncation = true),
            false => Fate::Passed,
        }
    })
    .await;
    let failure = found.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
}

#[tokio::test]
async fn a_lame_server_is_passed_over_for_the_next() {
    let referral = |question: Message| {
        let mut answer = question;
        answer.metadata.message_type = MessageType::Response;
        let root = RData::NS(NS(name("a.root-servers.net.")));
        answer.authorities = vec![Record::from_rdata(Name::root(), 600, root)];
        answer.to_vec().unwrap()
    };
    let refused = |question| empty(question, ResponseCode::Refused);
    let failed = |question| empty(question, ResponseCode::ServFail);
    let good = serve(ZONE).await;
    for (lame, failure) in [
        (referral as fn(Message) -> Vec<u8>, QueryFailure::Lame),
        (refused, QueryFailure::Lame),
        (failed, QueryFailure::Server),
    ] {
        let bad = proxy(good, move |_, _| Fate::Replaced(lame)).await;
        let resolver = Resolver::new([bad, good], Options::default()).unwrap();
        let target = "example.com".parse().unwrap();
        let policy = Policy::room_os();
        let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
        assert_eq!(hops(&found.unwrap()), SERVERS);

        let alone = resolve(bad, Options::default()).await.unwrap_err();
        assert_eq!(alone.error(), ResolveError::Temporary);
        let mut events = alone.trace().entries().iter().map(|entry| entry.event());
        let is_named = |event: &TraceEvent| matches!(event, TraceEvent::Failed { failure: why, .. } if *why == failure);
        assert!(events.any(is_named), "{}", alone.trace());
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_a_failure() {
    for garbage in [
        (|question: Message| question.metadata.id.to_be_bytes().to_vec()) as fn(_) -> Vec<u8>,
        |question| {
            let mut bytes = empty(question, ResponseCode::NoError);
            // An answer is announced that is not there.
            bytes[7] = 1;
            bytes
        },
    ] {
        let server = proxy(serve(ZONE).await, move |_, _| Fate::Replaced(garbage)).await;
        let options = Options::default().with_deadline(Duration::from_secs(1));
        let failure = resolve(server, options).await.unwrap_err();
        assert_eq!(failure.error(), ResolveError::Temporary);
    }
}

#[tokio::test]
async fn aliases_without_an_end_are_left() {
    let (found, _) = outcome(ZONE, |question, _| {
        if !asked(question).starts_with("_sip._tls") && !asked(question).starts_with('n') {
            return Fate::Passed;
        }
        Fate::Replaced(|question| {
            let owner = question.queries[0].name().clone();
            let next = name(&format!("n{}.example.com.", question.metadata.id));
            let alias = RData::CNAME(hickory_server::proto::rr::rdata::CNAME(next));
            let mut answer = question;
            answer.metadata.message_type = MessageType::Response;
            answer.answers = vec![Record::from_rdata(owner, 600, alias)];
            answer.to_vec().unwrap()
        })
    })
    .await;
    let failure = found.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Loop);
    assert!(failure.trace().questions() <= 12, "{}", failure.trace());
}

#[tokio::test]
async fn two_runs_of_a_server_that_adds_at_random_give_the_same() {
    // As a cache adds what it happens to know.
    let (found, _) = outcome(ZONE, |_, _| {
        Fate::Changed(|answer| {
            answer.metadata.authoritative = false;
            let host = name("one.example.com.");
            let four = Record::from_rdata(host, 60, RData::A(A([192, 0, 2, 1].into())));
            answer.additionals = vec![four];
        })
    })
    .await;
    let with_half = hops(&found.unwrap());
    assert_eq!(with_half, SERVERS);
    let (found, _) = outcome(ZONE, |_, _| {
        Fate::Changed(|answer| {
            answer.metadata.authoritative = false;
            let host = name("one.example.com.");
            let six = RData::AAAA(AAAA("2001:db8::1".parse().unwrap()));
            answer.additionals = vec![Record::from_rdata(host, 60, six)];
        })
    })
    .await;
    assert_eq!(hops(&found.unwrap()), with_half);
}
