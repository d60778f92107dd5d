//! What an operator asks `dms-server` without having it serve.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/lab.rs"]
mod lab;
#[path = "support/postgres.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod postgres;

use std::collections::BTreeSet;
use std::fs;

use crate::lab::{Lab, run, text};
use crate::postgres::Postgres;

/// Whether there is a store yet or not, and whether anybody has used it.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_changes_nothing_and_a_store_that_is_not_there_yet_is_told() {
    let lab = Lab::new();
    fs::remove_dir(lab.path("mail")).unwrap();
    let config = lab.path("dms.toml");
    let files = || {
        let entries = fs::read_dir(lab.path("")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let contents = paths.map(|path| (fs::read(&path).unwrap_or_default(), path));
        contents.collect::<BTreeSet<_>>()
    };
    let check = || {
        let before = files();
        let output = run("dms-server", &["serve", text(&config), "--check"]);
        assert!(files() == before, "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    };
    let store = lab.path("onboarding.db");
    let told = |what| format!("store: {}: {what}; to serve makes one\n", store.display());
    assert_eq!(check(), (Some(0), told("no such file")));
    fs::write(&store, "").unwrap();
    assert_eq!(check(), (Some(0), told("the file is empty")));
    let mut server = lab.serve();
    lab.code(&server, "room-1").await;
    server.signal("TERM");
    server.child.wait().unwrap();
    assert_eq!(check(), (Some(0), String::new()));
    lab.change("sqlite:onboarding.db", "sqlite:nowhere/onboarding.db");
    let (status, told) = check();
    assert_eq!(status, Some(1));
    assert!(
        told.ends_with("no such file, and no such folder\n"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_a_device_type_is_warned_of_by_a_check_and_by_the_server() {
    let lab = Lab::new();
    fs::create_dir(lab.path("none")).unwrap();
    lab.change("device_types = \"types\"", "device_types = \"none\"");
    let config = lab.path("dms.toml");
    let output = run("dms-server", &["serve", text(&config), "--check"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    let told = format!(
        "device_types: {}: no device type is offered",
        lab.path("none").display()
    );
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(errors.contains(&format!("warning: {told}")), "{errors}");
    let server = lab.serve();
    lab.await_log(&told).await;
    lab.change("device_types = \"none\"", "device_types = \"types\"");
    server.signal("HUP");
    lab.await_log("were read again").await;
    lab.change("device_types = \"types\"", "device_types = \"none\"");
    server.signal("HUP");
    lab.await_log_times(&told, 2).await;
}

#[test]
fn a_check_makes_no_schema_in_postgresql() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let lab = Lab::new();
    lab.change("sqlite:onboarding.db", &postgres.url);
    let config = lab.path("dms.toml");
    for _ in 0..2 {
        let output = run("dms-server", &["serve", text(&config), "--check"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{told}");
        let wanted = "store: nobody has served from this database; to serve makes one\n";
        assert_eq!(told, wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_before_a_record_that_cannot_be_read_is_written_out_and_that_one_is_named() {
    let lab = Lab::new();
    let mut server = lab.serve();
    lab.code(&server, "room-1").await;
    lab.code(&server, "room-2").await;
    server.signal("TERM");
    server.child.wait().unwrap();
    let store = rusqlite::Connection::open(lab.path("onboarding.db")).unwrap();
    let editable = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened";
    store.execute_batch(editable).unwrap();
    let config = lab.path("dms.toml");
    for change in [
        "event = 'unheard-of'",
        "hash = x'00'",
        "profile = 'room' || char(10) || '2'",
    ] {
        let change = format!(
            "CREATE TEMP TABLE kept AS SELECT * FROM audit WHERE sequence = 3;
             UPDATE audit SET {change} WHERE sequence = 3"
        );
        store.execute_batch(&change).unwrap();
        let log = run("dms-server", &["audit", "export", text(&config)]);
        let told = String::from_utf8_lossy(&log.stderr);
        assert_eq!(log.status.code(), Some(1), "{told}");
        assert!(told.contains("audit record 3 cannot be read"), "{told}");
        let written = String::from_utf8(log.stdout).unwrap();
        let events: Vec<_> = written.lines().collect();
        assert_eq!(events.len(), 2, "{written}");
        let behind = ["audit", "export", text(&config), "--after", "3"];
        let behind = run("dms-server", &behind);
        assert_eq!(behind.status.code(), Some(0), "{behind:?}");
        assert_eq!(behind.stdout.split(|&byte| byte == b'\n').count(), 2);
        let mend = "DELETE FROM audit WHERE sequence = 3;
                    INSERT INTO audit SELECT * FROM kept; DROP TABLE kept";
        store.execute_batch(mend).unwrap();
    }
    let log = run("dms-server", &["audit", "export", text(&config)]);
    assert_eq!(log.status.code(), Some(0), "{log:?}");
}

#[test]
fn a_log_without_a_record_does_not_verify_unless_it_is_to_follow_a_head() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    fs::write(&file, "").unwrap();
    let verify = |more: &[&str]| {
        let arguments = ["audit", "verify", text(&file)];
        let output = run("dms-server", &[&arguments[..], more].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let head = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), head, told)
    };
    let told = format!("error: {}: no audit record\n", file.display());
    assert_eq!(verify(&[]), (Some(1), String::new(), told));
    let head = format!("7:{}", "ab".repeat(32));
    let told = "no record behind 7\n".to_owned();
    let wanted = (Some(0), format!("{head}\n"), told);
    assert_eq!(verify(&["--start", &head]), wanted);
}
