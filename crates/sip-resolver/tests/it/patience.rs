//! How long the driver waits for a name server, and what it makes of odd answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hickory_server::proto::op::ResponseCode;
use hickory_server::proto::rr::rdata::{CNAME, SRV};
use hickory_server::proto::rr::{Name, RData, Record};
use offhook_sip_resolver::{Note, Options, Policy, ResolveError, Resolver, TraceEvent};
use tokio::time::sleep;

use crate::network::resolve;
use crate::server::{Fate, asked, proxy, serve};
use crate::zone::Counter;

const ZONE: &str = "
    _sip._tls 60 IN SRV 10 0 5061 one
    one 60 IN A 192.0.2.1
";
const SERVER: &str = "TLS 192.0.2.1:5061 as example.com";

#[tokio::test]
async fn an_answer_after_half_of_the_time_counts() {
    let server = proxy(serve(ZONE).await, |_, _| {
        Fate::Delayed(Duration::from_millis(600))
    })
    .await;
    let options = Options::default().with_question_timeout(Duration::from_secs(1));
    let found = resolve(server, options).await.unwrap();
    assert_eq!(found.hops()[0].to_string(), SERVER);
}

#[tokio::test]
async fn srv_records_that_cannot_be_read_are_no_reason_to_take_addresses() {
    let zone = serve("_sip._tls 60 IN SRV 10 0 5061 one\n@ 60 IN A 192.0.2.9").await;
    let server = proxy(zone, |question, _| {
        match asked(question).ends_with(" SRV") {
            true => Fate::Changed(|answer| {
                let odd = Name::from_labels([&b"a b"[..], b"example", b"com"]).unwrap();
                for record in &mut answer.answers {
                    let srv = RData::SRV(SRV::new(10, 0, 5061, odd.clone()));
                    *record = Record::from_rdata(record.name.clone(), 60, srv);
                }
            }),
            false => Fate::Passed,
        }
    })
    .await;
    let failure = resolve(server, Options::default()).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
}

#[tokio::test]
async fn an_alias_that_cannot_be_read_is_no_reason_to_take_addresses() {
    let zone = serve("_sip._tls 60 IN SRV 10 0 5061 one\n@ 60 IN A 192.0.2.9").await;
    let server = proxy(zone, |question, _| {
        match asked(question).ends_with(" SRV") {
            true => Fate::Changed(|answer| {
                let odd = Name::from_labels([&b"a b"[..], b"example", b"com"]).unwrap();
                for record in &mut answer.answers {
                    let alias = RData::CNAME(CNAME(odd.clone()));
                    *record = Record::from_rdata(record.name.clone(), 60, alias);
                }
            }),
            false => Fate::Passed,
        }
    })
    .await;
    let failure = resolve(server, Options::default()).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
}

#[tokio::test]
async fn a_lifetime_with_the_highest_bit_is_none() {
    let server = proxy(serve(ZONE).await, |_, _| {
        Fate::Changed(|answer| {
            for record in &mut answer.answers {
                record.ttl = 1 << 31;
            }
        })
    })
    .await;
    let found = resolve(server, Options::default()).await.unwrap();
    assert_eq!(found.ttl(), Duration::ZERO);
}

#[tokio::test]
async fn stale_servers_stand_in_for_name_servers_that_refuse_to_say() {
    let fails = Arc::new(AtomicBool::new(false));
    let broken = Arc::clone(&fails);
    let zone = serve("_sip._tls 1 IN SRV 10 0 5061 one\none 1 IN A 192.0.2.1").await;
    let server = proxy(zone, move |_, _| match broken.load(Ordering::SeqCst) {
        true => Fate::Refused(ResponseCode::ServFail),
        false => Fate::Passed,
    })
    .await;
    let options = Options::default().with_max_stale(Duration::from_secs(60));
    let resolver = Resolver::new([server], options).unwrap();
    let (target, policy) = ("example.com".parse().unwrap(), Policy::room_os());
    let found = resolver.resolve(&target, &policy, &mut Counter(3)).await;
    assert!(found.is_ok());
    fails.store(true, Ordering::SeqCst);
    sleep(Duration::from_millis(1_100)).await;
    let stale = resolver.resolve(&target, &policy, &mut Counter(3)).await;
    let stale = stale.unwrap();
    assert!(matches!(
        stale.trace().entries()[0].event(),
        TraceEvent::Noted(Note::Stale(_))
    ));
}
