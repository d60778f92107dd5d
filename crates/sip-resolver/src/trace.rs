//! A record of what was asked, answered and decided.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::{DomainName, Exchange, QueryFailure, Question, Record};

/// What was asked, answered and decided, in order. `Display` gives a line for each.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trace(pub(crate) Vec<TraceEntry>);

impl Trace {
    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[TraceEntry] {
        &self.0
    }

    /// How many questions were asked.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.asked().count()
    }

    /// How many times questions were sent, those sent together counting once: no more than this many
    /// answers were waited for one after another. It may be fewer, since questions are also sent while
    /// others are under way.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        let round = |entry: &TraceEntry| match entry.event {
            TraceEvent::Asked { round, .. } => Some(round),
            _ => None,
        };
        self.0.iter().filter_map(round).max().unwrap_or(0)
    }

    pub(crate) fn asked(&self) -> impl Iterator<Item = &Question> {
        self.0.iter().filter_map(|entry| match &entry.event {
            TraceEvent::Asked { question, .. } => Some(question),
            _ => None,
        })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.0 {
            writeln!(f, "{entry}")?;
        }
        Ok(())
    }
}

/// An entry of a [`Trace`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TraceEntry {
    pub(crate) at: Duration,
    pub(crate) event: TraceEvent,
}

impl TraceEntry {
    /// When it happened, from the beginning; zero where the driver of the plan did not
    /// [tell](crate::Plan::elapsed).
    #[must_use]
    pub const fn at(&self) -> Duration {
        self.at
    }

    /// What happened.
    #[must_use]
    pub const fn event(&self) -> &TraceEvent {
        &self.event
    }
}

impl fmt::Display for TraceEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:8.2} ms {}",
            self.at.as_secs_f64() * 1000.0,
            self.event
        )
    }
}

/// What happened on the way to the servers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TraceEvent {
    /// An answer has come.
    Answered {
        /// What was asked.
        question: Question,
        /// The records of the answer section.
        answers: Vec<Record>,
        /// How many records of the additional section may be used.
        additionals: usize,
        /// How it came, where the driver of the plan [told](crate::Plan::answer_with).
        exchange: Option<Exchange>,
    },
    /// A question was sent.
    Asked {
        /// What was asked.
        question: Question,
        /// Questions of the same number, counted from 1, were sent together.
        round: usize,
    },
    /// A question has no answer.
    Failed {
        /// What was asked.
        question: Question,
        /// Why there is no answer.
        failure: QueryFailure,
        /// How it failed, where the driver of the plan [told](crate::Plan::answer_with); with
        /// several name servers, at the last of them.
        exchange: Option<Exchange>,
    },
    /// Something was decided.
    Noted(Note),
}

impl TraceEvent {
    /// How the question and its answer went, of an event about one.
    #[must_use]
    pub const fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Answered { exchange, .. } | Self::Failed { exchange, .. } => exchange.as_ref(),
            Self::Asked { .. } | Self::Noted(_) => None,
        }
    }
}

impl fmt::Display for TraceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered {
                question,
                answers,
                additionals,
                exchange,
            } => {
                write!(f, "< {question}:")?;
                if answers.is_empty() {
                    write!(f, " no records")?;
                }
                for (at, answer) in answers.iter().enumerate() {
                    write!(f, "{} {answer}", if at == 0 { "" } else { ";" })?;
                }
                if *additionals > 0 {
                    write!(f, " (+{additionals})")?;
                }
                write_exchange(f, exchange.as_ref())
            }
            Self::Asked { question, round } => write!(f, "> {question} (round {round})"),
            Self::Failed {
                question,
                failure,
                exchange,
            } => {
                write!(f, "! {question}: {failure}")?;
                write_exchange(f, exchange.as_ref())
            }
            Self::Noted(note) => write!(f, "- {note}"),
        }
    }
}

fn write_exchange(f: &mut fmt::Formatter<'_>, exchange: Option<&Exchange>) -> fmt::Result {
    match exchange {
        Some(exchange) => write!(f, " [{exchange}]"),
        None => Ok(()),
    }
}

/// A decision on the way to the servers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// The answer was known, since so long ago.
    Cached(Duration),
    /// The answer was known and is past its lifetime, by so much; nothing newer could be had.
    Stale(Duration),
    /// The addresses of the domain itself are taken.
    DomainAddresses,
    /// Nothing stands at the name that a NAPTR record points to; the next one is tried.
    NaptrDangles(DomainName),
    /// What stands at the name that a NAPTR record points to could not be had; the next one is tried.
    NaptrFails(DomainName),
    /// NAPTR records could not be had, and might have led to TLS; servers without it are not taken.
    NaptrMayNeedTls,
    /// NAPTR records could not be had; SRV records are tried.
    NaptrUnanswered,
    /// NAPTR records offer SIP, but not over TLS.
    NaptrWithoutTls,
    /// A NAPTR record with both an expression and a replacement, or neither, is left out.
    NaptrMalformed,
    /// A NAPTR record about SIP with other flags than `s`, `a` and `u` is left out.
    NaptrOtherFlags,
    /// The name says that the service is not available there.
    NotAvailable(DomainName),
    /// A server without port is left out.
    NoPort(DomainName),
    /// A server without addresses is left out.
    NoAddress(DomainName),
    /// An address that no server can have (unspecified, multicast, broadcast, IPv4 in IPv6) is left out.
    NoServer(IpAddr),
    /// Too many searches are under way; it was not asked for.
    TooManySearches,
    /// A server is left out whose addresses were not asked for, or the question has failed.
    Unanswered(DomainName),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cached(age) => write!(f, "known for {:.1} s", age.as_secs_f64()),
            Self::Stale(by) => write!(f, "past its lifetime by {:.1} s", by.as_secs_f64()),
            Self::DomainAddresses => f.write_str("no SRV records: addresses of the domain"),
            Self::NaptrDangles(name) => write!(f, "nothing at {name}, to which NAPTR points"),
            Self::NaptrFails(name) => {
                write!(f, "no answer about {name}, to which NAPTR points")
            }
            Self::NaptrMayNeedTls => {
                f.write_str("NAPTR might have led to TLS: servers without it left out")
            }
            Self::NaptrUnanswered => f.write_str("NAPTR unanswered: on to SRV"),
            Self::NaptrWithoutTls => f.write_str("NAPTR offers SIP, but not over TLS"),
            Self::NaptrMalformed => f.write_str("malformed NAPTR record left out"),
            Self::NaptrOtherFlags => {
                f.write_str("NAPTR record with flags that are not of SIP left out")
            }
            Self::NotAvailable(name) => write!(f, "not available: {name}"),
            Self::NoPort(name) => write!(f, "no port at {name}: left out"),
            Self::NoServer(address) => write!(f, "no server has {address}: left out"),
            Self::TooManySearches => f.write_str("too many searches under way: not asked"),
            Self::Unanswered(name) => write!(f, "addresses of {name} unknown: left out"),
            Self::NoAddress(name) => write!(f, "no address of {name}: left out"),
        }
    }
}
