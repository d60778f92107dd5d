//! The behaviours of a [`Registry`], each of which panics where the store does not show it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use offhook_activation_code::{CodeStore, GrantId, NewCode, Page, Redemption, Refusal, TenantId};
use offhook_device_name::{DeviceName, MacAddress};
use offhook_onboarding::{
    ActivateError, ActivateRefusal, Activated, Activation, ActivationState, AuditEvent,
    AuditRecord, Device, DeviceKey, Entitlement, OutboxKind, Ownership, ProvisionError,
    ProvisionRefusal, Registration, Registry, RequestCodeError, RequestCodeRefusal, UpdateError,
    verify_chain,
};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::Fixture;
use crate::world::{MS, World, act, device, mac, model, profile};

/// One step from the code to the activated device, and what it leaves behind.
pub async fn a_code_activates_the_device_it_was_issued_for(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (fresh, code) = waiting(world, &*store, "desk").await;
    let redemption = world.redemption(&code, device(1));
    let activation = by_code(&redemption, 1);
    let activated = store.activate(&activation, now + MS).await.unwrap();
    let expected = Device {
        name: DeviceName::sep(mac(1)),
        mac: Some(mac(1)),
        state: ActivationState::Activated,
        subject: Some(*redemption.grant().as_uuid()),
        serial_number: Some("FOC1234".into()),
        ..fresh
    };
    assert_eq!(activated.device, expected);
    assert!(!activated.repeated);
    let keys = [
        DeviceKey::Mac(mac(1)),
        DeviceKey::Profile(profile("desk")),
        DeviceKey::Subject(*redemption.grant().as_uuid()),
    ];
    for key in keys {
        let found = store.device(&world.tenant, &key).await.unwrap();
        assert_eq!(found.as_ref(), Some(&expected), "{key:?}");
        let elsewhere = store.device(&"other".parse().unwrap(), &key).await;
        assert_eq!(elsewhere.unwrap(), None, "{key:?}");
    }

    let again = by_code(&world.redemption(&code, device(1)), 1);
    let repeated = store.activate(&again, now + MS).await.unwrap();
    assert_eq!((&repeated.device, repeated.repeated), (&expected, true));
    let events = [
        AuditEvent::Provisioned,
        AuditEvent::CodeIssued,
        AuditEvent::CodeRedeemed,
        AuditEvent::Activated,
    ];
    assert_eq!(audited(&*store).await, events);
    let outbox = store.outbox(&world.tenant, 10, world.now).await.unwrap();
    let told: Vec<_> = outbox
        .iter()
        .map(|event| (event.kind, &event.profile))
        .collect();
    assert_eq!(told, [(OutboxKind::DeviceActivated, &profile("desk"))]);
}

/// Two steps: the activation service takes the code, device management the grant.
pub async fn a_grant_activates_one_device(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (_, code) = waiting(world, &*store, "desk").await;
    let redemption = world.redemption(&code, device(1));
    let grant = store.accept_code(&redemption, now).await.unwrap();
    assert!(
        store
            .accept_code(&redemption, now)
            .await
            .unwrap()
            .repeated()
    );
    let key = DeviceKey::Profile(profile("desk"));
    let found = store.device(&world.tenant, &key).await.unwrap().unwrap();
    assert_eq!(
        (found.state, found.mac),
        (ActivationState::Activating, None)
    );

    let unknown = world.grant_id();
    let unknown = by_grant(world, unknown.as_uuid(), 1);
    let err = store.activate(&unknown, now).await;
    assert_eq!(refusal(err), ActivateRefusal::NotEntitled);
    let activation = by_grant(world, grant.id().as_uuid(), 1);
    let activated = store.activate(&activation, now).await.unwrap();
    assert_eq!(activated.device.subject, Some(*grant.id().as_uuid()));
    assert!(store.activate(&activation, now).await.unwrap().repeated);
    let other = by_grant(world, grant.id().as_uuid(), 2);
    let err = store.activate(&other, now).await;
    assert_eq!(refusal(err), ActivateRefusal::BoundElsewhere);
    let events = [
        AuditEvent::Provisioned,
        AuditEvent::CodeIssued,
        AuditEvent::CodeRedeemed,
        AuditEvent::ActivationRefused,
        AuditEvent::Activated,
        AuditEvent::ActivationRefused,
    ];
    assert_eq!(audited(&*store).await, events);
}

