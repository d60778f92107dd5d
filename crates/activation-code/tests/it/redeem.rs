//! Races and accidents on one code. What every store must do besides is in the contract suite.

use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::{
    ActivationCode, Binding, CodePolicy, CodeStore, CodeTable, GrantId, MemoryStore, RedeemError,
    Refusal,
};
use offhook_device_name::DeviceModel;
use tokio::sync::Barrier;

use crate::support::{Seeded, device, new_code, now, redemption};

fn model() -> DeviceModel {
    DeviceModel::new("CP-8841-3PCC").unwrap()
}

fn any() -> Binding {
    Binding::AnyOf(vec![model()])
}

fn refusal(err: RedeemError) -> Refusal {
    match err {
        RedeemError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_devices_with_one_code_one_wins() {
    let entropy = &mut Seeded(1);
    let store = Arc::new(MemoryStore::new());
    let code = ActivationCode::draw(entropy).unwrap();
    store
        .issue(&new_code(&code, any(), entropy), now())
        .await
        .unwrap();
    let barrier = Arc::new(Barrier::new(32));
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let redeem = redemption(&code, device(number).with_model(model()), entropy);
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                store.redeem(&redeem, now()).await
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(grant) => won += u32::from(!grant.repeated()),
            Err(err) => assert_eq!(refusal(err), Refusal::AlreadyRedeemed),
        }
    }
    assert_eq!(won, 1);
}

#[test]
fn a_clock_that_jumps_back_revives_nothing() {
    let entropy = &mut Seeded(2);
    let mut table = CodeTable::new();
    let device = device(1).with_model(model());
    let purged = ActivationCode::draw(entropy).unwrap();
    table
        .issue(&new_code(&purged, any(), entropy), now())
        .unwrap();
    assert_eq!(
        table.purge_expired(Duration::ZERO, now() + CodePolicy::DEFAULT_TTL),
        1
    );
    let err = table
        .redeem(&redemption(&purged, device.clone(), entropy), now())
        .unwrap_err();
    assert_eq!(refusal(err), Refusal::Expired);

    let used = ActivationCode::draw(entropy).unwrap();
    table
        .issue(&new_code(&used, any(), entropy), now())
        .unwrap();
    table
        .redeem(&redemption(&used, device, entropy), now())
        .unwrap();
    let other = redemption(
        &used,
        super::support::device(2).with_model(model()),
        entropy,
    );
    let err = table
        .redeem(&other, now() - Duration::from_secs(3_600))
        .unwrap_err();
    assert_eq!(refusal(err), Refusal::AlreadyRedeemed);
}

#[test]
fn the_same_key_with_another_mac_address_is_another_claimant() {
    let entropy = &mut Seeded(3);
    let mut table = CodeTable::new();
    let code = ActivationCode::draw(entropy).unwrap();
    table
        .issue(&new_code(&code, any(), entropy), now())
        .unwrap();
    let device = device(1).with_model(model());
    table
        .redeem(&redemption(&code, device.clone(), entropy), now())
        .unwrap();
    let moved = device.with_mac("000E08ABCDEF".parse().unwrap());
    let err = table
        .redeem(&redemption(&code, moved, entropy), now())
        .unwrap_err();
    assert_eq!(refusal(err), Refusal::AlreadyRedeemed);
}

#[test]
fn a_grant_is_found_by_its_name_as_it_was_first_given() {
    let entropy = &mut Seeded(4);
    let mut table = CodeTable::new();
    let code = ActivationCode::draw(entropy).unwrap();
    table
        .issue(&new_code(&code, any(), entropy), now())
        .unwrap();
    let redeem = redemption(&code, device(1).with_model(model()), entropy);
    let grant = table.redeem(&redeem, now()).unwrap();
    assert!(table.redeem(&redeem, now()).unwrap().repeated());
    assert_eq!(table.grant(&grant.id()), Some(grant));
    assert_eq!(table.grant(&GrantId::draw(entropy).unwrap()), None);
}

#[test]
fn a_redeemed_code_that_is_void_is_refused_to_its_claimant_and_the_newer_one_is_not() {
    let entropy = &mut Seeded(1);
    let mut table = CodeTable::new();
    let codes = [(); 2].map(|()| ActivationCode::draw(entropy).unwrap());
    let [old, newer] = codes.each_ref().map(|code| new_code(code, any(), entropy));
    table.issue(&old, now()).unwrap();
    let claimant = || device(1).with_model(model());
    let first = redemption(&codes[0], claimant(), entropy);
    let grant = table.redeem(&first, now()).unwrap();
    table.issue(&newer, now()).unwrap();
    table.void(&"other".parse().unwrap(), old.id());
    assert!(table.redeem(&first, now()).unwrap().repeated());
    for _ in 0..2 {
        table.void(old.tenant(), old.id());
        let err = table.redeem(&first, now()).unwrap_err();
        assert_eq!(refusal(err), Refusal::Revoked);
    }
    assert_eq!(table.grant(&grant.id()), Some(grant));
    let second = redemption(&codes[1], claimant(), entropy);
    assert!(!table.redeem(&second, now()).unwrap().repeated());
}
