//! Changes to a document, and the document that comes of them.

use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::text::{is_writable, push_escaped};
use super::{Chunk, Element, Node, Tree, attributes, scan};
use crate::ValueError;
use crate::wiped::Wiped;

impl Tree {
    /// Gives an element without elements inside another value.
    pub(crate) fn set_value(&mut self, element: Element, value: &str) -> Result<(), ValueError> {
        self.check(value)?;
        let from = self.side.len();
        self.side.push_lines(value, self.white_space.line_break());
        let written = self.side.get(from..).unwrap_or_default();
        let (before, len) = self.white_space.value(written);
        let at = self.source.len() + from + before;
        if let Some(node) = self.node_mut(element) {
            node.value = Chunk::new(at, at + len);
            node.flags |= Node::VALUE_EDITED;
            self.is_edited = true;
        }
        Ok(())
    }

    /// Sets an attribute, or takes it away; the others stay as they stand.
    pub(crate) fn set_attribute(
        &mut self,
        element: Element,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), ValueError> {
        self.check(value.unwrap_or_default())?;
        let Some(node) = self.node(element) else {
            return Ok(());
        };
        let old = self.chunk(node.tag);
        let from = 1 + usize::from(node.name_len);
        let known = attributes(old, from).find(|known| known.name == name);
        let place = known.map_or(old.len()..old.len(), |known| known.place);
        let before = old.get(..place.start).unwrap_or_default();
        let mut new = Wiped::with_capacity(old.len() + name.len() + 16);
        new.push_str(before.trim_ascii_end());
        if let Some(value) = value {
            let blanks = before.get(before.trim_ascii_end().len()..);
            new.push_str(blanks.filter(|blanks| !blanks.is_empty()).unwrap_or(" "));
            new.push_str(name);
            new.push_str("=\"");
            push_escaped(&mut new, value);
            new.push('"');
        }
        new.push_str(old.get(place.end..).unwrap_or_default());
        let tag = self.keep(&new);
        if let Some(node) = self.node_mut(element) {
            node.tag = tag;
            node.flags |= Node::TAG_EDITED;
            self.is_edited = true;
        }
        Ok(())
    }

    /// Adds an element without a value behind all that is inside another.
    pub(crate) fn append(&mut self, parent: Element, name: &str) -> Result<Element, ValueError> {
        self.check(name)?;
        let mut tag = Wiped::with_capacity(name.len() + 1);
        tag.push('<');
        tag.push_str(name);
        let tag = self.keep(&tag);
        let index = scan::small(self.nodes.len());
        self.nodes.push(Node {
            start: 0,
            end: 0,
            tag,
            value: Chunk { at: 0, len: 0 },
            parent: parent.0,
            after: index,
            name_len: u16::try_from(name.len()).map_err(|_| ValueError::Name)?,
            flags: 0,
        });
        self.added.entry(parent.0).or_default().push(index);
        self.is_edited = true;
        Ok(Element(index))
    }

    /// Takes an element away, and the line that it stood on alone.
    pub(crate) fn remove(&mut self, element: Element) {
        let Some(node) = self.node_mut(element) else {
            return;
        };
        node.flags |= Node::REMOVED;
        let parent = node.parent;
        self.is_edited = true;
        if let Some(added) = self.added.get_mut(&parent) {
            added.retain(|child| *child != element.0);
        }
    }

    /// The document: as it came, but for what was edited.
    pub(crate) fn write(&self) -> Zeroizing<String> {
        if !self.is_edited {
            return self.source.clone();
        }
        let mut out = Writer {
            tree: self,
            text: Wiped::with_capacity(self.source.len() + 2 * self.side.len() + 64),
            at: 0,
        };
        let mut index = 0;
        // Where what was added to each element goes, which is behind what is inside it.
        let mut pending: BTreeMap<u32, Element> = BTreeMap::new();
        while index < scan::small(self.sourced) {
            let element = Element(index);
            let Some(node) = self.node(element) else {
                break;
            };
            out.add_until(&mut pending, node.start);
            if node.has(Node::REMOVED) {
                let (place, after) = self.removed(node);
                out.copy_until(place.start);
                // It may stand in what has been written otherwise.
                out.at = out.at.max(place.end);
                out.part();
                index = after;
                continue;
            }
            out.element(element, node, &mut pending);
            index += 1;
        }
        out.add_until(&mut pending, u32::MAX);
        out.copy_until(scan::small(self.source.len()));
        out.text.into_zeroizing()
    }

