//! XML documents of strangers: no document types, no entities of one's own, nothing without bound.
//!
//! A [`Tree`] keeps the document as it came and knows where its elements are in it. An edit says
//! what an element becomes; all that no edit touches is written byte for byte as it stood.

mod edit;
mod index;
mod scan;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::wiped::Wiped;
use crate::{DocumentError, Limits};

pub(crate) use index::{Index, hash};
pub(crate) use scan::is_wide;
pub(crate) use text::{WhiteSpace, is_name, is_writable, push_escaped};

/// Reads a document to its end and keeps nothing of it; names may have prefixes.
///
/// # Errors
///
/// [`DocumentError`] where it is not well-formed, not UTF-8, or more than allowed.
pub(crate) fn check(bytes: &[u8], limits: &Limits) -> Result<(), DocumentError> {
    scan::scan(bytes, Names::Prefixed, limits).map(drop)
}

/// How many elements a path may lead through below the root: with it as many as a document is deep at
/// most by default.
pub(crate) const MAX_STEPS: usize = 31;

/// Which names elements may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Names {
    /// Letters, digits, `_`, `-` and `.`.
    Plain,
    /// These and colons, declared or not.
    Prefixed,
}

/// A document and the places of its elements.
#[derive(Clone)]
pub(crate) struct Tree {
    source: Zeroizing<String>,
    /// Values that do not stand in the source as they are, and whatever was set since.
    side: Wiped,
    /// First those of the source in its order, each before what is inside it, then those that were
    /// added.
    nodes: Vec<Node>,
    /// How many elements the source has.
    sourced: usize,
    /// What was added, by the element that it was added to.
    added: BTreeMap<u32, Vec<u32>>,
    white_space: WhiteSpace,
    is_edited: bool,
}

/// An element.
#[derive(Clone, Copy)]
struct Node {
    /// All of it in the source.
    start: u32,
    end: u32,
    /// Its start tag up to `>` or `/>`, and blanks before that.
    tag: Chunk,
    /// Of an element without elements inside its value; of another all that is between its tags.
    value: Chunk,
    parent: u32,
    /// The element of the source that comes after all that is inside this one.
    after: u32,
    name_len: u16,
    flags: u8,
}

impl Node {
    /// Closed in its own tag.
    const IS_CLOSED: u8 = 1;
    /// There are references, comments, instructions or sections inside.
    const IS_ENCODED: u8 = 2;
    /// There is text beside elements or instead of them.
    const HAS_TEXT: u8 = 4;
    const TAG_EDITED: u8 = 8;
    const VALUE_EDITED: u8 = 16;
    const REMOVED: u8 = 32;

    const NONE: u32 = u32::MAX;

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// A piece of the source, or, where it begins after its end, of what is beside it.
#[derive(Clone, Copy)]
struct Chunk {
    at: u32,
    len: u32,
}

impl Chunk {
    fn new(start: usize, end: usize) -> Self {
        Self {
            at: scan::small(start),
            len: scan::small(end.saturating_sub(start)),
        }
    }
}

/// An element of a [`Tree`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Element(u32);

impl Element {
    /// Whether there is none between another and this one.
    pub(crate) fn is_next_to(self, other: Self) -> bool {
        self.0 == other.0 + 1
    }

    /// Its place among all elements of its tree, from 0; those that are added come last.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl Tree {
    pub(crate) fn parse(
        bytes: &[u8],
        names: Names,
        white_space: WhiteSpace,
        limits: &Limits,
    ) -> Result<Self, DocumentError> {
        let (text, nodes) = scan::scan(bytes, names, limits)?;
        let mut tree = Self {
            source: Zeroizing::new(text.to_owned()),
            side: Wiped::default(),
            sourced: nodes.len(),
            nodes,
            added: BTreeMap::new(),
            white_space,
            is_edited: false,
        };
        tree.find_values();
        Ok(tree)
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn root(&self) -> Element {
        Element(0)
    }

    pub(crate) fn name(&self, element: Element) -> &str {
        let Some(node) = self.node(element) else {
            return "";
        };
        let name = self.chunk(node.tag).get(1..=usize::from(node.name_len));
        name.unwrap_or_default()
    }

    /// The value of an element without elements inside.
    pub(crate) fn value(&self, element: Element) -> &str {
        self.node(element).map_or("", |node| self.chunk(node.value))
    }

    /// The value of one attribute.
    pub(crate) fn attribute(&self, element: Element, name: &str) -> Option<Cow<'_, str>> {
        let node = self.node(element)?;
        if node.tag.len <= 1 + u32::from(node.name_len) {
            return None;
        }
        let mut all = self.raw_attributes(element);
        let found = all.find(|known| known.name == name);
        found.map(|found| text::attribute_value(found.raw))
    }

    /// Names and values of all attributes.
    pub(crate) fn attributes(
        &self,
        element: Element,
    ) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let all = self.raw_attributes(element);
        all.map(|known| (known.name, text::attribute_value(known.raw)))
    }

