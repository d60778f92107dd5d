//! Reading XML of strangers: no document types, no entities of one's own, nothing without bound.

use std::borrow::Cow;
use std::fmt::Write;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::wiped::Wiped;
use crate::{DocumentError, DocumentFault, Limits};

/// What a document is made of, comments and instructions left out.
pub(crate) enum Node<'d> {
    Start(BytesStart<'d>),
    /// The end of an element, also of one that was closed in its own tag.
    End,
    Eof,
    /// Text as it stands, its line breaks still of any kind.
    Text(Cow<'d, str>),
    /// A character that was written as a reference.
    Char(char),
}

pub(crate) struct Document<'d> {
    reader: Reader<&'d [u8]>,
    /// Where the text begins in the bytes that came, a byte order mark being the difference.
    offset: u64,
    depth: usize,
    elements: usize,
    /// An element closed in its own tag still owes its end.
    owes_end: bool,
    limits: &'d Limits,
}

impl<'d> Document<'d> {
    /// Checks length, encoding and characters, and stands before the root.
    pub(crate) fn new(bytes: &'d [u8], limits: &'d Limits) -> Result<Self, DocumentError> {
        if bytes.len() > limits.document_bytes {
            let at = limits.document_bytes as u64;
            return Err(DocumentError::new(at, DocumentFault::TooLarge));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            DocumentError::new(error.valid_up_to() as u64, DocumentFault::Encoding)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let offset = (bytes.len() - text.len()) as u64;
        if let Some(at) = first_forbidden(text) {
            let at = offset + at as u64;
            return Err(DocumentError::new(at, DocumentFault::Character));
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        Ok(Self {
            reader,
            offset,
            depth: 0,
            elements: 0,
            owes_end: false,
            limits,
        })
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// An error at the place that was read last.
    pub(crate) fn fault(&self, fault: DocumentFault) -> DocumentError {
        DocumentError::new(self.offset + self.reader.buffer_position(), fault)
    }

    pub(crate) fn next(&mut self) -> Result<Node<'d>, DocumentError> {
        if std::mem::take(&mut self.owes_end) {
            self.depth -= 1;
            return Ok(Node::End);
        }
        loop {
            let event = self.reader.read_event().map_err(|_| {
                let at = self.offset + self.reader.error_position();
                DocumentError::new(at, DocumentFault::Syntax)
            })?;
            match event {
                Event::Start(start) => return self.open(start),
                Event::Empty(start) => {
                    self.owes_end = true;
                    return self.open(start);
                }
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(Node::End);
                }
                Event::Text(text) => return self.text(text.into_inner()),
                Event::CData(text) => return self.text(text.into_inner()),
                Event::GeneralRef(reference) => {
                    let char = if reference.is_char_ref() {
                        reference.resolve_char_ref().ok().flatten()
                    } else {
                        predefined(&reference)
                    };
                    let char = char.filter(|char| is_xml_char(*char));
                    let char = char.ok_or_else(|| self.fault(DocumentFault::Entity))?;
                    return self.char(char);
                }
                Event::DocType(_) => return Err(self.fault(DocumentFault::Doctype)),
                Event::Decl(declaration) => {
                    let is_utf8 = match declaration.encoding() {
                        None => true,
                        Some(Ok(name)) => is_utf8_name(&name),
                        Some(Err(_)) => false,
                    };
                    if !is_utf8 {
                        return Err(self.fault(DocumentFault::Encoding));
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Eof if self.depth > 0 => return Err(self.fault(DocumentFault::Syntax)),
                Event::Eof => return Ok(Node::Eof),
            }
        }
    }

    /// Passes over what is left of the element that was opened last.
    pub(crate) fn skip(&mut self) -> Result<(), DocumentError> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    /// Reads to the end of the document, where nothing may stand.
    pub(crate) fn finish(&mut self) -> Result<(), DocumentError> {
        loop {
            match self.next()? {
                Node::Eof => return Ok(()),
                // Outside of the root there is no other text than blanks.
                Node::Text(_) | Node::Char(_) => {}
                Node::Start(_) | Node::End => return Err(self.fault(DocumentFault::Syntax)),
            }
        }
    }

    /// Reads the root's start.
    pub(crate) fn root(&mut self) -> Result<BytesStart<'d>, DocumentError> {
        loop {
            match self.next()? {
                Node::Start(start) => return Ok(start),
                Node::Text(_) | Node::Char(_) => {}
                Node::End | Node::Eof => return Err(self.fault(DocumentFault::Root)),
            }
        }
    }

    /// The value of one attribute; all of them are checked to be well-formed and given once.
    pub(crate) fn attribute<'s>(
        &self,
        start: &'s BytesStart<'_>,
        name: &str,
    ) -> Result<Option<Cow<'s, str>>, DocumentError> {
        if start.attributes_raw().is_empty() {
            return Ok(None);
        }
        let bad = || self.fault(DocumentFault::Attribute);
        let mut names = [""; MAX_ATTRIBUTES];
        let mut found = None;
        // The reader's own search for duplicates has no bound on their number.
        for (count, attribute) in start.attributes().with_checks(false).enumerate() {
            let attribute = attribute.map_err(|_| bad())?;
            let key = attribute.key.into_inner();
            let known = names.get(..count).unwrap_or_default();
            if known.contains(&key) {
                return Err(bad());
            }
            *names.get_mut(count).ok_or_else(bad)? = key;
            let value = match attribute.value {
                Cow::Borrowed(value) => quick_xml::escape::unescape(value).ok(),
                Cow::Owned(value) => quick_xml::escape::unescape(&value)
                    .ok()
                    .map(|value| Cow::Owned(value.into_owned())),
            };
            let value = value.filter(|value| is_writable(value));
            let value = value.ok_or_else(|| self.fault(DocumentFault::Entity))?;
            if key == name {
                found = Some(value);
            }
        }
        Ok(found)
    }

