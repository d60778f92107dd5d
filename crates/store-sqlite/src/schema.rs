//! The file: how it is opened and brought up to date.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{OpenError, SqliteOptions};

/// Opens the file for writing, making or updating it if need be.
pub(crate) fn open_writer(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenError> {
    let connection = open(path, options)?;
    check_owner(&connection)?;
    let mode = use_wal(&connection, options).map_err(failed("turn on the write-ahead log"))?;
    if mode != "wal" {
        return Err(OpenError::NotDurable);
    }
    // An acknowledged commit must be on the disk; on macOS only `fullfsync` gets it there.
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;")
        .map_err(failed("turn on full synchronisation"))?;
    migrate(&connection)?;
    Ok(connection)
}

/// Makes the file where there is none, for its owner alone: tags and subjects stand in it. The log and
/// the shared memory beside it get the same mode from SQLite. What cannot be made, opening tells.
pub(crate) fn make_private(path: &Path) {
    if path == Path::new(":memory:") {
        return;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

/// Opens the file, which [`open_writer`] has made, for reading.
pub(crate) fn open_reader(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenError> {
    let connection = open(path, options)?;
    connection
        .execute_batch("PRAGMA query_only = ON;")
        .map_err(failed("forbid writing"))?;
    Ok(connection)
}

fn open(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenError> {
    // No URI: its parameters could turn off what keeps a commit.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed("open the file"))?;
    connection
        .busy_timeout(options.busy_timeout())
        .map_err(failed("set the busy timeout"))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection
        .pragma_update(None, "cache_size", CACHE_KIB)
        .map_err(failed("set the size of the cache"))?;
    Ok(connection)
}

/// The change into WAL mode needs the file alone. For some locks SQLite waits and for others not, so
/// that here we wait for all of them, once.
fn use_wal(connection: &Connection, options: &SqliteOptions) -> rusqlite::Result<String> {
    connection.busy_timeout(Duration::ZERO)?;
    let mode = wait_for_wal(connection, options);
    connection.busy_timeout(options.busy_timeout())?;
    mode
}

fn wait_for_wal(connection: &Connection, options: &SqliteOptions) -> rusqlite::Result<String> {
    let mut waited = Duration::ZERO;
    loop {
        let answer = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match answer {
            Err(err)
                if err.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && waited < options.busy_timeout() =>
            {
                thread::sleep(PAUSE);
                waited += PAUSE;
            }
            answer => return answer,
        }
    }
}

/// A file without tables becomes ours; one with tables must say that it is.
fn check_owner(connection: &Connection) -> Result<(), OpenError> {
    let (owner, tables): (i64, i64) = connection
        .query_row(
            "SELECT (SELECT * FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(failed("read the head of the file"))?;
    if owner == APPLICATION_ID || (owner == 0 && tables == 0) {
        Ok(())
    } else {
        Err(OpenError::ForeignFile)
    }
}

fn migrate(connection: &Connection) -> Result<(), OpenError> {
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(failed("lock the file"))?;
    let outcome = migrate_locked(connection);
    let end = if outcome.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    let ended = connection.execute_batch(end);
    outcome?;
    ended.map_err(failed("commit the schema"))
}

fn migrate_locked(connection: &Connection) -> Result<(), OpenError> {
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed("read the schema version"))?;
    let known = MIGRATIONS.len();
    let done = match usize::try_from(found) {
        Ok(done) if done <= known => done,
        _ => {
            let known = i64::try_from(known).unwrap_or(i64::MAX);
            return Err(OpenError::NewerSchema { found, known });
        }
    };
    // Whoever only looks must change nothing.
    if done == known {
        return Ok(());
    }
    for migration in MIGRATIONS.iter().skip(done) {
        connection
            .execute_batch(migration)
            .map_err(failed("update the schema"))?;
    }
    connection
        .execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {known};"
        ))
        .map_err(failed("write the schema version"))
}

fn failed(action: &'static str) -> impl FnOnce(rusqlite::Error) -> OpenError {
    move |err| OpenError::store(action)(err.into())
}

/// `ofhk` in ASCII.
const APPLICATION_ID: i64 = 0x6f66_686b;
/// In KiB, hence negative, for each connection: 16 MiB.
const CACHE_KIB: i64 = -16_384;
const PAUSE: Duration = Duration::from_millis(5);
/// The statements that lead from each schema version to the next.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/1.sql")];

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(connection: &Connection, name: &str) -> String {
        let sql = format!("SELECT CAST((SELECT * FROM pragma_{name}) AS TEXT)");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn who_has_the_file_alone_is_waited_for_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("codes.db");
        let wait = Duration::from_millis(300);
        let options = SqliteOptions::default().with_busy_timeout(wait);
        let mut connection = open(&path, &options).unwrap();
        let other = Connection::open(&path).unwrap();
        for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
            other.execute_batch(lock).unwrap();
            let ((sender, receiver), options) = (std::sync::mpsc::channel(), options.clone());
            thread::spawn(move || {
                let answer = use_wal(&connection, &options);
                sender.send((connection, answer)).unwrap();
            });
            // Sixty rounds of 5 ms; each with the busy timeout would be 18 s.
            let answer;
            (connection, answer) = receiver.recv_timeout(Duration::from_secs(10)).unwrap();
            assert!(answer.is_err(), "{lock}");
            other.execute_batch("ROLLBACK").unwrap();
        }
        assert_eq!(pragma(&connection, "busy_timeout"), "300");
        assert_eq!(use_wal(&connection, &options).unwrap(), "wal");
    }

    /// The figures of `synchronous`: 2 is `FULL`.
    #[test]
    fn a_commit_is_in_the_log_and_the_log_on_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("codes.db");
        let options = SqliteOptions::default().with_busy_timeout(Duration::from_millis(1_234));
        let writer = open_writer(&path, &options).unwrap();
        let reader = open_reader(&path, &options).unwrap();
        assert_eq!(pragma(&writer, "synchronous"), "2");
        assert_eq!(pragma(&writer, "fullfsync"), "1");
        assert_eq!(pragma(&writer, "query_only"), "0");
        assert_eq!(pragma(&reader, "query_only"), "1");
        for connection in [&writer, &reader] {
            assert_eq!(pragma(connection, "journal_mode"), "wal");
            assert_eq!(pragma(connection, "busy_timeout"), "1234");
        }
    }
}
