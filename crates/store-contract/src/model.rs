//! A random history of devices, answered by the store as [`MemoryRegistry`] answers it.

use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use offhook_activation_code::{
    ActivationCode, Binding, CodeId, CodeStore, Grant, GrantId, NewCode, Page, RedeemError,
    Redemption,
};
use offhook_onboarding::{
    Act, ActivateError, Activation, Actor, DeviceKey, DeviceRequest, Entitlement, MemoryRegistry,
    OutboxEvent, Registration, Registry,
};

use crate::Fixture;
use crate::registry::new_device;
use crate::world::{World, device, mac, model, other_model, profile};

/// A thousand verbs on few devices, each answered as by [`MemoryRegistry`], with the same audit
/// log and outbox at the end.
pub async fn a_random_history_of_devices_is_answered_as_in_memory(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store, memory) = (&mut World::new(), fixture.store(), MemoryRegistry::new());
    let mut ids = vec![world.code_id()];
    let mut grants = vec![world.grant_id()];
    let mut codes = vec![world.draw()];
    for step in 0..1_000 {
        let pause = Duration::from_millis(world.below(240_000));
        world.now += pause;
        let (tenant, now) = (world.tenant.clone(), world.now);
        let act = &act(world, now);
        let name = profile(&format!("desk-{}", world.below(6)));
        let device_mac = mac(u8::try_from(world.below(3)).unwrap_or_default());
        let (wanted, got) = match world.below(16) {
            0 => {
                let mac = (world.below(2) == 0).then_some(device_mac);
                let device = new_device(world, name.as_str(), mac);
                let got = store.provision(&device, act).await;
                (answer(&memory.provision(&device, act).await), answer(&got))
            }
            1..3 => {
                let new = new_code(world, &mut codes, &mut ids);
                let got = store.request_code(&new, act).await;
                (answer(&memory.request_code(&new, act).await), answer(&got))
            }
            3..5 => {
                let redemption = redemption(world, &codes, &grants);
                let got = store.accept_code(&redemption, now).await;
                let wanted = memory.accept_code(&redemption, now).await;
                grants.extend(wanted.iter().map(Grant::id));
                match (&wanted, &got) {
                    // The text of a failure is the store's own.
                    (Err(RedeemError::Store(_)), Err(RedeemError::Store(_))) => continue,
                    _ => (answer(&wanted), answer(&got)),
                }
            }
            5..9 => {
                let entitlement = match world.below(4) {
                    0 => Entitlement::Certificate {
                        subject: *world.code_id().as_uuid(),
                    },
                    1 => Entitlement::Grant(pick(world, &grants)),
                    _ => Entitlement::Code(redemption(world, &codes, &grants)),
                };
                let activation = Activation {
                    tenant,
                    entitlement,
                    mac: device_mac,
                    serial_number: None,
                };
                let got = store.activate(&activation, now).await;
                let wanted = memory.activate(&activation, now).await;
                match (&wanted, &got) {
                    (Err(ActivateError::Store(_)), Err(ActivateError::Store(_))) => continue,
                    _ => (answer(&wanted), answer(&got)),
                }
            }
            9 => {
                let digits = digits(world);
                let dummy = (world.below(3) > 0).then_some(digits);
                let got = store.deactivate(&tenant, &name, dummy, act).await;
                let wanted = memory.deactivate(&tenant, &name, dummy, act).await;
                (answer(&wanted), answer(&got))
            }
            10 => {
                let (old, code) = (pick(world, &ids), code(world, &mut codes));
                let replacement = world.replacement(&code);
                ids.push(replacement.id());
                let got = store.reissue(old, &replacement, now).await;
                let wanted = memory.reissue(old, &replacement, now).await;
                (answer(&wanted), answer(&got))
            }
            11 => {
                let new = new_code(world, &mut codes, &mut ids);
                let got = store.request_replacement_code(&new, act).await;
                let wanted = memory.request_replacement_code(&new, act).await;
                (answer(&wanted), answer(&got))
            }
            12 if world.below(3) == 0 => {
                let got = store.delete(&tenant, &name, act).await;
                let wanted = memory.delete(&tenant, &name, act).await;
                (answer(&wanted), answer(&got))
            }
            12 => {
                let page = Page::first(3).after(name);
                let got = store.devices(&tenant, page.clone()).await;
                (answer(&memory.devices(&tenant, page).await), answer(&got))
            }
            13 => {
                let request = DeviceRequest::Reboot;
                let got = store.request(&tenant, &name, request, act).await;
                let wanted = memory.request(&tenant, &name, request, act).await;
                (answer(&wanted), answer(&got))
            }
            14 => {
                let (digits, new) = (digits(world), new_code(world, &mut codes, &mut ids));
                let got = store.move_device(&name, digits, &new, act).await;
                let wanted = memory.move_device(&name, digits, &new, act).await;
                (answer(&wanted), answer(&got))
            }
            _ => {
                let key = DeviceKey::Mac(device_mac);
                let registration = Registration {
                    sip_address: "room@acme.example".into(),
                    ip_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                    at: now.into(),
                };
                let got = store.registered(&tenant, &key, &registration, now).await;
                let wanted = memory.registered(&tenant, &key, &registration, now).await;
                (answer(&wanted), answer(&got))
            }
        };
        assert_eq!(got, wanted, "step {step}");
    }
    let all = usize::from(u16::MAX);
    let (got, wanted) = (store.audit(0, all).await, memory.audit(0, all).await);
    assert_eq!(got.ok(), wanted.ok());
    let (got, wanted) = (
        store.outbox(&world.tenant, all, world.now).await,
        memory.outbox(&world.tenant, all, world.now).await,
    );
    assert_eq!(got.ok().map(renumbered), wanted.ok().map(renumbered));
}

