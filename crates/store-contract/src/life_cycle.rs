//! What becomes of devices in a [`Registry`] after they were activated.

use std::sync::Arc;

use offhook_activation_code::{Page, Refusal, TenantId};
use offhook_device_name::DeviceName;
use offhook_onboarding::{
    ActivateError, ActivateRefusal, Activation, ActivationState, AuditEvent, Device, DeviceKey,
    DeviceRequest, MoveError, OutboxKind, Registry, RequestCodeError, RequestCodeRefusal,
    UpdateError,
};
use uuid::Uuid;

use crate::Fixture;
use crate::registry::{
    audited, by_certificate, by_code, by_grant, code_refusal, new_device, refusal, waiting,
};
use crate::world::{MS, World, act, device, mac, profile};

/// A broken device serves until the one that takes its place is activated, and then no more.
pub async fn a_device_is_replaced_without_a_gap(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (_, code) = waiting(world, &*store, "desk").await;
    let early = world.draw();
    let early = world.new_code(&early, "desk");
    let err = store.request_replacement_code(&early, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::NotActivated);
    let old = by_code(&world.redemption(&code, device(1)), 1);
    let old_device = store.activate(&old, now).await.unwrap().device;

    let code = world.draw();
    let new = world.new_code(&code, "desk");
    let unchanged = store
        .request_replacement_code(&new, &act(now))
        .await
        .unwrap();
    assert_eq!(unchanged, old_device);
    // The old one may still ask for what it was given.
    assert!(store.activate(&old, now).await.unwrap().repeated);
    let stranger = by_code(&world.redemption(&code, device(7)), 7);
    let grant = store
        .accept_code(&world.redemption(&code, device(2)), now)
        .await
        .unwrap();
    let err = store.activate(&stranger, now).await;
    assert!(matches!(
        err,
        Err(ActivateError::Code(Refusal::AlreadyRedeemed))
    ));

    let attempt = by_grant(world, grant.id().as_uuid(), 2);
    let activated = store.activate(&attempt, now + MS).await.unwrap();
    assert!(!activated.repeated);
    let device_now = activated.device;
    assert_eq!(device_now.name, DeviceName::sep(mac(2)));
    assert_eq!(device_now.subject, Some(*grant.id().as_uuid()));
    assert!(store.activate(&attempt, now + MS).await.unwrap().repeated);
    let other_address = by_grant(world, grant.id().as_uuid(), 3);
    let err = store.activate(&other_address, now + MS).await;
    assert_eq!(refusal(err), ActivateRefusal::BoundElsewhere);
    // The old one is nobody's now.
    let old_subject = DeviceKey::Subject(old_device.subject.unwrap());
    assert_eq!(store.device(&tenant, &old_subject).await.unwrap(), None);
    let err = store.activate(&old, now + MS).await;
    assert!(matches!(err, Err(ActivateError::Code(Refusal::Revoked))));
    let events = store.outbox(&world.tenant, 10, world.now).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [OutboxKind::DeviceActivated; 2]);
}

/// A device that was set back to its first day, with the address that it had, takes its own place.
pub async fn a_device_may_take_its_own_place(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (_, code) = waiting(world, &*store, "desk").await;
    let first = by_code(&world.redemption(&code, device(1)), 1);
    let before = store.activate(&first, now).await.unwrap().device;
    let code = world.draw();
    let new = world.new_code(&code, "desk");
    store
        .request_replacement_code(&new, &act(now))
        .await
        .unwrap();
    let second = by_code(&world.redemption(&code, device(1)), 1);
    let after = store.activate(&second, now).await.unwrap();
    assert!(!after.repeated);
    assert_eq!(after.device.mac, before.mac);
    assert_ne!(after.device.subject, before.subject);
}

/// The code of a replacement that is not wanted any more is void with the device.
pub async fn a_deactivated_device_is_replaced_by_none(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (_, code) = waiting(world, &*store, "desk").await;
    let activation = by_code(&world.redemption(&code, device(1)), 1);
    store.activate(&activation, now).await.unwrap();
    let code = world.draw();
    let new = world.new_code(&code, "desk");
    store
        .request_replacement_code(&new, &act(now))
        .await
        .unwrap();
    let desk = profile("desk");
    store
        .deactivate(&tenant, &desk, Some([9; 6]), &act(now))
        .await
        .unwrap();
    let late = by_code(&world.redemption(&code, device(2)), 2);
    let err = store.activate(&late, now).await;
    assert!(matches!(err, Err(ActivateError::Code(Refusal::Revoked))));
}

