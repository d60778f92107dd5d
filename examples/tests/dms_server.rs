//! The examples `dms-server` and `fleet`, run as programs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/lab.rs"]
mod lab;

use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use offhook_bearer_token::{Fetch as _, HttpsFetch};
use offhook_onboarding::http::{ClientError, MAX_BODY_BYTES, ManagementClient, client_config};
use offhook_testkit::{CertificateAuthority, credentials_pem};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

use crate::lab::{Lab, Server, run, text};

/// A browser that trusts the services of the lab.
fn browser(lab: &Lab) -> HttpsFetch {
    let root = fs::read(lab.path("services-ca.pem")).unwrap();
    let root = CertificateDer::from_pem_slice(&root).unwrap();
    HttpsFetch::new(client_config(&[&root], None).unwrap())
}

#[test]
fn a_fleet_of_both_kinds_onboards_and_every_device_is_registered() {
    let lab = Lab::new();
    let server = lab.serve();
    let folder = lab.path("");
    let arguments = [
        "--lab",
        text(&folder),
        "--url",
        &server.url,
        "--devices",
        "60",
    ];
    let output = run(
        "fleet",
        &[&arguments[..], &["--handshakes", "--json"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["registered"]["devices"], 60);
    assert_eq!(report["failed"], 0);
    assert_eq!(report["handshakes"]["handshakes"], 120);
    assert_eq!(report["steps_ms"]["code_redeemed"]["count"], 30);
    assert_eq!(report["steps_ms"]["certificate_identity"]["count"], 30);
    assert_eq!(report["steps_ms"]["whole"]["count"], 60);
}

#[test]
fn devices_that_fail_are_told_by_reason_and_fail_the_fleet() {
    let lab = Lab::new();
    let server = lab.serve();
    // Another maker than the one whose devices the server knows.
    let (certificate, key) = CertificateAuthority::new("Example Phones Manufacturing CA")
        .unwrap()
        .to_pem();
    fs::write(lab.path("makers-ca.pem"), certificate).unwrap();
    fs::write(lab.path("makers-ca.key"), key).unwrap();
    let folder = lab.path("");
    let url = ["--url", &server.url, "--retries", "0", "--json"];
    let arguments = ["--lab", text(&folder), "--devices", "10", "--phones", "50"];
    let output = run("fleet", &[&arguments[..], &url].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["registered"]["devices"], 5);
    assert_eq!(report["failed"], 5);
    let failures = report["failures"].as_object().unwrap();
    assert!(
        failures
            .keys()
            .all(|reason| reason.starts_with("certificate_identity:"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_has_certificates_and_keys_read_again_and_a_bad_file_changes_nothing() {
    let lab = Lab::new();
    let server = lab.serve();
    let admin = lab.token("admin.token");
    let old = lab.client(&server);
    old.devices(None, 10, &admin).await.unwrap();
    // A broken configuration: all stays as it was.
    lab.change("version = 1", "version = 1\nunknown = true");
    server.signal("HUP");
    lab.await_log("nothing was changed").await;
    old.devices(None, 10, &admin).await.unwrap();
    lab.change("version = 1\nunknown = true", "version = 1");
    // What lives as long as the process does waits for its end: events are those of one tenant.
    lab.code(&server, "room-1").await;
    lab.change("tenant = \"example\"", "tenant = \"other\"");
    server.signal("HUP");
    lab.await_log("tenant has changed: that takes a restart")
        .await;
    let devices = old.devices(None, 10, &admin).await.unwrap();
    assert_eq!(devices.devices.len(), 1);
    lab.change("tenant = \"other\"", "tenant = \"example\"");
    // A new certificate of another authority, and a new key for tokens beside the old one.
    let authority = CertificateAuthority::new("Another CA").unwrap();
    let server_credentials = authority.server(&["localhost"], &[[127, 0, 0, 1].into()]);
    let (chain, key) = credentials_pem(&server_credentials.unwrap());
    fs::write(lab.path("server.pem"), chain).unwrap();
    fs::write(lab.path("server.key"), key).unwrap();
    fs::write(lab.path("services-ca.pem"), authority.to_pem().0).unwrap();
    let key = fs::read(lab.path("makers-ca.key")).unwrap();
    fs::write(lab.path("tokens-2.key"), key).unwrap();
    lab.change(
        "{ 1 = \"tokens-1.key\" }",
        "{ 1 = \"tokens-1.key\", 2 = \"tokens-2.key\" }",
    );
    lab.change("signing = \"1\"", "signing = \"2\"");
    server.signal("HUP");
    // The tenant had them read again too.
    lab.await_log_times("were read again", 2).await;
    let new = lab.client(&server);
    // The token that the old key signed is good still, and so is one of the new key.
    new.devices(None, 10, &admin).await.unwrap();
    let config = lab.path("dms.toml");
    let token = run(
        "dms-server",
        &["token", text(&config), "--scope", "offhook:admin"],
    );
    let token = String::from_utf8(token.stdout).unwrap();
    let token = token.trim().parse().unwrap();
    new.devices(None, 10, &token).await.unwrap();
    // Who comes anew and trusts the old authority only is let down.
    let stale = fs::read(lab.path("makers-ca.pem")).unwrap();
    let stale = CertificateDer::from_pem_slice(&stale).unwrap();
    let fetch = HttpsFetch::new(client_config(&[&stale], None).unwrap());
    let stale = ManagementClient::new(server.url.parse().unwrap(), Arc::new(fetch));
    let refused = stale.devices(None, 10, &admin).await;
    assert!(matches!(refused, Err(ClientError::Fetch(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_gracefully_and_what_it_acknowledged_is_there_after_a_kill() {
    let lab = Lab::new();
    let mut server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    server.signal("KILL");
    server.child.wait().unwrap();
    let mut server = lab.serve();
    let output = lab.room_device(&server, "00:11:22:33:44:55", "device", &[&code]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    server.signal("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    // The log has a line for each request, and neither code nor token.
    let log = fs::read_to_string(lab.path("log")).unwrap();
    let token = fs::read_to_string(lab.path("device/machine.token")).unwrap();
    assert!(log.contains("/v1/activations"), "{log}");
    let token = token.lines().next().unwrap();
    assert!(!log.contains(&code) && !log.contains(token));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_expired_a_month_ago_are_purged_and_others_are_not() {
    let lab = Lab::new();
    let mut server = lab.serve();
    for profile in ["room-1", "room-2", "room-3"] {
        lab.code(&server, profile).await;
    }
    server.signal("TERM");
    server.child.wait().unwrap();
    let store = rusqlite::Connection::open(lab.path("onboarding.db")).unwrap();
    let expire = "UPDATE codes SET expires_at = (unixepoch() - ?2) * 1000 WHERE profile = ?1";
    for (profile, seconds) in [("room-1", 31 * 86_400), ("room-2", 29 * 86_400)] {
        let changed = store.execute(expire, rusqlite::params![profile, seconds]);
        assert_eq!(changed.unwrap(), 1);
    }
    let _server = lab.serve();
    lab.await_log("expired codes were purged").await;
    let states = "SELECT group_concat(state) FROM (SELECT state FROM codes ORDER BY profile)";
    let states: String = store.query_row(states, [], |row| row.get(0)).unwrap();
    // 4 is purged, 0 is issued.
    assert_eq!(states, "4,0,0");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_receiver_of_events_requests_are_refused_and_old_events_dropped() {
    let lab = Lab::new();
    let mut server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    let output = lab.room_device(&server, "00:11:22:33:44:55", "device", &[&code]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let admin = lab.token("admin.token");
    let refused = lab.client(&server).reboot("room-1", &admin).await;
    let Err(ClientError::Refused { status, error, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((status, error.as_str()), (501, "no_event_receiver"));
    let browser = browser(&lab);
    let offered = async |server: &Server| {
        let url = format!("{}operator/devices/room-1", server.url);
        let request = axum::http::Request::get(url)
            .header("cookie", format!("__Host-offhook={}", admin.secret()))
            .body(Vec::new())
            .unwrap();
        let page = browser.fetch(request).await.unwrap().into_body();
        let page = String::from_utf8(page).unwrap();
        ["deactivation", "reboot", "problem-report"]
            .map(|action| page.contains(&format!("action=\"/operator/devices/room-1/{action}\"")))
    };
    assert_eq!(offered(&server).await, [true, false, false]);
    let end = |server: &mut Server| {
        server.signal("TERM");
        server.child.wait().unwrap();
    };
    let dropped = async |server: &Server| {
        let metrics = lab.client(server).metrics(&admin).await.unwrap();
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix("offhook_events_dropped_total "));
        count.unwrap().to_owned()
    };
    // A week is not over.
    end(&mut server);
    let mut server = lab.serve();
    assert_eq!(dropped(&server).await, "0");
    end(&mut server);
    // The activation is older than that.
    lab.change("[limits]", "[limits]\nevents_kept = \"1ms\"");
    let mut server = lab.serve();
    lab.await_log("events of which nobody hears were dropped")
        .await;
    assert_eq!(dropped(&server).await, "1");
    end(&mut server);
    // With one that is down, what devices are asked for waits for it.
    lab.with_event_receiver();
    let server = lab.serve();
    assert_eq!(offered(&server).await, [true; 3]);
    lab.client(&server).reboot("room-1", &admin).await.unwrap();
    lab.await_log("delivery of events rests").await;
    assert_eq!(dropped(&server).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_has_sent_counts_behind_a_hangup_too() {
    let lab = Lab::new();
    // More than is refilled while this test runs.
    lab.change(
        "requests_per_second = 0",
        "requests_per_second = 1\nrequest_burst = 400",
    );
    let server = lab.serve();
    let (client, token) = (lab.client(&server), lab.token("admin.token"));
    let passes = async || match client.devices(None, 1, &token).await {
        Ok(_) => true,
        Err(ClientError::Unavailable { status: 429 }) => false,
        other => panic!("{other:?}"),
    };
    while passes().await {}
    // A balancer that comes from the same address hears of the node all the same.
    for path in ["health", "ready"] {
        let request = axum::http::Request::get(format!("{}{path}", server.url));
        let answer = browser(&lab).fetch(request.body(Vec::new()).unwrap()).await;
        assert_eq!(answer.unwrap().status(), 200, "{path}");
    }
    server.signal("HUP");
    lab.await_log("were read again").await;
    for _ in 0..200 {
        if !passes().await {
            return;
        }
    }
    panic!("what was sent is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_log_that_is_not_there_is_not_made() {
    let lab = Lab::new();
    let export = || {
        let config = lab.path("dms.toml");
        run("dms-server", &["audit", "export", text(&config)])
    };
    // Nobody has served the lab yet.
    let output = export();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let store = lab.path("onboarding.db");
    let wanted = format!("error: store: {}: no such file\n", store.display());
    assert_eq!(told, wanted);
    assert!(output.stdout.is_empty() && !store.exists());
    let server = lab.serve();
    lab.code(&server, "room-1").await;
    drop(server);
    let output = export();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(output.stdout.split(|&byte| byte == b'\n').count(), 3);
    lab.change("sqlite:onboarding.db", "sqlite:onbording.db");
    assert_eq!(export().status.code(), Some(2));
    assert!(!lab.path("onbording.db").exists());
}

#[test]
fn what_cannot_be_served_is_told_by_key_and_file() {
    let lab = Lab::new();
    let config = lab.path("dms.toml");
    let check = || run("dms-server", &["serve", text(&config), "--check"]);
    assert_eq!(check().status.code(), Some(0));
    for (old, new, told) in [
        ("version = 1", "version = 2", "version 2"),
        ("version = 2", "version = 1\nlisten_on = 1", "listen_on"),
        ("version = 1\nlisten_on = 1", "version = 1", ""),
        ("\"server.pem\"", "\"none.pem\"", "none.pem"),
        ("\"none.pem\"", "\"makers-ca.key\"", "tls.certificate"),
        ("\"makers-ca.key\"", "\"server.pem\"", ""),
        ("\"tokens-1.key\"", "\"server.pem\"", "server.pem"),
        ("{ 1 = \"server.pem\" }", "{}", "tokens.signing"),
        ("keys = {}", "keys = { 1 = \"tokens-1.key\" }", ""),
        ("lifetime = \"1h\"", "lifetime = \"0s\"", "tokens.lifetime"),
        ("lifetime = \"0s\"", "lifetime = \"1h\"", ""),
        (
            "[limits]",
            "[limits]\nconnections = 0",
            "limits.connections",
        ),
        ("[limits]\nconnections = 0", "[limits]", ""),
        ("\"peppers.keys\"", "\"none.keys\"", "none.keys"),
        ("\"none.keys\"", "\"peppers.keys\"", ""),
        ("\"types\"", "\"nowhere\"", "nowhere"),
        ("\"nowhere\"", "\"types\"", ""),
        ("8443/\"", "8443/é\"", "tokens.issuer: the audit log"),
        (
            "[codes]",
            "[operators]\nissuer = \"\"\naudience = \"a\"\nkey_set = \"https://idp.test/k\"\n[codes]",
            "operators.issuer: the audit log",
        ),
        ("issuer = \"\"", "issuer = \"https://idp.test/\"", ""),
        ("8443/é\"", "8443/\"", ""),
        ("# [remote_access]", "[remote_access]", "srv_record"),
        ("# srv_record", "srv_record", ""),
        ("# edge_trust", "edge_trust", "edge-ca.pem"),
        (
            "\"edge-ca.pem\"",
            "\"server.key\"",
            "remote_access.edge_trust",
        ),
        ("trust = \"server.key\"", "trust = \"services-ca.pem\"", ""),
        (
            "# mode = \"on-premises\"",
            "mode = \"on-premises\"",
            "codes.mode: with [remote_access]",
        ),
        ("\n[remote_access]", "\n# [remote_access]", "unknown field"),
        ("\nsrv_record", "\n# srv_record", "unknown field"),
        ("\nedge_trust", "\n# edge_trust", ""),
        ("\"on-premises\"", "\"cloud\"", "unknown variant"),
        ("\"cloud\"", "\"broadworks\"", ""),
        (
            "# [onboarding.methods]\n# \"CP-8851\"",
            "[onboarding.methods]\n\"CP-8851\"",
            "onboarding.methods: ",
        ),
        ("\"broadworks\" ", "\"on-premises\" ", ""),
        (
            "# [identity]\n# format = \"nginx\" ",
            "[identity]\nformat = \"plain\" ",
            "missing field `name`",
        ),
        (
            "# name = \"X-SSL",
            "name = \"X-SSL",
            "missing field `proxies`",
        ),
        (
            "# proxies = [\"192.0.2.10/32\"]       #",
            "proxies = [\"192.0.2.10/32\"] #",
            "codes.mode: on-premises",
        ),
        ("format = \"plain\"", "format = \"nginx\"", ""),
        ("\"sqlite:onboarding.db\"", "\"mysql:x\"", "store"),
    ] {
        lab.change(old, new);
        let output = check();
        let errors = String::from_utf8_lossy(&output.stderr);
        let wanted = if told.is_empty() { 0 } else { 1 };
        assert_eq!(output.status.code(), Some(wanted), "{new}: {errors}");
        assert!(errors.contains(told), "{new}: {errors}");
    }
    let again = lab.path("");
    let again = run("dms-server", &["init", text(&again)]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("not empty"));
}

/// By the API and on the page; in what is written out too, and no token with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_that_is_written_out_names_the_administrator_of_the_page_and_of_the_api() {
    let lab = Lab::new();
    let server = lab.serve();
    lab.code(&server, "room-1").await;
    let token = lab.token("admin.token");
    let config = lab.path("dms.toml");
    let subject = "6f2a9c54-0d1e-4a7b-9d3c-8a5e1f7b2c60";
    let named = ["token", text(&config), "--scope", "offhook:admin"];
    let named = run(
        "dms-server",
        &[&named[..], &["--subject", subject]].concat(),
    );
    assert!(String::from_utf8_lossy(&named.stderr).contains(subject));
    let named = String::from_utf8(named.stdout).unwrap().trim().to_owned();
    let browser = browser(&lab);
    let send = async |path: &str, form: &str| {
        let request = axum::http::Request::post(format!("{}operator/devices{path}", server.url))
            .header("cookie", format!("__Host-offhook={}", token.secret()))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec())
            .unwrap();
        let status = browser.fetch(request).await.unwrap().status();
        assert!(
            status.is_success() || status.is_redirection(),
            "{path}: {status}"
        );
    };
    let added = "profile=room-2&account=Room&device_type=Room+OS&model=Cisco+Desk+Pro\
                 &ownership=workspace&line_port=room-2%40example.test&tags=%25DISPLAY_NAME%25%3DRoom";
    send("", added).await;
    send("/room-2/code", "recipient=").await;
    send("/room-2/deactivation", "").await;
    send("/room-2/deletion", "").await;
    let client = lab.client(&server);
    client
        .delete("room-1", &named.parse().unwrap())
        .await
        .unwrap();
    let log = run("dms-server", &["audit", "export", text(&config)]);
    let file = lab.path("audit.jsonl");
    fs::write(&file, &log.stdout).unwrap();
    let verified = run("dms-server", &["audit", "verify", text(&file)]);
    assert!(verified.status.success(), "{verified:?}");
    let log = String::from_utf8(log.stdout).unwrap();
    assert!(!log.contains(token.secret()));
    let claims = token.secret().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let administrator = serde_json::json!({"subject": claims["sub"], "issuer": claims["iss"]});
    let somebody_named = serde_json::json!({"subject": subject, "issuer": claims["iss"]});
    let records = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<_> = records
        .map(|record| {
            let told = format!("{} {}", record["profile"], record["event"]).replace('"', "");
            let actor = if told == "room-1 deleted" {
                &somebody_named
            } else {
                &administrator
            };
            assert_eq!(record["actor"], *actor, "{record}");
            told
        })
        .collect();
    let expected = [
        "room-1 provisioned",
        "room-1 code-issued",
        "room-2 provisioned",
        "room-2 code-issued",
        "room-2 deactivated",
        "room-2 deleted",
        "room-1 deleted",
    ];
    assert_eq!(found, expected);
    // Somebody else's name in the file breaks the chain.
    let forged = log.replacen(claims["sub"].as_str().unwrap(), "somebody else", 1);
    fs::write(&file, forged).unwrap();
    let verified = run("dms-server", &["audit", "verify", text(&file)]);
    assert!(!verified.status.success(), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn peppers_read_again_count_a_source_as_a_restarted_server_does() {
    let lab = Lab::new();
    let server = lab.serve();
    let guess = |server: &Server, code| {
        let output = lab.room_device(server, "00:11:22:33:44:55", "device", &[code]);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
    };
    let end = |mut server: Server| {
        server.signal("TERM");
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
    };
    let counted = || -> i64 {
        let store = rusqlite::Connection::open(lab.path("onboarding.db")).unwrap();
        let keys = "SELECT count(DISTINCT key) FROM guesses";
        store.query_row(keys, [], |row| row.get(0)).unwrap()
    };
    guess(&server, "1234-5678-9012-3456");
    // A new pepper, and the one before it retired.
    let peppers = fs::read_to_string(lab.path("peppers.keys")).unwrap();
    let new = format!("pepper 2 {}=\n{peppers}", "A".repeat(43));
    fs::write(lab.path("peppers.keys"), new).unwrap();
    server.signal("HUP");
    lab.await_log("were read again").await;
    guess(&server, "1234-5678-9012-3457");
    end(server);
    // Everybody's, the tenant's and the device's, and the source's under either pepper.
    assert_eq!(counted(), 5);
    let server = lab.serve();
    guess(&server, "1234-5678-9012-3458");
    end(server);
    assert_eq!(counted(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_announced_too_long_is_refused_as_a_page() {
    let lab = Lab::new();
    let server = lab.serve();
    let browser = browser(&lab);
    for path in ["session", "devices"] {
        let request = axum::http::Request::post(format!("{}operator/{path}", server.url))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(vec![b'a'; MAX_BODY_BYTES + 1])
            .unwrap();
        let refused = browser.fetch(request).await.unwrap();
        assert_eq!(refused.status(), 413, "{path}");
        assert!(refused.headers().contains_key("content-security-policy"));
        assert!(String::from_utf8_lossy(refused.body()).contains("That did not work"));
    }
}
