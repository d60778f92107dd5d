//! The store.

use std::path::Path;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    CapfAttempt, CapfDevice, CapfError, CapfOperation, CapfStore, CodeId, CodeStore, Grant,
    GuessBatch, GuessCount, GuessStore, IssueError, NewCode, OutstandingCode, Page, RedeemError,
    Redemption, ReissueError, Replacement, RevokeError, StoreError, TenantId, Timestamp,
};
use rusqlite::Connection;

use crate::worker::Worker;
use crate::{OpenError, SqliteOptions, capf, codes, devices, guesses, schema};

/// Activation codes in an `SQLite` file, durable.
///
/// One thread writes, one reads, and one counts live codes, which takes long when there are many.
/// The writer puts the verbs that wait into one transaction and
/// answers each only when that is committed and on the disk. Several processes on one host may
/// open the same file; a network file system is no place for it.
///
/// Dropping the store waits until what is queued is done and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    /// The readers are dropped first: the last connection to close tidies the log away, and a
    /// reader may not.
    pub(crate) reader: Worker,
    pub(crate) counter: Worker,
    pub(crate) writer: Worker,
}

impl SqliteStore {
    /// Opens the file at `path`, making it for its owner alone or bringing its schema up to date if need be. Blocks
    /// meanwhile, at each lock that another process holds for the busy timeout at most.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the file belongs to another program or to a newer version of this
    /// crate, or cannot be opened.
    pub fn open(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, OpenError> {
        schema::make_private(path.as_ref());
        let writer = schema::open_writer(path.as_ref(), options)?;
        let reader = schema::open_reader(path.as_ref(), options)?;
        let counter = schema::open_reader(path.as_ref(), options)?;
        Ok(Self {
            writer: Worker::writer(writer, options.queue(), options.max_batch())?,
            reader: Worker::reader(reader, options.queue())?,
            counter: Worker::reader(counter, options.queue())?,
        })
    }

    /// Runs `purge`, which takes a part, until it takes fewer than `full`.
    pub(crate) async fn purge(
        &self,
        action: &'static str,
        full: u64,
        purge: impl Fn(&Connection) -> rusqlite::Result<u64> + Clone + Send + 'static,
    ) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some = self.writer.run(action, purge.clone()).await?;
            purged += some;
            if some < full {
                return Ok(purged);
            }
        }
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

    async fn purge_expired(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError> {
        let purge = move |db: &Connection| codes::purge(db, kept, now);
        self.purge("purge codes", codes::PURGED_AT_ONCE, purge)
            .await
    }
}

#[async_trait]
impl GuessStore for SqliteStore {
    async fn charge_guesses(&self, batch: &GuessBatch) -> Result<Vec<GuessCount>, StoreError> {
        let batch = batch.clone();
        self.writer
            .run("count guesses", move |db| guesses::charge(db, &batch))
            .await
    }

    async fn live_codes(&self, now: SystemTime) -> Result<u64, StoreError> {
        self.counter
            .run("count codes", move |db| codes::live(db, now))
            .await
    }

    async fn purge_guesses(&self, before: Timestamp, _now: SystemTime) -> Result<u64, StoreError> {
        let purge = move |db: &Connection| guesses::purge(db, before);
        self.purge("forget guesses", guesses::PURGED_AT_ONCE, purge)
            .await
    }
}

#[async_trait]
impl CapfStore for SqliteStore {
    async fn order_capf(
        &self,
        operation: &CapfOperation,
        _now: SystemTime,
    ) -> Result<(), StoreError> {
        let operation = operation.clone();
        self.writer
            .run("order a certificate operation", move |db| {
                capf::order(db, &operation)
            })
            .await
    }

    async fn present_capf(&self, attempt: &CapfAttempt, now: SystemTime) -> Result<(), CapfError> {
        let attempt = attempt.clone();
        self.writer
            .run("complete a certificate operation", move |db| {
                capf::present(db, &attempt, now)
            })
            .await
            .map_err(CapfError::Store)?
            .map_err(CapfError::Refused)
    }

    async fn cancel_capf(&self, device: &CapfDevice, _now: SystemTime) -> Result<(), CapfError> {
        let device = device.clone();
        self.writer
            .run("cancel a certificate operation", move |db| {
                capf::cancel(db, &device)
            })
            .await
            .map_err(CapfError::Store)?
            .map_err(CapfError::Refused)
    }

    async fn purge_capf(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError> {
        let purge = move |db: &Connection| capf::purge(db, kept, now);
        self.purge("purge certificate operations", capf::PURGED_AT_ONCE, purge)
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};
    use std::time::UNIX_EPOCH;

    use offhook_onboarding::Registry;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn live_codes_are_counted_while_the_reader_is_busy() {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteOptions::default();
        let store = SqliteStore::open(directory.path().join("codes.db"), &options).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let ended = Mutex::new(ended);
        let reading = store.reader.run("read for long", move |_| {
            // Until the other end is gone.
            let limit = Duration::from_secs(9);
            let waited = ended.lock().unwrap().recv_timeout(limit);
            Ok(waited == Err(mpsc::RecvTimeoutError::Timeout))
        });
        let counting = async {
            let counted = store.live_codes(UNIX_EPOCH).await;
            drop(end);
            counted
        };
        let (timed_out, counted) = tokio::join!(reading, counting);
        assert!(!timed_out.unwrap());
        assert_eq!(counted.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_store_one_of_whose_threads_has_died_is_not_ready() {
        let threads: [fn(&SqliteStore) -> &Worker; 3] = [
            |store| &store.writer,
            |store| &store.reader,
            |store| &store.counter,
        ];
        for thread in threads {
            let directory = tempfile::tempdir().unwrap();
            let options = SqliteOptions::default();
            let store = SqliteStore::open(directory.path().join("codes.db"), &options).unwrap();
            store.ready().await.unwrap();
            let died = thread(&store).run("die", |_| -> rusqlite::Result<()> { panic!("a bug") });
            died.await.unwrap_err();
            store.ready().await.unwrap_err();
        }
    }
}
