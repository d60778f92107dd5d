//! Counting failed guesses: what a store keeps of them.

mod store;
mod table;

pub use store::{GuessBatch, GuessCharge, GuessCount, GuessKey, GuessStore, GuessWindow};
pub use table::GuessTable;
