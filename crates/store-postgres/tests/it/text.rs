//! Texts that are hostile to databases.

use std::error::Error;

use offhook_activation_code::{
    Binding, Claimant, CodeId, CodePolicy, CodeStore, NewCode, Page, Redemption,
};
use offhook_device_name::DeviceModel;
use offhook_onboarding::{Device, DeviceKey, ProvisionError, Registry};
use offhook_store_contract::Fixture;
use offhook_store_postgres::PostgresError;
use uuid::Uuid;

use crate::fixture::{InSchema, act, device, new_code, now, redemption};

const HOSTILE: [&str; 7] = [
    "'; DROP TABLE codes; --",
    "\" OR 1=1 --",
    "\\'\\\\x00\\n%s%n",
    "$1 {} %",
    "any-of:Cisco Desk Pro",
    "名前 ünïcödé \u{202e}\u{10ffff}",
    "a\u{fffd}b",
];

#[tokio::test]
async fn hostile_names_and_models_come_back_as_they_went_in() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let store = fixture.store();
    for (number, text) in (1..).zip(HOSTILE) {
        let plain = new_code(number, now());
        let model = DeviceModel::new(text).unwrap();
        let tenant = plain.tenant().clone();
        let code = NewCode::new(
            CodeId::from_uuid(Uuid::from_u128(number.into())),
            plain.digests().clone(),
            text.parse().unwrap(),
            text.parse().unwrap(),
            Binding::AnyOf(vec![DeviceModel::new("other").unwrap(), model.clone()]),
            &CodePolicy::default(),
            now(),
        );
        store.issue(&code, now()).await.unwrap();
        let listed = store
            .outstanding(&tenant, Page::first(9), now())
            .await
            .unwrap();
        assert_eq!(listed, [code.code().clone()]);

        let attempt = redemption(number, 1, number.into());
        let key = *attempt.claimant().key();
        let claimed = |model: &DeviceModel| {
            let claimant = Claimant::new(key).with_model(model.clone());
            Redemption::new(attempt.digests().clone(), claimant, attempt.grant())
        };
        for wrong in ["%", "_", "othe", "other\u{a0}x", ".*"] {
            let wrong = DeviceModel::new(wrong).unwrap();
            assert!(store.redeem(&claimed(&wrong), now()).await.is_err());
        }
        let grant = store.redeem(&claimed(&model), now()).await.unwrap();
        assert_eq!(
            (grant.account().as_str(), grant.profile().as_str()),
            (text, text)
        );
    }
}

#[test]
fn no_name_and_no_model_holds_what_the_database_cannot() {
    use offhook_activation_code::{AccountId, ProfileId, TenantId};
    assert!(TenantId::new("a\0b").is_err());
    assert!(AccountId::new("a\0b").is_err());
    assert!(ProfileId::new("a\0b").is_err());
    assert!(DeviceModel::new("a\0b").is_err());
}

#[tokio::test]
async fn tags_hold_every_character_and_other_texts_all_but_one() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let store = fixture.store();
    let hostile = HOSTILE
        .iter()
        .map(|text| ((*text).to_owned(), (*text).to_owned().into()));
    let nul = [("%N\0%".to_owned(), "\0 secret \0".to_owned().into())];
    let good = Device {
        device_type: HOSTILE[0].to_owned(),
        ..device(1)
    };
    let good = good.with_tags(hostile.chain(nul).collect());
    store.provision(&good, &act()).await.unwrap();
    let key = DeviceKey::Profile(good.profile.clone());
    let found = store.device(&good.tenant, &key).await.unwrap();
    assert_eq!(found.as_ref(), Some(&good));

    let bad = Device {
        device_type: "a\0b".to_owned(),
        ..device(2)
    };
    let Err(ProvisionError::Store(err)) = store.provision(&bad, &act()).await else {
        panic!("a text that cannot be held was taken");
    };
    let cause = err.source().unwrap().downcast_ref().unwrap();
    assert!(
        matches!(cause, PostgresError::Server { code, .. } if code == "22021"),
        "{cause:?}"
    );
    let key = DeviceKey::Profile(bad.profile);
    assert_eq!(store.device(&bad.tenant, &key).await.unwrap(), None);
    assert_eq!(store.audit(0, 9).await.unwrap().len(), 1);
}

/// The server repeats the values of a row in what it says of a broken constraint.
#[tokio::test]
async fn no_error_tells_what_stands_in_a_row() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    client
        .batch_execute("ALTER TABLE devices ADD CHECK (profile <> 'room-1')")
        .await
        .unwrap();
    let tags = [("%PIN%".to_owned(), "canary-4711".to_owned().into())];
    let device = device(1).with_tags(tags.into());
    let Err(ProvisionError::Store(err)) = store.provision(&device, &act()).await else {
        panic!("the constraint was not broken");
    };
    let mut told = format!("{err} {err:?}");
    let mut source = err.source();
    while let Some(err) = source {
        told.push_str(&format!("{err} {err:?}"));
        source = err.source();
    }
    assert!(told.contains("23514"), "{told}");
    let bytes = "canary-4711".bytes().map(|byte| format!("{byte:02x}"));
    for secret in ["canary", &bytes.collect::<String>(), "room-1"] {
        assert!(!told.contains(secret), "{told}");
    }
}
