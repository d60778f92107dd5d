//! What device management answers to callers who may not, or do not ask well.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use offhook_bearer_token::{Fetch as _, HttpsFetch, Scope};
use offhook_onboarding::http::{ADMIN_SCOPE, MAX_BODY_BYTES, METRICS_SCOPE, REGISTRATION_SCOPE};
use offhook_onboarding::message::Problem;
use offhook_testkit::{IdentityFrom, SampleDevice, World, WorldOptions};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use url::Url;

use crate::flows::{code, finish, room_os, world};

async fn send(world: &World, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    HttpsFetch::new(world.client(None).unwrap())
        .fetch(request)
        .await
        .unwrap()
}

fn get(world: &World, path: &str) -> http::request::Builder {
    Request::get(world.management_url().join(path).unwrap().as_str())
}

fn post(world: &World, path: &str) -> http::request::Builder {
    Request::post(world.management_url().join(path).unwrap().as_str())
}

fn problem(response: &Response<Vec<u8>>) -> Problem {
    serde_json::from_slice(response.body()).unwrap()
}

fn challenge(response: &Response<Vec<u8>>) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credentials_are_challenged_without_an_error_code() {
    let (world, _folder) = world(WorldOptions::default()).await;
    for path in ["v1/devices/x", "metrics", "v1/files/001122334455.xml"] {
        let response = send(&world, get(&world, path).body(Vec::new()).unwrap()).await;
        assert_eq!(response.status(), 401, "{path}");
        let challenge = challenge(&response);
        assert!(
            challenge.starts_with("Bearer realm=\"offhook\""),
            "{challenge}"
        );
        assert!(!challenge.contains("error"), "{challenge}");
    }
    let anonymous = send(&world, get(&world, "v1/identity").body(Vec::new()).unwrap()).await;
    assert_eq!(
        (
            anonymous.status().as_u16(),
            problem(&anonymous).error.as_str()
        ),
        (403, "no_identity")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_token_opens_no_door_of_the_administrator() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let scopes = [Scope::BROADWORKS_CONNECTOR_USER];
    let token = world
        .issuer()
        .issue(uuid::Uuid::from_u128(7), &scopes)
        .unwrap();
    let request = post(&world, "v1/devices")
        .header("authorization", token.to_authorization())
        .body(b"{}".to_vec())
        .unwrap();
    let response = send(&world, request).await;
    assert_eq!(response.status(), 403);
    let challenge = challenge(&response);
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{challenge}"
    );
    assert!(
        challenge.contains(&format!("scope=\"{ADMIN_SCOPE}\"")),
        "{challenge}"
    );
}

/// Counters are for whoever watches the service, who need not be able to change it.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_metrics_reads_the_counters_and_nothing_else() {
    let (world, _folder) = world(WorldOptions::default()).await;
    for (scope, path, status) in [
        (METRICS_SCOPE, "metrics", 200),
        (METRICS_SCOPE, "v1/devices", 403),
        (METRICS_SCOPE, "v1/devices/x", 403),
        (ADMIN_SCOPE, "metrics", 200),
        (REGISTRATION_SCOPE, "metrics", 403),
    ] {
        let scopes = [scope.parse().unwrap()];
        let token = world.issuer().issue(uuid::Uuid::from_u128(7), &scopes);
        let authorization = token.unwrap().to_authorization();
        let request = get(&world, path).header("authorization", authorization);
        let response = send(&world, request.body(Vec::new()).unwrap()).await;
        assert_eq!(response.status(), status, "{scope} {path}");
        if path == "metrics" && status == 403 {
            let needed = format!("scope=\"{METRICS_SCOPE}\"");
            assert!(challenge(&response).contains(&needed));
        }
    }
}

