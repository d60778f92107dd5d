//! Name servers that do not know EDNS, and do not say so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hickory_server::proto::op::{Message, ResponseCode};
use hickory_server::proto::rr::rdata::{A, AAAA};
use hickory_server::proto::rr::{RData, Record};
use offhook_sip_resolver::{Options, Policy, Resolver};

use crate::network::resolve;
use crate::server::{Fate, empty, proxy, serve};
use crate::zone::Counter;

const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
";
const SERVER: &str = "TLS 192.0.2.1:5061 as example.com";
const CODES: [ResponseCode; 4] = [
    ResponseCode::FormErr,
    ResponseCode::NotImp,
    ResponseCode::Refused,
    ResponseCode::ServFail,
];

/// So patient that whoever waits for silence is over the deadline.
fn patient() -> Options {
    Options::default().with_question_timeout(Duration::from_secs(60))
}

/// Asks a server of `zone` that knows no EDNS: a question with it has `fate`, which is of `code`.
async fn is_asked_without(
    zone: SocketAddr,
    code: ResponseCode,
    fate: impl Fn() -> Fate + Send + Sync + 'static,
) {
    let server = proxy(zone, move |question, _| match question.edns.is_some() {
        true => fate(),
        false => Fate::Passed,
    })
    .await;
    let found = resolve(server, patient()).await;
    let found = found.unwrap_or_else(|failure| panic!("{code}:\n{}", failure.trace()));
    assert_eq!(found.hops()[0].to_string(), SERVER, "{code}");
}

#[tokio::test]
async fn a_header_alone_is_an_answer_to_edns() {
    fn header(mut question: Message, code: ResponseCode) -> Vec<u8> {
        question.queries.clear();
        question.edns = None;
        let answer = empty(question, code);
        assert_eq!(answer.len(), 12);
        answer
    }
    let headers: [fn(Message) -> Vec<u8>; 4] = [
        |question| header(question, CODES[0]),
        |question| header(question, CODES[1]),
        |question| header(question, CODES[2]),
        |question| header(question, CODES[3]),
    ];
    let zone = serve(ZONE).await;
    for (header, code) in headers.into_iter().zip(CODES) {
        is_asked_without(zone, code, move || Fate::Replaced(header)).await;
    }
}

#[tokio::test]
async fn a_server_that_fails_of_edns_is_asked_without() {
    let zone = serve(ZONE).await;
    for code in CODES {
        is_asked_without(zone, code, move || Fate::Refused(code)).await;
    }
}

#[tokio::test]
async fn a_server_that_was_silent_with_edns_twice_is_asked_without_at_once() {
    let with_edns = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&with_edns);
    let server = proxy(serve(ZONE).await, move |question, _| {
        match question.edns.is_some() {
            true => {
                count.fetch_add(1, Ordering::SeqCst);
                Fate::Dropped
            }
            false => Fate::Passed,
        }
    })
    .await;
    let options = Options::default()
        .with_cache_capacity(0)
        .with_question_timeout(Duration::from_secs(1));
    let resolver = Resolver::new([server], options).unwrap();
    let target = "example.com".parse().unwrap();
    let mut counts = Vec::new();
    for _ in 0..4 {
        let policy = Policy::room_os();
        let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
        assert_eq!(found.unwrap().hops()[0].to_string(), SERVER);
        counts.push(with_edns.load(Ordering::SeqCst));
    }
    // Once is no proof: it is asked with EDNS again.
    assert!(0 < counts[0] && counts[0] < counts[1], "{counts:?}");
    assert_eq!(counts[1..], [counts[1]; 3]);
}

