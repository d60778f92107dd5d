//! A map that forgets.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// A map of at most `capacity` entries. When it is full the half that was touched longest ago is
/// forgotten at once, so that no step ever takes longer than a look into two maps.
#[derive(Clone, Debug)]
pub(crate) struct Bounded<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash, V> Bounded<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half: (capacity / 2).max(1),
        }
    }

    /// The entry, which is touched by this.
    pub(crate) fn touch<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_last_is_kept_and_the_size_is_bounded() {
        let mut map = Bounded::new(8);
        for key in 0..1_000 {
            map.insert(key, key);
            map.insert(-1, -1);
            assert_eq!(map.touch(&0).copied(), Some(0), "{key}");
            assert!(map.len() <= 8);
        }
        assert_eq!(map.get(&999), Some(&999));
        assert_eq!(map.get(&900), None);
        map.remove(&0);
        assert_eq!(map.touch(&0), None);
    }

    #[test]
    fn a_key_is_there_once() {
        let mut map = Bounded::new(4);
        map.insert(1, 'a');
        map.insert(2, 'b');
        map.insert(3, 'c');
        map.insert(1, 'd');
        assert_eq!((map.get(&1), map.len()), (Some(&'d'), 3));
    }
}
