#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod audit;
mod capf;
mod codes;
mod column;
mod connect;
mod devices;
mod error;
mod guesses;
mod onboarding;
mod options;
mod outbox;
mod pool;
mod registry;
mod schema;
mod session;
mod store;

pub use error::{OpenError, PostgresError, RootsError, SchemaNameError};
pub use options::{Clock, PostgresOptions, SchemaName};
pub use store::PostgresStore;
