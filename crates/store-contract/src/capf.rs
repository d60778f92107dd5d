//! The behaviours of a [`CapfStore`].

use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::{
    AuthenticationString, CapfAttempt, CapfDevice, CapfDeviceType, CapfError, CapfMode,
    CapfOperation, CapfRefusal, CapfStore, CapfTable,
};
use offhook_device_name::DeviceName;
use tokio::sync::Barrier;

use crate::Fixture;
use crate::world::{MS, World, mac};

/// Random operations and attempts are answered as by [`CapfTable`].
pub async fn random_attempts_are_answered_as_by_the_model(
    fixture: &impl Fixture<Store: CapfStore>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let mut model = CapfTable::new();
    for step in 0..600 {
        let pause = Duration::from_secs(world.below(120));
        world.now += pause;
        let number = world.below(3);
        let (now, device) = (world.now, capf_device(world, number));
        match world.below(13) {
            0..2 => {
                let mode = match world.below(5) {
                    0 => CapfMode::ByNullString,
                    _ => by_string(world, &device),
                };
                let order = operation(device, mode, world);
                store.order_capf(&order, now).await.unwrap();
                model.order(&order);
            }
            2 => {
                let got = store.cancel_capf(&device, now).await;
                assert_eq!(reason(got), model.cancel(&device), "step {step}");
            }
            3 => {
                let kept = Duration::from_secs(world.below(600));
                let got = store.purge_capf(kept, now).await.unwrap();
                assert_eq!(got, model.purge(kept, now), "step {step}");
            }
            _ => {
                let attempt = match world.below(8) {
                    0 => CapfAttempt::by_null_string(device),
                    number => attempt(world, device, number < 3),
                };
                let got = store.present_capf(&attempt, now).await;
                assert_eq!(reason(got), model.present(&attempt, now), "step {step}");
            }
        }
    }
}

/// However many wrong strings come at once, as many are looked at as the operation allows; the
/// right one comes too late then, until the operation is ordered anew.
pub async fn wrong_strings_at_once_lock_the_operation(fixture: &impl Fixture<Store: CapfStore>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (now, device) = (world.now, capf_device(world, 0));
    let order = operation(device.clone(), by_string(world, &device), world);
    store.order_capf(&order, now).await.unwrap();
    let wrong = attempt(world, device.clone(), false);
    let answers = at_once(&store, &wrong, world).await;
    let misses = usize::from(order.max_misses().get());
    let count = |reason| {
        answers
            .iter()
            .filter(|answer| **answer == Err(reason))
            .count()
    };
    assert_eq!(count(CapfRefusal::WrongString), misses);
    assert_eq!(count(CapfRefusal::Locked), answers.len() - misses);

    let right = attempt(world, device.clone(), true);
    let late = store.present_capf(&right, now).await;
    assert_eq!(reason(late), Err(CapfRefusal::Locked));
    store.order_capf(&order, now).await.unwrap();
    store.present_capf(&right, now).await.unwrap();
}

/// An operation is completed once, however many present the right string at once.
pub async fn of_32_right_strings_at_once_one_completes_the_operation(
    fixture: &impl Fixture<Store: CapfStore>,
) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (now, device) = (world.now, capf_device(world, 0));
    let order = operation(device.clone(), by_string(world, &device), world);
    store.order_capf(&order, now).await.unwrap();
    let right = attempt(world, device, true);
    let answers = at_once(&store, &right, world).await;
    let completed = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(completed, 1, "{answers:?}");
    let none = Err(CapfRefusal::NoOperation);
    assert_eq!(answers.iter().filter(|answer| **answer == none).count(), 31);
}

/// An operation can be completed one millisecond before its deadline, and not at it.
pub async fn an_operation_ends_to_the_millisecond(fixture: &impl Fixture<Store: CapfStore>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (now, device) = (world.now, capf_device(world, 0));
    let order = operation(device.clone(), by_string(world, &device), world);
    store.order_capf(&order, now).await.unwrap();
    let right = attempt(world, device, true);
    let late = store.present_capf(&right, now + TIME).await;
    assert_eq!(reason(late), Err(CapfRefusal::Expired));
    store.present_capf(&right, now + TIME - MS).await.unwrap();
}

