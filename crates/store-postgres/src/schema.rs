//! The schema: made, brought up to date, and not mistaken for another.

use deadpool_postgres::{Object, Pool};
use tokio_postgres::Row;

use crate::column::value;
use crate::options::MissingSchema;
use crate::{OpenError, PostgresError, PostgresOptions, SchemaName};

/// Makes the schema, unless the options say otherwise, or brings it up to date. Of many nodes that start
/// at once one does it.
pub(crate) async fn migrate(pool: &Pool, options: &PostgresOptions) -> Result<(), OpenError> {
    let connection = pool
        .get()
        .await
        .map_err(|err| OpenError::store("connect")(PostgresError::Connect(err.into())))?;
    let outcome = migrate_locked(&connection, options).await;
    // Whatever has become of it, nobody gets this connection after us.
    drop(Object::take(connection));
    outcome
}

async fn migrate_locked(connection: &Object, options: &PostgresOptions) -> Result<(), OpenError> {
    let schema = Schema {
        connection,
        name: options.schema(),
    };
    // Who waits here waits for another node's migration, however long that takes.
    schema
        .execute(
            "begin",
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; BEGIN",
        )
        .await?;
    schema
        .row(
            "lock the schema",
            "SELECT pg_advisory_xact_lock(1868980075, hashtext($1))",
        )
        .await?;
    schema.make(options.missing_schema()).await?;
    schema.update().await?;
    schema.execute("commit the schema", "COMMIT").await
}

/// The schema, by a connection that holds its lock.
struct Schema<'a> {
    connection: &'a Object,
    name: &'a SchemaName,
}

impl Schema<'_> {
    /// Makes the schema without a table of ours, unless it is there.
    async fn make(&self, missing: MissingSchema) -> Result<(), OpenError> {
        let found = self
            .row(
                "look for the schema",
                "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
                        EXISTS (SELECT FROM pg_tables WHERE schemaname = $1),
                        EXISTS (SELECT FROM pg_tables WHERE schemaname = $1
                                AND tablename = 'offhook_schema')",
            )
            .await?;
        let flag = |at| value(&found, at).map_err(OpenError::store("look for the schema"));
        let (exists, has_tables, is_ours): (bool, bool, bool) = (flag(0)?, flag(1)?, flag(2)?);
        if is_ours {
            return Ok(());
        }
        if has_tables {
            return Err(OpenError::ForeignSchema);
        }
        if missing == MissingSchema::Refused {
            return Err(OpenError::MissingSchema);
        }
        if !exists {
            let sql = format!("CREATE SCHEMA \"{}\"", self.name);
            self.execute("make the schema", &sql).await?;
        }
        let table = "CREATE TABLE offhook_schema (version int4 NOT NULL);
                     INSERT INTO offhook_schema VALUES (0)";
        self.execute("make the schema", table).await
    }

    /// Brings the tables from the version that they have to the newest.
    async fn update(&self) -> Result<(), OpenError> {
        let read = "read the schema version";
        let row = self
            .connection
            .query_one("SELECT version FROM offhook_schema", &[])
            .await
            .map_err(|err| OpenError::store(read)(PostgresError::of(err)))?;
        let found: i32 = value(&row, 0).map_err(OpenError::store(read))?;
        let known = MIGRATIONS.len();
        let done = match usize::try_from(found) {
            Ok(done) if done <= known => done,
            _ => {
                let known = i32::try_from(known).unwrap_or(i32::MAX);
                return Err(OpenError::NewerSchema { found, known });
            }
        };
        for migration in MIGRATIONS.iter().skip(done) {
            self.execute("update the schema", migration).await?;
        }
        if done < known {
            let version = format!("UPDATE offhook_schema SET version = {known}");
            self.execute("write the schema version", &version).await?;
        }
        Ok(())
    }

    async fn execute(&self, action: &'static str, sql: &str) -> Result<(), OpenError> {
        let done = self.connection.batch_execute(sql).await;
        done.map_err(|err| OpenError::store(action)(PostgresError::of(err)))
    }

    /// The only row of a statement about the schema of that name.
    async fn row(&self, action: &'static str, sql: &str) -> Result<Row, OpenError> {
        let row = self.connection.query_one(sql, &[&self.name.as_str()]).await;
        row.map_err(|err| OpenError::store(action)(PostgresError::of(err)))
    }
}

/// The statements that lead from each schema version to the next.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/1.sql")];
