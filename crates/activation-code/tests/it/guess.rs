//! The gate over a store. The ledger inside is tested beside its code.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    ActivationCode, AdmitError, Binding, CheckDigit, Claimant, ClaimantKey, CodePolicy, CodeStore,
    GuessBatch, GuessBudget, GuessCount, GuessPolicy, GuessScope, GuessStore, MemoryStore, Pepper,
    PepperId, Peppers, Redemption, StoreError, Timestamp,
};
use offhook_device_name::DeviceModel;

use crate::support::{Seeded, new_code, now, peppers, redemption};

fn source(number: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, number])
}

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap()
}

/// An attempt with a code of its own by a device of its own, which has proved nothing.
fn attempt(entropy: &mut Seeded) -> Redemption {
    let code = ActivationCode::draw(entropy).unwrap();
    let mut key = [0; 32];
    key[..8].copy_from_slice(&entropy.0.to_be_bytes());
    redemption(
        &code,
        Claimant::new(ClaimantKey::RedemptionKey(key)),
        entropy,
    )
}

fn budget(store: &Arc<impl GuessStore + 'static>, policy: GuessPolicy, shard: u32) -> GuessBudget {
    GuessBudget::new(
        Arc::clone(store) as Arc<dyn GuessStore>,
        &peppers(),
        CodePolicy::default(),
        policy,
        shard,
    )
}

fn scope(answer: Result<impl Sized, AdmitError>) -> GuessScope {
    match answer {
        Err(AdmitError::Refused(over)) => over.scope(),
        Err(AdmitError::Store(err)) => panic!("{err}"),
        Ok(_) => panic!("admitted"),
        Err(err) => panic!("{err}"),
    }
}

#[tokio::test]
async fn a_restart_and_another_node_go_on_with_what_was_counted() {
    let entropy = &mut Seeded(1);
    let store = Arc::new(MemoryStore::new());
    let policy = GuessPolicy::default().with_source(number(5));
    let first = budget(&store, policy, 1);
    for _ in 0..5 {
        first
            .admit(&attempt(entropy), source(1), now())
            .await
            .unwrap();
    }
    let over = first.admit(&attempt(entropy), source(1), now()).await;
    assert_eq!(scope(over), GuessScope::Source);
    first.sync(now()).await.unwrap();
    drop(first);

    for shard in [1, 2] {
        let budget = budget(&store, policy, shard);
        // The first attempt from a source that the node does not know tells it the count.
        budget
            .admit(&attempt(entropy), source(1), now())
            .await
            .unwrap();
        budget.sync(now()).await.unwrap();
        let over = budget.admit(&attempt(entropy), source(1), now()).await;
        assert_eq!(scope(over), GuessScope::Source);
        budget
            .admit(&attempt(entropy), source(2), now())
            .await
            .unwrap();
        budget.sync(now()).await.unwrap();
    }
}

