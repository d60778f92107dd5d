//! The public behaviour of the crate.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod observation;
mod read;
mod report;
mod rules;
mod sample;
mod samples;
