#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

pub mod actor;
pub mod capf;
pub mod codes;
mod fixture;
pub mod guess;
pub mod history;
pub mod life_cycle;
mod list;
pub mod model;
pub mod network;
pub mod node;
pub mod outbox;
pub mod process;
pub mod race;
pub mod registry;
pub mod right;
mod tally;
pub mod void;
mod world;

pub use fixture::{Fixture, NetworkFixture, SharedFixture};
pub use tally::Tally;
