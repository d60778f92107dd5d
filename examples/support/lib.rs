//! What several of the programs need.

pub mod keys;
pub mod terminal;