/// The code survives whatever stops the activation, and the reason is in the audit log only.
pub async fn a_refused_activation_burns_no_code(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    provisioned(world, &*store, "taken", Some(mac(1))).await;
    let (fresh, code) = waiting(world, &*store, "desk").await;
    let taken = by_code(&world.redemption(&code, device(1)), 1);
    let err = store.activate(&taken, now).await;
    assert_eq!(refusal(err), ActivateRefusal::MacInUse);
    let elsewhere = Activation {
        tenant: "other".parse().unwrap(),
        ..by_code(&world.redemption(&code, device(2)), 2)
    };
    let err = store.activate(&elsewhere, now).await;
    assert_eq!(refusal(err), ActivateRefusal::NotEntitled);
    let unknown = world.draw();
    let wrong = by_code(&world.redemption(&unknown, device(2)), 2);
    let err = store.activate(&wrong, now).await;
    assert!(matches!(err, Err(ActivateError::Code(Refusal::Unknown))));

    let key = DeviceKey::Profile(profile("desk"));
    let found = store.device(&world.tenant, &key).await.unwrap();
    assert_eq!(found, Some(fresh));
    assert_eq!(
        store.outbox(&world.tenant, 10, world.now).await.unwrap(),
        []
    );
    let records = store.audit(3, 10).await.unwrap();
    let reasons: Vec<_> = records
        .iter()
        .map(|record| (record.entry().event, record.entry().reason.as_deref()))
        .collect();
    let expected = [
        (AuditEvent::ActivationRefused, Some("mac-in-use")),
        (AuditEvent::ActivationRefused, Some("not-entitled")),
        (AuditEvent::CodeRefused, Some("unknown")),
    ];
    assert_eq!(reasons, expected);
    let right = by_code(&world.redemption(&code, device(2)), 2);
    assert!(!store.activate(&right, now).await.unwrap().repeated);
}

/// A device that was provisioned by its address needs no code, and takes none.
pub async fn a_certificate_activates_the_device_with_its_address(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    provisioned(world, &*store, "desk", Some(mac(1))).await;
    let code = world.draw();
    let new = world.new_code(&code, "desk");
    let err = store.request_code(&new, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::ProvisionedByMac);
    let subject = Uuid::from_u128(1);
    let err = store.activate(&by_certificate(subject, 2), now).await;
    assert_eq!(refusal(err), ActivateRefusal::NotEntitled);
    let activation = by_certificate(subject, 1);
    let activated = store.activate(&activation, now).await.unwrap();
    assert_eq!(activated.device.subject, Some(subject));
    assert_eq!(activated.device.state, ActivationState::Activated);
    let again = by_certificate(Uuid::from_u128(2), 1);
    let again = store.activate(&again, now).await.unwrap();
    assert_eq!(
        (again.device.subject, again.repeated),
        (Some(subject), true)
    );
}

/// Of devices that come with one code at once, one is activated, and the file says so once.
pub async fn of_16_devices_with_one_code_one_is_activated(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (_, code) = waiting(world, &*store, "desk").await;
    let barrier = Arc::new(Barrier::new(16));
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let activation = by_code(&world.redemption(&code, device(number)), number);
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                store.activate(&activation, now).await
            })
        })
        .collect();
    let mut activated = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(answer) => activated += u32::from(!answer.repeated),
            Err(ActivateError::Code(Refusal::AlreadyRedeemed)) => {}
            Err(err) => panic!("{err:?}"),
        }
    }
    assert_eq!(activated, 1, "devices activated");
    assert_eq!(
        store
            .outbox(&world.tenant, 10, world.now)
            .await
            .unwrap()
            .len(),
        1
    );
}

