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

/// By reading, and by a store of which there is nothing yet.
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
