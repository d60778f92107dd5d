//! The HTTPS client against a server on loopback.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use offhook_bearer_token::{
    ClientAuthentication, ClientSecret, Fetch, FetchError, HttpsFetch, Introspector,
    MAX_RESPONSE_BYTES, RemoteKeys, TokenVerifier,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::forge::{Forge, NOW, at, key_set_json, policy};
use crate::introspection::active;
use crate::poll::poll_once;

/// Starts a server that reads a request and writes `answer` bytes as they are; gives the client
/// that trusts it and its address.
async fn serve(answer: Vec<u8>) -> (HttpsFetch, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (
        HttpsFetch::new(client),
        format!("https://localhost:{port}/"),
    )
}

fn get(url: &str) -> Request<Vec<u8>> {
    Request::get(url).body(Vec::new()).unwrap()
}

fn announced(length: usize) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + length, b'a');
    answer
}

fn unannounced(length: usize) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for part in vec![b'a'; length].chunks(1_000) {
        answer.extend(format!("{:x}\r\n", part.len()).bytes());
        answer.extend(part);
        answer.extend(b"\r\n");
    }
    answer.extend(b"0\r\n\r\n");
    answer
}

#[tokio::test]
async fn a_body_of_65536_bytes_is_read_and_one_byte_more_is_not() {
    for body in [announced, unannounced] {
        let (client, url) = serve(body(MAX_RESPONSE_BYTES - 1)).await;
        let response = client.fetch(get(&url)).await.unwrap();
        assert_eq!(response.body().len(), 65_535);
        let (client, url) = serve(body(MAX_RESPONSE_BYTES)).await;
        let response = client.fetch(get(&url)).await.unwrap();
        assert_eq!(response.body().len(), 65_536);
        let (client, url) = serve(body(MAX_RESPONSE_BYTES + 1)).await;
        let answer = client.fetch(get(&url)).await;
        assert!(matches!(answer, Err(FetchError::TooLong)), "{answer:?}");
    }
}

#[tokio::test]
async fn any_status_is_given_as_it_came_and_no_redirect_is_followed() {
    let answer =
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 2\r\n\r\n{}";
    let (client, url) = serve(answer.to_vec()).await;
    let request = Request::post(&url).body(b"{\"a\":1}".to_vec()).unwrap();
    let response = client.fetch(request).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.body(), b"{}");
}

#[tokio::test]
async fn nothing_but_https_is_spoken() {
    let (client, url) = serve(announced(1)).await;
    for url in [url.replace("https", "http"), "/keys".to_owned()] {
        let answer = client.fetch(get(&url)).await;
        assert!(matches!(answer, Err(FetchError::NotHttps)), "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_stops_in_the_midst_is_given_up() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".to_vec();
    let (client, url) = serve(half).await;
    let answer = client.fetch(get(&url)).await;
    assert!(
        matches!(answer, Err(FetchError::Transport(_))),
        "{answer:?}"
    );
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", silent.local_addr().unwrap().port());
    let hasty = client.with_timeout(Duration::from_millis(50));
    let answer = hasty.fetch(get(&url)).await;
    assert!(matches!(answer, Err(FetchError::Timeout)), "{answer:?}");
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_refused() {
    let (_, url) = serve(announced(1)).await;
    let (stranger, _) = serve(announced(1)).await;
    let answer = stranger.fetch(get(&url)).await;
    assert!(
        matches!(answer, Err(FetchError::Transport(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_exchange_that_nobody_polls_goes_on_and_serves_the_next_caller() {
    let forge = Forge::new();
    let body = key_set_json(&[forge.jwk()]);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let (client, url) = serve(format!("{head}{body}").into_bytes()).await;
    let limit = Duration::from_secs(1);
    let keys = RemoteKeys::new(url.parse().unwrap(), Arc::new(client.with_timeout(limit)));
    let (token, policy) = (forge.good(), policy());
    {
        let call = pin!(keys.verify(&token, &policy, at(NOW)));
        assert!(poll_once(call).await.is_pending());
    }
    // Longer than the client's own time: polled only now, it would have run out.
    tokio::time::sleep(limit + Duration::from_millis(200)).await;
    keys.verify(&token, &policy, at(NOW + 1)).await.unwrap();
}

#[tokio::test]
async fn an_exchange_that_is_dropped_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let (client, _) = serve(Vec::new()).await;
    let mut stream = {
        let mut call = pin!(client.fetch(get(&url)));
        assert!(poll_once(call.as_mut()).await.is_pending());
        listener.accept().await.unwrap().0
    };
    let mut hello = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut hello));
    assert!(read.await.is_ok(), "the client holds the connection");
}

/// An answer of `length` bytes that says it has `told`, or says nothing and ends with the
/// connection.
fn lying(told: Option<usize>, length: usize) -> Vec<u8> {
    let told = told.map(|told| format!("Content-Length: {told}\r\n"));
    let told = told.unwrap_or_default();
    let mut answer = format!("HTTP/1.1 200 OK\r\n{told}\r\n").into_bytes();
    answer.resize(answer.len() + length, b' ');
    answer
}

#[tokio::test]
async fn a_content_length_that_lies_is_believed_in_no_way_that_costs_memory() {
    // It says less: the rest is not of this answer.
    let (client, url) = serve(lying(Some(10), 70_000)).await;
    assert_eq!(client.fetch(get(&url)).await.unwrap().body().len(), 10);
    // It says more than may be: nothing is read.
    for told in [65_537, usize::MAX] {
        let (client, url) = serve(lying(Some(told), 10)).await;
        let answer = client.fetch(get(&url)).await;
        assert!(answer.is_err(), "{told}");
    }
    // It says more than comes.
    let (client, url) = serve(lying(Some(65_536), 10)).await;
    let answer = client.fetch(get(&url)).await;
    assert!(
        matches!(answer, Err(FetchError::Transport(_))),
        "{answer:?}"
    );
    // It says nothing.
    for (length, is_read) in [(65_535, true), (65_536, true), (65_537, false)] {
        let (client, url) = serve(lying(None, length)).await;
        let answer = client.fetch(get(&url)).await;
        assert_eq!(answer.is_ok(), is_read, "{length}");
    }
}

#[tokio::test]
async fn a_token_is_asked_about_over_tls() {
    let body = active(&[]);
    for (length, is_good) in [(65_535, true), (65_536, true), (65_537, false)] {
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        answer.extend(std::iter::repeat_n(' ', length - body.len()));
        let (client, url) = serve(answer.into_bytes()).await;
        let client = Arc::new(client);
        let own = ClientAuthentication::basic("dm", &ClientSecret::new("s"));
        let introspector = Introspector::new(url.parse().unwrap(), own, client);
        let token = "t1".parse().unwrap();
        let answer = introspector.verify_token(&token, &policy(), at(NOW)).await;
        assert_eq!(answer.is_ok(), is_good, "{length}: {answer:?}");
    }
}
