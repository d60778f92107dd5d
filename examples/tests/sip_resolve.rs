//! The example `sip-resolve`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::env;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use offhook_testkit::DnsServer;
use serde_json::{Value, json};

const ZONE: &str = r#"
@ 300 IN SOA ns admin 1 60 60 60 60
_sip._tls 300 IN SRV 10 0 5061 one
_sip._tls 300 IN SRV 20 0 5071 one
one 120 IN A 192.0.2.1
two 300 IN A 192.0.2.2
_sips._tcp.drawn 60 IN SRV 10 50 5001 two
_sips._tcp.drawn 60 IN SRV 10 50 5002 two
_collab-edge._tls 60 IN SRV 10 10 8443 one
plain 60 IN NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.plain.example.test.
_sip._udp.plain 60 IN SRV 10 0 5060 two
gone 60 IN TXT "nothing"
_sip._tls.closed 60 IN SRV 0 0 0 .
"#;

/// Runs the program against a name server, as the runtime serves it.
fn run(arguments: &[&str]) -> Output {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let zone = ZONE.to_owned();
    let server = runtime
        .block_on(async move { DnsServer::start("example.test.", &zone).await })
        .unwrap();
    run_at(server.address(), arguments)
}

fn run_at(server: SocketAddr, arguments: &[&str]) -> Output {
    Command::new(program())
        .args(["--server", &server.to_string()])
        .args(arguments)
        .output()
        .unwrap()
}

/// Cargo builds the examples of a package before it runs all of its tests.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("sip-resolve{}", env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}

