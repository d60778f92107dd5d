//! Names of the domain name system.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::ParseNameError;

/// A domain name in lower case, without the dot at its end: `example.com`, `_sip._tls.example.com`.
///
/// Labels of letters, digits, hyphens and underscores, 1 to 63 characters each, at most 253 in
/// all. A name in another script has to be given in its ASCII form (`xn--…`).
///
/// # Source
///
/// RFC 1035 section 2.3.4, <https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4>, for the
/// lengths; RFC 2782, <https://www.rfc-editor.org/rfc/rfc2782>, for the underscores.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DomainName(Arc<str>);

impl DomainName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this name is `other`, or a name below it.
    #[must_use]
    pub fn is_at_or_under(&self, other: &Self) -> bool {
        match self.0.strip_suffix(other.as_str()) {
            Some(before) => before.is_empty() || before.ends_with('.'),
            None => false,
        }
    }

    /// The name of this machine.
    pub(crate) fn localhost() -> Self {
        Self("localhost".into())
    }

    /// Whether it is a name of this machine: `localhost`, or below that.
    pub(crate) fn is_local(&self) -> bool {
        match self.0.strip_suffix("localhost") {
            Some(before) => before.is_empty() || before.ends_with('.'),
            None => false,
        }
    }

    /// How many octets it takes in a message, at most.
    pub(crate) fn wire_length(&self) -> usize {
        self.0.len() + 2
    }

    /// The name with `labels` before it; `None` if that is too long.
    pub(crate) fn below(&self, labels: &str) -> Option<Self> {
        (labels.len() + 1 + self.0.len() <= MAX_LENGTH)
            .then(|| Self(format!("{labels}.{self}").into()))
    }
}

impl FromStr for DomainName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(ParseNameError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(ParseNameError::TooLong);
        }
        let mut label = 0;
        for (at, byte) in text.bytes().enumerate() {
            label += 1;
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' if label <= MAX_LABEL => {}
                b'.' if label > 1 => label = 0,
                _ => return Err(ParseNameError::Bad { at }),
            }
        }
        if label == 0 {
            return Err(ParseNameError::Bad { at: text.len() });
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DomainName({self})")
    }
}

const MAX_LABEL: usize = 63;
const MAX_LENGTH: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_without_regard_to_case_and_the_last_dot() {
        let name: DomainName = "_SIP._tls.Example.COM.".parse().unwrap();
        assert_eq!(name.as_str(), "_sip._tls.example.com");
    }

    #[test]
    fn bad_names_are_refused_with_the_place() {
        for (text, error) in [
            ("", ParseNameError::Empty),
            (".", ParseNameError::Empty),
            ("a..b", ParseNameError::Bad { at: 2 }),
            (".a", ParseNameError::Bad { at: 0 }),
            ("a..", ParseNameError::Bad { at: 2 }),
            ("exämple.com", ParseNameError::Bad { at: 2 }),
            ("a b", ParseNameError::Bad { at: 1 }),
            (&"a".repeat(64), ParseNameError::Bad { at: 63 }),
            (&"a.".repeat(128), ParseNameError::TooLong),
        ] {
            assert_eq!(text.parse::<DomainName>(), Err(error), "{text}");
        }
        // Without its last dot this one has the 253 characters that are allowed.
        assert!("a.".repeat(127).parse::<DomainName>().is_ok());
    }

    #[test]
    fn a_name_is_under_another_only_at_a_dot() {
        let name = |text: &str| text.parse::<DomainName>().unwrap();
        assert!(name("sip.example.com").is_at_or_under(&name("example.com")));
        assert!(name("example.com").is_at_or_under(&name("example.com")));
        assert!(!name("badexample.com").is_at_or_under(&name("example.com")));
        assert!(!name("com").is_at_or_under(&name("example.com")));
    }
}
