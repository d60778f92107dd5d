//! The example `preflight`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::env;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use offhook_testkit::DnsServer;
use serde_json::Value;

/// As a domain should be seen from outside.
const ZONE: &str = "
@ 300 IN SOA ns admin 1 60 60 60 60
_sip._tls 300 IN SRV 10 0 5061 sbc
_collab-edge._tls 300 IN SRV 10 10 8443 expressway-e
sbc 300 IN A 192.0.2.1
expressway-e 300 IN A 192.0.2.5
";

/// 2026-06-01T00:00:00Z.
const NOW: &str = "1780272000";

/// Runs the program against a name server with this zone, as the runtime serves it.
fn run(zone: &str, arguments: &[&str]) -> Output {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let zone = zone.to_owned();
    let server = runtime
        .block_on(async move { DnsServer::start("example.test.", &zone).await })
        .unwrap();
    run_at(server.address(), arguments)
}

fn run_at(server: SocketAddr, arguments: &[&str]) -> Output {
    let server = server.to_string();
    let mut all = vec!["--server", &server];
    all.extend(arguments);
    plain(&all, b"")
}

fn plain(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(program())
        .args(["--now", NOW])
        .args(arguments)
        .env("COLUMNS", "100")
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends before it has read is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/preflight")
}

/// Cargo builds the examples of a package before it runs all of its tests.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("preflight{}", env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The rules that are broken, each once.
fn broken(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    let mut rules: Vec<_> = findings
        .iter()
        .filter_map(|each| each["rule"].as_str())
        .collect();
    rules.dedup();
    rules
}

#[test]
fn the_sample_that_passes_passes_strictly() {
    let output = run(ZONE, &["--strict", "passing.toml"]);
    assert_eq!(
        text(&output.stdout),
        "0 errors, 0 warnings, 0 notes, 0 unknown\n"
    );
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_sample_that_fails_is_told_in_a_table_with_a_line_of_sums() {
    let output = run(ZONE, &["failing.toml"]);
    let said = text(&output.stdout);
    for part in [
        "BroadWorks\n  error    broadworks-platform\n           what   release 22 is not with ADP\n",
        "where  broadworks.platform (line 12)\n",
        "why    device integration for Webex on BroadWorks, BroadWorks platform requirements\n",
        "\nRemote access\n",
        " errors, ",
    ] {
        assert!(said.contains(part), "{part}:\n{said}");
    }
    assert!(
        said.lines().last().unwrap().contains(" warnings, "),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_name_servers_say_is_judged() {
    let zone = format!("{ZONE}_cisco-uds._tcp 60 IN SRV 10 10 8443 expressway-e\n");
    let zone = zone
        .replace("_sip._tls", "_sip._tcp")
        .replace("10 10 8443 exp", "10 10 443 exp");
    let output = run(&zone, &["--json", "passing.toml"]);
    let report = json(&output);
    assert_eq!(broken(&report), ["sip-domain", "uds-record", "edge-port"]);
    assert_eq!(report["findings"][0]["where"]["host"], "example.test");
    assert_eq!(output.status.code(), Some(1));
    // With its own address alone the domain works, but not so well.
    let alone = format!(
        "{}@ 60 IN A 192.0.2.1\n",
        ZONE.replace("_sip._tls", "_sip._tcp")
    );
    let output = run(&alone, &["--json", "passing.toml"]);
    assert_eq!(broken(&json(&output)), ["sip-domain-srv"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn silent_name_servers_have_a_status_of_their_own() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap();
    let output = run_at(server, &["--timeout", "1", "--json", "passing.toml"]);
    let report = json(&output);
    assert_eq!(report["summary"]["unknown"], 3);
    assert_eq!(report["unknown"][0]["why"], "failed");
    assert_eq!(output.status.code(), Some(3));
    let output = run_at(server, &["--timeout", "1", "failing.toml"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn offline_nobody_is_asked() {
    let output = plain(&["--offline", "--json", "passing.toml"], b"");
    let report = json(&output);
    assert_eq!(report["summary"]["unknown"], 3);
    assert_eq!(report["unknown"][0]["why"], "not-observed");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn warnings_fail_where_they_are_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deployment.toml");
    fs::write(&path, "version = 1\n[unified-cm]\nrelease = \"14\"\nsecurity-mode = \"mixed\"\nip-mode = \"ipv4\"\n").unwrap();
    let path = path.to_str().unwrap();
    let output = plain(&["--offline", path], b"");
    assert!(text(&output.stdout).contains("0 errors, 1 warning, "));
    assert_eq!(output.status.code(), Some(0));
    let output = plain(&["--offline", "--strict", path], b"");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_sarif_log_names_the_description() {
    let output = plain(&["--offline", "--sarif", "failing.toml"], b"");
    let log = json(&output);
    let location = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "failing.toml");
    assert!(location["region"]["startLine"].as_u64() > Some(1));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_description_that_cannot_be_read_is_told_with_its_place() {
    for (input, said) in [
        (
            &b"version = 1\n[broadworks\n"[..],
            "error: -: line 2, column 12: ",
        ),
        (
            b"version = 1\nbroadwork = 1\n",
            "error: -: line 2, column 1: unknown field `broadwork`",
        ),
        (
            b"version = 2\n",
            "error: -: line 1: version 2 of the schema",
        ),
        (b"\xff", "error: -: line 1: not UTF-8"),
    ] {
        let output = plain(&["--offline", "-"], input);
        let error = text(&output.stderr);
        assert!(error.starts_with(said), "{error}");
        assert!(output.stdout.is_empty());
        assert_eq!(output.status.code(), Some(2));
    }
    let output = plain(&["--offline", "no-such-file.toml"], b"");
    assert!(text(&output.stderr).starts_with("error: no-such-file.toml: "));
    assert_eq!(output.status.code(), Some(2));
    let long = vec![b'#'; (1 << 20) + 1];
    assert_eq!(plain(&["--offline", "-"], &long).status.code(), Some(2));
}

#[test]
fn a_file_is_looked_for_beside_the_description() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passing.toml");
    fs::copy(self::folder().join("passing.toml"), &path).unwrap();
    let output = plain(&["--offline", "--json", path.to_str().unwrap()], b"");
    let report = json(&output);
    assert_eq!(broken(&report), ["unreadable-file"]);
    assert!(
        report["findings"][0]["what"]
            .as_str()
            .unwrap()
            .contains("cannot be opened")
    );
}

#[test]
fn a_bad_command_line_has_the_status_of_a_bad_description() {
    for arguments in [
        &["--offline"][..],
        &["--json", "--sarif", "passing.toml"],
        &["--offline", "--server", "127.0.0.1:53", "passing.toml"],
        &["--timeout", "0", "passing.toml"],
    ] {
        let output = plain(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    let help = plain(&["--help"], b"");
    assert!(text(&help.stdout).contains("Exit status"));
}
