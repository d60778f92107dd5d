//! Texts in the encodings that certificates use.

use crate::CertificateError;
use crate::der::{self, Item};

/// How a text is encoded.
pub(crate) enum Text<'a> {
    /// With ASCII as it is, whatever other octets mean.
    Narrow(&'a [u8]),
    /// In UTF-16 or UTF-32; see [`Item::narrowed`].
    Wide,
}

impl<'a> Item<'a> {
    /// The text of an attribute's value.
    #[inline]
    pub(crate) const fn text(&self) -> Text<'a> {
        match self.tag {
            der::BMP_STRING | der::UNIVERSAL_STRING => Text::Wide,
            _ => Text::Narrow(self.contents),
        }
    }

    /// The text of a `BMPString` or a `UniversalString`.
    #[cold]
    pub(crate) fn narrowed(&self) -> Result<Narrowed, CertificateError> {
        let width = if self.tag == der::BMP_STRING { 2 } else { 4 };
        let mut narrowed = Narrowed {
            octets: [0; MAX_CHARACTERS],
            length: self.contents.len() / width,
        };
        if self.contents.len() % width != 0 {
            return Err(CertificateError::Malformed { at: self.at() });
        }
        let characters = self.contents.chunks_exact(width);
        let octets = narrowed.octets.get_mut(..narrowed.length);
        let octets = octets.ok_or(CertificateError::WideText { at: self.at() })?;
        for (octet, character) in octets.iter_mut().zip(characters) {
            *octet = match character {
                [high @ .., low @ 0..=0x7f] if high.iter().all(|octet| *octet == 0) => *low,
                _ => NOT_ASCII,
            };
        }
        Ok(narrowed)
    }
}

/// A text of which each character is an octet: itself, or [`NOT_ASCII`].
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
