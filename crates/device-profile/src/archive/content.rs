//! What a file's content may be.

use crate::xml;
use crate::{DocumentError, DocumentFault, Limits};

/// Refuses a content that could harm whoever reads it. Entities need a document type to be of harm.
/// A template that is not well-formed, for a tag may stand for an element, or that is longer than we
/// read, harms nobody by being carried; what is wrong with it is told.
///
/// # Errors
///
/// [`DocumentError`] for a document type, more depth or elements than allowed, and XML in an encoding
/// that we cannot look into.
pub(crate) fn check(
    content: &[u8],
    limits: &Limits,
) -> Result<Option<DocumentError>, DocumentError> {
    let harm = |at: usize, fault| Err(DocumentError::new(at as u64, fault));
    if xml::is_wide(content) {
        return harm(0, DocumentFault::Encoding);
    }
    let from = front_tags(content);
    let document = content.get(from..).unwrap_or_default();
    if !is_xml(document) {
        return Ok(None);
    }
    // A document too long for its parser is looked through all the same.
    let mut unlimited = *limits;
    unlimited.document_bytes = usize::MAX;
    let Err(found) = xml::check(document, &unlimited) else {
        let at = limits.document_bytes;
        let too_large = DocumentError::new(at as u64, DocumentFault::TooLarge);
        return Ok((document.len() > at).then_some(too_large));
    };
    match (found.fault, document_type(document)) {
        (
            fault @ (DocumentFault::Doctype
            | DocumentFault::TooDeep
            | DocumentFault::TooManyElements),
            _,
        ) => harm(
            from + usize::try_from(found.at).unwrap_or(usize::MAX - from),
            fault,
        ),
        // What is wrong before it must not hide it.
        (_, Some(at)) => harm(from + at, DocumentFault::Doctype),
        // Others may read on where we could not look any further.
        (DocumentFault::Attribute | DocumentFault::Encoding | DocumentFault::Name, None) => {
            let at = from as u64 + found.at;
            Ok(Some(DocumentError::new(at, found.fault)))
        }
        (_, None) if from > 0 => Ok(None),
        (_, None) => Ok(Some(found)),
    }
}

/// How long the tags are that a content begins with, before its first `<`; they may come to nothing.
fn front_tags(content: &[u8]) -> usize {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut rest = text;
    loop {
        let text = rest.trim_ascii_start();
        let Some((_, tag)) = text.split_first().filter(|(first, _)| **first == b'%') else {
            break;
        };
        let end = tag.iter().position(|byte| matches!(byte, b'%' | b'<'));
        match end.and_then(|end| tag.get(end..)?.strip_prefix(b"%")) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    // A document begins with its mark, where no tag is before it.
    match text.len() - rest.len() {
        0 => 0,
        _ => content.len() - rest.len(),
    }
}

/// Where a document type or an entity seems to be defined, in comments too.
fn document_type(document: &[u8]) -> Option<usize> {
    let mut signs = document.iter().enumerate();
    signs.find_map(|(at, byte)| {
        let is_one = *byte == b'<'
            && DEFINITIONS.iter().any(|word| {
                let here = document.get(at..at + word.len());
                here.is_some_and(|here| here.eq_ignore_ascii_case(word))
            });
        is_one.then_some(at)
    })
}

fn is_xml(content: &[u8]) -> bool {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    text.trim_ascii_start().starts_with(b"<")
}

const DEFINITIONS: [&[u8]; 2] = [b"<!DOCTYPE", b"<!ENTITY"];
