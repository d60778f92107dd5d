//! An HTTPS client on hyper and rustls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::uri::Scheme;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Fetch, MAX_RESPONSE_BYTES};
use crate::FetchError;

/// A client that speaks HTTP/1.1 over TLS and nothing else.
///
/// It keeps connections open, follows no redirect, gives up after [`DEFAULT_TIMEOUT`] unless told
/// otherwise and reads at most [`MAX_RESPONSE_BYTES`]. Roots of trust and the client's own
/// certificate, if any, come with the `ClientConfig`. It runs on a tokio runtime, where an exchange
/// goes on in a task of its own until it ends or its future is dropped.
#[derive(Clone, Debug)]
pub struct HttpsFetch {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

impl HttpsFetch {
    /// A client with this TLS configuration; its ALPN list is replaced.
    #[must_use]
    pub fn new(config: impl Into<Arc<ClientConfig>>) -> Self {
        let mut config = Arc::unwrap_or_clone(config.into());
        // The connector wants to fill the list itself and panics otherwise.
        config.alpn_protocols.clear();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_http1()
            .build();
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Gives up after `timeout`, counted from the connection's beginning to the body's end.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, FetchError> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let response = self.client.request(request).await;
        let (parts, body) = response.map_err(transport)?.into_parts();
        let body = read(body).await?;
        Ok(http::Response::from_parts(parts, body))
    }
}

#[async_trait]
impl Fetch for HttpsFetch {
    async fn fetch(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, FetchError> {
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Err(FetchError::NotHttps);
        }
        let (client, limit) = (self.clone(), self.timeout);
        // In a task of its own it goes on while nobody asks how far it is.
        let exchange = async move { timeout(limit, client.exchange(request)).await };
        let mut task = EndedOnDrop(tokio::spawn(exchange));
        let outcome = (&mut task.0).await.map_err(transport)?;
        outcome.map_err(|_| FetchError::Timeout)?
    }
}

/// A task that ends when nobody is left to hear of it.
struct EndedOnDrop<T>(JoinHandle<T>);

impl<T> Drop for EndedOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads a body and stops where it grows too long.
async fn read(mut body: Incoming) -> Result<Vec<u8>, FetchError> {
    let announced = body.size_hint().lower();
    if announced > MAX_RESPONSE_BYTES as u64 {
        return Err(FetchError::TooLong);
    }
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(transport)?.into_data() else {
            continue;
        };
        if data.len() > MAX_RESPONSE_BYTES - read.len() {
            return Err(FetchError::TooLong);
        }
        read.extend_from_slice(&data);
    }
    Ok(read)
}

fn transport(error: impl std::error::Error + Send + Sync + 'static) -> FetchError {
    FetchError::Transport(Box::new(error))
}

/// How long an exchange may take unless told otherwise: ten seconds.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
