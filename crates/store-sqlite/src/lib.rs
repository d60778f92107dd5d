#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod capf;
mod codes;
mod column;
mod devices;
mod error;
mod guesses;
mod log;
mod onboarding;
mod options;
mod registry;
mod schema;
mod shared;
mod store;
mod worker;

pub use error::OpenError;
pub use options::SqliteOptions;
pub use store::SqliteStore;
