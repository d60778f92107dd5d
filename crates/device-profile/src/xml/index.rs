//! Elements by name, for whoever looks one up.

use std::cmp::Ordering;

use super::Element;

/// Elements in the order of the hashes of their names or paths, of equal hashes in that of the names
/// or paths themselves, and of equal ones in the order in which they stand.
///
/// The hash is no secret, and whoever likes makes all of them equal: names are then compared as often
/// as a search by halves does, and no more.
#[derive(Clone, Default)]
pub(crate) struct Index(Vec<Entry>);

impl Index {
    /// An index with room for so many elements.
    pub(crate) fn with_capacity(elements: usize) -> Self {
        Self(Vec::with_capacity(elements))
    }

    /// Puts an element behind all others; [`sort`](Self::sort) is to follow.
    pub(crate) fn push(&mut self, hash: u64, element: Element) {
        self.0.push(Entry::new(hash, element));
    }

    /// Sorts the elements; `order` parts those of equal hash.
    pub(crate) fn sort(&mut self, order: impl Fn(Element, Element) -> Ordering) {
        self.0.sort_unstable();
        let runs = self.0.chunk_by_mut(|one, other| one.hash() == other.hash());
        for run in runs.filter(|run| run.len() > 1) {
            run.sort_unstable_by(|one, other| {
                let order = order(one.element(), other.element());
                order.then(one.cmp(other))
            });
        }
    }

    /// Puts an element in behind those that are like it; `order` is that of another one to it.
    pub(crate) fn insert(
        &mut self,
        hash: u64,
        element: Element,
        order: impl Fn(Element) -> Ordering,
    ) {
        let place = self.until(hash, order);
        self.0.insert(place, Entry::new(hash, element));
    }

    pub(crate) fn remove(&mut self, is_it: impl Fn(Element) -> bool) {
        self.0.retain(|known| !is_it(known.element()));
    }

    /// The last element of this hash that is the one looked for; `order` is that of another one to
    /// it.
    pub(crate) fn last(&self, hash: u64, order: impl Fn(Element) -> Ordering) -> Option<Element> {
        let until = self.until(hash, &order);
        let found = self.0.get(until.checked_sub(1)?)?;
        let is_it = found.hash() == half(hash) && order(found.element()).is_eq();
        is_it.then(|| found.element())
    }

    /// All elements of this hash that are those looked for, in order.
    pub(crate) fn all(
        &self,
        hash: u64,
        order: impl Fn(Element) -> Ordering,
    ) -> impl DoubleEndedIterator<Item = Element> {
        let until = self.until(hash, &order);
        let before = self.0.get(..until).unwrap_or_default();
        let from = before.partition_point(|known| compare(*known, hash, &order).is_lt());
        let equal = before.get(from..).unwrap_or_default();
        equal.iter().map(|known| known.element())
    }

    /// Where those end that do not come behind the one looked for.
    fn until(&self, hash: u64, order: impl Fn(Element) -> Ordering) -> usize {
        self.0
            .partition_point(|known| compare(*known, hash, &order).is_le())
    }

    /// Each pair of neighbours; equal names are neighbours.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Element, Element)> {
        self.0.windows(2).filter_map(|pair| match pair {
            [one, other] if one.hash() == other.hash() => Some((one.element(), other.element())),
            _ => None,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = Element> {
        self.0.iter().map(|known| known.element())
    }
}

/// How an entry stands to an element of this hash, to which `order` compares others.
fn compare(known: Entry, hash: u64, order: impl Fn(Element) -> Ordering) -> Ordering {
    let by_hash = known.hash().cmp(&half(hash));
    by_hash.then_with(|| order(known.element()))
}

/// The half of a hash that counts.
fn half(hash: u64) -> u32 {
    Entry::new(hash, Element(0)).hash()
}

/// Half of a hash and an element, as one number, which is quick to sort.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
struct Entry(u64);

impl Entry {
    fn new(hash: u64, element: Element) -> Self {
        Self(hash >> 32 << 32 | u64::from(element.0))
    }

    fn hash(self) -> u32 {
        let [a, b, c, d, ..] = self.0.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    fn element(self) -> Element {
        let [.., a, b, c, d] = self.0.to_be_bytes();
        Element(u32::from_be_bytes([a, b, c, d]))
    }
}

/// A number for a name, upon another one; the upper half is the better one.
pub(crate) fn hash(upon: u64, name: &str) -> u64 {
    let mix = |upon: u64, word: u64| (upon.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER);
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let upon = words
        .iter()
        .fold(upon, |upon, word| mix(upon, u64::from_le_bytes(*word)));
    let rest = rest
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(mix(upon, rest), name.len() as u64)
}

/// Odd, with bits all over.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn equal_hashes_are_searched_by_halves() {
        let mut index = Index::default();
        for element in 0..4_096 {
            index.push(1 << 32, Element(element));
        }
        index.sort(|one, other| one.0.cmp(&other.0));
        let compared = Cell::new(0);
        for wanted in 0..4_096 {
            compared.set(0);
            let found = index.last(1 << 32, |known| {
                compared.set(compared.get() + 1);
                known.0.cmp(&wanted)
            });
            assert_eq!(found.map(|found| found.0), Some(wanted));
            // Twelve halves, the one that is left, and whether it is that one.
            assert!(compared.get() <= 14, "{wanted}: {}", compared.get());
        }
    }
}
