//! Verbs, each on a connection of its own: in one statement, or in one transaction.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Pool, PoolError, TimeoutType};
use tokio::time::timeout;

use crate::session::{Session, TransactionEnd};
use crate::{Clock, PostgresError, PostgresOptions};

/// The connections of a store.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    pool: Pool,
    clock: Clock,
    wait: Duration,
    limit: Duration,
}

impl Connections {
    pub(crate) fn new(pool: Pool, options: &PostgresOptions) -> Self {
        Self {
            pool,
            clock: options.clock(),
            wait: options.wait_timeout(),
            limit: 2 * options.statement_timeout(),
        }
    }

    /// Runs a verb whose statements each are a transaction. The server decides again, a few times,
    /// where it has undone one because of others at the same time.
    pub(crate) async fn run<T, V>(
        &self,
        verb: impl Fn(Arc<Session>) -> V,
    ) -> Result<T, PostgresError>
    where
        V: Future<Output = Result<T, PostgresError>>,
    {
        let mut attempt = 1;
        loop {
            let session = self.session().await?;
            let answer = self.in_time(verb(Arc::clone(&session))).await;
            if answer.as_ref().err().is_none_or(PostgresError::is_answer) {
                Session::finish(session);
            }
            match answer {
                Err(err) if err.may_be_retried() && attempt < ATTEMPTS => attempt += 1,
                answer => return answer,
            }
        }
    }

    /// Runs a verb in one transaction, which is committed if its answer is `Ok` and undone if not.
    pub(crate) async fn transact<T, E, V>(
        &self,
        verb: impl Fn(Arc<Session>) -> V,
    ) -> Result<Result<T, E>, PostgresError>
    where
        V: Future<Output = Result<Result<T, E>, PostgresError>>,
    {
        let mut attempt = 1;
        loop {
            let session = self.session().await?;
            session.begin();
            let transaction = async {
                let answer = verb(Arc::clone(&session)).await?;
                let end = if answer.is_ok() {
                    TransactionEnd::Commit
                } else {
                    TransactionEnd::Rollback
                };
                session.end(end).await?;
                Ok(answer)
            };
            let answer = self.in_time(transaction).await;
            let whole = match &answer {
                Ok(_) => true,
                Err(err) if err.is_answer() => {
                    let undo = session.end(TransactionEnd::Rollback);
                    self.in_time(undo).await.is_ok()
                }
                Err(_) => false,
            };
            if whole {
                Session::finish(session);
            }
            match answer {
                Err(err) if err.may_be_retried() && attempt < ATTEMPTS => attempt += 1,
                answer => return answer,
            }
        }
    }

    /// A connection that is not known to be dead.
    async fn session(&self) -> Result<Arc<Session>, PostgresError> {
        let connection = self.pool.get().await.map_err(|err| match err {
            PoolError::Timeout(TimeoutType::Wait) => PostgresError::Exhausted { waited: self.wait },
            err => PostgresError::Connect(err.into()),
        })?;
        Ok(Arc::new(Session::new(connection, self.clock)))
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, PostgresError>>,
    ) -> Result<T, PostgresError> {
        timeout(self.limit, work)
            .await
            .unwrap_or(Err(PostgresError::Silent { waited: self.limit }))
    }
}

/// How often a verb is tried that others at the same time have undone.
const ATTEMPTS: u32 = 5;
