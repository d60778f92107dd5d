#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod bad_hops;
mod cache;
mod edge;
mod entropy;
mod error;
mod evaluate;
mod exchange;
mod failover;
#[cfg(feature = "hickory")]
mod hickory;
mod hop;
mod location;
mod name;
mod order;
mod plan;
mod policy;
mod record;
mod rule;
mod service;
mod target;
mod trace;

pub use bad_hops::BadHops;
pub use cache::{Cache, Cached, Freshness};
pub use edge::{Edge, EdgeFinding, Side};
pub use entropy::Entropy;
pub use error::{
    EdgeFailure, EntropyError, ParseNameError, ParseTargetError, QueryFailure, ResolveError,
    ResolveFailure, SetupError,
};
pub use exchange::{Exchange, NameServerTransport, Rcode};
pub use failover::{Attempt, Cause, Failover};
#[cfg(feature = "dnssec")]
pub use hickory::{Dnssec, Unsigned};
#[cfg(feature = "hickory")]
pub use hickory::{NameServer, Options, Resolver};
pub use hop::{Hop, Resolution};
pub use location::Location;
pub use name::DomainName;
pub use plan::{Plan, Step};
pub use policy::{AddressFallback, Families, NaptrUse, NaptrWithoutTls, Policy};
pub use record::{Naptr, Question, QuestionKind, Record, RecordData, Reply, Response, Srv};
pub use service::Service;
pub use target::{Host, Scheme, Target, Transport};
pub use trace::{Note, Trace, TraceEntry, TraceEvent};
