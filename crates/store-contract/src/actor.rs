//! The behaviours of a [`Registry`] that concern who does something.

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use offhook_onboarding::{
    Act, Actor, AuditEntry, AuditError, AuditEvent, AuditRecord, DeviceKey, DeviceRequest,
    Registration, Registry, verify_chain,
};

use crate::Fixture;
use crate::registry::{by_code, new_device};
use crate::world::{World, device, mac, profile};

/// What the audit log says of an act.
type Named = (AuditEvent, Option<Actor>);

/// Each record of what an administrator did names the one who did it, and those of what devices did
/// name nobody.
pub async fn the_audit_log_names_who_did_what(fixture: &impl Fixture<Store: Registry>) {
    let store = &*fixture.store();
    let expected = history(store).await;
    let records = store.audit(0, 100).await.unwrap();
    verify_chain(None, &records).unwrap();
    let found: Vec<_> = records
        .iter()
        .map(|record| (record.entry().event, record.entry().actor.clone()))
        .collect();
    assert_eq!(found, expected);
}

/// Who did something stands in the hash: a record that names another, or nobody, breaks the chain.
pub async fn a_record_that_names_another_actor_breaks_the_chain(
    fixture: &impl Fixture<Store: Registry>,
) {
    let store = &*fixture.store();
    history(store).await;
    let records = store.audit(0, 100).await.unwrap();
    for (at, record) in records.iter().enumerate() {
        for actor in [None, Some(actor(99))] {
            if actor == record.entry().actor {
                continue;
            }
            let (sequence, entry) = (record.sequence(), record.entry().clone());
            let entry = AuditEntry { actor, ..entry };
            let mut forged = records.clone();
            if let Some(record) = forged.get_mut(at) {
                *record = AuditRecord::from_parts(sequence, entry, *record.hash());
            }
            let changed = Err(AuditError::Changed { sequence });
            assert_eq!(verify_chain(None, &forged), changed);
        }
    }
}

/// Every verb, those of administrators by another one each; gives what the audit log is to say of it.
async fn history(store: &impl Registry) -> Vec<Named> {
    let (world, desk) = (&mut World::new(), &profile("desk"));
    let (tenant, now) = (world.tenant.clone(), world.now);
    let (log, key) = (&mut Vec::new(), DeviceKey::Mac(mac(1)));
    let new = new_device(world, "desk", None);
    let provisioned = by_next(log, AuditEvent::Provisioned, now);
    store.provision(&new, &provisioned).await.unwrap();
    let code = world.draw();
    let new = world.new_code(&code, "desk");
    let issued = by_next(log, AuditEvent::CodeIssued, now);
    store.request_code(&new, &issued).await.unwrap();

    let activation = by_code(&world.redemption(&code, device(1)), 1);
    store.activate(&activation, now).await.unwrap();
    let registration = Registration {
        sip_address: "room@acme.example".into(),
        ip_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        at: now.into(),
    };
    let registered = store.registered(&tenant, &key, &registration, now).await;
    registered.unwrap();
    let by_device = [
        AuditEvent::CodeRedeemed,
        AuditEvent::Activated,
        AuditEvent::Registered,
    ];
    log.extend(by_device.map(|event| (event, None)));

    let new = world.draw();
    let new = world.new_code(&new, "desk");
    let issued = by_next(log, AuditEvent::CodeIssued, now);
    let asked = store.request_replacement_code(&new, &issued).await;
    asked.unwrap();
    for request in [DeviceRequest::Reboot, DeviceRequest::ProblemReport] {
        let asked = by_next(log, request.audit_event(), now);
        store.request(&tenant, desk, request, &asked).await.unwrap();
    }
    let ended = by_next(log, AuditEvent::Deactivated, now);
    let ended = store.deactivate(&tenant, desk, None, &ended).await;
    ended.unwrap();
    let deleted = by_next(log, AuditEvent::Deleted, now);
    store.delete(&tenant, desk, &deleted).await.unwrap();
    let again = new_device(world, "desk", None);
    let by_nobody = store.provision(&again, &Act::of_nobody(now)).await;
    by_nobody.unwrap();
    log.push((AuditEvent::Provisioned, None));
    std::mem::take(log)
}

/// What the next administrator does, who is in the log then.
fn by_next(log: &mut Vec<Named>, event: AuditEvent, now: SystemTime) -> Act {
    let actor = actor(log.len());
    log.push((event, Some(actor.clone())));
    Act::of(actor, now)
}

/// The administrator with that number, whose issuer is known or not.
fn actor(number: usize) -> Actor {
    let issuer = number
        .is_multiple_of(2)
        .then_some("https://id.example.com/\\\"'");
    Actor::new(&format!("jo '{number}' \\ \"x\""), issuer).unwrap()
}