/// A new code makes the earlier one void, and the grant of the earlier one too.
pub async fn a_new_code_voids_the_one_before(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (_, first) = waiting(world, &*store, "desk").await;
    let second = world.draw();
    let new = world.new_code(&second, "desk");
    store.request_code(&new, &act(now)).await.unwrap();
    let attempt = by_code(&world.redemption(&first, device(1)), 1);
    let err = store.activate(&attempt, now).await;
    assert!(matches!(err, Err(ActivateError::Code(Refusal::Revoked))));

    let redemption = world.redemption(&second, device(1));
    let grant = store.accept_code(&redemption, now).await.unwrap();
    let third = world.draw();
    let new = world.new_code(&third, "desk");
    store.request_code(&new, &act(now)).await.unwrap();
    let attempt = by_grant(world, grant.id().as_uuid(), 1);
    let err = store.activate(&attempt, now).await;
    assert_eq!(refusal(err), ActivateRefusal::NotActivating);
    let replacement = {
        let code = world.draw();
        let replacement = world.replacement(&code);
        store.reissue(new.id(), &replacement, now).await.unwrap();
        code
    };
    let attempt = by_code(&world.redemption(&replacement, device(1)), 1);
    assert!(!store.activate(&attempt, now).await.unwrap().repeated);
}

/// A request for a code that is refused leaves the code before it good.
pub async fn a_refused_request_for_a_code_changes_nothing(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (_, code) = waiting(world, &*store, "desk").await;
    let same = world.new_code(&code, "desk");
    let err = store.request_code(&same, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::CodeInUse);
    let other = world.draw();
    let nowhere = world.new_code(&other, "nowhere");
    let err = store.request_code(&nowhere, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::UnknownDevice);
    let stranger = NewCode::new(
        world.code_id(),
        world.digests(&other),
        "stranger".parse().unwrap(),
        profile("desk"),
        nowhere.code().binding().clone(),
        &world.policy,
        now,
    );
    let err = store.request_code(&stranger, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::UnknownDevice);

    let activation = by_code(&world.redemption(&code, device(1)), 1);
    store.activate(&activation, now).await.unwrap();
    let late = world.new_code(&other, "desk");
    let err = store.request_code(&late, &act(now)).await;
    assert_eq!(code_refusal(err), RequestCodeRefusal::Activated);
}

/// A device that is set back can be activated by a new code only, by another device too.
pub async fn a_deactivated_device_needs_a_new_code(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (_, code) = waiting(world, &*store, "desk").await;
    let redemption = world.redemption(&code, device(1));
    store.activate(&by_code(&redemption, 1), now).await.unwrap();
    let err = store
        .deactivate(&tenant, &profile("nowhere"), None, &act(now))
        .await;
    assert!(matches!(err, Err(UpdateError::UnknownDevice)));

    let kept = store
        .deactivate(&tenant, &profile("desk"), None, &act(now))
        .await;
    let kept = kept.unwrap();
    assert_eq!(kept.state, ActivationState::Deactivated);
    assert_eq!((kept.mac, kept.subject), (Some(mac(1)), None));
    assert_eq!((kept.serial_number, kept.registration), (None, None));
    let again = store.activate(&by_code(&redemption, 1), now).await;
    assert!(matches!(again, Err(ActivateError::Code(Refusal::Revoked))));
    let digits = [9; 6];
    let cleared = store
        .deactivate(&tenant, &profile("desk"), Some(digits), &act(now))
        .await;
    let cleared = cleared.unwrap();
    assert_eq!((cleared.mac, cleared.name), (None, DeviceName::bat(digits)));

    let code = world.draw();
    let new = world.new_code(&code, "desk");
    store.request_code(&new, &act(now)).await.unwrap();
    let other = by_code(&world.redemption(&code, device(2)), 2);
    assert!(!store.activate(&other, now).await.unwrap().repeated);

    let unused = waiting(world, &*store, "unused").await.1;
    store
        .deactivate(&tenant, &profile("unused"), None, &act(now))
        .await
        .unwrap();
    let attempt = by_code(&world.redemption(&unused, device(3)), 3);
    let err = store.activate(&attempt, now).await;
    assert!(matches!(err, Err(ActivateError::Code(Refusal::Revoked))));
}

