//! Many who want the same at once ask once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hickory_server::proto::op::ResponseCode;
use offhook_sip_resolver::{
    Note, Options, Policy, Resolution, ResolveError, ResolveFailure, Resolver, TraceEvent,
};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::server::{Fate, proxy, serve};
use crate::zone::Counter;

const ZONE: &str = "
    _sip._tls 600 IN SRV 10 5 5061 one
    _sip._tls 600 IN SRV 10 5 5062 one
    _sip._tls 600 IN SRV 10 5 5063 one
    one 600 IN A 192.0.2.1
    one 600 IN AAAA 2001:db8::1
";

/// A name server that counts its questions, takes its time for each, and may have faults.
struct Slow {
    address: SocketAddr,
    questions: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
    /// Its answers live for a second.
    is_brief: Arc<AtomicBool>,
}

impl Slow {
    async fn serve() -> Self {
        let questions = Arc::new(AtomicUsize::new(0));
        let (fails, is_brief) = <(Arc<AtomicBool>, Arc<AtomicBool>)>::default();
        let (failing, brief) = (Arc::clone(&fails), Arc::clone(&is_brief));
        let odd = proxy(serve(ZONE).await, move |_, _| {
            match (failing.load(Ordering::SeqCst), brief.load(Ordering::SeqCst)) {
                (true, _) => Fate::Refused(ResponseCode::ServFail),
                (false, true) => Fate::Changed(|answer| {
                    let sections = [&mut answer.answers, &mut answer.additionals];
                    for record in sections.into_iter().flatten() {
                        record.ttl = 1;
                    }
                }),
                (false, false) => Fate::Passed,
            }
        })
        .await;
        let count = Arc::clone(&questions);
        let address = proxy(odd, move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            Fate::Delayed(Duration::from_millis(100))
        })
        .await;
        Self {
            address,
            questions,
            fails,
            is_brief,
        }
    }

    fn resolver(&self, options: Options) -> Resolver {
        Resolver::new([self.address], options).unwrap()
    }

    fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }
}

async fn resolve(resolver: &Resolver, seed: u64) -> Result<Resolution, ResolveFailure> {
    resolve_target(resolver, "example.com", seed).await
}

async fn resolve_target(
    resolver: &Resolver,
    target: &str,
    seed: u64,
) -> Result<Resolution, ResolveFailure> {
    let target = target.parse().unwrap();
    let policy = Policy::room_os();
    resolver.resolve(&target, &policy, &mut Counter(seed)).await
}

/// Has a search begin, and goes away.
async fn begin(resolver: &Resolver, target: &str) {
    let begun = resolve_target(resolver, target, 0);
    assert!(timeout(Duration::ZERO, begun).await.is_err());
}

async fn many(resolver: &Resolver) -> Vec<Result<Resolution, ResolveFailure>> {
    let mut running = JoinSet::new();
    for seed in 0..64 {
        let resolver = resolver.clone();
        running.spawn(async move { resolve(&resolver, seed).await });
    }
    running.join_all().await
}

/// How many questions one search takes.
async fn one_search() -> usize {
    let server = Slow::serve().await;
    resolve(&server.resolver(Options::default()), 0)
        .await
        .unwrap();
    server.questions()
}

fn addresses(found: &Resolution) -> Vec<SocketAddr> {
    found.hops().iter().map(|hop| hop.address()).collect()
}

fn is_refused(failure: &ResolveFailure) -> bool {
    let entries = failure.trace().entries();
    let refused = TraceEvent::Noted(Note::TooManySearches);
    failure.error() == ResolveError::Temporary && entries.iter().all(|one| *one.event() == refused)
}

fn is_stale(found: &Resolution) -> bool {
    let mut events = found.trace().entries().iter().map(|entry| entry.event());
    events.any(|event| matches!(event, TraceEvent::Noted(Note::Stale(_))))
}

