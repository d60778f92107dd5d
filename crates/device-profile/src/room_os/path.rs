//! What a value of a room device is called.

use std::fmt;
use std::str::FromStr;

use crate::ParsePathError;
use crate::xml::{MAX_STEPS, is_name};

/// The path of a value: names, each perhaps with the number of one of several.
///
/// It is read as the devices write it, `SIP Proxy 1 Address`, `SIP Proxy[1] Address` or
/// `SIP/Proxy[1]/Address`, shown in the second form, and ordered by that text.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Path(Box<str>);

impl Path {
    /// The path of these names, which are good ones, outermost first.
    pub(super) fn of(segments: &[Segment<'_>]) -> Self {
        let mut path = String::new();
        for segment in segments {
            push_segment(&mut path, *segment);
        }
        Self(path.into())
    }

    pub(super) fn segments(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> {
        self.0
            .split(' ')
            .map(|part| split_item(part).unwrap_or((part, None)))
    }
}

impl FromStr for Path {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut path = String::with_capacity(text.len() + 2);
        let mut segments = 0;
        // Whether the last name may still have a number behind it.
        let mut is_open = false;
        for part in text.split([' ', '/']) {
            if part.bytes().all(|byte| byte.is_ascii_digit()) {
                if !std::mem::take(&mut is_open) {
                    return Err(ParsePathError);
                }
                push_item(&mut path, number(part).ok_or(ParsePathError)?);
                continue;
            }
            let (name, item) = split_item(part).ok_or(ParsePathError)?;
            segments += 1;
            if !is_name(name) || segments > MAX_STEPS {
                return Err(ParsePathError);
            }
            push_segment(&mut path, (name, item));
            is_open = item.is_none();
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name, perhaps with the number of one of several.
pub(super) type Segment<'p> = (&'p str, Option<u16>);

/// The number of one of several: from 1, without leading zeros.
pub(super) fn number(text: &str) -> Option<u16> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_canonical.then(|| text.parse().ok()).flatten()
}

fn push_segment(path: &mut String, (name, item): Segment<'_>) {
    if !path.is_empty() {
        path.push(' ');
    }
    path.push_str(name);
    if let Some(item) = item {
        push_item(path, item);
    }
}

fn push_item(path: &mut String, item: u16) {
    path.push('[');
    path.push_str(&item.to_string());
    path.push(']');
}

/// Splits `Proxy[1]` into the name and its number.
fn split_item(segment: &str) -> Option<Segment<'_>> {
    let Some(rest) = segment.strip_suffix(']') else {
        return Some((segment, None));
    };
    let (name, item) = rest.split_once('[')?;
    Some((name, Some(number(item)?)))
}