fn json(output: &Output) -> Vec<Value> {
    let text = str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_target_is_one_object_with_servers_in_order() {
    let output = run(&["--json", "example.test"]);
    assert_eq!(output.status.code(), Some(0));
    let mut lines = json(&output);
    let line = &mut lines[0];
    let ms = line["ms"].take();
    assert!(ms.as_f64().unwrap() > 0.0);
    assert_eq!(
        *line,
        json!({
            "target": "example.test",
            "hops": [
                {"transport": "tls", "address": "192.0.2.1", "port": 5061,
                    "verify": "example.test", "priority": 10},
                {"transport": "tls", "address": "192.0.2.1", "port": 5071,
                    "verify": "example.test", "priority": 20},
            ],
            "questions": 5, "rtts": 1, "ms": null, "ttl": 120,
        })
    );
}

#[test]
fn people_get_a_table_and_the_trace_where_they_want_it() {
    let output = run(&["--trace", "example.test", "sips:192.0.2.7"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "example.test: 2 servers, 5 questions in 1 round trip",
        "good for 120 s",
        "  20        TLS        192.0.2.1:5071  example.test  one.example.test  120 s",
        "ms > example.test NAPTR (round 1)",
        "ms < _sip._tls.example.test SRV: _sip._tls.example.test 300 SRV 10 0 5061 one",
        "sips:192.0.2.7: 1 server, 0 questions in 0 round trips",
        " 5071 one.example.test (+1) [127.0.0.1:",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let quiet = run(&["example.test"]);
    assert!(!String::from_utf8(quiet.stdout).unwrap().contains("NAPTR"));
}

#[test]
fn the_trace_for_machines_names_server_transport_and_code() {
    let output = run(&["--json", "--trace", "gone.example.test"]);
    let line = &json(&output)[0];
    let events = line["trace"].as_array().unwrap();
    let about = |start: &str| {
        let is = |event: &&Value| event["event"].as_str().unwrap().starts_with(start);
        events.iter().find(is).unwrap_or_else(|| panic!("{line:#}"))
    };
    let asked = about("> _sip._tls.gone.example.test SRV");
    assert_eq!(asked.get("server"), None);
    let absent = about("< _sip._tls.gone.example.test SRV");
    let server: SocketAddr = absent["server"].as_str().unwrap().parse().unwrap();
    assert!(server.ip().is_loopback());
    let told = (&absent["transport"], &absent["rcode"], &absent["edns"]);
    assert_eq!(told, (&json!("udp"), &json!("NXDOMAIN"), &json!(true)));
    let empty = about("< gone.example.test NAPTR");
    assert_eq!(empty["rcode"], "NOERROR");
}

#[test]
fn what_dnssec_does_not_prove_leads_to_nobody() {
    let output = run(&["--json", "--trace", "--dnssec", "example.test"]);
    assert_eq!(output.status.code(), Some(3));
    let line = &json(&output)[0];
    assert_eq!(line["error"], "Temporary");
    let text = line["trace"].to_string();
    assert!(text.contains("SRV: bogus by DNSSEC ["), "{text}");
    let file = env::temp_dir().join(format!("offhook-anchors-{}", std::process::id()));
    std::fs::write(&file, "example.test. 60 IN A 192.0.2.1\n").unwrap();
    let output = run(&[
        "--dnssec",
        "--trust-anchors",
        file.to_str().unwrap(),
        "a.test",
    ]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("bad trust anchors"), "{told}");
    // Without validation there is nothing to be strict about.
    let output = run(&["--signed-only", "example.test"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_exit_status_tells_no_service_from_no_answer() {
    for (target, error) in [
        ("gone.example.test", "NotFound"),
        ("plain.example.test", "NoTlsService"),
        ("closed.example.test", "ServiceNotAvailable"),
        ("sips:example.test;transport=udp", "BadTarget"),
    ] {
        let output = run(&["--json", "example.test", target]);
        assert_eq!(output.status.code(), Some(2), "{target}");
        let mut expected = json!({"target": target, "error": error});
        if error == "BadTarget" {
            expected["reason"] = "parameter at octet 18 is not secure".into();
        }
        assert_eq!(json(&output)[1], expected);
    }
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap();
    let targets = [
        "--json",
        "--timeout",
        "0.3",
        "sip:x;transport=y",
        "example.test",
    ];
    let output = run_at(server, &targets);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(json(&output)[1]["error"], "Temporary");
}

#[test]
fn policy_and_service_choose_what_is_looked_for() {
    let first = |arguments: &[&str]| json(&run(arguments))[0]["hops"][0].clone();
    let hop = first(&["--json", "--policy", "standard", "plain.example.test"]);
    assert_eq!(
        (&hop["transport"], &hop["port"]),
        (&json!("udp"), &json!(5060))
    );
    let hop = first(&["--json", "--policy", "tls-only", "drawn.example.test"]);
    assert_eq!(hop["transport"], "tls");
    let edge = ["--json", "--service", "collab-edge", "example.test"];
    assert_eq!(first(&edge)["port"], 8443);
    // The service decides.
    let both = [&edge[..], &["--policy", "standard"]].concat();
    assert_eq!(first(&both)["port"], 8443);
    let output = run(&["--json", "--service", "cisco-uds", "example.test"]);
    assert_eq!(json(&output)[0]["error"], "NotFound");
}

#[test]
fn a_seed_draws_the_same_order_each_time() {
    let port = |seed: &str| {
        let targets = [
            "--json",
            "--policy",
            "tls-only",
            "--seed",
            seed,
            "drawn.example.test",
        ];
        json(&run(&targets))[0]["hops"][0]["port"].clone()
    };
    assert_eq!(port("7"), port("7"));
    let drawn: Vec<_> = (0..8).map(|seed: u8| port(&seed.to_string())).collect();
    assert!(drawn.iter().any(|one| *one != drawn[0]), "{drawn:?}");
}

#[test]
fn a_bad_command_line_has_a_status_of_its_own() {
    for arguments in [
        &[][..],
        &["--policy", "any", "example.test"],
        &["--timeout", "0", "example.test"],
        &["--timeout", "forever", "example.test"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(!output.stderr.is_empty());
    }
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8(help.stdout).unwrap();
    for part in ["Exit status", "KSK", "ZSK"] {
        assert!(help.contains(part), "{help}");
    }
}
