//! The example `activation-codes`, run as a program.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a store in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // Cargo builds the examples beside the folder in which the tests are.
        let mut path = env::current_exe().unwrap();
        path.pop();
        path.pop();
        let program = path.join("examples").join("activation-codes");
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).args(arguments);
        command.env_remove("OFFHOOK_STORE");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The objects that a good run printed.
    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(&[&["--json"], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        objects(&output)
    }

    /// What a run that was refused printed on standard error.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn issue(&self, profile: &str, more: &[&str]) -> Value {
        let account = ["issue", "--account", "ann", "--profile", profile];
        self.json(&[&account, more].concat()).remove(0)
    }
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap()
}

const MODEL: [&str; 2] = ["--model", "Cisco Desk Pro"];
const KEY: [&str; 2] = [
    "--redemption-key",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
];
const OTHER_KEY: [&str; 2] = [
    "--redemption-key",
    "f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
];

#[test]
fn a_code_is_redeemed_once_and_a_lost_answer_is_given_again() {
    let desk = Desk::new();
    let issued = desk.issue("room-7", &MODEL);
    let code = text(&issued, "code");
    let redeem = |key: &[&'static str]| [&["redeem", code], &MODEL[..], key].concat();
    let grant = desk.json(&redeem(&KEY)).remove(0);
    assert_eq!(text(&grant, "profile"), "room-7");
    let again = desk.json(&redeem(&KEY)).remove(0);
    assert_eq!(text(&again, "grant"), text(&grant, "grant"));
    assert_eq!(again.get("repeated"), Some(&Value::Bool(true)));
    assert!(
        desk.refused(&redeem(&OTHER_KEY))
            .contains("already redeemed")
    );
    assert!(desk.json(&["list"]).is_empty());
}

#[test]
fn a_wrong_device_burns_no_code() {
    let desk = Desk::new();
    let issued = desk.issue("desk-1", &["--mac", "00:11:22:33:44:55"]);
    let code = text(&issued, "code");
    let wrong = ["redeem", code, "--mac", "00:11:22:33:44:56"];
    assert!(desk.refused(&wrong).contains("another MAC address"));
    desk.json(&["redeem", code, "--mac", "001122334455"]);
}

#[test]
fn a_code_on_premises_needs_the_public_key_of_a_certificate() {
    let desk = Desk::new();
    let key = rcgen::KeyPair::generate().unwrap();
    fs::write(desk.0.path().join("key.pem"), key.public_key_pem()).unwrap();
    let issued = desk.issue("desk-1", &[&MODEL[..], &["--mode", "on-premises"]].concat());
    let redeem = ["redeem", text(&issued, "code"), MODEL[0], MODEL[1]];
    assert!(desk.refused(&redeem).contains("certificate"));
    desk.json(&[&redeem[..], &["--public-key", "key.pem"]].concat());
}

#[test]
fn revoked_and_reissued_codes_are_void() {
    let desk = Desk::new();
    let first = desk.issue("room-7", &MODEL);
    let second = desk.json(&["reissue", text(&first, "id")]).remove(0);
    assert_eq!(second.get("generation"), Some(&Value::from(2)));
    let redeem = |object| [&["redeem", text(object, "code")], &MODEL[..]].concat();
    assert!(desk.refused(&redeem(&first)).contains("superseded"));
    desk.json(&["revoke", "--profile", "room-7"]);
    assert!(desk.refused(&redeem(&second)).contains("revoked"));
}

#[test]
fn a_sealed_copy_is_read_again_and_drawn() {
    let desk = Desk::new();
    let issued = desk.issue("room-7", &MODEL);
    desk.issue("room-8", &[&MODEL[..], &["--no-copy"]].concat());
    let listed = desk.json(&["list", "--codes"]);
    assert_eq!(text(&listed[0], "code"), text(&issued, "code"));
    assert_eq!(listed[1].get("code"), None);
    for (format, head) in [("svg", &b"<?xml"[..]), ("png", b"\x89PNG")] {
        let draw = [
            "qr",
            "--profile",
            "room-7",
            "--format",
            format,
            "--out",
            format,
        ];
        assert!(desk.run(&draw).status.success());
        assert!(
            fs::read(desk.0.path().join(format))
                .unwrap()
                .starts_with(head)
        );
        let again = desk.run(&draw);
        assert_eq!(again.status.code(), Some(3), "a file is not overwritten");
    }
    assert!(
        desk.refused(&["qr", "--profile", "room-8"])
            .contains("no sealed copy")
    );
}

#[test]
fn other_secrets_know_no_code() {
    let desk = Desk::new();
    let issued = desk.issue("room-7", &MODEL);
    let redeem = [
        &["redeem", text(&issued, "code"), "--keys", "other.keys"],
        &MODEL[..],
    ]
    .concat();
    assert!(desk.refused(&redeem).contains("refused: unknown"));
    desk.json(&[
        "issue",
        "--account",
        "ann",
        "--profile",
        "room-8",
        "--keys",
        "other.keys",
        "--model",
        "x",
    ]);
    let listed = desk.run(&["--json", "list", "--codes", "--keys", "other.keys"]);
    assert_eq!(listed.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&listed.stderr);
    assert!(errors.contains("could not open the sealed copy"));
    let read: Vec<bool> = objects(&listed)
        .iter()
        .map(|line| line.get("code").is_some())
        .collect();
    assert_eq!(read, [false, true]);
}

#[test]
fn a_file_with_a_bad_line_issues_no_code() {
    let desk = Desk::new();
    let table = "DEVICE NAME,USER ID,MAC ADDRESS\n\
                 desk-1,ann,00:11:22:33:44:55\n\
                 desk-2,bob,00:11:22\n\
                 desk-1,cid,00:11:22:33:44:66\n";
    fs::write(desk.0.path().join("phones.csv"), table).unwrap();
    let report = desk.refused(&["import", "phones.csv"]);
    assert!(report.contains("line 3: MAC ADDRESS"), "{report}");
    assert!(report.contains("line 4: DEVICE NAME"), "{report}");
    assert!(desk.json(&["list"]).is_empty());
}

#[test]
fn phones_come_in_and_codes_go_out_as_csv() {
    let desk = Desk::new();
    let table = "DEVICE NAME,USER ID,MAC ADDRESS,MODEL\n\
                 desk-1,ann,00:11:22:33:44:55,\n\
                 desk-2,=cmd,,Cisco Desk Pro;Cisco Room Kit\n";
    let mut import = desk
        .command(&["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = import.stdin.take().unwrap();
    input.write_all(table.as_bytes()).unwrap();
    drop(input);
    assert!(import.wait().unwrap().success());
    let codes = desk.json(&["list", "--codes"]);
    let digits = text(&codes[0], "code").replace('-', "");
    for dialect in ["axl", "bat", "broadworks"] {
        let output = desk.run(&["export", "--dialect", dialect]);
        let table = String::from_utf8(output.stdout).unwrap();
        assert_eq!(table.lines().count(), 3, "{dialect}");
        assert!(table.replace('-', "").contains(&digits), "{dialect}");
        assert!(table.contains("'=cmd"), "{dialect}: {table}");
    }
    fs::write(desk.0.path().join("again.csv"), table).unwrap();
    assert!(
        desk.refused(&["import", "again.csv"])
            .contains("outstanding code")
    );
}

#[test]
fn what_was_issued_before_an_import_failed_is_printed() {
    let desk = Desk::new();
    let mut table = "DEVICE NAME,USER ID,MODEL\n".to_owned();
    for number in 0..5 {
        table.push_str(&format!("desk-{number},ann,Cisco Desk Pro\n"));
    }
    fs::write(desk.0.path().join("phones.csv"), table).unwrap();
    desk.json(&["list"]);
    let file = desk.0.path().join("activation-codes.db");
    let disk_is_full =
        "CREATE TRIGGER disk_is_full BEFORE INSERT ON codes WHEN new.profile = 'desk-3'
                        BEGIN SELECT raise(ABORT, 'disk is full'); END";
    let store = rusqlite::Connection::open(file).unwrap();
    store.execute_batch(disk_is_full).unwrap();
    let output = desk.run(&["--json", "import", "phones.csv", "--no-copy"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 5"));
    let printed = objects(&output);
    let profiles: Vec<&str> = printed.iter().map(|line| text(line, "profile")).collect();
    assert_eq!(profiles, ["desk-0", "desk-1", "desk-2"]);
    assert!(printed.iter().all(|line| line.get("code").is_some()));
}

#[test]
fn a_store_that_fails_is_told_apart_from_a_refusal() {
    let desk = Desk::new();
    fs::write(
        desk.0.path().join("foreign.db"),
        b"not a database, but some text",
    )
    .unwrap();
    let output = desk.run(&["--store", "sqlite:foreign.db", "list"]);
    assert_eq!(output.status.code(), Some(3));
    let server = [
        "--store",
        "postgres://nobody:hidden-word@127.0.0.1:1/none",
        "list",
    ];
    let output = desk.run(&server);
    assert_eq!(output.status.code(), Some(3));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hidden-word"));
    assert_eq!(desk.run(&["import", "missing.csv"]).status.code(), Some(3));
}

#[test]
fn no_code_is_redeemed_twice_under_stress() {
    let desk = Desk::new();
    for kill in [&[][..], &["--kill", "3"]] {
        let stress = ["stress", "--workers", "8", "--codes", "200"];
        let summary = desk.json(&[&stress, kill].concat()).remove(0);
        for (name, number) in [
            ("codes", 200),
            ("redeemed", 200),
            ("double", 0),
            ("lost", 0),
        ] {
            assert_eq!(summary.get(name), Some(&Value::from(number)), "{name}");
        }
        assert!(summary.get("attempts").and_then(Value::as_u64) >= Some(800));
    }
}

#[test]
fn a_bad_command_line_is_told_apart_from_a_refusal() {
    let desk = Desk::new();
    for bad in [
        &["issue", "--account", "ann", "--profile", "room-7"][..],
        &[
            "issue",
            "--account",
            "ann",
            "--profile",
            "a|b",
            "--model",
            "x",
        ],
        &["stress", "--workers", "3"],
        &["export", "--dialect", "excel"],
        &["revoke", "not-a-uuid"],
    ] {
        assert_eq!(desk.run(bad).status.code(), Some(2), "{bad:?}");
    }
    assert!(
        desk.refused(&["--store", "mysql:x", "list"])
            .contains("sqlite:FILE")
    );
    assert!(
        desk.refused(&["redeem", "1234"])
            .contains("4 digits instead of 16")
    );
}
