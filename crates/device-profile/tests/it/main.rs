//! Behaviour of the public interface, a module for each subject.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod archive;
mod archive_size;
mod broken_rule;
mod catalogue;
mod device_profile;
mod device_type;
mod document;
mod flat_profile;
mod hand_made_zip;
mod hostile_archive;
mod hostile_document;
mod import;
mod import_refusal;
mod payload;
mod phone_security;
mod profile_rule;
mod room_os;
mod schema;
mod secrets;
mod signed;
mod sip;
mod tag;
mod tag_set;
#[cfg(target_os = "linux")]
mod traces;
mod two_readers;
mod unified_cm;
