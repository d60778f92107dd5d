//! Connections that break, that are missing, and that are given up.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::{CodeStore, Page, RedeemError, Refusal, StoreError};
use offhook_onboarding::{
    ActivateError, Activation, AuditEvent, Entitlement, OutboxKind, Registry, verify_chain,
};
use offhook_store_contract::{Fixture, NetworkFixture};
use offhook_store_postgres::{Clock, PostgresError, PostgresOptions, PostgresStore};
use tokio_postgres::Client;

use crate::fixture::{InSchema, act, code_device, mac, new_code, now, redemption, with_parameter};
use crate::proxy::{Cut, Proxy};

fn options(pool_size: usize) -> PostgresOptions {
    PostgresOptions::default()
        .with_clock(Clock::Caller)
        .with_pool_size(pool_size)
}

/// A node with one connection, by way of a proxy.
async fn behind(proxy: &Proxy, fixture: &InSchema) -> PostgresStore {
    let options = options(1).with_schema(fixture.schema().clone());
    let url = fixture.url_by(proxy.address);
    PostgresStore::open(&url, &options).await.unwrap()
}

fn cause(err: &StoreError) -> &PostgresError {
    err.source().unwrap().downcast_ref().unwrap()
}

/// The device of the first code asks to be activated by it.
fn by_code(grant: u128) -> Activation {
    Activation {
        tenant: code_device(1).tenant,
        entitlement: Entitlement::Code(redemption(1, 1, grant)),
        mac: mac(1),
        serial_number: None,
    }
}

/// How many sessions of the named node wait for a lock.
async fn waiting(client: &Client, fixture: &InSchema) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND application_name = $1";
    let row = client.query_one(sql, &[&fixture.schema().as_str()]).await;
    row.unwrap().get(0)
}

