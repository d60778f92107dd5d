//! Base64 of certificates, with or without percent-encoding, in one pass.

use rustls_pki_types::CertificateDer;

use super::percent::{Safe, Text};
use crate::HeaderError;

/// Padded base64 and nothing else, in its only form.
pub(super) fn decode(base64: &[u8]) -> Result<CertificateDer<'static>, HeaderError> {
    let mut decoder = Decoder::for_length(base64.len());
    let rest = decoder.quads(base64, &STANDARD);
    for byte in rest {
        decoder.push(*byte)?;
    }
    decoder.finish()
}

/// As [`decode`], of percent-encoded text.
pub(super) fn decode_escaped(
    base64: &[u8],
    safe: Safe,
) -> Result<CertificateDer<'static>, HeaderError> {
    let mut text = Text::new(base64, safe);
    let mut decoder = Decoder::for_length(base64.len());
    loop {
        decoder.escaped(&mut text);
        match text.next()? {
            Some(byte) => decoder.push(byte)?,
            None => return decoder.finish(),
        }
    }
}

/// Collects the octets that base64 spells.
pub(super) struct Decoder {
    out: Vec<u8>,
    /// As much of `out` as has been written.
    length: usize,
    /// The bits of the characters since the last whole four.
    bits: u32,
    /// How many characters these are.
    pending: u8,
    padding: u8,
}

impl Decoder {
    /// With room for the octets of so many characters, within reason.
    pub(super) fn for_length(characters: usize) -> Self {
        let room = (characters / 4 + 1) * 3;
        Self {
            out: vec![0; room.min(MOST_ROOM)],
            length: 0,
            bits: 0,
            pending: 0,
            padding: 0,
        }
    }

    /// Takes what it can off the front of `text` at once; whether there was anything.
    #[inline]
    pub(super) fn escaped(&mut self, text: &mut Text<'_>) -> bool {
        let table = match text.safe() {
            Safe::Base64 => &STANDARD,
            Safe::Unreserved => &WITHOUT_MARKS,
        };
        let before = text.rest();
        let rest = self.quads(before, table);
        text.go_on_at(rest);
        rest.len() < before.len()
    }

    /// Takes whole fours off the front as long as they hold nothing but what is in `table`; what
    /// is left.
    #[inline]
    fn quads<'a>(&mut self, mut base64: &'a [u8], table: &Table) -> &'a [u8] {
        if self.pending != 0 || self.padding != 0 {
            return base64;
        }
        loop {
            let out = self.out.get_mut(self.length..).unwrap_or_default();
            let (fours, threes) = (base64.as_chunks().0, out.as_chunks_mut::<3>().0);
            let most = fours.len().min(threes.len());
            let mut taken = 0;
            for ([a, b, c, d], out) in fours.iter().zip(threes) {
                let bits = table.bits(*a, *b, *c, *d);
                if bits & BAD != 0 {
                    break;
                }
                let [_, octets @ ..] = bits.to_be_bytes();
                *out = octets;
                taken += 1;
            }
            self.length += taken * 3;
            base64 = base64.get(taken * 4..).unwrap_or_default();
            if taken < most || base64.len() < 4 {
                return base64;
            }
            self.grow();
        }
    }

    /// Takes one character.
    pub(super) fn push(&mut self, byte: u8) -> Result<(), HeaderError> {
        if byte == b'=' {
            self.padding += 1;
            let enough = self.pending >= 2 && self.pending + self.padding <= 4;
            return enough.then_some(()).ok_or(HeaderError::BadEncoding);
        }
        let sextet = STANDARD.bits(b'A', b'A', b'A', byte);
        if sextet & BAD != 0 || self.padding != 0 {
            return Err(HeaderError::BadEncoding);
        }
        self.bits = self.bits << 6 | sextet;
        self.pending += 1;
        if self.pending == 4 {
            let [_, octets @ ..] = self.bits.to_be_bytes();
            self.write(&octets);
            self.bits = 0;
            self.pending = 0;
        }
        Ok(())
    }

    /// The certificate, if the base64 ends here rightly.
    pub(super) fn finish(mut self) -> Result<CertificateDer<'static>, HeaderError> {
        let [_, a, b, _] = (self.bits << (24 - 6 * u32::from(self.pending.min(4)))).to_be_bytes();
        // RFC 4648 section 3.5: bits that stand for nothing are zero.
        match (self.pending, self.padding) {
            (0, 0) => {}
            (2, 2) if self.bits & 0xf == 0 => self.write(&[a]),
            (3, 1) if self.bits & 0x3 == 0 => self.write(&[a, b]),
            _ => return Err(HeaderError::BadEncoding),
        }
        self.out.truncate(self.length);
        if self.out.capacity() / 2 > self.length {
            self.out.shrink_to_fit();
        }
        Ok(self.out.into())
    }

    fn grow(&mut self) {
        let room = self.out.len();
        self.out.resize(room * 2, 0);
    }

    fn write(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        if end > self.out.len() {
            self.grow();
        }
        if let Some(out) = self.out.get_mut(self.length..end) {
            out.copy_from_slice(octets);
            self.length = end;
        }
    }
}

