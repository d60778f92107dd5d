//! The behaviours of a [`GuessStore`].

use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::{
    CodeStore, GuessBatch, GuessCharge, GuessCount, GuessKey, GuessStore, GuessTable, GuessWindow,
    Timestamp,
};

use crate::Fixture;
use crate::world::{MS, World, device};

/// Random batches of several nodes, with charges given back and buckets left behind, are counted
/// as by [`GuessTable`].
pub async fn random_batches_are_counted_as_by_the_model(fixture: &impl Fixture<Store: GuessStore>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let mut model = GuessTable::new();
    for step in 0..300 {
        let pause = Duration::from_secs(world.below(7_200));
        world.now += pause;
        let window = GuessWindow::DEFAULT;
        let (bucket, since) = (window.bucket(world.now), window.since(world.now));
        if world.below(20) == 0 {
            let purged = store.purge_guesses(since, world.now).await.unwrap();
            assert_eq!(purged, model.purge(since), "step {step}");
        }
        let charges = (0..world.below(4)).map(|number| {
            let amount = i64::try_from(world.below(9)).unwrap() - 3;
            GuessCharge::new(key(number), bucket, amount)
        });
        let charges = charges.collect();
        let shard = u32::try_from(world.below(3)).unwrap();
        let batch = GuessBatch::new(shard, since, charges);
        let got = sorted(store.charge_guesses(&batch).await.unwrap());
        assert_eq!(got, sorted(model.charge(&batch)), "step {step}");
    }
}

/// What many nodes count at the same time adds up, row by row and over the rows.
pub async fn no_guess_counted_at_the_same_time_is_lost(fixture: &impl Fixture<Store: GuessStore>) {
    const NODES: u32 = 8;
    const BATCHES: u32 = 40;

    let (world, store) = (&mut World::new(), fixture.store());
    let bucket = GuessWindow::DEFAULT.bucket(world.now);
    let batch = move |shard, amount| {
        let charges = vec![GuessCharge::new(key(0), bucket, amount)];
        GuessBatch::new(shard, bucket, charges)
    };
    // Two tasks write the rows of each shard, which is one more than should.
    let tasks: Vec<_> = (0..2 * NODES)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..BATCHES {
                    store.charge_guesses(&batch(task / 2, 3)).await.unwrap();
                    store.charge_guesses(&batch(task / 2, -1)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let counts = store.charge_guesses(&batch(0, 0)).await.unwrap();
    let all = u64::from(2 * NODES * BATCHES * 2);
    assert_eq!(counts, [GuessCount::new(key(0), bucket, all)]);
}

/// Codes of every tenant count from their issue to their deadline, their redeem or their end.
pub async fn live_codes_are_those_that_can_be_redeemed(fixture: &impl Fixture<Store: GuessStore>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    assert_eq!(store.live_codes(now).await.unwrap(), 0);
    let mut issued = Vec::new();
    for tenant in 0..4 {
        world.tenant = World::numbered_tenant(tenant);
        let code = world.draw();
        let new = world.new_code(&code, "desk");
        store.issue(&new, now).await.unwrap();
        issued.push((world.tenant.clone(), code, new.id()));
    }
    assert_eq!(store.live_codes(now).await.unwrap(), 4);
    let last = now + world.policy.ttl() - MS;
    assert_eq!(store.live_codes(last).await.unwrap(), 4);
    assert_eq!(store.live_codes(last + MS).await.unwrap(), 0);

    let (tenant, _, id) = issued.pop().unwrap();
    store.revoke(&tenant, id, now).await.unwrap();
    let (tenant, code, _) = issued.pop().unwrap();
    world.tenant = tenant;
    let redemption = world.redemption(&code, device(1));
    store.redeem(&redemption, now).await.unwrap();
    let (tenant, _, id) = issued.pop().unwrap();
    world.tenant = tenant;
    let code = world.draw();
    let replacement = world.replacement(&code);
    store.reissue(id, &replacement, now).await.unwrap();
    assert_eq!(store.live_codes(now).await.unwrap(), 2);
}

fn key(number: u64) -> GuessKey {
    let mut bytes = [0; GuessKey::BYTES];
    for (to, from) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
        *to = from;
    }
    GuessKey::from_bytes(bytes)
}

fn sorted(mut counts: Vec<GuessCount>) -> Vec<(GuessKey, Timestamp, u64)> {
    counts.sort_unstable();
    let parts = |count: &GuessCount| (count.key(), count.bucket(), count.count());
    counts.iter().map(parts).collect()
}
