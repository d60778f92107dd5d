//! A store for tests and demonstrations.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::{
    CapfAttempt, CapfDevice, CapfError, CapfOperation, CapfStore, CapfTable, CodeId, CodeStore,
    CodeTable, Grant, GuessBatch, GuessCount, GuessStore, GuessTable, IssueError, NewCode,
    OutstandingCode, Page, RedeemError, Redemption, ReissueError, Replacement, RevokeError,
    StoreError, TenantId, Timestamp,
};

/// The three tables, each behind a lock. It keeps every promise of [`CodeStore`], [`GuessStore`]
/// and [`CapfStore`] as long as the process lives, and forgets everything when it ends.
#[derive(Debug, Default)]
pub struct MemoryStore {
    codes: Mutex<CodeTable>,
    guesses: Mutex<GuessTable>,
    capf: Mutex<CapfTable>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&self) -> MutexGuard<'_, CodeTable> {
        lock(&self.codes)
    }
}

/// A panic cannot leave a table half changed: no verb calls foreign code.
fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl CodeStore for MemoryStore {
    async fn issue(&self, code: &NewCode, now: SystemTime) -> Result<(), IssueError> {
        self.table().issue(code, now).map_err(IssueError::Refused)
    }

    async fn redeem(&self, redemption: &Redemption, now: SystemTime) -> Result<Grant, RedeemError> {
        self.table().redeem(redemption, now)
    }

    async fn revoke(
        &self,
        tenant: &TenantId,
        code: CodeId,
        _now: SystemTime,
    ) -> Result<(), RevokeError> {
        self.table()
            .revoke(tenant, code)
            .map_err(RevokeError::Refused)
    }

    async fn reissue(
        &self,
        code: CodeId,
        replacement: &Replacement,
        _now: SystemTime,
    ) -> Result<OutstandingCode, ReissueError> {
        self.table()
            .reissue(code, replacement)
            .map_err(ReissueError::Refused)
    }

    async fn outstanding(
        &self,
        tenant: &TenantId,
        page: Page,
        now: SystemTime,
    ) -> Result<Vec<OutstandingCode>, StoreError> {
        Ok(self.table().outstanding(tenant, page, now))
    }

    async fn purge_expired(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError> {
        Ok(self.table().purge_expired(kept, now))
    }
}

#[async_trait]
impl GuessStore for MemoryStore {
    async fn charge_guesses(&self, batch: &GuessBatch) -> Result<Vec<GuessCount>, StoreError> {
        Ok(lock(&self.guesses).charge(batch))
    }

    async fn live_codes(&self, now: SystemTime) -> Result<u64, StoreError> {
        Ok(self.table().live_codes(now))
    }

    async fn purge_guesses(&self, before: Timestamp, _now: SystemTime) -> Result<u64, StoreError> {
        Ok(lock(&self.guesses).purge(before))
    }
}

#[async_trait]
impl CapfStore for MemoryStore {
    async fn order_capf(
        &self,
        operation: &CapfOperation,
        _now: SystemTime,
    ) -> Result<(), StoreError> {
        lock(&self.capf).order(operation);
        Ok(())
    }

    async fn present_capf(&self, attempt: &CapfAttempt, now: SystemTime) -> Result<(), CapfError> {
        let answer = lock(&self.capf).present(attempt, now);
        answer.map_err(CapfError::Refused)
    }

    async fn cancel_capf(&self, device: &CapfDevice, _now: SystemTime) -> Result<(), CapfError> {
        let answer = lock(&self.capf).cancel(device);
        answer.map_err(CapfError::Refused)
    }

    async fn purge_capf(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError> {
        Ok(lock(&self.capf).purge(kept, now))
    }
}
