//! Delivery that goes on until it is told to end.

use std::error::Error as StdError;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::sleep;

use super::Delivery;
use crate::http::Clock;

/// How long delivery rests, and from when on it tries again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pace {
    idle: Duration,
    first: Duration,
    longest: Duration,
}

impl Pace {
    /// Looks into an empty outbox every `idle`. After a failure it rests for `first`, and twice as
    /// long after each that follows at once, up to `longest`.
    #[must_use]
    pub const fn new(idle: Duration, first: Duration, longest: Duration) -> Self {
        Self {
            idle,
            first,
            longest,
        }
    }

    /// The rest after as many failures in a row; none is an empty outbox.
    fn rest(&self, failures: u32) -> Duration {
        match failures.checked_sub(1) {
            None => self.idle,
            Some(doublings) => 2_u32
                .checked_pow(doublings)
                .and_then(|factor| self.first.checked_mul(factor))
                .map_or(self.longest, |rest| rest.min(self.longest)),
        }
    }
}

/// An empty outbox every second; after failures one second to five minutes.
impl Default for Pace {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self::new(second, second, Duration::from_secs(5 * 60))
    }
}

impl Delivery {
    /// Delivers until `shutdown` is ready, and ends then behind the event under way: as soon as
    /// the sink has answered or given up. It runs on a tokio runtime and needs its time; `clock` is
    /// the caller's, as the verbs of [`Registry`](crate::Registry) have it, and tells how long events take.
    ///
    /// Failures end nothing; they are told to the log as warnings.
    pub async fn run_until(
        &self,
        pace: Pace,
        clock: &dyn Clock,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        let mut shutdown = pin!(shutdown);
        let stop = AtomicBool::new(false);
        let now = || clock.now();
        let mut failures = 0_u32;
        loop {
            let round = pin!(self.round(&stop, &now));
            let round = match select(&mut shutdown, round).await {
                Either::Left(((), round)) => {
                    stop.store(true, Ordering::Release);
                    round.await;
                    return;
                }
                Either::Right((round, _)) => round,
            };
            // An event that left shows that the way is open.
            if round.delivered > 0 {
                failures = 0;
            }
            if let Some(error) = round.failure {
                failures = failures.saturating_add(1);
                let reason = &error as &dyn StdError;
                tracing::warn!(reason, failures, "delivery of events rests");
            } else {
                failures = 0;
                if round.may_have_more {
                    continue;
                }
            }
            let rest = pin!(sleep(pace.rest(failures)));
            if let Either::Left(_) = select(&mut shutdown, rest).await {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_up_to_the_longest() {
        let pace = Pace::default();
        let rests = [0, 1, 2, 3, 9, 10, 32, 33, u32::MAX].map(|failures| pace.rest(failures));
        let seconds = [1, 1, 2, 4, 256, 300, 300, 300, 300].map(Duration::from_secs);
        assert_eq!(rests, seconds);
    }
}
