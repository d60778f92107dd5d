//! One test binary for the crate; a module for each subject.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod code;
mod digest;
mod guess;
mod id;
#[cfg(feature = "qr")]
mod qr;
mod redeem;
mod secret;
mod support;