/// A token that is bound to a certificate opens nothing without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_bound_to_a_certificate_needs_that_certificate() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let phone = SampleDevice::mpp().unwrap();
    let credentials = world.maker_authority().device(&phone.subject()).unwrap();
    let thumbprint = ring::digest::digest(&ring::digest::SHA256, &credentials.chain()[0]);
    let scopes = [ADMIN_SCOPE.parse().unwrap()];
    let token = world
        .issuer()
        .issue_bound(
            uuid::Uuid::from_u128(7),
            &scopes,
            thumbprint.as_ref().try_into().unwrap(),
        )
        .unwrap();
    let request = || {
        get(&world, "metrics")
            .header("authorization", token.to_authorization())
            .body(Vec::new())
            .unwrap()
    };
    assert_eq!(send(&world, request()).await.status(), 401);
    let holder = HttpsFetch::new(world.client(Some(credentials)).unwrap());
    assert_eq!(holder.fetch(request()).await.unwrap().status(), 200);
    let other = world.maker_authority().device(&phone.subject()).unwrap();
    let other = HttpsFetch::new(world.client(Some(other)).unwrap());
    assert_eq!(other.fetch(request()).await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authorization_headers_and_bad_tokens_are_told_apart() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let two = get(&world, "metrics")
        .header("authorization", "Bearer a")
        .header("authorization", "Bearer b")
        .body(Vec::new())
        .unwrap();
    let response = send(&world, two).await;
    assert_eq!(response.status(), 400);
    assert!(challenge(&response).contains("invalid_request"));
    let bad = get(&world, "metrics")
        .header("authorization", "Bearer a.b.c")
        .body(Vec::new());
    let response = send(&world, bad.unwrap()).await;
    assert_eq!(response.status(), 401);
    assert!(challenge(&response).contains("invalid_token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_body_is_told_by_place_and_never_repeated() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let url = world.activation_url().join("v1/activations").unwrap();
    for (body, says) in [
        (
            r#"{"activationCode": 1234567890123456}"#,
            "is not what belongs there at line 1",
        ),
        (
            r#"{"activationCode": "1234567890123456", "#,
            "ends too early at line 1",
        ),
        ("1234567890123456!", "is not"),
    ] {
        let request = Request::post(url.as_str()).body(body.into()).unwrap();
        let response = send(&world, request).await;
        assert_eq!(response.status(), 400);
        let problem = problem(&response);
        assert!(problem.error_description.contains(says), "{problem:?}");
        assert!(
            !problem.error_description.contains("1234567890123456"),
            "{problem:?}"
        );
    }
    let long = Request::post(url.as_str())
        .body(vec![b' '; MAX_BODY_BYTES + 1])
        .unwrap();
    assert_eq!(send(&world, long).await.status(), 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_device_cannot_fetch_the_file_of_another() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let code = code(&world, &device).await;
    let (mut driver, mut flow) = room_os(&world, &folder, &device, &code);
    finish(&mut driver, &mut flow).await;
    let phone = SampleDevice::mpp().unwrap();
    world
        .admin()
        .provision(&phone.provision(Some(phone.mac)))
        .await
        .unwrap();
    let token = driver.kept_token().unwrap();
    for (file, status) in [
        ("001122334455.xml", 200),
        ("000e08abcdef.cfg", 404),
        ("x", 404),
    ] {
        let request = get(&world, &format!("v1/files/{file}"))
            .header("authorization", format!("Bearer {token}"))
            .body(Vec::new())
            .unwrap();
        assert_eq!(send(&world, request).await.status(), status, "{file}");
    }
}

/// Each refusal is a record in the audit log, which is kept for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_asks_in_vain_to_be_activated_is_told_to_wait() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let code = code(&world, &device).await;
    let (mut driver, mut flow) = room_os(&world, &folder, &device, &code);
    finish(&mut driver, &mut flow).await;
    let records = async || world.registry().audit(0, usize::MAX).await.unwrap().len();
    let scopes = [Scope::BROADWORKS_CONNECTOR_USER];
    let issued = |subject| {
        world
            .issuer()
            .issue(uuid::Uuid::from_u128(subject), &scopes)
    };
    let activate = async |token: &offhook_bearer_token::AccessToken| {
        let request = post(&world, "v1/activate")
            .header("authorization", token.to_authorization())
            .body(br#"{"macAddress": "00:11:22:33:44:55"}"#.to_vec());
        send(&world, request.unwrap()).await
    };
    let before = records().await;
    let (vain, mut refusals) = (issued(7).unwrap(), 0);
    let held_up = loop {
        let refused = activate(&vain).await;
        if refused.status() != 403 {
            break refused;
        }
        refusals += 1;
        assert!(refusals < 1_000, "nothing bounds the audit log");
    };
    assert_eq!(held_up.status(), 429);
    assert!(held_up.headers().contains_key("retry-after"));
    assert_eq!(problem(&held_up).error, "too_many_requests");
    assert_eq!(records().await, before + refusals);
    // Others are not held up, and who is activated may ask again and again.
    assert_eq!(activate(&issued(8).unwrap()).await.status(), 403);
    let own = driver.kept_token().unwrap().parse().unwrap();
    for _ in 0..refusals + 20 {
        assert_eq!(activate(&own).await.status(), 200);
    }
}

/// The same header counts from the listed proxy at 127.0.0.2 and from nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn the_identity_header_counts_from_the_listed_proxy_only() {
    let mut options = WorldOptions::default();
    options.identity = IdentityFrom::ProxyHeader;
    let (world, _folder) = world(options).await;
    let phone = SampleDevice::mpp().unwrap();
    world
        .admin()
        .provision(&phone.provision(Some(phone.mac)))
        .await
        .unwrap();
    let header = format!("macaddress: {:x}", phone.mac);
    for (from, header, wanted) in [
        (Ipv4Addr::new(127, 0, 0, 2), header.clone(), "HTTP/1.1 200"),
        (Ipv4Addr::LOCALHOST, header.clone(), "HTTP/1.1 403"),
        (
            Ipv4Addr::new(127, 0, 0, 2),
            format!("{header}\r\n{header}"),
            "HTTP/1.1 403",
        ),
        (
            Ipv4Addr::new(127, 0, 0, 2),
            format!("{header}, 001122334455"),
            "HTTP/1.1 403",
        ),
        (Ipv4Addr::new(127, 0, 0, 2), "x: y".into(), "HTTP/1.1 403"),
    ] {
        let answer = asks_who_it_is(&world, from, &header).await;
        assert!(answer.starts_with(wanted), "{from} {header}: {answer}");
    }
}

/// A header that needs a second one beside it gets it from the same request.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_counts_with_the_proxys_verify_status_only() {
    let mut options = WorldOptions::default();
    options.identity = IdentityFrom::Haproxy;
    let (world, _folder) = world(options).await;
    let phone = SampleDevice::mpp().unwrap();
    let credentials = world.maker_authority().device(&phone.subject()).unwrap();
    let der = STANDARD.encode(&credentials.chain()[0]);
    let proxy = Ipv4Addr::new(127, 0, 0, 2);
    let certificate = format!("x-ssl-client-der: \"{der}\"");
    for (header, wanted) in [
        (
            format!("{certificate}\r\nx-ssl-client-verify: 0"),
            "HTTP/1.1 200",
        ),
        (
            format!("{certificate}\r\nx-ssl-client-verify: 1"),
            "HTTP/1.1 403",
        ),
        (certificate, "HTTP/1.1 403"),
    ] {
        let answer = asks_who_it_is(&world, proxy, &header).await;
        assert!(answer.starts_with(wanted), "{answer}");
    }
}

/// Neither is it waited for, nor is the peer told to send it; who may not ask hears that first.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_announced_too_long_is_refused_before_it_comes() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let scopes = [ADMIN_SCOPE.parse().unwrap()];
    let token = world.issuer().issue(uuid::Uuid::from_u128(7), &scopes);
    let token = token.unwrap().to_authorization();
    let authorization = format!("Authorization: {}\r\n", token.to_str().unwrap());
    let (management, activation) = (world.management_url(), world.activation_url());
    for (service, path, credentials, status) in [
        (management, "devices", authorization.as_str(), "413"),
        (management, "devices", "", "401"),
        (activation, "activations", "", "413"),
    ] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            let head = format!("POST /v1/{path} HTTP/1.1\r\nHost: dm\r\n{credentials}{expect}");
            let request = format!("{head}Content-Length: 900000\r\n\r\n");
            let answer = raw(&world, service, Ipv4Addr::LOCALHOST, &request).await;
            assert_eq!(answer.split(' ').nth(1), Some(status), "{path}: {answer}");
        }
    }
}