/// What each character stands for, at each of the four places.
struct Table([[u32; 256]; 4]);

impl Table {
    const fn with(marks: bool) -> Self {
        let mut table = [[BAD; 256]; 4];
        let mut sextet = 0;
        while sextet < 64 {
            #[expect(clippy::indexing_slicing, reason = "a constant, and 64 characters")]
            let byte = ALPHABET[sextet];
            if marks || byte.is_ascii_alphanumeric() {
                let mut place = 0;
                while place < 4 {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::indexing_slicing,
                        reason = "a constant, and less than 64"
                    )]
                    {
                        table[place][byte as usize] = (sextet as u32) << (18 - 6 * place);
                    }
                    place += 1;
                }
            }
            sextet += 1;
        }
        Self(table)
    }

    #[inline]
    fn bits(&self, a: u8, b: u8, c: u8, d: u8) -> u32 {
        let [first, second, third, fourth] = &self.0;
        let at = |table: &[u32; 256], byte: u8| table.get(usize::from(byte)).map_or(BAD, |b| *b);
        at(first, a) | at(second, b) | at(third, c) | at(fourth, d)
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// More than most certificates; a few characters of a chain must not claim room for all of it.
const MOST_ROOM: usize = 3 * 1_024;
/// Outside of the 24 bits of four characters.
const BAD: u32 = 1 << 31;
static STANDARD: Table = Table::with(true);
/// Where `+` and `/` are percent-encoded.
static WITHOUT_MARKS: Table = Table::with(false);

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as PEER;
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str, safe: &str) -> String {
        let escape = |char: char| match char {
            char if char.is_ascii_alphanumeric() || safe.contains(char) => char.to_string(),
            char => format!("%{:02X}", u32::from(char)),
        };
        text.chars().map(escape).collect()
    }

    proptest! {
        #[test]
        fn any_octets_come_back(octets in prop::collection::vec(any::<u8>(), 0..6_000)) {
            let text = PEER.encode(&octets);
            let decoded = decode(text.as_bytes()).unwrap();
            prop_assert_eq!(decoded.as_ref(), &*octets);
            for (safe, plain) in [(Safe::Unreserved, ""), (Safe::Base64, "+/="), (Safe::Base64, "")] {
                let text = escaped(&text, plain);
                let decoded = decode_escaped(text.as_bytes(), safe).unwrap();
                prop_assert_eq!(decoded.as_ref(), &*octets);
            }
        }

        #[test]
        fn what_another_decoder_refuses_is_refused(text in "[A-D+/=89]{0,12}|[ -~]{0,9}|([A-D]{4}){0,2}[A-D]{0,3}={0,3}") {
            let peers = PEER.decode(&text).ok();
            let ours = decode(text.as_bytes()).ok();
            prop_assert_eq!(ours.as_deref(), peers.as_deref());
            let ours = decode_escaped(escaped(&text, "").as_bytes(), Safe::Unreserved).ok();
            prop_assert_eq!(ours.as_deref(), peers.as_deref());
        }
    }

    #[test]
    fn padding_and_the_bits_before_it_have_one_form() {
        for good in ["AA==", "AAA=", "AAAA", "AQ==", "AAE=", "AAAAAA=="] {
            assert!(decode(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "AB==", "AAB=", "AA", "AAA", "A", "A===", "AA=", "AA===", "=", "AA=A", "AA==AAAA",
            "AAA==", "AAAA=",
        ] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_short_certificate_in_a_long_header_claims_no_room_for_all_of_it() {
        let mut decoder = Decoder::for_length(60_000);
        assert_eq!(decoder.out.len(), MOST_ROOM);
        decoder.push(b'A').unwrap();
        decoder.push(b'A').unwrap();
        decoder.push(b'=').unwrap();
        decoder.push(b'=').unwrap();
        assert_eq!(decoder.finish().unwrap().as_ref(), [0]);
    }
}
