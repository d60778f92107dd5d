//! What a driver keeps, and when it asks again: in real time, for zones that live a second or two.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use offhook_sip_resolver::{
    DomainName, Note, Options, Policy, Resolution, ResolveError, ResolveFailure, Resolver, Side,
    TraceEvent,
};
use tokio::time::{Instant, sleep};

use crate::server::{Fate, proxy, serve};
use crate::zone::Counter;

/// A name server, how many questions it got, and whether it is to be silent.
struct Watched {
    address: SocketAddr,
    questions: Arc<AtomicUsize>,
    silent: Arc<AtomicBool>,
}

impl Watched {
    async fn serve(zone: &str) -> Self {
        let (questions, silent) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (count, quiet) = (Arc::clone(&questions), Arc::clone(&silent));
        let address = proxy(serve(zone).await, move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            match quiet.load(Ordering::SeqCst) {
                true => Fate::Dropped,
                false => Fate::Passed,
            }
        })
        .await;
        Self {
            address,
            questions,
            silent,
        }
    }

    fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }
}

async fn resolve(resolver: &Resolver) -> Result<Resolution, ResolveFailure> {
    let target = "example.com".parse().unwrap();
    resolver
        .resolve(&target, &Policy::room_os(), &mut Counter(3))
        .await
}

fn note(found: &Resolution) -> Option<&Note> {
    let notes = found.trace().entries().iter();
    let mut notes = notes.filter_map(|entry| match entry.event() {
        TraceEvent::Noted(note @ (Note::Cached(_) | Note::Stale(_))) => Some(note),
        _ => None,
    });
    notes.next()
}

/// Everything in it lives for this many seconds.
fn zone(seconds: u32) -> String {
    format!("_sip._tls {seconds} IN SRV 10 0 5061 one\none {seconds} IN A 192.0.2.1")
}

#[tokio::test]
async fn a_warm_answer_asks_nothing_and_a_clone_knows_it_too() {
    let server = Watched::serve(&zone(60)).await;
    let resolver = Resolver::new([server.address], Options::default()).unwrap();
    let cold = resolve(&resolver).await.unwrap();
    let asked = server.questions();
    let warm = resolve(&resolver.clone()).await.unwrap();
    assert_eq!(server.questions(), asked);
    assert_eq!((warm.questions(), warm.round_trips()), (0, 0));
    let addresses =
        |found: &Resolution| -> Vec<_> { found.hops().iter().map(|hop| hop.address()).collect() };
    assert_eq!(addresses(&warm), addresses(&cold));
    assert!(matches!(note(&warm), Some(Note::Cached(_))));
    resolver.clear();
    resolve(&resolver).await.unwrap();
    assert!(server.questions() > asked);
}

#[tokio::test]
async fn an_answer_is_asked_for_again_when_its_time_is_over() {
    let server = Watched::serve(&zone(1)).await;
    let resolver = Resolver::new([server.address], Options::default()).unwrap();
    resolve(&resolver).await.unwrap();
    let asked = server.questions();
    sleep(Duration::from_millis(1_050)).await;
    let again = resolve(&resolver).await.unwrap();
    assert!(server.questions() > asked);
    assert_eq!(note(&again), None);
}

#[tokio::test]
async fn that_there_is_no_service_is_kept_too_but_no_failure() {
    let server = Watched::serve("_sip._tls 60 IN SRV 0 0 0 .").await;
    let resolver = Resolver::new([server.address], Options::default()).unwrap();
    let failure = resolve(&resolver).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::ServiceNotAvailable);
    let asked = server.questions();
    let failure = resolve(&resolver).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::ServiceNotAvailable);
    assert_eq!(server.questions(), asked);

    let server = Watched::serve(&zone(60)).await;
    let options = Options::default().with_deadline(Duration::from_millis(200));
    let resolver = Resolver::new([server.address], options).unwrap();
    server.silent.store(true, Ordering::SeqCst);
    let failure = resolve(&resolver).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
    server.silent.store(false, Ordering::SeqCst);
    assert!(resolve(&resolver).await.is_ok());
}

