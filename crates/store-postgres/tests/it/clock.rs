//! Where nodes share a database, its clock decides.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_activation_code::{
    CapfAttempt, CapfDevice, CapfDeviceType, CapfError, CapfMode, CapfOperation, CapfRefusal,
    CapfStore, CodePolicy, CodeStore, GuessBatch, GuessCharge, GuessCount, GuessKey, GuessStore,
    GuessWindow, Page, RedeemError, Refusal, Timestamp,
};
use offhook_device_name::DeviceName;
use offhook_onboarding::{Act, Registry};
use offhook_store_contract::Fixture;
use offhook_store_postgres::PostgresOptions;
use tokio_postgres::Client;

use crate::fixture::{InSchema, act, device, new_code, redemption};

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

/// Half an hour behind its deadline by the database's clock, and half an hour before it: one caller
/// each would have it otherwise.
#[tokio::test]
async fn a_code_expires_by_the_databases_clock_however_wrong_the_callers_is() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    for (number, wrong) in (1..).zip(wrong_clocks(&client).await) {
        store.issue(&new_code(number, wrong), wrong).await.unwrap();
        let now = Timestamp::from(database_now(&client).await).as_millis();
        let half = u64::try_from(HOUR.as_millis()).unwrap() / 2;
        let move_deadline = async |to: u64| {
            let sql = "UPDATE codes SET expires_at = $1 WHERE state = 'issued'";
            let to = to.cast_signed();
            client.execute(sql, &[&to]).await.unwrap();
        };
        let attempt = redemption(number, 1, number.into());

        move_deadline(now - half).await;
        let late = store.redeem(&attempt, wrong).await;
        let expired = matches!(late, Err(RedeemError::Refused(Refusal::Expired)));
        assert!(expired, "{late:?}");
        assert_eq!(store.live_codes(wrong).await.unwrap(), 0);
        move_deadline(now + half).await;
        assert_eq!(store.live_codes(wrong).await.unwrap(), 1);
        let purged = store.purge_expired(Duration::ZERO, wrong).await;
        assert_eq!(purged.unwrap(), 0);
        store.redeem(&attempt, wrong).await.unwrap();
        // Another, which has been expired for half an hour.
        let other = number + 10;
        store.issue(&new_code(other, wrong), wrong).await.unwrap();
        move_deadline(now - half).await;
        for (kept, purged) in [(HOUR, 0), (HOUR / 4, 1)] {
            let answer = store.purge_expired(kept, wrong).await;
            assert_eq!(answer.unwrap(), purged, "{kept:?}");
        }
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
async fn an_event_is_as_old_as_it_is_by_the_databases_clock() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    let device = device(1);
    store.provision(&device, &act()).await.unwrap();
    let half = HOUR / 2;
    for wrong in wrong_clocks(&client).await {
        let wrong_act = Act::of_nobody(wrong);
        let event = store.deactivate(&device.tenant, &device.profile, None, &wrong_act);
        event.await.unwrap();
        let millis = i64::try_from(half.as_millis()).unwrap();
        let older = "UPDATE outbox SET at = at - $1";
        client.execute(older, &[&millis]).await.unwrap();
        let events = store.outbox(&device.tenant, 9, wrong).await.unwrap();
        let [event] = &events[..] else {
            panic!("not one event");
        };
        assert!((half..HOUR).contains(&event.waited), "{event:?}");
        for (kept, dropped) in [(HOUR, 0), (HOUR / 4, 1)] {
            let answer = store.purge_outbox(&device.tenant, kept, wrong).await;
            assert_eq!(answer.unwrap(), dropped, "{kept:?}");
        }
    }
}

#[tokio::test]
async fn the_audit_log_bears_the_databases_time() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    for (number, wrong) in (1..).zip(wrong_clocks(&client).await) {
        let before = database_now(&client).await;
        let act = Act::of_nobody(wrong);
        store.provision(&device(number), &act).await.unwrap();
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

#[tokio::test]
async fn a_node_whose_clock_is_weeks_ahead_purges_no_guess_that_still_counts() {
    let Some(fixture) = InSchema::with(PostgresOptions::default()).await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    let window = GuessWindow::DEFAULT;
    let (now, week) = (database_now(&client).await, window.length());
    let key = GuessKey::from_bytes([1; GuessKey::BYTES]);
    let buckets = [now - 4 * week, now].map(|at| window.bucket(at));
    let charges = buckets.map(|bucket| GuessCharge::new(key, bucket, 1));
    let batch = GuessBatch::new(1, buckets[0], charges.to_vec());
    store.charge_guesses(&batch).await.unwrap();

    let ahead = now + 8 * week;
    let before = window.since(ahead - week);
    assert_eq!(store.purge_guesses(before, ahead).await.unwrap(), 1);
    let look = GuessCharge::new(key, buckets[1], 0);
    let look = GuessBatch::new(1, buckets[0], vec![look]);
    let counts = store.charge_guesses(&look).await.unwrap();
    assert_eq!(counts, [GuessCount::new(key, buckets[1], 1)]);
    // One that is behind makes nobody forget either.
    let behind = now - 8 * week;
    let before = window.since(behind - week);
    assert_eq!(store.purge_guesses(before, behind).await.unwrap(), 0);
}
