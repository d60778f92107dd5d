//! Texts in the encodings that certificates use.

use crate::CertificateError;
use crate::der::{self, Item};

/// The text of an attribute's value, or of what has one.
#[derive(Clone, Copy)]
pub(crate) enum Text<'a> {
    /// With ASCII as it is, whatever other octets mean.
    Narrow(&'a [u8]),
    /// In UTF-16 or UTF-32.
    Wide(Wide<'a>),
}

impl<'a> Text<'a> {
    /// The text in `contents`, which begin at octet `at`.
    #[inline]
    pub(crate) const fn of(tag: u8, contents: &'a [u8], at: usize) -> Self {
        let octets = match tag {
            der::BMP_STRING => 2,
            der::UNIVERSAL_STRING => 4,
            _ => return Self::Narrow(contents),
        };
        Self::Wide(Wide {
            contents,
            octets,
            at,
        })
    }
}

impl<'a> Item<'a> {
    #[inline]
    pub(crate) const fn text(&self) -> Text<'a> {
        Text::of(self.tag, self.contents, self.at())
    }
}

/// A text of which each character has several octets.
#[derive(Clone, Copy)]
pub(crate) struct Wide<'a> {
    contents: &'a [u8],
    octets: usize,
    at: usize,
}

impl Wide<'_> {
    #[cold]
    pub(crate) fn narrowed(&self) -> Result<Narrowed, CertificateError> {
        if !self.contents.len().is_multiple_of(self.octets) {
            return Err(CertificateError::Malformed { at: self.at });
        }
        let mut narrowed = Narrowed {
            octets: [0; MAX_CHARACTERS],
            length: self.contents.len() / self.octets,
        };
        let characters = self.contents.chunks_exact(self.octets);
        let octets = narrowed.octets.get_mut(..narrowed.length);
        let octets = octets.ok_or(CertificateError::WideText { at: self.at })?;
        for (octet, character) in octets.iter_mut().zip(characters) {
            *octet = match character {
                [high @ .., low @ 0..=0x7f] if high.iter().all(|octet| *octet == 0) => *low,
                _ => NOT_ASCII,
            };
        }
        Ok(narrowed)
    }
}

/// A text of which each character is an octet: itself, or one that is not ASCII.
pub(crate) struct Narrowed {
    octets: [u8; MAX_CHARACTERS],
    length: usize,
}

impl Narrowed {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// More than any attribute of RFC 5280 appendix A.1 has.
const MAX_CHARACTERS: usize = 256;
/// No octet of ASCII, and none of UTF-8.
const NOT_ASCII: u8 = 0xff;
