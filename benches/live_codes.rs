//! Does a redeem take longer among ten million live codes than among ten thousand, and what room do
//! they take on the disk and in memory?
//!
//! Fills a file in the temporary folder with 2 GB. `OFFHOOK_LIVE_CODES` sets another number.

#![expect(clippy::unwrap_used, reason = "a bench may fail")]

#[path = "support/callers.rs"]
mod callers;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use offhook_activation_code::{CodeStore as _, GuessStore as _};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use rusqlite::{Connection, params};
use tokio::runtime::Runtime;

use crate::callers::{CALLERS, EACH, issue, issue_all, now, redeem_all};

const FEW: i64 = 10_000;
const MANY: i64 = 10_000_000;

fn redeem(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let many = std::env::var("OFFHOOK_LIVE_CODES").map_or(MANY, |many| many.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("live_codes");
    for live in [FEW, many] {
        let path = directory.path().join(format!("{live}.db"));
        fill(&runtime, &path, live);
        let store = Arc::new(SqliteStore::open(&path, &SqliteOptions::default()).unwrap());
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("1 caller, {live} codes"), |bencher| {
            bencher.iter_batched(
                || runtime.block_on(issue(&*store)),
                |redemption| runtime.block_on(store.redeem(&redemption, now())).unwrap(),
                BatchSize::NumIterations(64),
            );
        });
        group.throughput(Throughput::Elements((CALLERS * EACH) as u64));
        group.bench_function(format!("64 callers, {live} codes"), |bencher| {
            bencher.iter_batched(
                || runtime.block_on(issue_all(&store)),
                |callers| runtime.block_on(redeem_all(&store, callers)),
                BatchSize::PerIteration,
            );
        });
        println!(
            "{live} live codes: {} MiB on the disk, {} MiB in memory, this bench and all\n",
            fs::metadata(&path).unwrap().len() >> 20,
            resident() >> 20,
        );
    }
    group.finish();
}

/// A file with `live` codes, put there past the store, which would take an hour.
fn fill(runtime: &Runtime, path: &Path, live: i64) {
    let store = SqliteStore::open(path, &SqliteOptions::default()).unwrap();
    runtime.block_on(issue(&store));
    assert_eq!(runtime.block_on(store.live_codes(now())).unwrap(), 1);
    drop(store);
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;")
        .unwrap();
    let mut done = 1;
    while done < live {
        let some = (live - done).min(100_000);
        // As the store would: random names and digests, profiles in order, a code a millisecond.
        let fill = "
            WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n LIMIT ?2)
            INSERT INTO codes (id, pepper, digest_head, digest_tail, tenant, profile, generation,
                               state, issued_at, expires_at, account, terms)
            SELECT randomblob(16), 1, random(), randomblob(24), tenant, format('desk-%08d', n), 1,
                   0, issued_at + n, expires_at + n, account, terms
            FROM n, (SELECT * FROM codes WHERE number = 1)";
        connection.execute(fill, params![done, some]).unwrap();
        done += some;
    }
    let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(truncate, [], |_| Ok(())).unwrap();
}

/// The resident memory of this process in bytes; zero where the system does not tell.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() << 10
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5));
    targets = redeem
}
criterion_main!(benches);
