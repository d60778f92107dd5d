//! How many guesses are allowed.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::{Duration, SystemTime};

use thiserror::Error;

use crate::{CheckDigit, GuessPolicyError, GuessWindow, Timestamp};

/// How many wrong codes are allowed, of whom, and how closely the nodes keep together.
///
/// The global budget follows from the risk that is accepted: with N codes that can be redeemed and
/// S possible ones, Q guesses hit one of them with a chance of about `Q · N / S`, so `S / N / n`
/// guesses are allowed for a chance of one in n.
///
/// The other budgets keep one guesser from using up that of everybody. They are ours; 20 tries a
/// device is what Matter allows at one commissioning window.
///
/// # Examples
///
/// ```
/// use std::num::NonZeroU64;
/// use offhook_activation_code::{CheckDigit, GuessPolicy};
///
/// let policy = GuessPolicy::default();
/// assert_eq!(policy.global(CheckDigit::None, 100_000), 100_000);
/// let strict = policy.with_risk_of_one_in(NonZeroU64::MIN.saturating_add((1 << 32) - 1));
/// assert_eq!(strict.global(CheckDigit::None, 100_000), 23);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuessPolicy {
    one_in: NonZeroU64,
    window: GuessWindow,
    device: NonZeroU32,
    source: NonZeroU32,
    tenant: NonZeroU32,
    max_global: u64,
    sync_interval: Duration,
    max_unsynced: NonZeroU32,
}

impl GuessPolicy {
    /// The most guesses that are allowed in a window, however few codes there are to hit: it
    /// bounds the rows of a store.
    pub const MAX_GLOBAL: u64 = 1_000_000;

    /// How often the same wrong code may come again from the same source before it is charged once
    /// more.
    pub const MAX_REPEATS: u8 = 8;

    /// The longest time between two looks into the store: one minute.
    pub const MAX_SYNC_INTERVAL: Duration = Duration::from_secs(60);

    /// The policy that accepts, in each window, a chance of one in `one_in` that a guess hits a
    /// code. The default is one in a million.
    ///
    /// Every attempt counts while it is under way: keep the budget well above the number of devices
    /// that redeem at the same time.
    #[must_use]
    pub fn with_risk_of_one_in(self, one_in: NonZeroU64) -> Self {
        Self { one_in, ..self }
    }

    /// The policy that counts over `window`. The default is a week.
    #[must_use]
    pub fn with_window(self, window: GuessWindow) -> Self {
        Self { window, ..self }
    }

    /// The policy that allows `guesses` of a device, whatever it has proved. The default is 20.
    #[must_use]
    pub fn with_device(self, guesses: NonZeroU32) -> Self {
        Self {
            device: guesses,
            ..self
        }
    }

    /// The policy that allows `guesses` from an IPv4 address or an IPv6 network of 64 bits. The
    /// default is 100.
    #[must_use]
    pub fn with_source(self, guesses: NonZeroU32) -> Self {
        Self {
            source: guesses,
            ..self
        }
    }

    /// The policy that allows `guesses` at the codes of a tenant. The default is 10,000.
    #[must_use]
    pub fn with_tenant(self, guesses: NonZeroU32) -> Self {
        Self {
            tenant: guesses,
            ..self
        }
    }

    /// The policy under which a node looks into the store every `interval`, if there is anything
    /// to count, and after `guesses` that the store does not know of at the latest. The defaults
    /// are one second and 32.
    ///
    /// # Errors
    ///
    /// [`GuessPolicyError::SyncInterval`] when `interval` is longer than
    /// [`GuessPolicy::MAX_SYNC_INTERVAL`].
    pub fn with_sync(
        self,
        interval: Duration,
        guesses: NonZeroU32,
    ) -> Result<Self, GuessPolicyError> {
        if interval > Self::MAX_SYNC_INTERVAL {
            return Err(GuessPolicyError::SyncInterval);
        }
        Ok(Self {
            sync_interval: interval,
            max_unsynced: guesses,
            ..self
        })
    }

    /// How many guesses are allowed in a window when `live_codes` with that check digit can be
    /// redeemed: at most [`GuessPolicy::MAX_GLOBAL`]. A tenth of the codes need a tenth of the guesses.
    #[must_use]
    pub fn global(&self, check_digit: CheckDigit, live_codes: u64) -> u64 {
        let guesses = check_digit.codes() / self.one_in / live_codes.max(1);
        guesses.min(self.max_global)
    }

    /// The chance that at least one of `guesses` has hit one of `live_codes` with that check digit.
    #[must_use]
    pub fn risk(&self, check_digit: CheckDigit, guesses: u64, live_codes: u64) -> f64 {
        if guesses == 0 {
            return 0.0; // even where every code is a live one
        }
        let hit = (live_codes as f64 / check_digit.codes() as f64).min(1.0);
        -(guesses as f64 * (-hit).ln_1p()).exp_m1()
    }