/// Profiles, names and addresses are each used once in a tenant.
pub async fn a_device_is_provisioned_once(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let first = provisioned(world, &*store, "desk", Some(mac(1))).await;
    let nameless = provisioned(world, &*store, "room", None).await;
    let mut cases = [
        (first.clone(), ProvisionRefusal::ProfileExists),
        (first.clone(), ProvisionRefusal::MacInUse),
        (nameless, ProvisionRefusal::NameInUse),
    ];
    for (device, _) in cases.iter_mut().skip(1) {
        device.profile = profile("other");
    }
    for (device, expected) in cases {
        match store.provision(&device, &act(now)).await {
            Err(ProvisionError::Refused(refusal)) => assert_eq!(refusal, expected),
            other => panic!("not refused: {other:?}"),
        }
    }
    let elsewhere = Device {
        tenant: "other".parse().unwrap(),
        ..first
    };
    store.provision(&elsewhere, &act(now)).await.unwrap();
    let found = store
        .device(&elsewhere.tenant, &DeviceKey::Mac(mac(1)))
        .await;
    assert_eq!(found.unwrap(), Some(elsewhere));
    assert_eq!(store.audit(0, 10).await.unwrap().len(), 3);
}

/// Every report of a registration is kept, the first after an activation is audited.
pub async fn registrations_of_activated_devices_are_noted(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (tenant, now) = (world.tenant.clone(), world.now);
    provisioned(world, &*store, "desk", Some(mac(1))).await;
    let registration = |seconds: u32| Registration {
        sip_address: "room@acme.example".into(),
        ip_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        at: (now + MS * seconds).into(),
    };
    let key = DeviceKey::Mac(mac(1));
    let early = store.registered(&tenant, &key, &registration(0), now).await;
    assert!(matches!(early, Err(UpdateError::UnknownDevice)));
    let activation = by_certificate(Uuid::from_u128(1), 1);
    store.activate(&activation, now).await.unwrap();
    for seconds in 1..3 {
        let registration = registration(seconds);
        let noted = store.registered(&tenant, &key, &registration, now).await;
        let noted = noted.unwrap();
        assert_eq!(noted.first, seconds == 1);
        let noted = noted.device;
        assert_eq!(noted.registration.as_ref(), Some(&registration));
        let found = store.device(&tenant, &key).await.unwrap();
        assert_eq!(found, Some(noted));
    }
    let other_line = Registration {
        sip_address: "hall@acme.example".into(),
        ..registration(3)
    };
    let refused = store.registered(&tenant, &key, &other_line, now).await;
    assert!(matches!(refused, Err(UpdateError::UnknownDevice)));
    let found = store.device(&tenant, &key).await.unwrap().unwrap();
    assert_eq!(found.registration, Some(registration(2)));
    let events = [
        AuditEvent::Provisioned,
        AuditEvent::Activated,
        AuditEvent::Registered,
    ];
    assert_eq!(audited(&*store).await, events);
}

/// A subject is one device's: the same for another is refused and changes nothing.
pub async fn a_subject_belongs_to_one_device(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    provisioned(world, &*store, "desk", Some(mac(1))).await;
    let second = provisioned(world, &*store, "hall", Some(mac(2))).await;
    let subject = Uuid::from_u128(1);
    store
        .activate(&by_certificate(subject, 1), now)
        .await
        .unwrap();
    let error = store
        .activate(&by_certificate(subject, 2), now)
        .await
        .unwrap_err();
    let refused = ActivateRefusal::SubjectInUse;
    assert!(matches!(error, ActivateError::Refused(refusal) if refusal == refused));
    let found = store
        .device(&world.tenant, &DeviceKey::Mac(mac(2)))
        .await
        .unwrap();
    assert_eq!(found, Some(second));
}

/// Only the code that a device is to be activated by is replaced by reissuing it: a code that was
/// issued for the same profile beside the registry never becomes the device's.
pub async fn a_foreign_code_of_the_profile_never_becomes_the_devices(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (_, code) = waiting(world, &*store, "desk").await;
    let own = world.redemption(&code, device(1));
    let grant = store.accept_code(&own, now).await.unwrap();

    let code = world.draw();
    let foreign = world.new_code(&code, "desk");
    store.issue(&foreign, now).await.unwrap();
    let code = world.draw();
    let replacement = world.replacement(&code);
    store
        .reissue(foreign.id(), &replacement, now)
        .await
        .unwrap();
    let theirs = by_code(&world.redemption(&code, device(2)), 2);
    assert!(store.activate(&theirs, now).await.is_err());
    let ours = Activation {
        entitlement: Entitlement::Grant(grant.id()),
        ..by_code(&own, 1)
    };
    store.activate(&ours, now).await.unwrap();
}

