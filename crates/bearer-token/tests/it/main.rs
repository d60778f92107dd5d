//! Behaviour of the public interface, a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail, and its helpers with it"
)]

mod attacks;
mod challenge;
mod claims;
mod conformance;
mod credentials;
mod forge;
#[cfg(feature = "fetch")]
mod https;
mod issuer;
mod key_set;
mod matrix;
mod poll;
mod refresh;
mod refreshed;
mod remote;
mod rfc;
mod secrets;
