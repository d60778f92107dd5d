//! The configuration document of multiplatform phones, and the rules by which they fetch it.

mod comparison;
mod macros;
mod rule;
mod rule_text;

use std::fmt;

use zeroize::Zeroizing;

pub use macros::Macros;
pub use rule::{Choice, ProfileRule, Request, Scheme};

use crate::unified_cm::DEVICE;
use crate::xml::{Element, Index, Names, Tree, WhiteSpace, hash, is_name};
use crate::{DocumentError, DocumentFault, Limits, ValueError};

/// A `<flat-profile>`: parameters by name, each with a value and perhaps with the user's access.
///
/// The guides contradict one another about empty values, so the four states stay apart: no such
/// parameter (`None`), [`Value::Empty`] without and with [`UserAccess::ReadWrite`], and
/// [`Value::EmptyString`]. A document is kept as it came: what no edit touches is written byte for
/// byte. `Debug` shows names only; the text is overwritten when dropped.
///
/// # Source
///
/// XML reference guide for multiplatform phones: roots, names, `ua`, white space.
#[derive(Clone)]
pub struct FlatProfile {
    tree: Tree,
    /// The elements `<flat-profile>`, one or more.
    profiles: Vec<Element>,
    by_name: Index,
    /// The parameters that one of the same name follows, in the document's order.
    overridden: Vec<Element>,
}

impl FlatProfile {
    /// A profile without parameters.
    #[must_use]
    pub fn new() -> Self {
        let empty = Self::parse(EMPTY.as_bytes(), &Limits::default());
        empty.unwrap_or_else(|_| unreachable!("an empty profile is one"))
    }

    /// Reads a document whose root is `<flat-profile>`, or `<device>` with one inside.
    ///
    /// White space around a value goes, a line break inside becomes a space, and of a parameter
    /// given twice the last one counts. An element with elements inside is no parameter and is
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with the place and what is wrong there.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, DocumentError> {
        Self::from_tree(Tree::parse(bytes, Names::Plain, WhiteSpace::Flat, limits)?)
    }

    fn from_tree(tree: Tree) -> Result<Self, DocumentError> {
        let root = tree.root();
        let profiles: Vec<Element> = match tree.name(root) {
            PROFILE => vec![root],
            DEVICE => {
                let inside = tree.children(root);
                inside
                    .filter(|child| tree.name(*child) == PROFILE)
                    .collect()
            }
            _ => Vec::new(),
        };
        if profiles.is_empty() {
            return Err(DocumentError::new(tree.place(root), DocumentFault::Root));
        }
        let mut by_name = Index::with_capacity(tree.len());
        for profile in &profiles {
            for child in tree.children(*profile) {
                if !tree.is_container(child) {
                    by_name.push(hash(0, tree.name(child)), child);
                }
            }
        }
        by_name.sort(|one, other| tree.name(one).cmp(tree.name(other)));
        let is_same = |(one, other): &(Element, Element)| tree.name(*one) == tree.name(*other);
        let mut overridden: Vec<Element> =
            by_name.pairs().filter(is_same).map(|pair| pair.0).collect();
        overridden.sort_unstable();
        Ok(Self {
            tree,
            profiles,
            by_name,
            overridden,
        })
    }

