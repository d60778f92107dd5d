//! The behaviours of a [`Registry`] where a device has lost its right after its code was redeemed: the
//! code is refused as one that was revoked is, within the grace time too.

use std::sync::Arc;

use offhook_activation_code::{
    ActivationCode, CodeStore as _, Grant, IssueRefusal, RedeemError, Redemption, Refusal,
    ReissueRefusal, RevokeError, RevokeRefusal,
};
use offhook_onboarding::{
    ActivateError, ActivateRefusal, AuditEvent, DeviceKey, Registry, RequestCodeRefusal,
    UpdateError,
};
use tokio::sync::Barrier;

use crate::Fixture;
use crate::codes::{issue_refusal, reissue_refusal};
use crate::registry::{by_code, by_grant, code_refusal, new_device, refusal, waiting};
use crate::world::{World, act, device, profile};

/// Nobody is answered for the code of a device that was deactivated, whether or not it was activated
/// before, nor after another code was issued for it.
pub async fn a_deactivated_device_is_not_answered_again(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), &*fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (early, _) = redeemed(world, store, "early", 1).await;
    let (late, grant) = redeemed(world, store, "late", 2).await;
    let activation = by_grant(world, grant.id().as_uuid(), 2);
    store.activate(&activation, now).await.unwrap();
    is_answered(world, store, &late, 2).await;
    for (name, dummy) in [("early", [8; 6]), ("late", [9; 6])] {
        let ended = store
            .deactivate(&tenant, &profile(name), Some(dummy), &act(now))
            .await;
        ended.unwrap();
    }
    is_void(world, store, &early, 1).await;
    is_void(world, store, &late, 2).await;
    let code = world.draw();
    let new = world.new_code(&code, "late");
    store.request_code(&new, &act(now)).await.unwrap();
    is_void(world, store, &late, 2).await;
    let fresh = by_code(&world.redemption(&code, device(2)), 2);
    assert!(!store.activate(&fresh, now).await.unwrap().repeated);
}

/// Nobody is answered for the code of a device that was deleted, nor once there is another device of that
/// profile.
pub async fn a_deleted_device_is_not_answered_again(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), &*fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (early, _) = redeemed(world, store, "early", 1).await;
    let (late, grant) = redeemed(world, store, "late", 2).await;
    let activation = by_grant(world, grant.id().as_uuid(), 2);
    store.activate(&activation, now).await.unwrap();
    for name in ["early", "late"] {
        store
            .delete(&tenant, &profile(name), &act(now))
            .await
            .unwrap();
    }
    is_void(world, store, &early, 1).await;
    is_void(world, store, &late, 2).await;
    let (newer, _) = redeemed(world, store, "late", 3).await;
    is_void(world, store, &late, 2).await;
    is_answered(world, store, &newer, 3).await;
}

/// A code is void from when there is another for its device, and the newer one is not.
pub async fn a_device_with_a_newer_code_is_not_answered_again(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), &*fixture.store());
    let now = world.now;
    let (old, grant) = redeemed(world, store, "desk", 1).await;
    let code = world.draw();
    let new = world.new_code(&code, "desk");
    store.request_code(&new, &act(now)).await.unwrap();
    is_void(world, store, &old, 1).await;
    // Its grant is known as one that is void.
    let late = by_grant(world, grant.id().as_uuid(), 1);
    let err = store.activate(&late, now).await;
    assert_eq!(refusal(err), ActivateRefusal::NotActivating);
    let accepted = store
        .accept_code(&world.redemption(&code, device(2)), now)
        .await;
    assert!(!accepted.unwrap().repeated());
    is_void(world, store, &old, 1).await;
    is_answered(world, store, &code, 2).await;
}

