//! The items of an array, found without reading them.

use super::JsonFault;
use super::reader::Reader;

/// The items of the array `name` in an object, as they were written: each ends where its brackets
/// close. What stands between them is not read, not even as UTF-8, so that one bad item spoils no
/// other.
///
/// # Errors
///
/// [`JsonFault`] when it is not an object with one such array.
pub(crate) fn unread_items<'a>(bytes: &'a [u8], name: &str) -> Result<Vec<&'a [u8]>, JsonFault> {
    Scan { bytes, at: 0 }.object(name)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn object(mut self, name: &str) -> Result<Vec<&'a [u8]>, JsonFault> {
        let mut items = None;
        self.next_is(b'{')?;
        loop {
            self.skip_space();
            let start = self.at;
            self.text()?;
            let is_wanted = is_text(self.since(start), name);
            self.next_is(b':')?;
            if is_wanted && items.is_some() {
                return Err(JsonFault::DuplicateMember);
            }
            if is_wanted {
                items = Some(self.array()?);
            } else {
                self.value()?;
            }
            if self.next_is(b',').is_err() {
                break;
            }
        }
        self.next_is(b'}')?;
        self.skip_space();
        match self.peek() {
            None => items.ok_or(JsonFault::Malformed),
            Some(_) => Err(JsonFault::Malformed),
        }
    }

    fn array(&mut self) -> Result<Vec<&'a [u8]>, JsonFault> {
        let mut items = Vec::new();
        self.next_is(b'[')?;
        if self.next_is(b']').is_ok() {
            return Ok(items);
        }
        loop {
            items.push(self.value()?);
            if self.next_is(b',').is_err() {
                return self.next_is(b']').map(|()| items);
            }
        }
    }

    /// A value up to where its brackets close, or up to what separates it from the next.
    fn value(&mut self) -> Result<&'a [u8], JsonFault> {
        self.skip_space();
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(JsonFault::Malformed)? {
                b'"' => self.text()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => break,
                _ => self.at += 1,
            }
        }
        match self.since(start) {
            [] => Err(JsonFault::Malformed),
            value => Ok(value),
        }
    }

    /// A text up to its quotation mark, whatever stands in it.
    fn text(&mut self) -> Result<(), JsonFault> {
        if self.peek() != Some(b'"') {
            return Err(JsonFault::Malformed);
        }
        loop {
            self.at += 1;
            match self.peek().ok_or(JsonFault::Malformed)? {
                b'"' => break,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Takes `byte` and the space before it.
    fn next_is(&mut self, byte: u8) -> Result<(), JsonFault> {
        self.skip_space();
        if self.peek() != Some(byte) {
            return Err(JsonFault::Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }
}

/// Whether a text with its quotation marks says `wanted`; one that cannot be read says nothing.
fn is_text(quoted: &[u8], wanted: &str) -> bool {
    let Ok(json) = std::str::from_utf8(quoted) else {
        return false;
    };
    let text = Reader { json, at: 0 }.text();
    text.is_ok_and(|spot| spot.text(json).is(wanted))
}
