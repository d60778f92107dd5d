//! Whether a name server is asked with EDNS.

use std::time::Duration;

use tokio::time::Instant;

/// What is known about a name server and EDNS.
///
/// RFC 6891 section 6.2.5 leaves to whoever asks what to make of silence, and wants it forgotten
/// after a while.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habit {
    /// Until when EDNS is not taken for why it fails: it has answered with it, or failed without too.
    cleared_until: Option<Instant>,
    /// How many times in a row it has answered without EDNS what it had not with it.
    strikes: u8,
    /// When that was noted last.
    noted: Option<Instant>,
    /// Until when it is asked without EDNS alone.
    without_until: Option<Instant>,
}

impl Habit {
    pub(super) fn is_asked_without(&self, now: Instant) -> bool {
        self.without_until.is_some_and(|until| now < until)
    }

    /// Whether a failure may be due to EDNS.
    pub(super) fn may_fail_of_it(&self, now: Instant) -> bool {
        self.cleared_until.is_none_or(|until| until <= now)
    }

    /// It has answered with EDNS.
    pub(super) fn answered(&mut self, now: Instant) {
        *self = Self {
            cleared_until: Some(now + MEMORY),
            strikes: 0,
            noted: None,
            without_until: None,
        };
    }

    /// It has failed with EDNS and without.
    pub(super) fn failed_alike(&mut self, now: Instant) {
        self.cleared_until = Some(now + MEMORY);
    }

    /// It has said that it does not know EDNS, and answered without.
    pub(super) fn refused(&mut self, now: Instant) {
        self.without_until = Some(now + MEMORY);
    }

    /// It was silent, or has failed, with EDNS, and has answered without. Of questions that were under
    /// way together one counts: a moment's loss takes them all.
    pub(super) fn struck(&mut self, begun: Instant, now: Instant) {
        if self.noted.is_some_and(|noted| begun < noted) {
            return;
        }
        self.noted = Some(now);
        self.strikes = self.strikes.saturating_add(1);
        if self.strikes >= MAX_STRIKES {
            self.without_until = Some(now + MEMORY);
        }
    }
}

/// How many times in a row are taken for a habit.
const MAX_STRIKES: u8 = 2;
/// How long a habit is remembered.
const MEMORY: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_strikes_in_a_row_count_and_are_forgotten_after_a_while() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut habit = Habit::default();
        for _ in 0..5 {
            habit.struck(at(0), at(1));
        }
        assert!(!habit.is_asked_without(at(1)));
        habit.answered(at(1));
        habit.struck(at(2), at(3));
        assert!(!habit.is_asked_without(at(3)));
        habit.struck(at(3), at(4));
        assert!(habit.is_asked_without(at(4)));
        assert!(!habit.is_asked_without(at(4) + MEMORY));
        // What has failed again by then is remembered at once.
        habit.struck(at(4) + MEMORY, at(5) + MEMORY);
        assert!(habit.is_asked_without(at(5) + MEMORY));
    }

    #[test]
    fn that_edns_is_no_reason_to_fail_is_forgotten_after_a_while() {
        let now = Instant::now();
        for learn in [Habit::answered, Habit::failed_alike] {
            let mut habit = Habit::default();
            assert!(habit.may_fail_of_it(now));
            learn(&mut habit, now);
            assert!(!habit.may_fail_of_it(now));
            assert!(habit.may_fail_of_it(now + MEMORY));
        }
    }

    #[test]
    fn a_refusal_is_forgotten_after_a_while() {
        let now = Instant::now();
        let mut habit = Habit::default();
        habit.refused(now);
        assert!(habit.is_asked_without(now));
        assert!(!habit.is_asked_without(now + MEMORY));
    }
}