/// A device moves whole or not at all: what it was is set back and void, and the new owner has a code.
pub async fn a_device_moves_whole_or_not_at_all(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (_, code) = waiting(world, &*store, "desk").await;
    let first = by_code(&world.redemption(&code, device(1)), 1);
    let before = store.activate(&first, now).await.unwrap().device;
    let (desk, hall) = (profile("desk"), profile("hall"));
    let code = world.draw();
    let new = world.new_code(&code, "hall");
    let nowhere = profile("nowhere");
    let err = store.move_device(&nowhere, [9; 6], &new, &act(now)).await;
    assert!(matches!(
        err,
        Err(MoveError::Update(UpdateError::UnknownDevice))
    ));
    let audit_before = store.audit(0, 100).await.unwrap();
    let outbox_before = store.outbox(&tenant, 100, now).await.unwrap();
    let err = store.move_device(&desk, [9; 6], &new, &act(now)).await;
    assert!(matches!(
        err,
        Err(MoveError::Code(RequestCodeError::Refused(
            RequestCodeRefusal::UnknownDevice
        )))
    ));
    // Neither the device, nor its code, nor the log has changed.
    let key = DeviceKey::Profile(desk.clone());
    let same = store.device(&tenant, &key).await.unwrap();
    assert_eq!(same.as_ref(), Some(&before));
    assert!(store.activate(&first, now).await.unwrap().repeated);
    assert_eq!(store.audit(0, 100).await.unwrap(), audit_before);
    let outbox = store.outbox(&tenant, 100, now).await.unwrap();
    assert_eq!(outbox, outbox_before);

    let target = new_device(world, "hall", None);
    store.provision(&target, &act(now)).await.unwrap();
    // One that waits for its first device has none to move.
    let early = world.draw();
    let early = world.new_code(&early, "desk");
    let err = store.move_device(&hall, [9; 6], &early, &act(now)).await;
    assert!(matches!(
        err,
        Err(MoveError::Update(UpdateError::NotActivated))
    ));
    let moved = store.move_device(&desk, [9; 6], &new, &act(now)).await;
    assert_eq!(moved.unwrap().state, ActivationState::Activating);
    let err = store.activate(&first, now).await;
    assert!(matches!(err, Err(ActivateError::Code(Refusal::Revoked))));
    let left = store.device(&tenant, &key).await.unwrap().unwrap();
    assert_eq!((left.mac, left.state), (None, ActivationState::Deactivated));
    // The same hardware comes back under its new owner.
    let again = by_code(&world.redemption(&code, device(1)), 1);
    let activated = store.activate(&again, now).await.unwrap().device;
    assert_eq!((activated.profile, activated.mac), (hall, Some(mac(1))));
    let events = audited(&*store).await;
    let since = events
        .iter()
        .position(|event| *event == AuditEvent::Deactivated);
    assert_eq!(
        since.and_then(|since| events.get(since..)),
        Some(
            [
                AuditEvent::Deactivated,
                AuditEvent::CodeIssued,
                AuditEvent::CodeRefused,
                AuditEvent::CodeRedeemed,
                AuditEvent::Activated,
            ]
            .as_slice()
        )
    );
}

