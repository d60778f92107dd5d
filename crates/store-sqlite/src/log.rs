//! The audit log and the outbox, written in the transaction that makes them true.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use offhook_activation_code::{ProfileId, TenantId};
use offhook_onboarding::{Actor, AuditEntry, AuditEvent, AuditRecord, OutboxEvent, OutboxKind};
use rusqlite::Error::FromSqlConversionFailure;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::column::{count, millis, optional_text, text, timestamp, word};
use crate::error::UnreadableRecord;

/// Writes an audit record behind the last one.
pub(crate) fn note(db: &Connection, entry: AuditEntry) -> rusqlite::Result<()> {
    let last = db
        .prepare_cached(&format!("{AUDIT} ORDER BY sequence DESC LIMIT 1"))?
        .query_row([], record)
        .optional()?;
    let record = AuditRecord::after(last.as_ref(), entry);
    let entry = record.entry();
    db.prepare_cached(
        "INSERT INTO audit (sequence, at, tenant, profile, event, reason, actor, actor_issuer, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        integer(record.sequence()),
        millis(entry.at),
        entry.tenant.as_str(),
        entry.profile.as_ref().map(ProfileId::as_str),
        entry.event.as_str(),
        entry.reason,
        entry.actor.as_ref().map(Actor::subject),
        entry.actor.as_ref().and_then(Actor::issuer),
        record.hash(),
    ])?;
    Ok(())
}

pub(crate) fn audit(
    db: &Connection,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Result<Vec<AuditRecord>, UnreadableRecord>> {
    let mut statement = db.prepare_cached(&format!(
        "{AUDIT} WHERE sequence > ?1 ORDER BY sequence LIMIT ?2"
    ))?;
    let mut rows = statement.query(params![integer(after), integer(limit as u64)])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        match record(row) {
            Ok(record) => records.push(record),
            Err(source) if records.is_empty() => {
                let sequence = count(row, 0)?;
                return Ok(Err(UnreadableRecord { sequence, source }));
            }
            // Whoever asks for what is behind these is told.
            Err(_) => break,
        }
    }
    Ok(Ok(records))
}

/// Puts an event into the outbox.
pub(crate) fn announce(
    db: &Connection,
    tenant: &TenantId,
    profile: &ProfileId,
    kind: OutboxKind,
    now: SystemTime,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO outbox (kind, tenant, profile, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            kind.as_str(),
            tenant.as_str(),
            profile.as_str(),
            millis(now)
        ])?;
    Ok(())
}

pub(crate) fn outbox(
    db: &Connection,
    tenant: &TenantId,
    limit: usize,
    now: SystemTime,
) -> rusqlite::Result<Vec<OutboxEvent>> {
    db.prepare_cached(
        "SELECT sequence, kind, tenant, profile, at FROM outbox
         WHERE tenant = ?1 ORDER BY sequence LIMIT ?2",
    )?
    .query_map(params![tenant.as_str(), integer(limit as u64)], |row| {
        let at = timestamp(row, 4)?;
        Ok(OutboxEvent {
            sequence: count(row, 0)?,
            kind: word(row, 1, OutboxKind::from_word)?,
            tenant: text(row, 2)?,
            profile: text(row, 3)?,
            at,
            waited: at.abs_diff(now.into()),
        })
    })?
    .collect()
}

/// Drops what is too old of the first thousand events; says how many.
pub(crate) fn purge(
    db: &Connection,
    tenant: &TenantId,
    kept: Duration,
    now: SystemTime,
) -> rusqlite::Result<u64> {
    let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    let dropped = db
        .prepare_cached(
            "DELETE FROM outbox WHERE sequence IN (
                 SELECT sequence FROM (
                     SELECT sequence, at FROM outbox WHERE tenant = ?1 ORDER BY sequence LIMIT 1000)
                 WHERE abs(?2 - at) > ?3)",
        )?
        .execute(params![tenant.as_str(), millis(now), kept])?;
    Ok(dropped as u64)
}

pub(crate) fn delivered(db: &Connection, tenant: &TenantId, sequence: u64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM outbox WHERE sequence = ?1 AND tenant = ?2")?
        .execute(params![integer(sequence), tenant.as_str()])?;
    Ok(())
}

fn record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    let entry = AuditEntry {
        at: timestamp(row, 1)?,
        tenant: text(row, 2)?,
        profile: optional_text(row, 3)?,
        event: word(row, 4, AuditEvent::from_word)?,
        reason: row.get::<_, Option<String>>(5)?.map(Cow::Owned),
        actor: actor(row)?,
    };
    Ok(AuditRecord::from_parts(count(row, 0)?, entry, row.get(8)?))
}

fn actor(row: &Row<'_>) -> rusqlite::Result<Option<Actor>> {
    let Some(subject) = row.get_ref(6)?.as_str_or_null()? else {
        return Ok(None);
    };
    let actor = Actor::new(subject, row.get_ref(7)?.as_str_or_null()?);
    let failed = |err| FromSqlConversionFailure(6, Type::Text, Box::new(err));
    actor.map(Some).map_err(failed)
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

const AUDIT: &str = "
    SELECT sequence, at, tenant, profile, event, reason, actor, actor_issuer, hash FROM audit";
