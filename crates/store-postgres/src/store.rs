//! The store of codes.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    CodeId, CodeStore, Grant, IssueError, NewCode, OutstandingCode, Page, RedeemError, Redemption,
    ReissueError, Replacement, RevokeError, StoreError, TenantId,
};

use crate::audit::Sealer;
use crate::pool::Connections;
use crate::{OpenError, PostgresError, PostgresOptions, codes, connect, schema};

/// Activation codes and devices in a `PostgreSQL` database, which many nodes may share.
///
/// Every verb is one statement or one transaction, durable when it is answered. Times are the
/// database's unless [`Clock::Caller`](crate::Clock::Caller) is set.
///
/// It needs a `tokio` runtime with time and input/output. Dropping the store closes its connections.
pub struct PostgresStore {
    pub(crate) connections: Connections,
    pub(crate) sealer: Sealer,
}

impl PostgresStore {
    /// Connects to the database at `url` (`postgres://user:password@host:5432/database`), making
    /// the schema or bringing it up to date if need be. Many nodes may do so at once.
    /// [`with_existing_schema`](PostgresOptions::with_existing_schema) refuses to make one.
    ///
    /// With several hosts in the URL the one that takes writes is found. TLS is used and the
    /// server's name verified where there are root certificates (of the options, or of the file
    /// that the URL names with `sslrootcert`), where the URL says `sslmode=require` or
    /// `sslmode=verify-full`, and towards any host but this one unless the URL says
    /// `sslmode=disable`: it is never negotiated away.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the schema belongs to another program or to a newer version of this
    /// crate, or the database cannot be reached or does not allow it.
    pub async fn open(url: &str, options: &PostgresOptions) -> Result<Self, OpenError> {
        let pool = connect::pool(url, options)?;
        schema::migrate(&pool, options).await?;
        let connections = Connections::new(pool, options);
        Ok(Self {
            sealer: Sealer::start(connections.clone()),
            connections,
        })
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl CodeStore for PostgresStore {
    async fn issue(&self, code: &NewCode, now: SystemTime) -> Result<(), IssueError> {
        self.connections
            .run(|session| async move { codes::issue(&session, code, now).await })
            .await
            .map_err(|err| IssueError::Store(failed("issue a code")(err)))?
            .map_err(IssueError::Refused)
    }

    async fn redeem(&self, redemption: &Redemption, now: SystemTime) -> Result<Grant, RedeemError> {
        self.connections
            .run(|session| async move { codes::redeem(&session, redemption, now).await })
            .await
            .map_err(|err| RedeemError::Store(failed("redeem a code")(err)))?
            .map_err(RedeemError::Refused)
    }

    async fn revoke(
        &self,
        tenant: &TenantId,
        code: CodeId,
        now: SystemTime,
    ) -> Result<(), RevokeError> {
        self.connections
            .run(|session| async move { codes::revoke(&session, tenant, code, now).await })
            .await
            .map_err(|err| RevokeError::Store(failed("revoke a code")(err)))?
            .map_err(RevokeError::Refused)
    }

    async fn reissue(
        &self,
        code: CodeId,
        replacement: &Replacement,
        now: SystemTime,
    ) -> Result<OutstandingCode, ReissueError> {
        self.connections
            .transact(
                |session| async move { codes::reissue(&session, code, replacement, now).await },
            )
            .await
            .map_err(|err| ReissueError::Store(failed("reissue a code")(err)))?
            .map_err(ReissueError::Refused)
    }

    async fn outstanding(
        &self,
        tenant: &TenantId,
        page: Page,
        now: SystemTime,
    ) -> Result<Vec<OutstandingCode>, StoreError> {
        let page = &page;
        self.connections
            .run(|session| async move { codes::outstanding(&session, tenant, page, now).await })
            .await
            .map_err(failed("list codes"))
    }

    async fn purge_expired(&self, kept: Duration, now: SystemTime) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some = self
                .connections
                .run(|session| async move { codes::purge(&session, kept, now).await })
                .await
                .map_err(failed("purge codes"))?;
            purged += some;
            if some == 0 {
                return Ok(purged);
            }
        }
    }
}

pub(crate) fn failed(action: &'static str) -> impl FnOnce(PostgresError) -> StoreError {
    move |err| StoreError::new(action, err)
}
