//! The verbs on certificate operations, each to be run in a transaction.

use std::time::{Duration, SystemTime};

use offhook_activation_code::{
    CapfAttempt, CapfDevice, CapfMode, CapfOperation, CapfRefusal, CodeDigest, PepperId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::column::{millis, timestamp};

pub(crate) fn order(db: &Connection, operation: &CapfOperation) -> rusqlite::Result<()> {
    let digest = match operation.mode() {
        CapfMode::ByString(digest) => Some(digest),
        _ => None,
    };
    db.prepare_cached(
        "INSERT OR REPLACE INTO capf_operations
             (tenant, device, pepper, digest, completes_by, misses, max_misses)
         VALUES (:tenant, :device, :pepper, :digest, :completes_by, 0, :max_misses)",
    )?
    .execute(named_params! {
        ":tenant": operation.device().tenant().as_str(),
        ":device": operation.device().name().to_string(),
        ":pepper": digest.map(|digest| digest.pepper_id().get()),
        ":digest": digest.map(CodeDigest::as_bytes),
        ":completes_by": millis(operation.completes_by()),
        ":max_misses": operation.max_misses().get(),
    })?;
    Ok(())
}

/// Row and decision stand in one transaction that holds the only lock for writing.
pub(crate) fn present(
    db: &Connection,
    attempt: &CapfAttempt,
    now: SystemTime,
) -> rusqlite::Result<Result<(), CapfRefusal>> {
    let device = attempt.device();
    let found = db
        .prepare_cached(
            "SELECT pepper, digest, completes_by, misses >= max_misses FROM capf_operations
             WHERE tenant = ?1 AND device = ?2",
        )?
        .query_row(key(device), |row| {
            let digest = row.get::<_, Option<u32>>(0)?.zip(row.get(1)?);
            let mode = digest.map_or(CapfMode::ByNullString, |(pepper, bytes)| {
                CapfMode::ByString(CodeDigest::from_parts(PepperId::new(pepper), bytes))
            });
            Ok((mode, timestamp(row, 2)?, row.get::<_, bool>(3)?))
        })
        .optional()?;
    let Some((mode, completes_by, locked)) = found else {
        return Ok(Err(CapfRefusal::NoOperation));
    };
    if completes_by <= Timestamp::from(now) {
        return Ok(Err(CapfRefusal::Expired));
    }
    if locked {
        return Ok(Err(CapfRefusal::Locked));
    }
    if !attempt.satisfies(&mode) {
        db.prepare_cached(
            "UPDATE capf_operations SET misses = misses + 1 WHERE tenant = ?1 AND device = ?2",
        )?
        .execute(key(device))?;
        return Ok(Err(CapfRefusal::WrongString));
    }
    cancel(db, device)
}

pub(crate) fn cancel(
    db: &Connection,
    device: &CapfDevice,
) -> rusqlite::Result<Result<(), CapfRefusal>> {
    let deleted = db
        .prepare_cached("DELETE FROM capf_operations WHERE tenant = ?1 AND device = ?2")?
        .execute(key(device))?;
    Ok(if deleted == 1 {
        Ok(())
    } else {
        Err(CapfRefusal::NoOperation)
    })
}

/// Forgets up to [`PURGED_AT_ONCE`] operations, so that a redeem never waits long.
pub(crate) fn purge(db: &Connection, kept: Duration, now: SystemTime) -> rusqlite::Result<u64> {
    let then = now.checked_sub(kept).unwrap_or(SystemTime::UNIX_EPOCH);
    let purged = db
        .prepare_cached(
            "DELETE FROM capf_operations WHERE (tenant, device) IN (
                 SELECT tenant, device FROM capf_operations WHERE completes_by <= ?1 LIMIT ?2)",
        )?
        .execute(params![
            millis(then),
            i64::try_from(PURGED_AT_ONCE).unwrap_or(i64::MAX)
        ])?;
    Ok(purged as u64)
}

fn key(device: &CapfDevice) -> [String; 2] {
    [device.tenant().to_string(), device.name().to_string()]
}

pub(crate) const PURGED_AT_ONCE: u64 = 1_000;
