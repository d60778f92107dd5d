//! Behaviour of the public interface, a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod archive;
mod device_type;
mod document;
mod flat_profile;
mod hand_made_zip;
mod hostile_archive;
mod hostile_document;
mod payload;
mod profile_rule;
mod room_os;
mod secrets;
mod signed;
mod sip;
mod tag;
#[cfg(target_os = "linux")]
mod traces;
mod unified_cm;
