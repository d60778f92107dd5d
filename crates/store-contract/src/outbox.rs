//! The outbox of a [`Registry`]: events in their order, and those that have waited for too long.

use offhook_activation_code::TenantId;
use offhook_onboarding::{
    Activation, ActivationState, AuditEvent, Device, DeviceRequest, OutboxKind, Registry,
    UpdateError,
};
use uuid::Uuid;

use crate::Fixture;
use crate::registry::{audited, by_certificate, by_code, new_device, provisioned, waiting};
use crate::world::{MS, World, act, device, mac, profile};

/// Events wait in order until they are delivered, and their numbers are not used again.
pub async fn the_outbox_is_emptied_in_order(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    provisioned(world, &*store, "desk", Some(mac(1))).await;
    let activation = by_certificate(Uuid::from_u128(1), 1);
    store.activate(&activation, now).await.unwrap();
    store
        .deactivate(&tenant, &profile("desk"), None, &act(now))
        .await
        .unwrap();
    let events = store.outbox(&world.tenant, 10, world.now).await.unwrap();
    let kinds: Vec<_> = events
        .iter()
        .map(|event| (event.sequence, event.kind))
        .collect();
    let expected = [
        (1, OutboxKind::DeviceActivated),
        (2, OutboxKind::DeviceDeactivated),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(
        store
            .outbox(&world.tenant, 1, world.now)
            .await
            .unwrap()
            .len(),
        1
    );
    for sequence in [2, 1, 1] {
        store.delivered(&world.tenant, sequence).await.unwrap();
    }
    assert_eq!(
        store.outbox(&world.tenant, 10, world.now).await.unwrap(),
        []
    );
    store.activate(&activation, now).await.unwrap();
    let events = store.outbox(&world.tenant, 10, world.now).await.unwrap();
    let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, [3]);
}

/// What an activated device is asked to do reaches call control by the outbox, and others are asked
/// for nothing.
pub async fn requests_wait_in_the_outbox(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (fresh, code) = waiting(world, &*store, "desk").await;
    let desk = &fresh.profile;
    let request = DeviceRequest::Reboot;
    let err = store.request(&tenant, desk, request, &act(now)).await;
    assert!(matches!(err, Err(UpdateError::NotActivated)));
    let err = store
        .request(&tenant, &profile("nowhere"), request, &act(now))
        .await;
    assert!(matches!(err, Err(UpdateError::UnknownDevice)));
    let activation = by_code(&world.redemption(&code, device(1)), 1);
    store.activate(&activation, now).await.unwrap();
    for request in [DeviceRequest::ProblemReport, DeviceRequest::Reboot] {
        let asked = store
            .request(&tenant, desk, request, &act(now))
            .await
            .unwrap();
        assert_eq!(asked.state, ActivationState::Activated);
    }
    let events = store.outbox(&world.tenant, 10, world.now).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    let expected = [
        OutboxKind::DeviceActivated,
        OutboxKind::ProblemReportRequested,
        OutboxKind::RebootRequested,
    ];
    assert_eq!(kinds, expected);
    let log = audited(&*store).await;
    let expected = [
        AuditEvent::ProblemReportRequested,
        AuditEvent::RebootRequested,
    ];
    assert_eq!(
        log.iter().rev().take(2).rev().copied().collect::<Vec<_>>(),
        expected
    );
}

/// An outbox of which nobody hears keeps what is young, by the store's clock; what a clock that stood ahead
/// has stamped is as old as it is young.
pub async fn what_has_waited_too_long_leaves_the_outbox(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, start) = (world.tenant.clone(), world.now);
    let other = TenantId::new("other").unwrap();
    let kept = MS * 1_000;
    for tenant in [&tenant, &other] {
        let device = Device {
            tenant: tenant.clone(),
            ..new_device(world, "desk", Some(mac(1)))
        };
        store.provision(&device, &act(start)).await.unwrap();
        let activation = Activation {
            tenant: tenant.clone(),
            ..by_certificate(Uuid::from_u128(1), 1)
        };
        // The clock stands ahead, and is set right before the devices are asked for something.
        let ahead = start + kept * 10;
        store.activate(&activation, ahead).await.unwrap();
        for number in 0..3 {
            let (desk, act) = (&device.profile, act(start + MS * number));
            let asked = store.request(tenant, desk, DeviceRequest::Reboot, &act);
            asked.await.unwrap();
        }
    }
    let waited = async |tenant: &TenantId, now| {
        let events = store.outbox(tenant, 10, now).await.unwrap();
        let waited = events.iter().map(|event| event.waited.as_millis());
        waited.collect::<Vec<_>>()
    };
    assert_eq!(waited(&tenant, start + MS * 2).await, [9_998, 2, 1, 0]);
    for (now, dropped, left) in [
        (start + kept * 9 + MS, 3, vec![999]),
        (start + kept * 11, 0, vec![1_000]),
        (start + kept * 11 + MS, 1, vec![]),
    ] {
        let answer = store.purge_outbox(&tenant, kept, now).await;
        assert_eq!(answer.unwrap(), dropped);
        assert_eq!(waited(&tenant, now).await, left);
    }
    let answer = store.purge_outbox(&other, kept, start).await;
    assert_eq!(answer.unwrap(), 1);
    assert_eq!(waited(&other, start + MS * 2).await, [2, 1, 0]);
}

/// A purge takes parts, and one of which something stays is not the last.
pub async fn many_old_events_leave_the_outbox_at_once(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, start) = (world.tenant.clone(), world.now);
    let kept = MS * 1_000;
    let device = provisioned(world, &*store, "desk", Some(mac(1))).await;
    let activation = by_certificate(Uuid::from_u128(1), 1);
    store.activate(&activation, start + kept).await.unwrap();
    for _ in 0..1_100 {
        let (desk, act) = (&device.profile, act(start));
        let asked = store.request(&tenant, desk, DeviceRequest::Reboot, &act);
        asked.await.unwrap();
    }
    let now = start + kept + MS;
    let dropped = store.purge_outbox(&tenant, kept, now).await;
    assert_eq!(dropped.unwrap(), 1_100);
    let left = store.outbox(&tenant, 10, now).await.unwrap();
    let kinds: Vec<_> = left.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [OutboxKind::DeviceActivated]);
}
