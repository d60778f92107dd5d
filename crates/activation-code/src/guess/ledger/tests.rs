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
    let mut ledger = Ledger::new(policy.with_sync(DAY / 24 / 60, number(1_000)).unwrap());
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
fn the_same_wrong_code_from_the_same_source_counts_once_and_is_looked_up_nine_times() {
    let mut ledger = ledger(GuessPolicy::default());
    for _ in 0..=GuessPolicy::MAX_REPEATS {
        ledger.charge(&attempt(1), now()).unwrap();
    }
    assert_eq!(ledger.counted(now()), 1);
    assert_eq!(scope(ledger.charge(&attempt(1), now())), GuessScope::Repeat);
    let proved = Attempt {
        certified: true,
        ..attempt(1)
    };
    ledger.charge(&proved, now()).unwrap();
    assert_eq!(ledger.counted(now()), 2);
    let elsewhere = Attempt {
        source: key(1),
        ..attempt(1)
    };
    ledger.charge(&elsewhere, now()).unwrap();
    assert_eq!(ledger.counted(now()), 3);
    let later = now() + 9 * DAY;
    ledger.charge(&attempt(1), later).unwrap();
    assert_eq!(ledger.counted(later), 1);
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
    let mut ledger = Ledger::new(policy);
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
    let mut ledger = Ledger::new(GuessPolicy::default());
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

/// One step of several nodes at one store.
#[derive(Clone, Copy, Debug)]
enum Step {
    Try { node: usize, n: u16 },
    Succeed { node: usize, n: u16 },
    Look { node: usize },
    Fail { node: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3_usize, 0..400_u16).prop_map(|(node, n)| Step::Try { node, n }),
        2 => (0..3_usize, 0..400_u16).prop_map(|(node, n)| Step::Succeed { node, n }),
        1 => (0..3_usize).prop_map(|node| Step::Look { node }),
        1 => (0..3_usize).prop_map(|node| Step::Fail { node }),
    ]
}

proptest! {
    /// Whatever three nodes do, what is admitted without certificate overshoots the budget of the
    /// source by what the two others may not have told at most, and no charge gets lost.
    #[test]
    fn the_overshoot_is_what_the_other_nodes_may_not_have_told(
        steps in prop::collection::vec(step(), 1..400),
    ) {
        const BUDGET: u32 = 40;
        const UNSYNCED: u32 = 5;
        let policy = GuessPolicy::default()
            .with_source(number(BUDGET))
            .with_device(number(u32::MAX))
            .with_sync(Duration::from_secs(1), number(UNSYNCED))
            .unwrap();
        let mut table = GuessTable::new();
        let mut nodes: Vec<Ledger> = (0..3).map(|_| Ledger::new(policy)).collect();
        let now = now();
        let mut standing = 0_u64;
        let look = |shard: usize, node: &mut Ledger, table: &mut GuessTable, now| {
            let batch = node.send(u32::try_from(shard).unwrap(), now);
            let counts = table.charge(&batch);
            node.answered(&counts, now);
        };
        for step in steps {
            match step {
                Step::Try { node, n } => {
                    let mut held = nodes[node].charge(&attempt(n), now);
                    if matches!(held, Err(Held::Sync)) {
                        look(node, &mut nodes[node], &mut table, now);
                        held = nodes[node].charge(&attempt(n), now);
                    }
                    standing += u64::from(matches!(held, Ok(Charge { bucket: Some(_), .. })));
                    prop_assert!(standing <= u64::from(BUDGET + 2 * UNSYNCED), "{}", standing);
                }
                Step::Succeed { node, n } => {
                    let attempt = Attempt { certified: true, ..attempt(n) };
                    if let Ok(charge) = nodes[node].charge(&attempt, now) {
                        nodes[node].refund(&charge, now);
                    }
                }
                Step::Look { node } => look(node, &mut nodes[node], &mut table, now),
                Step::Fail { node } => drop(nodes[node].send(9, now)),
            }
        }
        for _ in 0..2 {
            for (shard, node) in nodes.iter_mut().enumerate() {
                look(shard, node, &mut table, now);
            }
        }
        for node in &nodes {
            prop_assert_eq!(node.counted(now), standing);
        }
    }
}
