//! Over how long guesses are counted.

use std::time::{Duration, SystemTime};

use crate::{GuessPolicyError, Timestamp};

/// Over how long guesses are counted: a window that slides on by an eighth of its length at a time.
///
/// A bucket is named by the moment at which it begins, so that a change of the window leaves what
/// was counted where it is. The buckets that count are the present one and the eight before, which
/// is at least the whole window and at most an eighth more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuessWindow(Duration);

impl GuessWindow {
    /// The buckets that count, the present one among them.
    pub const BUCKETS: u32 = 9;

    /// The shortest window: one minute.
    pub const MIN: Duration = Duration::from_secs(60);

    /// The longest window: 366 days.
    pub const MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    /// Unless told otherwise: a week.
    pub const DEFAULT: Self = Self(Duration::from_secs(7 * 24 * 60 * 60));

    /// A window of `length`, whole milliseconds.
    ///
    /// # Errors
    ///
    /// [`GuessPolicyError::Window`] when `length` is shorter than [`GuessWindow::MIN`] or longer
    /// than [`GuessWindow::MAX`].
    pub fn new(length: Duration) -> Result<Self, GuessPolicyError> {
        if (Self::MIN..=Self::MAX).contains(&length) {
            Ok(Self(length))
        } else {
            Err(GuessPolicyError::Window)
        }
    }

    /// How long the window is.
    #[must_use]
    pub const fn length(self) -> Duration {
        self.0
    }

    /// When the bucket of `now` began.
    #[must_use]
    pub fn bucket(self, now: SystemTime) -> Timestamp {
        let now = Timestamp::from(now).as_millis();
        Timestamp::from_millis(now - now % self.width())
    }

    /// When the bucket of `now` ends and the oldest one that counts is left behind.
    #[must_use]
    pub fn next(self, now: SystemTime) -> Timestamp {
        Timestamp::from_millis(self.bucket(now).as_millis().saturating_add(self.width()))
    }

    /// The oldest bucket that counts at `now`.
    #[must_use]
    pub fn since(self, now: SystemTime) -> Timestamp {
        let before = u64::from(Self::BUCKETS - 1) * self.width();
        Timestamp::from_millis(self.bucket(now).as_millis().saturating_sub(before))
    }

    /// The length of a bucket in milliseconds, rounded up so that eight are the whole window.
    fn width(self) -> u64 {
        let length = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        length.div_ceil(u64::from(Self::BUCKETS - 1)).max(1)
    }
}

impl Default for GuessWindow {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    /// Whatever the moment, the buckets that count cover the whole window and at most an eighth
    /// more.
    #[test]
    fn the_buckets_that_count_cover_the_window() {
        for millis in [60_000, 60_001, 604_800_000, 604_799_999] {
            let window = GuessWindow::new(Duration::from_millis(millis)).unwrap();
            for at in [1_800_000_000_000, 1_800_000_000_001, 1_799_999_999_999_u64] {
                let now = UNIX_EPOCH + Duration::from_millis(at);
                let covered = at - window.since(now).as_millis();
                assert!(covered >= millis, "{covered} of {millis}");
                assert!(covered < millis + millis.div_ceil(8) + 8);
                assert!(window.bucket(now).as_millis() <= at);
                assert!(window.next(now).as_millis() > at);
            }
        }
    }

    #[test]
    fn too_short_and_too_long_windows_are_refused() {
        for length in [
            GuessWindow::MIN - Duration::from_millis(1),
            GuessWindow::MAX * 2,
        ] {
            assert_eq!(GuessWindow::new(length), Err(GuessPolicyError::Window));
        }
    }
}