/// A device that is to be replaced is answered until another one has taken its place, by code and grant
/// in one step or in two, and not from then on.
pub async fn a_replaced_device_is_not_answered_again(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), &*fixture.store());
    let now = world.now;
    let (first, grant) = redeemed(world, store, "desk", 1).await;
    let activation = by_grant(world, grant.id().as_uuid(), 1);
    store.activate(&activation, now).await.unwrap();

    let second = replacement(world, store).await;
    is_answered(world, store, &first, 1).await;
    let accepted = store
        .accept_code(&world.redemption(&second, device(2)), now)
        .await;
    let grant = accepted.unwrap();
    is_answered(world, store, &first, 1).await;
    let activation = by_grant(world, grant.id().as_uuid(), 2);
    store.activate(&activation, now).await.unwrap();
    is_void(world, store, &first, 1).await;
    is_answered(world, store, &second, 2).await;

    let third = replacement(world, store).await;
    let activation = by_code(&world.redemption(&third, device(3)), 3);
    store.activate(&activation, now).await.unwrap();
    is_void(world, store, &first, 1).await;
    is_void(world, store, &second, 2).await;
    is_answered(world, store, &third, 3).await;
}

/// Whoever was to take a device's place is not answered once there is a newer code for that, and the
/// device itself is; both are not once it is deactivated.
pub async fn a_replacement_that_is_not_wanted_any_more_is_not_answered_again(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), &*fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (own, grant) = redeemed(world, store, "desk", 1).await;
    let activation = by_grant(world, grant.id().as_uuid(), 1);
    store.activate(&activation, now).await.unwrap();
    let mut codes = Vec::new();
    for number in 2..4 {
        let code = replacement(world, store).await;
        let attempt = world.redemption(&code, device(number));
        store.accept_code(&attempt, now).await.unwrap();
        codes.push(code);
    }
    let [second, third] = codes.as_slice() else {
        panic!("two codes");
    };
    is_void(world, store, second, 2).await;
    is_answered(world, store, third, 3).await;
    is_answered(world, store, &own, 1).await;
    let ended = store
        .deactivate(&tenant, &profile("desk"), None, &act(now))
        .await;
    ended.unwrap();
    for (code, number) in [(&own, 1), (second, 2), (third, 3)] {
        is_void(world, store, code, number).await;
    }
}

/// A void code is neither issued nor reissued nor revoked again, and its grant is no other code's.
pub async fn a_void_code_is_good_for_nothing(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), &*fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (code, grant) = redeemed(world, store, "desk", 1).await;
    store
        .delete(&tenant, &profile("desk"), &act(now))
        .await
        .unwrap();
    let same = world.new_code(&code, "desk");
    let refused = store.issue(&same, now).await;
    assert_eq!(issue_refusal(refused), IssueRefusal::DigestTaken);
    let other = world.draw();
    let successor = world.replacement(&other);
    let refused = store.reissue(grant.code(), &successor, now).await;
    assert_eq!(reissue_refusal(refused), ReissueRefusal::NotOutstanding);
    let refused = store.revoke(&tenant, grant.code(), now).await;
    let expected = RevokeRefusal::NotOutstanding;
    assert!(matches!(refused, Err(RevokeError::Refused(refusal)) if refusal == expected));

    let new = world.new_code(&other, "elsewhere");
    store.issue(&new, now).await.unwrap();
    let same_grant = Redemption::new(world.digests(&other), device(2), grant.id());
    let err = store.redeem(&same_grant, now).await.unwrap_err();
    assert!(matches!(err, RedeemError::Store(_)), "{err:?}");
    let fresh = store
        .redeem(&world.redemption(&other, device(2)), now)
        .await;
    assert!(!fresh.unwrap().repeated());
    is_void(world, store, &code, 1).await;
}

