//! Identity patterns: regular expressions in the dialect of the vendor's server.

#[cfg(test)]
mod java;
mod subject;
mod translate;

use std::fmt;
use std::ops::Range;

use offhook_device_name::MacAddress;
use regex::{Regex, RegexBuilder};

use crate::scan::individual;
use crate::{Limits, PatternError};

/// A regular expression whose first group is the address, such as `.*([0-9a-fA-F]{12}).*`.
///
/// It is written as for Java's `Pattern` and means the same: classes such as `\d` hold ASCII
/// only, `(?i)` too, and `.` stops at every line break of Java. The whole text must match, as
/// with Java's `matches()`. What has no faithful translation is refused by name. A pattern with
/// `\b`, on whose meaning beside other letters versions of Java differ, matches ASCII texts only.
///
/// Matching takes time linear in the text, and one longer than [`Limits::pattern_input_bytes`]
/// never matches. Beware what a pattern says: `.*` is greedy, so the one above takes the *last*
/// twelve digits of the text, be they the tail of a longer number.
/// [`HeaderSource`](crate::HeaderSource) therefore checks what stands around a match.
///
/// # Examples
///
/// ```
/// use offhook_device_identity::{IdentityPattern, PatternError, Unsupported};
///
/// let pattern = IdentityPattern::new(".*([0-9a-fA-F]{12}).*")?;
/// let mac = pattern.matches("macaddress: 000e08abcdef").map(|mac| mac.to_string());
/// assert_eq!(mac.as_deref(), Some("000E08ABCDEF"));
///
/// assert_eq!(
///     IdentityPattern::new(".*+([0-9a-f]{12})").unwrap_err(),
///     PatternError::Unsupported { construct: Unsupported::Possessive, at: 2 },
/// );
/// # Ok::<(), PatternError>(())
/// ```
#[derive(Clone)]
pub struct IdentityPattern {
    regex: Regex,
    text: Box<str>,
    ascii_only: bool,
    /// The longest text that is matched, in octets.
    most: usize,
}

impl IdentityPattern {
    /// The pattern spelled `pattern`, within the default [`Limits`].
    ///
    /// # Errors
    ///
    /// [`PatternError`] when it is no pattern of Java, has no group, has a construct that cannot
    /// be translated faithfully, or is too large.
    ///
    /// # Source
    ///
    /// Java SE 17, `java.util.regex.Pattern`, summary of regular-expression constructs.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        Self::with_limits(pattern, Limits::DEFAULT)
    }

    /// The pattern spelled `pattern`, within `limits`.
    ///
    /// # Errors
    ///
    /// As of [`new`](Self::new).
    pub fn with_limits(pattern: &str, limits: Limits) -> Result<Self, PatternError> {
        let translated = translate::translate(pattern, limits.pattern_length)?;
        let regex = RegexBuilder::new(&translated.pattern)
            .size_limit(limits.pattern_program_bytes)
            .dfa_size_limit(limits.pattern_program_bytes)
            .build()
            .map_err(|_| PatternError::TooLarge)?;
        Ok(Self {
            regex,
            text: pattern.into(),
            ascii_only: translated.ascii_only,
            most: limits.pattern_input_bytes,
        })
    }

    /// The address in the first group, if the whole of `text` matches and the group holds one.
    ///
    /// The address of a group of stations is none.
    #[must_use]
    pub fn matches(&self, text: &str) -> Option<MacAddress> {
        self.find(text).and_then(|(mac, _)| individual(mac))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address and where it stands.
    pub(crate) fn find(&self, text: &str) -> Option<(MacAddress, Range<usize>)> {
        if text.len() > self.most || self.ascii_only && !text.is_ascii() {
            return None;
        }
        let group = self.regex.captures(text)?.get(1)?;
        Some((group.as_str().parse().ok()?, group.range()))
    }
}

impl fmt::Debug for IdentityPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IdentityPattern").field(&self.text).finish()
    }
}
