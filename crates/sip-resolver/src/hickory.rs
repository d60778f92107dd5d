//! The driver: asks real name servers, by way of `hickory-resolver`.
//!
//! Its own resolver finds nothing where an alias owns SRV records, and its pool of name servers keeps
//! half of an answer to itself, so that questions go to its connections and the whole messages are
//! read here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TlsConfig;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    Cache, Cached, DomainName, Edge, EdgeFailure, EdgeFinding, Entropy, Freshness, Location, Plan,
    Policy, Resolution, ResolveFailure, SetupError, Step, Target,
};
#[cfg(feature = "dnssec")]
pub use dnssec::{Dnssec, Unsigned};
use flight::{Flight, Found, Memory};
pub use options::Options;
pub use server::NameServer;
use server::Servers;

mod connection;
#[cfg(feature = "dnssec")]
mod dnssec;
mod edns;
mod flight;
mod message;
mod options;
mod server;
mod single;
mod socket;

/// Finds SIP servers by asking name servers over UDP, and TCP where an answer is truncated.
///
/// Needs a Tokio runtime with time and I/O, the same for all who use it at a time. What is found is kept in a [`Cache`], which all clones
/// share. Names of the local host file are not looked at.
///
/// Those who ask for the same at once, and find nothing in the cache or something stale, wait for one
/// search: the same questions are asked once, and each draws its own order from what came of them. The
/// search goes on when whoever began it goes away; [so many](Options::with_max_searches) are under way
/// at once. A failure is told to all who wait, and to nobody who
/// comes later, unless it says that there is nothing.
///
/// # Examples
///
/// ```no_run
/// use std::error::Error;
///
/// use offhook_sip_resolver::{Entropy, NameServer, Options, Policy, Resolver};
///
/// async fn first(entropy: &mut (dyn Entropy + Send)) -> Result<String, Box<dyn Error>> {
///     let resolver = Resolver::new(NameServer::of_system()?, Options::default())?;
///     let target = "example.com".parse()?;
///     let found = resolver.resolve(&target, &Policy::room_os(), entropy).await?;
///     Ok(found.hops()[0].to_string())
/// }
/// ```
#[derive(Clone)]
pub struct Resolver(Arc<Shared>);

struct Shared {
    servers: Arc<Servers>,
    options: Options,
    memory: Arc<Memory>,
}

impl Resolver {
    /// A resolver that asks the first of `servers`, and the others in turn when one fails or takes
    /// longer than [`Options::with_server_delay`]; the one that has answered last comes first.
    ///
    /// # Errors
    ///
    /// [`SetupError`] when there is no server, or one is encrypted, which needs
    #[cfg_attr(feature = "tls", doc = "[`with_tls`](Self::with_tls).")]
    #[cfg_attr(not(feature = "tls"), doc = "the feature `tls`.")]
    pub fn new(
        servers: impl IntoIterator<Item: Into<NameServer>>,
        options: Options,
    ) -> Result<Self, SetupError> {
        let servers: Vec<NameServer> = servers.into_iter().map(Into::into).collect();
        if servers.iter().any(NameServer::is_encrypted) {
            return Err(SetupError::NoTls);
        }
        let tls = || TlsConfig::new().map_err(|error| SetupError::Tls(error.into()));
        Self::with(servers, &tls, options)
    }

    /// As [`new`](Self::new), with what TLS needs to know: roots, versions, cryptography.
    ///
    /// # Errors
    ///
    /// [`SetupError::NoServers`] when there is no server.
    #[cfg(feature = "tls")]
    pub fn with_tls(
        servers: impl IntoIterator<Item: Into<NameServer>>,
        tls: &rustls::ClientConfig,
        options: Options,
    ) -> Result<Self, SetupError> {
        let servers = servers.into_iter().map(Into::into).collect();
        let tls = || {
            let config = tls.clone();
            Ok(TlsConfig { config })
        };
        Self::with(servers, &tls, options)
    }

    fn with(
        servers: Vec<NameServer>,
        tls: &dyn Fn() -> Result<TlsConfig, SetupError>,
        options: Options,
    ) -> Result<Self, SetupError> {
        if servers.is_empty() {
            return Err(SetupError::NoServers);
        }
        let (question, delay) = (options.question_timeout, options.server_delay);
        let servers = Servers::new(servers, tls, question, delay)?;
        Ok(Self::of(servers, options))
    }

    fn of(servers: Servers, options: Options) -> Self {
        let cache = Cache::new(options.cache_capacity).with_max_stale(options.max_stale);
        Self(Arc::new(Shared {
            servers: Arc::new(servers),
            options,
            memory: Arc::new(Memory::new(cache, options.max_searches)),
        }))
    }