    fn raw_attributes(&self, element: Element) -> impl Iterator<Item = Attribute<'_>> {
        let node = self.node(element);
        let (tag, from) = node.map_or(("", 0), |node| {
            (self.chunk(node.tag), 1 + usize::from(node.name_len))
        });
        attributes(tag, from)
    }

    /// Whether there are elements inside.
    pub(crate) fn is_container(&self, element: Element) -> bool {
        self.children(element).next().is_some()
    }

    /// Whether there is text in an element itself.
    pub(crate) fn has_text(&self, element: Element) -> bool {
        let node = self.node(element);
        node.is_some_and(|node| node.has(Node::HAS_TEXT))
    }

    pub(crate) fn parent(&self, element: Element) -> Option<Element> {
        let parent = self.node(element)?.parent;
        (parent != Node::NONE).then_some(Element(parent))
    }

    /// What is inside an element, in order.
    pub(crate) fn children(&self, element: Element) -> impl Iterator<Item = Element> {
        let inside = self.source_children(element);
        let inside = inside.filter(|child| !child.1.has(Node::REMOVED));
        let added = self.added.get(&element.0).into_iter().flatten();
        inside
            .map(|child| child.0)
            .chain(added.map(|child| Element(*child)))
    }

    /// All elements of the document that came, each before what is inside it.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Element> {
        (0..scan::small(self.sourced)).map(Element)
    }

    /// The element of the document that came behind all that is inside one.
    pub(crate) fn after(&self, element: Element) -> Element {
        self.node(element)
            .map_or(element, |node| Element(node.after))
    }

    /// The first element of this name inside another.
    pub(crate) fn child(&self, element: Element, name: &str) -> Option<Element> {
        self.children(element)
            .find(|child| self.name(*child) == name)
    }

    /// Where an element begins in the document that came.
    pub(crate) fn place(&self, element: Element) -> u64 {
        self.node(element).map_or(0, |node| u64::from(node.start))
    }

    fn source_children(&self, element: Element) -> impl Iterator<Item = (Element, &Node)> {
        let is_sourced = (element.0 as usize) < self.sourced;
        let end = self
            .node(element)
            .filter(|_| is_sourced)
            .map_or(0, |node| node.after);
        let mut next = element.0 + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = Element(next);
            let node = self.node(child)?;
            next = node.after;
            Some((child, node))
        })
    }

    fn node(&self, element: Element) -> Option<&Node> {
        self.nodes.get(element.0 as usize)
    }

    fn node_mut(&mut self, element: Element) -> Option<&mut Node> {
        self.nodes.get_mut(element.0 as usize)
    }

    fn chunk(&self, chunk: Chunk) -> &str {
        let (at, len) = (chunk.at as usize, chunk.len as usize);
        let piece = match at.checked_sub(self.source.len()) {
            None => self.source.get(at..at + len),
            Some(at) => self.side.get(at..at + len),
        };
        piece.unwrap_or_default()
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        let range = start as usize..end as usize;
        self.source.get(range).unwrap_or_default()
    }

    /// Says where the value of each innermost element is, which most often is in the source.
    fn find_values(&mut self) {
        let white_space = self.white_space;
        let source_len = self.source.len();
        for (index, node) in self.nodes.iter_mut().enumerate() {
            if node.after as usize != index + 1 {
                // What is between elements is no value, not even when they are taken away.
                node.value = Chunk { at: 0, len: 0 };
            }
            if node.value.len == 0 {
                continue;
            }
            let at = node.value.at as usize;
            let raw = self.source.get(at..at + node.value.len as usize);
            let raw = raw.unwrap_or_default();
            let (mut before, mut len) = white_space.value(raw);
            let value = raw.get(before..before + len).unwrap_or_default();
            let mut start = at;
            if node.has(Node::IS_ENCODED) || white_space.changes(value) {
                if self.side.is_empty() {
                    self.side = Wiped::with_capacity(source_len / 4);
                }
                let side_at = self.side.len();
                text::push_decoded(&mut self.side, value, white_space);
                let decoded = self.side.get(side_at..).unwrap_or_default();
                (before, len) = white_space.value(decoded);
                start = source_len + side_at;
            }
            node.value = Chunk::new(start + before, start + before + len);
        }
    }
}

/// An attribute as it stands in a tag.
struct Attribute<'t> {
    name: &'t str,
    raw: &'t str,
    /// From its name to behind its value.
    place: Range<usize>,
}

/// The attributes of a tag from a place on, which have been found well-formed.
fn attributes(tag: &str, from: usize) -> impl Iterator<Item = Attribute<'_>> {
    let mut rest = tag.get(from..).unwrap_or_default();
    std::iter::from_fn(move || {
        let begun = rest.trim_ascii_start();
        let (name, after) = begun.split_once('=')?;
        let after = after.trim_ascii_start();
        let quote = char::from(*after.as_bytes().first()?);
        let (raw, after) = after.get(1..)?.split_once(quote)?;
        rest = after;
        Some(Attribute {
            name: name.trim_ascii_end(),
            raw,
            place: tag.len() - begun.len()..tag.len() - after.len(),
        })
    })
}

#[cfg(test)]
mod tests;
