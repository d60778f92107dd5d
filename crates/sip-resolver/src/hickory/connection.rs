//! Messages to one name server, over connections of hickory's.
//!
//! hickory's own pool of name servers makes an error of every answer with a code, throws its records
//! away and keeps to itself what it came over; so this stands in its place.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, ProtocolConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, DnsResponse, MessageType, Query};
use hickory_resolver::{ConnectionProvider, PoolContext, TlsConfig};
use tokio::sync::{Mutex, Semaphore};

use super::socket::{Runtime, is_refusal};
use crate::NameServerTransport;

/// The connections to one name server, opened when they are needed and kept for the next message.
pub(super) struct Connections {
    address: SocketAddr,
    context: PoolContext,
    /// Its end is the end of all connections.
    provider: Runtime,
    /// Tried in order, the next one where an answer is truncated.
    ways: Vec<Way>,
}

/// One way to a name server.
struct Way {
    config: ConnectionConfig,
    transport: NameServerTransport,
    open: Mutex<Option<Connection>>,
    /// Room for questions without an answer. hickory refuses what is over its own limit.
    room: Semaphore,
}

type Connection = <Runtime as ConnectionProvider>::Conn;

impl Connections {
    pub(super) fn new(
        address: SocketAddr,
        ways: Vec<(NameServerTransport, ProtocolConfig)>,
        tls: TlsConfig,
        timeout: Duration,
    ) -> Self {
        let mut options = ResolverOpts::default();
        options.timeout = timeout;
        let ways = ways.into_iter().map(|(transport, protocol)| {
            let mut config = ConnectionConfig::new(protocol);
            config.port = address.port();
            let room = match transport {
                NameServerTransport::Udp => Semaphore::MAX_PERMITS,
                _ => options.max_active_requests,
            };
            Way {
                config,
                transport,
                open: Mutex::new(None),
                room: Semaphore::new(room),
            }
        });
        Self {
            address,
            ways: ways.collect(),
            context: PoolContext::new(options, tls),
            provider: Runtime::default(),
        }
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The whole answer to `request`, whatever it says, and what it came over.
    pub(super) async fn send(
        &self,
        request: &DnsRequest,
    ) -> Result<(DnsResponse, NameServerTransport), NetError> {
        for way in &self.ways {
            let answer = self.send_by(way, request).await?;
            // RFC 2181 section 9: a truncated answer is ignored, and the question asked over TCP.
            if !answer.metadata.truncation {
                return Ok((answer, way.transport));
            }
        }
        Err(NetError::Truncated)
    }

    /// Asks over the connection that all share, and once more over one of its own where that ends
    /// before the answer.
    async fn send_by(&self, way: &Way, request: &DnsRequest) -> Result<DnsResponse, NetError> {
        let _place = way.room.acquire().await;
        let mut is_last = false;
        loop {
            let (connection, was_open) = self.connection(way).await?;
            let error = match exchange(&connection, request).await {
                Err(error) => error,
                answer => return answer,
            };
            *way.open.lock().await = None;
            // hickory calls busy what was closed before, and else there is room.
            if !error.is_connection_closed() && !is_busy(&error) {
                return Err(error);
            }
            // Servers close what was idle for a while, which shows at the next question. Others close
            // after each answer, and leave those without one that were asked at the same time.
            if is_last || !was_open {
                let alone = self.open(way).await?;
                return exchange(&alone, request).await;
            }
            is_last = true;
        }
    }

    /// A connection, and whether it was there before. Questions that are asked at once share one.
    async fn connection(&self, way: &Way) -> Result<(Connection, bool), NetError> {
        let mut open = way.open.lock().await;
        if let Some(connection) = &*open {
            return Ok((connection.clone(), true));
        }
        let connection = self.open(way).await?;
        *open = Some(connection.clone());
        Ok((connection, false))
    }

    async fn open(&self, way: &Way) -> Result<Connection, NetError> {
        let (ip, provider) = (self.address.ip(), &self.provider);
        provider
            .new_connection(ip, &way.config, &self.context)?
            .await
    }
}

/// The first answer that is one to `request`; hickory looks at the question over UDP alone, and else at
/// the number.
async fn exchange(connection: &Connection, request: &DnsRequest) -> Result<DnsResponse, NetError> {
    let mut answers = connection.send(request.clone());
    loop {
        // Where no more come, it is as if none had come.
        let answer = (&mut answers).first_answer().await?;
        if is_answer(request, &answer) {
            return Ok(answer);
        }
    }
}

/// RFC 5452 section 9.1: the question counts with its name, type and class. A server that cannot read
/// it, or does not want to, may leave it out (RFC 1035 section 4.1.1).
fn is_answer(request: &DnsRequest, answer: &DnsResponse) -> bool {
    let same = |(one, other): (&Query, &Query)| {
        one.name().eq_ignore_root(other.name())
            && one.query_type() == other.query_type()
            && one.query_class() == other.query_class()
    };
    let is_asked = request.queries.len() == answer.queries.len()
        && request.queries.iter().zip(&answer.queries).all(same);
    let is_refused = answer.queries.is_empty() && is_refusal(answer.metadata.response_code);
    answer.metadata.message_type == MessageType::Response && (is_asked || is_refused)
}

const fn is_busy(error: &NetError) -> bool {
    matches!(error, NetError::Busy)
}