    /// A resolver with the same servers and options, and a cache of its own, that believes of signed
    /// zones what DNSSEC proves and nothing else. Whether it believes zones that are provably not signed
    /// is said by [`Dnssec::with_unsigned`].
    ///
    /// Each question costs others, for the keys of the zones up to a trusted one, which are not counted
    /// and not kept; all of them have the time of the one question, and EDNS is never given up. A bogus answer is a failure of that
    /// name server: the next one is asked, and where there is none, the question has failed.
    #[cfg(feature = "dnssec")]
    #[must_use]
    pub fn with_dnssec(&self, dnssec: &Dnssec) -> Self {
        Self::of(self.0.servers.validating(dnssec), self.0.options)
    }

    /// Finds the servers of `target` as `policy` wants it.
    ///
    /// # Errors
    ///
    /// [`ResolveFailure`] when there is none, none is found before the deadline, or `entropy` fails.
    pub async fn resolve(
        &self,
        target: &Target,
        policy: &Policy,
        entropy: &mut (dyn Entropy + Send),
    ) -> Result<Resolution, ResolveFailure> {
        self.outcome(target, policy).await.draw(target, entropy)
    }

    /// Finds out whether a device is inside of an enterprise network or outside, by the domains that
    /// its user may belong to, the preferred one first; all are asked at once, by two
    /// [searches](Options::with_max_searches) for each.
    ///
    /// # Errors
    ///
    /// [`EdgeFailure`] when no domain leads anywhere; see [`Edge::decide`].
    pub async fn edge(
        &self,
        domains: &[DomainName],
        entropy: &mut (dyn Entropy + Send),
    ) -> Result<Edge, EdgeFailure> {
        let targets = domains.iter().cloned().map(Target::from);
        let targets: Vec<_> = targets.collect();
        let mut running = JoinSet::new();
        for (at, target) in targets.iter().enumerate() {
            for (side, policy) in [Policy::cisco_uds(), Policy::collab_edge()]
                .iter()
                .enumerate()
            {
                let (resolver, target, policy) = (self.clone(), target.clone(), *policy);
                running.spawn(async move {
                    let outcome = resolver.outcome(&target, &policy).await;
                    ((at, side), outcome)
                });
            }
        }
        let mut outcomes = running.join_all().await;
        outcomes.sort_by_key(|(place, _)| *place);
        let mut outcomes = outcomes.into_iter().map(|(_, outcome)| outcome);
        let mut findings = Vec::new();
        for (domain, target) in domains.iter().zip(&targets) {
            let (Some(inside), Some(outside)) = (outcomes.next(), outcomes.next()) else {
                break;
            };
            findings.push(EdgeFinding {
                domain: domain.clone(),
                inside: inside.draw(target, entropy),
                outside: outside.draw(target, entropy),
            });
        }
        Edge::decide(findings)
    }

    /// Forgets what was found, and what is being found out for others is not kept.
    pub fn clear(&self) {
        self.0.memory.clear();
    }

    async fn outcome(&self, target: &Target, policy: &Policy) -> Outcome {
        let begun = Instant::now();
        let patience = self.0.options.deadline.saturating_add(LANDING);
        for attempt in 0..ATTEMPTS {
            let flight = match self.look(target, policy) {
                (None, None) => return Outcome::Found(Arc::new(unsought(target, policy))),
                (None, Some(flight)) => flight,
                (Some(stale), Some(flight)) if stale.freshness() == Freshness::Stale => {
                    return self.newer(stale, flight, target, policy).await;
                }
                (Some(known), _) => return Outcome::Cached(known),
            };
            let number = flight.number();
            let left = patience.saturating_sub(begun.elapsed());
            match timeout(left, flight.land()).await {
                Ok(Some(found)) => return Outcome::Found(found),
                // The runtime that it was searched on has ended, and this one has not.
                Ok(None) => {}
                Err(_) => {
                    // It had the time of a whole search: nobody drives its runtime.
                    if attempt == 0 {
                        self.0.memory.give_up(target, policy, number);
                    }
                    break;
                }
            }
        }
        let mut plan = Plan::new(target.clone(), *policy);
        plan.elapsed(begun.elapsed());
        Outcome::Found(Arc::new(plan.locate()))
    }

