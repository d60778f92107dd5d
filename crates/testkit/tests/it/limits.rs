//! What silent, slow and many peers can do to a service: little.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use offhook_bearer_token::{Fetch as _, HttpsFetch};
use offhook_onboarding::http::{
    ServerLimits, ServerTls, client_config, health_router, serve, serve_until, server_config,
};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use offhook_testkit::CertificateAuthority;
use rustls::ServerConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct Served {
    address: SocketAddr,
    authority: CertificateAuthority,
}

/// A service with short times.
async fn served(limits: ServerLimits) -> Served {
    let authority = authority();
    let tls = credentials(&authority);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "here" })).route(
        "/body",
        post(|body: Bytes| async move { body.len().to_string() }),
    );
    tokio::spawn(serve(listener, tls, router, limits));
    Served { address, authority }
}

impl Served {
    async fn asks(&self) -> u16 {
        let client = client_config(&[self.authority.certificate()], None).unwrap();
        let request = http::Request::get(format!("https://{}/", self.address)).body(Vec::new());
        let fetch = HttpsFetch::new(client);
        fetch
            .fetch(request.unwrap())
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    async fn connect_from(&self, from: Ipv4Addr) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn tls(&self) -> TlsStream<TcpStream> {
        let client = client_config(&[self.authority.certificate()], None).unwrap();
        let stream = self.connect_from(Ipv4Addr::LOCALHOST).await;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(client))
            .connect(name, stream)
            .await
            .unwrap()
    }
}

/// What comes until the peer closes.
async fn rest(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut text)).await;
    assert!(read.is_ok(), "the connection is still open");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_silent_peers_of_one_address_leave_room_for_others() {
    // Without shares the silent ones would hold all connections for a minute.
    let limits = ServerLimits::default()
        .with_connections(32)
        .with_connections_per_address(8)
        .with_handshake_time(Duration::from_secs(60));
    let served = served(limits).await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(served.connect_from(Ipv4Addr::new(127, 0, 0, 3)).await);
    }
    assert_eq!(timeout(PATIENCE, served.asks()).await.unwrap(), 200);
    // All but the first eight were closed at once.
    let closed = rest(silent.last_mut().unwrap()).await;
    assert_eq!(closed, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_silent_in_its_handshake_is_closed() {
    let limits = ServerLimits::default().with_handshake_time(SHORT);
    let served = served(limits).await;
    let mut silent = served.connect_from(Ipv4Addr::LOCALHOST).await;
    assert_eq!(rest(&mut silent).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_is_answered_and_closed() {
    let limits = ServerLimits::default()
        .with_header_time(SHORT)
        .with_request_time(SHORT);
    let served = served(limits).await;
    let mut slow_head = served.tls().await;
    slow_head
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n")
        .await
        .unwrap();
    rest(&mut slow_head).await;
    let mut slow_body = served.tls().await;
    let head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc";
    slow_body.write_all(head).await.unwrap();
    assert!(rest(&mut slow_body).await.starts_with("HTTP/1.1 408"));
    let mut idle = served.tls().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(rest(&mut idle).await.starts_with("HTTP/1.1 200"));
}

/// The answer comes before the body is read. Were the connection closed with it, the peer would
/// find it reset, and no answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_still_sends_what_was_refused_reads_the_answer() {
    let served = served(ServerLimits::default()).await;
    for _ in 0..20 {
        let mut sending = served.tls().await;
        let head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
        sending.write_all(head).await.unwrap();
        for _ in 0..100 {
            sending.write_all(&[b'x'; 10_000]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let answer = rest(&mut sending).await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
        // Else its next request could be sent into the void.
        assert!(answer.contains("connection: close"), "{answer}");
    }
}

/// A peer asks and asks and reads no answer: its connection, the only one there is, is taken from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_does_not_read_is_closed() {
    let limits = ServerLimits::default()
        .with_connections(1)
        .with_request_time(SHORT);
    let served = served(limits).await;
    let mut greedy = served.tls().await;
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let asking = async {
        // Until the answers fill all that is between, and the server reads no more.
        while greedy.write_all(&request).await.is_ok() {}
    };
    let _ = timeout(PATIENCE, asking).await;
    assert_eq!(timeout(PATIENCE, served.asks()).await.unwrap(), 200);
}

/// A certificate is renewed while the server serves: who is connected stays, who comes sees the new one.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_renewed_without_a_restart() {
    let (old, new) = (authority(), authority());
    let tls = ServerTls::from(credentials(&old));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "here" }));
    tokio::spawn(serve(
        listener,
        tls.clone(),
        router,
        ServerLimits::default(),
    ));
    let before = Served {
        address,
        authority: old,
    };
    let mut connected = before.tls().await;
    tls.replace(credentials(&new));
    let after = Served {
        address,
        authority: new,
    };
    assert_eq!(after.asks().await, 200);
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    connected.write_all(request).await.unwrap();
    assert!(rest(&mut connected).await.starts_with("HTTP/1.1 200"));
}

