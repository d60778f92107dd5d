//! Putting values in the place of tags.

use std::fmt;

use crate::tag::{MAX_INNER_BYTES, is_name_byte};
use crate::wiped::Wiped;
use crate::xml::push_escaped;
use crate::{Limits, TagError, TagTable};

/// How a value is written so that it stays a value in the document around it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Escape {
    /// As it is: for file names.
    None,
    /// For an attribute of an XML document, between quotation marks of either kind.
    XmlAttribute,
    /// For the text of an XML element. What is not ASCII is written by its number, as phones that
    /// read ASCII only need it.
    XmlText,
}

/// Puts the value of each tag in its place, once, from left to right.
///
/// A value is never searched for tags again. A tag without a value stays as it stands and is
/// told; its second per cent sign may begin another tag that has a value. The work is linear in
/// the length of template and output.
///
/// # Errors
///
/// [`TagError::TooLarge`] when the template or the output is longer than
/// [`Limits::output_bytes`].
///
/// # Examples
///
/// ```
/// use offhook_device_profile::{Escape, Limits, TagTable, substitute};
///
/// let mut tags = TagTable::new();
/// tags.set_native(&"%BWMACADDRESS%".parse()?, "0A1B2C3D4D5F")?;
/// let name = substitute("%BWMACADDRESS%.cfg", &tags, Escape::None, &Limits::default())?;
/// assert_eq!(name.text(), "0A1B2C3D4D5F.cfg");
/// # Ok::<(), offhook_device_profile::TagError>(())
/// ```
pub fn substitute(
    template: &str,
    tags: &TagTable,
    escape: Escape,
    limits: &Limits,
) -> Result<Substitution, TagError> {
    if template.len() > limits.output_bytes {
        return Err(TagError::TooLarge);
    }
    let mut output = Substitution {
        // Enough for most templates, so that they are not copied on the way.
        text: Wiped::with_capacity(template.len() + template.len() / 4 + 256),
        undefined: Vec::new(),
        undefined_count: 0,
    };
    let mut place = Place::new(template);
    let mut rest = template;
    // Whether the per cent sign ahead has closed an undefined tag already.
    let mut is_closing = false;
    while let Some(at) = rest.find('%') {
        let (before, from_sign) = rest.split_at(at);
        output.text.push_str(before);
        let name = tag_at(from_sign);
        let value = name.and_then(|name| tags.get(name));
        rest = match (name, value) {
            (Some(name), Some(value)) => {
                push(&mut output.text, value, escape);
                is_closing = false;
                from_sign.get(name.len()..).unwrap_or_default()
            }
            (Some(name), None) if !is_closing => {
                output.tell(name, &mut place, from_sign, limits);
                is_closing = true;
                let (tag, after) = from_sign.split_at(name.len() - 1);
                output.text.push_str(tag);
                after
            }
            _ => {
                output.text.push('%');
                is_closing = false;
                from_sign.get(1..).unwrap_or_default()
            }
        };
        if output.text.len() > limits.output_bytes {
            return Err(TagError::TooLarge);
        }
    }
    output.text.push_str(rest);
    if output.text.len() > limits.output_bytes {
        return Err(TagError::TooLarge);
    }
    Ok(output)
}

/// A text with the values in their places.
///
/// `Debug` hides the text, for there may be passwords in it.
#[derive(Clone)]
pub struct Substitution {
    text: Wiped,
    undefined: Vec<UndefinedTag>,
    undefined_count: usize,
}

impl Substitution {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes the text out.
    #[must_use]
    pub fn into_text(self) -> String {
        std::mem::take(&mut *self.text.into_zeroizing())
    }

    /// The tags without a value, in their order; at most [`Limits::undefined_tags`] of them.
    #[must_use]
    pub fn undefined(&self) -> &[UndefinedTag] {
        &self.undefined
    }

    /// How many tags had no value, told or not.
    #[must_use]
    pub fn undefined_count(&self) -> usize {
        self.undefined_count
    }

    fn tell(&mut self, name: &str, place: &mut Place<'_>, from: &str, limits: &Limits) {
        self.undefined_count += 1;
        if self.undefined.len() < limits.undefined_tags {
            let (line, column) = place.of(from);
            self.undefined.push(UndefinedTag {
                name: name.to_owned(),
                line,
                column,
            });
        }
    }
}

impl fmt::Debug for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Substitution")
            .field("bytes", &self.text.len())
            .field("undefined", &self.undefined)
            .finish_non_exhaustive()
    }
}

/// A tag without a value, and where it stands in the template.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct UndefinedTag {
    /// Its name with its per cent signs.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
}

/// Finds lines and columns of ever later places in one walk over the template.
struct Place<'t> {
    template: &'t str,
    seen: usize,
    line: usize,
    column: usize,
}

impl<'t> Place<'t> {
    fn new(template: &'t str) -> Self {
        Self {
            template,
            seen: 0,
            line: 1,
            column: 1,
        }
    }

    /// Line and column of the place where the rest `from` of the template begins.
    fn of(&mut self, from: &str) -> (usize, usize) {
        let at = self.template.len() - from.len();
        for char in self.template.get(self.seen..at).unwrap_or_default().chars() {
            if char == '\n' {
                (self.line, self.column) = (self.line + 1, 1);
            } else {
                self.column += 1;
            }
        }
        self.seen = at;
        (self.line, self.column)
    }
}

/// The tag that begins at the per cent sign at the front, with both its signs.
fn tag_at(text: &str) -> Option<&str> {
    let inner = text.get(1..)?;
    let length = inner
        .bytes()
        .take(MAX_INNER_BYTES + 1)
        .position(|byte| !is_name_byte(byte))?;
    let is_tag = length > 0 && inner.as_bytes().get(length) == Some(&b'%');
    is_tag.then(|| text.get(..length + 2)).flatten()
}

/// The first tag of a text, with both its signs.
pub(crate) fn first_tag(text: &str) -> Option<&str> {
    let mut signs = text.match_indices('%');
    signs.find_map(|(at, _)| tag_at(text.get(at..)?))
}

fn push(text: &mut Wiped, value: &str, escape: Escape) {
    match escape {
        Escape::None => text.push_str(value),
        Escape::XmlAttribute | Escape::XmlText => push_escaped(text, value),
    }
}
