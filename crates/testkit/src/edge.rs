//! The edge of an enterprise network.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use offhook_onboarding::http::server_config;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::CertificateAuthority;

/// The edge that telephones outside go to: it ends their TLS, and brings what they say to device
/// management and to call control over TLS of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct EdgeServer {
    web: Port,
    sip: Port,
}

/// A server inside, and the name that its certificate shows.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete as it is")]
pub struct InsideServer<'a> {
    /// Where it answers.
    pub address: SocketAddr,
    /// Its name.
    pub name: &'a str,
}

/// One port of the edge.
#[derive(Debug)]
struct Port {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl EdgeServer {
    /// The edge of `domain`, by a certificate of `authority`, on two free ports of loopback; it reaches
    /// the servers inside with `client`.
    ///
    /// # Errors
    ///
    /// When no port can be had, or a name is none.
    pub async fn start(
        authority: &CertificateAuthority,
        domain: &str,
        client: ClientConfig,
        management: InsideServer<'_>,
        registrar: InsideServer<'_>,
    ) -> anyhow::Result<Self> {
        let server = Arc::new(server_config(authority.server(&[domain], &[])?, None)?);
        let client = TlsConnector::from(Arc::new(client));
        Ok(Self {
            web: Port::start(Arc::clone(&server), client.clone(), management).await?,
            sip: Port::start(server, client, registrar).await?,
        })
    }

    /// Where it takes requests to device management.
    #[must_use]
    pub const fn web(&self) -> SocketAddr {
        self.web.address
    }

    /// Where it takes registrations.
    #[must_use]
    pub const fn sip(&self) -> SocketAddr {
        self.sip.address
    }
}

impl Port {
    async fn start(
        outside: Arc<ServerConfig>,
        client: TlsConnector,
        inside: InsideServer<'_>,
    ) -> anyhow::Result<Self> {
        let name = ServerName::try_from(inside.name.to_owned()).context("name inside")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.context("port of the edge")?;
        let address = listener.local_addr().context("address of the edge")?;
        let acceptor = TlsAcceptor::from(outside);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, client, name) = (acceptor.clone(), client.clone(), name.clone());
                // A connection that fails is closed; its device comes again.
                tokio::spawn(async move {
                    let mut outer = acceptor.accept(stream).await?;
                    let stream = TcpStream::connect(inside.address).await?;
                    let mut inner = client.connect(name, stream).await?;
                    copy_bidirectional(&mut outer, &mut inner).await
                });
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.task.abort();
    }
}
