//! From one server to the next.

use crate::Hop;

/// A cursor over the servers of a [`Resolution`](crate::Resolution), for one transaction.
///
/// # Source
///
/// RFC 3263 section 4.3, <https://www.rfc-editor.org/rfc/rfc3263#section-4.3>.
///
/// # Examples
///
/// ```
/// use offhook_sip_resolver::{Cause, Resolution};
///
/// fn register(resolution: &Resolution, attempt: impl Fn(&str) -> Result<(), Cause>) -> bool {
///     let mut servers = resolution.failover();
///     while let Some(hop) = servers.current() {
///         match attempt(&hop.to_string()) {
///             Ok(()) => return true,
///             Err(cause) => servers.fail(cause),
///         }
///     }
///     false
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Failover<'a> {
    hops: &'a [Hop],
    failed: Vec<Cause>,
}

impl<'a> Failover<'a> {
    pub(crate) const fn new(hops: &'a [Hop]) -> Self {
        Self {
            hops,
            failed: Vec::new(),
        }
    }

    /// Goes on to the next server, because the current one has failed.
    pub fn fail(&mut self, cause: Cause) {
        if self.failed.len() < self.hops.len() {
            self.failed.push(cause);
        }
    }

    /// The server to try now; `None` when all have failed.
    #[must_use]
    pub fn current(&self) -> Option<&'a Hop> {
        self.hops.get(self.failed.len())
    }

    /// The servers that have failed, in order, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&'a Hop, Cause)> {
        self.hops.iter().zip(self.failed.iter().copied())
    }
}

/// Why a server is given up. Any other answer of a server is final and no reason to go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// There was no connection, or its certificate did not show the name.
    Connection,
    /// It has answered 503.
    ServiceUnavailable,
    /// It has not answered in time.
    Timeout,
}