    /// Sets a parameter, in its place where it is there already; the user's access stays.
    ///
    /// An empty value is [`Value::Empty`], and `""` is [`Value::EmptyString`].
    ///
    /// # Errors
    ///
    /// [`ValueError`] when the name or the value cannot stand in a document.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ValueError> {
        self.tree.check(value)?;
        let parameter = self.found_or_added(name)?;
        self.tree.set_value(parameter, value)
    }

    /// Says what the user may do with a parameter, which is added with [`Value::Empty`] where it
    /// is not there; `None` leaves it to the phone.
    ///
    /// # Errors
    ///
    /// [`ValueError::Name`] when the name cannot stand in a document.
    pub fn set_access(&mut self, name: &str, access: Option<UserAccess>) -> Result<(), ValueError> {
        let parameter = self.found_or_added(name)?;
        let access = access.map(UserAccess::as_str);
        self.tree.set_attribute(parameter, "ua", access)
    }

    /// Takes a parameter away as often as it is there, and says whether it was.
    pub fn remove(&mut self, name: &str) -> bool {
        let tree = &self.tree;
        let found = self
            .by_name
            .all(hash(0, name), |known| tree.name(known).cmp(name));
        let found: Vec<Element> = found.collect();
        for parameter in &found {
            self.tree.remove(*parameter);
        }
        self.by_name
            .remove(|known| found.binary_search(&known).is_ok());
        !found.is_empty()
    }

    /// The parameter of this name; names are case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Parameter<'_>> {
        self.find(name).map(|found| self.parameter(found))
    }

    /// The text of the parameter of this name; `None` when it is absent or empty in any way.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match value(self.tree.value(self.find(name)?)) {
            Value::Text(text) => Some(text),
            Value::Empty | Value::EmptyString => None,
        }
    }

    /// The parameters in the document's order, of those given twice the last.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        let inside = self.profiles.iter();
        let inside = inside.flat_map(|profile| self.tree.children(*profile));
        inside
            .filter(|child| !self.tree.is_container(*child))
            .filter(|child| self.overridden.binary_search(child).is_err())
            .map(|child| self.parameter(child))
    }

    /// The numbers of the lines that the profile says something of: those with a proxy, a user or
    /// a password.
    #[must_use]
    pub fn lines(&self) -> Vec<u8> {
        let number = |parameter: Parameter<'_>| {
            let (name, number) = parameter.name.strip_suffix('_')?.rsplit_once('_')?;
            let is_line = matches!(name, "Proxy" | "User_ID" | "Password");
            let is_filled = matches!(parameter.value, Value::Text(_));
            // `Proxy_01_` is no name that a phone knows.
            let is_plain = !number.starts_with(['+', '0']);
            number
                .parse()
                .ok()
                .filter(|_| is_line && is_filled && is_plain)
        };
        let mut lines: Vec<u8> = self.parameters().filter_map(number).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// The names of the parameters that one of the same name follows, in the document's order.
    pub fn overridden(&self) -> impl Iterator<Item = &str> {
        self.overridden
            .iter()
            .map(|element| self.tree.name(*element))
    }

    /// The names of the elements that are no parameters, having elements inside.
    pub(crate) fn nested(&self) -> impl Iterator<Item = &str> {
        let inside = self.profiles.iter();
        let inside = inside.flat_map(|profile| self.tree.children(*profile));
        inside
            .filter(|child| self.tree.is_container(*child))
            .map(|child| self.tree.name(child))
    }

    /// The names of the parameters whose `ua` is none that phones know.
    pub(crate) fn unknown_access(&self) -> impl Iterator<Item = &str> {
        let elements = self.by_name.elements();
        elements
            .filter(|element| {
                let access = self.tree.attribute(*element, "ua");
                access.is_some_and(|access| UserAccess::named(&access).is_none())
            })
            .map(|element| self.tree.name(element))
    }

    /// The document: as it came, but for what was edited. What is new has a line of its own where
    /// the others have, and is written in ASCII.
    #[must_use]
    pub fn write(&self) -> Zeroizing<String> {
        self.tree.write()
    }

    fn find(&self, name: &str) -> Option<Element> {
        let order = |known| self.tree.name(known).cmp(name);
        self.by_name.last(hash(0, name), order)
    }

    fn found_or_added(&mut self, name: &str) -> Result<Element, ValueError> {
        if let Some(found) = self.find(name) {
            return Ok(found);
        }
        if !is_name(name) {
            return Err(ValueError::Name);
        }
        let profile = self.profiles.last().copied();
        let profile = profile.unwrap_or_else(|| self.tree.root());
        let added = self.tree.append(profile, name)?;
        let tree = &self.tree;
        let order = |known| tree.name(known).cmp(name);
        self.by_name.insert(hash(0, name), added, order);
        Ok(added)
    }

    fn parameter(&self, element: Element) -> Parameter<'_> {
        let access = self.tree.attribute(element, "ua");
        Parameter {
            name: self.tree.name(element),
            value: value(self.tree.value(element)),
            access: access.as_deref().and_then(UserAccess::named),
        }
    }
}

impl Default for FlatProfile {
    fn default() -> Self {
        Self::new()
    }
}

impl Eq for FlatProfile {}

/// The same parameters in the same order, however they are written.
impl PartialEq for FlatProfile {
    fn eq(&self, other: &Self) -> bool {
        self.parameters().eq(other.parameters())
    }
}

impl fmt::Debug for FlatProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.parameters().map(|parameter| parameter.name))
            .finish()
    }
}

/// A parameter of a profile.
#[derive(Clone, Copy, Eq, PartialEq)]
#[non_exhaustive]
pub struct Parameter<'p> {
    /// Its name.
    pub name: &'p str,
    /// Its value.
    pub value: Value<'p>,
    /// What the user may do with it.
    pub access: Option<UserAccess>,
}

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter")
            .field("name", &self.name)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

/// The value of a parameter.
#[derive(Clone, Copy, Eq, PartialEq)]
#[non_exhaustive]
pub enum Value<'p> {
    /// Nothing: closed in its own tag, or with nothing but white space inside.
    Empty,
    /// The two quotation marks `""`, which stand for an empty text.
    EmptyString,
    /// A text.
    Text(&'p str),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::EmptyString => "EmptyString",
            Self::Text(_) => "Text([redacted])",
        })
    }
}

/// What the phone's user may do with a parameter (`ua`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UserAccess {
    /// `na`: not see it.
    None,
    /// `ro`: see it.
    ReadOnly,
    /// `rw`: see and change it.
    ReadWrite,
}

impl UserAccess {
    fn named(name: &str) -> Option<Self> {
        match name {
            "na" => Some(Self::None),
            "ro" => Some(Self::ReadOnly),
            "rw" => Some(Self::ReadWrite),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "na",
            Self::ReadOnly => "ro",
            Self::ReadWrite => "rw",
        }
    }
}

fn value(text: &str) -> Value<'_> {
    match text {
        "" => Value::Empty,
        "\"\"" => Value::EmptyString,
        text => Value::Text(text),
    }
}

pub(crate) const PROFILE: &str = "flat-profile";
const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<flat-profile>\n</flat-profile>\n";
