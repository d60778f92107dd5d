//! One question to several name servers.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::message::{query, reply};
use crate::{QueryFailure, Question, Reply, SetupError};

/// A name server to ask.
#[derive(Clone, Debug, PartialEq)]
pub struct NameServer {
    address: SocketAddr,
    connections: Vec<ProtocolConfig>,
}

impl NameServer {
    /// A server over UDP, and TCP where an answer is truncated.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            connections: vec![ProtocolConfig::Udp, ProtocolConfig::Tcp],
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
            connections: vec![ProtocolConfig::Tls { server_name }],
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
        Self {
            address,
            connections: vec![ProtocolConfig::Https { server_name, path }],
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
        let plain = |one: &ProtocolConfig| matches!(one, ProtocolConfig::Udp | ProtocolConfig::Tcp);
        !self.connections.iter().all(plain)
    }

    fn config(self) -> NameServerConfig {
        let port = self.address.port();
        let connections = self.connections.into_iter().map(|protocol| {
            let mut connection = ConnectionConfig::new(protocol);
            connection.port = port;
            connection
        });
        NameServerConfig::new(self.address.ip(), true, connections.collect())
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

struct Server {
    pool: NameServerPool<TokioRuntimeProvider>,
    /// For questions without EDNS, since a pool takes one that runs with EDNS for the same.
    plain: NameServerPool<TokioRuntimeProvider>,
    timeout: Duration,
    /// It has answered without EDNS what it would not with it.
    knows_no_edns: AtomicBool,
}

impl Servers {
    pub(super) fn new(
        servers: Vec<NameServer>,
        tls: &dyn Fn() -> Result<TlsConfig, SetupError>,
        timeout: Duration,
        delay: Duration,
    ) -> Result<Self, SetupError> {
        let servers = servers.into_iter().map(|server| {
            let mut options = ResolverOpts::default();
            options.timeout = timeout;
            options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
            let context = Arc::new(PoolContext::new(options, tls()?));
            let config = server.config();
            let pool = |config| {
                let provider = TokioRuntimeProvider::default();
                NameServerPool::from_config([config], Arc::clone(&context), provider)
            };
            Ok(Arc::new(Server {
                pool: pool(config.clone()),
                plain: pool(config),
                timeout,
                knows_no_edns: AtomicBool::new(false),
            }))
        });
        Ok(Self {
            servers: servers.collect::<Result<_, SetupError>>()?,
            preferred: AtomicUsize::new(0),
            delay,
        })
    }

    /// Asks one server, the next one too when that one fails or takes its time, and so on; the
    /// first answer counts.
    pub(super) async fn ask(&self, question: &Question) -> Reply {
        let Some(query) = query(question) else {
            return Reply::Failed(QueryFailure::Server);
        };
        if let [server] = &*self.servers {
            return reply(server.ask(query).await);
        }
        let count = self.servers.len();
        let preferred = self.preferred.load(Ordering::Relaxed);
        let mut order = (0..count).map(|at| (preferred + at) % count);
        let mut running = JoinSet::new();
        let mut start = |running: &mut JoinSet<_>| {
            let at = order.next()?;
            let server = Arc::clone(self.servers.get(at)?);
            let query = query.clone();
            running.spawn(async move { (at, reply(server.ask(query).await)) });
            Some(())
        };
        let mut more = start(&mut running);
        let mut failure = QueryFailure::Unreachable;
        loop {
            tokio::select! {
                answered = running.join_next() => match answered {
                    Some(Ok((at, reply @ Reply::Records(_)))) => {
                        self.preferred.store(at, Ordering::Relaxed);
                        return reply;
                    }
                    Some(outcome) => {
                        if let Ok((_, Reply::Failed(error))) = outcome {
                            failure = error;
                        }
                        more = start(&mut running);
                    }
                    None => return Reply::Failed(failure),
                },
                () = sleep(self.delay), if more.is_some() => more = start(&mut running),
            }
        }
    }
}

impl Server {
    /// Asks with EDNS, and without where the server refuses that or is silent.
    async fn ask(&self, query: Query) -> Result<DnsResponse, NetError> {
        let answer = self.ask_both_ways(query);
        timeout(self.timeout, answer)
            .await
            .unwrap_or(Err(NetError::Timeout))
    }

    async fn ask_both_ways(&self, query: Query) -> Result<DnsResponse, NetError> {
        if self.knows_no_edns.load(Ordering::Relaxed) {
            return self.lookup(query, Edns::Without).await;
        }
        let mut with = pin!(self.lookup(query.clone(), Edns::With));
        match timeout(self.timeout / 2, &mut with).await {
            Ok(Err(error)) if is_refusal(&error) => {
                let answer = self.lookup(query, Edns::Without).await;
                let is_answer = match &answer {
                    Ok(_) => true,
                    Err(NetError::Dns(DnsError::NoRecordsFound(_))) => true,
                    Err(_) => false,
                };
                if is_answer {
                    self.knows_no_edns.store(true, Ordering::Relaxed);
                }
                return answer;
            }
            Ok(Err(NetError::Timeout)) | Err(_) => {}
            Ok(answer) => return answer,
        }
        // Others drop the question; RFC 6891 section 6.2.5 leaves that to whoever asks. A slow
        // server's answer to the first question may come yet.
        let mut without = pin!(self.lookup(query, Edns::Without));
        tokio::select! {
            answer = &mut with => match answer {
                Err(error) if is_refusal(&error) || matches!(error, NetError::Timeout) => {
                    without.await
                }
                answer => answer,
            },
            answer = &mut without => match answer {
                Err(NetError::Timeout) => with.await,
                answer => answer,
            },
        }
    }

    async fn lookup(&self, query: Query, edns: Edns) -> Result<DnsResponse, NetError> {
        let mut options = DnsRequestOptions::default();
        options.use_edns = matches!(edns, Edns::With);
        let pool = match edns {
            Edns::With => &self.pool,
            Edns::Without => &self.plain,
        };
        pool.lookup(query, options).first_answer().await
    }
}

/// RFC 6891 section 7: a server that does not know EDNS says so in one of these ways. BADSIG has the
/// number of BADVERS, and hickory reads it so.
const fn is_refusal(error: &NetError) -> bool {
    matches!(
        error,
        NetError::Dns(DnsError::ResponseCode(
            ResponseCode::FormErr
                | ResponseCode::NotImp
                | ResponseCode::BADSIG
                | ResponseCode::BADVERS
        ))
    )
}

#[derive(Clone, Copy)]
enum Edns {
    With,
    Without,
}
