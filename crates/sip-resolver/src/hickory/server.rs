//! One question to several name servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::TlsConfig;
use hickory_resolver::config::ProtocolConfig;
use hickory_resolver::system_conf::read_system_conf;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::connection::Connections;
use super::message::query;
use super::single::Server;
use crate::{Exchange, NameServerTransport, QueryFailure, Question, Reply, SetupError};

/// A name server to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct NameServer {
    address: SocketAddr,
    /// Tried in order, the next one where an answer is truncated.
    ways: Vec<(NameServerTransport, ProtocolConfig)>,
}

impl NameServer {
    /// A server over UDP, and TCP where an answer is truncated.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            ways: vec![
                (NameServerTransport::Udp, ProtocolConfig::Udp),
                (NameServerTransport::Tcp, ProtocolConfig::Tcp),
            ],
        }
    }

    /// A server over TLS whose certificate shows `name`.
    ///
    /// # Source
    ///
    /// RFC 7858, <https://www.rfc-editor.org/rfc/rfc7858>.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(address: SocketAddr, name: &str) -> Self {
        let server_name = name.into();
        Self {
            address,
            ways: vec![(
                NameServerTransport::Tls,
                ProtocolConfig::Tls { server_name },
            )],
        }
    }

    /// A server over HTTPS (HTTP/2) whose certificate shows `name`, at `path`, usually
    /// `/dns-query`.
    ///
    /// # Source
    ///
    /// RFC 8484, <https://www.rfc-editor.org/rfc/rfc8484>.
    #[cfg(feature = "https")]
    #[must_use]
    pub fn https(address: SocketAddr, name: &str, path: &str) -> Self {
        let (server_name, path) = (name.into(), path.into());
        let protocol = ProtocolConfig::Https { server_name, path };
        Self {
            address,
            ways: vec![(NameServerTransport::Https, protocol)],
        }
    }

    /// The name servers of this machine, as `/etc/resolv.conf` has them.
    ///
    /// # Errors
    ///
    /// [`SetupError::System`] when they are not known, [`SetupError::NoServers`] when there is none.
    pub fn of_system() -> Result<Vec<Self>, SetupError> {
        let (config, _) = read_system_conf().map_err(|error| SetupError::System(error.into()))?;
        let servers = config.name_servers().iter().filter_map(|server| {
            let port = server.connections.first()?.port;
            Some(Self::new((server.ip, port).into()))
        });
        let servers: Vec<_> = servers.collect();
        if servers.is_empty() {
            return Err(SetupError::NoServers);
        }
        Ok(servers)
    }

    pub(super) fn is_encrypted(&self) -> bool {
        let plain = [NameServerTransport::Udp, NameServerTransport::Tcp];
        !self
            .ways
            .iter()
            .all(|(transport, _)| plain.contains(transport))
    }
}

impl From<SocketAddr> for NameServer {
    fn from(address: SocketAddr) -> Self {
        Self::new(address)
    }
}

/// The name servers of a resolver.
pub(super) struct Servers {
    servers: Vec<Arc<Server>>,
    /// The one that has answered last, which is asked first.
    preferred: AtomicUsize,
    delay: Duration,
}

impl Servers {
    pub(super) fn new(
        servers: Vec<NameServer>,
        tls: &dyn Fn() -> Result<TlsConfig, SetupError>,
        timeout: Duration,
        delay: Duration,
    ) -> Result<Self, SetupError> {
        let servers = servers.into_iter().map(|server| {
            let connections = Connections::new(server.address, server.ways, tls()?, timeout);
            Ok(Arc::new(Server::new(Arc::new(connections), timeout)))
        });
        Ok(Self {
            servers: servers.collect::<Result<_, SetupError>>()?,
            preferred: AtomicUsize::new(0),
            delay,
        })
    }

    /// The same servers, whose answers are validated.
    #[cfg(feature = "dnssec")]
    pub(super) fn validating(&self, dnssec: &super::Dnssec) -> Self {
        let servers = self.servers.iter();
        Self {
            servers: servers
                .map(|server| Arc::new(server.validating(dnssec)))
                .collect(),
            preferred: AtomicUsize::new(0),
            delay: self.delay,
        }
    }

    /// Asks one server, the next one too when that one fails or takes its time, and so on; the
    /// first answer counts. How it went is that answer's, or that of the last failure.
    pub(super) async fn ask(&self, question: &Question) -> (Reply, Option<Exchange>) {
        let Some(query) = query(question) else {
            return (Reply::Failed(QueryFailure::Server), None);
        };
        if let [server] = &*self.servers {
            let (reply, exchange) = server.ask(question, query).await;
            return (reply, Some(exchange));
        }
        let count = self.servers.len();
        let preferred = self.preferred.load(Ordering::Relaxed);
        let mut order = (0..count).map(|at| (preferred + at) % count);
        let mut running = JoinSet::new();
        let mut start = |running: &mut JoinSet<_>| {
            let at = order.next()?;
            let server = Arc::clone(self.servers.get(at)?);
            let (question, query) = (question.clone(), query.clone());
            running.spawn(async move { (at, server.ask(&question, query).await) });
            Some(())
        };
        let mut more = start(&mut running);
        let mut failed = (Reply::Failed(QueryFailure::Unreachable), None);
        loop {
            tokio::select! {
                answered = running.join_next() => match answered {
                    Some(Ok((at, (reply @ Reply::Records(_), exchange)))) => {
                        self.preferred.store(at, Ordering::Relaxed);
                        return (reply, Some(exchange));
                    }
                    Some(outcome) => {
                        if let Ok((_, (reply, exchange))) = outcome {
                            failed = (reply, Some(exchange));
                        }
                        more = start(&mut running);
                    }
                    None => return failed,
                },
                () = sleep(self.delay), if more.is_some() => more = start(&mut running),
            }
        }
    }
}
