use std::num::NonZeroU32;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;
use crate::{GuessTable, PepperId};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap()
}

fn key(number: u8) -> GuessKey {
    GuessKey::from_bytes([number; GuessKey::BYTES])
}

fn code(number: u16) -> CodeDigest {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    CodeDigest::from_parts(PepperId::new(1), bytes)
}

/// The attempt number `n` from one source at one tenant, each by another device with another code.
fn attempt(n: u16) -> Attempt {
    let mut device = [2; GuessKey::BYTES];
    device[..2].copy_from_slice(&n.to_be_bytes());
    Attempt {
        device: GuessKey::from_bytes(device),
        source: key(254),
        tenant: key(255),
        code: code(n),
        certified: false,
    }
}

/// A ledger whose store is empty, with 100,000 codes to hit.
fn ledger(policy: GuessPolicy) -> Ledger {
    let mut ledger = Ledger::new(
        policy.with_sync(DAY / 24 / 60, number(1_000)).unwrap(),
        CheckDigit::None,
    );
    ledger.send(1, now());
    ledger.codes_counted(100_000, now());
    ledger.answered(&[], now());
    ledger
}

fn scope(held: Result<Charge, Held>) -> GuessScope {
    match held {
        Err(Held::Over(over)) => over.scope(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_device_past_its_budget_is_refused_with_and_without_a_certificate() {
    for certified in [false, true] {
        let mut ledger = ledger(GuessPolicy::default().with_device(number(3)));
        let tried = |n| Attempt {
            device: key(1),
            certified,
            ..attempt(n)
        };
        for n in 0..3 {
            ledger.charge(&tried(n), now()).unwrap();
        }
        assert_eq!(scope(ledger.charge(&tried(3), now())), GuessScope::Device);
        ledger.charge(&attempt(4), now()).unwrap();
    }
}

#[test]
fn past_every_other_budget_a_certificate_is_admitted_and_nobody_else() {
    let one = number(3);
    let policies = [
        (GuessScope::Source, GuessPolicy::default().with_source(one)),
        (GuessScope::Tenant, GuessPolicy::default().with_tenant(one)),
        (
            GuessScope::Global,
            // 10^16 codes, of which 100,000 can be redeemed.
            GuessPolicy::default().with_risk_of_one_in((10_u64.pow(11) / 3).try_into().unwrap()),
        ),
    ];
    for (expected, policy) in policies {
        let mut ledger = ledger(policy);
        for n in 0..3 {
            ledger.charge(&attempt(n), now()).unwrap();
        }
        assert_eq!(scope(ledger.charge(&attempt(3), now())), expected);
        let proved = Attempt {
            certified: true,
            ..attempt(3)
        };
        ledger.charge(&proved, now()).unwrap();
        assert_eq!(ledger.counted(now()), 4, "{expected:?}");
    }
}

#[test]
fn a_success_gives_back_its_own_charge_and_no_other() {
    let mut ledger = ledger(GuessPolicy::default().with_source(number(3)));
    for n in 0..2 {
        ledger.charge(&attempt(n), now()).unwrap();
    }
    for _ in 0..10 {
        let charge = ledger.charge(&attempt(9), now()).unwrap();
        ledger.refund(&charge, now());
    }
    assert_eq!(ledger.counted(now()), 2);
    ledger.charge(&attempt(2), now()).unwrap();
    assert_eq!(scope(ledger.charge(&attempt(9), now())), GuessScope::Source);
}

#[test]
fn the_same_wrong_code_from_the_same_source_counts_once_in_nine_times() {
    let mut ledger = ledger(GuessPolicy::default());
    let times = u64::from(GuessPolicy::MAX_REPEATS) + 1;
    for charged in 1..=3 {
        for _ in 0..times {
            ledger.charge(&attempt(1), now()).unwrap();
            assert_eq!(ledger.counted(now()), charged);
        }
    }
    let elsewhere = Attempt {
        source: key(1),
        ..attempt(1)
    };
    ledger.charge(&elsewhere, now()).unwrap();
    assert_eq!(ledger.counted(now()), 4);
    let later = now() + 9 * DAY;
    ledger.charge(&attempt(1), later).unwrap();
    assert_eq!(ledger.counted(later), 1);
}

/// Firmware that asks on and on with a code that is another device's uses up its own budget, and
/// that device is admitted still.
#[test]
fn a_code_that_one_device_asks_for_in_vain_is_not_shut_to_another() {
    let mut ledger = ledger(GuessPolicy::default());
    let in_vain = (0..1_000).find(|_| ledger.charge(&attempt(1), now()).is_err());
    assert!(in_vain.is_some(), "the device asked for ever");
    let right = Attempt {
        device: key(77),
        ..attempt(1)
    };
    ledger.charge(&right, now()).unwrap();
}

/// A device whose answer got lost asks again: neither the first nor the second attempt counts.
#[test]
fn a_code_that_was_good_is_no_wrong_code_that_comes_again() {
    let mut ledger = ledger(GuessPolicy::default());
    for _ in 0..100 {
        let first = ledger.charge(&attempt(1), now()).unwrap();
        let again = ledger.charge(&attempt(1), now()).unwrap();
        ledger.refund(&first, now());
        ledger.refund(&again, now());
    }
    assert_eq!(ledger.counted(now()), 0);
}

#[test]
fn a_charge_counts_for_the_whole_window_and_an_eighth_more_at_most() {
    let policy = GuessPolicy::default().with_source(number(1));
    let mut ledger = ledger(policy);
    ledger.charge(&attempt(0), now()).unwrap();
    let err = ledger.charge(&attempt(1), now() + 7 * DAY).unwrap_err();
    let Held::Over(over) = err else { panic!() };
    assert!(over.retry_at() <= Timestamp::from(now() + 8 * DAY));
    assert!(over.retry_after(now() + 7 * DAY) <= DAY);
    ledger
        .charge(&attempt(1), SystemTime::from(over.retry_at()))
        .unwrap();
}

#[test]
fn nothing_is_charged_before_the_store_was_looked_into_and_past_what_it_may_not_know() {
    let policy = GuessPolicy::default();
    let mut ledger = Ledger::new(policy, CheckDigit::None);
    assert_eq!(ledger.charge(&attempt(0), now()).unwrap_err(), Held::Sync);
    ledger.send(1, now());
    ledger.answered(&[], now());
    for n in 0..32 {
        ledger.charge(&attempt(n), now()).unwrap();
    }
    assert_eq!(ledger.charge(&attempt(32), now()).unwrap_err(), Held::Sync);
    let batch = ledger.send(1, now());
    // Sent is not known.
    assert_eq!(ledger.charge(&attempt(32), now()).unwrap_err(), Held::Sync);
    ledger.answered(&GuessTable::new().charge(&batch), now());
    ledger.charge(&attempt(32), now()).unwrap();
    assert_eq!(ledger.counted(now()), 33);
}

#[test]
fn a_look_is_due_after_a_second_and_when_the_clock_went_back() {
    let mut ledger = Ledger::new(GuessPolicy::default(), CheckDigit::None);
    assert!(ledger.is_due(now()));
    ledger.send(1, now());
    ledger.answered(&[], now());
    assert!(!ledger.is_due(now() + Duration::from_millis(999)));
    assert!(ledger.is_due(now() + Duration::from_secs(1)));
    assert!(ledger.is_due(now() - Duration::from_millis(1)));
}

#[test]
fn what_was_not_answered_is_sent_again() {
    let mut ledger = ledger(GuessPolicy::default());
    let mut table = GuessTable::new();
    let charge = ledger.charge(&attempt(0), now()).unwrap();
    let lost = ledger.send(1, now());
    ledger.charge(&attempt(1), now()).unwrap();
    ledger.refund(&charge, now());
    let batch = ledger.send(1, now());
    ledger.answered(&table.charge(&batch), now());
    assert_eq!(ledger.counted(now()), 1);
    table.charge(&lost);
    let batch = ledger.send(1, now());
    ledger.answered(&table.charge(&batch), now());
    assert_eq!(
        ledger.counted(now()),
        2,
        "of two that may be one, both count"
    );
}

#[test]
fn a_hundred_thousand_devices_and_sources_take_bounded_memory_and_the_global_count_stays() {
    let policy = GuessPolicy::default().with_tenant(NonZeroU32::MAX);
    let mut ledger = ledger(policy);
    let mut charged = 0_u64;
    for n in 0..100_000_u32 {
        let spread = |tag: u8| {
            let mut bytes = [tag; GuessKey::BYTES];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            GuessKey::from_bytes(bytes)
        };
        let attempt = Attempt {
            device: spread(1),
            source: spread(2),
            tenant: key(255),
            code: code(7),
            certified: true,
        };
        match ledger.charge(&attempt, now()) {
            Ok(_) => charged += 1,
            Err(Held::Sync) => {
                ledger.send(1, now());
                let global =
                    GuessCount::new(global_key(), ledger.policy.window().bucket(now()), charged);
                ledger.answered(&[global], now());
            }
            Err(held) => panic!("{held:?}"),
        }
    }
    assert!(charged > 99_000);
    assert_eq!(ledger.counted(now()), charged);
    assert!(ledger.counters.len() <= MAX_KEYS && ledger.seen.len() <= MAX_KEYS);
    assert!(ledger.pending.len() <= MAX_PENDING + 4);
}

#[test]
fn what_was_given_back_is_not_sent_again() {
    let mut ledger = ledger(GuessPolicy::default());
    let mut table = GuessTable::new();
    let charges: Vec<_> = (0..3)
        .map(|n| ledger.charge(&attempt(n), now()).unwrap())
        .collect();
    let batch = ledger.send(1, now());
    ledger.answered(&table.charge(&batch), now());
    ledger.refund(&charges[0], now());
    // The store adds it, and its answer gets lost.
    table.charge(&ledger.send(1, now()));
    let batch = ledger.send(1, now());
    ledger.answered(&table.charge(&batch), now());
    assert_eq!(ledger.counted(now()), 2);
}

#[test]
fn what_is_given_back_to_the_store_makes_no_room_for_what_it_does_not_know() {
    let mut ledger = Ledger::new(GuessPolicy::default(), CheckDigit::None);
    let look = |ledger: &mut Ledger| {
        ledger.send(1, now());
        ledger.answered(&[], now());
    };
    look(&mut ledger);
    let known: Vec<_> = (0..32)
        .map(|n| ledger.charge(&attempt(n), now()).unwrap())
        .collect();
    look(&mut ledger);
    for charge in &known {
        ledger.refund(charge, now());
    }
    for n in 0..31 {
        ledger.charge(&attempt(n), now()).unwrap();
    }
    // What is given back before it is sent does.
    let last = ledger.charge(&attempt(31), now()).unwrap();
    ledger.refund(&last, now());
    ledger.charge(&attempt(32), now()).unwrap();
    assert_eq!(ledger.charge(&attempt(33), now()).unwrap_err(), Held::Sync);
}

/// One step of several nodes at one store.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// An attempt that stays charged unless it is given back later.
    Try {
        node: usize,
        n: u16,
    },
    /// One that is given back at once.
    Succeed {
        node: usize,
        n: u16,
    },
    /// A charge is given back, which the store may have been told of in the meantime.
    GiveBack {
        node: usize,
        which: usize,
    },
    Look {
        node: usize,
    },
    /// The store does not add what was sent.
    Fail {
        node: usize,
    },
    /// The store adds what was sent, and its answer gets lost.
    LoseAnswer {
        node: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let node = 0..NODES;
    prop_oneof![
        8 => (node.clone(), 0..400_u16).prop_map(|(node, n)| Step::Try { node, n }),
        2 => (node.clone(), 0..400_u16).prop_map(|(node, n)| Step::Succeed { node, n }),
        4 => (node.clone(), any::<usize>())
            .prop_map(|(node, which)| Step::GiveBack { node, which }),
        1 => node.clone().prop_map(|node| Step::Look { node }),
        1 => node.clone().prop_map(|node| Step::Fail { node }),
        1 => node.prop_map(|node| Step::LoseAnswer { node }),
    ]
}

const NODES: usize = 3;

/// Which of two sources tries the code `n`.
fn source_of(n: u16) -> usize {
    usize::from(n % 2)
}

/// Several nodes at one store, and what was charged and not given back.
struct Cluster {
    table: GuessTable,
    nodes: Vec<(Ledger, Vec<(u16, Charge)>)>,
    /// By source.
    standing: [u64; 2],
}

impl Cluster {
    fn new(policy: GuessPolicy) -> Self {
        Self {
            table: GuessTable::new(),
            nodes: (0..NODES)
                .map(|_| (Ledger::new(policy, CheckDigit::None), Vec::new()))
                .collect(),
            standing: [0; 2],
        }
    }

    fn attempt(n: u16) -> Attempt {
        let source = if source_of(n) == 0 {
            key(253)
        } else {
            key(254)
        };
        Attempt {
            source,
            ..attempt(n)
        }
    }

    fn send(&mut self, node: usize) -> GuessBatch {
        self.nodes[node].0.send(u32::try_from(node).unwrap(), now())
    }

    fn look(&mut self, node: usize) {
        let batch = self.send(node);
        let counts = self.table.charge(&batch);
        self.nodes[node].0.answered(&counts, now());
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Try { node, n } => {
                let attempt = Self::attempt(n);
                let mut held = self.nodes[node].0.charge(&attempt, now());
                if matches!(held, Err(Held::Sync)) {
                    self.look(node);
                    held = self.nodes[node].0.charge(&attempt, now());
                }
                if let Ok(charge) = held {
                    self.standing[source_of(n)] += u64::from(charge.bucket.is_some());
                    self.nodes[node].1.push((n, charge));
                }
            }
            Step::Succeed { node, n } => {
                let attempt = Attempt {
                    certified: true,
                    ..Self::attempt(n)
                };
                let ledger = &mut self.nodes[node].0;
                if let Ok(charge) = ledger.charge(&attempt, now()) {
                    ledger.refund(&charge, now());
                }
            }
            Step::GiveBack { node, which } => {
                let (ledger, charges) = &mut self.nodes[node];
                if !charges.is_empty() {
                    let (n, charge) = charges.swap_remove(which % charges.len());
                    ledger.refund(&charge, now());
                    self.standing[source_of(n)] -= u64::from(charge.bucket.is_some());
                }
            }
            Step::Look { node } => self.look(node),
            Step::Fail { node } => drop(self.send(node)),
            Step::LoseAnswer { node } => {
                let batch = self.send(node);
                self.table.charge(&batch);
            }
        }
    }

    /// What the store counts of a source.
    fn told(&mut self, source: usize) -> u64 {
        let attempt = Self::attempt(u16::try_from(source).unwrap());
        let window = GuessPolicy::default().window();
        let nothing = GuessCharge::new(attempt.source, window.bucket(now()), 0);
        let batch = GuessBatch::new(0, window.since(now()), vec![nothing]);
        let counts = self.table.charge(&batch);
        counts.iter().map(|count| count.count()).sum()
    }
}

proptest! {
    /// Whatever three nodes do, the store does not know of more charges than each of them may keep
    /// to itself, what is admitted without certificate overshoots the budget of a source by what the
    /// two others may not have told at most, and no charge gets lost.
    #[test]
    fn the_overshoot_is_what_the_other_nodes_may_not_have_told(
        steps in prop::collection::vec(step(), 1..400),
        faults: bool,
    ) {
        const BUDGET: u32 = 40;
        const UNSYNCED: u32 = 5;
        let policy = GuessPolicy::default()
            .with_source(number(BUDGET))
            .with_device(number(u32::MAX))
            .with_sync(Duration::from_secs(1), number(UNSYNCED))
            .unwrap();
        let mut cluster = Cluster::new(policy);
        let answered = |step: &Step| !matches!(step, Step::Fail { .. } | Step::LoseAnswer { .. });
        let steps: Vec<_> = steps.into_iter().filter(|step| faults || answered(step)).collect();
        let all_answered = steps.iter().all(answered);
        for step in steps {
            cluster.step(step);
            for source in 0..2 {
                let standing = cluster.standing[source];
                prop_assert!(standing <= u64::from(BUDGET + 2 * UNSYNCED), "{}", standing);
                let told = cluster.told(source);
                prop_assert!(standing <= told + u64::from(3 * UNSYNCED), "{standing} {told}");
            }
        }
        for _ in 0..2 {
            for node in 0..NODES {
                cluster.look(node);
            }
        }
        let standing = cluster.standing.iter().sum();
        for (node, _) in &cluster.nodes {
            let counted = node.counted(now());
            prop_assert!(counted >= standing, "{counted} of {standing}");
            prop_assert!(counted == standing || !all_answered, "{counted} of {standing}");
        }
    }
}
