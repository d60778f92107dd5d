//! One test binary for the crate; a module for each subject.
//!
//! `OFFHOOK_POSTGRES_URL` names a server on which the tests may make schemas and databases;
//! `.ci/postgres start` starts one. Without it they say that they were skipped, and fail where
//! `CI` is `true`.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, in its helpers too"
)]

mod audit;
mod clock;
mod connection;
mod contract;
mod crash;
mod fixture;
mod nodes;
mod plan;
mod proxy;
mod server;
mod text;
mod tls;