#[tokio::test]
async fn with_other_peppers_a_source_is_counted_as_by_a_node_that_began_with_them() {
    let entropy = &mut Seeded(4);
    let store = Arc::new(MemoryStore::new());
    let policy = GuessPolicy::default().with_source(number(5));
    let (replaced, stale) = (budget(&store, policy, 1), budget(&store, policy, 2));
    let other = Peppers::new(PepperId::new(9), Pepper::new(vec![9; 32]).unwrap());
    replaced.replace_peppers(&other);
    for _ in 0..5 {
        let admitted = replaced.admit(&attempt(entropy), source(1), now()).await;
        admitted.unwrap();
    }
    replaced.sync(now()).await.unwrap();
    let store: Arc<dyn GuessStore> = store;
    let restarted = GuessBudget::new(store, &other, CodePolicy::default(), policy, 3);
    for (node, is_over) in [(&restarted, true), (&stale, false)] {
        // The first attempt from a source that the node does not know tells it the count.
        let first = node.admit(&attempt(entropy), source(1), now()).await;
        first.unwrap();
        node.sync(now()).await.unwrap();
        let second = node.admit(&attempt(entropy), source(1), now()).await;
        assert_eq!(second.is_err(), is_over);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_admitted_as_often_as_the_budget_says() {
    let entropy = &mut Seeded(2);
    let store = Arc::new(MemoryStore::new());
    let policy = GuessPolicy::default().with_source(number(150));
    let budget = Arc::new(budget(&store, policy, 1));
    let tasks: Vec<_> = (0..400)
        .map(|_| {
            let (budget, attempt) = (Arc::clone(&budget), attempt(entropy));
            tokio::spawn(async move { budget.admit(&attempt, source(1), now()).await.is_ok() })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += u32::from(task.await.unwrap());
    }
    assert_eq!(admitted, 150);
    budget.sync(now()).await.unwrap();
    assert_eq!(budget.guesses(now()), 150);
}

#[tokio::test]
async fn when_the_store_fails_nobody_is_admitted_and_no_charge_is_lost() {
    let entropy = &mut Seeded(3);
    let store = Arc::new(Faulty::default());
    let budget = budget(&store, GuessPolicy::default(), 1);
    budget
        .admit(&attempt(entropy), source(1), now())
        .await
        .unwrap();
    store.fails.store(true, Ordering::Relaxed);
    // Not due yet.
    budget
        .admit(&attempt(entropy), source(1), now())
        .await
        .unwrap();
    let later = now() + Duration::from_secs(1);
    for _ in 0..3 {
        let err = budget.admit(&attempt(entropy), source(1), later).await;
        assert!(matches!(err, Err(AdmitError::Store(_))));
    }
    store.fails.store(false, Ordering::Relaxed);
    budget
        .admit(&attempt(entropy), source(1), later)
        .await
        .unwrap();
    budget.sync(later).await.unwrap();
    assert_eq!(budget.guesses(later), 3);
}

/// With the clock standing still it is the number of unsynced charges that makes a look due.
#[tokio::test]
async fn the_store_is_looked_into_before_more_is_counted_than_it_may_not_know_of() {
    let entropy = &mut Seeded(4);
    let store = Arc::new(Faulty::default());
    let budget = budget(&store, GuessPolicy::default().with_source(number(1_000)), 1);
    for charged in 1..=200_u64 {
        budget
            .admit(&attempt(entropy), source(1), now())
            .await
            .unwrap();
        let told = store.told.load(Ordering::Relaxed);
        assert!(charged - told <= 32, "{told} of {charged}");
    }
    assert!(store.looks.load(Ordering::Relaxed) <= 200 / 32 + 1);
}

#[tokio::test]
async fn when_codes_cannot_be_counted_the_last_count_stands_for_an_hour() {
    let entropy = &mut Seeded(9);
    let store = Arc::new(Faulty::default());
    let budget = budget(&store, GuessPolicy::default(), 1);
    store.counts.store(Counts::FAIL, Ordering::Relaxed);
    let first = budget.admit(&attempt(entropy), source(1), now()).await;
    assert!(matches!(first, Err(AdmitError::Store(_))), "{first:?}");
    store.counts.store(Counts::WELL, Ordering::Relaxed);
    budget
        .admit(&attempt(entropy), source(1), now())
        .await
        .unwrap();

    store.counts.store(Counts::FAIL, Ordering::Relaxed);
    let last = now() + GuessBudget::MAX_COUNT_AGE - Duration::from_millis(1);
    for minutes in [10, 20, 30] {
        let later = now() + Duration::from_secs(minutes * 60);
        budget.sync(later).await.unwrap();
    }
    budget
        .admit(&attempt(entropy), source(1), last)
        .await
        .unwrap();
    let late = now() + GuessBudget::MAX_COUNT_AGE;
    let err = budget.admit(&attempt(entropy), source(1), late).await;
    assert!(matches!(err, Err(AdmitError::Store(_))), "{err:?}");
    assert!(budget.sync(late).await.is_err());
    store.counts.store(Counts::WELL, Ordering::Relaxed);
    budget
        .admit(&attempt(entropy), source(1), late)
        .await
        .unwrap();
}

#[tokio::test]
async fn while_codes_are_counted_or_rows_purged_others_are_admitted() {
    let entropy = &mut Seeded(10);
    let store = Arc::new(Faulty::default());
    let budget = Arc::new(budget(&store, GuessPolicy::default(), 1));
    budget.sync(now()).await.unwrap();
    let counted = store.counted.load(Ordering::Relaxed);
    store.counts.store(Counts::HANG, Ordering::Relaxed);
    let later = now() + Duration::from_secs(59 * 60);
    let task = Arc::clone(&budget);
    let keeps_up = tokio::spawn(async move { task.sync(later).await });
    while store.counted.load(Ordering::Relaxed) == counted {
        tokio::task::yield_now().await;
    }
    for _ in 0..40 {
        let hung = attempt(entropy);
        let admitted = budget.admit(&hung, source(1), later);
        let admitted = tokio::time::timeout(Duration::from_secs(9), admitted).await;
        admitted.unwrap().unwrap();
    }
    keeps_up.abort();
}

/// Counting may take a store long: it is not for those who want to be admitted.
#[tokio::test]
async fn where_a_task_keeps_the_budget_up_callers_count_no_codes() {
    let entropy = &mut Seeded(11);
    let store = Arc::new(Faulty::default());
    let budget = budget(&store, GuessPolicy::default(), 1);
    let counted = || store.counted.load(Ordering::Relaxed);
    let mut admit = async |seconds: u64| {
        let now = now() + Duration::from_secs(seconds);
        let attempt = attempt(entropy);
        budget.admit(&attempt, source(1), now).await.unwrap();
    };
    for (number, minutes) in (0..30).step_by(5).enumerate() {
        let begun = now() + Duration::from_secs(minutes * 60);
        budget.sync(begun).await.unwrap();
        for seconds in [0, 61, 299] {
            admit(minutes * 60 + seconds).await;
        }
        assert_eq!(counted(), 1 + number as u64);
    }
    // Ten minutes after the last count it is for them.
    admit(25 * 60 + 599).await;
    assert_eq!(counted(), 6);
    admit(25 * 60 + 600).await;
    assert_eq!(counted(), 7);
}

/// A store that cannot count is asked once, however many wait for it.
#[tokio::test]
async fn who_waits_for_a_count_that_fails_makes_no_other() {
    let entropy = &mut Seeded(12);
    let store = Arc::new(Faulty::default());
    store.counts.store(Counts::FAIL_LATE, Ordering::Relaxed);
    let budget = Arc::new(budget(&store, GuessPolicy::default(), 1));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (budget, attempt) = (Arc::clone(&budget), attempt(entropy));
        callers.spawn(async move { budget.admit(&attempt, source(1), now()).await.is_err() });
    }
    assert_eq!(callers.join_all().await, [true; 20]);
    assert_eq!(store.counted.load(Ordering::Relaxed), 1);
    // Who comes later asks again.
    store.counts.store(Counts::WELL, Ordering::Relaxed);
    let attempt = attempt(entropy);
    budget.admit(&attempt, source(1), now()).await.unwrap();
    assert_eq!(store.counted.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_caller_who_goes_away_in_the_middle_of_a_look_loses_no_charge() {
    let entropy = &mut Seeded(5);
    let store = Arc::new(Faulty::default());
    let budget = budget(&store, GuessPolicy::default(), 1);
    budget
        .admit(&attempt(entropy), source(1), now())
        .await
        .unwrap();
    store.hangs.store(true, Ordering::Relaxed);
    let later = now() + Duration::from_secs(1);
    let hung = attempt(entropy);
    let gone = tokio::time::timeout(
        Duration::from_millis(20),
        budget.admit(&hung, source(1), later),
    );
    assert!(gone.await.is_err());
    store.hangs.store(false, Ordering::Relaxed);
    budget.sync(later).await.unwrap();
    assert_eq!(budget.guesses(later), 1);
}

#[tokio::test]
async fn a_success_is_given_back_and_the_risk_is_that_of_the_failures() {
    let entropy = &mut Seeded(6);
    let store = Arc::new(MemoryStore::new());
    let model = DeviceModel::new("CP-8841-3PCC").unwrap();
    let code = ActivationCode::draw(entropy).unwrap();
    let new = new_code(&code, Binding::Model(model.clone()), entropy);
    store.issue(&new, now()).await.unwrap();
    let budget = budget(&store, GuessPolicy::default(), 1);
    for _ in 0..10 {
        budget
            .admit(&attempt(entropy), source(1), now())
            .await
            .unwrap();
    }
    let device = Claimant::new(ClaimantKey::RedemptionKey([1; 32])).with_model(model);
    let good = redemption(&code, device, entropy);
    for _ in 0..100 {
        let admission = budget.admit(&good, source(1), now()).await.unwrap();
        store.redeem(&good, now()).await.unwrap();
        budget.refund(admission, now());
    }
    assert_eq!(budget.guesses(now()), 10);
    assert_eq!(budget.guesses_allowed(), GuessPolicy::MAX_GLOBAL);
    // Ten guesses at one code in 10^16; the code was redeemable at the last look.
    assert!((budget.guess_risk(now()) / 1e-15 - 1.0).abs() < 1e-6);
}

#[tokio::test]
async fn what_another_budget_has_charged_is_given_back_without_harm() {
    let entropy = &mut Seeded(13);
    let policy = GuessPolicy::default();
    let [one, other] = [1, 2].map(|shard| budget(&Arc::new(MemoryStore::new()), policy, shard));
    let charged = one.admit(&attempt(entropy), source(1), now()).await;
    other.sync(now()).await.unwrap();
    other.refund(charged.unwrap(), now());
    assert_eq!((one.guesses(now()), other.guesses(now())), (1, 0));
    other
        .admit(&attempt(entropy), source(1), now())
        .await
        .unwrap();
    assert_eq!(other.guesses(now()), 1);
}

#[tokio::test]
async fn the_check_digit_of_the_codes_makes_the_budget_a_tenth_and_the_risk_ten_times_as_high() {
    let entropy = &mut Seeded(12);
    let store = Arc::new(MemoryStore::new());
    let code = ActivationCode::draw(entropy).unwrap();
    let model = DeviceModel::new("CP-8841-3PCC").unwrap();
    let new = new_code(&code, Binding::Model(model), entropy);
    store.issue(&new, now()).await.unwrap();
    // Few enough are allowed that the most of a window is not reached.
    let policy = GuessPolicy::default().with_risk_of_one_in(1_000_000_000_000.try_into().unwrap());
    let mut figures = Vec::new();
    for (shard, check_digit) in (1_u8..).zip([CheckDigit::None, CheckDigit::Damm]) {
        let codes = CodePolicy::default().with_check_digit(check_digit);
        let budget = GuessBudget::new(store.clone(), &peppers(), codes, policy, shard.into());
        budget
            .admit(&attempt(entropy), source(shard), now())
            .await
            .unwrap();
        budget.sync(now()).await.unwrap();
        let risk = budget.guess_risk(now()) / budget.guesses(now()) as f64;
        figures.push((budget.guesses_allowed(), risk));
    }
    let [(plain, low), (damm, high)] = figures[..] else {
        panic!("not two figures")
    };
    assert_eq!((plain, damm), (10_000, 1_000));
    assert!((high / low / 10.0 - 1.0).abs() < 1e-6, "{low} {high}");
}

#[tokio::test]
async fn rows_that_no_longer_count_are_purged() {
    let entropy = &mut Seeded(7);
    let store = Arc::new(MemoryStore::new());
    let budget = budget(&store, GuessPolicy::default(), 1);
    budget
        .admit(&attempt(entropy), source(1), now())
        .await
        .unwrap();
    budget.sync(now()).await.unwrap();
    let weeks = now() + Duration::from_secs(4 * 7 * 24 * 60 * 60);
    budget.sync(weeks).await.unwrap();
    assert_eq!(store.purge_guesses(weeks.into(), weeks).await.unwrap(), 0);
}

#[tokio::test]
async fn the_answer_to_who_is_over_budget_is_the_same_for_every_scope() {
    let entropy = &mut Seeded(8);
    let one = number(1);
    let mut answers = Vec::new();
    for policy in [
        GuessPolicy::default().with_device(one),
        GuessPolicy::default().with_source(one),
        GuessPolicy::default().with_tenant(one),
    ] {
        let budget = budget(&Arc::new(MemoryStore::new()), policy, 1);
        let first = attempt(entropy);
        budget.admit(&first, source(1), now()).await.unwrap();
        let err = budget.admit(&first, source(1), now()).await.unwrap_err();
        let AdmitError::Refused(over) = err else {
            panic!("{err}")
        };
        answers.push((over.scope(), over.to_string(), over.retry_after(now())));
    }
    let scopes = [GuessScope::Device, GuessScope::Source, GuessScope::Tenant];
    assert!(answers.iter().map(|(scope, ..)| *scope).eq(scopes));
    assert!(
        answers
            .iter()
            .all(|(_, text, after)| (text, after) == (&answers[0].1, &answers[0].2))
    );
}

/// A store that fails or hangs when told to.
#[derive(Debug, Default)]
struct Faulty {
    inner: MemoryStore,
    fails: AtomicBool,
    hangs: AtomicBool,
    /// What becomes of a count of live codes.
    counts: AtomicU64,
    counted: AtomicU64,
    looks: AtomicU64,
    told: AtomicU64,
}

struct Counts;

impl Counts {
    const WELL: u64 = 0;
    const FAIL: u64 = 1;
    const HANG: u64 = 2;
    const FAIL_LATE: u64 = 3;
}

#[async_trait]
impl GuessStore for Faulty {
    async fn charge_guesses(&self, batch: &GuessBatch) -> Result<Vec<GuessCount>, StoreError> {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::new("charge guesses", "as told"));
        }
        self.looks.fetch_add(1, Ordering::Relaxed);
        let counts = self.inner.charge_guesses(batch).await?;
        let everybody = batch.charges().iter().map(|charge| charge.amount()).max();
        let everybody = everybody.and_then(|most| u64::try_from(most).ok());
        self.told
            .fetch_add(everybody.unwrap_or_default(), Ordering::Relaxed);
        Ok(counts)
    }

    async fn live_codes(&self, now: SystemTime) -> Result<u64, StoreError> {
        self.counted.fetch_add(1, Ordering::Relaxed);
        match self.counts.load(Ordering::Relaxed) {
            Counts::FAIL => return Err(StoreError::new("count codes", "as told")),
            Counts::FAIL_LATE => {
                tokio::task::yield_now().await;
                return Err(StoreError::new("count codes", "as told"));
            }
            Counts::HANG => std::future::pending::<()>().await,
            _ => {}
        }
        self.inner.live_codes(now).await
    }

    async fn purge_guesses(&self, before: Timestamp, now: SystemTime) -> Result<u64, StoreError> {
        self.inner.purge_guesses(before, now).await
    }
}
