#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod entropy;
mod error;
mod evaluate;
mod failover;
#[cfg(feature = "hickory")]
mod hickory;
mod hop;
mod name;
mod order;
mod plan;
mod policy;
mod record;
mod target;
mod trace;

pub use entropy::Entropy;
pub use error::{
    EntropyError, ParseNameError, ParseTargetError, QueryFailure, ResolveError, ResolveFailure,
    SetupError,
};
pub use failover::{Cause, Failover};
#[cfg(feature = "hickory")]
pub use hickory::{Options, Resolver};
pub use hop::{Hop, Resolution};
pub use name::DomainName;
pub use plan::{Plan, Step};
pub use policy::{NaptrWithoutTls, Policy};
pub use record::{Naptr, Question, QuestionKind, Record, RecordData, Reply, Srv};
pub use target::{Host, Scheme, Target, Transport};
pub use trace::{Note, Trace, TraceEntry};
