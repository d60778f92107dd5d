//! The driver: asks real name servers, by way of `hickory-resolver`.
//!
//! Its own resolver finds nothing where an alias owns SRV records, so that questions go to its pool
//! of name servers and the raw messages are read here.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{DnsRequestOptions, Query, ResponseCode};
use hickory_resolver::proto::rr::{self, Name, RData, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{
    DomainName, Entropy, Naptr, Plan, Policy, QueryFailure, Question, QuestionKind, Record,
    RecordData, Reply, Resolution, ResolveFailure, SetupError, Srv, Step, Target,
};

/// Finds SIP servers by asking name servers over UDP, and TCP where an answer is truncated.
///
/// Needs a Tokio runtime with time and I/O. Nothing is cached: each resolution asks anew. Names of
/// the local host file are not looked at.
///
/// # Examples
///
/// ```no_run
/// use std::error::Error;
///
/// use offhook_sip_resolver::{Entropy, Options, Policy, Resolver};
///
/// async fn first(entropy: &mut (dyn Entropy + Send)) -> Result<String, Box<dyn Error>> {
///     let resolver = Resolver::new(&["192.0.2.53:53".parse()?], Options::default())?;
///     let target = "example.com".parse()?;
///     let found = resolver.resolve(&target, &Policy::room_os(), entropy).await?;
///     Ok(found.hops()[0].to_string())
/// }
/// ```
#[derive(Clone)]
pub struct Resolver {
    pool: Arc<NameServerPool<TokioRuntimeProvider>>,
    options: Options,
}

impl Resolver {
    /// A resolver that asks `servers`, the first two at once and the rest when these fail.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when there is no server, or the machine offers no TLS where `hickory` is
    /// built for encrypted transports.
    pub fn new(servers: &[SocketAddr], options: Options) -> Result<Self, SetupError> {
        if servers.is_empty() {
            return Err(SetupError::NoServers);
        }
        let configs = servers.iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            let connections = connections.map(|mut connection| {
                connection.port = server.port();
                connection
            });
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let mut pool_options = ResolverOpts::default();
        pool_options.timeout = options.question_timeout;
        let tls = TlsConfig::new().map_err(|error| SetupError::Tls(error.into()))?;
        let context = Arc::new(PoolContext::new(pool_options, tls));
        let provider = TokioRuntimeProvider::default();
        Ok(Self {
            pool: Arc::new(NameServerPool::from_config(configs, context, provider)),
            options,
        })
    }

    /// Finds the servers of `target` as `policy` wants it.
    ///
    /// # Errors
    ///
    /// [`ResolveFailure`] when there is none, or none is found before the deadline.
    pub async fn resolve(
        &self,
        target: &Target,
        policy: &Policy,
        entropy: &mut (dyn Entropy + Send),
    ) -> Result<Resolution, ResolveFailure> {
        let mut plan = Plan::new(target.clone(), *policy);
        // At the deadline what is known by then has to do.
        let _ = timeout(self.options.deadline, self.drive(&mut plan)).await;
        plan.finish(entropy)
    }

    async fn drive(&self, plan: &mut Plan) {
        let mut running = JoinSet::new();
        loop {
            let answered = match plan.step() {
                Step::Ask(questions) => {
                    for question in questions {
                        let pool = Arc::clone(&self.pool);
                        running.spawn(async move {
                            let reply = ask(&pool, &question).await;
                            (question, reply)
                        });
                    }
                    continue;
                }
                Step::Done => return,
                Step::Wait => running.join_next().await,
                Step::WaitAtMost(patience) => {
                    let Ok(answered) = timeout(patience, running.join_next()).await else {
                        plan.settle();
                        continue;
                    };
                    answered
                }
            };
            match answered {
                Some(Ok((question, reply))) => plan.answer(&question, reply),
                // A task that has come to nothing leaves its question open till the end.
                Some(Err(_)) => {}
                None => return,
            }
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How patient a [`Resolver`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Options {
    deadline: Duration,
    question_timeout: Duration,
}

impl Options {
    /// The options with another time for a whole resolution; 5 seconds unless told otherwise.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The options with another time for a single question, repetitions included; 3 seconds unless
    /// told otherwise.
    #[must_use]
    pub const fn with_question_timeout(mut self, timeout: Duration) -> Self {
        self.question_timeout = timeout;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            question_timeout: Duration::from_secs(3),
        }
    }
}

async fn ask(pool: &NameServerPool<TokioRuntimeProvider>, question: &Question) -> Reply {
    let Ok(mut name) = Name::from_ascii(question.name().as_str()) else {
        return Reply::Failed(QueryFailure::Server);
    };
    name.set_fqdn(true);
    let query = Query::query(
        name,
        match question.kind() {
            QuestionKind::A => RecordType::A,
            QuestionKind::Aaaa => RecordType::AAAA,
            QuestionKind::Naptr => RecordType::NAPTR,
            QuestionKind::Srv => RecordType::SRV,
        },
    );
    let mut options = DnsRequestOptions::default();
    let mut answer = pool.lookup(query.clone(), options).first_answer().await;
    // Servers that do not know EDNS say so, and answer without it (RFC 6891 section 7).
    if let Err(NetError::Dns(DnsError::ResponseCode(
        ResponseCode::FormErr | ResponseCode::NotImp,
    ))) = &answer
    {
        options.use_edns = false;
        answer = pool.lookup(query, options).first_answer().await;
    }
    match answer {
        Ok(message) => Reply::Records {
            answers: message.answers.iter().filter_map(record).collect(),
            additionals: message.additionals.iter().filter_map(record).collect(),
        },
        Err(NetError::Dns(DnsError::NoRecordsFound(none)))
            if matches!(
                none.response_code,
                ResponseCode::NoError | ResponseCode::NXDomain
            ) =>
        {
            Reply::Records {
                answers: Vec::new(),
                additionals: Vec::new(),
            }
        }
        Err(error) => Reply::Failed(match error {
            NetError::Timeout => QueryFailure::Timeout,
            NetError::Io(_) | NetError::NoConnections | NetError::Busy => QueryFailure::Unreachable,
            _ => QueryFailure::Server,
        }),
    }
}

/// The record, if it is one of use; one with a name that is no host's and no service's is not.
fn record(record: &rr::Record) -> Option<Record> {
    let name = |name: &Name| name.to_ascii().parse::<DomainName>().ok();
    // `None` is the root, and not a name that cannot be read.
    let or_root = |other: &Name| match other.is_root() {
        true => Some(None),
        false => name(other).map(Some),
    };
    let text = |bytes: &[u8]| str::from_utf8(bytes).ok().map(Box::from);
    let data = match &record.data {
        RData::A(address) => RecordData::A(address.0),
        RData::AAAA(address) => RecordData::Aaaa(address.0),
        RData::CNAME(other) => RecordData::Cname(name(&other.0)?),
        RData::NAPTR(naptr) => RecordData::Naptr(Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags)?,
            services: text(&naptr.services)?,
            regexp: text(&naptr.regexp)?,
            replacement: or_root(&naptr.replacement)?,
        }),
        RData::SRV(srv) => RecordData::Srv(Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: or_root(&srv.target)?,
        }),
        _ => return None,
    };
    // RFC 2181 section 8: a time with the highest bit set is zero.
    let seconds = if record.ttl > i32::MAX as u32 {
        0
    } else {
        record.ttl
    };
    let ttl = Duration::from_secs(seconds.into());
    Some(Record::new(name(&record.name)?, ttl, data))
}
