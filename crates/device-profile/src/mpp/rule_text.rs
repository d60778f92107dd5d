//! The words and signs of a profile rule.

use std::net::Ipv6Addr;

use crate::{RuleError, RuleFault};

/// What is left of a rule.
pub(super) struct Text<'r> {
    rule: &'r str,
    rest: &'r str,
}

impl<'r> Text<'r> {
    pub(super) fn new(rule: &'r str) -> Self {
        let rest = rule.trim_start();
        Self { rule, rest }
    }

    /// How much has been read, blanks behind it among it.
    pub(super) fn at(&self) -> usize {
        self.rule.len() - self.rest.len()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn fault(&self, fault: RuleFault) -> RuleError {
        RuleError::new(self.at(), fault)
    }

    /// Whether there is a group in parentheses with this sign behind it.
    ///
    /// Signs in quotation marks do not count, and neither does the parenthesis that closes a macro.
    pub(super) fn starts_group(&self, sign: char) -> bool {
        let Some(inside) = self.rest.strip_prefix('(') else {
            return false;
        };
        let mut is_quoted = false;
        let mut macro_end = None;
        let end = inside.char_indices().find_map(|(at, char)| {
            is_quoted ^= char == '"';
            if char == '$' {
                let length = inside.get(at..).and_then(macro_length);
                macro_end = length.map(|length| at + length - 1).or(macro_end);
            }
            (char == ')' && !is_quoted && macro_end != Some(at)).then_some(at)
        });
        // A group without an end is of the first kind, so that its fault is told.
        let after = end.and_then(|end| inside.get(end + 1..));
        after.map_or(sign == '?', |after| after.trim_start().starts_with(sign))
    }

    pub(super) fn take(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else {
            return false;
        };
        self.rest = rest.trim_start();
        true
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), RuleError> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(self.fault(RuleFault::Syntax))
        }
    }

    /// Whether a word is next that does not go on behind it.
    pub(super) fn has_word(&self, word: &str) -> bool {
        let after = self.rest.strip_prefix(word);
        after.is_some_and(|after| !after.starts_with(|char: char| char.is_ascii_alphanumeric()))
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<(), RuleError> {
        if !self.has_word(word) {
            return Err(self.fault(RuleFault::Syntax));
        }
        self.expect(word)
    }

    /// The name of a parameter.
    pub(super) fn name(&mut self) -> Result<&'r str, RuleError> {
        self.bare(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.'))
    }

    /// A value: bare, or in quotation marks.
    pub(super) fn value(&mut self) -> Result<&'r str, RuleError> {
        match self.rest.strip_prefix('"') {
            None => self.bare(|char| {
                !char.is_whitespace() && !char.is_control() && !"\"[];|<>=!?".contains(char)
            }),
            Some(quoted) => {
                let (value, rest) = quoted
                    .split_once('"')
                    .filter(|(value, _)| !value.contains(char::is_control))
                    .ok_or_else(|| self.fault(RuleFault::Quotation))?;
                self.rest = rest.trim_start();
                Ok(value)
            }
        }
    }

    /// An operand: a value that ends before a parenthesis, unless that is a macro's.
    pub(super) fn operand(&mut self) -> Result<&'r str, RuleError> {
        if self.rest.starts_with('"') {
            return self.value();
        }
        let mut open = 0_u32;
        let mut last = ' ';
        self.bare(|char| {
            let is_macro = char == '(' && last == '$';
            let is_end = char == ')' && open > 0;
            open = open + u32::from(is_macro) - u32::from(is_end);
            last = char;
            let is_plain = !"\"[];|<>=!?()".contains(char);
            is_macro || is_end || is_plain && !char.is_whitespace() && !char.is_control()
        })
    }

    /// An address, which may be missing; it has no blanks.
    pub(super) fn address(&mut self) -> Result<&'r str, RuleError> {
        let is_end = |char: char| char.is_whitespace() || char == '|';
        let length = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (address, rest) = self.rest.split_at(length);
        let is_bad = |char: char| char.is_control() || matches!(char, '"' | '[' | ']');
        let (before, after) = around_v6(address).unwrap_or((address, ""));
        if before.contains(is_bad) || after.contains(is_bad) {
            return Err(self.fault(RuleFault::Address));
        }
        if address.starts_with('(') {
            return Err(self.fault(RuleFault::Syntax));
        }
        self.rest = rest.trim_start();
        Ok(address)
    }

    fn bare(&mut self, is_part: impl FnMut(char) -> bool) -> Result<&'r str, RuleError> {
        let mut is_part = is_part;
        let length = self
            .rest
            .find(|char| !is_part(char))
            .unwrap_or(self.rest.len());
        if length == 0 {
            return Err(self.fault(RuleFault::Syntax));
        }
        let (bare, rest) = self.rest.split_at(length);
        self.rest = rest.trim_start();
        Ok(bare)
    }
}

/// What of an address is before and behind an IPv6 address in brackets that is its host.
fn around_v6(address: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    // Elsewhere the sign is one of a path or a query.
    if scheme.contains(['/', '?', '#']) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    // A user may have any sign but these brackets in it.
    let host = authority.rsplit('@').next()?;
    let (v6, port) = host.strip_prefix('[')?.split_once(']')?;
    v6.parse::<Ipv6Addr>().ok()?;
    if !port.is_empty() && !port.starts_with(':') {
        return None;
    }
    let at = address.len() - rest.len() + authority.len() - host.len();
    let after = at + v6.len() + 2;
    address.get(..at).zip(address.get(after..))
}

/// The length of the macro in parentheses that a text begins with, as in `$(PN)`.
fn macro_length(text: &str) -> Option<usize> {
    let (name, _) = text.strip_prefix("$(")?.split_once(')')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_name).then(|| name.len() + 3)
}
