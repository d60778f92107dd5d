//! The budget of failed guesses.

mod bounded;
mod budget;
mod counter;
mod ledger;
mod policy;
mod source;
mod store;
mod table;
mod window;

pub use budget::{Admission, GuessBudget};
pub use policy::{GuessPolicy, GuessScope, OverBudget};
pub use store::{GuessBatch, GuessCharge, GuessCount, GuessKey, GuessStore};
pub use table::GuessTable;
pub use window::GuessWindow;
