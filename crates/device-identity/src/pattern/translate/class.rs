//! Classes of characters.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::{DIGIT, Escape, SPACE, Translator, unsupported};
use crate::{PatternError, Unsupported};

impl Translator {
    pub(super) fn class(&mut self, at: usize) -> Result<(), PatternError> {
        self.branch.item(false);
        self.out.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        let start = self.at;
        loop {
            let item = self.at;
            match self.take() {
                None => return Err(PatternError::Syntax { at }),
                Some(']') if item == start => return Err(PatternError::Syntax { at: item }),
                Some(']') => break,
                Some(char) => match self.class_item(char, item)? {
                    Escape::Class(inside, false) => self.out.push_str(inside),
                    Escape::Class(inside, true) => {
                        let _ = write!(self.out, "[^{inside}]");
                    }
                    Escape::Char(first) => {
                        let last = self.range_end()?.unwrap_or(first);
                        if last < first {
                            return Err(PatternError::Syntax { at: item });
                        }
                        self.range(first..=last);
                    }
                },
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self, char: char, at: usize) -> Result<Escape, PatternError> {
        match char {
            '[' => Err(unsupported(Unsupported::ClassOperation, at)),
            '&' if self.peek() == Some('&') => Err(unsupported(Unsupported::ClassOperation, at)),
            '\\' => self.escape(at),
            _ => Ok(Escape::Char(char)),
        }
    }

    /// The last character of a range whose first one has just been read, if it is a range.
    fn range_end(&mut self) -> Result<Option<char>, PatternError> {
        let next = self.chars.get(self.at + 1);
        if self.peek() != Some('-') || matches!(next, None | Some(']')) {
            return Ok(None);
        }
        self.at += 1;
        let at = self.at;
        let char = self.take().ok_or(PatternError::Syntax { at })?;
        match self.class_item(char, at)? {
            Escape::Char(last) => Ok(Some(last)),
            Escape::Class(..) => Err(PatternError::Syntax { at }),
        }
    }

    /// The rest of `\p{…}`: the inside of the ASCII class of that name.
    pub(super) fn property(&mut self, at: usize) -> Result<&'static str, PatternError> {
        let refused = unsupported(Unsupported::CharacterProperty, at);
        if self.take() != Some('{') {
            return Err(refused);
        }
        let start = self.at;
        while self.peek().is_some_and(|char| char != '}') {
            self.at += 1;
        }
        let name: String = self.chars.iter().take(self.at).skip(start).collect();
        self.expect('}')?;
        Ok(match &*name {
            "Lower" if !self.flags.ignore_case => "a-z",
            "Upper" if !self.flags.ignore_case => "A-Z",
            "ASCII" => r"\x00-\x7f",
            "Alpha" => "a-zA-Z",
            "Digit" => DIGIT,
            "Alnum" => "a-zA-Z0-9",
            "Punct" => r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
            "Graph" => r"\x21-\x7e",
            "Print" => r"\x20-\x7e",
            "Blank" => r"\x20\t",
            "Cntrl" => r"\x00-\x1f\x7f",
            "XDigit" => "0-9a-fA-F",
            "Space" => SPACE,
            _ => return Err(refused),
        })
    }

    /// Writes a range of characters inside of a class, with both cases where case is ignored.
    pub(super) fn range(&mut self, range: RangeInclusive<char>) {
        let (first, last) = range.into_inner();
        self.pair(first, last);
        if self.flags.ignore_case {
            let (low, high) = (first.max('a'), last.min('z'));
            if low <= high {
                self.pair(low.to_ascii_uppercase(), high.to_ascii_uppercase());
            }
            let (low, high) = (first.max('A'), last.min('Z'));
            if low <= high {
                self.pair(low.to_ascii_lowercase(), high.to_ascii_lowercase());
            }
        }
    }

    fn pair(&mut self, first: char, last: char) {
        self.char(first);
        if first != last {
            self.out.push('-');
            self.char(last);
        }
    }
}
