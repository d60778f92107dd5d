//! Several nodes on one schema.

use std::sync::Arc;
use std::time::Duration;

use offhook_device_name::{DeviceName, MacAddress};
use offhook_onboarding::{Activation, AuditEvent, Device, Entitlement, Registry, verify_chain};
use offhook_store_contract::Fixture;
use offhook_store_postgres::{Clock, OpenError, PostgresOptions, PostgresStore};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::fixture::{InSchema, NewSchema, act, client, device, mac, now, open_in, url};

#[tokio::test(flavor = "multi_thread")]
async fn eight_nodes_may_make_one_schema_at_once() {
    let Some(url) = url() else { return };
    let schema = NewSchema::new(&url);
    let barrier = Arc::new(Barrier::new(8));
    let nodes: Vec<_> = (0..8)
        .map(|_| {
            let (url, schema) = (url.clone(), schema.name().clone());
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                let options = PostgresOptions::default().with_pool_size(2);
                open_in(&url, options, &schema).await
            })
        })
        .collect();
    for node in nodes {
        let store = node.await.unwrap();
        assert_eq!(store.audit(0, 1).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let client = fixture.client().await;
    client
        .batch_execute("UPDATE offhook_schema SET version = 99")
        .await
        .unwrap();
    let options = PostgresOptions::default().with_schema(fixture.schema().clone());
    let err = PostgresStore::open(fixture.url(), &options)
        .await
        .unwrap_err();
    assert!(
        matches!(err, OpenError::NewerSchema { found: 99, .. }),
        "{err:?}"
    );
    let row = client
        .query_one("SELECT version FROM offhook_schema", &[])
        .await;
    assert_eq!(row.unwrap().get::<_, i32>(0), 99);
}

#[tokio::test]
async fn a_schema_of_another_program_is_refused_and_left_alone() {
    let Some(url) = url() else { return };
    let schema = NewSchema::new(&url);
    let client = client(&url, schema.name()).await;
    let foreign = format!(
        "CREATE SCHEMA {0}; CREATE TABLE {0}.codes (id int)",
        schema.name()
    );
    client.batch_execute(&foreign).await.unwrap();
    let options = PostgresOptions::default().with_schema(schema.name().clone());
    let err = PostgresStore::open(&url, &options).await.unwrap_err();
    assert!(matches!(err, OpenError::ForeignSchema), "{err:?}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = $1";
    let row = client.query_one(tables, &[&schema.name().as_str()]).await;
    assert_eq!(row.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn a_schema_that_must_be_there_is_not_made() {
    let Some(url) = url() else { return };
    let schema = NewSchema::new(&url);
    let client = client(&url, schema.name()).await;
    let options = PostgresOptions::default().with_schema(schema.name().clone());
    let existing = options.clone().with_existing_schema();
    // None, and one without tables.
    for (make, schemas) in [
        (String::new(), 0_i64),
        (format!("CREATE SCHEMA {}", schema.name()), 1),
    ] {
        client.batch_execute(&make).await.unwrap();
        let err = PostgresStore::open(&url, &existing).await.unwrap_err();
        assert!(matches!(err, OpenError::MissingSchema), "{err:?}");
        let found = "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = $1),
                            (SELECT count(*) FROM pg_tables WHERE schemaname = $1)";
        let row = client.query_one(found, &[&schema.name().as_str()]).await;
        let row = row.unwrap();
        assert_eq!((row.get(0), row.get(1)), (schemas, 0_i64));
    }
    drop(PostgresStore::open(&url, &options).await.unwrap());
    let store = PostgresStore::open(&url, &existing).await.unwrap();
    assert_eq!(store.audit(0, 1).await.unwrap(), []);
}

/// Whatever nodes write at once, and however many of them chain it: one chain, with everything in
/// it once, and of each device in the order in which it happened.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_of_many_nodes_is_one_chain() {
    const DEVICES: u8 = 60;
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let options = || {
        PostgresOptions::default()
            .with_clock(Clock::Caller)
            .with_pool_size(8)
    };
    let nodes = [
        Arc::new(fixture.node(options()).await),
        Arc::new(fixture.node(options()).await),
    ];
    let tasks: Vec<_> = (0..DEVICES)
        .map(|number| {
            let [one, other] = nodes.clone();
            tokio::spawn(async move {
                one.provision(&device(number), &act()).await.unwrap();
                let activation = by_certificate(number);
                other.activate(&activation, now()).await.unwrap();
                // Each reader chains what it finds.
                one.audit(u64::MAX >> 1, 1).await.unwrap();
                let Device {
                    tenant, profile, ..
                } = device(number);
                one.deactivate(&tenant, &profile, None, &act())
                    .await
                    .unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let records = fixture.store().audit(0, 1_000).await.unwrap();
    verify_chain(None, &records).unwrap();
    assert_eq!(records.len(), usize::from(DEVICES) * 3);
    for number in 0..DEVICES {
        let profile = device(number).profile;
        let of_device = records
            .iter()
            .filter(|record| record.entry().profile.as_ref() == Some(&profile));
        let events: Vec<_> = of_device.map(|record| record.entry().event).collect();
        let expected = [
            AuditEvent::Provisioned,
            AuditEvent::Activated,
            AuditEvent::Deactivated,
        ];
        assert_eq!(events, expected, "{profile}");
    }
}

#[tokio::test]
async fn a_record_of_the_audit_log_is_neither_changed_nor_dropped() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let (store, client) = (fixture.store(), fixture.client().await);
    store.provision(&device(1), &act()).await.unwrap();
    let before = store.audit(0, 9).await.unwrap();
    for sql in [
        "UPDATE audit SET reason = 'edited'",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ] {
        assert!(client.batch_execute(sql).await.is_err(), "{sql}");
    }
    assert_eq!(store.audit(0, 9).await.unwrap(), before);
}

/// What is written is chained soon, without anybody reading.
#[tokio::test(flavor = "multi_thread")]
async fn entries_are_chained_without_a_reader() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let client = fixture.client().await;
    fixture.store().provision(&device(1), &act()).await.unwrap();
    for _ in 0..200 {
        let row = client
            .query_one("SELECT count(*) FROM audit", &[])
            .await
            .unwrap();
        if row.get::<_, i64>(0) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the entry still waits");
}

/// Of two devices that want one address or one subject at two nodes at once, one gets it.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_give_an_address_and_a_subject_once() {
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let options = || {
        PostgresOptions::default()
            .with_clock(Clock::Caller)
            .with_pool_size(4)
    };
    let nodes = [
        Arc::new(fixture.node(options()).await),
        Arc::new(fixture.node(options()).await),
    ];
    for round in 0..20 {
        let barrier = Arc::new(Barrier::new(2));
        let tasks = [0, 1].map(|which: u8| {
            let node = Arc::clone(&nodes[usize::from(which)]);
            let barrier = Arc::clone(&barrier);
            let mut new = device(round * 2 + which);
            new.mac = Some(mac(100 + round));
            tokio::spawn(async move {
                barrier.wait().await;
                node.provision(&new, &act()).await.is_ok()
            })
        });
        let [one, other] = tasks;
        assert!(one.await.unwrap() ^ other.await.unwrap(), "round {round}");

        let tasks = [0, 1].map(|which: u8| {
            let number = 200 + which;
            let mut new = device(number);
            new.profile = format!("round-{round}-{which}").parse().unwrap();
            new.mac = Some(MacAddress::new([0, 14, 8, 1, round, which]));
            new.name = DeviceName::sep(new.mac.unwrap());
            let node = Arc::clone(&nodes[usize::from(which)]);
            tokio::spawn(async move {
                node.provision(&new, &act()).await.unwrap();
                let activation = Activation {
                    tenant: new.tenant,
                    entitlement: Entitlement::Certificate {
                        subject: Uuid::from_u128(u128::from(round) + 1),
                    },
                    mac: new.mac.unwrap(),
                    serial_number: None,
                };
                node.activate(&activation, now()).await.is_ok()
            })
        });
        let [one, other] = tasks;
        assert!(one.await.unwrap() ^ other.await.unwrap(), "round {round}");
    }
}

fn by_certificate(number: u8) -> Activation {
    Activation {
        tenant: device(number).tenant,
        entitlement: Entitlement::Certificate {
            subject: Uuid::from_u128(u128::from(number) + 1_000),
        },
        mac: mac(number),
        serial_number: None,
    }
}
