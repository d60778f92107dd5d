//! The configuration document of room devices.

mod command_line;
mod numbered;
mod path;

use std::fmt;

use zeroize::Zeroizing;

use numbered::{Items, Numbered};
pub use path::Path;
use path::Segment;

use crate::xml::{Element, Index, Names, Tree, WhiteSpace, hash};
use crate::{DocumentError, DocumentFault, Limits, ValueError};

/// A `<Configuration>`: values by path, as in `SIP Proxy 1 Address`.
///
/// What a server serves to these devices is public nowhere; this is the form in which they
/// themselves give and take their configuration over HTTP. A document is kept as it came: what no
/// edit touches is written byte for byte. `Debug` shows paths only; the text is overwritten when
/// dropped.
///
/// # Source
///
/// The devices' own interface: nesting, `item` for one of several, attributes to be passed over.
#[derive(Clone)]
pub struct Configuration {
    tree: Tree,
    items: Items,
    /// The values, each an element without elements inside.
    by_path: Index,
    /// What is around values, once something has been added.
    containers: Option<Index>,
}

impl Configuration {
    /// A configuration without values.
    #[must_use]
    pub fn new() -> Self {
        let empty = Self::parse(EMPTY.as_bytes(), &Limits::default());
        empty.unwrap_or_else(|_| unreachable!("an empty configuration is one"))
    }