    /// Whether a text can be set: it is to be known before anything is added for it.
    pub(crate) fn check(&self, text: &str) -> Result<(), ValueError> {
        if !is_writable(text) {
            return Err(ValueError::Value);
        }
        let room = scan::MAX_DOCUMENT_BYTES.checked_sub(self.side.len());
        if room.is_none_or(|room| text.len() > room) {
            return Err(ValueError::TooLarge);
        }
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Chunk {
        let at = self.source.len() + self.side.len();
        self.side.push_str(text);
        Chunk::new(at, at + text.len())
    }

    /// Where the start tag of an element of the source ends: but for its last sign, and all of it.
    fn start_tag(&self, node: &Node) -> (u32, u32) {
        let element = self.slice(node.start, node.end);
        let mut quote = None;
        let end = element.bytes().position(|byte| {
            match (quote, byte) {
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
            quote.is_none() && byte == b'>'
        });
        let end = end.unwrap_or(element.len());
        let tag = element.get(..end).unwrap_or_default();
        let tag = tag.strip_suffix('/').unwrap_or(tag).trim_ascii_end();
        let at = |length| node.start + scan::small(length);
        (at(tag.len()), at(end + 1))
    }

    /// Where the end tag of an element of the source begins.
    fn end_tag(&self, node: &Node) -> u32 {
        let element = self.slice(node.start, node.end);
        node.start + scan::small(element.rfind("</").unwrap_or(element.len()))
    }

    /// What goes with an element that was taken away, and the element behind it: those beside it on its
    /// line that were taken away too, and the line where nothing else stands on it.
    fn removed(&self, first: &Node) -> (Range<u32>, u32) {
        let (mut end, mut after) = (first.end, first.after);
        let blanks = |from, until| self.slice(from, until).bytes().all(is_blank);
        while let Some(next) = self.nodes.get(after as usize)
            && (after as usize) < self.sourced
            && next.has(Node::REMOVED)
            && blanks(end, next.start)
        {
            (end, after) = (next.end, next.after);
        }
        let behind = self.source.get(end as usize..).unwrap_or_default();
        let rest = behind.trim_start_matches([' ', '\t']);
        if rest.starts_with(['\r', '\n']) {
            let line = self.line_start(first.start);
            if line < first.start {
                let line_end = end + scan::small(behind.len() - rest.len());
                return (line..line_end, after);
            }
        }
        (first.start..end, after)
    }

    /// Where the blanks begin that set an element off from what is before it.
    fn line_start(&self, start: u32) -> u32 {
        let before = self.slice(0, start);
        let blanks = before.trim_ascii_end().len();
        let line = before.get(blanks..).and_then(|blanks| blanks.rfind('\n'));
        line.map_or(start, |line| {
            let is_crlf = before
                .get(..blanks + line)
                .is_some_and(|line| line.ends_with('\r'));
            scan::small(blanks + line - usize::from(is_crlf))
        })
    }

    /// What stands before each element inside another: a line break and blanks, or nothing.
    fn separator(&self, element: Element, node: &Node) -> String {
        if let Some((_, child)) = self.source_children(element).last() {
            let before = self.slice(self.line_start(child.start), child.start);
            return before.to_owned();
        }
        if !self.source.contains('\n') {
            return String::new();
        }
        self.closing_separator(node) + "  "
    }

    /// What stands before the end tag of an element that has elements inside.
    fn closing_separator(&self, node: &Node) -> String {
        let own = self.slice(self.line_start(node.start), node.start);
        if own.is_empty() && self.source.contains('\n') {
            return "\n".to_owned();
        }
        own.to_owned()
    }
}

struct Writer<'t> {
    tree: &'t Tree,
    text: Wiped,
    /// How far the source has been written.
    at: u32,
}

impl Writer<'_> {
    /// Keeps apart what an element stood between, where together it would be `]]>`, which no text may
    /// have: by a comment, which nobody reads.
    fn part(&mut self) {
        let behind = self.tree.source.get(self.at as usize..).unwrap_or_default();
        let joins = |before, rest: &str| self.text.ends_with(before) && behind.starts_with(rest);
        if joins("]]", ">") || joins("]", "]>") {
            self.text.push_str("<!---->");
        }
    }

