//! One test binary for the crate; a module for each subject.

mod flows;
mod http;
mod samples;
