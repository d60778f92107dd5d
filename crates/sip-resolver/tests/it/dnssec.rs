//! Answers that are validated by DNSSEC, of zones that are signed when a test starts.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_server::proto::op::{Message, Query, ResponseCode};
use hickory_server::proto::rr::rdata::A;
use hickory_server::proto::rr::{Name, RData, Record, RecordType};
use hickory_server::proto::serialize::txt::Parser;
use offhook_sip_resolver::{
    Dnssec, Families, Options, Policy, QueryFailure, Resolution, ResolveError, ResolveFailure,
    Resolver, SetupError, TraceEvent, Unsigned,
};

use tokio::net::UdpSocket;

use crate::server::{Fate, ask, asked, proxy};
use crate::signed::Signed;
use crate::zone::Counter;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
    one 60 IN AAAA 2001:db8::1
    @ 60 IN A 192.0.2.9
    _sip._tls.alias 60 IN CNAME _sip._tls
    _sip._tls.gone 60 IN CNAME nowhere
    gone 60 IN A 192.0.2.6
    _sip._tls.mixed 60 IN SRV 10 0 5061 host.plain
    plain 60 IN NS ns.plain
    ns.plain 60 IN A 127.0.0.1
    _sip._tls.plain 60 IN SRV 10 0 5061 host.plain
    host.plain 60 IN A 192.0.2.5
    *.wild 60 IN A 192.0.2.7
    own.wild 60 IN A 192.0.2.8
";
const SERVERS: [&str; 2] = [
    "TLS [2001:db8::1]:5061 as example.com",
    "TLS 192.0.2.1:5061 as example.com",
];

async fn zone() -> Signed {
    Signed::serve(ZONE, DAY).await
}

async fn resolve(
    servers: &[SocketAddr],
    dnssec: &Dnssec,
    target: &str,
) -> Result<Resolution, ResolveFailure> {
    let options = Options::default();
    let resolver = Resolver::new(servers.iter().copied(), options).unwrap();
    let target = target.parse().unwrap();
    let resolver = resolver.with_dnssec(dnssec);
    resolver
        .resolve(&target, &Policy::room_os(), &mut Counter(3))
        .await
}

fn hops(outcome: &Result<Resolution, ResolveFailure>) -> Vec<String> {
    match outcome {
        Ok(found) => found.hops().iter().map(ToString::to_string).collect(),
        Err(failure) => panic!("{failure:?}\n{}", failure.trace()),
    }
}

fn trusting(zone: &Signed) -> Dnssec {
    Dnssec::with_anchors(&zone.anchor).unwrap()
}

/// The outcome where somebody between changes the answers to this question.
async fn changed(
    question: &'static str,
    change: fn(&mut Message),
) -> Result<Resolution, ResolveFailure> {
    let zone = zone().await;
    let server = proxy(zone.address, move |message, _| {
        match asked(message) == question {
            true => Fate::Changed(change),
            false => Fate::Passed,
        }
    })
    .await;
    resolve(&[server], &trusting(&zone), "example.com").await
}

#[track_caller]
fn assert_failed(outcome: Result<Resolution, ResolveFailure>, why: QueryFailure) {
    let failure = match outcome {
        Ok(found) => panic!("{found:?}\n{}", found.trace()),
        Err(failure) => failure,
    };
    assert_eq!(
        failure.error(),
        ResolveError::Temporary,
        "{}",
        failure.trace()
    );
    let mut events = failure.trace().entries().iter().map(|entry| entry.event());
    let is = |event: &TraceEvent| matches!(event, TraceEvent::Failed { failure, exchange: Some(_), .. } if *failure == why);
    assert!(events.any(is), "{}", failure.trace());
}

/// The SOA record of this zone.
fn soa(zone: &str) -> Vec<Record> {
    let text = "@ 60 IN SOA ns admin 1 60 60 60 60\n";
    let parser = Parser::new(text, None, Some(Name::from_ascii(zone).unwrap()));
    let sets = parser.parse().unwrap().1.into_values();
    let records = sets.flat_map(|set| set.records_without_rrsigs().cloned().collect::<Vec<_>>());
    records.collect()
}

fn is_signature(record: &Record) -> bool {
    record.record_type() == RecordType::RRSIG
}

#[tokio::test]
async fn a_signed_zone_leads_to_its_servers_and_the_trace_says_that_it_is_secure() {
    let zone = zone().await;
    for unsigned in [Unsigned::Accept, Unsigned::Refuse] {
        let dnssec = trusting(&zone).with_unsigned(unsigned);
        let found = resolve(&[zone.address], &dnssec, "example.com").await;
        assert_eq!(hops(&found), SERVERS);
        let found = found.unwrap();
        let answered = |event: &&TraceEvent| matches!(event, TraceEvent::Answered { .. });
        let events = found.trace().entries().iter().map(|entry| entry.event());
        for event in events.filter(answered) {
            assert!(event.exchange().unwrap().is_secure(), "{event}");
        }
        let text = found.trace().to_string();
        let told = format!("NAPTR: no records [{}, secure]\n", zone.address);
        assert!(text.contains(&told), "{text}");
    }
}

