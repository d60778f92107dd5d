//! Who is told what happens.

use std::time::Duration;

use offhook_activation_code::ActivationCode;

/// Is told what happens in a scenario; every method does nothing unless it is written.
pub trait Witness: Send {
    /// From here on the steps are those of `device`, provisioned as `profile`.
    fn device(&mut self, _device: &'static str, _profile: &'static str, _title: &str) {}

    /// A step was carried out.
    fn step(&mut self, _step: &str, _story: &str, _took: Duration) {}

    /// A step failed.
    fn failed(&mut self, _step: &str, _error: &anyhow::Error, _took: Duration) {}

    /// A code was mailed to its owner.
    ///
    /// # Errors
    ///
    /// When the witness cannot show it.
    fn code(&mut self, _code: &ActivationCode) -> anyhow::Result<()> {
        Ok(())
    }

    /// What had to be refused was, by whom and with which words.
    fn refused(&mut self, _by: &str, _said: &str) {}

    /// Something worth knowing.
    fn note(&mut self, _text: &str) {}
}
