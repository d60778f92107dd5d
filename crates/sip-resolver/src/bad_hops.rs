//! Servers that have failed lately.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::{Hop, Transport};

/// Servers that have failed lately, by address, port and transport, each for a time.
///
/// It changes no list of servers that a transaction goes through already: it only puts bad ones
/// behind all others in a new one ([`Resolution::failover_avoiding`](crate::Resolution::failover_avoiding)),
/// so that a server which is alone is tried all the same. At most
/// [`CAPACITY`](Self::CAPACITY) servers are remembered; the one that would be forgotten first makes
/// room for another.
///
/// # Source
///
/// RFC 3263 section 4.3, <https://www.rfc-editor.org/rfc/rfc3263#section-4.3>, leaves open how long a
/// failure is remembered.
#[derive(Clone, Debug)]
pub struct BadHops {
    lifetime: Duration,
    until: HashMap<(SocketAddr, Transport), Instant>,
}

impl BadHops {
    /// The most servers that are remembered: 1,024.
    pub const CAPACITY: usize = 1_024;

    /// A memory of failures that each last for `lifetime`.
    #[must_use]
    pub fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            until: HashMap::new(),
        }
    }

    /// Remembers that this server has failed.
    pub fn mark(&mut self, hop: &Hop, now: Instant) {
        self.mark_for(hop, self.lifetime, now);
    }

    /// Remembers that this server has failed, for another time than usual, as `Retry-After` in a 503
    /// says it.
    pub fn mark_for(&mut self, hop: &Hop, lifetime: Duration, now: Instant) {
        let key = key(hop);
        if self.until.len() >= Self::CAPACITY && !self.until.contains_key(&key) {
            let first = self.until.iter().min_by_key(|(_, until)| **until);
            if let Some(first) = first.map(|(key, _)| *key) {
                self.until.remove(&first);
            }
        }
        // What does not fit the clock is for ever.
        let far = || now.checked_add(FAR).unwrap_or(now);
        let until = now.checked_add(lifetime).unwrap_or_else(far);
        self.until.insert(key, until);
    }

    /// Forgets the failure of a server that has done its work since.
    pub fn forget(&mut self, hop: &Hop) {
        self.until.remove(&key(hop));
    }

    /// Forgets failures whose time is over.
    pub fn purge(&mut self, now: Instant) {
        self.until.retain(|_, until| *until > now);
    }

    /// Whether this server has failed lately.
    #[must_use]
    pub fn is_bad(&self, hop: &Hop, now: Instant) -> bool {
        self.until.get(&key(hop)).is_some_and(|until| *until > now)
    }

    /// How many servers are remembered, those included whose time is over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.until.len()
    }

    /// Whether no server is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_empty()
    }
}

impl Default for BadHops {
    /// Failures last for 30 seconds.
    fn default() -> Self {
        Self::new(Duration::from_secs(30))
    }
}

const fn key(hop: &Hop) -> (SocketAddr, Transport) {
    (hop.address, hop.transport)
}

/// A year, for what a clock cannot tell.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