    /// An element's name, which must be one that we would write.
    pub(crate) fn name<'s>(&self, start: &'s BytesStart<'_>) -> Result<&'s str, DocumentError> {
        let name = start.name().into_inner();
        if !is_name(name) {
            return Err(self.fault(DocumentFault::Name));
        }
        Ok(name)
    }

    fn open(&mut self, start: BytesStart<'d>) -> Result<Node<'d>, DocumentError> {
        self.depth += 1;
        self.elements += 1;
        if self.depth > self.limits.depth {
            return Err(self.fault(DocumentFault::TooDeep));
        }
        if self.elements > self.limits.elements {
            return Err(self.fault(DocumentFault::TooManyElements));
        }
        Ok(Node::Start(start))
    }

    fn text(&self, text: Cow<'d, str>) -> Result<Node<'d>, DocumentError> {
        if self.depth == 0 && !is_blank(&text) {
            return Err(self.fault(DocumentFault::Syntax));
        }
        Ok(Node::Text(text))
    }

    fn char(&self, char: char) -> Result<Node<'d>, DocumentError> {
        if self.depth == 0 && !is_blank(char.encode_utf8(&mut [0; 4])) {
            return Err(self.fault(DocumentFault::Syntax));
        }
        Ok(Node::Char(char))
    }
}

/// Whether a name is a letter or `_`, then letters, digits, `_`, `-` and `.`, 256 at most.
pub(crate) fn is_name(name: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_later = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // No early end, so that many bytes are looked at in one step.
    name.len() <= MAX_NAME_BYTES
        && name.bytes().next().is_some_and(is_first)
        && name.bytes().fold(true, |all, byte| all & is_later(byte))
}

/// Whether a value can stand in a document at all.
pub(crate) fn is_writable(value: &str) -> bool {
    value.chars().all(is_xml_char)
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Adds `value` so that it reads the same as text and as an attribute, in ASCII only.
pub(crate) fn push_escaped(text: &mut Wiped, value: &str) {
    let is_plain = |byte: u8| {
        matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
    };
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        let (plain, from) = rest.split_at(at);
        text.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('&') => text.push_str("&amp;"),
            Some('<') => text.push_str("&lt;"),
            Some('>') => text.push_str("&gt;"),
            Some('"') => text.push_str("&quot;"),
            Some('\'') => text.push_str("&apos;"),
            Some(char) => {
                // A text in memory takes all that is written to it.
                let _ = write!(text, "&#{};", u32::from(char));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    text.push_str(rest);
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "apos" => Some('\''),
        "gt" => Some('>'),
        "lt" => Some('<'),
        "quot" => Some('"'),
        _ => None,
    }
}

/// The `Char` of XML 1.0.
fn is_xml_char(char: char) -> bool {
    !matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

fn first_forbidden(text: &str) -> Option<usize> {
    let is_suspect =
        |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    // Only few documents have such a byte at all, and bytes are quicker to look through, most of
    // all many in one step, which an end at the first of them would rule out.
    let has_suspect = |bytes: &[u8]| {
        let found = |found, byte: &u8| found | is_suspect(*byte);
        bytes.iter().fold(false, found)
    };
    if !text.as_bytes().chunks(SCAN_BYTES).any(has_suspect) {
        return None;
    }
    text.char_indices()
        .find(|(_, char)| !is_xml_char(*char))
        .map(|(at, _)| at)
}

fn is_utf8_name(name: &str) -> bool {
    ["UTF-8", "UTF8", "US-ASCII", "ASCII"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

const MAX_ATTRIBUTES: usize = 32;
const MAX_NAME_BYTES: usize = 256;
const SCAN_BYTES: usize = 1_024;
