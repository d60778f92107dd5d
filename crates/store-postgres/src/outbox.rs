//! The outbox, written in the transaction that makes its events true.

use std::time::SystemTime;

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
) -> Result<Vec<OutboxEvent>, PostgresError> {
    let (tenant, limit) = (tenant.as_str(), integer(limit as u64));
    let rows = session.rows(READ, &[&tenant, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(OutboxEvent {
                sequence: count(row, 0)?,
                kind: word(row, 1, OutboxKind::from_word)?,
                tenant: text(row, 2)?,
                profile: text(row, 3)?,
                at: timestamp(row, 4)?,
            })
        })
        .collect()
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

const READ: &str = "
    SELECT sequence, kind, tenant, profile, at FROM outbox
    WHERE tenant = $1 ORDER BY sequence LIMIT $2";

const DELIVERED: &str = "DELETE FROM outbox WHERE tenant = $1 AND sequence = $2";
