//! The rules by which phones fetch their documents and their firmware (`Profile_Rule` and others).

use std::fmt;

use zeroize::Zeroizing;

use super::comparison::Comparison;
use super::macros::{Macros, Place};
use super::rule_text::Text;
use crate::wiped::Wiped;
use crate::{Limits, RuleError, RuleFault, Secret};

/// A rule: alternatives, of which a phone takes the first whose condition holds.
///
/// An alternative is `(condition)? (Name = "value";)! [options] address`, each part as one likes.
/// A condition is comparisons joined by `and`; options are `--key`, `--uid`, `--pwd`, `--post` and
/// `--alias`, each with a value, and `--srv`. A value is bare, or in double quotation marks, in
/// which there are no escapes. Where the guides leave it open, this reading is ours.
///
/// `Debug` shows no values; keys, users and passwords are overwritten when dropped.
///
/// # Source
///
/// Provisioning guide for multiplatform phones: conditional expressions, assignment operators,
/// address syntax.
#[derive(Clone, PartialEq)]
pub struct ProfileRule {
    alternatives: Vec<Alternative>,
}

impl ProfileRule {
    /// Reads a rule, of at most [`Limits::rule_bytes`].
    ///
    /// # Errors
    ///
    /// [`RuleError`] with the place and what is wrong there.
    pub fn parse(rule: &str, limits: &Limits) -> Result<Self, RuleError> {
        if rule.len() > limits.rule_bytes {
            return Err(RuleError::new(limits.rule_bytes, RuleFault::TooLarge));
        }
        let mut text = Text::new(rule);
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(Alternative::read(&mut text)?);
            if text.is_at_end() {
                return Ok(Self { alternatives });
            }
            text.expect("|")?;
        }
    }

    /// What a phone with these macros does; `None` where no condition holds.
    ///
    /// # Errors
    ///
    /// [`RuleFault::TooLarge`] when a value would come out longer than [`Limits::output_bytes`].
    pub fn choose(&self, macros: &Macros, limits: &Limits) -> Result<Option<Choice>, RuleError> {
        for alternative in &self.alternatives {
            let mut holds = true;
            for comparison in &alternative.conditions {
                holds = holds && comparison.holds(macros, limits)?;
            }
            if holds {
                return alternative.choice(macros, limits).map(Some);
            }
        }
        Ok(None)
    }

    /// The rule as text, which reads as the same rule again.
    #[must_use]
    pub fn write(&self) -> Zeroizing<String> {
        let mut out = Wiped::default();
        for (count, alternative) in self.alternatives.iter().enumerate() {
            if count > 0 {
                out.push_str(" | ");
            }
            alternative.write(&mut out);
        }
        out.into_zeroizing()
    }
}

impl fmt::Debug for ProfileRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileRule")
            .field("alternatives", &self.alternatives.len())
            .finish_non_exhaustive()
    }
}

/// What a phone does by a rule, its macros put in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Choice {
    /// Parameters to set, and their values.
    pub assignments: Vec<(String, Secret)>,
    /// What to fetch; `None` where the rule only sets parameters, or does nothing.
    pub request: Option<Request>,
}

/// What a phone fetches. `Debug` shows nothing that could carry a secret: addresses may.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The address as it stands in the rule: without a scheme it is one of TFTP.
    pub address: String,
    /// The key that the document is encrypted with (`--key`).
    pub key: Option<Secret>,
    /// The user to authenticate as (`--uid`).
    pub user: Option<Secret>,
    /// The password to authenticate with (`--pwd`).
    pub password: Option<Secret>,
    /// What to send (`--post`).
    pub post: Option<String>,
    /// The name to keep what was fetched under (`--alias`).
    pub alias: Option<String>,
    /// Whether the host is to be resolved by SRV records (`--srv`).
    pub srv: bool,
}

impl Request {
    /// The scheme of the address; `None` for one that phones do not know.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        let Some((scheme, _)) = self.address.split_once("://") else {
            return Some(Scheme::Tftp);
        };
        let known = [
            ("tftp", Scheme::Tftp),
            ("http", Scheme::Http),
            ("https", Scheme::Https),
            ("gds", Scheme::Gds),
        ];
        let mut known = known.into_iter();
        let found = known.find(|(name, _)| name.eq_ignore_ascii_case(scheme));
        found.map(|(_, scheme)| scheme)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("scheme", &self.scheme())
            .field("srv", &self.srv)
            .finish_non_exhaustive()
    }
}

/// How a phone fetches.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Scheme {
    /// By an activation code, from the activation service (`gds://`).
    Gds,
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// TFTP, also without a scheme.
    Tftp,
}

#[derive(Clone, Default, PartialEq)]
struct Alternative {
    conditions: Vec<Comparison>,
    assignments: Vec<(String, Zeroizing<String>)>,
    options: Vec<(Switch, Zeroizing<String>)>,
    address: String,
}

