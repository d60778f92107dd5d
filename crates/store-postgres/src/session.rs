//! One connection for one verb.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use crate::column::millis;
use crate::{Clock, PostgresError};

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection, lent to one verb.
///
/// It goes back to the pool by [`finish`](Session::finish) alone. A verb that is broken off in its
/// midst leaves the connection in a state that nobody knows, a transaction open perhaps; so it is
/// closed, and the server undoes what was not committed.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Option<Object>,
    clock: Clock,
    /// A transaction that has been asked for and goes out with the first statement.
    begin: AtomicBool,
}

impl Session {
    pub(crate) fn new(connection: Object, clock: Clock) -> Self {
        Self {
            connection: Some(connection),
            clock,
            begin: AtomicBool::new(false),
        }
    }

    /// The `now` of a statement, its first parameter: nothing where the database's clock decides.
    pub(crate) fn now(&self, caller: SystemTime) -> Option<i64> {
        match self.clock {
            Clock::Caller => Some(millis(caller)),
            Clock::Database => None,
        }
    }

    pub(crate) async fn rows(
        &self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Vec<Row>, PostgresError> {
        let connection = self.connection()?;
        let statement = prepare(connection, sql).await?;
        if self.begin.swap(false, Ordering::Relaxed) {
            // Both are sent when they are first polled, so this order is theirs on the wire.
            let begin = connection.batch_execute("BEGIN");
            let first = connection.query(&statement, params);
            let (begun, rows) = tokio::join!(biased; begin, first);
            begun.map_err(PostgresError::of)?;
            return rows.map_err(PostgresError::of);
        }
        let rows = connection.query(&statement, params).await;
        rows.map_err(PostgresError::of)
    }

    /// The only row, if there is one.
    pub(crate) async fn row(
        &self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<Option<Row>, PostgresError> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// How many rows there were.
    pub(crate) async fn count(
        &self,
        sql: &'static str,
        params: Params<'_>,
    ) -> Result<u64, PostgresError> {
        let connection = self.connection()?;
        let statement = prepare(connection, sql).await?;
        self.flush_begin(connection).await?;
        let count = connection.execute(&statement, params).await;
        count.map_err(PostgresError::of)
    }

    /// Lets a transaction begin with the next statement, without a round trip of its own.
    pub(crate) fn begin(&self) {
        self.begin.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn end(&self, how: TransactionEnd) -> Result<(), PostgresError> {
        if self.begin.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let sql = match how {
            TransactionEnd::Commit => "COMMIT",
            TransactionEnd::Rollback => "ROLLBACK",
        };
        let done = self.connection()?.batch_execute(sql).await;
        done.map_err(PostgresError::of)
    }

    /// Gives the connection back, once nobody else holds the session.
    pub(crate) fn finish(session: Arc<Self>) {
        drop(Arc::into_inner(session).and_then(|mut session| session.connection.take()));
    }

    async fn flush_begin(&self, connection: &Object) -> Result<(), PostgresError> {
        if self.begin.swap(false, Ordering::Relaxed) {
            let begun = connection.batch_execute("BEGIN").await;
            begun.map_err(PostgresError::of)?;
        }
        Ok(())
    }

    fn connection(&self) -> Result<&Object, PostgresError> {
        self.connection
            .as_ref()
            .ok_or_else(|| PostgresError::Lost("the session is over".into()))
    }
}

async fn prepare(connection: &Object, sql: &'static str) -> Result<Statement, PostgresError> {
    let statement = connection.prepare_cached(sql).await;
    statement.map_err(PostgresError::of)
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TransactionEnd {
    Commit,
    Rollback,
}