/// Whatever is refused leaves the code to whoever redeemed it.
pub async fn a_verb_that_is_refused_voids_no_code(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), &*fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (code, grant) = redeemed(world, store, "desk", 1).await;
    let mut named = new_device(world, "named", None);
    named.name = offhook_device_name::DeviceName::bat([7; 6]);
    store.provision(&named, &act(now)).await.unwrap();
    let err = store
        .deactivate(&tenant, &profile("desk"), Some([7; 6]), &act(now))
        .await;
    assert!(matches!(err, Err(UpdateError::NameInUse)));
    let err = store
        .delete(&"other".parse().unwrap(), &profile("desk"), &act(now))
        .await;
    assert!(matches!(err, Err(UpdateError::UnknownDevice)));
    let same = world.new_code(&code, "desk");
    let err = store.request_code(&same, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::CodeInUse);
    is_answered(world, store, &code, 1).await;

    let activation = by_grant(world, grant.id().as_uuid(), 1);
    store.activate(&activation, now).await.unwrap();
    let err = store.request_replacement_code(&same, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::CodeInUse);
    let second = replacement(world, store).await;
    let taken = new_device(world, "taken", Some(crate::world::mac(2)));
    store.provision(&taken, &act(now)).await.unwrap();
    let attempt = by_code(&world.redemption(&second, device(2)), 2);
    let err = store.activate(&attempt, now).await;
    assert_eq!(refusal(err), ActivateRefusal::MacInUse);
    is_answered(world, store, &code, 1).await;
    let right = by_code(&world.redemption(&second, device(3)), 3);
    assert!(!store.activate(&right, now).await.unwrap().repeated);
}

/// Of a redeem and a deletion at the same time either comes first; the code is good for nobody
/// afterwards.
pub async fn a_code_redeemed_while_its_device_is_deleted_is_void(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    for round in 0..20 {
        let name = format!("desk-{round}");
        let (_, code) = waiting(world, &*store, &name).await;
        let barrier = Arc::new(Barrier::new(5));
        let tasks: Vec<_> = (0..4)
            .map(|number| {
                let attempt = world.redemption(&code, device(number));
                let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    store.accept_code(&attempt, now).await
                })
            })
            .collect();
        barrier.wait().await;
        store
            .delete(&tenant, &profile(&name), &act(now))
            .await
            .unwrap();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(RedeemError::Refused(Refusal::AlreadyRedeemed | Refusal::Revoked)) => {}
                Err(err) => panic!("{err:?}"),
            }
        }
        assert!(won < 2, "round {round}: {won} grants");
        for number in 0..4 {
            is_void(world, &*store, &code, number).await;
        }
        let key = DeviceKey::Profile(profile(&name));
        assert_eq!(store.device(&tenant, &key).await.unwrap(), None);
    }
}

/// A device that waits, and whose code the device `number` has redeemed.
async fn redeemed(
    world: &mut World,
    store: &impl Registry,
    name: &str,
    number: u8,
) -> (ActivationCode, Grant) {
    let (_, code) = waiting(world, store, name).await;
    let attempt = world.redemption(&code, device(number));
    let grant = store.accept_code(&attempt, world.now).await.unwrap();
    is_answered(world, store, &code, number).await;
    (code, grant)
}

/// A code for the device that is to take the place of `desk`.
async fn replacement(world: &mut World, store: &impl Registry) -> ActivationCode {
    let code = world.draw();
    let new = world.new_code(&code, "desk");
    let asked = store.request_replacement_code(&new, &act(world.now)).await;
    asked.unwrap();
    code
}

/// The device `number`, whose answer may have been lost, has it again.
async fn is_answered(world: &mut World, store: &impl Registry, code: &ActivationCode, number: u8) {
    let attempt = world.redemption(code, device(number));
    let again = store.accept_code(&attempt, world.now).await.unwrap();
    assert!(again.repeated());
}

/// The device `number`, and any other, is refused as for a code that was revoked.
async fn is_void(world: &mut World, store: &impl Registry, code: &ActivationCode, number: u8) {
    let now = world.now;
    for number in [number, 99] {
        let attempt = world.redemption(code, device(number));
        let answers = [
            store.accept_code(&attempt, now).await,
            store.redeem(&attempt, now).await,
        ];
        for answer in answers {
            assert_eq!(crate::codes::refusal(answer), Refusal::Revoked);
        }
        let err = store.activate(&by_code(&attempt, number), now).await;
        assert!(matches!(err, Err(ActivateError::Code(Refusal::Revoked))));
    }
    let records = store.audit(0, usize::from(u16::MAX)).await.unwrap();
    let last = records.last().unwrap().entry();
    let expected = (AuditEvent::CodeRefused, Some("revoked"));
    assert_eq!((last.event, last.reason.as_deref()), expected);
}
