//! What can go wrong, apart by who has to act.

use std::error::Error as StdError;

use thiserror::Error;

use crate::Trace;

/// No server was found; with everything that was asked and answered.
#[derive(Clone, Debug, Error)]
#[error("no SIP server for {target}")]
pub struct ResolveFailure {
    pub(crate) target: Box<str>,
    #[source]
    pub(crate) error: ResolveError,
    pub(crate) trace: Trace,
}

impl ResolveFailure {
    /// Why no server was found.
    #[must_use]
    pub const fn error(&self) -> ResolveError {
        self.error
    }

    /// Every question, answer and decision.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Whether another attempt may succeed without anybody changing anything.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(
            self.error,
            ResolveError::Entropy(_) | ResolveError::Temporary
        )
    }
}

/// Why no server was found.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ResolveError {
    /// The source of entropy failed, so servers cannot be drawn by weight. Try again later.
    #[error("cannot draw by weight")]
    Entropy(#[source] EntropyError),
    /// Aliases lead in a circle. The domain's administrator has to mend its records.
    #[error("aliases lead in a circle")]
    Loop,
    /// The domain offers SIP, but not over TLS, and nothing else is allowed.
    #[error("no service over TLS")]
    NoTlsService,
    /// There are no records that lead to a server.
    #[error("no records")]
    NotFound,
    /// The domain says that it does not offer the service.
    #[error("service decidedly not available")]
    ServiceNotAvailable,
    /// A name server has failed or stayed silent. Try again later.
    #[error("name server failed")]
    Temporary,
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum QueryFailure {
    /// No server could be reached.
    #[error("no name server reached")]
    Unreachable,
    /// The server has refused the question or failed to answer it.
    #[error("name server failed")]
    Server,
    /// No answer came in time.
    #[error("no answer in time")]
    Timeout,
    /// More questions than the limit allows; it was not asked.
    #[error("too many questions")]
    TooManyQuestions,
}

/// A resolver cannot be set up. The administrator has to act.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No name server is given.
    #[error("no name servers")]
    NoServers,
    /// There is no TLS for the encrypted transports that `hickory` is built for.
    #[error("no TLS for name servers")]
    Tls(#[source] Box<dyn StdError + Send + Sync>),
}

/// A text is not a domain name.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseNameError {
    /// Not a character of a name, an empty label, or the 64th character of a label.
    #[error("bad domain name at octet {at}")]
    Bad {
        /// Where, in octets from 0.
        at: usize,
    },
    /// Nothing.
    #[error("empty domain name")]
    Empty,
    /// More than 253 characters.
    #[error("domain name of more than 253 characters")]
    TooLong,
}

/// A text is not the target of a SIP request.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseTargetError {
    /// Neither an address nor a domain name.
    #[error("bad host at octet {at}")]
    BadHost {
        /// Where the fault is, in octets from 0.
        at: usize,
    },
    /// A parameter that is malformed.
    #[error("bad parameter at octet {at}")]
    BadParameter {
        /// Where the parameter begins, in octets from 0.
        at: usize,
    },
    /// Not a port from 1 to 65535.
    #[error("bad port at octet {at}")]
    BadPort {
        /// Where the port begins, in octets from 0.
        at: usize,
    },
    /// `transport=udp`, or `maddr`, which a `sips:` URI cannot have.
    #[error("parameter at octet {at} is not secure")]
    NotSecure {
        /// Where the parameter begins, in octets from 0.
        at: usize,
    },
    /// A parameter that stands twice.
    #[error("repeated parameter at octet {at}")]
    Repeated {
        /// Where the second one begins, in octets from 0.
        at: usize,
    },
    /// Longer than 1,024 octets.
    #[error("target of {length} octets")]
    TooLong {
        /// The length in octets.
        length: usize,
    },
    /// A transport other than TCP, TLS and UDP.
    #[error("unsupported transport at octet {at}")]
    UnsupportedTransport {
        /// Where the parameter begins, in octets from 0.
        at: usize,
    },
}

/// The source of entropy failed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("entropy source failed")]
#[non_exhaustive]
pub struct EntropyError;

impl EntropyError {
    /// The error, for implementors of [`Entropy`](crate::Entropy).
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for EntropyError {
    fn default() -> Self {
        Self::new()
    }
}
