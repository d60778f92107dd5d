//! The outbox, written in the transaction that makes its events true.

use std::time::{Duration, SystemTime};

use offhook_activation_code::TenantId;
use offhook_onboarding::{Device, OutboxEvent, OutboxKind};

use crate::PostgresError;
use crate::column::{count, integer, now, text, timestamp, word};
use crate::session::Session;

pub(crate) async fn announce(
    session: &Session,
    device: &Device,
    kind: OutboxKind,
    now: SystemTime,
) -> Result<(), PostgresError> {
    session
        .count(
            ANNOUNCE,
            &[
                &session.now(now),
                &kind.as_str(),
                &device.tenant.as_str(),
                &device.profile.as_str(),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) async fn read(
    session: &Session,
    tenant: &TenantId,
    limit: usize,
    now: SystemTime,
) -> Result<Vec<OutboxEvent>, PostgresError> {
    let (tenant, limit) = (tenant.as_str(), integer(limit as u64));
    let rows = session
        .rows(READ, &[&session.now(now), &tenant, &limit])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OutboxEvent {
                sequence: count(row, 0)?,
                kind: word(row, 1, OutboxKind::from_word)?,
                tenant: text(row, 2)?,
                profile: text(row, 3)?,
                at: timestamp(row, 4)?,
                waited: Duration::from_millis(count(row, 5)?),
            })
        })
        .collect()
}

/// Drops what is too old of the first thousand events; says how many.
pub(crate) async fn purge(
    session: &Session,
    tenant: &TenantId,
    kept: Duration,
    now: SystemTime,
) -> Result<u64, PostgresError> {
    let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    session
        .count(PURGE, &[&session.now(now), &tenant.as_str(), &kept])
        .await
}

pub(crate) async fn delivered(
    session: &Session,
    tenant: &TenantId,
    sequence: u64,
) -> Result<(), PostgresError> {
    let (tenant, sequence) = (tenant.as_str(), integer(sequence));
    session.count(DELIVERED, &[&tenant, &sequence]).await?;
    Ok(())
}

const ANNOUNCE: &str = concat!(
    "INSERT INTO outbox (at, kind, tenant, profile) VALUES (",
    now!(),
    ", $2, $3, $4)"
);

const READ: &str = concat!(
    "SELECT sequence, kind, tenant, profile, at, abs(",
    now!(),
    " - at) FROM outbox WHERE tenant = $2 ORDER BY sequence LIMIT $3"
);

const PURGE: &str = concat!(
    "DELETE FROM outbox WHERE tenant = $2 AND sequence = ANY (ARRAY (
         SELECT sequence FROM (
             SELECT sequence, at FROM outbox WHERE tenant = $2 ORDER BY sequence LIMIT 1000) AS first
         WHERE abs(",
    now!(),
    " - at) > $3))"
);

const DELIVERED: &str = "DELETE FROM outbox WHERE tenant = $1 AND sequence = $2";
