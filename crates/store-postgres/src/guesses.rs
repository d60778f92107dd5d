//! The counters of failed guesses.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::SystemTime;

use async_trait::async_trait;
use offhook_activation_code::{
    GuessBatch, GuessCount, GuessKey, GuessStore, StoreError, Timestamp,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::column::{count, millis, now, timestamp, value};
use crate::session::Session;
use crate::store::failed;
use crate::{PostgresError, PostgresStore, codes};

#[async_trait]
impl GuessStore for PostgresStore {
    async fn charge_guesses(&self, batch: &GuessBatch) -> Result<Vec<GuessCount>, StoreError> {
        let Ok(counts) = self
            .connections
            .transact(
                |session| async move { charge(&session, batch).await.map(Ok::<_, Infallible>) },
            )
            .await
            .map_err(failed("count guesses"))?;
        Ok(counts)
    }

    async fn live_codes(&self, now: SystemTime) -> Result<u64, StoreError> {
        self.connections
            .run(|session| async move { codes::live(&session, now).await })
            .await
            .map_err(failed("count live codes"))
    }

    async fn purge_guesses(&self, before: Timestamp, now: SystemTime) -> Result<u64, StoreError> {
        let (before, age) = (millis(before), millis(now) - millis(before));
        let mut purged = 0;
        loop {
            let some = self
                .connections
                .run(|session| async move {
                    let now = session.now(now);
                    session.count(PURGE, &[&now, &before, &age]).await
                })
                .await
                .map_err(failed("purge guesses"))?;
            purged += some;
            if some == 0 {
                return Ok(purged);
            }
        }
    }
}

/// Writes the batch with one statement and reads the counts with another, which sees them.
async fn charge(session: &Session, batch: &GuessBatch) -> Result<Vec<GuessCount>, PostgresError> {
    let written = batch.charges().iter().filter(|charge| charge.amount() != 0);
    let (mut keys, mut buckets, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
    for charge in written {
        keys.push(uuid(charge.key()));
        buckets.push(millis(charge.bucket()));
        amounts.push(charge.amount());
    }
    if !keys.is_empty() {
        let shard = batch.shard().cast_signed();
        session
            .count(CHARGE, &[&keys, &buckets, &amounts, &shard])
            .await?;
    }
    let named: BTreeSet<_> = batch.charges().iter().map(|c| uuid(c.key())).collect();
    let named: Vec<_> = named.into_iter().collect();
    let rows = session
        .rows(READ, &[&named, &millis(batch.since())])
        .await?;
    rows.iter().map(guess_count).collect()
}

fn guess_count(row: &Row) -> Result<GuessCount, PostgresError> {
    let key: Uuid = value(row, 0)?;
    let key = GuessKey::from_bytes(key.into_bytes());
    Ok(GuessCount::new(key, timestamp(row, 1)?, count(row, 2)?))
}

/// Sixteen bytes without a length.
fn uuid(key: GuessKey) -> Uuid {
    Uuid::from_bytes(*key.as_bytes())
}

/// In the order of the primary key, so that of two at once none waits for the other in a circle.
const CHARGE: &str = "
    WITH charge AS (
        SELECT * FROM unnest($1::uuid[], $2::int8[], $3::int8[]) AS charge (key, bucket, amount)
        ORDER BY key, bucket
    )
    INSERT INTO guesses AS row (key, bucket, shard, count)
    SELECT key, bucket, $4, greatest(amount, 0) FROM charge
    ON CONFLICT (key, bucket, shard) DO UPDATE
    SET count = greatest(row.count + (SELECT amount FROM charge
                                      WHERE key = excluded.key AND bucket = excluded.bucket), 0)";

const READ: &str = "
    SELECT key, bucket, sum(count)::int8 FROM guesses
    WHERE key = ANY ($1::uuid[]) AND bucket >= $2
    GROUP BY key, bucket HAVING sum(count) > 0";

/// Some rows at a time, so that nobody waits long, and none that is younger than it was to be by the
/// clock that decides. `bucket + 0` leaves the server one index to take, and no other statement that
/// one. A row that is locked still counts for somebody.
const PURGE: &str = concat!(
    "DELETE FROM guesses WHERE ctid = ANY (ARRAY (
         SELECT ctid FROM guesses WHERE bucket + 0 < least($2::int8, ",
    now!(),
    " - $3::int8) LIMIT 1000 FOR UPDATE SKIP LOCKED))"
);