#[tokio::test]
async fn an_answer_near_its_end_is_asked_for_ahead_where_that_is_wanted() {
    for (options, ahead) in [
        (Options::default(), false),
        (Options::default().with_prefetch(), true),
    ] {
        let server = Watched::serve(&zone(2)).await;
        let resolver = Resolver::new([server.address], options).unwrap();
        resolve(&resolver).await.unwrap();
        let asked = server.questions();
        sleep(Duration::from_millis(1_850)).await;
        for _ in 0..10 {
            let warm = resolve(&resolver).await.unwrap();
            assert!(note(&warm).is_some());
        }
        sleep(Duration::from_millis(300)).await;
        assert_eq!(server.questions() > asked, ahead);
        // Once, not ten times; and what came is what is known now.
        assert!(server.questions() <= 2 * asked);
        let known = resolve(&resolver).await.unwrap();
        assert_eq!(note(&known).is_some(), ahead);
    }
}

#[tokio::test]
async fn stale_servers_stand_in_for_name_servers_that_fail_where_that_is_wanted() {
    let server = Watched::serve(&zone(1)).await;
    let options = Options::default().with_max_stale(Duration::from_secs(3_600));
    let resolver = Resolver::new([server.address], options).unwrap();
    resolve(&resolver).await.unwrap();
    server.silent.store(true, Ordering::SeqCst);
    sleep(Duration::from_millis(1_050)).await;
    let begun = Instant::now();
    let stale = resolve(&resolver).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    assert!(matches!(note(&stale), Some(Note::Stale(_))));
    assert_eq!(stale.hops().len(), 1);
    // For a while nobody waits again.
    let begun = Instant::now();
    assert!(matches!(
        note(&resolve(&resolver).await.unwrap()),
        Some(Note::Stale(_))
    ));
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn where_a_device_stands_is_found_out_for_all_domains_at_once() {
    let server = Watched::serve(
        "_collab-edge._tls 60 IN SRV 10 10 8443 expe
        expe 60 IN A 192.0.2.11
        _cisco-uds._tcp.inside 60 IN SRV 10 10 8443 cucm
        cucm 60 IN A 192.0.2.21",
    )
    .await;
    let resolver = Resolver::new([server.address], Options::default()).unwrap();
    let domain = |name: &str| name.parse::<DomainName>().unwrap();
    let domains = [domain("example.com"), domain("inside.example.com")];
    let outside = resolver.edge(&domains[..1], &mut Counter(1)).await.unwrap();
    assert_eq!(outside.side(), Side::Outside);
    let edge = "TLS 192.0.2.11:8443 as example.com";
    assert_eq!(outside.resolution().hops()[0].to_string(), edge);
    let inside = resolver.edge(&domains, &mut Counter(1)).await.unwrap();
    assert_eq!(
        (inside.side(), inside.domain()),
        (Side::Inside, &domains[1])
    );
    let failure = resolver.edge(&[], &mut Counter(1)).await.unwrap_err();
    assert_eq!(failure.error(), ResolveError::NotFound);
}

#[tokio::test]
async fn who_had_no_room_to_ask_about_the_inside_is_not_sent_outside() {
    let zone = "
        _collab-edge._tls.one 60 IN SRV 10 10 8443 edge
        _cisco-uds._tcp.two 60 IN SRV 10 10 8443 inside
        edge 60 IN A 192.0.2.11
        inside 60 IN A 192.0.2.21
    ";
    let server = serve(zone).await;
    let domains = ["one.example.com", "two.example.com"];
    let domains: [DomainName; 2] = domains.map(|domain| domain.parse().unwrap());
    for searches in [2, 4] {
        let options = Options::default().with_max_searches(searches);
        let resolver = Resolver::new([server], options).unwrap();
        let edge = resolver.edge(&domains, &mut Counter(3)).await;
        match searches {
            4 => assert_eq!(edge.unwrap().side(), Side::Inside),
            _ => assert_eq!(edge.unwrap_err().error(), ResolveError::Temporary),
        }
    }
}
