//! One pass over the bytes of a document that finds where its elements are.

use std::ops::Range;

use super::text::{
    BLANK, CDATA, COLON, MAX_NAME_BYTES, NAME, NAME_START, QUOTED, TEXT, class, first_forbidden,
    is_blank, resolve,
};
use super::{Chunk, Names, Node};
use crate::{DocumentError, DocumentFault, Limits};

/// Finds the text of a document and its elements, in its order, and checks that it is well-formed.
///
/// Values are left to the caller: [`Node::value`] is all that is between the tags.
pub(super) fn scan<'d>(
    bytes: &'d [u8],
    names: Names,
    limits: &Limits,
) -> Result<(&'d str, Vec<Node>), DocumentError> {
    let too_large = |at: usize| Err(DocumentError::new(at as u64, DocumentFault::TooLarge));
    if bytes.len() > limits.document_bytes {
        return too_large(limits.document_bytes);
    }
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return too_large(MAX_DOCUMENT_BYTES);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| DocumentError::new(error.valid_up_to() as u64, DocumentFault::Encoding))?;
    if let Some(at) = first_forbidden(text) {
        // What is ASCII in UTF-16 is UTF-8 too, with zero bytes.
        return Err(if is_wide(bytes) {
            DocumentError::new(0, DocumentFault::Encoding)
        } else {
            DocumentError::new(at as u64, DocumentFault::Character)
        });
    }
    let guess = bytes.len() / BYTES_AN_ELEMENT;
    let mut scanner = Scanner {
        text,
        bytes,
        at: 0,
        name_class: match names {
            Names::Plain => NAME,
            Names::Prefixed => NAME | COLON,
        },
        nodes: Vec::with_capacity(guess.min(limits.elements)),
        open: Vec::new(),
        names: Vec::new(),
        limits,
    };
    if text.starts_with('\u{feff}') {
        scanner.at = '\u{feff}'.len_utf8();
    }
    scanner.document()?;
    Ok((text, scanner.nodes))
}

/// Whether it looks like XML in UTF-16, UTF-32 or EBCDIC.
///
/// # Source
///
/// XML 1.0, appendix F.1, <https://www.w3.org/TR/xml/#sec-guessing>.
pub(crate) fn is_wide(content: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"];
    let starts: [&[u8]; 4] = [b"<\0", b"\0<", b"\0\0\0<", b"\x4c\x6f\xa7\x94"];
    let marked = marks.iter().find_map(|mark| content.strip_prefix(*mark));
    let is_first = |text: &[u8]| {
        let mut text = text.iter();
        text.find(|byte| !(**byte == 0 || byte.is_ascii_whitespace())) == Some(&b'<')
    };
    marked.is_some_and(is_first) || starts.iter().any(|start| content.starts_with(start))
}

