//! The audit log: written by the verbs, chained behind them.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::ProfileId;
use offhook_onboarding::{Actor, AuditEntry, AuditEvent, AuditRecord};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_postgres::Row;

use crate::PostgresError;
use crate::column::{count, foreign, integer, now, optional_text, text, timestamp, value, word};
use crate::pool::Connections;
use crate::session::Session;

/// Writes entries, in their order. They belong to the transaction; their places in the chain are
/// settled later.
pub(crate) async fn note(session: &Session, entries: &[AuditEntry]) -> Result<(), PostgresError> {
    let Some(first) = entries.first() else {
        return Ok(());
    };
    let column = |of: fn(&AuditEntry) -> Option<&str>| entries.iter().map(of).collect::<Vec<_>>();
    session
        .count(
            NOTE,
            &[
                &session.now(first.at.into()),
                &column(|entry| Some(entry.tenant.as_str())),
                &column(|entry| entry.profile.as_ref().map(ProfileId::as_str)),
                &column(|entry| Some(entry.event.as_str())),
                &column(|entry| entry.reason.as_deref()),
                &column(|entry| entry.actor.as_ref().map(Actor::subject)),
                &column(|entry| entry.actor.as_ref().and_then(Actor::issuer)),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) async fn read(
    session: &Session,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditRecord>, PostgresError> {
    let (after, limit) = (integer(after), integer(limit as u64));
    let rows = session.rows(READ, &[&after, &limit]).await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        match record(row) {
            Ok(record) => records.push(record),
            Err(PostgresError::Row { column }) if records.is_empty() => {
                let sequence = count(row, 0)?;
                return Err(PostgresError::AuditRecord { sequence, column });
            }
            // Whoever asks for what is behind these is told.
            Err(_) => break,
        }
    }
    Ok(records)
}

/// Chains all entries that there are.
pub(crate) async fn seal(connections: &Connections) -> Result<(), PostgresError> {
    loop {
        let sealed = connections
            .transact(|session| async move { seal_some(&session).await })
            .await?;
        if sealed != Ok(SEALED_AT_ONCE) {
            return Ok(());
        }
    }
}

/// Chains the oldest entries; says how many. Who holds the lock is the only one, and sees what
/// those before it have chained.
async fn seal_some(session: &Session) -> Result<Result<usize, Nothing>, PostgresError> {
    let waiting = session.row(WAITING, &[]).await?;
    if !value::<bool>(&waiting.ok_or_else(|| foreign(0))?, 0)? {
        return Ok(Err(Nothing));
    }
    session.count(LOCK, &[]).await?;
    let last = session.row(LAST, &[]).await?;
    let mut last = last.as_ref().map(record).transpose()?;
    let limit = integer(SEALED_AT_ONCE as u64);
    let mut waiting = session.rows(TAKE, &[&limit]).await?;
    // `DELETE` gives rows in no order.
    waiting.sort_by_key(|row| row.try_get::<_, i64>(0).unwrap_or_default());
    let mut records: Vec<AuditRecord> = Vec::with_capacity(waiting.len());
    for row in &waiting {
        let record = AuditRecord::after(last.as_ref(), entry(row)?);
        last = Some(record.clone());
        records.push(record);
    }
    let column = |of: fn(&AuditRecord) -> Option<&str>| records.iter().map(of).collect::<Vec<_>>();
    let number = |of: fn(&AuditRecord) -> u64| {
        let numbers = records.iter().map(|record| integer(of(record)));
        numbers.collect::<Vec<_>>()
    };
    let hashes: Vec<&[u8]> = records.iter().map(|r| r.hash().as_slice()).collect();
    session
        .count(
            APPEND,
            &[
                &number(AuditRecord::sequence),
                &number(|record| record.entry().at.as_millis()),
                &column(|record| Some(record.entry().tenant.as_str())),
                &column(|record| record.entry().profile.as_ref().map(ProfileId::as_str)),
                &column(|record| Some(record.entry().event.as_str())),
                &column(|record| record.entry().reason.as_deref()),
                &column(|record| record.entry().actor.as_ref().map(Actor::subject)),
                &column(|record| record.entry().actor.as_ref().and_then(Actor::issuer)),
                &hashes,
            ],
        )
        .await?;
    Ok(Ok(records.len()))
}

/// There is nothing to be chained.
#[derive(Debug, PartialEq)]
struct Nothing;

/// Chains what this node has written soon after, so that nobody who reads has to wait for much.
#[derive(Debug)]
pub(crate) struct Sealer {
    written: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Sealer {
    pub(crate) fn start(connections: Connections) -> Self {
        let written = Arc::new(Notify::new());
        let wake = Arc::clone(&written);
        let task = tokio::spawn(async move {
            let mut told = Told::default();
            loop {
                wake.notified().await;
                // What comes meanwhile is chained with it.
                sleep(PAUSE).await;
                // Should it fail, the next one who writes or reads makes up for it. An entry that
                // cannot be read holds up all behind it, of all nodes, till somebody looks.
                if let Err(error) = seal(&connections).await
                    && told.is_due(Instant::now())
                {
                    let reason = &error as &dyn Error;
                    tracing::error!(reason, "the audit log is not chained");
                }
            }
        });
        Self { written, task }
    }

    /// Says that there is something to be chained.
    pub(crate) fn wake(&self) {
        self.written.notify_one();
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// When the log was last told of a failure: of many that follow one another it is told at times.
#[derive(Debug, Default)]
struct Told(Option<Instant>);

impl Told {
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.0.is_none_or(|told| now >= told + TOLD_EVERY);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

fn entry(row: &Row) -> Result<AuditEntry, PostgresError> {
    Ok(AuditEntry {
        at: timestamp(row, 1)?,
        tenant: text(row, 2)?,
        profile: optional_text(row, 3)?,
        event: word(row, 4, AuditEvent::from_word)?,
        reason: value::<Option<String>>(row, 5)?.map(Cow::Owned),
        actor: actor(row)?,
    })
}

fn actor(row: &Row) -> Result<Option<Actor>, PostgresError> {
    let (subject, issuer): (Option<&str>, Option<&str>) = (value(row, 6)?, value(row, 7)?);
    let actor = subject.map(|subject| Actor::new(subject, issuer));
    actor.transpose().map_err(|_| foreign(6))
}

fn record(row: &Row) -> Result<AuditRecord, PostgresError> {
    let hash = value::<&[u8]>(row, 8)?;
    let hash = hash.try_into().map_err(|_| foreign(8))?;
    Ok(AuditRecord::from_parts(count(row, 0)?, entry(row)?, hash))
}

const PAUSE: Duration = Duration::from_millis(200);
const SEALED_AT_ONCE: usize = 500;
const TOLD_EVERY: Duration = Duration::from_secs(60);

const NOTE: &str = concat!(
    "INSERT INTO audit_pending (at, tenant, profile, event, reason, actor, actor_issuer)
     SELECT ",
    now!(),
    ", * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])"
);

const READ: &str = "
    SELECT sequence, at, tenant, profile, event, reason, actor, actor_issuer, hash
    FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2";

const WAITING: &str = "SELECT EXISTS (SELECT FROM audit_pending)";

/// Nobody else chains, and whoever reads goes on reading.
const LOCK: &str = "LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE";

const LAST: &str = "
    SELECT sequence, at, tenant, profile, event, reason, actor, actor_issuer, hash
    FROM audit ORDER BY sequence DESC LIMIT 1";

const TAKE: &str = "
    DELETE FROM audit_pending
    WHERE entry = ANY (ARRAY (SELECT entry FROM audit_pending ORDER BY entry LIMIT $1))
    RETURNING entry, at, tenant, profile, event, reason, actor, actor_issuer";

const APPEND: &str = "
    INSERT INTO audit (sequence, at, tenant, profile, event, reason, actor, actor_issuer, hash)
    SELECT * FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::text[], $8::text[], $9::bytea[])";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_failures_that_follow_one_another_one_a_minute_is_told() {
        let (mut told, begun) = (Told::default(), Instant::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        let due = [0, 1, 59, 60, 61, 200].map(|seconds| told.is_due(at(seconds)));
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
