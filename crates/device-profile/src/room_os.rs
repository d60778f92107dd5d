//! The configuration document of room devices.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::wiped::Wiped;
use crate::xml::{Document, Node, is_blank, is_name, is_writable, push_escaped};
use crate::{DocumentError, DocumentFault, Limits, ParsePathError, ValueError};

/// A `<Configuration>`: values by path, as in `SIP Proxy 1 Address`.
///
/// What a server serves to these devices is public nowhere; this is the form in which they
/// themselves give and take their configuration over HTTP. `Debug` shows paths only; values are
/// overwritten when dropped.
///
/// # Source
///
/// The devices' own interface: nesting, `item` for one of several, attributes to be passed over.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Configuration(BTreeMap<Path, Zeroizing<String>>);

impl Configuration {
    /// A configuration without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
        let mut document = Document::new(bytes, limits)?;
        let root = document.root()?;
        document.attribute(&root, "")?;
        if root.name().as_ref() != "Configuration" {
            return Err(document.fault(DocumentFault::Root));
        }
        let mut configuration = Self::new();
        configuration.read(&mut document, limits)?;
        document.finish()?;
        Ok(configuration)
    }

    /// Sets the value of a path.
    ///
    /// # Errors
    ///
    /// [`ValueError::Value`] when the value cannot stand in a document.
    pub fn set(&mut self, path: Path, value: &str) -> Result<(), ValueError> {
        if !is_writable(value) {
            return Err(ValueError::Value);
        }
        self.0.insert(path, kept(value));
        Ok(())
    }

    /// The value of a path; names are case-sensitive.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&str> {
        self.0.get(path).map(|value| value.as_str())
    }

    /// The value of a path written as a text; `None` also when the text is no path.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(&path.parse().ok()?)
    }

    /// The paths, in their order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys()
    }

    /// The document: paths in their order, in ASCII, with no attribute but `item`. Reading it
    /// gives the same configuration again.
    #[must_use]
    pub fn write(&self) -> Zeroizing<String> {
        let mut xml = Wiped::default();
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Configuration>\n");
        let mut open: Vec<&str> = Vec::new();
        for (path, value) in &self.0 {
            let mut containers: Vec<&str> = path.0.split(' ').collect();
            let leaf = containers.pop().unwrap_or_default();
            let shared = open
                .iter()
                .zip(&containers)
                .take_while(|(one, other)| one == other)
                .count();
            close(&mut xml, &open, shared);
            for (depth, segment) in containers.iter().enumerate().skip(shared) {
                push_start(&mut xml, segment, depth);
                xml.push('\n');
            }
            push_start(&mut xml, leaf, containers.len());
            push_escaped(&mut xml, value);
            push_end(&mut xml, leaf);
            open = containers;
        }
        close(&mut xml, &open, 0);
        xml.push_str("</Configuration>\n");
        xml.into_zeroizing()
    }

    /// Reads what is inside the root.
    fn read(&mut self, document: &mut Document<'_>, limits: &Limits) -> Result<(), DocumentError> {
        let mut path = String::new();
        // How long the path was before each of its elements.
        let mut open: Vec<usize> = Vec::new();
        let mut text = Wiped::default();
        let mut path_bytes = 0;
        // Whether the element that is open has elements inside, which an end always tells.
        let mut is_container = true;
        loop {
            match document.next()? {
                Node::Start(start) => {
                    if !is_blank(&text) {
                        return Err(document.fault(DocumentFault::Mixed));
                    }
                    text.clear();
                    open.push(path.len());
                    if !path.is_empty() {
                        path.push(' ');
                    }
                    path.push_str(document.name(&start)?);
                    if let Some(item) = document.attribute(&start, "item")? {
                        let item = number(&item);
                        let item = item.ok_or_else(|| document.fault(DocumentFault::Item))?;
                        push_item(&mut path, item);
                    }
                    if path.len() > limits.path_bytes {
                        return Err(document.fault(DocumentFault::PathTooLong));
                    }
                    is_container = false;
                }
                Node::Text(more) => text.push_lines(&more, '\n'),
                Node::Char(char) => text.push(char),
                Node::End => {
                    if is_container && !is_blank(&text) {
                        return Err(document.fault(DocumentFault::Mixed));
                    }
                    let Some(outside) = open.pop() else {
                        return Ok(());
                    };
                    if !is_container {
                        // Each value has a copy of the names around it.
                        path_bytes += path.len();
                        if path_bytes > limits.total_path_bytes {
                            return Err(document.fault(DocumentFault::PathsTooLarge));
                        }
                        let known = self.0.insert(Path(path.as_str().into()), kept(&text));
                        if known.is_some() {
                            return Err(document.fault(DocumentFault::Duplicate));
                        }
                    }
                    path.truncate(outside);
                    text.clear();
                    is_container = true;
                }
                Node::Eof => return Err(document.fault(DocumentFault::Syntax)),
            }
        }
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.keys().map(ToString::to_string))
            .finish()
    }
}

