//! The store.

use std::path::Path;
use std::time::SystemTime;

use async_trait::async_trait;
use offhook_activation_code::{
    CodeId, CodeStore, Grant, IssueError, NewCode, OutstandingCode, Page, RedeemError, Redemption,
    ReissueError, Replacement, RevokeError, StoreError, TenantId,
};

use crate::worker::Worker;
use crate::{OpenError, SqliteOptions, codes, devices, schema};

/// Activation codes in an `SQLite` file, durable.
///
/// One thread writes and one reads. The writer puts the verbs that wait into one transaction and
/// answers each only when that is committed and on the disk. Several processes on one host may
/// open the same file; a network file system is no place for it.
///
/// Dropping the store waits until what is queued is done and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    /// Dropped first: the last connection to close tidies the log away, and a reader may not.
    pub(crate) reader: Worker,
    pub(crate) writer: Worker,
}

impl SqliteStore {
    /// Opens the file at `path`, making it or bringing its schema up to date if need be. Blocks
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the file belongs to another program or to a newer version of this
    /// crate, or cannot be opened.
    pub fn open(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, OpenError> {
        let writer = schema::open_writer(path.as_ref(), options)?;
        let reader = schema::open_reader(path.as_ref(), options)?;
        Ok(Self {
            writer: Worker::writer(writer, options.queue(), options.max_batch())?,
            reader: Worker::reader(reader, options.queue())?,
        })
    }
}

#[async_trait]
impl CodeStore for SqliteStore {
    async fn issue(&self, code: &NewCode, now: SystemTime) -> Result<(), IssueError> {
        let code = code.clone();
        self.writer
            .run("issue a code", move |db| codes::issue(db, &code, now))
            .await
            .map_err(IssueError::Store)?
            .map_err(IssueError::Refused)
    }

    async fn redeem(&self, redemption: &Redemption, now: SystemTime) -> Result<Grant, RedeemError> {
        let redemption = redemption.clone();
        self.writer
            .run("redeem a code", move |db| {
                codes::redeem(db, &redemption, now)
            })
            .await
            .map_err(RedeemError::Store)?
            .map_err(RedeemError::Refused)
    }

    async fn revoke(
        &self,
        tenant: &TenantId,
        code: CodeId,
        now: SystemTime,
    ) -> Result<(), RevokeError> {
        let tenant = tenant.clone();
        self.writer
            .run("revoke a code", move |db| {
                codes::revoke(db, &tenant, code, now)
            })
            .await
            .map_err(RevokeError::Store)?
            .map_err(RevokeError::Refused)
    }

    async fn reissue(
        &self,
        code: CodeId,
        replacement: &Replacement,
        now: SystemTime,
    ) -> Result<OutstandingCode, ReissueError> {
        let replacement = replacement.clone();
        self.writer
            .run("reissue a code", move |db| {
                let answer = codes::reissue(db, code, &replacement, now)?;
                if let Ok(new) = &answer {
                    devices::replace_code(db, new.tenant(), new.profile(), code, new.id())?;
                }
                Ok(answer)
            })
            .await
            .map_err(ReissueError::Store)?
            .map_err(ReissueError::Refused)
    }

    async fn outstanding(
        &self,
        tenant: &TenantId,
        page: Page,
        now: SystemTime,
    ) -> Result<Vec<OutstandingCode>, StoreError> {
        let tenant = tenant.clone();
        self.reader
            .run("list codes", move |db| {
                codes::outstanding(db, &tenant, &page, now)
            })
            .await
    }

    async fn purge_expired(&self, now: SystemTime) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some = self
                .writer
                .run("purge codes", move |db| codes::purge(db, now))
                .await?;
            purged += some;
            if some < codes::PURGED_AT_ONCE {
                return Ok(purged);
            }
        }
    }
}
