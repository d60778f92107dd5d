//! The source of unpredictable bytes, passed in so that tests can fix it.

use crate::EntropyError;

/// A source of unpredictable bytes, from which servers of equal priority are drawn by weight.
pub trait Entropy {
    /// Fills the whole of `out`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source cannot supply bytes; `out` is then unspecified.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError>;
}