    /// What is known, and the search to wait for, which begins now where nobody searches yet.
    fn look(&self, target: &Target, policy: &Policy) -> (Option<Cached>, Option<Flight>) {
        let now = Instant::now().into_std();
        let prefetches = self.0.options.prefetches;
        let wants = |known: Option<&Cached>| match known.map(Cached::freshness) {
            None | Some(Freshness::Stale) => true,
            Some(Freshness::Ageing) => prefetches,
            Some(_) => false,
        };
        let (known, flight, pilot) = self.0.memory.look(target, policy, now, wants);
        if let Some(pilot) = pilot {
            // In a task of its own, so that whoever goes away takes it from nobody.
            let shared = Arc::clone(&self.0);
            tokio::spawn(async move {
                let begun = Instant::now();
                let found = shared.find(pilot.target(), pilot.policy(), begun).await;
                pilot.land(found, begun.into_std());
            });
        }
        (known, flight)
    }

    /// Something newer than what is stale, unless that fails or takes its time; then it goes on
    /// without anybody waiting for it.
    async fn newer(
        &self,
        stale: Cached,
        flight: Flight,
        target: &Target,
        policy: &Policy,
    ) -> Outcome {
        let is_newer = |found: &Found| match &**found {
            Ok(_) => true,
            Err(failure) => !failure.is_temporary(),
        };
        match timeout(STALE_PATIENCE, flight.land()).await {
            Ok(Some(found)) if is_newer(&found) => Outcome::Found(found),
            _ => {
                let now = Instant::now().into_std();
                self.0.memory.failed(target, policy, now);
                Outcome::Cached(stale)
            }
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

impl Shared {
    async fn find(
        &self,
        target: &Target,
        policy: &Policy,
        begun: Instant,
    ) -> Result<Location, ResolveFailure> {
        let mut plan = Plan::new(target.clone(), *policy);
        // At the deadline what is known by then has to do.
        let left = self.options.deadline.saturating_sub(begun.elapsed());
        let _ = timeout(left, self.drive(&mut plan, begun)).await;
        plan.elapsed(begun.elapsed());
        plan.locate()
    }

    async fn drive(&self, plan: &mut Plan, begun: Instant) {
        let mut running = JoinSet::new();
        // Since when no answer is needed that is missing.
        let mut content = None;
        loop {
            plan.elapsed(begun.elapsed());
            let step = plan.step();
            if !matches!(step, Step::WaitAtMost(_)) {
                content = None;
            }
            let answered = match step {
                Step::Ask(questions) => {
                    for question in questions {
                        let servers = Arc::clone(&self.servers);
                        running.spawn(async move {
                            let (reply, exchange) = servers.ask(&question).await;
                            (question, reply, exchange)
                        });
                    }
                    continue;
                }
                Step::Done => return,
                Step::Wait => running.join_next().await,
                Step::WaitAtMost(patience) => {
                    let until = *content.get_or_insert_with(Instant::now) + patience;
                    let Ok(answered) = timeout_at(until, running.join_next()).await else {
                        plan.elapsed(begun.elapsed());
                        plan.settle();
                        continue;
                    };
                    answered
                }
            };
            plan.elapsed(begun.elapsed());
            match answered {
                Some(Ok((question, reply, None))) => plan.answer(&question, reply),
                Some(Ok((question, reply, Some(exchange)))) => {
                    plan.answer_with(&question, reply, exchange);
                }
                // A task that has come to nothing leaves its question open till the end.
                Some(Err(_)) => {}
                None => return,
            }
        }
    }
}

/// What comes of a look-up, before an order is drawn.
enum Outcome {
    Cached(Cached),
    Found(Found),
}

impl Outcome {
    fn draw(
        self,
        target: &Target,
        entropy: &mut dyn Entropy,
    ) -> Result<Resolution, ResolveFailure> {
        let found = match self {
            Self::Cached(known) => return known.draw(target, entropy),
            Self::Found(found) => found,
        };
        match Arc::try_unwrap(found) {
            Ok(alone) => alone?.into_drawn(target, entropy),
            Err(shared) => shared.as_ref().clone()?.into_drawn(target, entropy),
        }
    }
}

/// What comes of a target that there is no room to search for: an address needs no question.
fn unsought(target: &Target, policy: &Policy) -> Result<Location, ResolveFailure> {
    let mut plan = Plan::new(target.clone(), *policy);
    match plan.step() {
        Step::Done => plan.locate(),
        _ => Err(ResolveFailure::too_many_searches(target)),
    }
}

/// How many searches are waited for that come to nothing.
const ATTEMPTS: usize = 2;
/// How long something newer than a stale answer is waited for.
///
/// RFC 8767 section 5: 1.8 seconds recommended.
const STALE_PATIENCE: Duration = Duration::from_millis(1_800);
/// How long after the deadline of a search its end is told at the latest.
const LANDING: Duration = Duration::from_millis(200);
