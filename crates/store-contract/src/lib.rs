#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
pub mod codes;
mod fixture;
mod list;
#[expect(
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test fails by panicking"
)]
pub mod model;
#[expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
pub mod registry;
#[expect(
    clippy::unwrap_used,
    reason = "the texts are fixed and the entropy is seeded"
)]
mod world;

pub use fixture::Fixture;