/// Events numbered from 1: a store may leave out the number of one that was undone.
fn renumbered(mut events: Vec<OutboxEvent>) -> Vec<OutboxEvent> {
    assert!(events.is_sorted_by(|one, other| one.sequence < other.sequence));
    for (number, event) in (1..).zip(&mut events) {
        event.sequence = number;
    }
    events
}

/// Those of a dummy name.
fn digits(world: &mut World) -> [u8; 6] {
    let [a, b, c, d, e, f, ..] = *world.code_id().as_uuid().as_bytes();
    [a, b, c, d, e, f]
}

fn new_code(world: &mut World, codes: &mut Vec<ActivationCode>, ids: &mut Vec<CodeId>) -> NewCode {
    let code = code(world, codes);
    let binding = match world.below(4) {
        0 => Binding::Mac(mac(1)),
        1 => Binding::Model(other_model()),
        _ => Binding::AnyOf(vec![model(), other_model()]),
    };
    let profile = format!("desk-{}", world.below(6));
    let mut new = world.bound_code(&code, &profile, binding);
    if world.below(20) == 0 {
        let digests = new.digests().clone();
        new = NewCode::new(
            pick(world, ids),
            digests,
            new.code().account().clone(),
            new.code().profile().clone(),
            new.code().binding().clone(),
            &world.policy,
            world.now,
        );
    }
    ids.push(new.id());
    new
}

fn redemption(world: &mut World, codes: &[ActivationCode], grants: &[GrantId]) -> Redemption {
    let code = pick(world, codes);
    let mut claimant = device(u8::try_from(world.below(3)).unwrap_or_default());
    if world.below(3) == 0 {
        claimant = claimant.with_model(other_model());
    }
    let redemption = world.redemption(&code, claimant.clone());
    if world.below(20) == 0 {
        return Redemption::new(redemption.digests().clone(), claimant, pick(world, grants));
    }
    redemption
}

/// What one of a few administrators does, of one of two issuers or none, or nobody.
fn act(world: &mut World, now: SystemTime) -> Act {
    let subject = format!("administrator {}", world.below(3));
    let issuer = ["https://id.example.com", "https://id.example.net"]
        .get(usize::try_from(world.below(3)).unwrap_or_default());
    match Actor::new(&subject, issuer.copied()) {
        Ok(actor) if world.below(4) > 0 => Act::of(actor, now),
        _ => Act::of_nobody(now),
    }
}

/// A new code, or now and then an old one.
fn code(world: &mut World, codes: &mut Vec<ActivationCode>) -> ActivationCode {
    if world.below(8) == 0 {
        return pick(world, codes);
    }
    let code = world.draw();
    codes.push(code.clone());
    code
}

/// One of the last few, or now and then an older one.
fn pick<T: Clone>(world: &mut World, from: &[T]) -> T {
    let recent = from.len().min(6);
    let among = if world.below(6) == 0 {
        from.len()
    } else {
        recent
    };
    let back = usize::try_from(world.below(among as u64)).unwrap_or_default();
    match from.iter().rev().nth(back) {
        Some(picked) => picked.clone(),
        None => panic!("nothing to pick from"),
    }
}

fn answer(answer: &dyn Debug) -> String {
    format!("{answer:?}")
}
