//! A clock that can be put forward.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use offhook_onboarding::http::{Clock, SystemClock};

/// The system's clock, put forward by as much as it was told to.
#[derive(Debug, Default)]
pub struct ShiftedClock {
    ahead_millis: AtomicU64,
}

impl ShiftedClock {
    /// The system's clock as it is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the clock forward by `duration`, whole milliseconds.
    pub fn advance(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> SystemTime {
        let ahead = Duration::from_millis(self.ahead_millis.load(Ordering::Relaxed));
        SystemClock::new().now() + ahead
    }
}
