//! The source of unpredictable bytes, passed in so that tests can fix it.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};

use crate::EntropyError;

/// A source of unpredictable bytes.
///
/// `ring::rand::SecureRandom` is a sealed trait, so a test cannot stand in for it; this one is
/// open. Everything drawn from a source is as hard to guess as the source: outside of tests use
/// [`SystemEntropy`].
pub trait Entropy {
    /// Fills the whole of `out`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source cannot supply bytes; `out` is then unspecified.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system's generator, by way of `ring`.
#[derive(Clone)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// The system's generator.
    #[must_use]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(out).map_err(|_| EntropyError::new())
    }
}

impl fmt::Debug for SystemEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemEntropy")
    }
}