    /// Writes what was edited of an element, and puts off what was added to it.
    fn element(&mut self, element: Element, node: &Node, pending: &mut BTreeMap<u32, Element>) {
        let tree = self.tree;
        let has_added = tree
            .added
            .get(&element.0)
            .is_some_and(|added| !added.is_empty());
        if !has_added && !node.has(Node::TAG_EDITED | Node::VALUE_EDITED) {
            return;
        }
        let (tag_end, open_end) = tree.start_tag(node);
        if node.has(Node::TAG_EDITED) {
            self.copy_until(node.start);
            self.text.push_str(tree.chunk(node.tag));
            self.at = tag_end;
        }
        let name = tree.name(element);
        if node.has(Node::IS_CLOSED) {
            let value = tree.chunk(node.value);
            if !has_added && value.is_empty() {
                return;
            }
            self.copy_until(tag_end);
            self.text.push('>');
            self.value(value);
            if has_added {
                self.add(element, node);
                self.text.push_str(&tree.closing_separator(node));
            }
            self.end_tag(name);
            self.at = node.end;
            return;
        }
        let close = tree.end_tag(node);
        if node.has(Node::VALUE_EDITED) {
            self.copy_until(open_end);
            self.value(tree.chunk(node.value));
            self.at = close;
        }
        if has_added {
            let content = tree.slice(open_end, close).trim_ascii_end();
            let behind = open_end + scan::small(content.len());
            pending.insert(behind, element);
        }
    }

    /// Writes what was put off up to a place.
    fn add_until(&mut self, pending: &mut BTreeMap<u32, Element>, until: u32) {
        while let Some(first) = pending.first_entry() {
            if *first.key() > until {
                break;
            }
            let (at, element) = first.remove_entry();
            self.copy_until(at);
            if let Some(node) = self.tree.node(element) {
                self.add(element, node);
                if at == self.tree.start_tag(node).1 && at == self.tree.end_tag(node) {
                    self.text.push_str(&self.tree.closing_separator(node));
                }
            }
        }
    }

    /// Writes what was added to an element of the source.
    fn add(&mut self, element: Element, node: &Node) {
        let separator = self.tree.separator(element, node);
        self.added(element, &separator);
    }

    fn added(&mut self, element: Element, separator: &str) {
        let tree = self.tree;
        for child in tree.added.get(&element.0).into_iter().flatten() {
            let child = Element(*child);
            self.text.push_str(separator);
            self.text
                .push_str(tree.node(child).map_or("", |node| tree.chunk(node.tag)));
            let has_added = tree
                .added
                .get(&child.0)
                .is_some_and(|added| !added.is_empty());
            let value = tree.value(child);
            if !has_added && value.is_empty() {
                self.text.push_str("/>");
                continue;
            }
            self.text.push('>');
            self.value(value);
            if has_added {
                let deeper = if separator.is_empty() { "" } else { "  " };
                self.added(child, &format!("{separator}{deeper}"));
                self.text.push_str(separator);
            }
            self.end_tag(tree.name(child));
        }
    }

    fn value(&mut self, value: &str) {
        // What stands for an empty text is to be seen as such.
        if value == "\"\"" {
            self.text.push_str(value);
        } else {
            push_escaped(&mut self.text, value);
        }
    }

    fn end_tag(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    fn copy_until(&mut self, until: u32) {
        if until > self.at {
            self.text.push_str(self.tree.slice(self.at, until));
            self.at = until;
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