    /// Reads a document whose root is `<Configuration>`.
    ///
    /// A namespace and any attribute but `item` are passed over. The innermost elements are the
    /// values, exactly as they stand; white space alone is no value but an empty one.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with the place and what is wrong there; also when a path is given twice.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, DocumentError> {
        let tree = Tree::parse(bytes, Names::Plain, WhiteSpace::Kept, limits)?;
        Self::from_tree(tree, limits)
    }

    fn from_tree(tree: Tree, limits: &Limits) -> Result<Self, DocumentError> {
        let fault = |element, fault| Err(DocumentError::new(tree.place(element), fault));
        let root = tree.root();
        if tree.name(root) != CONFIGURATION {
            return fault(root, DocumentFault::Root);
        }
        let mut by_path = Index::with_capacity(tree.len());
        let mut items = Items::with_capacity(tree.len());
        // Hash and length of the path of each element that is open, and what comes behind it.
        let mut open: Vec<(Element, u64, usize)> = Vec::new();
        for element in tree.elements() {
            if element == root {
                if tree.has_text(root) {
                    return fault(root, DocumentFault::Mixed);
                }
                items.push(None);
                continue;
            }
            while open.last().is_some_and(|open| open.0 <= element) {
                open.pop();
            }
            let (upon, length) = open.last().map_or((0, 0), |open| (open.1, open.2 + 1));
            let Ok(item) = numbered::item(&tree, element) else {
                return fault(element, DocumentFault::Item);
            };
            items.push(item);
            let name = tree.name(element);
            let length = length + name.len() + item.map_or(0, |item| 3 + item.ilog10() as usize);
            if length > limits.path_bytes {
                return fault(element, DocumentFault::PathTooLong);
            }
            let upon = segment_hash(upon, (name, item));
            let after = tree.after(element);
            if after.is_next_to(element) {
                by_path.push(upon, element);
            } else {
                if tree.has_text(element) {
                    return fault(element, DocumentFault::Mixed);
                }
                open.push((after, upon, length));
            }
        }
        let numbered = Numbered::new(&tree, &items);
        by_path.sort(|one, other| numbered.order(one, other));
        let mut equal = by_path.pairs();
        if let Some((_, again)) = equal.find(|pair| numbered.order(pair.0, pair.1).is_eq()) {
            return fault(again, DocumentFault::Duplicate);
        }
        drop(equal);
        Ok(Self {
            tree,
            items,
            by_path,
            containers: None,
        })
    }

    /// Sets the value of a path, in its place where it is there already.
    ///
    /// # Errors
    ///
    /// [`ValueError::Value`] when the value cannot stand in a document.
    pub fn set(&mut self, path: &Path, value: &str) -> Result<(), ValueError> {
        self.tree.check(value)?;
        let element = match self.find(path) {
            Some(found) => found,
            None => self.add(path)?,
        };
        self.tree.set_value(element, value)
    }

    /// Takes the value of a path away, and what would be empty without it; says whether it was
    /// there.
    pub fn remove(&mut self, path: &Path) -> bool {
        let Some(found) = self.find(path) else {
            return false;
        };
        self.by_path.remove(|known| known == found);
        let mut element = found;
        loop {
            self.tree.remove(element);
            match self.tree.parent(element) {
                Some(parent) if parent != self.tree.root() && !self.tree.is_container(parent) => {
                    element = parent;
                }
                _ => return true,
            }
        }
    }

    /// The value of a path; names are case-sensitive.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&str> {
        self.find(path).map(|found| self.tree.value(found))
    }

    /// The value of a path written as a text; `None` also when the text is no path.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(&path.parse().ok()?)
    }

    /// Whether a path has one of the words that its value is chosen from, in whatever case.
    pub(crate) fn says(&self, path: &str, word: &str) -> bool {
        self.text(path)
            .is_some_and(|text| text.trim_ascii().eq_ignore_ascii_case(word))
    }

    /// Paths and values, in the document's order.
    pub fn values(&self) -> impl Iterator<Item = (Path, &str)> {
        let mut values: Vec<Element> = self.by_path.elements().collect();
        values.sort_unstable();
        values
            .into_iter()
            .map(|element| (self.numbered().path(element), self.tree.value(element)))
    }

    /// The document: as it came, but for what was edited. What is new has no attribute but `item`,
    /// a line of its own where the others have, and is written in ASCII.
    #[must_use]
    pub fn write(&self) -> Zeroizing<String> {
        self.tree.write()
    }

    fn find(&self, path: &Path) -> Option<Element> {
        let segments: Vec<_> = path.segments().collect();
        let order = |known| self.numbered().order_to(known, &segments);
        self.by_path.last(path_hash(path), order)
    }

    /// Adds an element for a value, and what has to be around it.
    fn add(&mut self, path: &Path) -> Result<Element, ValueError> {
        let mut containers = match self.containers.take() {
            Some(known) => known,
            None => self.all_containers(),
        };
        let segments: Vec<_> = path.segments().collect();
        let hashes: Vec<u64> = segments
            .iter()
            .scan(0, |upon, segment| {
                *upon = segment_hash(*upon, *segment);
                Some(*upon)
            })
            .collect();
        // The innermost that is there, for the same may stand more than once.
        let known = (1..segments.len()).rev().find_map(|length| {
            let around = segments.get(..length)?;
            let order = |known| self.numbered().order_to(known, around);
            let mut all = containers.all(*hashes.get(length - 1)?, order);
            let found = all.rfind(|known| self.tree.is_container(*known))?;
            Some((length, found))
        });
        let (mut length, mut around) = known.unwrap_or_else(|| (0, self.tree.root()));
        for ((name, item), hash) in segments.iter().zip(&hashes).skip(length) {
            around = self.tree.append(around, name)?;
            self.items.push(*item);
            if let Some(item) = item {
                let item = item.to_string();
                self.tree.set_attribute(around, "item", Some(&item))?;
            }
            length += 1;
            if length < segments.len() {
                let numbered = self.numbered();
                let path = segments.get(..length).unwrap_or_default();
                containers.insert(*hash, around, |known| numbered.order_to(known, path));
            }
        }
        self.containers = Some(containers);
        let numbered = Numbered::new(&self.tree, &self.items);
        self.by_path.insert(path_hash(path), around, |known| {
            numbered.order_to(known, &segments)
        });
        Ok(around)
    }

    fn all_containers(&self) -> Index {
        let mut containers = Index::default();
        let root = self.tree.root();
        for element in self.tree.elements().filter(|element| *element != root) {
            if !self.tree.after(element).is_next_to(element) {
                let segments = self.numbered().segments(element);
                containers.push(segments.into_iter().fold(0, segment_hash), element);
            }
        }
        containers.sort(|one, other| self.numbered().order(one, other));
        containers
    }

    fn numbered(&self) -> Numbered<'_> {
        Numbered::new(&self.tree, &self.items)
    }
}

impl Default for Configuration {
    fn default() -> Self {
        Self::new()
    }
}

impl Eq for Configuration {}

/// The same values of the same paths, in whatever order and form they are written.
impl PartialEq for Configuration {
    fn eq(&self, other: &Self) -> bool {
        let is_there = |(path, value): (Path, &str)| other.get(&path) == Some(value);
        self.by_path.len() == other.by_path.len() && self.values().all(is_there)
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.values().map(|(path, _)| path.to_string()))
            .finish()
    }
}

fn path_hash(path: &Path) -> u64 {
    path.segments().fold(0, segment_hash)
}

fn segment_hash(upon: u64, (name, item): Segment<'_>) -> u64 {
    hash(upon ^ u64::from(item.unwrap_or_default()), name)
}

pub(crate) const CONFIGURATION: &str = "Configuration";
const EMPTY: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Configuration>\n</Configuration>\n";
