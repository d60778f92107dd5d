//! One test binary for the crate; a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod alias;
mod cache;
#[cfg(feature = "hickory")]
mod cases;
#[cfg(feature = "dnssec")]
mod dnssec;
mod edge;
#[cfg(feature = "hickory")]
mod edns;
#[cfg(feature = "https")]
mod encrypted;
#[cfg(feature = "hickory")]
mod exchange;
mod failover;
#[cfg(feature = "hickory")]
mod fault;
#[cfg(feature = "hickory")]
mod flight;
#[cfg(feature = "hickory")]
mod memory;
mod missing;
mod naptr;
#[cfg(feature = "hickory")]
mod network;
mod pace;
#[cfg(feature = "hickory")]
mod patience;
mod plan;
mod policy;
mod property;
#[cfg(feature = "hickory")]
mod server;
#[cfg(feature = "dnssec")]
mod signed;
mod target;
#[cfg(feature = "hickory")]
mod tcp;
mod weight;
mod zone;
