//! One search for all who want the same at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::{Cache, Cached, Location, Policy, ResolveFailure, Target};

/// What a search came to; those who waited for it share it.
pub(super) type Found = Arc<Result<Location, ResolveFailure>>;

type Key = (Target, Policy);

/// What is known, and what is being found out. Both are behind one lock, so that whoever does not
/// find a target among the one finds it among the other.
pub(super) struct Memory(Mutex<Inner>);

struct Inner {
    cache: Cache,
    flights: HashMap<Key, Flight>,
    /// The numbers of the searches that have not ended, those included that nobody can join any longer.
    running: HashSet<u64>,
    max_searches: usize,
    /// The number of the next flight.
    next: u64,
}

/// A search under way.
#[derive(Clone)]
pub(super) struct Flight {
    number: u64,
    found: watch::Receiver<Option<Found>>,
}

impl Memory {
    pub(super) fn new(cache: Cache, max_searches: usize) -> Self {
        Self(Mutex::new(Inner {
            cache,
            flights: HashMap::new(),
            running: HashSet::new(),
            max_searches,
            next: 0,
        }))
    }

    /// What is known about a target, and the search under way to wait for where `wants` one; with its
    /// pilot where nobody searches yet. There is none to wait for where too many others are under way.
    pub(super) fn look(
        self: &Arc<Self>,
        target: &Target,
        policy: &Policy,
        now: Instant,
        wants: impl FnOnce(Option<&Cached>) -> bool,
    ) -> (Option<Cached>, Option<Flight>, Option<Pilot>) {
        let mut inner = self.lock();
        let known = inner.cache.get(target, policy, now);
        if !wants(known.as_ref()) {
            return (known, None, None);
        }
        let key = (target.clone(), *policy);
        if let Some(flight) = inner.flights.get(&key) {
            return (known, Some(flight.clone()), None);
        }
        if inner.running.len() >= inner.max_searches {
            inner.cache.tell_again(target, policy);
            return (known, None, None);
        }
        let number = inner.next;
        inner.next += 1;
        inner.running.insert(number);
        let (sender, found) = watch::channel(None);
        let flight = Flight { number, found };
        inner.flights.insert(key.clone(), flight.clone());
        let pilot = Pilot {
            memory: Arc::clone(self),
            key,
            number,
            sender,
        };
        (known, Some(flight), Some(pilot))
    }

    /// Leaves a search alone that has not ended in its time, so that the next who comes begins another.
    pub(super) fn give_up(&self, target: &Target, policy: &Policy, number: u64) {
        self.lock().leave(&(target.clone(), *policy), number);
    }

    /// Remembers that nothing newer could be had for what is kept.
    pub(super) fn failed(&self, target: &Target, policy: &Policy, now: Instant) {
        self.lock().cache.failed(target, policy, now);
    }

    /// Forgets what was found. What is being found out is for those who wait for it already, and takes
    /// its room till it ends.
    pub(super) fn clear(&self) {
        let mut inner = self.lock();
        inner.cache.clear();
        inner.flights.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Ends a search; says whether others could join it till now, as nobody has said since it began
    /// that all be forgotten.
    fn leave(&mut self, key: &Key, number: u64) -> bool {
        self.running.remove(&number);
        let is_meant = |flight: &Flight| flight.number == number;
        let was_under_way = self.flights.get(key).is_some_and(is_meant);
        if was_under_way {
            self.flights.remove(key);
        }
        was_under_way
    }
}

impl Flight {
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// What it came to; `None` where it has come to nothing, as when its runtime has ended.
    pub(super) async fn land(mut self) -> Option<Found> {
        let found = self.found.wait_for(Option::is_some).await.ok()?;
        found.clone()
    }
}

/// Whoever searches for the others. However it ends, nobody waits for it any longer.
pub(super) struct Pilot {
    memory: Arc<Memory>,
    key: Key,
    number: u64,
    sender: watch::Sender<Option<Found>>,
}

impl Pilot {
    pub(super) const fn target(&self) -> &Target {
        &self.key.0
    }

    pub(super) const fn policy(&self) -> &Policy {
        &self.key.1
    }

    /// Keeps what was found since `begun`, as far as it may be kept, and tells those who wait.
    pub(super) fn land(self, found: Result<Location, ResolveFailure>, begun: Instant) {
        // A failure must not meet those who come later, so it is no longer under way when it is told;
        // and whoever is told has room for another.
        {
            let mut inner = self.memory.lock();
            if inner.leave(&self.key, self.number) {
                let (target, policy) = &self.key;
                inner.cache.insert(target, policy, &found, begun);
            }
        }
        let _ = self.sender.send(Some(Arc::new(found)));
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.memory.lock().leave(&self.key, self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Freshness, ResolveError, Trace};

    #[test]
    fn a_search_ahead_that_there_is_no_room_for_begins_when_there_is() {
        let now = tokio::time::Instant::now().into_std();
        let policy = Policy::room_os();
        let [target, other] = ["one.example.com", "two.example.com"];
        let [target, other]: [Target; 2] = [target, other].map(|text| text.parse().unwrap());
        let memory = Arc::new(Memory::new(Cache::new(8), 1));
        let ahead = |target: &Target, now: Instant| {
            let wants = |known: Option<&Cached>| match known.map(Cached::freshness) {
                None | Some(Freshness::Ageing) => true,
                Some(_) => false,
            };
            memory.look(target, &policy, now, wants).2
        };
        let nothing = ResolveFailure {
            target: "one.example.com".into(),
            error: ResolveError::NotFound,
            holds: Duration::from_secs(100),
            trace: Trace::default(),
        };
        ahead(&target, now).unwrap().land(Err(nothing), now);
        let late = now + Duration::from_secs(95);
        let busy = ahead(&other, late).unwrap();
        assert!(ahead(&target, late).is_none());
        drop(busy);
        // Once.
        let begun = ahead(&target, late);
        assert!(begun.is_some());
        drop(begun);
        assert!(ahead(&target, late).is_none());
    }
}
