//! One test binary for the crate; a module for each subject.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod capf;
mod code;
#[cfg(feature = "csv")]
mod csv;
mod digest;
mod guess;
mod id;
mod mode;
#[cfg(feature = "qr")]
mod qr;
mod redeem;
mod seal;
mod secret;
mod support;
