//! One test binary for the crate; a module for each subject.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what tests share fails by panicking too"
)]

mod activation_service;
mod audit;
mod bench;
#[cfg(feature = "http")]
mod bridge;
mod delivery;
mod device_side;
mod life_cycle;
mod line_port;
mod mail;
mod management;
mod method;
mod remote_access;
mod renewal;
mod secrets;
#[cfg(feature = "smtp")]
mod smtp;
#[cfg(feature = "smtp")]
mod smtp_server;
#[cfg(feature = "http")]
mod webhook;
