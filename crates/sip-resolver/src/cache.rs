//! What was found a moment ago.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::trace::{Note, TraceEntry, TraceEvent};
use crate::{Entropy, Location, Policy, Resolution, ResolveFailure, Target, Trace};

/// Keeps what was found for targets, and that nothing was, for as long as the records allow.
///
/// An entry holds for the least lifetime of all records and answers that it follows from, those
/// included that say that there is nothing, and for [`MAX_TTL`](Self::MAX_TTL) at most. What is
/// temporary is not kept, and the order of servers is drawn anew on each hit. When it is full, the
/// older half of what was not asked for lately goes.
///
/// # Source
///
/// RFC 2308 section 5, <https://www.rfc-editor.org/rfc/rfc2308#section-5>, for negative answers;
/// RFC 8767 section 5, <https://www.rfc-editor.org/rfc/rfc8767#section-5>, for stale ones.
#[derive(Debug)]
pub struct Cache {
    half: usize,
    max_stale: Duration,
    young: HashMap<Key, Entry>,
    old: HashMap<Key, Entry>,
}

type Key = (Target, Policy);

#[derive(Debug)]
struct Entry {
    outcome: Arc<Result<Location, ResolveFailure>>,
    since: Instant,
    holds: Duration,
    /// Somebody was told that it is time to ask again.
    is_told: bool,
    /// Nothing newer could be had, so it is not tried again before.
    quiet_until: Option<Instant>,
}

impl Cache {
    /// The longest time that anything is kept: one day.
    pub const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
    /// How long after a failure a stale answer is given without asking again: 30 seconds.
    ///
    /// # Source
    ///
    /// RFC 8767 section 5, <https://www.rfc-editor.org/rfc/rfc8767#section-5>: no more often than
    /// every 30 seconds.
    pub const RETRY_DELAY: Duration = Duration::from_secs(30);

    /// A cache of at most about `targets`; none for zero.
    #[must_use]
    pub fn new(targets: usize) -> Self {
        Self {
            half: targets.div_ceil(2),
            max_stale: Duration::ZERO,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// The cache that gives servers for so long past their lifetime where nothing newer can be had;
    /// never unless told otherwise.
    #[must_use]
    pub const fn with_max_stale(mut self, max_stale: Duration) -> Self {
        self.max_stale = max_stale;
        self
    }

    /// Keeps what was found for `target` under `policy`, as far as it may be kept.
    pub fn insert(
        &mut self,
        target: &Target,
        policy: &Policy,
        outcome: &Result<Location, ResolveFailure>,
        now: Instant,
    ) {
        let holds = match outcome {
            Ok(location) => location.holds(),
            Err(failure) => failure.holds(),
        };
        if holds.is_zero() || self.half == 0 {
            return;
        }
        let outcome = match outcome {
            Ok(location) => Ok(location.without_trace()),
            Err(failure) => Err(failure.without_trace()),
        };
        let entry = Entry {
            outcome: Arc::new(outcome),
            since: now,
            holds: holds.min(Self::MAX_TTL),
            is_told: false,
            quiet_until: None,
        };
        self.put((target.clone(), *policy), entry);
    }

    /// Remembers that nothing newer could be had for what is kept.
    pub fn failed(&mut self, target: &Target, policy: &Policy, now: Instant) {
        if let Some(entry) = self.entry((target.clone(), *policy)) {
            entry.quiet_until = now.checked_add(Self::RETRY_DELAY);
        }
    }

    /// Tells the next who comes that it is time to ask again: whoever was told cannot.
    #[cfg(feature = "hickory")]
    pub(crate) fn tell_again(&mut self, target: &Target, policy: &Policy) {
        if let Some(entry) = self.entry((target.clone(), *policy)) {
            entry.is_told = false;
        }
    }

    /// What is known about `target` under `policy`.
    pub fn get(&mut self, target: &Target, policy: &Policy, now: Instant) -> Option<Cached> {
        let max_stale = self.max_stale;
        let entry = self.entry((target.clone(), *policy))?;
        let age = now.saturating_duration_since(entry.since);
        let freshness = match entry.holds.checked_sub(age) {
            Some(left) if !left.is_zero() => {
                let is_ageing = left < entry.holds / PREFETCH_SHARE;
                if is_ageing && !std::mem::replace(&mut entry.is_told, is_ageing) {
                    Freshness::Ageing
                } else {
                    Freshness::Fresh
                }
            }
            _ if entry.outcome.is_err() || age >= entry.holds.saturating_add(max_stale) => {
                return None;
            }
            _ if entry.quiet_until.is_some_and(|until| until > now) => Freshness::Resting,
            _ => Freshness::Stale,
        };
        let note = match age.checked_sub(entry.holds) {
            Some(by) => Note::Stale(by),
            None => Note::Cached(age),
        };
        Some(Cached {
            outcome: Arc::clone(&entry.outcome),
            age,
            note,
            freshness,
        })
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// How many targets are kept, those included whose time is over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether no target is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn entry(&mut self, key: Key) -> Option<&mut Entry> {
        if let Some(entry) = self.old.remove(&key) {
            self.put(key.clone(), entry);
        }
        self.young.get_mut(&key)
    }

    fn put(&mut self, key: Key, entry: Entry) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, entry);
    }
}

/// What is known about a target.
#[derive(Clone, Debug)]
pub struct Cached {
    outcome: Arc<Result<Location, ResolveFailure>>,
    age: Duration,
    note: Note,
    freshness: Freshness,
}

impl Cached {
    /// How fresh it is.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The servers in an order for one transaction, drawn from `entropy`; the trace tells their age
    /// alone.
    ///
    /// # Errors
    ///
    /// [`ResolveFailure`] when it is known that there is none, or `entropy` fails.
    pub fn draw(
        &self,
        target: &Target,
        entropy: &mut dyn Entropy,
    ) -> Result<Resolution, ResolveFailure> {
        match &*self.outcome {
            Ok(location) => location
                .draw_later(self.age, self.note.clone(), entropy)
                .map_err(|error| ResolveFailure::entropy(target, error, self.trace())),
            Err(failure) => Err(ResolveFailure {
                target: failure.target.clone(),
                error: failure.error,
                holds: failure.holds.saturating_sub(self.age),
                trace: self.trace(),
            }),
        }
    }

    fn trace(&self) -> Trace {
        Trace(vec![TraceEntry {
            at: Duration::ZERO,
            event: TraceEvent::Noted(self.note.clone()),
        }])
    }
}

/// How fresh a [`Cached`] answer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Freshness {
    /// Good, with less than a tenth of its lifetime left: whoever asks ahead asks now. Said once for
    /// each entry.
    Ageing,
    /// Good.
    Fresh,
    /// As [`Stale`](Self::Stale), and nothing newer could be had a moment ago.
    Resting,
    /// Past its lifetime: to be used where nothing newer can be had.
    Stale,
}

/// An entry is ageing when less than one part in so many of its lifetime is left.
const PREFETCH_SHARE: u32 = 10;
