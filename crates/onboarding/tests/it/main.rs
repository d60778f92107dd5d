//! One test binary for the crate; a module for each subject.

mod activation_service;
mod bench;
mod device_side;
mod line_port;
mod management;
mod secrets;
