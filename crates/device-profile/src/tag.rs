//! Tags: names in per cent signs that stand for values.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::TagError;
use crate::xml::is_writable;

/// A tag's name: `%`, 1 to 62 letters, digits, `_`, `-` or `.`, and `%`.
///
/// Names that begin with `%BW` are native: the system sets them, and nobody else may.
///
/// # Source
///
/// `DeviceManagementTagName` of the provisioning interface: 1 to 64 characters between two per
/// cent signs. The alphabet is ours, so that `50% of 100%` is no tag.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TagName(Box<str>);

impl TagName {
    /// The name with its per cent signs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name is one of the system's.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.0.starts_with("%BW")
    }
}

impl FromStr for TagName {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = text
            .strip_prefix('%')
            .and_then(|rest| rest.strip_suffix('%'))
            .ok_or(TagError::Name)?;
        let has_length = (1..=MAX_INNER_BYTES).contains(&inner.len());
        if !has_length || !inner.bytes().all(is_name_byte) {
            return Err(TagError::Name);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a value is set; the later in this list goes before the earlier.
///
/// # Source
///
/// Levels: the provisioning interface's lists of tags. The order is drawn from them, for no public
/// text states it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum TagLevel {
    /// The system's default set.
    SystemDefault,
    /// The set of the device type.
    System,
    /// The service provider or enterprise.
    ServiceProvider,
    /// The group.
    Group,
    /// The device profile.
    Device,
}

/// Whether later levels may set another value (`isTagValueOverridable`).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Override {
    /// They may.
    #[default]
    Allowed,
    /// They may not: their values are passed over.
    Refused,
}

/// The values that tags have for one device.
///
/// `Debug` shows names only, and values are overwritten when the table is dropped: among them are
/// passwords and tokens.
///
/// # Examples
///
/// ```
/// use offhook_device_profile::{Override, TagLevel, TagTable};
///
/// let mut tags = TagTable::new();
/// tags.set_native(&"%BWMACADDRESS%".parse()?, "0A1B2C3D4D5F")?;
/// let domain = "%SIP_DOMAIN%".parse()?;
/// tags.set(TagLevel::System, &domain, Some("a.example"), Override::Refused)?;
/// tags.set(TagLevel::Group, &domain, Some("b.example"), Override::Allowed)?;
/// assert_eq!(tags.get("%SIP_DOMAIN%"), Some("a.example"));
/// # Ok::<(), offhook_device_profile::TagError>(())
/// ```
#[derive(Clone, Default)]
pub struct TagTable(HashMap<TagName, Values>);

impl TagTable {
    /// A table without any tag.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a tag of one's own at a level; without a value the tag stands for nothing.
    ///
    /// # Errors
    ///
    /// [`TagError::Native`] for a name of the system's, [`TagError::Value`] for a value that is
    /// not 1 to 256 characters or has control characters.
    pub fn set(
        &mut self,
        level: TagLevel,
        name: &TagName,
        value: Option<&str>,
        overriding: Override,
    ) -> Result<(), TagError> {
        if name.is_native() {
            return Err(TagError::Native);
        }
        if let Some(value) = value {
            let has_length = (1..=MAX_VALUE_CHARS).contains(&value.chars().count());
            if !has_length || !is_value(value) {
                return Err(TagError::Value);
            }
        }
        self.put(level, name, value.unwrap_or_default(), overriding);
        Ok(())
    }

    /// Sets a native tag; no level can set another value. It may be empty, and as long as the
    /// longest token, 8,192 bytes.
    ///
    /// # Errors
    ///
    /// [`TagError::NotNative`] for a name of one's own, [`TagError::Value`] for a value that is
    /// too long or has control characters.
    pub fn set_native(&mut self, name: &TagName, value: &str) -> Result<(), TagError> {
        if !name.is_native() {
            return Err(TagError::NotNative);
        }
        if value.len() > MAX_NATIVE_VALUE_BYTES || !is_value(value) {
            return Err(TagError::Value);
        }
        self.put(TagLevel::SystemDefault, name, value, Override::Refused);
        Ok(())
    }

    /// The value a tag has in the end; the name with its per cent signs.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut levels = self.0.get(name)?.0.iter().flatten();
        let mut winner = levels.next()?;
        for later in levels {
            if winner.overriding == Override::Refused {
                break;
            }
            winner = later;
        }
        Some(&winner.text)
    }

    fn put(&mut self, level: TagLevel, name: &TagName, text: &str, overriding: Override) {
        let values = self.0.entry(name.clone()).or_default();
        if let Some(slot) = values.0.get_mut(level as usize) {
            *slot = Some(Value {
                text: Zeroizing::new(text.to_owned()),
                overriding,
            });
        }
    }
}

impl fmt::Debug for TagTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl std::borrow::Borrow<str> for TagName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A value for each level, in the order of [`TagLevel`].
#[derive(Clone, Default)]
struct Values([Option<Value>; 5]);

#[derive(Clone)]
struct Value {
    text: Zeroizing<String>,
    overriding: Override,
}

/// Whether a value can stand in any document.
fn is_value(value: &str) -> bool {
    !value.chars().any(char::is_control) && is_writable(value)
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

pub(crate) const MAX_INNER_BYTES: usize = 62;
const MAX_NATIVE_VALUE_BYTES: usize = 8_192;
const MAX_VALUE_CHARS: usize = 256;
