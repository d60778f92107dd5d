//! The file outlives the store, and is not mistaken for another.

use std::task::{Context, Waker};

use offhook_activation_code::{CodeStore, RedeemError, Refusal};
use offhook_store_contract::Fixture;
use offhook_store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::fixture::{OnDisk, new_code, now, redemption};

#[tokio::test]
async fn a_reopened_file_still_holds_the_redeem() {
    let disk = OnDisk::new();
    disk.store().issue(&new_code(1), now()).await.unwrap();
    let first = disk
        .store()
        .redeem(&redemption(1, 1, 1), now())
        .await
        .unwrap();
    let disk = disk.reopened();
    let again = disk
        .store()
        .redeem(&redemption(1, 1, 2), now())
        .await
        .unwrap();
    assert_eq!(again, first.into_repeated());
    let other = disk.store().redeem(&redemption(1, 2, 3), now()).await;
    assert!(matches!(
        other,
        Err(RedeemError::Refused(Refusal::AlreadyRedeemed))
    ));
}

#[test]
fn what_lives_in_memory_only_is_no_store() {
    for path in ["", ":memory:"] {
        let answer = SqliteStore::open(path, &SqliteOptions::default());
        assert!(
            matches!(answer, Err(OpenError::NotDurable)),
            "{path}: {answer:?}"
        );
    }
    // A URI is the name of a file like any other.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file:x?mode=memory");
    SqliteStore::open(&path, &SqliteOptions::default()).unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn what_is_queued_when_the_store_is_dropped_is_done() {
    let disk = OnDisk::new();
    let (store, code) = (disk.store(), new_code(1));
    // Polled once, so that it stands in the queue, and then forgotten.
    let mut issue = store.issue(&code, now());
    let polled = issue.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    drop((polled, issue));
    drop(store);
    let disk = disk.reopened();
    disk.store()
        .redeem(&redemption(1, 1, 1), now())
        .await
        .unwrap();
}

#[test]
fn no_code_and_no_key_stands_in_the_file() {
    let disk = OnDisk::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        disk.store()
            .issue(&new_code(8_241_973_650_918_273), now())
            .await
            .unwrap();
    });
    let path = disk.path();
    let disk = disk.reopened();
    let bytes = std::fs::read(path).unwrap();
    drop(disk);
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(has(b"Cisco Desk Pro"));
    assert!(!has(b"8241973650918273"));
    assert!(!has(&[7; 32]));
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let disk = OnDisk::new();
    let path = disk.path();
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let err = SqliteStore::open(&path, &SqliteOptions::default()).unwrap_err();
    assert!(
        matches!(err, OpenError::NewerSchema { found: 99, .. }),
        "{err}"
    );
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("other.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE codes (id)").unwrap();
    let err = SqliteStore::open(&path, &SqliteOptions::default()).unwrap_err();
    assert!(matches!(err, OpenError::ForeignFile), "{err}");

    let path = directory.path().join("text");
    std::fs::write(&path, "no database at all, but a text of some length").unwrap();
    let err = SqliteStore::open(&path, &SqliteOptions::default()).unwrap_err();
    assert!(matches!(err, OpenError::Store(_)), "{err}");
}

/// Tags and subjects stand in the file, and in what SQLite keeps beside it.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let disk = OnDisk::new();
    disk.store().issue(&new_code(1), now()).await.unwrap();
    let folder = disk.path().parent().unwrap().to_owned();
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
        files += 1;
    }
    assert!(files >= 2, "{files}");
}