struct Scanner<'d> {
    text: &'d str,
    bytes: &'d [u8],
    at: usize,
    name_class: u8,
    nodes: Vec<Node>,
    /// The elements that are open, outermost first.
    open: Vec<u32>,
    /// Where the names of the attributes are of the tag that is being read.
    names: Vec<Range<usize>>,
    limits: &'d Limits,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), DocumentError> {
        if self.has("<?xml") && self.byte(5).is_some_and(|byte| class(byte) & BLANK != 0) {
            self.declaration()?;
        }
        loop {
            self.text()?;
            match (self.byte(0), self.byte(1)) {
                (None, _) => break,
                (_, Some(b'/')) => self.end_tag()?,
                (_, Some(b'!')) => self.exclamation()?,
                (_, Some(b'?')) => self.instruction()?,
                _ => self.start_tag()?,
            }
        }
        if !self.open.is_empty() {
            return Err(self.fault(DocumentFault::Syntax));
        }
        if self.nodes.is_empty() {
            return Err(self.fault(DocumentFault::Root));
        }
        Ok(())
    }

    /// Passes over text up to the next `<`, or to the end.
    fn text(&mut self) -> Result<(), DocumentError> {
        let from = self.at;
        self.skip(BLANK);
        if matches!(self.byte(0), None | Some(b'<')) {
            return Ok(());
        }
        if self.open.is_empty() {
            return Err(self.fault(DocumentFault::Syntax));
        }
        let mut flags = Node::HAS_TEXT;
        loop {
            self.skip(TEXT);
            match self.byte(0) {
                None | Some(b'<') => break,
                Some(b'&') => {
                    self.reference()?;
                    flags |= Node::IS_ENCODED;
                }
                Some(b'>') if self.bytes.get(from..self.at).is_some_and(ends_section) => {
                    return Err(self.fault(DocumentFault::Syntax));
                }
                Some(_) => self.at += 1,
            }
        }
        self.mark(flags);
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), DocumentError> {
        if self.open.is_empty() && !self.nodes.is_empty() {
            return Err(self.fault(DocumentFault::Syntax));
        }
        if self.open.len() >= self.limits.depth {
            return Err(self.fault(DocumentFault::TooDeep));
        }
        if self.nodes.len() >= self.limits.elements {
            return Err(self.fault(DocumentFault::TooManyElements));
        }
        let start = self.at;
        self.at += 1;
        let name_len = self.name()?;
        let tag_end = self.attributes(DocumentFault::Attribute)?;
        let is_closed = self.byte(0) == Some(b'/');
        self.at += usize::from(is_closed);
        self.expect(b'>')?;
        let index = small(self.nodes.len());
        self.nodes.push(Node {
            start: small(start),
            end: small(self.at),
            tag: Chunk::new(start, tag_end),
            value: Chunk::new(self.at, self.at),
            parent: self.open.last().copied().unwrap_or(Node::NONE),
            after: index + 1,
            name_len,
            flags: if is_closed { Node::IS_CLOSED } else { 0 },
        });
        if !is_closed {
            self.open.push(index);
        }
        Ok(())
    }

    /// Reads an element's name and gives its length.
    fn name(&mut self) -> Result<u16, DocumentError> {
        let start = self.at;
        if self
            .byte(0)
            .is_some_and(|byte| class(byte) & NAME_START != 0)
        {
            self.skip(self.name_class);
        }
        let is_end = |byte: u8| class(byte) & BLANK != 0 || matches!(byte, b'>' | b'/');
        let length = self.at - start;
        match self.byte(0) {
            Some(byte) if is_end(byte) && (1..=MAX_NAME_BYTES).contains(&length) => {
                u16::try_from(length).map_err(|_| self.fault(DocumentFault::Name))
            }
            // What would be part of a name elsewhere.
            Some(byte) if !byte.is_ascii() || byte == b':' || class(byte) & NAME != 0 => {
                Err(self.fault(DocumentFault::Name))
            }
            Some(byte) if is_end(byte) && length > 0 => Err(self.fault(DocumentFault::Name)),
            _ => Err(self.fault(DocumentFault::Syntax)),
        }
    }

    /// Passes over attributes and gives where the last of them ends; stands before what follows.
    fn attributes(&mut self, fault: DocumentFault) -> Result<usize, DocumentError> {
        self.names.clear();
        loop {
            let end = self.at;
            self.skip(BLANK);
            if matches!(self.byte(0), Some(b'>' | b'/' | b'?')) {
                return Ok(end);
            }
            let name_at = self.at;
            if self
                .byte(0)
                .is_some_and(|byte| class(byte) & NAME_START != 0)
            {
                self.skip(NAME | COLON);
            }
            let name = name_at..self.at;
            if name.is_empty() && self.byte(0).is_none() {
                return Err(self.fault(DocumentFault::Syntax));
            }
            let slice = |name: &Range<usize>| self.bytes.get(name.clone());
            let is_known = self.names.iter().any(|known| slice(known) == slice(&name));
            let is_full = self.names.len() >= MAX_ATTRIBUTES;
            if name.is_empty() || name_at == end || is_known || is_full {
                return Err(self.fault(fault));
            }
            self.names.push(name);
            self.skip(BLANK);
            if self.byte(0) != Some(b'=') {
                return Err(self.fault(fault));
            }
            self.at += 1;
            self.skip(BLANK);
            self.quoted(fault)?;
        }
    }

    fn quoted(&mut self, fault: DocumentFault) -> Result<(), DocumentError> {
        let quote = self.byte(0);
        if !matches!(quote, Some(b'"' | b'\'')) {
            return Err(self.fault(fault));
        }
        self.at += 1;
        loop {
            self.skip(QUOTED);
            match self.byte(0) {
                Some(b'&') => self.reference()?,
                Some(b'<') => return Err(self.fault(fault)),
                None => return Err(self.fault(DocumentFault::Syntax)),
                byte => {
                    self.at += 1;
                    if byte == quote {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn end_tag(&mut self) -> Result<(), DocumentError> {
        let close = self.at;
        let count = small(self.nodes.len());
        let open = self
            .open
            .pop()
            .and_then(|index| self.nodes.get_mut(index as usize));
        let Some(node) = open else {
            return Err(self.fault(DocumentFault::Syntax));
        };
        let name_at = node.start as usize + 1;
        let name = self
            .bytes
            .get(name_at..name_at + usize::from(node.name_len));
        let rest = self.bytes.get(close + 2..).unwrap_or_default();
        if !name.is_some_and(|name| rest.starts_with(name)) {
            return Err(DocumentError::new(close as u64, DocumentFault::Syntax));
        }
        let mut at = close + 2 + usize::from(node.name_len);
        let byte_at = |at: usize| self.bytes.get(at).copied();
        while byte_at(at).is_some_and(|byte| class(byte) & BLANK != 0) {
            at += 1;
        }
        if byte_at(at) != Some(b'>') {
            return Err(DocumentError::new(at as u64, DocumentFault::Syntax));
        }
        node.value = Chunk::new(node.value.at as usize, close);
        node.end = small(at + 1);
        node.after = count;
        self.at = at + 1;
        Ok(())
    }

    /// Comments, sections of plain characters, and document types, which are refused.
    fn exclamation(&mut self) -> Result<(), DocumentError> {
        if self.has("<!--") {
            self.at += 4;
            self.skip_past("--")?;
            self.expect(b'>')?;
            self.mark(Node::IS_ENCODED);
            return Ok(());
        }
        if self.has(CDATA) && !self.open.is_empty() {
            let from = self.at + CDATA.len();
            self.at = from;
            self.skip_past("]]>")?;
            let inside = self.text.get(from..self.at - 3);
            let has_text = !inside.is_none_or(is_blank);
            self.mark(Node::IS_ENCODED | if has_text { Node::HAS_TEXT } else { 0 });
            return Ok(());
        }
        Err(self.fault(if self.has("<!DOCTYPE") {
            DocumentFault::Doctype
        } else {
            DocumentFault::Syntax
        }))
    }

    fn instruction(&mut self) -> Result<(), DocumentError> {
        let start = self.at;
        self.at += 2;
        let name_at = self.at;
        if self
            .byte(0)
            .is_some_and(|byte| class(byte) & NAME_START != 0)
        {
            self.skip(NAME | COLON);
        }
        let name = self.bytes.get(name_at..self.at).unwrap_or_default();
        let is_ended = self.has("?>") || self.byte(0).is_some_and(|byte| class(byte) & BLANK != 0);
        if name.is_empty() || name.eq_ignore_ascii_case(b"xml") || !is_ended {
            return Err(DocumentError::new(start as u64, DocumentFault::Syntax));
        }
        self.skip_past("?>")?;
        self.mark(Node::IS_ENCODED);
        Ok(())
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, the last two as one likes.
    fn declaration(&mut self) -> Result<(), DocumentError> {
        self.at += 5;
        let from = self.at;
        let end = self.attributes(DocumentFault::Syntax)?;
        let attributes = self.text.get(from..end).unwrap_or_default();
        if !self.has("?>") {
            return Err(self.fault(DocumentFault::Syntax));
        }
        let mut known = ["version", "encoding", "standalone"].into_iter();
        for (count, attribute) in super::attributes(attributes, 0).enumerate() {
            let (name, value) = (attribute.name, attribute.raw);
            if !known.any(|known| known == name) || count == 0 && name != "version" {
                return Err(self.fault(DocumentFault::Syntax));
            }
            let is_good = match name {
                "version" => value.strip_prefix("1.").is_some_and(is_digits),
                "standalone" => matches!(value, "yes" | "no"),
                _ if !is_utf8_name(value) => return Err(self.fault(DocumentFault::Encoding)),
                _ => true,
            };
            if !is_good {
                return Err(self.fault(DocumentFault::Syntax));
            }
        }
        if attributes.is_empty() {
            return Err(self.fault(DocumentFault::Syntax));
        }
        self.at += 2;
        Ok(())
    }

    fn reference(&mut self) -> Result<(), DocumentError> {
        let start = self.at + 1;
        self.at = start;
        while let Some(byte) = self.byte(0)
            && !matches!(byte, b';' | b'<' | b'&' | b'"' | b'\'')
        {
            self.at += 1;
        }
        if self.byte(0) != Some(b';') {
            return Err(DocumentError::new(start as u64, DocumentFault::Syntax));
        }
        let name = self.text.get(start..self.at).unwrap_or_default();
        if resolve(name).is_none() {
            return Err(DocumentError::new(start as u64, DocumentFault::Entity));
        }
        self.at += 1;
        Ok(())
    }

    /// Tells the innermost open element what is in it.
    fn mark(&mut self, flags: u8) {
        let innermost = self.open.last().map(|index| *index as usize);
        if let Some(node) = innermost.and_then(|index| self.nodes.get_mut(index)) {
            node.flags |= flags;
        }
    }

    fn skip_past(&mut self, end: &str) -> Result<(), DocumentError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let found = rest.find(end);
        self.at += found.ok_or_else(|| self.fault(DocumentFault::Syntax))? + end.len();
        Ok(())
    }

    fn expect(&mut self, byte: u8) -> Result<(), DocumentError> {
        if self.byte(0) != Some(byte) {
            return Err(self.fault(DocumentFault::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    fn skip(&mut self, wanted: u8) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| class(*byte) & wanted == 0);
        self.at += length.unwrap_or(rest.len());
    }

    fn has(&self, start: &str) -> bool {
        let rest = self.bytes.get(self.at..);
        rest.is_some_and(|rest| rest.starts_with(start.as_bytes()))
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn fault(&self, fault: DocumentFault) -> DocumentError {
        DocumentError::new(self.at as u64, fault)
    }
}

/// A place in a document, none of which is longer than [`MAX_DOCUMENT_BYTES`].
pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn ends_section(text: &[u8]) -> bool {
    text.ends_with(b"]]")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_utf8_name(name: &str) -> bool {
    ["UTF-8", "UTF8", "US-ASCII", "ASCII"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// So that places in a document and in what is added to it fit into 32 bits.
pub(super) const MAX_DOCUMENT_BYTES: usize = 1 << 30;
const MAX_ATTRIBUTES: usize = 32;
/// Few documents have shorter elements.
const BYTES_AN_ELEMENT: usize = 24;
