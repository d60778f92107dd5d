//! How long codes live.

use std::time::Duration;

use crate::{ActivationCode, Entropy, EntropyError, ParseCodeError, PolicyError};

/// How long codes live and how long a lost answer may be asked for again.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use offhook_activation_code::CodePolicy;
///
/// let policy = CodePolicy::default().with_ttl(Duration::from_secs(24 * 60 * 60))?;
/// assert_eq!(policy.grace(), CodePolicy::DEFAULT_GRACE);
/// # Ok::<(), offhook_activation_code::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CodePolicy {
    ttl: Duration,
    grace: Duration,
    check_digit: CheckDigit,
}

/// Whether the last digit of a code checks the others.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum CheckDigit {
    /// All sixteen digits are drawn: 10^16 codes. What telephones of others are known to take.
    #[default]
    None,
    /// The last digit is that of Damm over the fifteen others: 10^15 codes, and each single wrong
    /// digit and each swap of neighbours is found before the code is looked up or counted as a
    /// guess. For an operator who owns both ends; a guesser needs a tenth of the guesses.
    Damm,
}

impl CheckDigit {
    /// How many different codes a guesser has to choose from.
    pub(crate) const fn codes(self) -> u64 {
        match self {
            Self::None => 10_000_000_000_000_000,
            Self::Damm => 1_000_000_000_000_000,
        }
    }
}

impl CodePolicy {
    /// How long a code lives unless told otherwise: 168 hours (seven days) from its issue.
    ///
    /// # Source
    ///
    /// Unified CM, device onboarding by activation code, optional service parameters: 168 by
    /// default.
    pub const DEFAULT_TTL: Duration = Duration::from_secs(168 * 60 * 60);

    /// The shortest life of a code: one second.
    pub const MIN_TTL: Duration = Duration::from_secs(1);

    /// The longest life of a code: 366 days.
    pub const MAX_TTL: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    /// How long after its redeem the same device gets the same grant again unless told otherwise:
    /// ten minutes.
    pub const DEFAULT_GRACE: Duration = Duration::from_secs(10 * 60);

    /// The longest grace time: 24 hours.
    pub const MAX_GRACE: Duration = Duration::from_secs(24 * 60 * 60);

    /// The policy with codes that live for `ttl`, whole milliseconds.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Ttl`] when `ttl` is shorter than [`CodePolicy::MIN_TTL`] or longer than
    /// [`CodePolicy::MAX_TTL`].
    pub fn with_ttl(self, ttl: Duration) -> Result<Self, PolicyError> {
        if (Self::MIN_TTL..=Self::MAX_TTL).contains(&ttl) {
            Ok(Self { ttl, ..self })
        } else {
            Err(PolicyError::Ttl)
        }
    }

    /// The policy with the grace time `grace`, whole milliseconds; zero means none.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Grace`] when `grace` is longer than [`CodePolicy::MAX_GRACE`].
    pub fn with_grace(self, grace: Duration) -> Result<Self, PolicyError> {
        if grace <= Self::MAX_GRACE {
            Ok(Self { grace, ..self })
        } else {
            Err(PolicyError::Grace)
        }
    }

    /// The policy with codes whose last digit is that of `check_digit`.
    #[must_use]
    pub fn with_check_digit(self, check_digit: CheckDigit) -> Self {
        Self {
            check_digit,
            ..self
        }
    }

    /// Draws a code, each of those that the policy admits equally likely.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] as of [`ActivationCode::draw`].
    pub fn draw(&self, entropy: &mut dyn Entropy) -> Result<ActivationCode, EntropyError> {
        ActivationCode::draw_with(self.check_digit, entropy)
    }

    /// Reads a code that a person typed. What the check digit finds is no guess: it is told before
    /// the code is looked up or counted.
    ///
    /// # Errors
    ///
    /// [`ParseCodeError`]: `text` is no code, or its check digit is wrong.
    pub fn read(&self, text: &str) -> Result<ActivationCode, ParseCodeError> {
        ActivationCode::read_with(self.check_digit, text)
    }

    /// Whether the last digit of a code checks the others.
    #[must_use]
    pub fn check_digit(&self) -> CheckDigit {
        self.check_digit
    }

    /// How long a code lives from its issue.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// How long after its redeem the same device gets the same grant again.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }
}

impl Default for CodePolicy {
    fn default() -> Self {
        Self {
            ttl: Self::DEFAULT_TTL,
            grace: Self::DEFAULT_GRACE,
            check_digit: CheckDigit::None,
        }
    }
}
