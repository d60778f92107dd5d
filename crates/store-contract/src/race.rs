//! The behaviours of a [`CodeStore`] that many ask at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::{
    CodeStore, Grant, IssueRefusal, RedeemError, Redemption, Refusal, ReissueRefusal, RevokeError,
    RevokeRefusal,
};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use crate::Fixture;
use crate::codes::{issue_refusal, refusal, reissue_refusal};
use crate::world::{World, device};

/// At most one grant for a code, among devices that all ask at once.
pub async fn of_32_devices_with_one_code_one_wins(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (code, now) = (world.draw(), world.now);
    store
        .issue(&world.new_code(&code, "desk"), now)
        .await
        .unwrap();
    let barrier = Arc::new(Barrier::new(32));
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let redemption = world.redemption(&code, device(number));
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                store.redeem(&redemption, now).await
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(grant) => {
                assert!(!grant.repeated());
                won += 1;
            }
            err => assert_eq!(refusal(err), Refusal::AlreadyRedeemed),
        }
    }
    assert_eq!(won, 1, "devices won");
}

/// Two thousand codes, each presented by four of 64 devices at the same time: each is redeemed
/// once.
pub async fn of_2000_codes_under_64_workers_each_is_redeemed_once(fixture: &impl Fixture) {
    const CODES: usize = 2_000;
    const WORKERS: u8 = 64;
    const TRIES: usize = 4;

    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let codes: Vec<_> = (0..CODES).map(|_| world.draw()).collect();
    let mut issuing = Vec::new();
    for (number, code) in codes.iter().enumerate() {
        let (new, store) = (
            world.new_code(code, &format!("desk-{number}")),
            Arc::clone(&store),
        );
        issuing.push(tokio::spawn(async move { store.issue(&new, now).await }));
    }
    for task in issuing {
        task.await.unwrap().unwrap();
    }
    // Of each four workers in a row all present the same codes, in the same order.
    let workers: Vec<JoinHandle<Vec<Grant>>> = (0..WORKERS)
        .map(|worker| {
            let share = usize::from(worker) / TRIES;
            let shares = usize::from(WORKERS) / TRIES;
            let mine = codes.iter().skip(share).step_by(shares);
            let attempts: Vec<Redemption> = mine
                .map(|code| world.redemption(code, device(worker)))
                .collect();
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut won = Vec::new();
                for attempt in attempts {
                    match store.redeem(&attempt, now).await {
                        Ok(grant) => won.push(grant),
                        err => assert_eq!(refusal(err), Refusal::AlreadyRedeemed),
                    }
                }
                won
            })
        })
        .collect();
    let (mut redeemed, mut grants) = (HashSet::new(), HashSet::new());
    for worker in workers {
        for grant in worker.await.unwrap() {
            assert!(!grant.repeated());
            assert!(redeemed.insert(grant.code()), "a code redeemed twice");
            assert!(grants.insert(grant.id()), "a grant given twice");
        }
    }
    assert_eq!(redeemed.len(), CODES, "codes redeemed");
}

/// Five hundred callers at once, more than any pool of connections or queue has places for, each
/// get their own answer.
pub async fn of_500_callers_at_once_each_is_answered(fixture: &impl Fixture) {
    const CALLERS: usize = 500;

    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let barrier = Arc::new(Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let code = world.draw();
            let new = world.new_code(&code, &format!("desk-{number}"));
            let redemption = world.redemption(&code, device(1));
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                store.issue(&new, now).await.unwrap();
                let grant = store.redeem(&redemption, now).await.unwrap();
                assert_eq!(
                    (grant.code(), grant.profile()),
                    (new.id(), new.code().profile())
                );
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

/// Of a reissue and a redeem at once exactly one takes place.
pub async fn a_reissue_and_a_redeem_never_both_take_place(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    for round in 0..20 {
        let code = world.draw();
        let issued = world.new_code(&code, &format!("desk-{round}"));
        store.issue(&issued, now).await.unwrap();
        let redemption = world.redemption(&code, device(1));
        let code = world.draw();
        let replacement = world.replacement(&code);
        let barrier = Arc::new(Barrier::new(2));
        let redeem = tokio::spawn({
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            async move {
                barrier.wait().await;
                store.redeem(&redemption, now).await
            }
        });
        barrier.wait().await;
        let reissued = store.reissue(issued.id(), &replacement, now).await;
        match redeem.await.unwrap() {
            Ok(_) => assert_eq!(reissue_refusal(reissued), ReissueRefusal::AlreadyRedeemed),
            err => {
                assert_eq!(refusal(err), Refusal::Superseded);
                reissued.unwrap();
            }
        }
    }
}

/// Of a revoke and a redeem at once exactly one takes place.
pub async fn a_revoke_and_a_redeem_never_both_take_place(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    for round in 0..20 {
        let code = world.draw();
        let issued = world.new_code(&code, &format!("desk-{round}"));
        store.issue(&issued, now).await.unwrap();
        let redemption = world.redemption(&code, device(1));
        let barrier = Arc::new(Barrier::new(2));
        let redeem = tokio::spawn({
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            async move {
                barrier.wait().await;
                store.redeem(&redemption, now).await
            }
        });
        barrier.wait().await;
        let revoked = store.revoke(&world.tenant, issued.id(), now).await;
        match redeem.await.unwrap() {
            Ok(_) => assert!(matches!(
                revoked,
                Err(RevokeError::Refused(RevokeRefusal::AlreadyRedeemed))
            )),
            err => {
                assert_eq!(refusal(err), Refusal::Revoked);
                revoked.unwrap();
            }
        }
    }
}

/// Two administrators at once do not put two codes into effect.
pub async fn of_two_codes_for_one_profile_at_once_one_is_issued(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let barrier = Arc::new(Barrier::new(8));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let code = world.draw();
            let new = world.new_code(&code, "desk");
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                store.issue(&new, now).await
            })
        })
        .collect();
    let mut issued = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => issued += 1,
            err => assert_eq!(issue_refusal(err), IssueRefusal::Outstanding),
        }
    }
    assert_eq!(issued, 1, "codes issued");
}

/// A caller who hangs up at any moment leaves a whole redeem behind or none: the same device gets
/// the one grant, and no other device gets any.
pub async fn a_redeem_nobody_waited_for_took_place_whole_or_not_at_all(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    for round in 0..60 {
        let code = world.draw();
        let issued = world.new_code(&code, &format!("desk-{round}"));
        store.issue(&issued, now).await.unwrap();
        let first = world.redemption(&code, device(1));
        let hung_up = Duration::from_micros(world.below(2_000));
        let patience = tokio::time::timeout(hung_up, store.redeem(&first, now));
        let answered = patience.await.ok().map(Result::unwrap);
        let again = world.redemption(&code, device(1));
        let grant = store.redeem(&again, now).await.unwrap();
        let known = [first.grant(), again.grant()];
        assert!(known.contains(&grant.id()), "round {round}");
        assert_eq!(grant.repeated(), grant.id() == first.grant());
        if let Some(answered) = answered {
            assert_eq!(grant, answered.into_repeated());
        }
        let other = world.redemption(&code, device(2));
        let refused: Result<Grant, RedeemError> = store.redeem(&other, now).await;
        assert_eq!(refusal(refused), Refusal::AlreadyRedeemed);
    }
}
