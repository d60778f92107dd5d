//! What becomes of devices when something else fails. The table stands in DESIGN.md, *Faults*.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/lab.rs"]
mod lab;
#[path = "support/postgres.rs"]
mod postgres;

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use offhook_bearer_token::{
    HttpsFetch, MachineClaims, MachineTokenIssuer, RemoteKeys, Scope, SigningKey, Subject,
    TokenPolicy,
};
use offhook_onboarding::http::{
    ADMIN_SCOPE, ClientError, SystemClock, TlsCredentials, client_config, server_config,
};
use offhook_testkit::{
    CertificateAuthority, DnsServer, HttpAdmission, Registrar, RegistrarSettings, TlsServer,
};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;
use uuid::Uuid;

use crate::lab::{Lab, Server, command, room, run, steps, text};
use crate::postgres::Postgres;

#[test]
fn a_database_from_which_nobody_served_has_no_audit_log_and_gets_none() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let lab = Lab::new();
    lab.change("sqlite:onboarding.db", &database.url);
    let config = lab.path("dms.toml");
    let export = || run("dms-server", &["audit", "export", text(&config)]);
    // The first one has made nothing, or the second would find it.
    for _ in 0..2 {
        let output = export();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told, "error: store: nobody has served from this database\n");
        assert!(output.stdout.is_empty());
    }
    drop(lab.serve());
    let output = export();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Two nodes on one database, which dies twice while devices are on their way: every device is