/// RFC 9112 section 3.2: no request of HTTP/1.1 without one host, or with two, is served.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_one_host() {
    let served = served(ServerLimits::default()).await;
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: dms.example.test\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost:\r\n", "200"),
        ("GET / HTTP/1.0\r\n", "200"),
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n", "400"),
        ("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a@b\r\n", "400"),
    ] {
        let mut connected = served.tls().await;
        let request = format!("{request}Connection: close\r\n\r\n");
        connected.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut connected).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{request}");
    }
}

/// RFC 9112 section 6.1: a transfer coding that is not understood is not taken for a body.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_comes_as_it_is_or_in_chunks_and_in_no_other_coding() {
    let served = served(ServerLimits::default()).await;
    for (coding, status) in [
        ("Transfer-Encoding: chunked", "200"),
        ("Transfer-Encoding: Chunked ", "200"),
        ("Transfer-Encoding: gzip, chunked", "501"),
        ("Transfer-Encoding: identity, chunked", "501"),
        ("Transfer-Encoding: chunked, chunked", "501"),
        (
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
            "501",
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "501",
        ),
    ] {
        let mut connected = served.tls().await;
        let head = format!("POST /body HTTP/1.1\r\nHost: x\r\n{coding}\r\nConnection: close");
        let request = format!("{head}\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        connected.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut connected).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{coding}: {answer}");
    }
}

fn authority() -> CertificateAuthority {
    CertificateAuthority::new("Test CA").unwrap()
}

fn credentials(authority: &CertificateAuthority) -> Arc<ServerConfig> {
    let credentials = authority.server(&["localhost"], &[Ipv4Addr::LOCALHOST.into()]);
    Arc::new(server_config(credentials.unwrap(), None).unwrap())
}

const SHORT: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(10);

/// A request under way is answered, a connection that waits is closed, and no new one is taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_answers_what_was_asked() {
    let authority = authority();
    let tls = credentials(&authority);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, was_asked) = tokio::sync::oneshot::channel();
    let (answer, may_answer) = tokio::sync::oneshot::channel::<()>();
    let once = Arc::new(std::sync::Mutex::new(Some((asked, may_answer))));
    let slow = move || {
        let (asked, may_answer) = once.lock().unwrap().take().unwrap();
        async move {
            asked.send(()).unwrap();
            may_answer.await.unwrap();
            "done"
        }
    };
    let router = Router::new().route("/", get(slow));
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let shutdown = async { closed.await.unwrap() };
        serve_until(listener, tls, router, ServerLimits::default(), shutdown).await;
    });
    let served = Served { address, authority };
    let mut idle = served.connect_from(Ipv4Addr::LOCALHOST).await;
    let asks = tokio::spawn(async move { served.asks().await });
    was_asked.await.unwrap();
    close.send(()).unwrap();
    let mut nothing = [0];
    assert_eq!(idle.read(&mut nothing).await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!server.is_finished());
    answer.send(()).unwrap();
    assert_eq!(asks.await.unwrap(), 200);
    timeout(Duration::from_secs(5), server)
        .await
        .unwrap()
        .unwrap();
}

/// Who does not read an answer does not keep a server from its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_closes_waits_no_longer_than_a_request_may_take() {
    let authority = authority();
    let tls = credentials(&authority);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    // More than the buffers of any socket take.
    let router = Router::new().route("/", get(|| async { vec![0; 64 << 20] }));
    let limits = ServerLimits::default().with_request_time(SHORT);
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let shutdown = async { closed.await.unwrap() };
        serve_until(listener, tls, router, limits, shutdown).await;
    });
    let served = Served { address, authority };
    let mut reader = served.tls().await;
    let head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    reader.write_all(head).await.unwrap();
    let mut status = [0; 12];
    reader.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    close.send(()).unwrap();
    timeout(PATIENCE, server).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_node_is_ready_while_its_store_answers() {
    use tower::ServiceExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.db");
    let store = SqliteStore::open(&path, &SqliteOptions::default()).unwrap();
    let router = health_router(Arc::new(store));
    let status = async |path: &str| {
        let request = http::Request::get(path).body(axum::body::Body::empty());
        let answer = router.clone().oneshot(request.unwrap()).await;
        answer.unwrap().status()
    };
    assert_eq!(status("/health").await, 200);
    assert_eq!(status("/ready").await, 200);
    let elsewhere = rusqlite::Connection::open(&path).unwrap();
    elsewhere.execute_batch("DROP TABLE devices").unwrap();
    assert_eq!(status("/health").await, 200);
    // The store is asked once a second, whoever asks.
    assert_eq!(status("/ready").await, 200);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(status("/ready").await, 503);
    assert_eq!(status("/ready").await, 503);
}
