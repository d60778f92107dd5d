//! Certificate operations.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    CapfAttempt, CapfDevice, CapfError, CapfMode, CapfOperation, CapfRefusal, CapfStore,
    CodeDigest, PepperId, StoreError,
};
use tokio_postgres::Row;

use crate::column::{foreign, millis, now, value};
use crate::session::Session;
use crate::store::failed;
use crate::{PostgresError, PostgresStore};

#[async_trait]
impl CapfStore for PostgresStore {
    async fn order_capf(
        &self,
        operation: &CapfOperation,
        _now: SystemTime,
    ) -> Result<(), StoreError> {
        self.connections
            .run(|session| async move { order(&session, operation).await })
            .await
            .map_err(failed("order a certificate operation"))
    }

    async fn present_capf(&self, attempt: &CapfAttempt, now: SystemTime) -> Result<(), CapfError> {
        // A refusal is an answer too, and the miss that it counts stays.
        let Ok(answer) = self
            .connections
            .transact(|session| async move {
                present(&session, attempt, now)
                    .await
                    .map(Ok::<_, Infallible>)
            })
            .await
            .map_err(|err| CapfError::Store(failed("complete a certificate operation")(err)))?;
        answer.map_err(CapfError::Refused)
    }

    async fn cancel_capf(&self, device: &CapfDevice, _now: SystemTime) -> Result<(), CapfError> {
        let (tenant, name) = (device.tenant().as_str(), device.name().as_str());
        let cancelled = self
            .connections
            .run(|session| async move { session.count(DELETE, &[&tenant, &name]).await })
            .await
            .map_err(|err| CapfError::Store(failed("cancel a certificate operation")(err)))?;
        match cancelled {
            0 => Err(CapfError::Refused(CapfRefusal::NoOperation)),
            _ => Ok(()),
        }
    }

    async fn purge_capf(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError> {
        let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let mut purged = 0;
        loop {
            let some =
                self.connections
                    .run(|session| async move {
                        session.count(PURGE, &[&session.now(now), &kept]).await
                    })
                    .await
                    .map_err(failed("purge certificate operations"))?;
            purged += some;
            if some == 0 {
                return Ok(purged);
            }
        }
    }
}

async fn order(session: &Session, operation: &CapfOperation) -> Result<(), PostgresError> {
    let (device, digest) = (
        operation.device(),
        match operation.mode() {
            CapfMode::ByString(digest) => Some(digest),
            _ => None,
        },
    );
    session
        .count(
            ORDER,
            &[
                &millis(operation.completes_by()),
                &i16::from(operation.max_misses().get()),
                &digest.map(|digest| digest.pepper_id().get().cast_signed()),
                &device.tenant().as_str(),
                &device.name().as_str(),
                &digest.map(|digest| digest.as_bytes().as_slice()),
            ],
        )
        .await?;
    Ok(())
}

/// Decides with the row locked: of two at once the second is judged by what the first leaves.
async fn present(
    session: &Session,
    attempt: &CapfAttempt,
    now: SystemTime,
) -> Result<Result<(), CapfRefusal>, PostgresError> {
    let device = attempt.device();
    let (tenant, name) = (device.tenant().as_str(), device.name().as_str());
    let row = session
        .row(LOCK, &[&session.now(now), &tenant, &name])
        .await?;
    let Some(row) = row else {
        return Ok(Err(CapfRefusal::NoOperation));
    };
    if value(&row, 0)? {
        return Ok(Err(CapfRefusal::Expired));
    }
    if value(&row, 1)? {
        return Ok(Err(CapfRefusal::Locked));
    }
    if attempt.satisfies(&mode(&row)?) {
        session.count(DELETE, &[&tenant, &name]).await?;
        return Ok(Ok(()));
    }
    session.count(MISS, &[&tenant, &name]).await?;
    Ok(Err(CapfRefusal::WrongString))
}

fn mode(row: &Row) -> Result<CapfMode, PostgresError> {
    let (pepper, digest): (Option<i32>, Option<&[u8]>) = (value(row, 2)?, value(row, 3)?);
    Ok(match (pepper, digest) {
        (Some(pepper), Some(digest)) => {
            let digest = digest.try_into().map_err(|_| foreign(3))?;
            let pepper = PepperId::new(pepper.cast_unsigned());
            CapfMode::ByString(CodeDigest::from_parts(pepper, digest))
        }
        _ => CapfMode::ByNullString,
    })
}

const ORDER: &str = "
    INSERT INTO capf_operations (completes_by, max_misses, pepper, tenant, name, digest)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant, name) DO UPDATE
    SET completes_by = $1, misses = 0, max_misses = $2, pepper = $3, digest = $6";

const DELETE: &str = "DELETE FROM capf_operations WHERE tenant = $1 AND name = $2";

const MISS: &str = "
    UPDATE capf_operations SET misses = misses + 1 WHERE tenant = $1 AND name = $2";

const LOCK: &str = concat!(
    "SELECT completes_by <= ",
    now!(),
    ", misses >= max_misses, pepper, digest
     FROM capf_operations WHERE tenant = $2 AND name = $3 FOR UPDATE"
);

/// An operation that is locked is being completed or ordered anew.
const PURGE: &str = concat!(
    "DELETE FROM capf_operations WHERE ctid = ANY (ARRAY (
         SELECT ctid FROM capf_operations WHERE completes_by <= ",
    now!(),
    " - $2::int8 LIMIT 1000 FOR UPDATE SKIP LOCKED))"
);