/// The log is one chain over all tenants, read in parts of any size.
pub async fn the_audit_log_is_a_chain(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    for name in ["a", "b", "c", "d", "e"] {
        provisioned(world, &*store, name, None).await;
        world.tenant = format!("tenant-{name}").parse().unwrap();
        world.now += MS;
    }
    let whole = store.audit(0, 100).await.unwrap();
    assert_eq!(whole.len(), 5);
    verify_chain(None, &whole).unwrap();
    let mut parts: Vec<AuditRecord> = Vec::new();
    loop {
        let last = parts.last().map_or(0, AuditRecord::sequence);
        let part = store.audit(last, 2).await.unwrap();
        verify_chain(parts.last(), &part).unwrap();
        if part.is_empty() {
            break;
        }
        parts.extend(part);
    }
    assert_eq!(parts, whole);
}

/// Looking whether the store works changes nothing.
pub async fn a_store_that_works_is_ready(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    store.ready().await.unwrap();
    let known = provisioned(world, &*store, "desk", None).await;
    store.ready().await.unwrap();
    let page = Page::first(9);
    let devices = store.devices(&world.tenant, page).await.unwrap();
    assert_eq!(devices, [known]);
    assert_eq!(audited(&*store).await, [AuditEvent::Provisioned]);
}

/// A device that waits for its code, and that code.
pub(crate) async fn waiting(
    world: &mut World,
    store: &impl Registry,
    name: &str,
) -> (Device, offhook_activation_code::ActivationCode) {
    provisioned(world, store, name, None).await;
    let code = world.draw();
    let new = world.new_code(&code, name);
    let device = store.request_code(&new, &act(world.now)).await.unwrap();
    assert_eq!(device.state, ActivationState::Activating);
    (device, code)
}

pub(crate) async fn provisioned(
    world: &mut World,
    store: &impl Registry,
    name: &str,
    mac: Option<MacAddress>,
) -> Device {
    let device = new_device(world, name, mac);
    store.provision(&device, &act(world.now)).await.unwrap();
    device
}

pub(crate) fn new_device(world: &mut World, name: &str, mac: Option<MacAddress>) -> Device {
    let mut digits = [0; 6];
    for (digit, byte) in digits.iter_mut().zip(world.code_id().as_uuid().as_bytes()) {
        *digit = *byte;
    }
    let device = Device::provisioned(
        world.tenant.clone(),
        profile(name),
        "user@acme.example".parse().unwrap(),
        model(),
        "Cisco Desk Pro (RoomOS)".into(),
        Ownership::Workspace,
        "room@acme.example".parse().unwrap(),
        mac,
        digits,
    );
    let tags = [
        ("%ZONE%", "Europe/Berlin"),
        ("%NAME%", "Besprechung \"1\"\n"),
    ];
    device.with_tags(
        tags.map(|(name, value)| (name.into(), value.to_owned().into()))
            .into(),
    )
}

pub(crate) fn by_code(redemption: &Redemption, number: u8) -> Activation {
    Activation {
        tenant: redemption.digests().tenant().clone(),
        entitlement: Entitlement::Code(redemption.clone()),
        mac: mac(number),
        serial_number: Some("FOC1234".into()),
    }
}

pub(crate) fn by_grant(world: &World, grant: &Uuid, number: u8) -> Activation {
    Activation {
        tenant: world.tenant.clone(),
        entitlement: Entitlement::Grant(GrantId::from_uuid(*grant)),
        mac: mac(number),
        serial_number: None,
    }
}

pub(crate) fn by_certificate(subject: Uuid, number: u8) -> Activation {
    Activation {
        tenant: TenantId::new("acme").unwrap(),
        entitlement: Entitlement::Certificate { subject },
        mac: mac(number),
        serial_number: None,
    }
}

pub(crate) async fn audited(store: &impl Registry) -> Vec<AuditEvent> {
    let records = store.audit(0, 100).await.unwrap();
    verify_chain(None, &records).unwrap();
    records.iter().map(|record| record.entry().event).collect()
}

pub(crate) fn refusal(answer: Result<Activated, ActivateError>) -> ActivateRefusal {
    match answer {
        Err(ActivateError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn code_refusal(answer: Result<Device, RequestCodeError>) -> RequestCodeRefusal {
    match answer {
        Err(RequestCodeError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