/// registered, and what was acknowledged before is there behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_costs_devices_time_and_nothing_else() {
    let Some(database) = Postgres::start() else {
        return;
    };
    let lab = Lab::new();
    lab.change("sqlite:onboarding.db", &database.url);
    let one = lab.serve();
    lab.change("version = 1", "version = 1\nnode = 2");
    let two = lab.serve();
    let folder = lab.path("");
    let arguments = ["--lab", text(&folder), "--url", &one.url, "--url", &two.url];
    let fleet = command("fleet", &arguments)
        .args(["--devices", "400", "--retries", "12", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (client, token) = (lab.client(&one), lab.token("admin.token"));
    for wanted in [20, 60] {
        // The counter is this node's, so it is behind what both did.
        while registered(&client.metrics(&token).await.unwrap_or_default()) < wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::task::block_in_place(|| database.crash());
    }
    let output = tokio::task::block_in_place(|| fleet.wait_with_output().unwrap());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!(report["registered"]["devices"], 400);
    assert_ne!(report["retried"], 0, "no crash was noticed");

    let mut after = None;
    let mut count = 0;
    loop {
        let page = client.devices(after.as_deref(), 100, &token).await.unwrap();
        for device in &page.devices {
            assert!(device.registered, "{}", device.profile);
        }
        count += page.devices.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(count, 400);
    let config = lab.path("dms.toml");
    let log = run("dms-server", &["audit", "export", text(&config)]);
    fs::write(lab.path("audit.jsonl"), &log.stdout).unwrap();
    let log = lab.path("audit.jsonl");
    let verified = run("dms-server", &["audit", "verify", text(&log)]);
    assert!(verified.status.success(), "{verified:?}");
}

fn registered(metrics: &str) -> u64 {
    let line = metrics
        .lines()
        .find(|line| !line.starts_with('#') && line.contains("devices_registered"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_default()
}

/// What the identity provider of the administrators does with a request for its keys.
const GOOD: u8 = 0;
const SLOW: u8 = 1;
const DOWN: u8 = 2;
const LYING: u8 = 3;

/// Administrators wait, or are told to come again, or are refused. Devices do not notice.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_provider_that_is_slow_down_or_lying_lets_nobody_in_and_stops_no_device() {
    for (mode, wanted) in [(GOOD, 200), (SLOW, 503), (DOWN, 503), (LYING, 401)] {
        let lab = Lab::new();
        let server = lab.serve();
        let code = lab.code(&server, "room-1").await;
        drop(server);

        let issuer = |key| {
            let life = Duration::from_secs(3_600);
            MachineTokenIssuer::new(key, "https://idp.test/", "dms", life)
        };
        let (key, _) = SigningKey::generate_es256("k").unwrap();
        let (other, _) = SigningKey::generate_es256("k").unwrap();
        let (own, other) = (issuer(key), issuer(other));
        let keys = [&own, &other].map(|issuer| issuer.key_set_json().unwrap());
        let provider = identity_provider(&lab, Arc::new(AtomicU8::new(mode)), keys).await;
        let operators = format!(
            "[operators]\nissuer = \"https://idp.test/\"\naudience = \"dms\"\n\
             key_set = \"https://{}/keys\"\n\n[codes]",
            provider.address()
        );
        lab.change("[codes]", &operators);
        let server = lab.serve();
        let claims = MachineClaims::new(Subject::from(Uuid::from_u128(7)))
            .with_scope(ADMIN_SCOPE.parse::<Scope>().unwrap());
        let now = offhook_onboarding::http::Clock::now(&SystemClock::new());
        let token = own.issue(&claims, [1; 16], now).unwrap();
        let answer = lab.client(&server).devices(None, 10, &token).await;
        let status = match answer {
            Ok(_) => 200,
            Err(ClientError::Refused { status, .. } | ClientError::Unavailable { status }) => {
                status
            }
            Err(error) => panic!("{mode}: {error:?}"),
        };
        assert_eq!(status, wanted, "{mode}");
        let output = lab.room_device(&server, "00:11:22:33:44:55", "device", &[&code]);
        assert_eq!(output.status.code(), Some(0), "{mode}: {output:?}");
    }
}

async fn identity_provider(lab: &Lab, mode: Arc<AtomicU8>, keys: [String; 2]) -> TlsServer {
    let answer = move || {
        let (mode, [good, other]) = (mode.load(Ordering::Relaxed), keys.clone());
        async move {
            match mode {
                SLOW => {
                    tokio::time::sleep(Duration::from_secs(600)).await;
                    Ok(good)
                }
                DOWN => Err(StatusCode::BAD_GATEWAY),
                LYING => Ok(other),
                _ => Ok(good),
            }
        }
    };
    let read = |name: &str| fs::read(lab.path(name)).unwrap();
    let credentials = TlsCredentials::from_pem(&read("server.pem"), &read("server.key")).unwrap();
    let router = Router::new().route("/keys", get(answer));
    let tls = server_config(credentials, None).unwrap();
    TlsServer::start(router, tls).await.unwrap()
}

/// Without a name server the device says so and keeps what it has; with one it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_dns_waits_with_what_it_has_and_goes_on() {
    let lab = Lab::new();
    let server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    let sip = CertificateAuthority::new("SIP CA").unwrap();
    let services = fs::read_to_string(lab.path("services-ca.pem")).unwrap();
    fs::write(lab.path("both.pem"), services + &sip.to_pem().0).unwrap();
    let registrar = registrar(&lab, &server, &sip).await;
    let zone = format!(
        "$TTL 60\n@ IN SOA ns admin 1 60 60 60 60\n\
         _sip._tls IN SRV 1 1 {} sbc\nsbc IN A 127.0.0.1\n",
        registrar.address().port()
    );
    let (ca, state) = (lab.path("both.pem"), lab.path("device"));
    let device = |dns: SocketAddr, code: &[&str]| {
        let dns = dns.to_string();
        let common = [
            "--management",
            &server.url,
            "--ca",
            text(&ca),
            "--dns",
            &dns,
        ];
        let own = ["--mac", "00:11:22:33:44:55", "--state", text(&state)];
        let how = ["--retries", "0", "--json"];
        run("room-os-device", &[&common[..], &own, &how, code].concat())
    };
    let dead = ([127, 0, 0, 1], 9).into();
    let output = device(dead, &[&code]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(steps(&output).last().unwrap(), "configuration");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.is_empty(), "JSON goes to standard output: {told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"resolved\""));
    let dns = DnsServer::start("example.test.", &zone).await.unwrap();
    let output = device(dns.address(), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let wanted = ["activated", "configuration", "resolved", "registered"];
    assert_eq!(steps(&output), wanted);
}

async fn registrar(lab: &Lab, server: &Server, authority: &CertificateAuthority) -> Registrar {
    let root = CertificateAuthority::restore(
        "Example Services CA",
        &fs::read_to_string(lab.path("services-ca.pem")).unwrap(),
        &fs::read_to_string(lab.path("services-ca.key")).unwrap(),
    );
    let root = root.unwrap();
    let fetch = Arc::new(HttpsFetch::new(
        client_config(&[root.certificate()], None).unwrap(),
    ));
    let url: url::Url = server.url.parse().unwrap();
    let key_set = url.join(".well-known/jwks.json").unwrap();
    let keys = RemoteKeys::new(key_set.as_str().parse().unwrap(), fetch.clone());
    let admission = HttpAdmission::with_token(url.clone(), lab.token("registrar.token"), fetch);
    let settings = RegistrarSettings::new(
        "example.test",
        url,
        Scope::BROADWORKS_CONNECTOR_USER,
        Arc::new(keys),
        TokenPolicy::new("https://localhost:8443/", "devices.example.test"),
        Arc::new(admission),
        Arc::new(SystemClock::new()),
    );
    let credentials = authority.server(&["example.test"], &[]).unwrap();
    let tls = server_config(credentials, None).unwrap();
    Registrar::start(settings, tls).await.unwrap()
}

/// The store can grow no more: what would have to be written is answered with "come again", what is
/// there is served, and nothing that was acknowledged is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_loses_nothing_that_was_acknowledged() {
    let lab = Lab::new();
    // No file may be longer than 512 kB: the same error as of a full disk, without one.
    let program = command("dms-server", &[]);
    let script = "trap '' XFSZ; ulimit -f 512; exec \"$@\"";
    let mut shell = Command::new("bash");
    shell
        .args(["-c", script, "bash"])
        .arg(program.get_program());
    let server = lab.serve_by(shell);
    let (client, token) = (lab.client(&server), lab.token("admin.token"));
    let mut acknowledged = Vec::new();
    let full = loop {
        let profile = format!("room-{}", acknowledged.len());
        match client.provision(&room(&profile), &token).await {
            Ok(_) => acknowledged.push(profile),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 20_000, "the disk was never full");
    };
    assert!(
        matches!(full, ClientError::Unavailable { status: 503 }),
        "{full:?}"
    );
    assert!(acknowledged.len() > 10);
    let there = client.status("room-0", &token).await;
    assert_eq!(there.unwrap().profile, "room-0");
    drop(server);
    let server = lab.serve();
    let client = lab.client(&server);
    for profile in &acknowledged {
        assert!(client.status(profile, &token).await.is_ok(), "{profile}");
    }
    client.provision(&room("room-after"), &token).await.unwrap();
}

/// A thousand peers that say half a word and no more: others are served, in bounded memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_stalled_connections_take_little_memory_and_stop_nobody() {
    let lab = Lab::new();
    let server = lab.serve();
    let (client, token) = (lab.client(&server), lab.token("admin.token"));
    client.devices(None, 10, &token).await.unwrap();
    let before = resident(server.child.id());
    let root = fs::read(lab.path("services-ca.pem")).unwrap();
    let root =
        <rustls_pki_types::CertificateDer<'_> as rustls_pki_types::pem::PemObject>::from_pem_slice(
            &root,
        );
    let tls = TlsConnector::from(Arc::new(client_config(&[&root.unwrap()], None).unwrap()));
    let address: SocketAddr = server.url["https://".len()..]
        .trim_end_matches('/')
        .parse()
        .unwrap();
    let mut stalled = Vec::new();
    for number in 0..1_000_u16 {
        let socket = TcpSocket::new_v4().unwrap();
        let [high, low] = number.to_be_bytes();
        let from = Ipv4Addr::new(127, 1, high, low.max(1));
        socket.bind((from, 0).into()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        // A third in the handshake, a third in the head, a third in the body.
        if number % 3 == 0 {
            stream.write_all(b"\x16\x03\x01\x02").await.unwrap();
            stalled.push(Err(stream));
            continue;
        }
        let name = "localhost".try_into().unwrap();
        let mut stream = tls.connect(name, stream).await.unwrap();
        let part: &[u8] = match number % 3 {
            1 => b"POST /v1/activations HTTP/1.1\r\nHost: x\r\n",
            _ => b"POST /v1/activations HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{",
        };
        stream.write_all(part).await.unwrap();
        stalled.push(Ok(stream));
    }
    client.devices(None, 10, &token).await.unwrap();
    let grown = resident(server.child.id()).saturating_sub(before);
    let each = grown / 1_000;
    eprintln!("{grown} bytes more for 1,000 stalled connections, {each} for each");
    assert!(grown < 64 << 20, "{grown} bytes");
    drop(stalled);
}

/// The memory of a process, in bytes.
fn resident(process: u32) -> u64 {
    let mut status = String::new();
    let mut file = fs::File::open(format!("/proc/{process}/status")).unwrap();
    file.read_to_string(&mut status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1_024
}
