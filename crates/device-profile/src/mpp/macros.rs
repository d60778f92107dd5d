//! The macros that a phone puts into its rules.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::wiped::Wiped;
use crate::{RuleError, RuleFault};

/// Macros and their values: `$MA`, `$(PN)` and the like, without the dollar sign.
///
/// A macro without a value stays as it stands, values are not searched for macros, and `$$` is a
/// dollar sign. `SA` to `SD` go nowhere but into keys, users and passwords. `Debug` shows names
/// only; values are overwritten when dropped.
///
/// # Source
///
/// Provisioning guide for multiplatform phones: macro expansion.
#[derive(Clone, Default)]
pub struct Macros(BTreeMap<String, Zeroizing<String>>);

impl Macros {
    /// No macros.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of a macro.
    ///
    /// # Errors
    ///
    /// [`RuleFault::Macro`] when the name is not of letters, digits and `_`, 1 to 32 of them.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), RuleError> {
        if name_length(name) != name.len() || !(1..=MAX_NAME_BYTES).contains(&name.len()) {
            return Err(RuleError::new(0, RuleFault::Macro));
        }
        let value = Zeroizing::new(value.to_owned());
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// Puts the values into a text, which may come out no longer than `limit` bytes.
    pub(super) fn expand(
        &self,
        text: &str,
        place: Place,
        limit: usize,
    ) -> Result<Zeroizing<String>, RuleError> {
        let mut out = Wiped::with_capacity(text.len());
        let mut rest = text;
        while let Some((plain, from)) = rest.split_once('$') {
            out.push_str(plain);
            rest = from;
            if let Some(after) = from.strip_prefix('$') {
                out.push('$');
                rest = after;
                continue;
            }
            match self.first(from, place) {
                Some((value, length)) => {
                    out.push_str(value);
                    rest = from.get(length..).unwrap_or_default();
                }
                None => out.push('$'),
            }
            if out.len() > limit {
                break;
            }
        }
        out.push_str(rest);
        if out.len() > limit {
            return Err(RuleError::new(0, RuleFault::TooLarge));
        }
        Ok(out.into_zeroizing())
    }

    /// The value of the macro that a text begins with, and the length of its name.
    fn first(&self, text: &str, place: Place) -> Option<(&str, usize)> {
        let (name, length) = match text.strip_prefix('(') {
            Some(inside) => {
                let (name, _) = inside.split_once(')')?;
                (name, name.len() + 2)
            }
            None => {
                let length = name_length(text);
                (text.get(..length)?, length)
            }
        };
        let is_allowed = place == Place::Secret || !SECRETS.contains(&name);
        let value = self.0.get(name).filter(|_| is_allowed)?;
        Some((value, length))
    }
}

impl fmt::Debug for Macros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Where macros are put in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// Where anybody may see it.
    Open,
    /// Where a key, a user or a password stands.
    Secret,
}

fn name_length(text: &str) -> usize {
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().take_while(|byte| is_char(*byte)).count()
}

const SECRETS: [&str; 4] = ["SA", "SB", "SC", "SD"];
const MAX_NAME_BYTES: usize = 32;