#[tokio::test]
async fn sixty_four_at_once_ask_once_and_each_draws_an_order() {
    let server = Slow::serve().await;
    let resolver = server.resolver(Options::default());
    let found: Vec<_> = many(&resolver)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(server.questions(), one_search().await);
    let sets: BTreeSet<BTreeSet<_>> = found
        .iter()
        .map(|found| addresses(found).into_iter().collect())
        .collect();
    assert_eq!(sets.len(), 1);
    let orders: BTreeSet<_> = found.iter().map(addresses).collect();
    assert!(orders.len() > 1);
}

#[tokio::test]
async fn on_several_threads_too() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let asked = runtime.spawn(async {
        let server = Slow::serve().await;
        let resolver = server.resolver(Options::default());
        for found in many(&resolver).await {
            assert_eq!(found.unwrap().hops().len(), 6);
        }
        server.questions()
    });
    assert_eq!(asked.await.unwrap(), one_search().await);
    runtime.shutdown_background();
}

#[tokio::test]
async fn sixty_four_who_find_something_stale_ask_once() {
    let server = Slow::serve().await;
    let stale = Options::default().with_max_stale(Duration::from_secs(3_600));
    let resolver = server.resolver(stale);
    server.is_brief.store(true, Ordering::SeqCst);
    resolve(&resolver, 0).await.unwrap();
    server.is_brief.store(false, Ordering::SeqCst);
    let before = server.questions();
    sleep(Duration::from_millis(1_050)).await;
    for found in many(&resolver).await {
        assert_eq!(found.unwrap().hops().len(), 6);
    }
    assert_eq!(server.questions() - before, one_search().await);
    assert!(!is_stale(&resolve(&resolver, 0).await.unwrap()));
}

