//! The servers of a target, before an order is drawn.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::evaluate::Server;
use crate::order::{by_turns, by_weight, least};
use crate::trace::{Note, TraceEntry, TraceEvent};
use crate::{Entropy, EntropyError, Hop, Plan, Resolution, ResolveFailure, Target, Trace};

/// The servers of a target, before the order of those of one priority is drawn: what may be kept
/// and drawn from for many transactions.
#[derive(Clone, Debug)]
pub struct Location {
    /// By priority.
    servers: Vec<Server>,
    verify: Arc<str>,
    holds: Duration,
    trace: Trace,
}

impl Location {
    pub(crate) fn new(
        mut servers: Vec<Server>,
        verify: Arc<str>,
        holds: Duration,
        trace: Trace,
    ) -> Self {
        servers.sort_by_key(|server| server.priority);
        Self {
            servers,
            verify,
            holds,
            trace,
        }
    }

    /// How long it may be kept: the least of all records and answers that it follows from, those
    /// included that say that there is nothing; [`Duration::MAX`] where nothing was asked.
    ///
    /// Where a name server has failed for something that could be done without, 30 seconds at most.
    #[must_use]
    pub const fn holds(&self) -> Duration {
        self.holds
    }

    /// Every question, answer and decision.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The servers in the order in which one transaction is to try them: by priority, and among
    /// those of one priority drawn from `entropy` by weight.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when `entropy` fails.
    pub fn draw(&self, entropy: &mut dyn Entropy) -> Result<Resolution, EntropyError> {
        let hops = self.hops(Duration::ZERO, entropy)?;
        Ok(Resolution {
            hops,
            trace: self.trace.clone(),
        })
    }

    /// As [`draw`](Self::draw), of a location that was found `age` ago.
    pub(crate) fn draw_later(
        &self,
        age: Duration,
        note: Note,
        entropy: &mut dyn Entropy,
    ) -> Result<Resolution, EntropyError> {
        let entry = TraceEntry {
            at: Duration::ZERO,
            event: TraceEvent::Noted(note),
        };
        Ok(Resolution {
            hops: self.hops(age, entropy)?,
            trace: Trace(vec![entry]),
        })
    }

    /// As [`draw`](Self::draw), once for all.
    pub(crate) fn into_drawn(
        self,
        target: &Target,
        entropy: &mut dyn Entropy,
    ) -> Result<Resolution, ResolveFailure> {
        match self.hops(Duration::ZERO, entropy) {
            Ok(hops) => Ok(Resolution {
                hops,
                trace: self.trace,
            }),
            Err(error) => Err(ResolveFailure::entropy(target, error, self.trace)),
        }
    }

    pub(crate) fn without_trace(&self) -> Self {
        Self {
            servers: self.servers.clone(),
            verify: Arc::clone(&self.verify),
            holds: self.holds,
            trace: Trace::default(),
        }
    }

    fn hops(&self, age: Duration, entropy: &mut dyn Entropy) -> Result<Vec<Hop>, EntropyError> {
        let mut hops: Vec<Hop> = Vec::with_capacity(self.servers.len());
        // One with many addresses must leave room for others.
        let most = match self.servers.len() {
            1 => Plan::MAX_HOPS,
            _ => MAX_ADDRESSES,
        };
        let same_priority = |one: &Server, other: &Server| one.priority == other.priority;
        for group in self.servers.chunk_by(same_priority) {
            for server in by_weight(group.iter().collect(), |server| server.weight, entropy)? {
                let room = most.min(Plan::MAX_HOPS - hops.len());
                for (address, ttl) in new_addresses(server, &hops, room) {
                    let hop = Hop {
                        transport: server.transport,
                        address: (*address, server.port).into(),
                        verify: Arc::clone(&self.verify),
                        host: server.host.clone(),
                        priority: server.priority,
                        ttl: match *ttl {
                            Duration::MAX => Duration::MAX,
                            ttl => ttl.saturating_sub(age),
                        },
                    };
                    hops.push(hop);
                }
            }
        }
        Ok(hops)
    }
}

/// At most `most` addresses of `server` that are not among `known`, of each family those of the least
/// value: name servers turn them about, and two runs must give the same.
fn new_addresses<'a>(
    server: &'a Server,
    known: &[Hop],
    most: usize,
) -> Vec<&'a (IpAddr, Duration)> {
    let mut seen: HashSet<_> = known.iter().map(|hop| hop.address).collect();
    let addresses = server.addresses.iter();
    let new: Vec<_> = addresses
        .filter(|(address, _)| seen.insert((*address, server.port).into()))
        .collect();
    if new.len() <= most {
        return new;
    }
    let leads = server
        .addresses
        .first()
        .map(|(address, _)| address.is_ipv4());
    let is_first = |(address, _): &&(IpAddr, Duration)| Some(address.is_ipv4()) == leads;
    let (first, second): (Vec<_>, Vec<_>) = new.into_iter().partition(is_first);
    // As many of each as there would be by turns.
    let half = most.div_ceil(2);
    let firsts = half.max(most.saturating_sub(second.len())).min(first.len());
    let by_value = |(one, _): &&(IpAddr, _), (other, _): &&(IpAddr, _)| one.cmp(other);
    by_turns(
        least(first, firsts, by_value),
        least(second, most - firsts, by_value),
    )
}

/// How many addresses of a server are taken where there are others.
const MAX_ADDRESSES: usize = 16;
