use std::collections::BTreeSet;
use std::future::{pending, poll_fn};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use offhook_activation_code::{ProfileId, TenantId};
use offhook_onboarding::{
    Caller, Counter, Counters, DEFAULT_REQUEST_AGE, Delivery, DeliveryError, DeviceRequest,
    EventSink, MAX_ROUND_EVENTS, MemoryRegistry, NamedEvent, Registry as _, SinkError, StoreName,
};

use crate::bench::{
    ACT, Bench, NOW, ROOM_MAC, SOURCE, activation_request, key, present, room_model,
};

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A registry with `count` events in its outbox.
pub(crate) async fn events(count: u64) -> Arc<MemoryRegistry> {
    let bench = Bench::new();
    let code = bench.issue().await;
    let request = present(&code, room_model(), &key());
    let token = bench.activation.activate(&request, None, SOURCE, *NOW);
    let caller = Caller::Token(bench.verified(&token.await.unwrap(), *NOW));
    let request = activation_request(ROOM_MAC);
    let activated = bench.management.activate(&caller, request, SOURCE, *NOW);
    activated.await.unwrap();
    let device = bench
        .registry
        .devices(bench.management.tenant(), page())
        .await;
    let device = device.unwrap().remove(0);
    let profile: &ProfileId = &device.profile;
    for _ in 1..count {
        let asked = bench
            .registry
            .request(&device.tenant, profile, DeviceRequest::Reboot, &ACT);
        asked.await.unwrap();
    }
    bench.registry
}

fn page() -> offhook_activation_code::Page {
    offhook_activation_code::Page::first(1)
}

fn tenant() -> TenantId {
    "example".parse().unwrap()
}

fn store() -> StoreName {
    StoreName::new("dm-1").unwrap()
}

async fn waiting(registry: &MemoryRegistry) -> Vec<u64> {
    let events = registry.outbox(&tenant(), 1_000, *NOW).await.unwrap();
    events.iter().map(|event| event.sequence).collect()
}

/// What a sink does with an event.
#[derive(Clone, Copy, Debug)]
enum Mood {
    Takes,
    /// Takes it, and the answer is lost.
    TakesAndFails,
    Fails,
    Refuses,
    /// Takes it and never answers.
    TakesAndHangs,
}

/// A sink that keeps the sequences it took, in one mood after the other, in a circle.
#[derive(Debug)]
struct Sink {
    moods: Vec<Mood>,
    asked: Mutex<usize>,
    took: Mutex<Vec<u64>>,
    ids: Mutex<BTreeSet<String>>,
}

impl Sink {
    fn new(moods: &[Mood]) -> Arc<Self> {
        Arc::new(Self {
            moods: moods.to_vec(),
            asked: Mutex::new(0),
            took: Mutex::default(),
            ids: Mutex::default(),
        })
    }

    fn took(&self) -> Vec<u64> {
        self.took.lock().unwrap().clone()
    }

    /// What a receiver has that leaves out repeats.
    fn first_times(&self) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        let mut took = self.took();
        took.retain(|sequence| seen.insert(*sequence));
        took
    }

    fn mood(&self) -> Mood {
        let mut asked = self.asked.lock().unwrap();
        *asked += 1;
        *self.moods.iter().cycle().nth(*asked - 1).unwrap()
    }
}

#[async_trait]
impl EventSink for Sink {
    async fn deliver(&self, event: &NamedEvent) -> Result<(), SinkError> {
        let mood = self.mood();
        if matches!(
            mood,
            Mood::Takes | Mood::TakesAndFails | Mood::TakesAndHangs
        ) {
            self.took.lock().unwrap().push(event.event().sequence);
            self.ids.lock().unwrap().insert(event.id().to_owned());
        }
        yield_once().await;
        match mood {
            Mood::Takes => Ok(()),
            Mood::TakesAndFails | Mood::Fails => Err(SinkError::Failed("down".into())),
            Mood::Refuses => Err(SinkError::Refused("no".into())),
            Mood::TakesAndHangs => pending().await,
        }
    }
}

