//! The server finds rows by an index, from the first statement on.

use std::time::Duration;

use offhook_activation_code::{
    CodeStore, GrantId, GuessBatch, GuessCharge, GuessKey, GuessStore, Timestamp,
};
use offhook_onboarding::{Activation, Entitlement, Registry};
use offhook_store_postgres::{Clock, PostgresOptions};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::fixture::{InSchema, act, code_device, device, mac, new_code, now, redemption};

/// Plans are made while the tables are empty and the server knows nothing of them, and are kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_verb_reads_its_own_rows_however_many_there_are() {
    const ROWS: i32 = 20_000;
    const VERBS: u64 = 40;
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let client = fixture.client().await;
    for table in ["codes", "devices", "audit_pending"] {
        let sql = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        client.batch_execute(&sql).await.unwrap();
    }
    let options = PostgresOptions::default()
        .with_clock(Clock::Caller)
        .with_pool_size(1);
    let store = fixture.node(options).await;
    let verbs = async |from: u64| {
        for number in from..from + VERBS {
            let small = u8::try_from(number % 100).unwrap();
            store.provision(&device(small), &act()).await.unwrap();
            store
                .provision(&code_device(u64::from(small)), &act())
                .await
                .unwrap();
            let code = new_code(u64::from(small), now());
            store.request_code(&code, &act()).await.unwrap();
            store
                .accept_code(
                    &redemption(u64::from(small), 1, 1 + u128::from(small)),
                    now(),
                )
                .await
                .unwrap();
            let grant = GrantId::from_uuid(Uuid::from_u128(1 + u128::from(small)));
            let activation = Activation {
                tenant: code.tenant().clone(),
                entitlement: Entitlement::Grant(grant),
                mac: mac(100 + small),
                serial_number: None,
            };
            let (tenant, profile) = (code.tenant(), code.code().profile());
            store.activate(&activation, now()).await.unwrap();
            let ended = store.deactivate(tenant, profile, None, &act()).await;
            ended.unwrap();
            let code = new_code(1_000_000 + number * 2, now());
            store.issue(&code, now()).await.unwrap();
            store
                .redeem(
                    &redemption(1_000_000 + number * 2, 1, 1_000 + u128::from(number)),
                    now(),
                )
                .await
                .unwrap();
            let code = new_code(1_000_001 + number * 2, now());
            store.issue(&code, now()).await.unwrap();
            store.revoke(code.tenant(), code.id(), now()).await.unwrap();
        }
        store.purge_expired(Duration::ZERO, now()).await.unwrap();
    };
    verbs(0).await;
    let fill = format!(
        "INSERT INTO codes (changed_at, issued_at, expires_at, pepper, generation, id, digest, state,
                            tenant, profile, account, binding, mode)
         SELECT 1, 1, 9000000000000, 1, 1, gen_random_uuid(), sha256(i::text::bytea), 'issued',
                'acme', 'filler-' || i, 'user', 'model:Cisco Desk Pro', 'broadworks'
         FROM generate_series(1, {ROWS}) AS i;
         INSERT INTO devices (tenant, profile, account, name, mac, model, device_type, ownership,
                              line_port, state, subject, tag_names, tag_values)
         SELECT 'acme', 'filler-' || i, 'user', 'name-' || i, 'mac-' || i, 'm', 't', 'workspace',
                'a@b', 'activated', gen_random_uuid(), '{{}}', '{{}}'
         FROM generate_series(1, {ROWS}) AS i;"
    );
    client.batch_execute(&fill).await.unwrap();
    let before = read(&client).await;
    verbs(VERBS).await;
    // A session that ends tells the server what it has read.
    drop(store);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let after = read(&client).await;
    let verbs = i64::try_from(VERBS).unwrap();
    for ((index, after), (_, before)) in after.iter().zip(&before) {
        assert!(after - before < verbs * 40, "{index}: {before} → {after}");
    }
}

/// The primary key begins with the key, and a purge has none.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_of_guesses_reads_the_old_rows_alone() {
    const OLD: i64 = 2_500;
    let Some(fixture) = InSchema::new().await else {
        return;
    };
    let client = fixture.client().await;
    let options = PostgresOptions::default()
        .with_clock(Clock::Caller)
        .with_pool_size(1);
    let store = fixture.node(options).await;
    let before = Timestamp::from(now());
    let charge = GuessCharge::new(GuessKey::from_bytes([1; GuessKey::BYTES]), before, 1);
    let batch = GuessBatch::new(1, before, vec![charge]);
    // The plans are made while the table is empty.
    store.purge_guesses(before, now()).await.unwrap();
    store.charge_guesses(&batch).await.unwrap();
    let fill = format!(
        "ALTER TABLE guesses SET (autovacuum_enabled = off);
         INSERT INTO guesses (key, bucket, shard, count)
         SELECT gen_random_uuid(), CASE WHEN i <= {OLD} THEN 1 ELSE {} END, 1, 1
         FROM generate_series(1, 20 * {OLD}) AS i",
        before.as_millis()
    );
    client.batch_execute(&fill).await.unwrap();
    let purged = store.purge_guesses(before, now()).await.unwrap();
    assert_eq!(purged, OLD.unsigned_abs());
    for _ in 0..20 {
        store.charge_guesses(&batch).await.unwrap();
    }
    // A session that ends tells the server what it has read.
    drop(store);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let sql = "SELECT idx_scan FROM pg_stat_user_indexes
               WHERE schemaname = current_schema() AND indexrelname = 'guesses_old'";
    let scans: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
    // The purge of the empty table; then two full batches, a part of one, and none.
    assert_eq!(scans, 1 + 4);
}

/// How many entries of each index were read, and how many rows of each table without one.
async fn read(client: &Client) -> Vec<(String, i64)> {
    let sql = "SELECT indexrelname, idx_tup_read FROM pg_stat_user_indexes
               WHERE schemaname = current_schema()
               UNION ALL
               SELECT relname, seq_tup_read FROM pg_stat_user_tables
               WHERE schemaname = current_schema()
               ORDER BY 1";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| (row.get::<_, &str>(0).to_owned(), row.get(1)))
        .collect()
}
