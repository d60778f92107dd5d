//! Behaviour of the public interface, a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail, and its helpers with it"
)]

mod access;
mod allocation;
mod attacks;
mod cache;
mod challenge;
mod claims;
mod conformance;
mod credentials;
mod forge;
#[cfg(feature = "fetch")]
mod https;
mod introspection;
mod issuer;
mod key_set;
#[cfg(feature = "tower")]
mod layer;
mod lookup;
mod matrix;
mod opaque;
mod partner;
mod poll;
mod refresh;
mod refreshed;
mod rejection;
mod remote;
mod revocation;
mod rfc;
mod secrets;
