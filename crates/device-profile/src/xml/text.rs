//! Characters, references and names of XML 1.0, the small part that configuration documents need.

use std::borrow::Cow;
use std::fmt::Write;

use crate::wiped::Wiped;

/// What white space and line breaks mean in the values of a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WhiteSpace {
    /// A line break becomes a space, and what is around a value goes.
    Flat,
    /// It stays, line breaks of any kind as LF; nothing but white space is an empty value.
    Kept,
}

impl WhiteSpace {
    pub(crate) fn line_break(self) -> char {
        match self {
            Self::Flat => ' ',
            Self::Kept => '\n',
        }
    }

    /// Whether a text without markup and references is not what it says.
    pub(crate) fn changes(self, text: &str) -> bool {
        let is_changed = |byte| byte == b'\r' || byte == b'\n' && self == Self::Flat;
        text.bytes().any(is_changed)
    }

    /// Where the value is in a text: how much of it is before, and how long it is.
    pub(crate) fn value(self, text: &str) -> (usize, usize) {
        match self {
            Self::Flat => {
                let start = text.len() - text.trim_ascii_start().len();
                (start, text.trim_ascii().len())
            }
            Self::Kept if is_blank(text) => (0, 0),
            Self::Kept => (0, text.len()),
        }
    }
}

/// Appends the text of an element without elements inside, which has been found well-formed.
pub(crate) fn push_decoded(out: &mut Wiped, content: &str, white_space: WhiteSpace) {
    let line_break = white_space.line_break();
    let mut rest = content;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'<' | b'&')) {
        let (plain, from) = rest.split_at(at);
        out.push_lines(plain, line_break);
        rest = if let Some(reference) = from.strip_prefix('&') {
            let (name, after) = reference.split_once(';').unwrap_or((reference, ""));
            match resolve(name) {
                Some('\r' | '\n') if white_space == WhiteSpace::Flat => out.push(' '),
                Some(char) => out.push(char),
                None => {}
            }
            after
        } else if let Some(section) = from.strip_prefix(CDATA) {
            let (text, after) = section.split_once("]]>").unwrap_or((section, ""));
            out.push_lines(text, line_break);
            after
        } else {
            // The end of a comment may not begin with the signs that begin it.
            let (begin, end) = if from.starts_with("<?") {
                ("<?", "?>")
            } else {
                ("<!--", "-->")
            };
            let inside = from.get(begin.len()..).unwrap_or_default();
            inside.split_once(end).map_or("", |(_, after)| after)
        };
    }
    out.push_lines(rest, line_break);
}

/// An attribute's value: references resolved, white space each a space.
pub(super) fn attribute_value(raw: &str) -> Cow<'_, str> {
    let is_plain = |byte| !matches!(byte, b'&' | b'\t' | b'\n' | b'\r');
    if raw.bytes().all(is_plain) {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let one_break = raw.replace("\r\n", "\n");
    let mut rest = one_break.as_str();
    while let Some((plain, reference)) = rest.split_once('&') {
        value.extend(plain.chars().map(blank_to_space));
        let (name, after) = reference.split_once(';').unwrap_or((reference, ""));
        value.extend(resolve(name));
        rest = after;
    }
    value.extend(rest.chars().map(blank_to_space));
    Cow::Owned(value)
}

/// The character that a reference stands for, by what is between `&` and `;`.
pub(crate) fn resolve(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return match name {
            "amp" => Some('&'),
            "apos" => Some('\''),
            "gt" => Some('>'),
            "lt" => Some('<'),
            "quot" => Some('"'),
            _ => None,
        };
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // However many zeros stand before a number, nobody means more than these.
    if digits.len() > MAX_DIGITS {
        return None;
    }
    // `from_str_radix` would take a sign.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let number = u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| is_number);
    number
        .and_then(char::from_u32)
        .filter(|char| is_xml_char(*char))
}

/// Appends `value` so that it can stand as text and as an attribute, in ASCII.
pub(crate) fn push_escaped(text: &mut Wiped, value: &str) {
    let is_plain = |byte: u8| {
        matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
    };
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        let (plain, from) = rest.split_at(at);
        text.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('&') => text.push_str("&amp;"),
            Some('<') => text.push_str("&lt;"),
            Some('>') => text.push_str("&gt;"),
            Some('"') => text.push_str("&quot;"),
            Some('\'') => text.push_str("&apos;"),
            Some(char) => {
                // A text in memory takes all that is written to it.
                let _ = write!(text, "&#{};", u32::from(char));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    text.push_str(rest);
}

/// Whether a name is a letter or `_`, then letters, digits, `_`, `-` and `.`, 256 at most.
pub(crate) fn is_name(name: &str) -> bool {
    let is = |byte: u8, wanted| class(byte) & wanted != 0;
    name.len() <= MAX_NAME_BYTES
        && name.bytes().next().is_some_and(|byte| is(byte, NAME_START))
        && name.bytes().all(|byte| is(byte, NAME))
}

/// Whether a value can stand in a document at all.
pub(crate) fn is_writable(value: &str) -> bool {
    value.chars().all(is_xml_char)
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| class(byte) & BLANK != 0)
}

/// Where the first character is that XML 1.0 does not know.
pub(crate) fn first_forbidden(text: &str) -> Option<usize> {
    let is_suspect =
        |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    // Only few documents have such a byte at all, and bytes are quicker to look through, most of
    // all many in one step, which an end at the first of them would rule out.
    let has_suspect = |bytes: &[u8]| {
        let found = |found, byte: &u8| found | is_suspect(*byte);
        bytes.iter().fold(false, found)
    };
    if !text.as_bytes().chunks(SCAN_BYTES).any(has_suspect) {
        return None;
    }
    text.char_indices()
        .find(|(_, char)| !is_xml_char(*char))
        .map(|(at, _)| at)
}

pub(super) fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The `Char` of XML 1.0.
fn is_xml_char(char: char) -> bool {
    !matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

fn blank_to_space(char: char) -> char {
    if matches!(char, '\t' | '\n' | '\r') {
        ' '
    } else {
        char
    }
}

/// What each byte may be.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut rest: &mut [u8] = &mut classes;
    let mut byte = 0_u8;
    while let [class, more @ ..] = rest {
        let is_letter = byte.is_ascii_alphabetic() || byte == b'_';
        let is_name = is_letter || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        *class = (is_letter as u8 * NAME_START)
            | (is_name as u8 * NAME)
            | ((byte == b':') as u8 * COLON)
            | (matches!(byte, b' ' | b'\t' | b'\n' | b'\r') as u8 * BLANK)
            | (!matches!(byte, b'<' | b'&' | b'>') as u8 * TEXT)
            | (!matches!(byte, b'<' | b'&' | b'\'' | b'"') as u8 * QUOTED);
        rest = more;
        byte = byte.wrapping_add(1);
    }
    classes
};

pub(crate) const CDATA: &str = "<![CDATA[";
/// The most digits of a reference to a character.
const MAX_DIGITS: usize = 16;
pub(crate) const MAX_NAME_BYTES: usize = 256;
const SCAN_BYTES: usize = 1_024;

pub(super) const NAME_START: u8 = 1;
pub(super) const NAME: u8 = 2;
pub(super) const COLON: u8 = 4;
pub(super) const BLANK: u8 = 8;
/// Text with no need to look closer.
pub(super) const TEXT: u8 = 16;
/// The same between quotation marks.
pub(super) const QUOTED: u8 = 32;
