//! The conditions of profile rules.

use std::cmp::Ordering;

use super::macros::{Macros, Place};
use super::rule_text::Text;
use crate::wiped::Wiped;
use crate::{Limits, RuleError, RuleFault};

/// Two values and how they are to compare.
#[derive(Clone, PartialEq)]
pub(super) struct Comparison {
    left: String,
    operator: Operator,
    right: String,
}

impl Comparison {
    pub(super) fn read(text: &mut Text<'_>) -> Result<Self, RuleError> {
        let left = text.operand()?.to_owned();
        let operator = Operator::read(text)?;
        let right = text.operand()?.to_owned();
        Ok(Self {
            left,
            operator,
            right,
        })
    }

    pub(super) fn holds(&self, macros: &Macros, limits: &Limits) -> Result<bool, RuleError> {
        let expand = |text| macros.expand(text, Place::Open, limits.output_bytes);
        let (left, right) = (expand(&self.left)?, expand(&self.right)?);
        Ok(self.operator.holds(compare(&left, &right)))
    }

    pub(super) fn write(&self, out: &mut Wiped) {
        let quoted = |text: &str, out: &mut Wiped| {
            out.push('"');
            out.push_str(text);
            out.push('"');
        };
        quoted(&self.left, out);
        out.push(' ');
        out.push_str(self.operator.as_str());
        out.push(' ');
        quoted(&self.right, out);
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Operator {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    NotEqual,
}

impl Operator {
    fn read(text: &mut Text<'_>) -> Result<Self, RuleError> {
        // The longer signs come before those that they begin with.
        let signs = [
            ("!=", Self::NotEqual),
            ("<=", Self::LessOrEqual),
            (">=", Self::GreaterOrEqual),
            ("=", Self::Equal),
            ("<", Self::Less),
            (">", Self::Greater),
        ];
        if let Some((_, operator)) = signs.into_iter().find(|(sign, _)| text.take(sign)) {
            return Ok(operator);
        }
        let words = [
            ("eq", Self::Equal),
            ("ne", Self::NotEqual),
            ("lt", Self::Less),
            ("le", Self::LessOrEqual),
            ("gt", Self::Greater),
            ("ge", Self::GreaterOrEqual),
        ];
        let found = words.into_iter().find(|(word, _)| text.has_word(word));
        let (word, operator) = found.ok_or_else(|| text.fault(RuleFault::Operator))?;
        text.expect_word(word)?;
        Ok(operator)
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::NotEqual => order.is_ne(),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::NotEqual => "ne",
        }
    }
}

/// The order of two values: runs of digits as numbers, all between them as text. So versions such
/// as `sip7832.11-3-2MPP0001-609` are in their order, which is our reading of the guide.
fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        if left.is_empty() || right.is_empty() {
            return left.len().cmp(&right.len());
        }
        let (one, left_rest) = first_run(left);
        let (other, right_rest) = first_run(right);
        let order = if is_digit(one) && is_digit(other) {
            let [one, other] = [one, other].map(|run| run.trim_start_matches('0'));
            one.len().cmp(&other.len()).then_with(|| one.cmp(other))
        } else {
            one.cmp(other)
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
}

/// Splits off digits, or all before them.
fn first_run(text: &str) -> (&str, &str) {
    let is_number = is_digit(text);
    let end = text.find(|char: char| char.is_ascii_digit() != is_number);
    text.split_at(end.unwrap_or(text.len()))
}

fn is_digit(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_digit())
}
