//! Who has done how much of what is limited: the generic cell rate algorithm.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, SystemTime};

/// A number at once, and then one in each interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) interval: Duration,
    pub(super) burst: u32,
}

/// When each of many will have been idle for long enough to do a whole burst again.
///
/// Each is remembered while it is not idle, and 65,536 of them at most; when there are more, those that
/// come last have one share together.
#[derive(Debug)]
pub(super) struct Ledger<K> {
    /// By whom; all for whom there is no room are none.
    full_at: HashMap<Option<K>, SystemTime>,
    swept: Option<SystemTime>,
    /// How far ahead one may be, by the rate that counted last.
    window: Duration,
}

impl Rate {
    const fn window(self) -> Duration {
        self.interval.saturating_mul(self.burst)
    }
}

impl<K> Default for Ledger<K> {
    fn default() -> Self {
        Self {
            full_at: HashMap::new(),
            swept: None,
            window: Duration::ZERO,
        }
    }
}

impl<K: Copy + Eq + Hash> Ledger<K> {
    /// Counts what `key` does, or tells how long it must wait.
    pub(super) fn admit(&mut self, key: K, rate: Rate, now: SystemTime) -> Result<(), Duration> {
        let window = rate.window();
        self.suit(window, now);
        let known = self.full_at.contains_key(&Some(key)) || self.has_room(now);
        let full_at = self.full_at.entry(known.then_some(key)).or_insert(now);
        let ahead = full_at.duration_since(now).unwrap_or_default();
        // Further ahead than it can be: the clock was set back.
        let ahead = if ahead > window {
            Duration::ZERO
        } else {
            ahead
        };
        let after = ahead.saturating_add(rate.interval);
        if after > window {
            return Err(after.saturating_sub(window));
        }
        *full_at = now.checked_add(after).unwrap_or(now);
        Ok(())
    }

    /// Counts no longer what `key` was admitted for. What was counted together with others stays counted.
    pub(super) fn give_back(&mut self, key: K, rate: Rate) {
        if let Some(full_at) = self.full_at.get_mut(&Some(key)) {
            *full_at = full_at.checked_sub(rate.interval).unwrap_or(*full_at);
        }
    }

    /// Has nobody further ahead than a new rate allows, which would look as though the clock had
    /// been set back.
    fn suit(&mut self, window: Duration, now: SystemTime) {
        let before = std::mem::replace(&mut self.window, window);
        if window >= before {
            return;
        }
        for full_at in self.full_at.values_mut() {
            let ahead = full_at.duration_since(now).unwrap_or_default();
            if ahead > window && ahead <= before {
                *full_at = now.checked_add(window).unwrap_or(now);
            }
        }
    }

    /// Whether one more can be remembered. Idle ones are forgotten, once in a second at most.
    fn has_room(&mut self, now: SystemTime) -> bool {
        if self.full_at.len() < MAX_KEYS {
            return true;
        }
        let since = self.swept.map(|swept| now.duration_since(swept));
        if !matches!(since, Some(Ok(since)) if since < SWEEP_EVERY) {
            self.swept = Some(now);
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        self.full_at.len() < MAX_KEYS
    }
}

const MAX_KEYS: usize = 65_536;
const SWEEP_EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + Duration::from_millis(millis)
    }

    fn rate(burst: u32) -> Rate {
        Rate {
            interval: SECOND,
            burst,
        }
    }

    #[test]
    fn a_burst_passes_and_then_one_in_each_interval() {
        let mut ledger = Ledger::default();
        let rate = rate(3);
        let (one, other) = (1, 2);
        for _ in 0..3 {
            assert_eq!(ledger.admit(one, rate, at(0)), Ok(()));
        }
        assert_eq!(ledger.admit(one, rate, at(0)), Err(SECOND));
        assert_eq!(ledger.admit(other, rate, at(0)), Ok(()));
        let early = ledger.admit(one, rate, at(999));
        assert_eq!(early, Err(Duration::from_millis(1)));
        assert_eq!(ledger.admit(one, rate, at(1_000)), Ok(()));
        assert!(ledger.admit(one, rate, at(1_000)).is_err());
        // What is refused costs nothing, and idleness gives back a burst and no more.
        for _ in 0..3 {
            assert_eq!(ledger.admit(one, rate, at(60_000)), Ok(()));
        }
        assert!(ledger.admit(one, rate, at(60_000)).is_err());
        // A clock that is set back shuts nobody out.
        assert_eq!(ledger.admit(one, rate, at(0)), Ok(()));
    }

    #[test]
    fn what_is_given_back_counts_no_longer_and_makes_no_burst_longer() {
        let mut ledger = Ledger::default();
        for _ in 0..100 {
            assert_eq!(ledger.admit(1, rate(2), at(0)), Ok(()));
            ledger.give_back(1, rate(2));
        }
        for _ in 0..2 {
            assert_eq!(ledger.admit(1, rate(2), at(0)), Ok(()));
        }
        assert_eq!(ledger.admit(1, rate(2), at(0)), Err(SECOND));
        ledger.give_back(2, rate(2));
        assert_eq!(ledger.full_at.len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_who_is_idle_is_forgotten() {
        let mut ledger = Ledger::default();
        let rate = rate(1);
        for number in 0..65_536 {
            assert_eq!(ledger.admit(number, rate, at(0)), Ok(()));
        }
        // One of all the others passes, and those that are known keep their share.
        assert_eq!(ledger.admit(70_000, rate, at(0)), Ok(()));
        assert!(ledger.admit(70_001, rate, at(0)).is_err());
        assert!(ledger.full_at.len() <= MAX_KEYS + 1);
        assert_eq!(ledger.admit(70_001, rate, at(2_000)), Ok(()));
        assert_eq!(ledger.full_at.len(), 1);
    }
}
