//! The configuration document of multiplatform phones.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::wiped::Wiped;
use crate::xml::{Document, Node, is_name, is_writable, push_escaped};
use crate::{DocumentError, DocumentFault, Limits, ValueError};

/// A `<flat-profile>`: parameters by name, each with a value and perhaps with the user's access.
///
/// The guides contradict one another about empty values, so the four states stay apart: no such
/// parameter (`None`), [`Value::Empty`] without and with [`UserAccess::ReadWrite`], and
/// [`Value::EmptyString`]. `Debug` shows names only; values are overwritten when dropped.
///
/// # Source
///
/// XML reference guide for multiplatform phones: roots, names, `ua`, white space.
#[derive(Clone)]
pub struct FlatProfile {
    /// Names and values one after another, so that they are overwritten together.
    text: Wiped,
    entries: Vec<Entry>,
    /// The entries in the order of their names.
    by_name: Vec<usize>,
}

impl FlatProfile {
    /// A profile without parameters.
    #[must_use]
    pub fn new() -> Self {
        Self {
            text: Wiped::default(),
            entries: Vec::new(),
            by_name: Vec::new(),
        }
    }

    /// Reads a document whose root is `<flat-profile>`, or `<device>` with one inside.
    ///
    /// White space around a value goes, a line break inside becomes a space, and of a parameter
    /// given twice the last one stays. An element with elements inside is no parameter and is
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`DocumentError`] with the place and what is wrong there.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, DocumentError> {
        let mut document = Document::new(bytes, limits)?;
        let mut profile = Self::new();
        // Neither names nor values grow by being read.
        profile.text = Wiped::with_capacity(bytes.len());
        let root = document.root()?;
        match root.name().as_ref() {
            "flat-profile" => profile.read(&mut document)?,
            "device" => profile.read_device(&mut document)?,
            _ => return Err(document.fault(DocumentFault::Root)),
        }
        document.finish()?;
        profile.index();
        Ok(profile)
    }

    /// Sets a parameter, in its place where it is there already.
    ///
    /// An empty value is [`Value::Empty`], and `""` is [`Value::EmptyString`].
    ///
    /// # Errors
    ///
    /// [`ValueError`] when the name or the value cannot stand in a document.
    pub fn set(
        &mut self,
        name: &str,
        value: &str,
        access: Option<UserAccess>,
    ) -> Result<(), ValueError> {
        if !is_name(name) {
            return Err(ValueError::Name);
        }
        if !is_writable(value) {
            return Err(ValueError::Value);
        }
        let at = self.text.len();
        self.text.push_str(name);
        let value_at = self.text.len();
        self.text.push_lines(value, ' ');
        let entry = Entry {
            name: at..value_at,
            value: self.tidy(value_at),
            access,
        };
        match self.position(name) {
            Ok(known) => {
                if let Some(slot) = self
                    .by_name
                    .get(known)
                    .and_then(|at| self.entries.get_mut(*at))
                {
                    *slot = entry;
                }
            }
            Err(place) => {
                self.by_name.insert(place, self.entries.len());
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    /// The parameter of this name; names are case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Parameter<'_>> {
        let place = self.position(name).ok()?;
        let entry = self.entries.get(*self.by_name.get(place)?)?;
        Some(self.parameter(entry))
    }

    /// The text of the parameter of this name; `None` when it is absent or empty in any way.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)?.value {
            Value::Text(text) => Some(text),
            Value::Empty | Value::EmptyString => None,
        }
    }

    /// The parameters in the document's order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.entries.iter().map(|entry| self.parameter(entry))
    }

    /// The document: the root `<flat-profile>`, one line for each parameter, in ASCII. Reading it
    /// gives the same profile again.
    #[must_use]
    pub fn write(&self) -> Zeroizing<String> {
        let room = 128 + self.entries.len() * 32 + self.text.len() * 2;
        let mut xml = Wiped::with_capacity(room);
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<flat-profile>\n");
        for parameter in self.parameters() {
            xml.push_str("  <");
            xml.push_str(parameter.name);
            if let Some(access) = parameter.access {
                xml.push_str(" ua=\"");
                xml.push_str(access.as_str());
                xml.push('"');
            }
            match parameter.value {
                Value::Empty => {
                    xml.push_str("/>\n");
                    continue;
                }
                Value::EmptyString => xml.push_str(">\"\""),
                Value::Text(text) => {
                    xml.push('>');
                    push_escaped(&mut xml, text);
                }
            }
            xml.push_str("</");
            xml.push_str(parameter.name);
            xml.push_str(">\n");
        }
        xml.push_str("</flat-profile>\n");
        xml.into_zeroizing()
    }

    fn read_device(&mut self, document: &mut Document<'_>) -> Result<(), DocumentError> {
        let mut is_found = false;
        loop {
            match document.next()? {
                Node::Start(start) if start.name().as_ref() == "flat-profile" => {
                    is_found = true;
                    self.read(document)?;
                }
                Node::Start(_) => document.skip()?,
                Node::Text(_) | Node::Char(_) => {}
                Node::End if is_found => return Ok(()),
                Node::End | Node::Eof => return Err(document.fault(DocumentFault::Root)),
            }
        }
    }

    /// Reads the parameters up to the end of the element that was opened last.
    fn read(&mut self, document: &mut Document<'_>) -> Result<(), DocumentError> {
        loop {
            let start = match document.next()? {
                Node::Start(start) => start,
                Node::Text(_) | Node::Char(_) => continue,
                Node::End | Node::Eof => return Ok(()),
            };
            let name_at = self.text.len();
            self.text.push_str(document.name(&start)?);
            let access = document.attribute(&start, "ua")?;
            let access = access.as_deref().and_then(UserAccess::named);
            let value_at = self.text.len();
            if !self.read_value(document)? {
                self.text.truncate(name_at);
                continue;
            }
            let value = self.tidy(value_at);
            self.entries.push(Entry {
                name: name_at..value_at,
                value,
                access,
            });
        }
    }

    /// Appends the text of the element that was opened last; `false` when there are elements in
    /// it.
    fn read_value(&mut self, document: &mut Document<'_>) -> Result<bool, DocumentError> {
        let inside = document.depth();
        let mut is_plain = true;
        while document.depth() >= inside {
            match document.next()? {
                Node::Text(text) => self.text.push_lines(&text, ' '),
                Node::Char('\r' | '\n') => self.text.push(' '),
                Node::Char(char) => self.text.push(char),
                Node::Start(_) => {
                    is_plain = false;
                    document.skip()?;
                }
                Node::End | Node::Eof => {}
            }
        }
        Ok(is_plain)
    }

    /// Says where the value is in the text from `at` on, white space around it left out.
    fn tidy(&self, at: usize) -> Range<usize> {
        let value = self.text.get(at..).unwrap_or_default();
        let start = at + value.len() - value.trim_ascii_start().len();
        start..start + value.trim_ascii().len()
    }

    fn parameter(&self, entry: &Entry) -> Parameter<'_> {
        let value = match self.slice(&entry.value) {
            "" => Value::Empty,
            "\"\"" => Value::EmptyString,
            text => Value::Text(text),
        };
        Parameter {
            name: self.slice(&entry.name),
            value,
            access: entry.access,
        }
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// Where a name is, or would be, among the sorted ones.
    fn position(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|at| {
            let entry = self.entries.get(*at);
            entry.map_or("", |entry| self.slice(&entry.name)).cmp(name)
        })
    }

    /// Sorts the names and drops all but the last parameter of each.
    fn index(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        let name = |at: &usize| entries.get(*at).map_or("", |entry| self.slice(&entry.name));
        let mut sorted: Vec<usize> = (0..entries.len()).collect();
        sorted.sort_unstable_by(|one, other| name(one).cmp(name(other)).then(other.cmp(one)));
        // The last one of a name comes first of its kind, and that is the one that stays.
        sorted.dedup_by(|later, first| name(later) == name(first));
        let mut stays = vec![false; entries.len()];
        for at in &sorted {
            if let Some(stays) = stays.get_mut(*at) {
                *stays = true;
            }
        }
        let mut moved = vec![0; entries.len()];
        let mut kept = 0;
        for (new, stays) in moved.iter_mut().zip(&stays) {
            *new = kept;
            kept += usize::from(*stays);
        }
        self.by_name = sorted
            .iter()
            .filter_map(|at| moved.get(*at).copied())
            .collect();
        self.entries = entries
            .into_iter()
            .zip(stays)
            .filter_map(|(entry, stays)| stays.then_some(entry))
            .collect();
    }
}

impl Default for FlatProfile {
    fn default() -> Self {
        Self::new()
    }
}

impl Eq for FlatProfile {}

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

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "na",
            Self::ReadOnly => "ro",
            Self::ReadWrite => "rw",
        }
    }
}

#[derive(Clone)]
struct Entry {
    name: Range<usize>,
    value: Range<usize>,
    access: Option<UserAccess>,
}