/// Lets others go on.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[tokio::test]
async fn a_sink_that_fails_half_of_the_time_gets_every_event_in_order() {
    let registry = events(20).await;
    let sink = Sink::new(&[Mood::Takes, Mood::Fails, Mood::Takes, Mood::TakesAndFails]);
    let delivery = Delivery::new(registry.clone(), tenant(), store(), sink.clone());
    let (mut delivered, mut failed) = (0, 0);
    // Each event needs two rounds at most.
    for _ in 0..40 {
        let round = delivery.deliver_once(*NOW).await;
        delivered += round.delivered;
        failed += usize::from(round.failure.is_some());
    }
    assert_eq!(delivered, 20);
    assert_eq!(sink.first_times(), (1..=20).collect::<Vec<_>>());
    assert!(failed >= 18 && sink.took().len() > 20, "{:?}", sink.took());
    assert_eq!(waiting(&registry).await, [0; 0]);
    // Repeats have the name of the first time.
    let ids = sink.ids.lock().unwrap();
    assert_eq!(ids.len(), 20);
    assert!(ids.contains("dm-1-1-1800000000000"), "{ids:?}");
}

#[tokio::test]
async fn a_crash_before_the_event_leaves_the_outbox_repeats_it() {
    let registry = events(3).await;
    let sink = Sink::new(&[Mood::Takes, Mood::TakesAndHangs, Mood::Takes, Mood::Takes]);
    let delivery = Delivery::new(registry.clone(), tenant(), store(), sink.clone());
    {
        let mut round = std::pin::pin!(delivery.deliver_once(*NOW));
        // Goes on until the sink hangs with the second event in its hands.
        poll_fn(|context| {
            assert!(round.as_mut().poll(context).is_pending());
            match sink.took().len() {
                2 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }
    assert_eq!(waiting(&registry).await, [2, 3]);
    let after = Delivery::new(registry.clone(), tenant(), store(), sink.clone());
    let round = after.deliver_once(*NOW).await;
    assert_eq!((round.delivered, round.may_have_more), (2, false));
    assert_eq!(sink.took(), [1, 2, 2, 3]);
    assert_eq!(waiting(&registry).await, [0; 0]);
}

#[tokio::test]
async fn two_nodes_over_one_store_lose_nothing() {
    let count = 3 * MAX_ROUND_EVENTS as u64;
    let registry = events(count).await;
    let sink = Sink::new(&[Mood::Takes, Mood::Takes, Mood::Fails]);
    let node = || Delivery::new(registry.clone(), tenant(), store(), sink.clone());
    let (one, other) = (node(), node());
    let run = |node: Delivery| {
        let registry = registry.clone();
        async move {
            // Two of three tries succeed, so this is more than one node alone needs.
            for _ in 0..count {
                if waiting(&registry).await.is_empty() {
                    break;
                }
                node.deliver_once(*NOW).await;
            }
        }
    };
    tokio::join!(run(one), run(other));
    assert_eq!(sink.first_times(), (1..=count).collect::<Vec<_>>());
    assert_eq!(sink.ids.lock().unwrap().len() as u64, count);
}

#[tokio::test]
async fn a_full_round_tells_that_there_may_be_more() {
    let registry = events(MAX_ROUND_EVENTS as u64 + 1).await;
    let sink = Sink::new(&[Mood::Takes]);
    let delivery = Delivery::new(registry, tenant(), store(), sink);
    let round = delivery.deliver_once(*NOW).await;
    assert_eq!((round.delivered, round.may_have_more), (100, true));
    let round = delivery.deliver_once(*NOW).await;
    assert_eq!((round.delivered, round.may_have_more), (1, false));
}

#[tokio::test]
async fn a_refused_event_stays_at_the_head() {
    let registry = events(3).await;
    let sink = Sink::new(&[Mood::Refuses]);
    let delivery = Delivery::new(registry.clone(), tenant(), store(), sink.clone());
    for _ in 0..20 {
        let round = delivery.deliver_once(*NOW).await;
        assert!(
            matches!(&round.failure, Some(DeliveryError::Sink { id, .. }) if id.starts_with("dm-1-1-")),
            "{round:?}"
        );
        assert_eq!(round.delivered, 0);
    }
    assert_eq!(waiting(&registry).await, [1, 2, 3]);
}

#[tokio::test]
async fn dead_letters_take_what_is_refused_and_let_the_others_by() {
    let registry = events(3).await;
    let sink = Sink::new(&[
        Mood::Refuses,
        Mood::Fails,
        Mood::Refuses,
        Mood::Refuses,
        Mood::Takes,
    ]);
    let dead = Sink::new(&[Mood::Fails, Mood::Takes]);
    let tries = NonZeroU32::new(2).unwrap();
    let delivery = Delivery::new(registry.clone(), tenant(), store(), sink.clone())
        .with_dead_letters(tries, dead.clone());
    for _ in 0..2 {
        let round = delivery.deliver_once(*NOW).await;
        assert!(matches!(round.failure, Some(DeliveryError::Sink { .. })));
    }
    // The second refusal, and dead letters that fail: it stays.
    let round = delivery.deliver_once(*NOW).await;
    assert!(matches!(
        round.failure,
        Some(DeliveryError::DeadLetters { .. })
    ));
    assert_eq!(waiting(&registry).await, [1, 2, 3]);
    // The third, and they take it; then the second event is taken and the third refused once.
    let round = delivery.deliver_once(*NOW).await;
    assert_eq!((round.delivered, round.dead), (2, 1));
    assert_eq!(dead.took(), [1]);
    assert_eq!(sink.took(), [2]);
    assert_eq!(waiting(&registry).await, [3]);
}

#[tokio::test]
async fn refusals_are_counted_for_each_event_by_itself() {
    let registry = events(2).await;
    let sink = Sink::new(&[Mood::Refuses, Mood::Takes, Mood::Refuses]);
    let dead = Sink::new(&[Mood::Takes]);
    let tries = NonZeroU32::new(2).unwrap();
    let delivery = Delivery::new(registry.clone(), tenant(), store(), sink)
        .with_dead_letters(tries, dead.clone());
    delivery.deliver_once(*NOW).await;
    let round = delivery.deliver_once(*NOW).await;
    assert!(matches!(round.failure, Some(DeliveryError::Sink { .. })));
    assert_eq!(dead.took(), [0; 0]);
    assert_eq!(waiting(&registry).await, [2]);
}

#[tokio::test]
async fn a_request_that_waited_for_too_long_is_dropped_and_nothing_else_is() {
    let just = *NOW + DEFAULT_REQUEST_AGE;
    let late = just + Duration::from_millis(1);
    for (now, delivered, stale) in [
        (just, vec![1, 2, 3], 0),
        (late, vec![1], 2),
        (late + WEEK, vec![1], 2),
        // They were stamped by a clock that stood ahead.
        (*NOW - WEEK, vec![1], 2),
    ] {
        let registry = events(3).await;
        let (sink, counters) = (Sink::new(&[Mood::Takes]), Arc::new(Counters::default()));
        let delivery = Delivery::new(registry.clone(), tenant(), store(), sink.clone());
        let delivery = delivery.with_counters(counters.clone());
        let round = delivery.deliver_once(now).await;
        assert!(round.failure.is_none(), "{round:?}");
        assert_eq!((round.delivered, round.stale), (delivered.len(), stale));
        assert_eq!(counters.get(Counter::EventsDropped), stale as u64);
        assert_eq!(sink.took(), delivered);
        assert!(waiting(&registry).await.is_empty());
    }
}

#[tokio::test]
async fn a_request_that_is_refused_holds_up_the_others_until_it_is_too_old() {
    let registry = events(2).await;
    registry.delivered(&tenant(), 1).await.unwrap();
    let dead = Sink::new(&[Mood::Takes]);
    let tries = NonZeroU32::new(2).unwrap();
    let delivery = Delivery::new(
        registry.clone(),
        tenant(),
        store(),
        Sink::new(&[Mood::Refuses]),
    )
    .with_dead_letters(tries, dead.clone())
    .with_request_age(Duration::from_secs(1));
    assert!(delivery.deliver_once(*NOW).await.failure.is_some());
    let round = delivery.deliver_once(*NOW + Duration::from_secs(2)).await;
    assert_eq!((round.stale, round.dead), (1, 0));
    assert!(dead.took().is_empty());
    assert!(waiting(&registry).await.is_empty());
}

#[test]
fn the_name_of_a_store_is_plain() {
    for bad in ["", "a.b", "A", "ä", "a b", &"a".repeat(41)] {
        assert_eq!(StoreName::new(bad), None, "{bad}");
    }
    assert!(StoreName::new(&"a".repeat(40)).is_some());
}

#[cfg(feature = "http")]
mod run {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, SystemTime};

    use offhook_onboarding::http::Clock;
    use offhook_onboarding::{Pace, WebhookSecret, WebhookSink};
    use tokio::sync::Notify;

    use super::*;
    use crate::webhook::{self, Receiver};

    fn pace() -> Pace {
        let millisecond = Duration::from_millis(1);
        Pace::new(millisecond, millisecond, millisecond)
    }

    /// A clock that does not go on.
    #[derive(Debug)]
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> SystemTime {
            *NOW
        }
    }

    /// Takes events, tells of each, and waits then until it may go on.
    #[derive(Debug, Default)]
    struct Slow {
        began: Notify,
        may_end: AtomicBool,
        took: Mutex<Vec<u64>>,
    }

    #[async_trait]
    impl EventSink for Slow {
        async fn deliver(&self, event: &NamedEvent) -> Result<(), SinkError> {
            self.began.notify_one();
            while !self.may_end.load(Ordering::Relaxed) {
                yield_once().await;
            }
            self.took.lock().unwrap().push(event.event().sequence);
            Ok(())
        }
    }

    #[tokio::test]
    async fn at_its_end_the_event_under_way_is_delivered_and_no_other() {
        let registry = events(3).await;
        let sink = Arc::new(Slow::default());
        let delivery = Delivery::new(registry.clone(), tenant(), store(), sink.clone());
        let shutdown = sink.began.notified();
        // Polled behind the delivery, which has had the shutdown in between.
        let release = async {
            for _ in 0..3 {
                yield_once().await;
            }
            sink.may_end.store(true, Ordering::Relaxed);
        };
        tokio::join!(delivery.run_until(pace(), &Stopped, shutdown), release);
        assert_eq!(*sink.took.lock().unwrap(), [1]);
        assert_eq!(waiting(&registry).await, [2, 3]);
    }

    /// A clock, and a sink that takes each event so long that a request is too old afterwards.
    #[derive(Debug)]
    struct Late(Mutex<(SystemTime, Vec<u64>)>);

    impl Clock for Late {
        fn now(&self) -> SystemTime {
            self.0.lock().unwrap().0
        }
    }

    #[async_trait]
    impl EventSink for Late {
        async fn deliver(&self, event: &NamedEvent) -> Result<(), SinkError> {
            let (now, took) = &mut *self.0.lock().unwrap();
            *now += DEFAULT_REQUEST_AGE + Duration::from_millis(1);
            took.push(event.event().sequence);
            Ok(())
        }
    }

    #[tokio::test]
    async fn requests_that_grow_too_old_behind_a_slow_event_are_dropped() {
        let registry = events(3).await;
        let late = Arc::new(Late(Mutex::new((*NOW, Vec::new()))));
        let delivery = Delivery::new(registry.clone(), tenant(), store(), late.clone());
        let all_gone = async {
            while !waiting(&registry).await.is_empty() {
                yield_once().await;
            }
        };
        delivery.run_until(pace(), late.as_ref(), all_gone).await;
        assert_eq!(late.0.lock().unwrap().1, [1]);
    }

    #[tokio::test]
    async fn it_goes_on_after_failures_until_all_is_delivered() {
        let registry = events(5).await;
        let receiver = Receiver::answering(&[503, 200, 429, 302, 200]);
        let secret = WebhookSecret::key(webhook::key());
        let sink = WebhookSink::new(webhook::webhook(&receiver, secret));
        let delivery = Delivery::new(registry.clone(), tenant(), store(), Arc::new(sink));
        let all_gone = async {
            while !waiting(&registry).await.is_empty() && receiver.sent.lock().unwrap().len() < 50 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        delivery.run_until(pace(), &Stopped, all_gone).await;

        let sent = receiver.sent.lock().unwrap();
        let mut sequences = Vec::new();
        for request in sent.iter() {
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            assert_eq!(
                request.headers()["webhook-id"],
                body["id"].as_str().unwrap()
            );
            let verified = webhook::key().verify(request.headers(), request.body(), *NOW);
            assert_eq!(verified, Ok(()));
            sequences.push(body["sequence"].as_u64().unwrap());
        }
        assert_eq!(sequences, [1, 1, 2, 2, 2, 3, 4, 5]);
        let first: serde_json::Value = serde_json::from_slice(sent[0].body()).unwrap();
        let wanted = serde_json::json!({
            "id": "dm-1-1-1800000000000",
            "sequence": 1,
            "kind": "device-activated",
            "tenant": "example",
            "profile": "room-7",
            "time": 1_800_000_000_000_u64,
        });
        assert_eq!(first, wanted);
    }
}
