//! One test binary for the crate; a module for each subject.

#![expect(
    clippy::unwrap_used,
    reason = "what tests share fails by panicking too"
)]

mod faults;
mod flows;
mod http;
mod life_cycle;
mod limits;
mod samples;
