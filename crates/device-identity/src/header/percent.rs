//! Percent-encoding, read as strictly as the proxy writes it.

use crate::HeaderError;

/// Which characters a proxy leaves as they are, besides letters, digits and `-._~`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Safe {
    /// `+`, `=` and `/` too.
    Base64,
    /// No others.
    Unreserved,
}

/// Percent-encoded text, read character by character.
#[derive(Clone)]
pub(super) struct Text<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
    safe: Safe,
}

impl<'a> Text<'a> {
    pub(super) const fn new(whole: &'a [u8], safe: Safe) -> Self {
        Self {
            whole,
            rest: whole,
            safe,
        }
    }

    pub(super) const fn safe(&self) -> Safe {
        self.safe
    }

    /// What has not been read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on at `rest`, the end of what was left.
    pub(super) const fn go_on_at(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// The next character; what the proxy would have encoded must not stand there as it is.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<u8>, HeaderError> {
        let at = self.whole.len() - self.rest.len();
        match self.rest {
            [] => Ok(None),
            [b'%', high, low, rest @ ..] => {
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                    return Err(HeaderError::BadEscape { at });
                };
                self.rest = rest;
                Ok(Some(high << 4 | low))
            }
            [b'%', ..] => Err(HeaderError::BadEscape { at }),
            [byte, rest @ ..] if is_safe(*byte, self.safe) => {
                self.rest = rest;
                Ok(Some(*byte))
            }
            _ => Err(HeaderError::StrayCharacter { at }),
        }
    }

    /// Whether the next characters are `expected`, which are then read.
    pub(super) fn is(&mut self, expected: &[u8]) -> Result<bool, HeaderError> {
        for byte in expected {
            if self.next()? != Some(*byte) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

const fn is_safe(byte: u8, safe: Safe) -> bool {
    match byte {
        b'-' | b'.' | b'_' | b'~' => true,
        b'+' | b'=' | b'/' => matches!(safe, Safe::Base64),
        _ => byte.is_ascii_alphanumeric(),
    }
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(text: &str, safe: Safe) -> Result<Vec<u8>, HeaderError> {
        let mut text = Text::new(text.as_bytes(), safe);
        let mut out = Vec::new();
        while let Some(byte) = text.next()? {
            out.push(byte);
        }
        Ok(out)
    }

    #[test]
    fn every_octet_can_be_escaped() {
        let all: String = (0..=255).map(|byte| format!("%{byte:02X}")).collect();
        let plain = unescaped(&all, Safe::Unreserved).unwrap();
        assert!(plain.into_iter().eq(0..=255));
        assert_eq!(unescaped("a%2bb%2F", Safe::Unreserved).unwrap(), b"a+b/");
        assert_eq!(unescaped("a+b/c=", Safe::Base64).unwrap(), b"a+b/c=");
    }

    #[test]
    fn what_is_not_escaped_rightly_is_refused_with_the_place() {
        for (value, at) in [
            ("%", 0),
            ("ab%4", 2),
            ("%41%G1", 3),
            ("%41%+1", 3),
            ("%%41", 0),
        ] {
            let error = unescaped(value, Safe::Base64).unwrap_err();
            assert!(matches!(error, HeaderError::BadEscape { at: found } if found == at));
        }
        for (value, at) in [
            ("ab+", 2),
            ("%41 ", 3),
            ("/", 0),
            ("%41%42=", 6),
            ("a&b", 1),
        ] {
            let error = unescaped(value, Safe::Unreserved).unwrap_err();
            assert!(matches!(error, HeaderError::StrayCharacter { at: found } if found == at));
        }
    }
}
