//! Messages to one name server, over connections of hickory's.
//!
//! hickory's own pool of name servers makes an error of every answer with a code, throws its records
//! away and keeps to itself what it came over; so this stands in its place.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, ProtocolConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::proto::op::{DnsRequest, DnsResponse, MessageType, Query};
use hickory_resolver::{ConnectionProvider, PoolContext, TlsConfig};
use tokio::sync::{self, Semaphore};
use tokio::time::Instant;

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
    open: sync::Mutex<Option<Shared>>,
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
                open: sync::Mutex::new(None),
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

    /// Asks over the connection that all share. Where that ends before the answer, asks over another
    /// that all share, unless it was a new one, and at last over one of the question's own.
    async fn send_by(&self, way: &Way, request: &DnsRequest) -> Result<DnsResponse, NetError> {
        let _place = way.room.acquire().await;
        let mut is_last = false;
        loop {
            let (shared, was_open) = self.shared(way).await?;
            let turn = Turn::begin(&shared.life);
            let error = match exchange(&shared.connection, request).await {
                Ok(answer) => {
                    turn.answered();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if !matches!(error, NetError::Timeout) {
                shared.life.end();
            }
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
    async fn shared(&self, way: &Way) -> Result<(Shared, bool), NetError> {
        let mut open = way.open.lock().await;
        if let Some(shared) = open.as_ref().filter(|shared| !shared.life.is_over()) {
            return Ok((shared.clone(), true));
        }
        *open = None;
        let shared = Shared {
            connection: self.open(way).await?,
            life: Arc::default(),
        };
        *open = Some(shared.clone());
        Ok((shared, false))
    }

    async fn open(&self, way: &Way) -> Result<Connection, NetError> {
        let (ip, provider) = (self.address.ip(), &self.provider);
        provider
            .new_connection(ip, &way.config, &self.context)?
            .await
    }
}

/// A connection for many questions.
#[derive(Clone)]
struct Shared {
    connection: Connection,
    life: Arc<Life>,
}

/// Whether a connection may be used. A stream that has gone silent does not say so.
#[derive(Default)]
struct Life(Mutex<Signs>);

#[derive(Default)]
struct Signs {
    is_over: bool,
    /// How many questions wait for an answer.
    waiting: usize,
    /// Since when there has been no answer to any question.
    silent_since: Option<Instant>,
}

impl Life {
    fn is_over(&self) -> bool {
        self.signs().is_over
    }

    fn end(&self) {
        self.signs().is_over = true;
    }

    fn signs(&self) -> MutexGuard<'_, Signs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question on a connection. Where it ends without an answer, or nobody waits for that any longer, and
/// there has been none to others for a while, no more are asked there.
struct Turn {
    life: Arc<Life>,
    is_answered: bool,
}

impl Turn {
    fn begin(life: &Arc<Life>) -> Self {
        let mut signs = life.signs();
        signs.waiting += 1;
        signs.silent_since.get_or_insert_with(Instant::now);
        drop(signs);
        Self {
            life: Arc::clone(life),
            is_answered: false,
        }
    }

    fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut signs = self.life.signs();
        signs.waiting -= 1;
        if self.is_answered {
            signs.silent_since = (signs.waiting > 0).then(Instant::now);
        } else if let Some(since) = signs.silent_since {
            signs.is_over |= since.elapsed() >= SILENCE;
        }
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

/// How long a connection on which questions wait is silent before it is taken for dead.
const SILENCE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_over_when_a_question_ends_and_none_was_answered_for_a_while() {
        let life = Arc::<Life>::default();
        drop(Turn::begin(&life));
        assert!(!life.is_over());
        advance(SILENCE).await;
        let (slow, fast) = (Turn::begin(&life), Turn::begin(&life));
        fast.answered();
        drop(slow);
        assert!(!life.is_over());
        // What was asked and waited for in several parts counts as a whole.
        drop(Turn::begin(&life));
        advance(SILENCE).await;
        drop(Turn::begin(&life));
        assert!(life.is_over());
    }
}
