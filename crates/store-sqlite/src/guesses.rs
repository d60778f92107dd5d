//! The counters of failed guesses, each verb to be run in a transaction.

use std::collections::BTreeSet;

use offhook_activation_code::{GuessBatch, GuessCount, Timestamp};
use rusqlite::{Connection, params};

use crate::column::{count, millis, timestamp};

pub(crate) fn charge(db: &Connection, batch: &GuessBatch) -> rusqlite::Result<Vec<GuessCount>> {
    let mut add = db.prepare_cached(
        "INSERT INTO guesses (key, bucket, shard, count) VALUES (?1, ?2, ?3, max(?4, 0))
         ON CONFLICT DO UPDATE SET count = max(count + ?4, 0)",
    )?;
    for charge in batch.charges().iter().filter(|charge| charge.amount() != 0) {
        let (key, bucket) = (charge.key(), millis(charge.bucket()));
        add.execute(params![
            key.as_bytes(),
            bucket,
            batch.shard(),
            charge.amount()
        ])?;
    }
    let mut read = db.prepare_cached(
        "SELECT bucket, sum(count) FROM guesses WHERE key = ?1 AND bucket >= ?2
         GROUP BY bucket HAVING sum(count) > 0",
    )?;
    let keys: BTreeSet<_> = batch.charges().iter().map(|charge| charge.key()).collect();
    let mut counts = Vec::with_capacity(keys.len());
    for key in keys {
        let since = millis(batch.since());
        let rows = read.query_map(params![key.as_bytes(), since], |row| {
            Ok(GuessCount::new(key, timestamp(row, 0)?, count(row, 1)?))
        })?;
        for row in rows {
            counts.push(row?);
        }
    }
    Ok(counts)
}

/// Forgets up to [`PURGED_AT_ONCE`] rows, so that a redeem never waits long.
pub(crate) fn purge(db: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    let purged = db
        .prepare_cached(
            "DELETE FROM guesses WHERE (key, bucket, shard) IN (
                 SELECT key, bucket, shard FROM guesses WHERE bucket < ?1 LIMIT ?2)",
        )?
        .execute(params![
            millis(before),
            i64::try_from(PURGED_AT_ONCE).unwrap_or(i64::MAX)
        ])?;
    Ok(purged as u64)
}

pub(crate) const PURGED_AT_ONCE: u64 = 1_000;
