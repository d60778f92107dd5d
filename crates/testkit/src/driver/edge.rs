//! The way of a telephone outside, over the edge.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use axum::body::{Body, to_bytes};
use http::{HeaderValue, Request, Response, Uri, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use offhook_bearer_token::MAX_RESPONSE_BYTES;
use offhook_onboarding::EdgeTrust;
use offhook_onboarding::device_side::Flow;
use offhook_onboarding::http::client_config;
use offhook_sip_resolver::Hop;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The servers of the edge that a device has found, and how it speaks to them.
pub(super) struct EdgeClient {
    hops: Vec<Hop>,
    pub(super) tls: Arc<ClientConfig>,
}

impl EdgeClient {
    /// The edge of `flow`, which shows there whatever `tls` shows; `None` while it has none.
    pub(super) fn of(flow: &dyn Flow, tls: &Arc<ClientConfig>) -> anyhow::Result<Option<Self>> {
        let Some(edge) = flow.edge() else {
            return Ok(None);
        };
        let tls = match flow.edge_trust() {
            Some(trust) => trusting(trust, tls).context("the authorities of the edge")?,
            None => Arc::clone(tls),
        };
        let hops = edge.resolution().hops().to_vec();
        Ok(Some(Self { hops, tls }))
    }

    /// Sends `request` to the first server that takes it.
    pub(super) async fn fetch(
        &self,
        request: &Request<Vec<u8>>,
    ) -> anyhow::Result<Response<Vec<u8>>> {
        let mut failure = None;
        for hop in &self.hops {
            let exchange = timeout(EXCHANGE_TIME, self.exchange(hop, request)).await;
            match exchange.unwrap_or_else(|_| Err(anyhow!("{hop} did not answer in time"))) {
                Ok(response) => return Ok(response),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| anyhow!("no server of the edge")))
    }

    /// Where it registers: at the same servers, on another port.
    pub(super) fn registrars(&self, port: u16) -> Vec<(SocketAddr, String)> {
        let registrar = |hop: &Hop| {
            let address = SocketAddr::new(hop.address().ip(), port);
            (address, hop.verify().to_owned())
        };
        self.hops.iter().map(registrar).collect()
    }

    async fn exchange(
        &self,
        hop: &Hop,
        request: &Request<Vec<u8>>,
    ) -> anyhow::Result<Response<Vec<u8>>> {
        let name = ServerName::try_from(hop.verify().to_owned()).context("name to verify")?;
        let told = || format!("{hop}");
        let stream = TcpStream::connect(hop.address()).await.with_context(told)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.with_context(told)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(by_path(request)?).await;
        let (parts, body) = response.with_context(told)?.into_parts();
        let body = to_bytes(Body::new(body), MAX_RESPONSE_BYTES).await;
        connection.abort();
        Ok(Response::from_parts(
            parts,
            body.with_context(told)?.to_vec(),
        ))
    }
}

/// The request as it stands on a connection: with a path, and the name in `Host`.
fn by_path(request: &Request<Vec<u8>>) -> anyhow::Result<Request<Body>> {
    let (uri, mut sent) = (request.uri(), request.clone());
    ensure!(uri.scheme_str() == Some("https"), "not https");
    let host = uri.authority().context("no host")?.as_str();
    let host = HeaderValue::from_str(host)?;
    let path = uri.path_and_query().context("no path")?.as_str();
    *sent.uri_mut() = path.parse::<Uri>()?;
    sent.headers_mut().insert(header::HOST, host);
    Ok(sent.map(Body::from))
}

/// The same client that trusts others.
fn trusting(trust: &EdgeTrust, client: &ClientConfig) -> anyhow::Result<Arc<ClientConfig>> {
    let roots = CertificateDer::pem_slice_iter(trust.as_pem().as_bytes());
    let roots = roots.collect::<Result<Vec<_>, _>>()?;
    let mut config = client_config(&roots.iter().collect::<Vec<_>>(), None)?;
    config.client_auth_cert_resolver = Arc::clone(&client.client_auth_cert_resolver);
    Ok(Arc::new(config))
}

const EXCHANGE_TIME: std::time::Duration = std::time::Duration::from_secs(10);
