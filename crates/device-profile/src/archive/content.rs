//! What a file's content may be.

use crate::xml::{Document, Node};
use crate::{DocumentError, DocumentFault, Limits};

/// Reads a content that looks like XML to its end; any other is taken as it is.
///
/// # Errors
///
/// [`DocumentError`] where it is not well-formed, not UTF-8, or more than allowed.
pub(crate) fn check(content: &[u8], limits: &Limits) -> Result<(), DocumentError> {
    if !is_xml(content) {
        return Ok(());
    }
    let mut document = Document::new(content, limits)?;
    let root = document.root()?;
    document.attribute(&root, "")?;
    loop {
        match document.next()? {
            // All attributes are checked, whichever is asked for.
            Node::Start(start) => drop(document.attribute(&start, "")?),
            Node::Eof => return Ok(()),
            Node::Char(_) | Node::End | Node::Text(_) => {}
        }
    }
}

/// Whether an error is one that could harm whoever reads the document. Entities need a document
/// type to be of harm. A template that is not well-formed, for a tag may stand for an element, or
/// that is longer than we read, harms nobody by being carried.
pub(crate) fn is_harmful(error: &DocumentError) -> bool {
    matches!(
        error.fault,
        DocumentFault::Doctype | DocumentFault::TooDeep | DocumentFault::TooManyElements
    )
}

fn is_xml(content: &[u8]) -> bool {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    text.trim_ascii_start().starts_with(b"<")
}