/// The path of a value: names, each perhaps with the number of one of several.
///
/// It is read as the devices write it, `SIP Proxy 1 Address`, `SIP Proxy[1] Address` or
/// `SIP/Proxy[1]/Address`, shown in the second form, and ordered by that text.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Path(Box<str>);

impl FromStr for Path {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut path = String::with_capacity(text.len() + 2);
        let mut segments = 0;
        // Whether the last name may still have a number behind it.
        let mut is_open = false;
        for part in text.split([' ', '/']) {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                if !std::mem::take(&mut is_open) {
                    return Err(ParsePathError);
                }
                push_item(&mut path, number(part).ok_or(ParsePathError)?);
                continue;
            }
            let (name, item) = split_item(part).ok_or(ParsePathError)?;
            segments += 1;
            if !is_name(name) || segments > MAX_SEGMENTS {
                return Err(ParsePathError);
            }
            if !path.is_empty() {
                path.push(' ');
            }
            path.push_str(name);
            if let Some(item) = item {
                push_item(&mut path, item);
            }
            is_open = item.is_none();
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn push_start(xml: &mut Wiped, segment: &str, depth: usize) {
    xml.push_str(&"  ".repeat(depth + 1));
    xml.push('<');
    match split_item(segment) {
        Some((name, Some(item))) => {
            xml.push_str(name);
            xml.push_str(" item=\"");
            xml.push_str(&item.to_string());
            xml.push('"');
        }
        _ => xml.push_str(segment),
    }
    xml.push('>');
}

fn push_end(xml: &mut Wiped, segment: &str) {
    xml.push_str("</");
    xml.push_str(split_item(segment).map_or(segment, |(name, _)| name));
    xml.push_str(">\n");
}

/// Closes all of `open` but the first `stay`.
fn close(xml: &mut Wiped, open: &[&str], stay: usize) {
    for (depth, segment) in open.iter().enumerate().skip(stay).rev() {
        xml.push_str(&"  ".repeat(depth + 1));
        push_end(xml, segment);
    }
}

fn push_item(path: &mut String, item: u16) {
    path.push('[');
    path.push_str(&item.to_string());
    path.push(']');
}

/// Splits `Proxy[1]` into the name and its number.
fn split_item(segment: &str) -> Option<(&str, Option<u16>)> {
    let Some(rest) = segment.strip_suffix(']') else {
        return Some((segment, None));
    };
    let (name, item) = rest.split_once('[')?;
    Some((name, Some(number(item)?)))
}

fn number(text: &str) -> Option<u16> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_canonical.then(|| text.parse().ok()).flatten()
}

fn kept(value: &str) -> Zeroizing<String> {
    let value = if is_blank(value) { "" } else { value };
    Zeroizing::new(value.to_owned())
}

/// More than any document's depth.
const MAX_SEGMENTS: usize = 31;
