//! The configuration document of room devices.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

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
        configuration.read(&mut document)?;
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
        let mut xml = Zeroizing::new(String::with_capacity(self.room()));
        xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Configuration>\n");
        let mut open: &[Segment] = &[];
        for (path, value) in &self.0 {
            let Some((leaf, containers)) = path.0.split_last() else {
                continue;
            };
            let shared = open
                .iter()
                .zip(containers)
                .take_while(|(one, other)| one == other)
                .count();
            close(&mut xml, open, shared);
            for (depth, segment) in containers.iter().enumerate().skip(shared) {
                segment.push_start(&mut xml, depth);
                xml.push('\n');
            }
            leaf.push_start(&mut xml, containers.len());
            push_escaped(&mut xml, value);
            leaf.push_end(&mut xml);
            open = containers;
        }
        close(&mut xml, open, 0);
        xml.push_str("</Configuration>\n");
        xml
    }

    /// Reads what is inside the root.
    fn read(&mut self, document: &mut Document<'_>) -> Result<(), DocumentError> {
        let mut path: Vec<Segment> = Vec::new();
        let mut text = Zeroizing::new(String::new());
        // Whether the element that is open has elements inside, which an end always tells.
        let mut is_container = true;
        loop {
            match document.next()? {
                Node::Start(start) => {
                    if !is_blank(&text) {
                        return Err(document.fault(DocumentFault::Mixed));
                    }
                    text.clear();
                    path.push(Segment {
                        name: document.name(&start)?.into(),
                        item: item(document, document.attribute(&start, "item")?)?,
                    });
                    is_container = false;
                }
                Node::Text(more) => {
                    // A copy left behind by growing would outlive the value.
                    if text.capacity() < text.len() + more.len() {
                        let room = 2 * text.len() + more.len() + 256;
                        let mut larger = Zeroizing::new(String::with_capacity(room));
                        larger.push_str(&text);
                        text = larger;
                    }
                    text.push_str(&more);
                }
                Node::End => {
                    if is_container && !is_blank(&text) {
                        return Err(document.fault(DocumentFault::Mixed));
                    }
                    if path.is_empty() {
                        return Ok(());
                    }
                    if !is_container {
                        let known = self.0.insert(Path(path.clone()), kept(&text));
                        if known.is_some() {
                            return Err(document.fault(DocumentFault::Duplicate));
                        }
                    }
                    path.pop();
                    text.clear();
                    is_container = true;
                }
                Node::Eof => return Err(document.fault(DocumentFault::Syntax)),
            }
        }
    }

    fn room(&self) -> usize {
        let of = |(path, value): (&Path, &Zeroizing<String>)| path.0.len() * 96 + value.len() * 10;
        128 + self.0.iter().map(of).sum::<usize>()
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
/// `SIP/Proxy[1]/Address`, and shown in the second form.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Path(Vec<Segment>);

impl FromStr for Path {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut segments: Vec<Segment> = Vec::new();
        for part in text.split([' ', '/']) {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                let last = segments.last_mut().ok_or(ParsePathError)?;
                if last.item.is_some() {
                    return Err(ParsePathError);
                }
                last.item = Some(number(part).ok_or(ParsePathError)?);
                continue;
            }
            let (name, item) = match part.strip_suffix(']') {
                Some(rest) => {
                    let (name, item) = rest.split_once('[').ok_or(ParsePathError)?;
                    (name, Some(number(item).ok_or(ParsePathError)?))
                }
                None => (part, None),
            };
            if !is_name(name) || segments.len() == MAX_SEGMENTS {
                return Err(ParsePathError);
            }
            let name = name.into();
            segments.push(Segment { name, item });
        }
        Ok(Self(segments))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&segment.name)?;
            if let Some(item) = segment.item {
                write!(f, "[{item}]")?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Segment {
    name: Box<str>,
    item: Option<u16>,
}

impl Segment {
    fn push_start(&self, xml: &mut String, depth: usize) {
        xml.push_str(&"  ".repeat(depth + 1));
        xml.push('<');
        xml.push_str(&self.name);
        if let Some(item) = self.item {
            xml.push_str(" item=\"");
            xml.push_str(&item.to_string());
            xml.push('"');
        }
        xml.push('>');
    }

    fn push_end(&self, xml: &mut String) {
        xml.push_str("</");
        xml.push_str(&self.name);
        xml.push_str(">\n");
    }
}

/// Closes all of `open` but the first `stay`.
fn close(xml: &mut String, open: &[Segment], stay: usize) {
    for (depth, segment) in open.iter().enumerate().skip(stay).rev() {
        xml.push_str(&"  ".repeat(depth + 1));
        segment.push_end(xml);
    }
}

fn item(document: &Document<'_>, text: Option<String>) -> Result<Option<u16>, DocumentError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let item = number(&text).ok_or_else(|| document.fault(DocumentFault::Item))?;
    Ok(Some(item))
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
