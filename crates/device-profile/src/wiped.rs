//! A text that grows and leaves no copy of itself behind.

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

/// A growing text that may hold secrets: overwritten when dropped, and at each move to more room.
#[derive(Clone, Default)]
pub(crate) struct Wiped(Zeroizing<String>);

impl Wiped {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(String::with_capacity(bytes)))
    }

    pub(crate) fn push(&mut self, char: char) {
        self.make_room(char.len_utf8());
        self.0.push(char);
    }

    pub(crate) fn push_str(&mut self, more: &str) {
        self.make_room(more.len());
        self.0.push_str(more);
    }

    /// Adds `text` with `line_break` for each of its line breaks: CR LF, CR or LF.
    pub(crate) fn push_lines(&mut self, text: &str, line_break: char) {
        let mut rest = text;
        let is_break = |byte: u8| matches!(byte, b'\r' | b'\n');
        while let Some(at) = rest.bytes().position(is_break) {
            let (line, from) = rest.split_at(at);
            self.push_str(line);
            self.push(line_break);
            let after = from.strip_prefix("\r\n").or_else(|| from.get(1..));
            rest = after.unwrap_or_default();
        }
        self.push_str(rest);
    }

    pub(crate) fn into_zeroizing(self) -> Zeroizing<String> {
        self.0
    }

    /// A text that grew by itself would leave its old bytes to the allocator as they are.
    fn make_room(&mut self, more: usize) {
        let needed = self.0.len() + more;
        if needed > self.0.capacity() {
            let room = needed.max(2 * self.0.capacity()).max(MIN_ROOM_BYTES);
            let mut larger = Zeroizing::new(String::with_capacity(room));
            larger.push_str(&self.0);
            self.0 = larger;
        }
    }
}

impl Deref for Wiped {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Write for Wiped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

const MIN_ROOM_BYTES: usize = 64;