fn failure<T: std::fmt::Debug>(answer: Result<T, RedeemError>) -> StoreError {
    match answer {
        Err(RedeemError::Store(err)) => err,
        other => panic!("no failure: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_device_gets_the_grant_whose_answer_was_cut_off() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let proxy = Proxy::start(fixture.server()).await;
    let store = behind(&proxy, &fixture).await;
    for number in 1..=3 {
        store.issue(&new_code(number, now()), now()).await.unwrap();
    }
    // The statement is prepared by then, so that the next exchange is the redeem itself.
    store.redeem(&redemption(1, 1, 1), now()).await.unwrap();

    proxy.cut(Cut::AnswerTo(b""));
    let err = failure(store.redeem(&redemption(2, 1, 20), now()).await);
    assert!(matches!(cause(&err), PostgresError::Lost(_)), "{err:?}");
    assert!(proxy.has_cut());
    let again = store.redeem(&redemption(2, 1, 21), now()).await.unwrap();
    assert_eq!(
        (again.id().as_uuid().as_u128(), again.repeated()),
        (20, true)
    );
    let other = store.redeem(&redemption(2, 2, 22), now()).await;
    assert!(matches!(
        other,
        Err(RedeemError::Refused(Refusal::AlreadyRedeemed))
    ));

    store.redeem(&redemption(1, 1, 1), now()).await.unwrap();
    proxy.cut(Cut::Request(b""));
    let err = failure(store.redeem(&redemption(3, 1, 30), now()).await);
    assert!(matches!(cause(&err), PostgresError::Lost(_)), "{err:?}");
    let again = store.redeem(&redemption(3, 1, 31), now()).await.unwrap();
    assert_eq!(
        (again.id().as_uuid().as_u128(), again.repeated()),
        (31, false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_cut_off_at_its_commit_took_place_whole() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let proxy = Proxy::start(fixture.server()).await;
    let store = behind(&proxy, &fixture).await;
    for (number, cut, took_place) in [
        (1, Cut::AnswerTo(b"COMMIT"), true),
        (2, Cut::Request(b"COMMIT"), false),
    ] {
        let device = code_device(number);
        store.provision(&device, &act()).await.unwrap();
        let code = new_code(number, now());
        store.request_code(&code, &act()).await.unwrap();
        let activation = |grant| Activation {
            tenant: device.tenant.clone(),
            entitlement: Entitlement::Code(redemption(number, 1, grant)),
            mac: mac(u8::try_from(number).unwrap()),
            serial_number: None,
        };
        // Nothing is left to be chained, so that the next commit is that of the activation.
        store.audit(0, 1).await.unwrap();
        proxy.cut(cut);
        let lost = store
            .activate(&activation(u128::from(number) * 10), now())
            .await;
        assert!(matches!(lost, Err(ActivateError::Store(_))), "{lost:?}");
        assert!(proxy.has_cut());
        let again = activation(u128::from(number) * 10 + 1);
        let activated = store.activate(&again, now()).await.unwrap();
        assert_eq!(activated.repeated, took_place);
        let subject = activated.device.subject.unwrap().as_u128();
        assert_eq!(subject, u128::from(number) * 10 + u128::from(!took_place));
    }
    let records = store.audit(0, 99).await.unwrap();
    verify_chain(None, &records).unwrap();
    let events: Vec<_> = records.iter().map(|record| record.entry().event).collect();
    let each = [
        AuditEvent::Provisioned,
        AuditEvent::CodeIssued,
        AuditEvent::CodeRedeemed,
        AuditEvent::Activated,
    ];
    assert_eq!(events, [each, each].concat());
    let kinds: Vec<_> = store
        .outbox(&code_device(1).tenant, 9, now())
        .await
        .unwrap()
        .iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, [OutboxKind::DeviceActivated; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_while_idle_are_replaced_unnoticed() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let (store, client) = (fixture.named_node(options(2)).await, fixture.client().await);
    store.issue(&new_code(1, now()), now()).await.unwrap();
    let backends = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE application_name = $1";
    let name = fixture.schema().as_str();
    for number in 2..5 {
        let row = client.query_one(backends, &[&name]).await.unwrap();
        assert!(row.get::<_, i64>(0) > 0);
        // Long enough for the end of the connection to cross the loopback.
        tokio::time::sleep(Duration::from_millis(200)).await;
        store.issue(&new_code(number, now()), now()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_waits_for_a_connection_then_fails_by_name_and_the_store_recovers() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let wait = Duration::from_millis(100);
    let store = Arc::new(fixture.named_node(options(2).with_wait_timeout(wait)).await);
    let mut client = fixture.client().await;
    store.issue(&new_code(1, now()), now()).await.unwrap();
    store.issue(&new_code(2, now()), now()).await.unwrap();

    let watch = fixture.client().await;
    let lock = client.transaction().await.unwrap();
    lock.batch_execute("SELECT FROM codes FOR UPDATE")
        .await
        .unwrap();
    let held = [1, 2].map(|device| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            store
                .redeem(&redemption(1, device, device.into()), now())
                .await
        })
    });
    while waiting(&watch, &fixture).await < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let err = failure(store.redeem(&redemption(2, 1, 3), now()).await);
    assert!(
        matches!(cause(&err), PostgresError::Exhausted { waited } if *waited == wait),
        "{err:?}"
    );
    lock.rollback().await.unwrap();
    let mut won = 0;
    for task in held {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(RedeemError::Refused(Refusal::AlreadyRedeemed)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    let grant = store.redeem(&redemption(2, 1, 4), now()).await.unwrap();
    assert!(!grant.repeated());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_undone_and_said() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let limit = Duration::from_millis(100);
    let store = fixture.node(options(1).with_statement_timeout(limit)).await;
    let mut client = fixture.client().await;
    store.issue(&new_code(1, now()), now()).await.unwrap();
    let lock = client.transaction().await.unwrap();
    lock.batch_execute("SELECT FROM codes FOR UPDATE")
        .await
        .unwrap();
    let err = failure(store.redeem(&redemption(1, 1, 1), now()).await);
    assert!(
        matches!(cause(&err), PostgresError::Server { code, .. } if code == "57014"),
        "{err:?}"
    );
    lock.rollback().await.unwrap();
    let grant = store.redeem(&redemption(1, 1, 2), now()).await.unwrap();
    assert_eq!(
        (grant.id().as_uuid().as_u128(), grant.repeated()),
        (2, false)
    );
}

/// A transaction that is given up in its midst takes its connection with it: whoever came next on
/// that connection would be undone with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_activation_that_nobody_waits_for_leaves_no_transaction_open() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let store = Arc::new(fixture.named_node(options(1)).await);
    let (mut client, watch) = (fixture.client().await, fixture.client().await);
    store.provision(&code_device(1), &act()).await.unwrap();
    store
        .request_code(&new_code(1, now()), &act())
        .await
        .unwrap();
    let lock = client.transaction().await.unwrap();
    lock.batch_execute("SELECT FROM codes FOR UPDATE")
        .await
        .unwrap();
    let activate = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.activate(&by_code(1), now()).await }
    });
    while waiting(&watch, &fixture).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    activate.abort();
    assert!(activate.await.unwrap_err().is_cancelled());
    lock.rollback().await.unwrap();

    store.issue(&new_code(2, now()), now()).await.unwrap();
    let issued = "SELECT count(*) FROM codes WHERE state = 'issued'";
    let row = watch.query_one(issued, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
    assert!(!store.activate(&by_code(1), now()).await.unwrap().repeated);
}

/// What others hold up is decided again, and the caller notices nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_with_a_stranger_is_tried_again() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let store = Arc::new(fixture.named_node(options(2)).await);
    let mut client = fixture.client().await;
    store.provision(&code_device(1), &act()).await.unwrap();
    store
        .request_code(&new_code(1, now()), &act())
        .await
        .unwrap();
    // Takes the code before its device, against the order; and waits long enough to be the one
    // that is not chosen.
    client
        .batch_execute("SET deadlock_timeout = '60s'")
        .await
        .unwrap();
    let watch = fixture.client().await;
    let stranger = client.transaction().await.unwrap();
    stranger
        .batch_execute("SELECT FROM codes FOR UPDATE")
        .await
        .unwrap();
    let activate = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.activate(&by_code(1), now()).await }
    });
    while waiting(&watch, &fixture).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stranger
        .batch_execute("SELECT FROM devices FOR UPDATE")
        .await
        .unwrap();
    stranger.commit().await.unwrap();
    assert!(!activate.await.unwrap().unwrap().repeated);
}

