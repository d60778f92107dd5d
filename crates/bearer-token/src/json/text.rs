//! Texts and their escapes.

use std::str::Chars;

/// A text between its quotation marks, with its escapes as they were written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    json: &'a str,
    spot: Spot,
}

/// Where a text lies, in bytes from the beginning of the whole, and whether it has escapes: the
/// start in the lower half, the end in the upper one, escapes in the last bit.
///
/// In one word, for a processor waits when it reads at once what was written in pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot(u64);

impl<'a> Text<'a> {
    /// Its characters, escapes resolved.
    pub(crate) fn chars(self) -> Unescaped<'a> {
        Unescaped(self.raw().chars())
    }

    /// The text between its quotation marks, escapes as they are.
    pub(super) fn raw(self) -> &'a str {
        self.spot.of(self.json)
    }

    pub(crate) fn spot(self) -> Spot {
        self.spot
    }

    /// The text itself, where it has no escapes.
    pub(crate) fn plain(self) -> Option<&'a str> {
        (!self.spot.is_escaped()).then(|| self.raw())
    }

    pub(super) fn equals(self, other: Text<'_>) -> bool {
        match (self.plain(), other.plain()) {
            (Some(plain), Some(other)) => plain == other,
            _ => self.chars().eq(other.chars()),
        }
    }

    /// The text, in `room` where it has escapes; `None` when it has more bytes than that.
    pub(crate) fn resolve<'r>(self, room: &'r mut [u8]) -> Option<&'r str>
    where
        'a: 'r,
    {
        if let Some(plain) = self.plain() {
            return Some(plain);
        }
        let mut length = 0;
        for resolved in self.chars() {
            let end = length + resolved.len_utf8();
            resolved.encode_utf8(room.get_mut(length..end)?);
            length = end;
        }
        std::str::from_utf8(room.get(..length)?).ok()
    }

    /// The bytes of [`resolve`](Self::resolve); none when they are too many.
    pub(crate) fn bytes<'r>(self, room: &'r mut [u8]) -> &'r [u8]
    where
        'a: 'r,
    {
        if !self.spot.is_escaped() {
            return self.spot.bytes(self.json);
        }
        self.resolve(room).unwrap_or_default().as_bytes()
    }

    pub(crate) fn is(self, other: &str) -> bool {
        if self.spot.is_escaped() {
            return self.chars().eq(other.chars());
        }
        self.spot.bytes(self.json) == other.as_bytes()
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.chars().collect()
    }
}

impl Spot {
    pub(super) const NONE: Self = Self(0);
    const ESCAPED: u64 = 1 << 63;

    /// Of a text of at most 65,536 bytes.
    pub(super) fn new(start: usize, end: usize, is_escaped: bool) -> Self {
        let [start, end] = [start, end].map(|at| u32::try_from(at).unwrap_or_default());
        let escaped = if is_escaped { Self::ESCAPED } else { 0 };
        Self(u64::from(start) | u64::from(end) << 32 | escaped)
    }

    pub(super) fn start(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }

    pub(super) fn end(self) -> usize {
        ((self.0 & !Self::ESCAPED) >> 32) as usize
    }

    pub(super) fn is_escaped(self) -> bool {
        self.0 & Self::ESCAPED != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start() == self.end()
    }

    pub(super) fn text(self, json: &str) -> Text<'_> {
        Text { json, spot: self }
    }

    pub(super) fn bytes(self, text: &str) -> &[u8] {
        let bytes = text.as_bytes().get(self.start()..self.end());
        bytes.unwrap_or_default()
    }

    /// What lies there in `text`.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start()..self.end()).unwrap_or_default()
    }

    /// Resolves the escapes in place; spaces fill what becomes free.
    pub(crate) fn unescape(&mut self, json: &mut [u8]) {
        let Some(part) = json.get_mut(self.start()..self.end()) else {
            return;
        };
        if !self.is_escaped() {
            return;
        }
        let (mut read, mut written) = (0, 0);
        while let Some(&byte) = part.get(read) {
            let mut utf8 = [byte, 0, 0, 0];
            let (from, to) = match part.get(read..).and_then(escape) {
                Some((resolved, length)) => (length, resolved.encode_utf8(&mut utf8).len()),
                None => (1, 1),
            };
            // No escape is shorter than what it stands for.
            if let (Some(target), Some(bytes)) =
                (part.get_mut(written..written + to), utf8.get(..to))
            {
                target.copy_from_slice(bytes);
            }
            read += from;
            written += to;
        }
        if let Some(rest) = part.get_mut(written..) {
            rest.fill(b' ');
        }
        *self = Self::new(self.start(), self.start() + written, false);
    }
}

/// The characters of a text whose escapes were found good.
#[derive(Clone)]
pub(crate) struct Unescaped<'a>(Chars<'a>);

impl Iterator for Unescaped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let rest = self.0.as_str();
        let Some((resolved, length)) = escape(rest.as_bytes()) else {
            return self.0.next();
        };
        self.0 = rest.get(length..).unwrap_or_default().chars();
        Some(resolved)
    }
}

/// The character that the escape at the beginning of `bytes` stands for, and the escape's length.
pub(super) fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let [b'\\', kind, rest @ ..] = bytes else {
        return None;
    };
    let plain = match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(rest),
        _ => return None,
    };
    Some((plain, 2))
}

fn unicode_escape(digits: &[u8]) -> Option<(char, usize)> {
    let unit = hex(digits)?;
    if let Some(plain) = char::from_u32(unit) {
        return Some((plain, 6));
    }
    // Half of a pair: the other half must follow.
    let [b'\\', b'u', rest @ ..] = digits.get(4..)? else {
        return None;
    };
    let (high, low) = (unit.checked_sub(0xd800)?, hex(rest)?.checked_sub(0xdc00)?);
    if high >= 0x400 || low >= 0x400 {
        return None;
    }
    char::from_u32(0x1_0000 + (high << 10) + low).map(|pair| (pair, 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = digits.get(..4)?.iter();
    digits.copied().try_fold(0, |value, digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

/// How many bytes come before a quotation mark, a backslash or a control character.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    // The lowest byte of the word that is below `limit` has its highest bit set, and none below it.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES << 7);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotation = below(word ^ (ONES * 0x22), 1);
        let backslash = below(word ^ (ONES * 0x5c), 1);
        let special = below(word, 0x20) | quotation | backslash;
        if special != 0 {
            return index * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let length = rest.iter().position(is_special).unwrap_or(rest.len());
    words.len() * 8 + length
}
