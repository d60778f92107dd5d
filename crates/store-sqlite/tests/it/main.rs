//! One test binary for the crate; a module for each subject.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod contract;
mod file;
mod fixture;
mod race;
