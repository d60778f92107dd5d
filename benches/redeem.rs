//! How many codes are redeemed in a second: in memory, and durably with one and with 64 callers?

#![expect(clippy::unwrap_used, reason = "a bench may fail")]

#[path = "support/callers.rs"]
mod callers;

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use offhook_activation_code::{CodeStore as _, MemoryStore, Redemption, Timestamp};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use rusqlite::{Connection, named_params};
use tokio::runtime::Runtime;

use crate::callers::{CALLERS, EACH, issue, issue_all, now, redeem_all};

fn redeem(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("redeem");
    group.throughput(Throughput::Elements(1));

    let memory = MemoryStore::new();
    group.bench_function("memory, 1 caller", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&memory)),
            |redemption| runtime.block_on(memory.redeem(&redemption, now())).unwrap(),
            BatchSize::SmallInput,
        );
    });

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("codes.db");
    let store = Arc::new(SqliteStore::open(&path, &SqliteOptions::default()).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = FULL")
        .unwrap();
    group.bench_function("SQLite, bare loop with a plain statement", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&*store)),
            |redemption| bare(&connection, &redemption),
            BatchSize::NumIterations(64),
        );
    });
    group.bench_function("SQLite, 1 caller", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&*store)),
            |redemption| runtime.block_on(store.redeem(&redemption, now())).unwrap(),
            BatchSize::NumIterations(64),
        );
    });
    group.throughput(Throughput::Elements((CALLERS * EACH) as u64));
    group.bench_function("SQLite, 64 callers with 8 codes each", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue_all(&store)),
            |callers| runtime.block_on(redeem_all(&store, callers)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// What a store without threads, queue and types would do.
fn bare(connection: &Connection, redemption: &Redemption) {
    let execute = |sql| connection.prepare_cached(sql).unwrap().execute([]).unwrap();
    execute("BEGIN IMMEDIATE");
    let digest = redemption.digests().current();
    let (head, tail) = digest.as_bytes().split_first_chunk().unwrap();
    let claimant = redemption.claimant();
    let now = i64::try_from(Timestamp::from(now()).as_millis()).unwrap();
    let account: String = connection
        .prepare_cached(
            "UPDATE codes
             SET state = 1, closed_at = :now, sealed = NULL,
                 grant_id = :grant, claimant_key = :key, claimant_mac = :mac
             WHERE digest_head = :head AND digest_tail = :tail AND pepper = :pepper
               AND state = 0 AND expires_at > :now
               AND (mac IS NULL OR mac = :mac)
               AND EXISTS (SELECT 1 FROM terms
                           WHERE number = codes.terms AND certificate <= :certificate
                             AND (models IS NULL OR instr(models, :model) > 0))
             RETURNING account",
        )
        .unwrap()
        .query_row(
            named_params! {
                ":now": now,
                ":grant": redemption.grant().as_uuid().as_bytes(),
                ":key": claimant.key().to_string(),
                ":certificate": true,
                ":mac": claimant.mac().map(|mac| mac.octets()),
                ":model": claimant.model().map(|model| format!("\n{model}\n")),
                ":head": i64::from_be_bytes(*head),
                ":tail": tail,
                ":pepper": digest.pepper_id().get(),
            },
            |row| row.get(0),
        )
        .unwrap();
    execute("COMMIT");
    assert!(!account.is_empty());
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
    targets = redeem
}
criterion_main!(benches);