#[tokio::test]
async fn what_is_no_failure_without_edns_does_not_clear_edns_of_it() {
    let knows = Arc::new(AtomicBool::new(false));
    let known = Arc::clone(&knows);
    let server = proxy(serve(ZONE).await, move |question, _| {
        match (question.edns.is_some(), known.load(Ordering::SeqCst)) {
            (true, _) => Fate::Refused(ResponseCode::ServFail),
            (false, false) => Fate::Refused(ResponseCode::NotImp),
            (false, true) => Fate::Passed,
        }
    })
    .await;
    let resolver = Resolver::new([server], patient()).unwrap();
    let (target, policy) = ("example.com".parse().unwrap(), Policy::room_os());
    let failed = resolver.resolve(&target, &policy, &mut Counter(3)).await;
    failed.unwrap_err();
    knows.store(true, Ordering::SeqCst);
    let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
    let found = found.unwrap_or_else(|failure| panic!("{}", failure.trace()));
    assert_eq!(found.hops()[0].to_string(), SERVER);
}

/// A zone of servers with names as they are in the field, and IPv4 alone.
fn servers(count: usize) -> String {
    let lines = (1..=count).map(|server| {
        let host = format!("sbc-{server}.voice-edge.frankfurt");
        format!("_sip._tls 60 IN SRV {server} 0 5061 {host}\n{host} 60 IN A 192.0.2.{server}\n")
    });
    lines.collect()
}

/// Adds the addresses of all [`servers`], as BIND does.
fn add(answer: &mut Message) {
    let added = answer
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::SRV(srv) => {
                let server = u8::try_from(srv.priority).unwrap();
                let address = RData::A(A([192, 0, 2, server].into()));
                Some(Record::from_rdata(srv.target.clone(), 60, address))
            }
            _ => None,
        });
    answer.additionals = added.collect();
}

#[tokio::test]
async fn addresses_that_come_along_within_what_edns_allows_cost_one_round() {
    for count in [1, 2, 3, 8] {
        let server = proxy(serve(&servers(count)).await, |_, _| Fate::Changed(add)).await;
        let found = resolve(server, Options::default()).await.unwrap();
        assert_eq!(found.hops().len(), count);
        assert_eq!(found.round_trips(), 1, "{}", found.trace());
    }
}

#[tokio::test]
async fn addresses_that_may_be_left_out_of_short_messages_are_asked_for() {
    let without: fn(&mut Message) = |answer| {
        add(answer);
        answer.edns = None;
    };
    let short: fn(&mut Message) = |answer| {
        add(answer);
        answer.edns.get_or_insert_default().set_max_payload(512);
    };
    for change in [without, short] {
        let server = proxy(serve(&servers(3)).await, move |_, _| Fate::Changed(change)).await;
        let found = resolve(server, Options::default()).await.unwrap();
        assert_eq!(found.hops().len(), 3);
        assert_eq!(found.round_trips(), 2, "{}", found.trace());
    }
}

/// Adds the IPv4 addresses of all [`servers`] and the IPv6 addresses of the first two, as BIND does whose
/// own limit is near, and which says in EDNS that it takes more.
fn add_what_fits(answer: &mut Message) {
    add(answer);
    let first = answer.additionals.iter().take(2).zip(1_u16..);
    let more: Vec<_> = first
        .map(|(record, server)| {
            let address = RData::AAAA(AAAA([0x2001, 0xdb8, 0, 0, 0, 0, 0, server].into()));
            Record::from_rdata(record.name.clone(), 60, address)
        })
        .collect();
    answer.additionals.extend(more);
    answer.edns.get_or_insert_default().set_max_payload(1_232);
}

#[tokio::test]
async fn addresses_that_a_server_leaves_out_of_long_messages_are_asked_for() {
    let six = (1..=5)
        .map(|server| format!("sbc-{server}.voice-edge.frankfurt 60 IN AAAA 2001:db8::{server}\n"));
    let zone = servers(5) + &six.collect::<String>();
    let server = proxy(serve(&zone).await, |_, _| Fate::Changed(add_what_fits)).await;
    let found = resolve(server, Options::default()).await.unwrap();
    assert_eq!(found.hops().len(), 10, "{}", found.trace());
}
