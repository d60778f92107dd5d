//! Two stores on one file, each with connections of its own.

use std::sync::Arc;

use offhook_activation_code::{CodeStore, RedeemError, Refusal};
use offhook_store_contract::Fixture;
use tokio::sync::Barrier;

use crate::fixture::{OnDisk, new_code, now, open, redemption};

#[tokio::test(flavor = "multi_thread")]
async fn of_32_devices_at_two_stores_on_one_file_one_wins_each_code() {
    let disk = OnDisk::new();
    let stores = [disk.store(), Arc::new(open(&disk.path()))];
    for number in 0..20 {
        let [here, there] = &stores;
        here.issue(&new_code(number), now()).await.unwrap();
        let barrier = Arc::new(Barrier::new(32));
        let tasks: Vec<_> = [here, there]
            .into_iter()
            .cycle()
            .zip(0..32_u8)
            .map(|(store, device)| {
                let (store, barrier) = (Arc::clone(store), Arc::clone(&barrier));
                let grant = u128::from(number) << 8 | u128::from(device);
                let redemption = redemption(number, device, grant);
                tokio::spawn(async move {
                    barrier.wait().await;
                    store.redeem(&redemption, now()).await
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(grant) => won += u32::from(!grant.repeated()),
                Err(RedeemError::Refused(Refusal::AlreadyRedeemed)) => {}
                Err(err) => panic!("{err:?}"),
            }
        }
        assert_eq!(won, 1, "code {number}");
    }
}

#[test]
fn eight_threads_may_make_and_open_one_file_at_once() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("codes.db");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| open(&path));
        }
    });
}
