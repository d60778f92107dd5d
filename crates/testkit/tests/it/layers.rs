//! What stands before all routes: the rate of requests, and their log.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use offhook_device_identity::TrustedProxies;
use offhook_onboarding::http::{
    RateLimit, ServerLimits, client_config, fallback_router, forwarded, logged, rate_limited,
    serve, server_config,
};
use offhook_testkit::{CertificateAuthority, ShiftedClock};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsConnector;
use tracing_subscriber::util::SubscriberInitExt as _;

struct Served {
    address: SocketAddr,
    authority: CertificateAuthority,
}

/// An answer as it came.
struct Answer(String);

impl Served {
    async fn start(router: Router, limits: ServerLimits) -> Self {
        let authority = CertificateAuthority::new("Test CA").unwrap();
        let addresses = [Ipv4Addr::LOCALHOST.into()];
        let credentials = authority.server(&["localhost"], &addresses).unwrap();
        let tls = Arc::new(server_config(credentials, None).unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, tls, router, limits));
        Self { address, authority }
    }

    /// Sends `request` from an address and reads the answer to its end.
    async fn ask(&self, from: [u8; 4], request: &str) -> Answer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::from(from), 0).into()).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        let client = client_config(&[self.authority.certificate()], None).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(client));
        let mut stream = connector.connect(name, stream).await.unwrap();
        let head = format!("{request}Host: x\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A peer that closes without a TLS goodbye has still answered.
        let _ = stream.read_to_end(&mut answer).await;
        Answer(String::from_utf8(answer).unwrap())
    }
}

