//! TLS connections under a router, with the peer's certificate at hand and limits on all of them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::{Duration, SystemTime};

use axum::extract::{ConnectInfo, Request};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Version, header};
use axum::response::IntoResponse as _;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use offhook_device_identity::{ChainVerifier, DeviceIdentity, IdentifyError};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::problem::Refused;
use super::stream::PeerStream;
use super::unread::WatchedBody;

/// How many connections a server holds, and how long it waits for each part of one.
///
/// Each part has a limit of its own, so that a silent or slow peer holds nothing for long, and each
/// address has its share, so that one peer cannot hold everything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerLimits {
    connections: usize,
    connections_per_address: usize,
    handshake: Duration,
    header: Duration,
    request: Duration,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    address: SocketAddr,
    client: Option<IpAddr>,
    certificates: Arc<[CertificateDer<'static>]>,
    /// What the certificates prove, and by which verifier.
    identity: Arc<OnceLock<(Arc<ChainVerifier>, DeviceIdentity)>>,
    /// The place of the connection, for as long as that lasts.
    place: Weak<Place>,
}

/// One of the connections that a server holds, and one of those of its address.
///
/// Work that goes on after its caller has hung up keeps the place: so the server waits for it at its end,
/// and there is no more of it than there may be connections.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

impl ServerLimits {
    /// Holds at most `connections` at once, those in their handshake included; 4,096 unless told
    /// otherwise. Further ones wait in the system's queue. Numbers below 1 count as 1, and those above
    /// 536,870,911 as that.
    #[must_use]
    pub const fn with_connections(mut self, connections: usize) -> Self {
        self.connections = within_bounds(connections);
        self
    }

    /// Holds at most `connections` of one IPv4 address or IPv6 /64; 64 unless told otherwise.
    /// Further ones are closed at once. A proxy in front needs more. The bounds are those of
    /// [`with_connections`](Self::with_connections).
    #[must_use]
    pub const fn with_connections_per_address(mut self, connections: usize) -> Self {
        self.connections_per_address = within_bounds(connections);
        self
    }

    /// Waits at most `time` for a TLS handshake; 10 seconds unless told otherwise.
    #[must_use]
    pub const fn with_handshake_time(mut self, time: Duration) -> Self {
        self.handshake = time;
        self
    }

    /// Waits at most `time` for the head of a request, also for the next one on a connection that
    /// is kept; 15 seconds unless told otherwise.
    #[must_use]
    pub const fn with_header_time(mut self, time: Duration) -> Self {
        self.header = time;
        self
    }

    /// Takes at most `time` for the body of a request and the answer to it; 30 seconds unless told
    /// otherwise. Then the answer is 408 and the connection is closed. A peer that takes nothing of an
    /// answer for as long is closed too.
    #[must_use]
    pub const fn with_request_time(mut self, time: Duration) -> Self {
        self.request = time;
        self
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 64,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(15),
            request: Duration::from_secs(30),
        }
    }
}

impl Peer {
    /// Where the connection comes from.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whose request it is: the address of the connection, or what a proxy in front says it is
    /// ([`forwarded`](super::forwarded())).
    #[must_use]
    pub fn client(&self) -> IpAddr {
        self.client.unwrap_or_else(|| self.address.ip())
    }

    /// The place of the connection; `None` where a server of somebody else's serves it.
    pub(super) fn place(&self) -> Option<Arc<Place>> {
        self.place.upgrade()
    }

    pub(super) fn with_client(self, client: IpAddr) -> Self {
        Self {
            client: Some(client),
            ..self
        }
    }

    /// The certificates that the peer showed and the verifier accepted, its own first; none where
    /// it showed none.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// The identity that the certificates prove by `verifier`.
    ///
    /// It is proved once and stays with the connection: what was good at its first request is not
    /// verified again at the next.
    pub(super) fn identity(
        &self,
        verifier: &Arc<ChainVerifier>,
        now: SystemTime,
    ) -> Result<DeviceIdentity, IdentifyError> {
        if let Some((by, identity)) = self.identity.get()
            && Arc::ptr_eq(by, verifier)
        {
            return Ok(identity.clone());
        }
        let identity = verifier.identify(&self.certificates, now)?;
        // Where another verifier was first, or another request at the same time, that stays.
        let _ = self.identity.set((Arc::clone(verifier), identity.clone()));
        Ok(identity)
    }
}

/// The TLS settings of a server, which can be replaced while it serves: certificates and keys are
/// renewed without a restart.
///
/// A clone is the same settings. A connection keeps those that it began with.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<RwLock<Arc<ServerConfig>>>);

