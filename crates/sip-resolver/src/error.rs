//! What can go wrong, apart by who has to act.

use std::error::Error as StdError;
use std::time::Duration;

use thiserror::Error;

use crate::{Note, Target, Trace, TraceEntry, TraceEvent};

/// No server was found; with everything that was asked and answered.
#[derive(Clone, Debug, Error)]
#[error("no SIP server for {target}")]
pub struct ResolveFailure {
    pub(crate) target: Box<str>,
    #[source]
    pub(crate) error: ResolveError,
    pub(crate) holds: Duration,
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

    /// How long it holds that there is no server: the least of all answers it follows from. Zero
    /// where it is [temporary](Self::is_temporary), or where a name server did not say.
    #[must_use]
    pub const fn holds(&self) -> Duration {
        if self.is_temporary() {
            Duration::ZERO
        } else {
            self.holds
        }
    }

    /// Whether another attempt may succeed without anybody changing anything.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(
            self.error,
            ResolveError::Entropy(_) | ResolveError::Temporary
        )
    }

    pub(crate) fn without_trace(&self) -> Self {
        Self {
            target: self.target.clone(),
            error: self.error,
            holds: self.holds,
            trace: Trace::default(),
        }
    }

    pub(crate) fn entropy(target: &Target, error: EntropyError, trace: Trace) -> Self {
        Self {
            target: target.to_string().into(),
            error: ResolveError::Entropy(error),
            holds: Duration::ZERO,
            trace,
        }
    }

    /// Whether nobody has looked, as too many others were under way.
    pub(crate) fn is_for_want_of_room(&self) -> bool {
        let is_full =
            |one: &TraceEntry| matches!(one.event(), TraceEvent::Noted(Note::TooManySearches));
        self.trace.entries().iter().any(is_full)
    }

    /// It was not looked for, as too many others are under way.
    #[cfg(feature = "hickory")]
    pub(crate) fn too_many_searches(target: &Target) -> Self {
        let event = TraceEvent::Noted(Note::TooManySearches);
        let at = Duration::ZERO;
        Self {
            target: target.to_string().into(),
            error: ResolveError::Temporary,
            holds: Duration::ZERO,
            trace: Trace(vec![TraceEntry { at, event }]),
        }
    }
}

/// Why no server was found.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ResolveError {
    /// The source of entropy failed, so servers cannot be drawn by weight. Try again later.
    #[error("cannot draw by weight")]
    Entropy(#[source] EntropyError),
    /// Aliases lead in a circle, or more than eight of them follow one another in an answer, or more than
    /// five each of which has to be asked for. The domain's administrator has to mend its records.
    #[error("aliases without an end, or too many in a row")]
    Loop,
    /// The domain offers SIP, but not over TLS, and nothing else is allowed.
    #[error("no service over TLS")]
    NoTlsService,
    /// There are no records that lead to a server.
    #[error("no records")]
    NotFound,
    /// The domain says that it does not offer the service (RFC 2782, target `.`).
    #[error("service decidedly not available")]
    ServiceNotAvailable,
    /// A name server has failed or stayed silent, or too many searches are under way
    /// ([`Note::TooManySearches`](crate::Note::TooManySearches)). Try again later.
    #[error("name server failed")]
    Temporary,
}

impl ResolveError {
    /// `other`, unless this may pass.
    pub(crate) const fn or_temporary(self, other: Self) -> Self {
        match self {
            Self::Temporary => Self::Temporary,
            _ => other,
        }
    }
}

/// No domain leads to an edge nor to servers inside, or those inside were not asked for; with what was
/// found for each.
#[derive(Clone, Debug, Error)]
#[error("neither an edge nor servers inside")]
pub struct EdgeFailure {
    #[source]
    pub(crate) error: ResolveError,
    pub(crate) failures: Vec<ResolveFailure>,
}

impl EdgeFailure {
    /// [`ResolveError::Temporary`] where another attempt may succeed or lead inside, else
    /// [`ResolveError::NotFound`].
    #[must_use]
    pub const fn error(&self) -> ResolveError {
        self.error
    }

    /// What was found for each domain, inside before outside.
    #[must_use]
    pub fn failures(&self) -> &[ResolveFailure] {
        &self.failures
    }
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum QueryFailure {
    /// The answer is not signed as it should be (DNSSEC), or its signatures could not be looked at.
    #[error("bogus by DNSSEC")]
    Bogus,
    /// The server is not responsible for the name and pointed to others.
    #[error("name server not responsible")]
    Lame,
    /// All was known before an answer came.
    #[error("not waited for")]
    NotNeeded,
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
    #[error("not asked, too many questions")]
    TooManyQuestions,
    /// The answer is of a zone that is not signed (DNSSEC), and only signed ones are good.
    #[error("not signed")]
    Unsigned,
}

/// A resolver cannot be set up. The administrator has to act.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// No name server is given.
    #[error("no name servers")]
    NoServers,
    /// A name server is encrypted, and nothing was said about TLS.
    #[error("encrypted name server without TLS settings")]
    NoTls,
    /// There is no key to trust among the trust anchors.
    #[error("no trust anchors")]
    NoTrustAnchors,
    /// The name servers of this machine are not known.
    #[error("name servers of this machine unknown")]
    System(#[source] Box<dyn StdError + Send + Sync>),
    /// There is no TLS for the encrypted transports that `hickory` is built for.
    #[error("no TLS for name servers")]
    Tls(#[source] Box<dyn StdError + Send + Sync>),
    /// The keys to trust are no DNSKEY records.
    #[error("bad trust anchors")]
    TrustAnchors(#[source] Box<dyn StdError + Send + Sync>),
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
    /// A user before the host, without `sip:` or `sips:` before it.
    #[error("user without a scheme before octet {at}: write sip:USER@HOST")]
    NoScheme {
        /// Where the `@` is, in octets from 0.
        at: usize,
    },
    /// A host in another script than ASCII, which is to be given in its ASCII form.
    #[error("host not in ASCII at octet {at}: give its xn-- form")]
    NotAscii {
        /// Where the first octet is that is not ASCII, from 0.
        at: usize,
    },
    /// `transport=udp`, which a `sips:` URI cannot have.
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
    /// A URI of another scheme, such as `tel:` or `https:`.
    #[error("neither a sip: nor a sips: URI")]
    UnsupportedScheme,
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
