//! From Java's dialect to the one of the `regex` crate.
//!
//! Every construct is parsed; what is not known to mean the same on both sides is spelled out in
//! characters, or refused. Nothing of the pattern is ever passed on as it stands.

mod branch;
mod class;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use branch::Branch;

use crate::{PatternError, Unsupported};

/// A pattern in the dialect of the `regex` crate, which matches the whole of a text.
#[derive(Debug)]
pub(super) struct Translation {
    pub(super) pattern: String,
    /// Whether it means the same on texts in ASCII only.
    pub(super) ascii_only: bool,
}

/// The translation of `pattern`, which has `most` characters at most.
pub(super) fn translate(pattern: &str, most: usize) -> Result<Translation, PatternError> {
    let chars: Vec<char> = pattern.chars().take(most.saturating_add(1)).collect();
    if chars.len() > most {
        return Err(PatternError::TooLarge);
    }
    let mut translator = Translator {
        chars,
        at: 0,
        out: r"\A(?:".to_owned(),
        flags: Flags::default(),
        branch: Branch::default(),
        open: Vec::new(),
        names: Vec::new(),
        has_group: false,
        has_boundary: false,
        repeatable: false,
    };
    while translator.step()? {}
    if !translator.open.is_empty() {
        return Err(translator.syntax());
    }
    if !translator.has_group {
        return Err(PatternError::NoGroup);
    }
    translator.out.push_str(r")\z");
    Ok(Translation {
        pattern: translator.out,
        ascii_only: translator.has_boundary,
    })
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    flags: Flags,
    branch: Branch,
    /// What to return to at the end of each open group.
    open: Vec<(Flags, Branch)>,
    names: Vec<String>,
    has_group: bool,
    has_boundary: bool,
    /// Whether a quantifier may follow.
    repeatable: bool,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    ignore_case: bool,
    dot_all: bool,
}

/// What an escape stands for, inside of a class or outside.
enum Escape {
    Char(char),
    /// The inside of an ASCII class, and whether it is negated.
    Class(&'static str, bool),
}

impl Translator {
    /// Translates the next construct; `false` at the end.
    fn step(&mut self) -> Result<bool, PatternError> {
        let at = self.at;
        let Some(char) = self.take() else {
            return Ok(false);
        };
        let mut repeatable = true;
        match char {
            '(' => {
                self.open_group(at)?;
                repeatable = false;
            }
            ')' => {
                let can_be_empty = self.branch.can_be_empty();
                let outer = self.open.pop().ok_or(PatternError::Syntax { at })?;
                (self.flags, self.branch) = outer;
                self.branch.item(can_be_empty);
                self.out.push(')');
            }
            '|' => {
                self.branch.alternative();
                self.out.push('|');
                repeatable = false;
            }
            '*' | '+' | '?' | '{' => {
                self.quantifier(char, at)?;
                repeatable = false;
            }
            '[' => self.class(at)?,
            '.' => {
                self.branch.item(false);
                let dot_all = self.flags.dot_all;
                self.out
                    .push_str(if dot_all { ANYTHING } else { NOT_A_LINE_BREAK });
            }
            '^' => {
                self.out.push_str(r"\A");
                repeatable = false;
            }
            '$' => {
                // Elsewhere Java would let it match before a line break at the very end.
                if self.chars.iter().skip(self.at).any(|rest| *rest != ')') {
                    return Err(unsupported(Unsupported::InnerDollar, at));
                }
                self.out.push_str(r"\z");
                repeatable = false;
            }
            '\\' => match self.peek() {
                Some('A' | 'b' | 'z') => {
                    let position = match self.take() {
                        Some('A') => r"\A",
                        Some('b') => {
                            self.has_boundary = true;
                            r"(?-u:\b)"
                        }
                        _ => r"\z",
                    };
                    self.out.push_str(position);
                    repeatable = false;
                }
                Some('Q') => {
                    self.at += 1;
                    repeatable = self.quotation() || self.repeatable;
                }
                _ => match self.escape(at)? {
                    Escape::Char(char) => self.literal(char),
                    Escape::Class(inside, negated) => {
                        self.branch.item(false);
                        let sign = if negated { "^" } else { "" };
                        let _ = write!(self.out, "[{sign}{inside}]");
                    }
                },
            },
            _ => self.literal(char),
        }
        self.repeatable = repeatable;
        Ok(true)
    }

