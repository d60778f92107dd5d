//! A map that never grows beyond its bound.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::TokenDigest;

/// What is known of tokens, by their digests, in bounded memory.
///
/// Entries live in a young and an old generation. When the young one is full it becomes the old
/// one, and what the old one held is forgotten; what is asked for becomes young again. So the
/// entries that are used stay, each step takes the same time, and a flood of new ones costs a
/// generation at most.
#[derive(Debug)]
pub(crate) struct Bounded<V>(Box<[Mutex<Shard<V>>]>);

impl<V: Clone> Bounded<V> {
    /// A map of at most `capacity` entries, rounded up to an even number, or to a multiple of 32
    /// where it is large; of none for zero.
    pub(crate) fn new(capacity: usize) -> Self {
        let shards = if capacity < MIN_SHARDED { 1 } else { SHARDS };
        let half = capacity.div_ceil(2 * shards);
        let shard = |_| {
            Mutex::new(Shard {
                half,
                young: HashMap::new(),
                old: HashMap::new(),
            })
        };
        Self((0..shards).map(shard).collect())
    }

    pub(crate) fn get(&self, digest: &TokenDigest) -> Option<V> {
        let mut shard = self.shard(digest)?;
        if let Some(value) = shard.young.get(digest) {
            return Some(value.clone());
        }
        let value = shard.old.remove(digest)?;
        shard.insert(*digest, value.clone());
        Some(value)
    }

    pub(crate) fn insert(&self, digest: TokenDigest, value: V) {
        if let Some(mut shard) = self.shard(&digest) {
            shard.old.remove(&digest);
            shard.insert(digest, value);
        }
    }

    #[cfg(any(feature = "client", test))]
    pub(crate) fn remove(&self, digest: &TokenDigest) {
        if let Some(mut shard) = self.shard(digest) {
            shard.young.remove(digest);
            shard.old.remove(digest);
        }
    }

    pub(crate) fn clear(&self) {
        for shard in &self.0 {
            let mut shard = lock(shard);
            shard.young.clear();
            shard.old.clear();
        }
    }

    pub(crate) fn len(&self) -> usize {
        let len = |shard| {
            let shard = lock(shard);
            shard.young.len() + shard.old.len()
        };
        self.0.iter().map(len).sum()
    }

    fn shard(&self, digest: &TokenDigest) -> Option<MutexGuard<'_, Shard<V>>> {
        let [first, ..] = digest.as_bytes();
        let shard = self.0.get(usize::from(*first) % self.0.len().max(1));
        shard.map(lock)
    }
}

#[derive(Debug)]
struct Shard<V> {
    half: usize,
    young: HashMap<TokenDigest, V>,
    old: HashMap<TokenDigest, V>,
}

impl<V> Shard<V> {
    fn insert(&mut self, digest: TokenDigest, value: V) {
        if self.half == 0 {
            return;
        }
        if self.young.len() >= self.half && !self.young.contains_key(&digest) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(digest, value);
    }
}

fn lock<V>(shard: &Mutex<Shard<V>>) -> MutexGuard<'_, Shard<V>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
/// Below it a map is not worth its shards.
const MIN_SHARDED: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> TokenDigest {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        TokenDigest::from_bytes(bytes)
    }

    #[test]
    fn it_never_holds_more_than_its_capacity() {
        for (capacity, most) in [(0, 0), (1, 2), (2, 2), (9, 10), (255, 256), (1_000, 1_024)] {
            let map = Bounded::new(capacity);
            for number in 0..5_000 {
                map.insert(digest(number), number);
                assert!(map.len() <= most, "{capacity}: {}", map.len());
            }
            assert!(map.len() >= capacity / 3, "{capacity}: {}", map.len());
        }
    }

    #[test]
    fn what_is_asked_for_outlives_a_flood_and_what_is_not_does_not() {
        let map = Bounded::new(10);
        map.insert(digest(0), 0);
        map.insert(digest(1), 1);
        for number in 2..1_000 {
            map.insert(digest(number), number);
            assert_eq!(map.get(&digest(0)), Some(0), "{number}");
        }
        assert_eq!(map.get(&digest(1)), None);
    }

    #[test]
    fn a_newer_value_takes_the_place_of_an_older_one_in_either_generation() {
        let map = Bounded::new(4);
        map.insert(digest(0), 0);
        map.insert(digest(0), 1);
        assert_eq!((map.get(&digest(0)), map.len()), (Some(1), 1));
        map.insert(digest(1), 1);
        map.insert(digest(2), 2);
        map.insert(digest(0), 7);
        assert_eq!((map.get(&digest(0)), map.len()), (Some(7), 3));
        map.remove(&digest(0));
        map.remove(&digest(1));
        assert_eq!((map.get(&digest(0)), map.len()), (None, 1));
        map.clear();
        assert_eq!(map.len(), 0);
    }
}
