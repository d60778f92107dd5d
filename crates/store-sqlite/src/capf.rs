//! The verbs on certificate operations, each to be run in a transaction.

use std::time::SystemTime;

use offhook_activation_code::{
    CapfAttempt, CapfDevice, CapfMode, CapfOperation, CapfRefusal, CodeDigest, PepperId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, named_params};

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

fn key(device: &CapfDevice) -> [String; 2] {
    [device.tenant().to_string(), device.name().to_string()]
}