/// A purge takes the operations that are so long past their deadline, and no other.
pub async fn late_operations_are_purged(fixture: &impl Fixture<Store: CapfStore>) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let [early, late] = [0, 1].map(|number| capf_device(world, number));
    let order = operation(early.clone(), CapfMode::ByNullString, world);
    store.order_capf(&order, now).await.unwrap();
    world.now += MS;
    let order = operation(late.clone(), CapfMode::ByNullString, world);
    store.order_capf(&order, now).await.unwrap();
    let deadline = now + TIME;
    for (kept, now, purged) in [
        (Duration::ZERO, deadline - MS, 0),
        (MS, deadline, 0),
        (Duration::MAX, deadline, 0),
        (MS, deadline + MS, 1),
        (MS, deadline + MS, 0),
    ] {
        let answer = store.purge_capf(kept, now).await.unwrap();
        assert_eq!(answer, purged, "{kept:?}");
    }
    let gone = CapfAttempt::by_null_string(early);
    let gone = store.present_capf(&gone, deadline - MS).await;
    assert_eq!(reason(gone), Err(CapfRefusal::NoOperation));
    let there = CapfAttempt::by_null_string(late);
    store.present_capf(&there, deadline).await.unwrap();
}

/// However many are late, all of them are purged.
pub async fn many_late_operations_are_purged_at_once(fixture: &impl Fixture<Store: CapfStore>) {
    const MANY: u64 = 1_100;
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    for number in 0..MANY {
        world.tenant = World::numbered_tenant(number);
        let order = operation(capf_device(world, 0), CapfMode::ByNullString, world);
        store.order_capf(&order, now).await.unwrap();
    }
    let purged = store.purge_capf(Duration::ZERO, now + TIME).await.unwrap();
    assert_eq!(purged, MANY);
}

async fn at_once<S: CapfStore + 'static>(
    store: &Arc<S>,
    attempt: &CapfAttempt,
    world: &World,
) -> Vec<Result<(), CapfRefusal>> {
    let (now, barrier) = (world.now, Arc::new(Barrier::new(32)));
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (store, barrier) = (Arc::clone(store), Arc::clone(&barrier));
            let attempt = attempt.clone();
            tokio::spawn(async move {
                barrier.wait().await;
                store.present_capf(&attempt, now).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(reason(task.await.unwrap()));
    }
    answers
}

fn capf_device(world: &World, number: u64) -> CapfDevice {
    let mac = mac(u8::try_from(number).unwrap());
    CapfDevice::new(world.tenant.clone(), DeviceName::sep(mac))
}

fn operation(device: CapfDevice, mode: CapfMode, world: &World) -> CapfOperation {
    let by = world.now + TIME;
    CapfOperation::new(device, CapfDeviceType::Other, mode, by)
        .unwrap()
        .with_max_misses(NonZeroU8::new(3).unwrap())
}

fn by_string(world: &World, device: &CapfDevice) -> CapfMode {
    CapfMode::ByString(world.peppers.string_digest(device, &string(true)))
}

fn attempt(world: &World, device: CapfDevice, right: bool) -> CapfAttempt {
    let digests = world.peppers.string_digests(&device, &string(right));
    CapfAttempt::by_string(device, digests)
}

fn string(right: bool) -> AuthenticationString {
    let text = if right { "1234567890" } else { "1234567891" };
    text.parse().unwrap()
}

fn reason(answer: Result<(), CapfError>) -> Result<(), CapfRefusal> {
    answer.map_err(|err| match err {
        CapfError::Refused(refusal) => refusal,
        err => panic!("{err:?}"),
    })
}

const TIME: Duration = Duration::from_secs(3_600);