    fn quantifier(&mut self, char: char, at: usize) -> Result<(), PatternError> {
        if !self.repeatable {
            return Err(PatternError::NothingToRepeat { at });
        }
        // What the group holds then differs between the engines.
        if self.branch.last {
            return Err(unsupported(Unsupported::EmptyRepeat, at));
        }
        let mut can_be_empty = char != '+';
        if char == '{' {
            let least = self.number()?;
            can_be_empty = least == 0;
            let mut most = Some(least);
            if self.peek() == Some(',') {
                self.at += 1;
                most = match self.peek() {
                    Some('}') => None,
                    _ => Some(self.number()?),
                };
            }
            self.expect('}')?;
            if most.is_some_and(|most| most < least) {
                return Err(PatternError::Syntax { at });
            }
            let _ = match most {
                Some(most) => write!(self.out, "{{{least},{most}}}"),
                None => write!(self.out, "{{{least},}}"),
            };
        } else {
            self.out.push(char);
        }
        self.branch.last = can_be_empty;
        match self.peek() {
            Some('+') => return Err(unsupported(Unsupported::Possessive, self.at)),
            Some('?') => {
                self.at += 1;
                self.out.push('?');
            }
            _ => {}
        }
        Ok(())
    }

    fn open_group(&mut self, at: usize) -> Result<(), PatternError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(PatternError::TooLarge);
        }
        let outer = self.flags;
        if self.peek() != Some('?') {
            self.has_group = true;
            self.out.push('(');
        } else {
            self.at += 1;
            match self.peek() {
                Some('=' | '!') => return Err(unsupported(Unsupported::LookAround, at)),
                Some('>') => return Err(unsupported(Unsupported::AtomicGroup, at)),
                Some('<') => {
                    self.at += 1;
                    self.group_name(at)?;
                    self.has_group = true;
                    self.out.push('(');
                }
                _ => {
                    self.flags()?;
                    if self.peek() == Some(')') {
                        // Holds for the rest of the group around it.
                        self.at += 1;
                        self.out.push_str("(?:)");
                        return Ok(());
                    }
                    self.expect(':')?;
                    self.out.push_str("(?:");
                }
            }
        }
        self.open.push((outer, self.branch));
        self.branch = Branch::default();
        Ok(())
    }

    /// The rest of `(?<name>`, whose name nothing refers to, but which must be its own.
    fn group_name(&mut self, at: usize) -> Result<(), PatternError> {
        if let Some('=' | '!') = self.peek() {
            return Err(unsupported(Unsupported::LookAround, at));
        }
        let start = self.at;
        while let Some(char) = self.take() {
            match char {
                '>' if self.at - start > 1 => {
                    let name = self.chars.iter().take(self.at).skip(start).collect();
                    if self.names.contains(&name) {
                        break;
                    }
                    self.names.push(name);
                    return Ok(());
                }
                'a'..='z' | 'A'..='Z' => {}
                '0'..='9' if self.at - start > 1 => {}
                _ => break,
            }
        }
        Err(PatternError::Syntax { at: start })
    }

    fn flags(&mut self) -> Result<(), PatternError> {
        let mut on = true;
        loop {
            match self.peek() {
                Some('i') => self.flags.ignore_case = on,
                Some('s') => self.flags.dot_all = on,
                Some('-') if on => on = false,
                Some('U' | 'd' | 'm' | 'u' | 'x') => {
                    return Err(unsupported(Unsupported::Flag, self.at));
                }
                _ => return Ok(()),
            }
            self.at += 1;
        }
    }

    /// Everything up to `\E` as it stands; whether there was anything.
    fn quotation(&mut self) -> bool {
        let start = self.at;
        while let Some(char) = self.take() {
            if char == '\\' && self.peek() == Some('E') {
                self.at += 1;
                return self.at - start > 2;
            }
            self.literal(char);
        }
        self.at > start
    }

    /// The rest of an escape that means the same inside of a class and outside.
    fn escape(&mut self, at: usize) -> Result<Escape, PatternError> {
        let char = self.take().ok_or(PatternError::Syntax { at })?;
        Ok(match char {
            'd' => Escape::Class(DIGIT, false),
            'D' => Escape::Class(DIGIT, true),
            's' => Escape::Class(SPACE, false),
            'S' => Escape::Class(SPACE, true),
            'w' => Escape::Class(WORD, false),
            'W' => Escape::Class(WORD, true),
            'p' => Escape::Class(self.property(at)?, false),
            'P' => Escape::Class(self.property(at)?, true),
            't' => Escape::Char('\t'),
            'n' => Escape::Char('\n'),
            'r' => Escape::Char('\r'),
            'f' => Escape::Char('\x0c'),
            'a' => Escape::Char('\x07'),
            'e' => Escape::Char('\x1b'),
            'x' if self.peek() == Some('{') => {
                self.at += 1;
                let code = self.code(1..=6, 16)?;
                self.expect('}')?;
                Escape::Char(code)
            }
            'x' => Escape::Char(self.code(2..=2, 16)?),
            'u' if self.is_surrogate() => return Err(unsupported(Unsupported::Surrogate, at)),
            'u' => Escape::Char(self.code(4..=4, 16)?),
            'c' => {
                let char = self.take().ok_or(PatternError::Syntax { at })?;
                let control = char::from_u32(u32::from(char) ^ 0x40);
                Escape::Char(control.ok_or(PatternError::Syntax { at })?)
            }
            '0' => {
                // A third digit belongs to it only below 0400.
                let digits = match self.peek() {
                    Some('0'..='3') => 1..=3,
                    _ => 1..=2,
                };
                Escape::Char(self.code(digits, 8)?)
            }
            '1'..='9' | 'k' => return Err(unsupported(Unsupported::BackReference, at)),
            'N' => return Err(unsupported(Unsupported::NamedCharacter, at)),
            // Outside of a class it has been read already.
            'Q' => return Err(unsupported(Unsupported::Quotation, at)),
            'h' | 'H' | 'v' | 'V' | 'R' | 'X' => {
                return Err(unsupported(Unsupported::Space, at));
            }
            'b' | 'A' | 'B' | 'G' | 'Z' | 'z' => {
                return Err(unsupported(Unsupported::Position, at));
            }
            _ if char.is_ascii_alphanumeric() => return Err(PatternError::Syntax { at }),
            _ => Escape::Char(char),
        })
    }

    /// Whether the digits of half a character follow, as in `\ud83d`.
    fn is_surrogate(&self) -> bool {
        let next = self.chars.get(self.at..).unwrap_or_default();
        matches!(next, ['d' | 'D', '8' | '9' | 'a'..='f' | 'A'..='F', ..])
    }

    /// The character whose number is written in as many digits as there are, within `length`.
    fn code(&mut self, length: RangeInclusive<usize>, radix: u32) -> Result<char, PatternError> {
        let start = self.at;
        let mut code = 0;
        while self.at - start < *length.end()
            && let Some(digit) = self.peek().and_then(|char| char.to_digit(radix))
        {
            code = code * radix + digit;
            self.at += 1;
        }
        char::from_u32(code)
            .filter(|_| self.at - start >= *length.start())
            .ok_or(PatternError::Syntax { at: start })
    }

    /// How often something is repeated.
    fn number(&mut self) -> Result<u32, PatternError> {
        let start = self.at;
        let mut number = 0;
        while let Some(digit) = self.peek().and_then(|char| char.to_digit(10)) {
            number = number * 10 + digit;
            self.at += 1;
            if number > MAX_REPEATS {
                return Err(PatternError::TooLarge);
            }
        }
        if self.at == start {
            return Err(self.syntax());
        }
        Ok(number)
    }

    /// Writes a character that stands for itself.
    fn literal(&mut self, char: char) {
        self.branch.item(false);
        if char.is_ascii_alphabetic() && self.flags.ignore_case {
            self.out.push('[');
            self.range(char..=char);
            self.out.push(']');
        } else {
            self.char(char);
        }
    }

    fn char(&mut self, char: char) {
        if char.is_ascii_alphanumeric() {
            self.out.push(char);
        } else {
            let _ = write!(self.out, r"\x{{{:x}}}", u32::from(char));
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += 1;
        Some(char)
    }

    fn expect(&mut self, char: char) -> Result<(), PatternError> {
        if self.peek() == Some(char) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    const fn syntax(&self) -> PatternError {
        PatternError::Syntax { at: self.at }
    }
}

const fn unsupported(construct: Unsupported, at: usize) -> PatternError {
    PatternError::Unsupported { construct, at }
}

const DIGIT: &str = "0-9";
const SPACE: &str = r"\x20\t\n\x0b\x0c\r";
const WORD: &str = "a-zA-Z_0-9";
const ANYTHING: &str = r"[\s\S]";
/// Java's line breaks: line feed, carriage return, next line, line and paragraph separator.
const NOT_A_LINE_BREAK: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";
const MAX_DEPTH: usize = 32;
const MAX_REPEATS: u32 = 1_000;
