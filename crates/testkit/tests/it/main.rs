//! One test binary for the crate; a module for each subject.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what tests share fails by panicking too"
)]

mod faults;
mod flows;
mod http;
mod layers;
mod life_cycle;
mod limits;
mod mailer;
mod openapi;
mod remote_access;
mod renewal;
mod samples;
mod schema;