#[tokio::test]
async fn a_session_waits_for_the_disk_whatever_the_role_would_have_it() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let url = with_parameter(fixture.url(), "options=-c%20synchronous_commit%3Doff");
    let options = options(1).with_schema(fixture.schema().clone());
    let store = PostgresStore::open(&url, &options).await.unwrap();
    // The level is what the sessions of this store tell the server, so it is asked from inside one.
    let client = fixture.client().await;
    let trigger = "
        CREATE TABLE seen (level text, isolation text);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO seen VALUES (current_setting('synchronous_commit'),
                                     current_setting('transaction_isolation'));
            RETURN NEW;
        END $$;
        CREATE TRIGGER see BEFORE INSERT ON codes FOR EACH ROW EXECUTE FUNCTION see();";
    client.batch_execute(trigger).await.unwrap();
    store.issue(&new_code(1, now()), now()).await.unwrap();
    let row = client
        .query_one("SELECT level, isolation FROM seen", &[])
        .await
        .unwrap();
    let seen: (&str, &str) = (row.get(0), row.get(1));
    assert_eq!(seen, ("on", "read committed"));
}

#[tokio::test]
async fn a_store_that_may_read_and_not_write_is_not_ready() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    store.ready().await.unwrap();
    let read_only = "ALTER TABLE devices RENAME TO writable;
                     CREATE VIEW devices AS SELECT DISTINCT * FROM writable";
    client.batch_execute(read_only).await.unwrap();
    let tenant = code_device(1).tenant;
    assert_eq!(store.devices(&tenant, Page::first(9)).await.unwrap(), []);
    let err = store.ready().await.unwrap_err();
    assert!(
        matches!(cause(&err), PostgresError::Server { .. }),
        "{err:?}"
    );
}