impl Alternative {
    fn read(text: &mut Text<'_>) -> Result<Self, RuleError> {
        let mut alternative = Self::default();
        let begin = text.at();
        if text.starts_group('?') {
            text.expect("(")?;
            loop {
                alternative.conditions.push(Comparison::read(text)?);
                if text.take(")") {
                    break;
                }
                text.expect_word("and")?;
            }
            text.expect("?")?;
        }
        if text.starts_group('!') {
            text.expect("(")?;
            while !text.take(")") {
                let name = text.name()?;
                text.expect("=")?;
                let value = text.value()?;
                alternative
                    .assignments
                    .push((name.to_owned(), Zeroizing::new(value.to_owned())));
                text.expect(";")?;
            }
            text.expect("!")?;
        }
        if text.take("[") {
            while !text.take("]") {
                alternative.option(text)?;
            }
        }
        text.address()?.clone_into(&mut alternative.address);
        if alternative.address.is_empty() && !alternative.options.is_empty() {
            return Err(text.fault(RuleFault::NoAddress));
        }
        if alternative == Self::default() {
            return Err(RuleError::new(begin, RuleFault::Empty));
        }
        Ok(alternative)
    }

    fn option(&mut self, text: &mut Text<'_>) -> Result<(), RuleError> {
        let fault = |fault| RuleError::new(text.at(), fault);
        let switch = Switch::ALL
            .into_iter()
            .find(|switch| text.has_word(switch.as_str()));
        let switch = switch.ok_or_else(|| fault(RuleFault::Option))?;
        if self.options.iter().any(|(known, _)| *known == switch) {
            return Err(fault(RuleFault::Duplicate));
        }
        text.expect_word(switch.as_str())?;
        let value = if switch == Switch::Srv {
            ""
        } else {
            text.value()?
        };
        self.options
            .push((switch, Zeroizing::new(value.to_owned())));
        Ok(())
    }

    fn choice(&self, macros: &Macros, limits: &Limits) -> Result<Choice, RuleError> {
        let expand = |text: &str, place| macros.expand(text, place, limits.output_bytes);
        let mut assignments = Vec::with_capacity(self.assignments.len());
        for (name, value) in &self.assignments {
            let value = expand(value, Place::Open)?;
            assignments.push((name.clone(), Secret::new(&value)));
        }
        let option = |switch| {
            let mut options = self.options.iter();
            options
                .find(|(known, _)| *known == switch)
                .map(|(_, value)| value)
        };
        let secret = |switch| -> Result<Option<Secret>, RuleError> {
            let value = option(switch).map(|value| expand(value, Place::Secret));
            Ok(value.transpose()?.map(|value| Secret::new(&value)))
        };
        let open = |switch| -> Result<Option<String>, RuleError> {
            let value = option(switch).map(|value| expand(value, Place::Open));
            Ok(value.transpose()?.map(|value| value.as_str().to_owned()))
        };
        let request = if self.address.is_empty() {
            None
        } else {
            Some(Request {
                address: expand(&self.address, Place::Open)?.as_str().to_owned(),
                key: secret(Switch::Key)?,
                user: secret(Switch::Uid)?,
                password: secret(Switch::Pwd)?,
                post: open(Switch::Post)?,
                alias: open(Switch::Alias)?,
                srv: option(Switch::Srv).is_some(),
            })
        };
        Ok(Choice {
            assignments,
            request,
        })
    }

    fn write(&self, out: &mut Wiped) {
        let mut between = "";
        if let [first, more @ ..] = self.conditions.as_slice() {
            out.push('(');
            first.write(out);
            for comparison in more {
                out.push_str(" and ");
                comparison.write(out);
            }
            out.push_str(")?");
            between = " ";
        }
        if !self.assignments.is_empty() {
            out.push_str(between);
            out.push('(');
            for (name, value) in &self.assignments {
                out.push_str(name);
                out.push_str(" = \"");
                out.push_str(value);
                out.push_str("\";");
            }
            out.push_str(")!");
            between = " ";
        }
        if !self.options.is_empty() {
            out.push_str(between);
            out.push('[');
            for (count, (switch, value)) in self.options.iter().enumerate() {
                out.push_str(if count > 0 { " " } else { "" });
                out.push_str(switch.as_str());
                if *switch != Switch::Srv {
                    out.push_str(" \"");
                    out.push_str(value);
                    out.push('"');
                }
            }
            out.push(']');
            between = " ";
        }
        if !self.address.is_empty() {
            out.push_str(between);
            out.push_str(&self.address);
        }
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Switch {
    Alias,
    Key,
    Post,
    Pwd,
    Srv,
    Uid,
}

impl Switch {
    const ALL: [Self; 6] = [
        Self::Alias,
        Self::Key,
        Self::Post,
        Self::Pwd,
        Self::Srv,
        Self::Uid,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Alias => "--alias",
            Self::Key => "--key",
            Self::Post => "--post",
            Self::Pwd => "--pwd",
            Self::Srv => "--srv",
            Self::Uid => "--uid",
        }
    }
}
