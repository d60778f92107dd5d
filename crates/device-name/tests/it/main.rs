//! One test binary for the crate; a module for each subject.

mod mac;
mod model;
mod name;
#[cfg(feature = "serde")]
mod serde;
mod softphone;