impl ServerTls {
    /// Puts `settings` in the place of those so far, for the connections to come.
    pub fn replace(&self, settings: Arc<ServerConfig>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    fn settings(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<Arc<ServerConfig>> for ServerTls {
    fn from(settings: Arc<ServerConfig>) -> Self {
        Self(Arc::new(RwLock::new(settings)))
    }
}

/// Serves `router` to the connections of `listener`, over TLS with the settings `tls`, until the
/// future is dropped; connections then end with the request under way.
///
/// Handlers find a [`Peer`] in [`ConnectInfo`].
pub async fn serve(
    listener: TcpListener,
    tls: impl Into<ServerTls>,
    router: Router,
    limits: ServerLimits,
) {
    serve_until(listener, tls, router, limits, std::future::pending()).await;
}

/// Serves as [`serve`] does until `shutdown` is ready, and then takes no more connections and no more
/// requests. It ends when the requests under way are answered and what they began is done, also where their
/// callers have hung up; or when that has had as long as a request may take.
pub async fn serve_until(
    listener: TcpListener,
    tls: impl Into<ServerTls>,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
) {
    let all = Arc::new(Semaphore::new(limits.connections));
    let (close, closing) = watch::channel(());
    tokio::select! {
        () = accept(listener, tls.into(), router, limits, Arc::clone(&all), closing) => {}
        () = shutdown => {}
    }
    let _ = close.send(());
    let everyone = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let _ = timeout(limits.request, all.acquire_many(everyone)).await;
}

async fn accept(
    listener: TcpListener,
    tls: ServerTls,
    router: Router,
    limits: ServerLimits,
    all: Arc<Semaphore>,
    closing: watch::Receiver<()>,
) {
    let shares = Arc::new(Shares::default());
    loop {
        let Ok(permit) = Arc::clone(&all).acquire_owned().await else {
            return;
        };
        let Ok((stream, address)) = listener.accept().await else {
            // Out of file descriptors, most likely: wait for some to be closed.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(share) = Shares::take(&shares, address.ip(), limits.connections_per_address)
        else {
            continue;
        };
        let place = Arc::new(Place {
            _permit: permit,
            _share: share,
        });
        let acceptor = TlsAcceptor::from(tls.settings());
        let (router, closing) = (router.clone(), closing.clone());
        tokio::spawn(async move {
            connection(stream, address, &acceptor, router, limits, closing, place).await;
        });
    }
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: &TlsAcceptor,
    router: Router,
    limits: ServerLimits,
    mut closing: watch::Receiver<()>,
    place: Arc<Place>,
) {
    // A connection that fails its handshake is closed and forgotten, and so is one that is in the
    // midst of it when the server closes.
    let handshake = timeout(limits.handshake, acceptor.accept(stream));
    let stream = tokio::select! {
        done = handshake => match done {
            Ok(Ok(stream)) => stream,
            _ => return,
        },
        _ = closing.changed() => return,
    };
    let certificates = stream.get_ref().1.peer_certificates();
    let peer = Peer {
        address,
        client: None,
        certificates: certificates.map(<[_]>::to_vec).unwrap_or_default().into(),
        identity: Arc::default(),
        place: Arc::downgrade(&place),
    };
    let router = router.layer(Extension(ConnectInfo(peer)));
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let (head, body) = request.into_parts();
        let (body, is_read) = WatchedBody::new(body);
        let request = Request::from_parts(head, axum::body::Body::new(body));
        let answer = servable(&request).map(|()| router.clone().oneshot(request));
        async move {
            let mut is_late = false;
            let mut answer = match answer {
                Err(refused) => refused.into_response(),
                Ok(answer) => match timeout(limits.request, answer).await {
                    Ok(Ok(answer)) => answer,
                    Err(_) => {
                        is_late = true;
                        Refused::too_slow().into_response()
                    }
                },
            };
            // What was begun goes on, and with it the place of the connection.
            if is_late || !is_read.load(Ordering::Acquire) {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let stream = PeerStream::new(stream, limits.request);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // How a connection ends is the peer's affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = closing.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Refuses what is not to be served, wherever it is for.
fn servable<B>(request: &Request<B>) -> Result<(), Refused> {
    if !names_one_host(request) {
        return Err(Refused::bad_request("one Host header is needed"));
    }
    if !has_known_transfer_coding(request) {
        return Err(Refused::unknown_transfer_coding());
    }
    Ok(())
}

/// Whether the body comes as it is or in chunks. Chunks of anything else would be taken for the body
/// (RFC 9112 section 6.1).
fn has_known_transfer_coding<B>(request: &Request<B>) -> bool {
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// Whether a request has the one `Host` that HTTP/1.1 demands (RFC 9112 section 3.2); HTTP/1.0 may do
/// without.
fn names_one_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if host.is_empty() => true,
        // RFC 9110 section 7.2 has nobody's name before the host.
        (Some(host), None) => {
            Authority::try_from(host.as_bytes()).is_ok_and(|host| !host.as_str().contains('@'))
        }
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// How many connections each address has.
#[derive(Debug, Default)]
struct Shares(Mutex<HashMap<IpAddr, usize>>);

/// One connection of an address; given back when it is dropped.
#[derive(Debug)]
struct Share {
    shares: Arc<Shares>,
    address: IpAddr,
}

impl Shares {
    /// A share for `address`; `None` where it has `most` already.
    fn take(shares: &Arc<Self>, address: IpAddr, most: usize) -> Option<Share> {
        let address = network(address);
        let mut counts = shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Share {
            shares: Arc::clone(shares),
            address,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: an IPv4 address, also where it stands in an IPv6 one, or a /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// As many as the server can hold: one at least, or it would hold none, and no more than it can count.
const fn within_bounds(connections: usize) -> usize {
    match connections {
        0 => 1,
        1..=MAX_CONNECTIONS => connections,
        _ => MAX_CONNECTIONS,
    }
}

/// The permits of a semaphore on every machine, and a number that all can be waited for by.
const MAX_CONNECTIONS: usize = 0x1fff_ffff;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
impl Peer {
    /// A peer without a certificate, on no connection.
    pub(super) fn at(address: SocketAddr) -> Self {
        Self {
            address,
            client: None,
            certificates: Arc::default(),
            identity: Arc::default(),
            place: Weak::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_proved_once_for_a_connection_and_each_verifier_for_itself() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let much_later = now + Duration::from_secs(3_000_000_000);
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().der().clone();
        let issuer = rcgen::Issuer::new(params, key);
        let mut phone = rcgen::CertificateParams::default();
        phone.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let names = &mut phone.distinguished_name;
        names.push(rcgen::DnType::CommonName, "SEP000E08ABCDEF");
        let key = rcgen::KeyPair::generate().unwrap();
        let phone = phone.signed_by(&key, &issuer).unwrap().der().clone();
        let verifier = || {
            let builder = ChainVerifier::builder().anchor(&authority).unwrap();
            Arc::new(builder.build().unwrap())
        };
        let peer = || Peer {
            certificates: [phone.clone()].into(),
            ..Peer::at(([192, 0, 2, 1], 5061).into())
        };

        let (one, another) = (verifier(), verifier());
        let connection = peer();
        assert!(connection.identity(&one, now).is_ok());
        let request = connection.clone();
        assert!(request.identity(&one, much_later).is_ok());
        assert!(request.identity(&another, much_later).is_err());
        assert!(peer().identity(&one, much_later).is_err());
    }

    #[test]
    fn a_server_holds_one_connection_at_least_and_no_more_than_it_can_count() {
        for (given, held) in [(0, 1), (1, 1), (9, 9), (usize::MAX, MAX_CONNECTIONS)] {
            let limits = ServerLimits::default()
                .with_connections(given)
                .with_connections_per_address(given);
            assert_eq!(limits.connections, held);
            assert_eq!(limits.connections_per_address, held);
            let all = Arc::new(Semaphore::new(limits.connections));
            let everyone = u32::try_from(limits.connections).unwrap();
            assert!(all.try_acquire_many(everyone).is_ok());
            let shares = Arc::new(Shares::default());
            let address = [192, 0, 2, 1].into();
            assert!(Shares::take(&shares, address, limits.connections_per_address).is_some());
            assert!(shares.0.lock().unwrap().is_empty());
        }
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let shares = Arc::new(Shares::default());
        let take = |address: &str| Shares::take(&shares, address.parse().unwrap(), 2);
        let first = take("2001:db8::1").unwrap();
        let second = take("2001:db8::2").unwrap();
        assert!(take("2001:db8::3").is_none());
        let other = take("2001:db8:0:1::1").unwrap();
        drop((first, other));
        let third = take("2001:db8::3").unwrap();
        assert!(take("2001:db8::4").is_none());
        drop((second, third));
        assert!(shares.0.lock().unwrap().is_empty());
        let four = take("::ffff:192.0.2.1").unwrap();
        let also = take("192.0.2.1").unwrap();
        assert!(take("192.0.2.1").is_none());
        drop((four, also));
    }
}