#[tokio::test]
async fn who_goes_away_takes_the_search_from_nobody() {
    let server = Slow::serve().await;
    let resolver = server.resolver(Options::default());
    {
        let mut first = pin!(resolve(&resolver, 1));
        // Once, so that it begins.
        assert!(timeout(Duration::ZERO, &mut first).await.is_err());
        let second = tokio::spawn({
            let resolver = resolver.clone();
            async move { resolve(&resolver, 2).await }
        });
        // Both wait for the first questions; then the first goes away.
        assert!(
            timeout(Duration::from_millis(20), &mut first)
                .await
                .is_err()
        );
        second
    }
    .await
    .unwrap()
    .unwrap();
    assert_eq!(server.questions(), one_search().await);
    // Nor from those who come when nobody waits.
    resolver.clear();
    let before = server.questions();
    assert!(
        timeout(Duration::ZERO, resolve(&resolver, 1))
            .await
            .is_err()
    );
    let found = resolve(&resolver, 2).await.unwrap();
    assert_eq!(found.hops().len(), 6);
    assert_eq!(server.questions() - before, one_search().await);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_and_to_nobody_later() {
    let server = Slow::serve().await;
    let resolver = server.resolver(Options::default());
    server.fails.store(true, Ordering::SeqCst);
    // All of them begin before any answer can come.
    let (one, two, three) = tokio::join!(
        resolve(&resolver, 1),
        resolve(&resolver, 2),
        resolve(&resolver, 3)
    );
    for failure in [one, two, three].map(Result::unwrap_err) {
        assert_eq!(failure.error(), ResolveError::Temporary);
        assert_eq!(failure.trace().questions(), 5);
    }
    // Once, and once more without EDNS until that is known not to be the reason.
    let asked = server.questions();
    assert!((5..=10).contains(&asked), "{asked}");
    resolve(&resolver, 4).await.unwrap_err();
    assert_eq!(server.questions(), asked + 5);
    server.fails.store(false, Ordering::SeqCst);
    assert!(resolve(&resolver, 5).await.is_ok());
}

#[tokio::test]
async fn what_is_being_found_out_when_all_is_forgotten_is_not_kept() {
    let server = Slow::serve().await;
    let resolver = server.resolver(Options::default());
    let (found, ()) = tokio::join!(resolve(&resolver, 1), async { resolver.clear() });
    found.unwrap();
    let asked = server.questions();
    resolve(&resolver, 2).await.unwrap();
    assert_eq!(server.questions(), 2 * asked);
    resolve(&resolver, 3).await.unwrap();
    assert_eq!(server.questions(), 2 * asked);
}

#[tokio::test]
async fn what_there_is_no_room_for_is_temporary_at_once_and_who_joins_takes_none() {
    let server = Slow::serve().await;
    let resolver = server.resolver(Options::default().with_max_searches(2));
    begin(&resolver, "example.com").await;
    begin(&resolver, "one.example.com").await;
    let failure = resolve_target(&resolver, "two.example.com", 0).await;
    assert!(is_refused(&failure.unwrap_err()));
    // An address needs no question.
    let address = resolve_target(&resolver, "sips:192.0.2.1", 0).await;
    assert_eq!(address.unwrap().hops().len(), 1);
    for found in many(&resolver).await {
        assert_eq!(found.unwrap().hops().len(), 6);
    }
    // Each that ends leaves its room to another.
    let one = resolve_target(&resolver, "one.example.com", 0).await;
    assert_eq!(one.unwrap().hops().len(), 2);
    let nothing = resolve_target(&resolver, "two.example.com", 0).await;
    assert_eq!(nothing.unwrap_err().error(), ResolveError::NotFound);
}

#[tokio::test]
async fn searches_that_nobody_waits_for_or_can_join_take_their_room() {
    let server = Slow::serve().await;
    let resolver = server.resolver(Options::default().with_max_searches(2));
    for target in ["example.com", "one.example.com"] {
        begin(&resolver, target).await;
        resolver.clear();
    }
    for stranger in 0..64 {
        let target = format!("stranger-{stranger}.example.com");
        let failure = resolve_target(&resolver, &target, 0).await.unwrap_err();
        assert!(is_refused(&failure), "{failure:?}");
    }
    assert!(is_refused(&resolve(&resolver, 0).await.unwrap_err()));
}

#[tokio::test]
async fn without_room_for_a_search_what_is_stale_is_given() {
    let server = Slow::serve().await;
    let options = Options::default().with_max_stale(Duration::from_secs(3_600));
    let resolver = server.resolver(options.with_max_searches(1));
    server.is_brief.store(true, Ordering::SeqCst);
    resolve(&resolver, 0).await.unwrap();
    sleep(Duration::from_millis(1_050)).await;
    begin(&resolver, "one.example.com").await;
    assert!(is_stale(&resolve(&resolver, 0).await.unwrap()));
}

#[test]
fn a_search_whose_runtime_has_ended_is_waited_for_by_nobody() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let server = servers.block_on(async { tokio::spawn(Slow::serve()).await.unwrap() });
    let resolver = server.resolver(Options::default());
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let first = resolve(&resolver, 1);
            assert!(timeout(Duration::from_millis(20), first).await.is_err());
        });
    }
    assert!(servers.block_on(resolve(&resolver, 2)).is_ok());
    // Its place was free for another, which is kept.
    let asked = server.questions();
    assert!(servers.block_on(resolve(&resolver, 3)).is_ok());
    assert_eq!(server.questions(), asked);
}

#[test]
fn a_search_whose_runtime_nobody_drives_is_waited_for_till_the_deadline() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let server = servers.block_on(async { tokio::spawn(Slow::serve()).await.unwrap() });
    let resolver = server.resolver(Options::default().with_deadline(Duration::from_millis(300)));
    let idle = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    idle.block_on(async {
        let first = resolve(&resolver, 1);
        assert!(timeout(Duration::from_millis(20), first).await.is_err());
    });
    let failure = servers.block_on(async {
        let second = resolve(&resolver, 2);
        timeout(Duration::from_secs(3), second).await.unwrap()
    });
    let failure = failure.unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
    assert_eq!(failure.trace().questions(), 0);
    // Whoever comes next searches anew.
    let third = servers.block_on(resolve(&resolver, 3));
    let asked = third.map_or_else(
        |failure| failure.trace().questions(),
        |found| found.questions(),
    );
    assert!(asked >= 5, "{asked}");
    drop(idle);
}