impl Answer {
    fn status(&self) -> u16 {
        self.0.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn router() -> Router {
    Router::new()
        .route("/v1/devices/{profile}", get(async || "here"))
        .route("/body", post(async |body: String| body))
        .route("/failing", get(async || http::StatusCode::BAD_GATEWAY))
        .route("/endless", get(pending::<String>))
        .merge(fallback_router())
}

fn limited(limit: RateLimit) -> (Router, Arc<ShiftedClock>) {
    let clock = Arc::new(ShiftedClock::new());
    let router = rate_limited(router(), limit, clock.clone());
    (logged(router, "node", clock.clone()), clock)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_fast_is_refused_before_the_body_is_read_and_others_are_not() {
    let (router, clock) = limited(RateLimit::new(HOUR, 2));
    let served = Served::start(router, ServerLimits::default()).await;
    // A body that is announced and never comes: who waited for it would not answer.
    let request = "POST /body HTTP/1.1\r\nContent-Length: 10\r\n";
    let (one, other) = ([127, 0, 0, 4], [127, 0, 0, 5]);
    for _ in 0..2 {
        assert_eq!(served.ask(one, GET).await.status(), 200);
    }
    let refused = served.ask(one, request).await;
    assert_eq!(refused.status(), 429);
    let body = r#"{"error":"too_many_requests","#;
    assert!(refused.0.contains(body), "{}", refused.0);
    assert!(refused.header("x-request-id").is_some());
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    // Paths that no route has are counted too.
    assert_eq!(
        served.ask(one, "GET /nowhere HTTP/1.1\r\n").await.status(),
        429
    );
    assert_eq!(served.ask(other, GET).await.status(), 200);
    clock.advance(Duration::from_secs(wait));
    assert_eq!(served.ask(one, GET).await.status(), 200);
    assert_eq!(served.ask(one, GET).await.status(), 429);
}

/// What is behind a listed proxy has a share for each client that the proxy tells, and whoever says to
/// be a proxy has one share alone.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_listed_proxy_each_client_is_counted_by_itself() {
    let (router, _) = limited(RateLimit::new(HOUR, 1));
    let proxies = TrustedProxies::new(["127.0.0.6/32".parse().unwrap()]);
    let router = forwarded(router, proxies, "x-forwarded-for".parse().unwrap());
    let served = Served::start(router, ServerLimits::default()).await;
    let ask = async |from, client: &str| {
        let request = format!("{GET}X-Forwarded-For: {client}\r\n");
        served.ask(from, &request).await.status()
    };
    let (proxy, other) = ([127, 0, 0, 6], [127, 0, 0, 7]);
    assert_eq!(ask(proxy, "192.0.2.1").await, 200);
    assert_eq!(ask(proxy, "192.0.2.2").await, 200);
    assert_eq!(ask(proxy, "192.0.2.3, 192.0.2.1").await, 429);
    assert_eq!(ask(other, "192.0.2.4").await, 200);
    assert_eq!(ask(other, "192.0.2.5").await, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_that_count_themselves_are_not_counted() {
    let limit = RateLimit::new(HOUR, 1).with_exempt("127.0.0.6/32".parse().unwrap());
    let (router, _) = limited(limit);
    let served = Served::start(router, ServerLimits::default()).await;
    for _ in 0..5 {
        assert_eq!(served.ask([127, 0, 0, 6], GET).await.status(), 200);
    }
    assert_eq!(served.ask([127, 0, 0, 7], GET).await.status(), 200);
    assert_eq!(served.ask([127, 0, 0, 7], GET).await.status(), 429);
}

/// What was logged, a JSON object in each line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of the requests to `node`.
    fn requests(&self, node: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let of_node = |line: &Value| {
            let id = line["span"]["id"].as_str();
            id.is_some_and(|id| id.starts_with(node))
        };
        lines.filter(of_node).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of the whole process is caught: one for a thread misses events where other threads have none.
#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_an_id_and_a_line_and_nothing_of_what_it_is_for() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json();
    let subscriber = subscriber.with_writer(move || writer.clone());
    subscriber.finish().init();
    let clock = Arc::new(ShiftedClock::new());
    let limits = ServerLimits::default().with_request_time(Duration::from_millis(200));
    let served = Served::start(logged(router(), "node-1", clock), limits).await;
    let secrets = "Authorization: Bearer SECRET\r\nCookie: SECRET\r\nX-Request-Id: SECRET\r\n";
    for (request, status, route) in [
        (
            "GET /v1/devices/SECRET?after=SECRET HTTP/1.1\r\n",
            200,
            Some("/v1/devices/{profile}"),
        ),
        (
            "PUT /v1/devices/SECRET HTTP/1.1\r\n",
            405,
            Some("/v1/devices/{profile}"),
        ),
        ("GET /SECRET HTTP/1.1\r\n", 404, None),
        ("GET /failing HTTP/1.1\r\n", 502, Some("/failing")),
        ("GET /endless HTTP/1.1\r\n", 408, Some("/endless")),
    ] {
        let before = log.requests("node-1-").len();
        let answer = served
            .ask([127, 0, 0, 8], &format!("{request}{secrets}"))
            .await;
        assert_eq!(answer.status(), status, "{request}");
        let lines = log.requests("node-1-");
        let [line] = &lines[before..] else {
            panic!("{request}: {lines:?}");
        };
        let id = format!("node-1-{before}");
        assert_eq!(line["span"]["id"], id, "{line}");
        let fields = &line["fields"];
        let method = request.split(' ').next().unwrap();
        assert_eq!(fields["method"], method, "{line}");
        assert_eq!(fields.get("route").and_then(Value::as_str), route, "{line}");
        let peer = fields["peer"].as_str().unwrap();
        assert_eq!(peer, "127.0.0.8", "{line}");
        let level = if status < 500 && status != 408 {
            "INFO"
        } else {
            "WARN"
        };
        assert_eq!(line["level"], level, "{line}");
        if status == 408 {
            // The server gave it up, and not a route: there is no answer that could have an id.
            assert_eq!(fields["message"], "given up before its answer", "{line}");
            assert_eq!(answer.header("x-request-id"), None);
        } else {
            assert_eq!(fields["message"], "answered", "{line}");
            assert_eq!(fields["status"], status, "{line}");
            assert_eq!(answer.header("x-request-id"), Some(id.as_str()));
        }
    }
    let text = log.text();
    assert!(!text.contains("SECRET"), "{text}");
}

const GET: &str = "GET /v1/devices/x HTTP/1.1\r\n";
const HOUR: Duration = Duration::from_secs(3_600);
