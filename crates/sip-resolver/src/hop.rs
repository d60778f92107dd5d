//! The servers that were found.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{BadHops, DomainName, Failover, Trace, Transport};

/// A server to try.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hop {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
    pub(crate) verify: Arc<str>,
    pub(crate) host: Option<DomainName>,
    pub(crate) priority: u16,
    pub(crate) ttl: Duration,
}

impl Hop {
    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The address and port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server's certificate must show: the domain (or address) that was asked for, and
    /// never a name that some record led to.
    ///
    /// # Source
    ///
    /// RFC 5922 section 7.3, <https://www.rfc-editor.org/rfc/rfc5922#section-7.3>.
    #[must_use]
    pub fn verify(&self) -> &str {
        &self.verify
    }

    /// The name that the address belongs to, for logs; `None` where the target was an address.
    ///
    /// Some record led to it, so it proves nothing: see [`verify`](Self::verify).
    #[must_use]
    pub const fn host(&self) -> Option<&DomainName> {
        self.host.as_ref()
    }

    /// The priority of the SRV record that led here; 0 where none did.
    #[must_use]
    pub const fn priority(&self) -> u16 {
        self.priority
    }

    /// How long this is known to hold: the least of all records that led here;
    /// [`Duration::MAX`] where none did.
    #[must_use]
    pub const fn ttl(&self) -> Duration {
        self.ttl
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} as {}", self.transport, self.address, self.verify)
    }
}

/// The servers to try, in order, and how they were found.
#[derive(Clone, Debug)]
pub struct Resolution {
    pub(crate) hops: Vec<Hop>,
    pub(crate) trace: Trace,
}

impl Resolution {
    /// The servers, the one to try first in front; at least one.
    ///
    /// The order within a priority is drawn anew for each resolution: keep it for one transaction.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// A cursor over the servers, to go on to the next when one fails.
    #[must_use]
    pub fn failover(&self) -> Failover<'_> {
        Failover::new(self.hops.iter().collect())
    }

    /// As [`failover`](Self::failover), with servers that have failed lately behind all others.
    #[must_use]
    pub fn failover_avoiding(&self, bad: &BadHops, now: Instant) -> Failover<'_> {
        let mut hops: Vec<_> = self.hops.iter().collect();
        hops.sort_by_cached_key(|hop| bad.is_bad(hop, now));
        Failover::new(hops)
    }

    /// Every question, answer and decision.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How many questions were asked.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.trace.questions()
    }

    /// How many times questions were sent, those sent together counting once; see
    /// [`Trace::round_trips`].
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.trace.round_trips()
    }

    /// How long the whole of it holds: the least of all servers.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.hops.iter().map(Hop::ttl).min().unwrap_or_default()
    }
}