#[tokio::test]
async fn what_was_changed_on_the_way_leads_to_nobody() {
    let address = |answer: &mut Message| {
        for record in &mut answer.answers {
            if let RData::A(address) = &mut record.data {
                *address = A([203, 0, 113, 66].into());
            }
        }
    };
    let port = |answer: &mut Message| {
        for record in &mut answer.answers {
            if let RData::SRV(srv) = &mut record.data {
                srv.port = 5071;
            }
        }
    };
    let unsigned = |answer: &mut Message| answer.answers.retain(|one| !is_signature(one));
    let nothing = |answer: &mut Message| answer.answers.clear();
    let no_such_name = |answer: &mut Message| {
        answer.answers.clear();
        answer.metadata.response_code = ResponseCode::NXDomain;
    };
    const SRV: &str = "_sip._tls.example.com. SRV";
    for change in [port as fn(&mut Message), unsigned, nothing, no_such_name] {
        assert_failed(changed(SRV, change).await, QueryFailure::Bogus);
    }
    // One family that is good is enough.
    let found = changed("one.example.com. A", address).await;
    assert_eq!(hops(&found), SERVERS[..1]);
    let zone = zone().await;
    let server = proxy(zone.address, move |_, _| Fate::Changed(address)).await;
    let target = "sips:one.example.com:5061";
    let resolver = Resolver::new([server], Options::default()).unwrap();
    let resolver = resolver.with_dnssec(&trusting(&zone));
    let policy = Policy::room_os().with_families(Families::Ipv4Only);
    let outcome = resolver
        .resolve(&target.parse().unwrap(), &policy, &mut Counter(3))
        .await;
    assert_failed(outcome, QueryFailure::Bogus);
}

#[tokio::test]
async fn addresses_that_somebody_adds_are_not_taken() {
    let found = changed("_sip._tls.example.com. SRV", |answer| {
        let host = Name::from_ascii("one.example.com.").unwrap();
        let address = RData::A(A([203, 0, 113, 66].into()));
        answer.additionals = vec![Record::from_rdata(host, 60, address)];
    })
    .await;
    assert_eq!(hops(&found), SERVERS);
}

#[tokio::test]
async fn the_end_of_an_alias_that_somebody_cuts_off_is_asked_for() {
    let zone = zone().await;
    // With the signed SOA record, as if it were proved that nothing stands there.
    let soa = answers(zone.address, "example.com.", RecordType::SOA).await;
    assert_eq!(soa.len(), 2);
    let server = meddler(
        zone.address,
        "_sip._tls.alias.example.com.",
        move |answer| {
            let alias = answer.queries[0].name().clone();
            answer.answers.retain(|one| one.name == alias);
            answer.authorities.clone_from(&soa);
        },
    )
    .await;
    let found = resolve(&[server], &trusting(&zone), "alias.example.com").await;
    let servers = SERVERS.map(|server| server.replace("as ", "as alias."));
    assert_eq!(hops(&found), servers);
}

#[tokio::test]
async fn that_nothing_stands_where_an_alias_leads_is_proved_by_a_question_of_its_own() {
    let zone = zone().await;
    let dnssec = trusting(&zone).with_unsigned(Unsigned::Refuse);
    let found = resolve(&[zone.address], &dnssec, "gone.example.com").await;
    assert_eq!(hops(&found), ["TLS 192.0.2.6:5061 as gone.example.com"]);
    let text = found.unwrap().trace().to_string();
    assert!(
        text.contains("< nowhere.example.com SRV: no records"),
        "{text}"
    );
}

#[tokio::test]
async fn an_unsigned_zone_cannot_say_that_another_has_nothing() {
    let outcome = changed("_sip._tls.example.com. SRV", |answer| {
        answer.answers.clear();
        answer.authorities = soa("plain.example.com.");
    })
    .await;
    assert_failed(outcome, QueryFailure::Bogus);
}

/// A name server whose answers about this name are changed.
async fn meddler(
    upstream: SocketAddr,
    about: &str,
    change: impl Fn(&mut Message) + Send + 'static,
) -> SocketAddr {
    let about = Name::from_ascii(about).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 4_096];
        while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
            let answer = ask(upstream, &buffer[..length]).await;
            let mut answer = Message::from_vec(&answer).unwrap();
            if *answer.queries[0].name() == about {
                change(&mut answer);
            }
            let _ = socket.send_to(&answer.to_vec().unwrap(), client).await;
        }
    });
    address
}

