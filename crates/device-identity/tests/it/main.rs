//! One test binary for the crate; a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod agreement;
mod attack;
mod authority;
mod canary;
mod chain;
mod compatibility;
mod forge;
mod header;
mod limits;
#[cfg(feature = "parsed")]
mod parsed;
mod pattern;
mod policy;
mod proxy;
mod requirement;
mod revocation;
mod rule;
mod subject;
mod table;
mod validity;
#[cfg(feature = "rustls")]
mod verifier;
