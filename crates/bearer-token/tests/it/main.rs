//! Behaviour of the public interface, a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail, and its helpers with it"
)]

mod access;
mod algorithm;
mod allocation;
mod attacks;
#[cfg(feature = "client")]
mod cache;
mod challenge;
mod claims;
mod conformance;
mod credentials;
mod forge;
#[cfg(feature = "fetch")]
mod https;
#[cfg(feature = "client")]
mod introspection;
mod issuer;
mod key_set;
#[cfg(all(feature = "client", feature = "tower"))]
mod layer;
#[cfg(feature = "client")]
mod lookup;
mod matrix;
#[cfg(feature = "async")]
mod opaque;
mod partner;
#[cfg(feature = "client")]
mod poll;
#[cfg(feature = "client")]
mod refresh;
#[cfg(feature = "client")]
mod refreshed;
mod rejection;
#[cfg(feature = "client")]
mod remote;
#[cfg(feature = "client")]
mod revocation;
mod rfc;
#[cfg(feature = "client")]
mod secrets;
#[cfg(feature = "client")]
mod token_info;
