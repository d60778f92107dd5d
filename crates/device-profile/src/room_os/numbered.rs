//! Elements with the numbers of those that are several.

use std::cmp::Ordering;

use super::path::{Path, Segment, number};
use crate::xml::{Element, Tree};

/// The `item` of each element, decoded once: whoever wants to makes an attribute as long as a
/// document, and a path is asked for as often as paths are compared.
#[derive(Clone)]
pub(super) struct Items(Vec<Option<u16>>);

impl Items {
    pub(super) fn with_capacity(elements: usize) -> Self {
        Self(Vec::with_capacity(elements))
    }

    /// Says what the next element's is, in the order in which a tree counts them.
    pub(super) fn push(&mut self, item: Option<u16>) {
        self.0.push(item);
    }

    fn of(&self, element: Element) -> Option<u16> {
        self.0.get(element.index()).copied().flatten()
    }
}

/// A tree with the numbers of its elements, for whoever wants their paths.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'t> {
    tree: &'t Tree,
    items: &'t Items,
}

impl<'t> Numbered<'t> {
    pub(super) fn new(tree: &'t Tree, items: &'t Items) -> Self {
        Self { tree, items }
    }

    /// The names around a value and its own, outermost first.
    pub(super) fn segments(self, element: Element) -> Vec<Segment<'t>> {
        let mut segments: Vec<_> = self.up(element).collect();
        segments.reverse();
        segments
    }

    pub(super) fn path(self, element: Element) -> Path {
        Path::of(&self.segments(element))
    }

    pub(super) fn order(self, one: Element, other: Element) -> Ordering {
        self.up(one).cmp(self.up(other))
    }

    /// The order of an element to the path of these names, outermost first.
    pub(super) fn order_to(self, element: Element, path: &[Segment<'_>]) -> Ordering {
        self.up(element).cmp(path.iter().rev().copied())
    }

    /// The name of a value and those around it, innermost first.
    fn up(self, element: Element) -> impl Iterator<Item = Segment<'t>> {
        let up = std::iter::successors(Some(element), move |element| self.tree.parent(*element));
        up.take_while(move |element| *element != self.tree.root())
            .map(move |element| (self.tree.name(element), self.items.of(element)))
    }
}

/// The number of one of several, as its tag has it; the error is that it is none.
pub(super) fn item(tree: &Tree, element: Element) -> Result<Option<u16>, ()> {
    let Some(item) = tree.attribute(element, "item") else {
        return Ok(None);
    };
    number(&item).map(Some).ok_or(())
}
