//! A reader of DER that copies nothing.

use crate::CertificateError;

/// Reads tag-length-value items one after another from a slice.
///
/// Only what certificates need: tags of one octet, definite lengths in their shortest form.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` ends in the outermost document, for error messages.
    end: usize,
}

/// One item: its tag, its contents, and the whole of it with tag and length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
    pub(crate) whole: &'a [u8],
    /// Where the item ends in the outermost document.
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            end: bytes.len(),
        }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Result<Item<'a>, CertificateError> {
        let Some((tag, header, length)) = head(self.rest) else {
            return Err(self.malformed());
        };
        let Some((whole, rest)) = self.rest.split_at_checked(header + length) else {
            return Err(self.malformed());
        };
        let contents = whole.get(header..).unwrap_or_default();
        self.rest = rest;
        Ok(Item {
            tag,
            contents,
            whole,
            end: self.end - rest.len(),
        })
    }

    #[inline]
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Item<'a>, CertificateError> {
        if self.rest.first() != Some(&tag) {
            return Err(self.malformed());
        }
        self.next()
    }

    /// The next item if it bears `tag`; otherwise nothing is consumed.
    #[inline]
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Item<'a>>, CertificateError> {
        if self.rest.first() == Some(&tag) {
            self.next().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(crate) const fn finish(&self) -> Result<(), CertificateError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    #[cold]
    const fn malformed(&self) -> CertificateError {
        CertificateError::Malformed {
            at: self.end - self.rest.len(),
        }
    }
}

impl<'a> Item<'a> {
    /// A reader of what is inside.
    pub(crate) const fn open(&self) -> Reader<'a> {
        Reader {
            rest: self.contents,
            end: self.end,
        }
    }

    /// Where the contents begin in the outermost document.
    pub(crate) const fn at(&self) -> usize {
        self.end - self.contents.len()
    }
}

/// The tag of the first item, how long its tag and length are, and the length.
#[inline]
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let [tag, first, after @ ..] = bytes else {
        return None;
    };
    if tag & LONG_TAG == LONG_TAG {
        return None;
    }
    let (header, length) = match (*first, after) {
        (short @ ..=0x7f, _) => (2, usize::from(short)),
        (0x81, [a @ 0x80..=0xff, ..]) => (3, usize::from(*a)),
        (0x82, [a @ 1..=0xff, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        // Longer forms describe more than the largest certificate that is read.
        _ => return None,
    };
    Some((*tag, header, length))
}

pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
pub(crate) const UTF8_STRING: u8 = 0x0c;
/// All five low bits set: the tag goes on in further octets.
const LONG_TAG: u8 = 0x1f;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_in_a_longer_form_than_needed_is_refused() {
        for bytes in [
            &[0x04, 0x81, 0x01, 0xaa][..],
            &[0x04, 0x82, 0x00, 0x01, 0xaa],
        ] {
            assert_eq!(
                Reader::new(bytes).next().unwrap_err(),
                CertificateError::Malformed { at: 0 }
            );
        }
    }

    #[test]
    fn indefinite_lengths_and_long_tags_are_refused() {
        for bytes in [&[0x30, 0x80, 0, 0][..], &[0x1f, 0x81, 0x00], &[0x30], &[]] {
            assert!(Reader::new(bytes).next().is_err());
        }
    }

    #[test]
    fn the_position_of_a_fault_counts_from_the_outermost_start() {
        let mut outer = Reader::new(&[0x30, 0x04, 0x02, 0x01, 0x05, 0x04]);
        let mut inner = outer.next().unwrap().open();
        inner.expect(INTEGER).unwrap();
        assert_eq!(
            inner.next().unwrap_err(),
            CertificateError::Malformed { at: 5 }
        );
    }
}
