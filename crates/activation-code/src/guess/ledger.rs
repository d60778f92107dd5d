//! What a node knows of guesses: a plain value without store, lock or clock.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::bounded::Bounded;
use super::counter::Counter;
use crate::{
    CheckDigit, CodeDigest, GuessBatch, GuessBudget, GuessCharge, GuessCount, GuessKey,
    GuessPolicy, GuessScope, OverBudget, Timestamp,
};

/// Counts, as of the last look into the store, and what the store does not know of yet.
#[derive(Debug)]
pub(crate) struct Ledger {
    policy: GuessPolicy,
    check_digit: CheckDigit,
    /// Apart from the others, because it must never be forgotten.
    global: Counter,
    counters: Bounded<GuessKey, Counter>,
    /// Codes that were charged, by source.
    seen: Bounded<(GuessKey, CodeDigest), Seen>,
    /// To be sent.
    pending: Amounts,
    /// Sent, and not answered yet.
    sent: Amounts,
    /// How many charges are among `pending` and how many among `sent`, but for those that were given
    /// back before they were sent.
    unsynced: (u32, u32),
    /// How often was sent.
    sends: u64,
    live_codes: u64,
    synced: Option<Timestamp>,
    counted_codes: Option<Timestamp>,
    kept_up: Option<Timestamp>,
    purged: Option<Timestamp>,
}

type Amounts = HashMap<(GuessKey, Timestamp), i64>;

/// A wrong code, as long as it is not known to be a right one.
#[derive(Clone, Copy, Debug)]
struct Seen {
    bucket: Timestamp,
    repeats: u8,
}

/// Who guesses what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) device: GuessKey,
    pub(crate) source: GuessKey,
    pub(crate) tenant: GuessKey,
    pub(crate) code: CodeDigest,
    /// Whether the device has proved a certificate.
    pub(crate) certified: bool,
}

/// A charge that stands unless it is given back.
#[derive(Debug)]
pub(crate) struct Charge {
    attempt: Attempt,
    /// `None` for a wrong code that has been charged before.
    bucket: Option<Timestamp>,
    /// How often had been sent.
    sends: u64,
}

/// Why an attempt is not charged.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Held {
    Over(OverBudget),
    /// The store must be looked into first.
    Sync,
}

impl Ledger {
    pub(crate) fn new(policy: GuessPolicy, check_digit: CheckDigit) -> Self {
        Self {
            policy,
            check_digit,
            global: Counter::default(),
            counters: Bounded::new(MAX_KEYS),
            seen: Bounded::new(MAX_KEYS),
            pending: Amounts::new(),
            sent: Amounts::new(),
            unsynced: (0, 0),
            sends: 0,
            live_codes: 0,
            synced: None,
            counted_codes: None,
            kept_up: None,
            purged: None,
        }
    }

    /// Charges an attempt to each of its budgets, or to none.
    pub(crate) fn charge(&mut self, attempt: &Attempt, now: SystemTime) -> Result<Charge, Held> {
        if self.synced.is_none() {
            return Err(Held::Sync);
        }
        let window = self.policy.window();
        let (since, bucket) = (window.since(now), window.bucket(now));
        let over = |scope| Held::Over(OverBudget::new(scope, window.next(now)));
        if let Some(scope) = self.used_up(attempt, since) {
            return Err(over(scope));
        }
        let seen = (attempt.source, attempt.code);
        let known = self.seen.touch(&seen);
        let free =
            |seen: &&mut Seen| seen.bucket >= since && seen.repeats < GuessPolicy::MAX_REPEATS;
        if let Some(seen) = known.filter(free) {
            seen.repeats += 1;
            return Ok(Charge {
                attempt: *attempt,
                bucket: None,
                sends: self.sends,
            });
        }
        if self.must_sync() {
            return Err(Held::Sync);
        }
        let first = Seen { bucket, repeats: 0 };
        self.seen.insert(seen, first);
        self.unsynced.0 += 1;
        self.add(attempt, bucket, 1, since);
        Ok(Charge {
            attempt: *attempt,
            bucket: Some(bucket),
            sends: self.sends,
        })
    }

