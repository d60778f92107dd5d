//! What a document may be packed in on its way: gzip, and content encryption.
//!
//! Content and keys are overwritten when dropped, but for the 32 KiB that the library behind gzip
//! keeps of the text while it works, and for what `ring` keeps of the key.

mod aes128gcm;
mod gzip;

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};

pub use aes128gcm::{Encryption, decrypt};
pub use gzip::{compress, decompress, is_gzip};

use crate::EntropyError;

/// A source of unpredictable bytes, passed in so that tests can fix it.
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
        self.0.fill(out).map_err(|_| EntropyError)
    }
}

impl fmt::Debug for SystemEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemEntropy")
    }
}
