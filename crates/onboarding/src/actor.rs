//! Who does something, for the audit log.

use std::time::SystemTime;

use offhook_bearer_token::VerifiedToken;

use crate::ActorError;

/// Who did something, as the audit log names it: the subject of the token that let an administrator in,
/// and who issued that token, since a subject is one person's among those of its issuer only.
///
/// It is no secret, and lets nobody in.
///
/// # Source
///
/// [RFC 7519](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2) section 4.1.2, a subject is unique
/// within its issuer or everywhere; `OpenID Connect` Core 1.0 section 2, at most 255 ASCII characters.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Actor {
    subject: Box<str>,
    issuer: Option<Box<str>>,
}

impl Actor {
    /// The most characters of a subject, and of an issuer.
    pub const MAX_CHARS: usize = 255;

    /// The actor with the name `subject` among those of `issuer`, where there is one.
    ///
    /// # Errors
    ///
    /// [`ActorError`] when one of the two is empty, longer than [`MAX_CHARS`](Self::MAX_CHARS), or has
    /// a character that is not printable ASCII.
    pub fn new(subject: &str, issuer: Option<&str>) -> Result<Self, ActorError> {
        if !is_name(subject) {
            return Err(ActorError::Subject);
        }
        if !issuer.is_none_or(is_name) {
            return Err(ActorError::Issuer);
        }
        Ok(Self {
            subject: subject.into(),
            issuer: issuer.map(Into::into),
        })
    }

    /// Whom `token` speaks for.
    ///
    /// # Errors
    ///
    /// [`ActorError::Issuer`] when the issuer cannot be written into the audit log, as of
    /// [`new`](Self::new).
    pub fn of_token(token: &VerifiedToken) -> Result<Self, ActorError> {
        let issuer = Some(token.issuer()).filter(|issuer| !issuer.is_empty());
        Self::new(&token.subject().to_string(), issuer)
    }

    /// The name, unique among those of the issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Whose name it is; `None` where the token named no issuer, or there was no token.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }
}

/// Who does something, and when: what an administrator's verb takes.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Act {
    /// Who; `None` where nobody is known.
    pub actor: Option<Actor>,
    /// When, by the caller's clock.
    pub now: SystemTime,
}

impl Act {
    /// What `actor` does at `now`.
    #[must_use]
    pub const fn of(actor: Actor, now: SystemTime) -> Self {
        Self {
            actor: Some(actor),
            now,
        }
    }

    /// What is done at `now` by nobody that is known: by a program that has no administrators.
    #[must_use]
    pub const fn of_nobody(now: SystemTime) -> Self {
        Self { actor: None, now }
    }
}

fn is_name(text: &str) -> bool {
    (1..=Actor::MAX_CHARS).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_printable_and_bounded() {
        let longest = "x".repeat(Actor::MAX_CHARS);
        for good in ["7", "auth0|7", "jo \"x\" <a@b>", longest.as_str()] {
            let actor = Actor::new(good, Some(good)).unwrap();
            assert_eq!((actor.subject(), actor.issuer()), (good, Some(good)));
        }
        let too_long = longest + "x";
        for bad in ["", "a\nb", "a\u{7f}", "a\u{202e}b", "é", too_long.as_str()] {
            assert_eq!(Actor::new(bad, None), Err(ActorError::Subject), "{bad:?}");
            let issuer = Actor::new("7", Some(bad));
            assert_eq!(issuer, Err(ActorError::Issuer), "{bad:?}");
        }
    }
}
