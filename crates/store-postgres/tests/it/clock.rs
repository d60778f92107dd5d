//! Where nodes share a database, its clock decides.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_activation_code::{
    CapfAttempt, CapfDevice, CapfDeviceType, CapfError, CapfMode, CapfOperation, CapfRefusal,
    CapfStore, CodePolicy, CodeStore, GuessStore, Page, RedeemError, Refusal,
};
use offhook_device_name::DeviceName;
use offhook_onboarding::Registry;
use offhook_store_contract::Fixture;
use offhook_store_postgres::PostgresOptions;
use tokio_postgres::Client;

use crate::fixture::{InSchema, device, new_code, redemption};

const HOUR: Duration = Duration::from_secs(3_600);

/// The database's clock, in whole milliseconds.
async fn database_now(client: &Client) -> SystemTime {
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::int8";
    let millis: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
    UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs())
}

/// A caller whose clock is an hour early and one whose clock is an hour late.
async fn wrong_clocks(client: &Client) -> [SystemTime; 2] {
    let now = database_now(client).await;
    [now - HOUR, now + HOUR]
}

#[tokio::test]
async fn a_code_lives_by_the_databases_clock_however_wrong_the_callers_is() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    let tenant = "acme".parse().unwrap();
    for (number, wrong) in (1..).zip(wrong_clocks(&client).await) {
        let before = database_now(&client).await;
        store.issue(&new_code(number, wrong), wrong).await.unwrap();
        let after = database_now(&client).await;
        let codes = store.outstanding(&tenant, Page::first(9), wrong).await;
        let [code] = &codes.unwrap()[..] else {
            panic!("not one code");
        };
        let issued: SystemTime = code.issued_at().into();
        assert!((before..=after).contains(&issued), "{issued:?}");
        let life = CodePolicy::default().ttl();
        assert_eq!(code.expires_at(), code.issued_at().saturating_add(life));
        assert_eq!(store.live_codes(wrong).await.unwrap(), 1);

        let grant = store
            .redeem(&redemption(number, 1, number.into()), wrong)
            .await
            .unwrap();
        let redeemed: SystemTime = grant.redeemed_at().into();
        assert!(
            (after..=after + HOUR / 2).contains(&redeemed),
            "{redeemed:?}"
        );
    }
}

/// The deadline is moved behind the database's `now`, and then in front of it again.
#[tokio::test]
async fn a_code_expires_by_the_databases_clock_however_wrong_the_callers_is() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    let life = i64::try_from(CodePolicy::default().ttl().as_millis()).unwrap();
    for (number, wrong) in (1..).zip(wrong_clocks(&client).await) {
        store.issue(&new_code(number, wrong), wrong).await.unwrap();
        let move_deadline = "UPDATE codes SET expires_at = expires_at + $1 WHERE state = 'issued'";
        client.execute(move_deadline, &[&-life]).await.unwrap();
        let attempt = redemption(number, 1, number.into());
        let late = store.redeem(&attempt, wrong).await;
        assert!(
            matches!(late, Err(RedeemError::Refused(Refusal::Expired))),
            "{late:?}"
        );
        assert_eq!(store.live_codes(wrong).await.unwrap(), 0);
        client.execute(move_deadline, &[&60_000_i64]).await.unwrap();
        assert_eq!(store.purge_expired(wrong).await.unwrap(), 0);
        store.redeem(&attempt, wrong).await.unwrap();
    }
}

#[tokio::test]
async fn a_lost_answer_is_repeated_by_the_databases_clock() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    let [early, late] = wrong_clocks(&client).await;
    store.issue(&new_code(1, early), early).await.unwrap();
    let first = store.redeem(&redemption(1, 1, 1), early).await.unwrap();
    // Two hours later by the callers' clocks, and at once by the database's.
    let again = store.redeem(&redemption(1, 1, 2), late).await.unwrap();
    assert_eq!(again, first.into_repeated());
    let grace = i64::try_from(CodePolicy::DEFAULT_GRACE.as_millis()).unwrap();
    client
        .execute("UPDATE codes SET changed_at = changed_at - $1", &[&grace])
        .await
        .unwrap();
    let refused = store.redeem(&redemption(1, 1, 3), early).await;
    assert!(matches!(
        refused,
        Err(RedeemError::Refused(Refusal::AlreadyRedeemed))
    ));
}

#[tokio::test]
async fn the_audit_log_bears_the_databases_time() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    for (number, wrong) in (1..).zip(wrong_clocks(&client).await) {
        let before = database_now(&client).await;
        store.provision(&device(number), wrong).await.unwrap();
        let after = database_now(&client).await;
        let records = store.audit(u64::from(number) - 1, 9).await.unwrap();
        let [record] = &records[..] else {
            panic!("not one record");
        };
        let at: SystemTime = record.entry().at.into();
        assert!((before..=after).contains(&at), "{at:?}");
    }
}

#[tokio::test]
async fn a_certificate_operation_ends_by_the_databases_clock() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    let name = DeviceName::sep("000e08000001".parse().unwrap());
    let target = CapfDevice::new("acme".parse().unwrap(), name);
    for wrong in wrong_clocks(&client).await {
        let now = database_now(&client).await;
        for (by, expected) in [
            (now - HOUR / 2, Err(Some(CapfRefusal::Expired))),
            (now + HOUR / 2, Ok(())),
        ] {
            let mode = CapfMode::ByNullString;
            let order = CapfOperation::new(target.clone(), CapfDeviceType::Other, mode, by);
            store.order_capf(&order.unwrap(), wrong).await.unwrap();
            let attempt = CapfAttempt::by_null_string(target.clone());
            let answer = store.present_capf(&attempt, wrong).await;
            let answer = answer.map_err(|err| match err {
                CapfError::Refused(refusal) => Some(refusal),
                _ => None,
            });
            assert_eq!(answer, expected);
        }
    }
}