/// Of many who move one device at once, each to an owner of its own, one does.
pub async fn a_device_moves_once(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (_, code) = waiting(world, &*store, "desk").await;
    let first = by_code(&world.redemption(&code, device(1)), 1);
    store.activate(&first, now).await.unwrap();
    let mut moves = Vec::new();
    for number in 0..8 {
        let to = format!("hall-{number}");
        let target = new_device(world, &to, None);
        store.provision(&target, &act(now)).await.unwrap();
        let code = world.draw();
        let (store, new) = (Arc::clone(&store), world.new_code(&code, &to));
        moves.push(tokio::spawn(async move {
            let (desk, act) = (profile("desk"), act(now));
            store.move_device(&desk, [number; 6], &new, &act).await
        }));
    }
    let mut winners = Vec::new();
    for moved in moves {
        match moved.await.unwrap() {
            Ok(device) => winners.push(device.profile),
            Err(MoveError::Update(UpdateError::NotActivated)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(winners.len(), 1);
    let devices = store.devices(&tenant, Page::first(10)).await.unwrap();
    let waiting: Vec<_> = devices
        .into_iter()
        .filter(|device| device.state == ActivationState::Activating)
        .map(|device| device.profile)
        .collect();
    assert_eq!(waiting, winners);
}

/// Of two devices that are moved to one profile at once, one moves, and the other keeps its own.
pub async fn two_devices_do_not_move_to_one_profile(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let hall = new_device(world, "hall", None);
    store.provision(&hall, &act(now)).await.unwrap();
    let mut moves = Vec::new();
    for (number, name) in [(1, "desk-1"), (2, "desk-2"), (3, "desk-3")] {
        let (_, code) = waiting(world, &*store, name).await;
        let activation = by_code(&world.redemption(&code, device(number)), number);
        store.activate(&activation, now).await.unwrap();
        let code = world.draw();
        let (store, new) = (Arc::clone(&store), world.new_code(&code, "hall"));
        moves.push(async move {
            let (from, act) = (profile(name), act(now));
            store.move_device(&from, [number; 6], &new, &act).await
        });
    }
    let moves: Vec<_> = moves.into_iter().map(tokio::spawn).collect();
    let mut moved = 0;
    for answer in moves {
        match answer.await.unwrap() {
            Ok(_) => moved += 1,
            Err(MoveError::Code(RequestCodeError::Refused(RequestCodeRefusal::Awaited))) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(moved, 1);
    let devices = store.devices(&tenant, Page::first(10)).await.unwrap();
    let activated = |device: &&Device| device.state == ActivationState::Activated;
    assert_eq!(devices.iter().filter(activated).count(), 2);
}

/// A deleted device leaves its name, its address and its profile to others, and its records to the
/// audit log.
pub async fn a_deleted_device_is_gone_and_its_code_with_it(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (_, code) = waiting(world, &*store, "desk").await;
    let elsewhere = "other".parse().unwrap();
    let desk = profile("desk");
    let err = store.delete(&elsewhere, &desk, &act(now)).await;
    assert!(matches!(err, Err(UpdateError::UnknownDevice)));
    let found = store
        .device(&tenant, &DeviceKey::Profile(desk.clone()))
        .await;
    let deleted = store.delete(&tenant, &desk, &act(now)).await.unwrap();
    assert_eq!(found.unwrap().as_ref(), Some(&deleted));
    let err = store.delete(&tenant, &desk, &act(now)).await;
    assert!(matches!(err, Err(UpdateError::UnknownDevice)));
    let found = store.device(&tenant, &DeviceKey::Profile(desk)).await;
    assert_eq!(found.unwrap(), None);
    let late = by_code(&world.redemption(&code, device(1)), 1);
    let err = store.activate(&late, now).await;
    assert!(matches!(err, Err(ActivateError::Code(Refusal::Revoked))));
    // With other tags, of which none is left over from the old one.
    let again = Device {
        tags: [("%NEW%".to_owned(), "1".to_owned().into())].into(),
        name: deleted.name,
        ..new_device(world, "desk", None)
    };
    store.provision(&again, &act(now)).await.unwrap();
    let found = store
        .device(&tenant, &DeviceKey::Profile(profile("desk")))
        .await;
    assert_eq!(found.unwrap(), Some(again));
    let events = [
        AuditEvent::Provisioned,
        AuditEvent::CodeIssued,
        AuditEvent::Deleted,
        AuditEvent::CodeRefused,
        AuditEvent::Provisioned,
    ];
    assert_eq!(audited(&*store).await, events);
    let events = store.outbox(&world.tenant, 10, world.now).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [OutboxKind::DeviceDeleted]);
}

/// A grant whose device was deleted activates none, not even one of the same profile.
pub async fn the_grant_of_a_deleted_device_is_void(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (_, code) = waiting(world, &*store, "desk").await;
    let redemption = world.redemption(&code, device(1));
    let grant = store.accept_code(&redemption, now).await.unwrap();
    store
        .delete(&tenant, &profile("desk"), &act(now))
        .await
        .unwrap();
    let attempt = by_grant(world, grant.id().as_uuid(), 1);
    let err = store.activate(&attempt, now).await;
    assert_eq!(refusal(err), ActivateRefusal::NotEntitled);
    waiting(world, &*store, "desk").await;
    let err = store.activate(&attempt, now).await;
    assert_eq!(refusal(err), ActivateRefusal::NotActivating);
}

/// Devices are listed once each, in the order of their profiles, and those of others never.
pub async fn devices_come_in_pages(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let mut all = Vec::new();
    for name in ["b", "é", "a", "B", "10", "9", "a b"] {
        let device = new_device(world, name, None);
        store.provision(&device, &act(now)).await.unwrap();
        all.push(device);
    }
    let stranger = Device {
        tenant: "other".parse().unwrap(),
        ..new_device(world, "aa", None)
    };
    store.provision(&stranger, &act(now)).await.unwrap();
    all.sort_by(|one, other| one.profile.cmp(&other.profile));
    for limit in [1, 2, 3, 100] {
        let (mut page, mut listed) = (Page::first(limit), Vec::new());
        loop {
            let part = store.devices(&tenant, page.clone()).await.unwrap();
            assert!(part.len() <= limit);
            let Some(last) = part.last() else { break };
            page = page.after(last.profile.clone());
            listed.extend(part);
        }
        assert_eq!(listed, all, "{limit}");
    }
}

/// A replacement's code that is refused leaves the device its own right to be activated again, and the
/// code for a replacement that it had.
pub async fn a_refused_replacement_changes_nothing(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (_, code) = waiting(world, &*store, "desk").await;
    let activation = by_code(&world.redemption(&code, device(1)), 1);
    store.activate(&activation, now).await.unwrap();
    let spare = world.draw();
    let replacement = world.new_code(&spare, "desk");
    let asked = store
        .request_replacement_code(&replacement, &act(now))
        .await;
    asked.unwrap();
    let same = world.new_code(&code, "desk");
    let err = store.request_replacement_code(&same, &act(now)).await;
    assert!(matches!(
        err,
        Err(RequestCodeError::Refused(RequestCodeRefusal::CodeInUse))
    ));
    assert!(store.activate(&activation, now).await.unwrap().repeated);
    let other = by_code(&world.redemption(&spare, device(2)), 2);
    assert!(!store.activate(&other, now).await.unwrap().repeated);
}

/// Two tenants may have devices of the same name, and neither reads, changes or is told of what the
/// other has.
pub async fn a_tenant_has_nothing_of_another(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (now, other) = (world.now, TenantId::new("other").unwrap());
    let ours = new_device(world, "desk", Some(mac(1)));
    let theirs = Device {
        tenant: other.clone(),
        ..ours.clone()
    };
    let desk = &ours.profile;
    for (device, subject) in [(&ours, 1), (&theirs, 2)] {
        store.provision(device, &act(now)).await.unwrap();
        let activation = Activation {
            tenant: device.tenant.clone(),
            ..by_certificate(Uuid::from_u128(subject), 1)
        };
        store.activate(&activation, now).await.unwrap();
    }
    let subject = DeviceKey::Subject(Uuid::from_u128(2));
    assert_eq!(store.device(&ours.tenant, &subject).await.unwrap(), None);
    let request = DeviceRequest::Reboot;
    let asked = store.request(&other, desk, request, &act(now)).await;
    asked.unwrap();

    let events = store.outbox(&other, 10, world.now).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.sequence, event.kind))
        .collect();
    let expected = [
        (2, OutboxKind::DeviceActivated),
        (3, OutboxKind::RebootRequested),
    ];
    assert_eq!(told, expected);
    assert!(events.iter().all(|event| event.tenant == other));
    // What another tenant delivers stays.
    store.delivered(&ours.tenant, 2).await.unwrap();
    assert_eq!(store.outbox(&other, 10, world.now).await.unwrap(), events);
    store.delivered(&other, 2).await.unwrap();
    let left: Vec<_> = events.into_iter().skip(1).collect();
    assert_eq!(store.outbox(&other, 10, world.now).await.unwrap(), left);
    assert_eq!(
        store
            .outbox(&ours.tenant, 10, world.now)
            .await
            .unwrap()
            .len(),
        1
    );

    store.delete(&ours.tenant, desk, &act(now)).await.unwrap();
    let page = || Page::first(10);
    assert_eq!(store.devices(&ours.tenant, page()).await.unwrap(), []);
    let left = store.devices(&other, page()).await.unwrap();
    let subjects: Vec<_> = left.iter().map(|device| device.subject).collect();
    assert_eq!(subjects, [Some(Uuid::from_u128(2))]);
}
