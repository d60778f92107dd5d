//! From one server to the next.

use std::time::{Duration, Instant};

use crate::Hop;

/// A cursor over the servers of a [`Resolution`](crate::Resolution), for one transaction.
///
/// Who talks to one server after the other uses [`current`](Self::current) and
/// [`fail`](Self::fail). Who opens connections lets the addresses of one server race:
/// [`attempt`](Self::attempt) says which to start and when.
///
/// # Source
///
/// RFC 3263 section 4.3, <https://www.rfc-editor.org/rfc/rfc3263#section-4.3>; for the race, RFC 8305
/// section 5, <https://www.rfc-editor.org/rfc/rfc8305#section-5>.
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
///             Err(cause) => servers.fail(hop, cause),
///         }
///     }
///     false
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Failover<'a> {
    hops: Vec<(&'a Hop, State)>,
    delay: Duration,
    started: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Failed(Cause),
    Started,
    Untried,
}

/// What to do about connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Attempt<'a> {
    /// All servers have failed.
    Exhausted,
    /// Open a connection to this one, beside those that are being opened.
    Start(&'a Hop),
    /// Wait for a connection that is being opened.
    Wait,
    /// As [`Wait`](Self::Wait), but no longer than to this moment, and then ask again.
    WaitUntil(Instant),
}

impl<'a> Failover<'a> {
    /// How long a connection has before the next one is opened beside it, unless told otherwise:
    /// 250 ms.
    ///
    /// # Source
    ///
    /// RFC 8305 section 8, <https://www.rfc-editor.org/rfc/rfc8305#section-8>: 250 ms recommended.
    pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
    /// The least delay: 10 ms (RFC 8305 section 8).
    pub const MIN_ATTEMPT_DELAY: Duration = Duration::from_millis(10);
    /// The greatest delay: 2 s (RFC 8305 section 8).
    pub const MAX_ATTEMPT_DELAY: Duration = Duration::from_secs(2);

    pub(crate) fn new(hops: Vec<&'a Hop>) -> Self {
        Self {
            hops: hops.into_iter().map(|hop| (hop, State::Untried)).collect(),
            delay: Self::ATTEMPT_DELAY,
            started: None,
        }
    }

    /// The cursor with another delay between connections, put within the limits.
    #[must_use]
    pub fn with_attempt_delay(mut self, delay: Duration) -> Self {
        self.delay = delay.clamp(Self::MIN_ATTEMPT_DELAY, Self::MAX_ATTEMPT_DELAY);
        self
    }

    /// Goes on to the next server, because this one has failed; a second cause changes nothing.
    pub fn fail(&mut self, hop: &Hop, cause: Cause) {
        let known = self.hops.iter_mut().find(|(known, _)| *known == hop);
        if let Some((_, state @ (State::Started | State::Untried))) = known {
            *state = State::Failed(cause);
        }
    }

    /// Which connection to open now, if any.
    ///
    /// Only addresses of one server race: the next server is for when all of these have failed.
    pub fn attempt(&mut self, now: Instant) -> Attempt<'a> {
        let alive = |(_, state): &(&Hop, State)| !matches!(state, State::Failed(_));
        let Some(first) = self.hops.iter().position(alive) else {
            return Attempt::Exhausted;
        };
        let Some((server, _)) = self.hops.get(first).copied() else {
            return Attempt::Exhausted;
        };
        let mut racing = false;
        for (hop, state) in self.hops.iter_mut().skip(first) {
            match state {
                State::Failed(_) => {}
                _ if !is_same_server(hop, server) => break,
                State::Started => racing = true,
                State::Untried => {
                    let due = self.started.and_then(|at| at.checked_add(self.delay));
                    if let (true, Some(due)) = (racing, due)
                        && due > now
                    {
                        return Attempt::WaitUntil(due);
                    }
                    *state = State::Started;
                    self.started = Some(now);
                    return Attempt::Start(hop);
                }
            }
        }
        Attempt::Wait
    }

    /// The server to try now; `None` when all have failed.
    #[must_use]
    pub fn current(&self) -> Option<&'a Hop> {
        let alive = |(_, state): &&(&Hop, State)| !matches!(state, State::Failed(_));
        self.hops.iter().find(alive).map(|(hop, _)| *hop)
    }

    /// The servers that have failed, in order, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&'a Hop, Cause)> {
        self.hops.iter().filter_map(|(hop, state)| match state {
            State::Failed(cause) => Some((*hop, *cause)),
            State::Started | State::Untried => None,
        })
    }
}

/// Whether two addresses belong to the same SRV record.
fn is_same_server(one: &Hop, other: &Hop) -> bool {
    let port = |hop: &Hop| hop.address.port();
    one.host == other.host && one.priority == other.priority && port(one) == port(other)
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
