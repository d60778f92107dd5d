//! What a file's content may be.

use crate::xml;
use crate::{ArchiveError, DocumentError, DocumentFault, Limits};

/// Reads a content that looks like XML to its end; any other is taken as it is.
///
/// # Errors
///
/// [`DocumentError`] where it is not well-formed, not UTF-8, or more than allowed.
pub(crate) fn check(content: &[u8], limits: &Limits) -> Result<(), DocumentError> {
    if !is_xml(content) {
        return Ok(());
    }
    xml::check(content, limits)
}

/// Refuses a content that could harm whoever reads it. Entities need a document type to be of harm.
/// A template that is not well-formed, for a tag may stand for an element, or that is longer than we
/// read, harms nobody by being carried; what is wrong with it is told.
///
/// # Errors
///
/// [`ArchiveError::Content`] for a document type, and more depth or elements than allowed.
pub(crate) fn check_harm(
    file: usize,
    content: &[u8],
    limits: &Limits,
) -> Result<Option<DocumentError>, ArchiveError> {
    // A document too long for its parser is looked through all the same.
    let mut unlimited = *limits;
    unlimited.document_bytes = usize::MAX;
    match check(content, &unlimited) {
        Ok(()) if is_xml(content) && content.len() > limits.document_bytes => {
            let at = limits.document_bytes as u64;
            Ok(Some(DocumentError::new(at, DocumentFault::TooLarge)))
        }
        Ok(()) => Ok(None),
        Err(source) => match source.fault {
            DocumentFault::Doctype | DocumentFault::TooDeep | DocumentFault::TooManyElements => {
                Err(ArchiveError::Content { file, source })
            }
            _ => Ok(Some(source)),
        },
    }
}

fn is_xml(content: &[u8]) -> bool {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    text.trim_ascii_start().starts_with(b"<")
}
