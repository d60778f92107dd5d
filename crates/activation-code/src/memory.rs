//! A store for tests and demonstrations.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use crate::{
    CodeId, CodeStore, CodeTable, Grant, IssueError, NewCode, OutstandingCode, Page, RedeemError,
    Redemption, ReissueError, Replacement, RevokeError, StoreError, TenantId,
};

/// A [`CodeTable`] behind a lock. It keeps every promise of [`CodeStore`] as long as the process
/// lives, and forgets everything when it ends.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<CodeTable>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic cannot leave the table half changed: no verb calls foreign code.
    fn table(&self) -> MutexGuard<'_, CodeTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    async fn purge_expired(&self, now: SystemTime) -> Result<u64, StoreError> {
        Ok(self.table().purge_expired(now))
    }
}
