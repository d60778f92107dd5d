//! TLS connections for an `axum` service, with the peer's certificate at hand.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Accepts TLS connections; [`axum::serve()`] takes it, and handlers see a [`Peer`].
///
/// Handshakes run side by side, [`MAX_HANDSHAKES`](Self::MAX_HANDSHAKES) at once and each for
/// [`HANDSHAKE_TIMEOUT`](Self::HANDSHAKE_TIMEOUT) at most, so that a silent peer holds up nobody. A
/// connection that fails its handshake is closed and forgotten.
#[derive(Debug)]
pub struct TlsListener {
    address: SocketAddr,
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, Peer)>,
    task: JoinHandle<()>,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    address: SocketAddr,
    certificates: Arc<[CertificateDer<'static>]>,
}

impl TlsListener {
    /// How many handshakes run at once: 256; further connections wait in the system's queue.
    pub const MAX_HANDSHAKES: usize = 256;

    /// How long a handshake may take: ten seconds.
    pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

    /// Accepts the connections of `listener` with the settings `config`.
    ///
    /// # Errors
    ///
    /// When `listener` has no local address.
    ///
    /// # Panics
    ///
    /// Outside of a `tokio` runtime.
    pub fn new(listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, accepted) = mpsc::channel(Self::MAX_HANDSHAKES);
        let task = tokio::spawn(accept_all(listener, TlsAcceptor::from(config), sender));
        Ok(Self {
            address,
            accepted,
            task,
        })
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(connection) => connection,
            // The task that accepts is gone only when the runtime shuts down.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(Peer {
            address: self.address,
            certificates: Arc::new([]),
        })
    }
}

impl Peer {
    /// Where the connection comes from.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificates that the peer showed and the verifier accepted, its own first; none where
    /// it showed none.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.remote_addr().clone()
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, Peer)>,
) {
    let handshakes = Arc::new(Semaphore::new(TlsListener::MAX_HANDSHAKES));
    loop {
        let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await else {
            return;
        };
        let Ok((stream, address)) = listener.accept().await else {
            // Out of file descriptors, most likely: wait for some to be closed.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let handshake = timeout(TlsListener::HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await;
            if let Ok(Ok(stream)) = handshake {
                let certificates = stream
                    .get_ref()
                    .1
                    .peer_certificates()
                    .map(<[_]>::to_vec)
                    .unwrap_or_default();
                let peer = Peer {
                    address,
                    certificates: certificates.into(),
                };
                // A service that has shut down takes no more connections.
                let _ = sender.send((stream, peer)).await;
            }
            // Until here, so that connections that nobody has taken yet are bounded too.
            drop(permit);
        });
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