/// What the server answers.
async fn answers(upstream: SocketAddr, name: &str, kind: RecordType) -> Vec<Record> {
    let mut question = Message::query();
    question.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let answer = ask(upstream, &question.to_vec().unwrap()).await;
    Message::from_vec(&answer).unwrap().answers
}

#[tokio::test]
async fn a_wildcard_stands_for_no_name_that_has_records_of_its_own() {
    let zone = zone().await;
    let dnssec = trusting(&zone);
    let policy = Policy::room_os().with_families(Families::Ipv4Only);
    let find = async |server: SocketAddr, name: &str| {
        let target = format!("sips:{name}.wild.example.com:5061")
            .parse()
            .unwrap();
        let resolver = Resolver::new([server], Options::default()).unwrap();
        let resolver = resolver.with_dnssec(&dnssec);
        resolver.resolve(&target, &policy, &mut Counter(3)).await
    };
    for (name, address) in [("deep.any", "192.0.2.7"), ("own", "192.0.2.8")] {
        let found = find(zone.address, name).await;
        let server = format!("TLS {address}:5061 as {name}.wild.example.com");
        assert_eq!(hops(&found), [server]);
    }
    // Somebody answers with what stands for other names, and a word of an unsigned zone.
    let others = answers(zone.address, "any.wild.example.com.", RecordType::A).await;
    let server = meddler(zone.address, "own.wild.example.com.", move |answer| {
        answer.answers.clone_from(&others);
        for record in &mut answer.answers {
            record.name = Name::from_ascii("own.wild.example.com.").unwrap();
        }
        answer.authorities = soa("plain.example.com.");
    })
    .await;
    assert_failed(find(server, "own").await, QueryFailure::Bogus);
}

#[tokio::test]
async fn another_key_or_one_whose_time_is_over_proves_nothing() {
    let (one, other) = (zone().await, zone().await);
    let outcome = resolve(&[one.address], &trusting(&other), "example.com").await;
    assert_failed(outcome, QueryFailure::Bogus);
    // The root's keys lead to no key of this zone.
    let outcome = resolve(&[one.address], &Dnssec::default(), "example.com").await;
    assert_failed(outcome, QueryFailure::Bogus);
    let over = Signed::serve(ZONE, Duration::from_secs(60)).await;
    let outcome = resolve(&[over.address], &trusting(&over), "example.com").await;
    assert_failed(outcome, QueryFailure::Bogus);
}

#[tokio::test]
async fn a_zone_that_is_provably_unsigned_is_taken_unless_told_otherwise() {
    let zone = zone().await;
    let (servers, accepts) = ([zone.address], trusting(&zone));
    let refuses = accepts.clone().with_unsigned(Unsigned::Refuse);
    for target in ["plain.example.com", "mixed.example.com"] {
        let found = resolve(&servers, &accepts, target).await;
        assert_eq!(hops(&found), [format!("TLS 192.0.2.5:5061 as {target}")]);
        let text = found.unwrap().trace().to_string();
        let told = format!("host.plain.example.com 60 A 192.0.2.5 [{}]\n", zone.address);
        assert!(text.contains(&told), "{text}");
        let outcome = resolve(&servers, &refuses, target).await;
        assert_failed(outcome, QueryFailure::Unsigned);
    }
}

#[tokio::test]
async fn a_name_server_that_answers_bogus_is_passed_over_for_the_next() {
    let zone = zone().await;
    let bad = proxy(zone.address, |_, _| {
        Fate::Changed(|answer| answer.answers.retain(|one| !is_signature(one)))
    })
    .await;
    let found = resolve(&[bad, zone.address], &trusting(&zone), "example.com").await;
    assert_eq!(hops(&found), SERVERS);
}

#[tokio::test]
async fn the_code_of_a_server_that_fails_is_told() {
    let zone = zone().await;
    let server = proxy(zone.address, |_, _| Fate::Refused(ResponseCode::ServFail)).await;
    let outcome = resolve(&[server], &trusting(&zone), "example.com").await;
    let text = outcome.unwrap_err().trace().to_string();
    let told = format!("SRV: name server failed [{server}: SERVFAIL]\n");
    assert!(text.contains(&told), "{text}");
}

#[test]
fn keys_that_are_none_are_refused() {
    for text in [
        "example.com. 60 IN A 192.0.2.1\n",
        "example.com. IN DNSKEY 257 3 15 !\n",
    ] {
        let outcome = Dnssec::with_anchors(text);
        assert!(
            matches!(outcome, Err(SetupError::TrustAnchors(_))),
            "{text}"
        );
    }
    for text in ["", "example.com."] {
        let outcome = Dnssec::with_anchors(text);
        assert!(matches!(outcome, Err(SetupError::NoTrustAnchors)), "{text}");
    }
}
