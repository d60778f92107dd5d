//! A service on a TLS socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use offhook_onboarding::http::{ServerLimits, serve};
use rustls::ServerConfig;
use tokio::net::TcpListener;

/// A service on a TLS socket of loopback; it ends when it is dropped.
#[derive(Debug)]
pub struct TlsServer {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl TlsServer {
    /// Serves `router` with the settings `tls` on a free port.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(router: Router, tls: ServerConfig) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("port of a service")?;
        let address = listener.local_addr().context("address of a service")?;
        let limits = ServerLimits::default();
        let task = tokio::spawn(serve(listener, Arc::new(tls), router, limits));
        Ok(Self { address, task })
    }

    /// Where it answers.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
