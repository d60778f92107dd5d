//! The behaviours of a [`CodeStore`] whose data several nodes and processes share, and of which
//! one may be killed at any moment.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use offhook_activation_code::{CodeStore, GrantId, Redemption, Refusal};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::SharedFixture;
use crate::codes::refusal;
use crate::process::Process;
use crate::world::{World, device};

/// The devices that present codes here and in the other process.
const HERE: u8 = 1;
const THERE: u8 = 2;

/// At most one grant for a code, among devices that ask at two nodes at once, each node with
/// connections of its own.
pub async fn of_32_devices_at_two_nodes_one_wins_each_code<F: SharedFixture>(fixture: &F) {
    let world = &mut World::new();
    let now = world.now;
    let here = fixture.store();
    let there = Arc::new(F::open(&fixture.location()).await);
    for number in 0..20 {
        issue(&*here, world, number).await;
        let barrier = Arc::new(Barrier::new(32));
        let stores = [&here, &there].into_iter().cycle();
        let tasks: Vec<_> = stores
            .zip(0..32)
            .map(|(store, device)| {
                let attempt = attempt(world, number, device);
                let (store, barrier) = (Arc::clone(store), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    store.redeem(&attempt, now).await
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(grant) => won += u32::from(!grant.repeated()),
                err => assert_eq!(refusal(err), Refusal::AlreadyRedeemed),
            }
        }
        assert_eq!(won, 1, "code {number}");
    }
}

/// What one node has answered holds at the other at once: a code issued here is redeemed there,
/// and revoked there it is dead here.
pub async fn what_one_node_has_answered_holds_at_the_other<F: SharedFixture>(fixture: &F) {
    let world = &mut World::new();
    let now = world.now;
    let here = fixture.store();
    let there = F::open(&fixture.location()).await;
    for number in 0..20 {
        let (redeemed, revoked) = (2 * number, 2 * number + 1);
        issue(&*here, world, redeemed).await;
        let grant = there.redeem(&attempt(world, redeemed, 1), now).await;
        let again = here.redeem(&attempt(world, redeemed, 1), now).await;
        assert_eq!(again.unwrap(), grant.unwrap().into_repeated());

        let code = World::numbered(revoked);
        let issued = world.new_code(&code, &format!("desk-{revoked}"));
        here.issue(&issued, now).await.unwrap();
        there.revoke(&world.tenant, issued.id(), now).await.unwrap();
        let refused = here.redeem(&attempt(world, revoked, 1), now).await;
        assert_eq!(refusal(refused), Refusal::Revoked);
    }
}

/// Two processes that work through the same codes at once redeem each of them once between them.
///
/// `child` is the name of the test that calls [`serve`](crate::process::serve).
pub async fn two_processes_redeem_each_code_once<F: SharedFixture>(fixture: &F, child: &str) {
    const CODES: u64 = 1_000;

    let world = &mut World::new();
    let (now, store) = (world.now, fixture.store());
    issue_all(&store, world, 0..CODES).await;
    let mut other = Process::start(child, &fixture.location(), 0..CODES, THERE);
    other.wait_until_ready();
    let mut won = 0;
    for number in 0..CODES {
        match store.redeem(&attempt(world, number, HERE), now).await {
            Ok(grant) => won += u64::from(!grant.repeated()),
            err => assert_eq!(refusal(err), Refusal::AlreadyRedeemed),
        }
    }
    let theirs = other.finish();
    assert_eq!(won + theirs.len() as u64, CODES, "grants");
    for number in theirs {
        let refused = store.redeem(&attempt(world, number, HERE), now).await;
        assert_eq!(refusal(refused), Refusal::AlreadyRedeemed);
    }
}

/// Fifty times a process is killed while it redeems: of what it has acknowledged nothing is lost,
/// and of what it has not, each code is redeemed whole or not at all.
///
/// `child` is the name of the test that calls [`serve`](crate::process::serve).
pub async fn a_killed_process_loses_no_acknowledged_redeem<F: SharedFixture>(
    fixture: &F,
    child: &str,
) {
    const ROUNDS: u64 = 50;
    const CODES: u64 = 120;

    let world = &mut World::new();
    let (now, store) = (world.now, fixture.store());
    issue_all(&store, world, 0..ROUNDS * CODES).await;
    let mut acknowledged = HashSet::new();
    for round in 0..ROUNDS {
        let numbers = round * CODES..(round + 1) * CODES;
        let mut victim = Process::start(child, &fixture.location(), numbers, THERE);
        victim.wait_until_ready();
        let enough = usize::try_from(1 + world.below(CODES / 2)).unwrap();
        let found = victim.kill_after(enough);
        assert!(found.len() >= enough, "the process ended by itself");
        acknowledged.extend(found);
    }
    // Another node finds what the killed ones have left.
    let after = F::open(&fixture.location()).await;
    for number in 0..ROUNDS * CODES {
        let again = attempt(world, number, THERE);
        let grant = after.redeem(&again, now).await.unwrap();
        if grant.repeated() {
            assert_eq!(grant.id(), again.grant(), "code {number}");
        } else {
            assert!(!acknowledged.contains(&number), "code {number} was lost");
        }
        let refused = after.redeem(&attempt(world, number, HERE), now).await;
        assert_eq!(refusal(refused), Refusal::AlreadyRedeemed);
    }
}

/// The device `number_of_device` presents the code `number`, and proposes the same grant each time.
pub(crate) fn attempt(world: &World, number: u64, number_of_device: u8) -> Redemption {
    let digests = world.digests(&World::numbered(number));
    let grant = Uuid::from_u64_pair(number_of_device.into(), number);
    Redemption::new(digests, device(number_of_device), GrantId::from_uuid(grant))
        .with_policy(&world.policy)
}

async fn issue(store: &impl CodeStore, world: &mut World, number: u64) {
    let new = world.new_code(&World::numbered(number), &format!("desk-{number}"));
    store.issue(&new, world.now).await.unwrap();
}

async fn issue_all<S: CodeStore + 'static>(store: &Arc<S>, world: &mut World, numbers: Range<u64>) {
    let now = world.now;
    let mut tasks = Vec::new();
    for number in numbers {
        let new = world.new_code(&World::numbered(number), &format!("desk-{number}"));
        let store = Arc::clone(store);
        tasks.push(tokio::spawn(async move { store.issue(&new, now).await }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}