/// Asks for `/v1/identity` from a chosen address, which the pooled client cannot.
async fn asks_who_it_is(world: &World, from: Ipv4Addr, header: &str) -> String {
    let request =
        format!("GET /v1/identity HTTP/1.1\r\nHost: dm\r\n{header}\r\nConnection: close\r\n\r\n");
    raw(world, world.management_url(), from, &request).await
}

/// What a service answers to these bytes until it closes.
async fn raw(world: &World, service: &Url, from: Ipv4Addr, request: &str) -> String {
    let port = service.port().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let stream: TcpStream = socket
        .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await
        .unwrap();
    let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
    let connector = TlsConnector::from(Arc::new(world.client(None).unwrap()));
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that closes without a TLS goodbye has still answered.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// A hundred wrong codes are looked at from one address and twenty of one device; the answer to who
/// comes then is the same for both, and for a code that is good.
#[tokio::test(flavor = "multi_thread")]
async fn too_many_wrong_codes_get_one_answer_and_leave_no_trace_in_the_audit_log() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let good = code(&world, &device).await;
    let url = world.activation_url().join("v1/activations").unwrap();
    let fetch = HttpsFetch::new(world.client(None).unwrap());
    let present = async |code: &str, key: u64| {
        let body = format!(
            r#"{{"activationCode":"{code}","model":"Cisco Desk Pro",
                "macAddress":"00:11:22:33:44:55","redemptionKey":"{key:064x}"}}"#
        );
        let request = Request::post(url.as_str()).body(body.into()).unwrap();
        fetch.fetch(request).await.unwrap()
    };
    let audited = async || world.registry().audit(0, 1_000).await.unwrap().len();
    let before = audited().await;
    let mut over = Vec::new();
    for number in 0..=20_u64 {
        let response = present(&format!("{number:016}"), 1).await;
        let expected = if number < 20 { 403 } else { 429 };
        assert_eq!(response.status(), expected, "{number}");
        over.extend((number == 20).then_some(response));
    }
    for number in 20..100_u64 {
        assert_eq!(
            present(&format!("{number:016}"), number).await.status(),
            403
        );
    }
    assert_eq!(audited().await, before + 100);
    over.push(present("0000-0000-0000-0100", 100).await);
    over.push(present(&good.to_string(), 101).await);
    for response in &over {
        assert_eq!(response.status(), 429);
        assert_eq!(problem(response).error, "too_many_attempts");
        assert_eq!(response.body(), over[0].body());
        let seconds = response.headers()["retry-after"].to_str().unwrap();
        let seconds: u64 = seconds.parse().unwrap();
        // The counts fall at the end of an eighth of a week.
        assert!((1..=75_600).contains(&seconds), "{seconds}");
    }
    assert_eq!(audited().await, before + 100);
}

/// A certificate does not guess without end either: its own budget is twenty.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_with_a_certificate_is_looked_at_twenty_times() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let phone = SampleDevice::mpp().unwrap();
    let credentials = world.maker_authority().device(&phone.subject()).unwrap();
    let fetch = HttpsFetch::new(world.client(Some(credentials)).unwrap());
    let mac = phone.settings(world.management_url()).mac;
    let url = world.management_url().join("v1/activate").unwrap();
    let before = world.registry().audit(0, 1_000).await.unwrap().len();
    for number in 0..25_u64 {
        let body = format!(r#"{{"macAddress":"{mac}","activationCode":"{number:016}"}}"#);
        let request = Request::post(url.as_str()).body(body.into()).unwrap();
        let response = fetch.fetch(request).await.unwrap();
        let expected = if number < 20 { 403 } else { 429 };
        assert_eq!(response.status(), expected, "{:?}", problem(&response));
    }
    let written = world.registry().audit(0, 1_000).await.unwrap().len() - before;
    assert_eq!(written, 20);
}
