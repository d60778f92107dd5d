//! Behaviour of the public interface, a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod archive;
mod catalogue;
mod device_profile;
mod device_type;
mod flat_profile;
mod hand_made_zip;
mod hostile_archive;
mod hostile_document;
mod import;
mod phone_security;
mod room_os;
mod secrets;
mod sip;
mod tag;
mod tag_set;
#[cfg(target_os = "linux")]
mod traces;