    /// Over how long guesses are counted.
    #[must_use]
    pub fn window(&self) -> GuessWindow {
        self.window
    }

    /// How many guesses the store may not know of.
    #[must_use]
    pub fn max_unsynced(&self) -> NonZeroU32 {
        self.max_unsynced
    }

    pub(crate) fn sync_interval(&self) -> Duration {
        self.sync_interval
    }

    /// How many guesses of `scope` are allowed when `live_codes` can be redeemed.
    pub(crate) fn allowed(
        &self,
        scope: GuessScope,
        check_digit: CheckDigit,
        live_codes: u64,
    ) -> u64 {
        match scope {
            GuessScope::Device => self.device.get().into(),
            GuessScope::Global => self.global(check_digit, live_codes),
            GuessScope::Source => self.source.get().into(),
            GuessScope::Tenant => self.tenant.get().into(),
        }
    }
}

impl Default for GuessPolicy {
    fn default() -> Self {
        let number = |value: u32| NonZeroU32::MIN.saturating_add(value - 1);
        Self {
            one_in: NonZeroU64::MIN.saturating_add(999_999),
            window: GuessWindow::DEFAULT,
            device: number(20),
            source: number(100),
            tenant: number(10_000),
            max_global: Self::MAX_GLOBAL,
            sync_interval: Duration::from_secs(1),
            max_unsynced: number(32),
        }
    }
}

/// Whose budget is used up.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum GuessScope {
    /// That of the device, known by its certificate or redemption key.
    Device,
    /// That of everybody together.
    Global,
    /// That of the address or network.
    Source,
    /// That of the tenant whose code it would be.
    Tenant,
}

impl GuessScope {
    /// The scope in a word, for logs and metrics; it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Global => "global",
            Self::Source => "source",
            Self::Tenant => "tenant",
        }
    }
}

/// A budget of guesses is used up: the code was not looked at.
///
/// The text is the same for every scope. So is the moment to come again: the next at which any
/// count falls.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("too many wrong activation codes")]
pub struct OverBudget {
    scope: GuessScope,
    retry_at: Timestamp,
}

impl OverBudget {
    pub(crate) const fn new(scope: GuessScope, retry_at: Timestamp) -> Self {
        Self { scope, retry_at }
    }

    /// Whose budget it is; for counters and logs.
    #[must_use]
    pub const fn scope(&self) -> GuessScope {
        self.scope
    }

    /// The earliest moment at which the same attempt may be looked at.
    #[must_use]
    pub const fn retry_at(&self) -> Timestamp {
        self.retry_at
    }

    /// How long that is from `now`: whole seconds, rounded up, at least one.
    #[must_use]
    pub fn retry_after(&self, now: SystemTime) -> Duration {
        let (then, now) = (self.retry_at.as_millis(), Timestamp::from(now).as_millis());
        Duration::from_secs(then.saturating_sub(now).div_ceil(1_000).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of a budget of one in a million a week: 10^5 guesses at 10^5 codes, 10^4 at
    /// 10^6; a check digit leaves a tenth.
    #[test]
    fn the_global_budget_is_risk_times_codes_by_live_codes() {
        let policy = GuessPolicy::default();
        assert_eq!(policy.global(CheckDigit::None, 100_000), 100_000);
        assert_eq!(policy.global(CheckDigit::None, 1_000_000), 10_000);
        assert_eq!(policy.global(CheckDigit::None, 0), GuessPolicy::MAX_GLOBAL);
        assert_eq!(policy.global(CheckDigit::None, u64::MAX), 0);
        assert_eq!(policy.global(CheckDigit::Damm, 100_000), 10_000);
    }

    #[test]
    fn the_risk_of_a_budget_used_up_is_the_risk_accepted() {
        let policy = GuessPolicy::default();
        for live in [10_000, 100_000, 1_000_000, 10_000_000] {
            let risk = policy.risk(
                CheckDigit::None,
                policy.global(CheckDigit::None, live),
                live,
            );
            assert!((risk * 1e6 - 1.0).abs() < 1e-3, "{risk}");
        }
        assert_eq!(policy.risk(CheckDigit::None, 0, 100_000), 0.0);
        assert_eq!(policy.risk(CheckDigit::None, 0, u64::MAX), 0.0);
        assert_eq!(policy.risk(CheckDigit::None, 1_000, 0), 0.0);
        assert_eq!(policy.risk(CheckDigit::None, 1, u64::MAX), 1.0);
    }
}
