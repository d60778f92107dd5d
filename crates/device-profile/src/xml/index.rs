//! Elements by name, for whoever looks one up.

use std::cmp::Ordering;

use super::Element;

/// Elements in the order of the hashes of their names or paths, and of equal ones in the order in
/// which they stand.
///
/// The hash is no secret: whoever makes all of them equal makes a look-up as long as the document
/// and nothing else.
#[derive(Clone, Default)]
pub(crate) struct Index(Vec<(u64, Element)>);

impl Index {
    /// Sorts elements; `order` parts those of equal hash.
    pub(crate) fn new(
        mut elements: Vec<(u64, Element)>,
        order: impl Fn(Element, Element) -> Ordering,
    ) -> Self {
        elements.sort_unstable_by(|one, other| {
            one.0
                .cmp(&other.0)
                .then_with(|| order(one.1, other.1))
                .then(one.1.cmp(&other.1))
        });
        Self(elements)
    }

    pub(crate) fn insert(&mut self, hash: u64, element: Element) {
        let place = self.0.partition_point(|known| known.0 <= hash);
        self.0.insert(place, (hash, element));
    }

    pub(crate) fn remove(&mut self, hash: u64, is_it: impl Fn(Element) -> bool) {
        self.0.retain(|known| known.0 != hash || !is_it(known.1));
    }

    /// The last element of this hash that is the one looked for.
    pub(crate) fn last(&self, hash: u64, is_it: impl Fn(Element) -> bool) -> Option<Element> {
        let until = self.0.partition_point(|known| known.0 <= hash);
        let before = self.0.get(..until).unwrap_or_default();
        let mut equal = before.iter().rev().take_while(|known| known.0 == hash);
        equal.find(|known| is_it(known.1)).map(|known| known.1)
    }

    /// Each pair of neighbours; equal names are neighbours.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Element, Element)> {
        self.0.windows(2).filter_map(|pair| match pair {
            [one, other] if one.0 == other.0 => Some((one.1, other.1)),
            _ => None,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = Element> {
        self.0.iter().map(|known| known.1)
    }
}

/// A number for a name, upon another one.
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
