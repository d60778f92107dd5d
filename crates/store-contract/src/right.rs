//! The behaviours of a [`Registry`] where a device has no right to what it wants.

use offhook_device_name::DeviceName;
use offhook_onboarding::{ActivateRefusal, ActivationState, Device, DeviceKey, Registry};
use uuid::Uuid;

use crate::Fixture;
use crate::registry::{by_certificate, by_code, refusal, waiting};
use crate::world::{World, act, device, mac, profile};

/// A device that has the name made from an address, but not the address, keeps others from it.
pub async fn a_name_belongs_to_one_device(fixture: &impl Fixture<Store: Registry>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (fresh, code) = waiting(world, &*store, "desk").await;
    let named = Device {
        profile: profile("named"),
        name: DeviceName::sep(mac(1)),
        state: ActivationState::Deactivated,
        ..fresh
    };
    store.provision(&named, &act(now)).await.unwrap();
    let first = by_code(&world.redemption(&code, device(1)), 1);
    let err = store.activate(&first, now).await;
    assert_eq!(refusal(err), ActivateRefusal::MacInUse);
    let second = by_code(&world.redemption(&code, device(2)), 2);
    assert!(!store.activate(&second, now).await.unwrap().repeated);
}

/// A certificate proves an address, and not that a code was typed: it activates no device that waits
/// for its code.
pub async fn a_certificate_without_a_code_activates_no_device_that_is_activating(
    fixture: &impl Fixture<Store: Registry>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (fresh, code) = waiting(world, &*store, "desk").await;
    // A device that knows its address and waits for a code all the same.
    let known = Device {
        profile: profile("known"),
        name: DeviceName::bat([7; 6]),
        mac: Some(mac(1)),
        state: ActivationState::Activating,
        ..fresh
    };
    store.provision(&known, &act(now)).await.unwrap();
    for (address, expected) in [
        (1, ActivateRefusal::NotActivating),
        (2, ActivateRefusal::NotEntitled),
    ] {
        let proved = by_certificate(Uuid::from_u128(1), address);
        let err = store.activate(&proved, now).await;
        assert_eq!(refusal(err), expected);
    }
    for waits in ["desk", "known"] {
        let key = DeviceKey::Profile(profile(waits));
        let found = store.device(&world.tenant, &key).await.unwrap().unwrap();
        assert_eq!(found.state, ActivationState::Activating);
    }
    let by_its_code = by_code(&world.redemption(&code, device(2)), 2);
    store.activate(&by_its_code, now).await.unwrap();
}