    /// Gives a charge back: it was no wrong code.
    pub(crate) fn refund(&mut self, charge: &Charge, now: SystemTime) {
        let attempt = &charge.attempt;
        self.seen.remove(&(attempt.source, attempt.code));
        if let Some(bucket) = charge.bucket {
            // Giving back what the store was told makes no room for what it was not.
            if charge.sends == self.sends {
                // What another budget has charged is not among those of this one.
                self.unsynced.0 = self.unsynced.0.saturating_sub(1);
            }
            self.add(attempt, bucket, -1, self.policy.window().since(now));
        }
    }

    /// Whether nothing may be charged before the store was looked into.
    pub(crate) fn must_sync(&self) -> bool {
        let unsynced = self.unsynced.0.saturating_add(self.unsynced.1);
        self.synced.is_none()
            || unsynced >= self.policy.max_unsynced().get()
            || self.pending.len() >= MAX_PENDING
    }

    /// Whether it is time to look into the store.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        is_past(self.synced, self.policy.sync_interval(), now)
    }

    /// Whether the codes that can be redeemed were counted, and not too long ago.
    pub(crate) fn is_count_usable(&self, now: SystemTime) -> bool {
        let now = Timestamp::from(now);
        self.counted_codes
            .is_some_and(|counted| now < counted.saturating_add(GuessBudget::MAX_COUNT_AGE))
    }

    /// Whether it is time to count the codes that can be redeemed and to purge, because nobody has
    /// tried for `interval`; it is the caller who tries now.
    pub(crate) fn begin_upkeep(&mut self, interval: Duration, now: SystemTime) -> bool {
        let begins = is_past(self.kept_up, interval, now);
        if begins {
            self.kept_up = Some(now.into());
        }
        begins
    }

    /// So many codes can be redeemed.
    pub(crate) fn codes_counted(&mut self, live_codes: u64, now: SystemTime) {
        self.live_codes = live_codes;
        self.counted_codes = Some(now.into());
    }

    /// Which rows of the store are to be purged, once a bucket: those that have not counted for a
    /// whole window.
    pub(crate) fn purges(&self, now: SystemTime) -> Option<Timestamp> {
        let window = self.policy.window();
        let before = window.since(now.checked_sub(window.length())?);
        (self.purged != Some(before)).then_some(before)
    }

    /// The rows of all buckets before `before` are purged.
    pub(crate) fn purged(&mut self, before: Timestamp) {
        self.purged = Some(before);
    }

    /// What is to be sent to the store, of the rows of `shard`.
    ///
    /// Until there is an [answer](Self::answered) it is sent again, with what has come to it, so
    /// that a charge of which is not known whether it was added counts once or twice and not never.
    /// What was given back is not sent again: it counts once or not at all, and not twice.
    pub(crate) fn send(&mut self, shard: u32, now: SystemTime) -> GuessBatch {
        let window = self.policy.window();
        for amount in self.sent.values_mut() {
            *amount = (*amount).max(0);
        }
        for (row, amount) in self.pending.drain() {
            *self.sent.entry(row).or_default() += amount;
        }
        self.unsynced = (0, self.unsynced.0.saturating_add(self.unsynced.1));
        self.sends += 1;
        // The store's count of everybody's guesses is read every time.
        self.sent
            .entry((global_key(), window.bucket(now)))
            .or_default();
        let charges = self.sent.iter();
        let charges =
            charges.map(|(&(key, bucket), &amount)| GuessCharge::new(key, bucket, amount));
        GuessBatch::new(shard, window.since(now), charges.collect())
    }

    /// The store has added what was sent, and these are its counts.
    pub(crate) fn answered(&mut self, counts: &[GuessCount], now: SystemTime) {
        let since = self.policy.window().since(now);
        let mut fresh: HashMap<GuessKey, Counter> = HashMap::new();
        for (key, _) in std::mem::take(&mut self.sent).into_keys() {
            fresh.entry(key).or_default();
        }
        for count in counts {
            if let Some(counter) = fresh.get_mut(&count.key()) {
                let amount = i64::try_from(count.count()).unwrap_or(i64::MAX);
                counter.add(count.bucket(), amount, since);
            }
        }
        for (&(key, bucket), &amount) in &self.pending {
            if let Some(counter) = fresh.get_mut(&key) {
                counter.add(bucket, amount, since);
            }
        }
        for (key, counter) in fresh {
            if key == global_key() {
                self.global = counter;
            } else {
                self.counters.insert(key, counter);
            }
        }
        self.unsynced.1 = 0;
        self.synced = Some(now.into());
    }

    /// The guesses of everybody in the window of `now`.
    pub(crate) fn counted(&self, now: SystemTime) -> u64 {
        self.global.total(self.policy.window().since(now))
    }

    /// The chance that so many guesses have hit a code that can be redeemed.
    pub(crate) fn risk(&self, guesses: u64) -> f64 {
        self.policy.risk(self.check_digit, guesses, self.live_codes)
    }

    /// How many guesses of `scope` are allowed in a window.
    pub(crate) fn allowed(&self, scope: GuessScope) -> u64 {
        let (codes, live) = (self.check_digit, self.live_codes);
        self.policy.allowed(scope, codes, live)
    }

    /// The first budget that leaves no room for the attempt.
    fn used_up(&self, attempt: &Attempt, since: Timestamp) -> Option<GuessScope> {
        let total = |key: &GuessKey| {
            let counter = self.counters.get(key);
            counter.map_or(0, |counter| counter.total(since))
        };
        let is_over = |scope, total| total >= self.allowed(scope);
        let over = |scope, key| is_over(scope, total(key)).then_some(scope);
        let device = over(GuessScope::Device, &attempt.device);
        if device.is_some() || attempt.certified {
            return device;
        }
        over(GuessScope::Source, &attempt.source)
            .or_else(|| over(GuessScope::Tenant, &attempt.tenant))
            .or_else(|| {
                is_over(GuessScope::Global, self.global.total(since)).then_some(GuessScope::Global)
            })
    }

    fn add(&mut self, attempt: &Attempt, bucket: Timestamp, amount: i64, since: Timestamp) {
        self.global.add(bucket, amount, since);
        for key in [attempt.device, attempt.source, attempt.tenant] {
            match self.counters.touch(&key) {
                Some(counter) => counter.add(bucket, amount, since),
                None => {
                    let mut counter = Counter::default();
                    counter.add(bucket, amount, since);
                    self.counters.insert(key, counter);
                }
            }
        }
        for key in [attempt.device, attempt.source, attempt.tenant, global_key()] {
            let row = self.pending.entry((key, bucket)).or_default();
            *row += amount;
            if *row == 0 {
                self.pending.remove(&(key, bucket));
            }
        }
    }
}

/// Whether `interval` has passed since `last`; a clock that went backwards counts as that.
fn is_past(last: Option<Timestamp>, interval: Duration, now: SystemTime) -> bool {
    let now = Timestamp::from(now);
    last.is_none_or(|last| now < last || last.saturating_add(interval) <= now)
}

/// The key of everybody's guesses: no digest, so that no other key is the same.
pub(crate) const fn global_key() -> GuessKey {
    GuessKey::from_bytes([0; GuessKey::BYTES])
}

/// The most keys and the most wrong codes that are remembered: about twelve MiB together. What is
/// forgotten of a key is read from the store again; a wrong code that is forgotten is charged again.
const MAX_KEYS: usize = 65_536;

/// The most rows that are sent at once, but for what is given back in the meantime.
const MAX_PENDING: usize = 1_024;

#[cfg(test)]
mod tests;
