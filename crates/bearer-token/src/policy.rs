//! What a token must say to be ours.

use std::sync::Arc;
use std::time::Duration;

/// What [`verify`](crate::verify) asks of a token's claims.
#[derive(Clone, Debug)]
pub struct TokenPolicy {
    pub(crate) issuer: Option<Arc<str>>,
    pub(crate) audience: Option<Arc<str>>,
    typ: Option<Arc<str>>,
    pub(crate) leeway: Duration,
    pub(crate) max_lifetime: Duration,
}

impl TokenPolicy {
    /// Tokens of this issuer for this audience, of type `at+jwt`.
    #[must_use]
    pub fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: Some(issuer.into()),
            audience: Some(audience.into()),
            typ: Some("at+jwt".into()),
            leeway: DEFAULT_LEEWAY,
            max_lifetime: DEFAULT_MAX_LIFETIME,
        }
    }

    /// Asks for another type than `at+jwt`.
    ///
    /// The type is compared without regard to case and to a leading `application/`.
    ///
    /// # Source
    ///
    /// [RFC 9068 section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4).
    #[must_use]
    pub fn with_typ(mut self, typ: &str) -> Self {
        self.typ = Some(without_application(typ).into());
        self
    }

    /// How far two clocks may be apart; [`DEFAULT_LEEWAY`] unless told otherwise.
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// How long a token may live from `iat` to `exp`; [`DEFAULT_MAX_LIFETIME`] unless told
    /// otherwise.
    #[must_use]
    pub fn with_max_lifetime(mut self, lifetime: Duration) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// Whether both ask for the same type: the one thing that is not judged again.
    #[cfg(feature = "async")]
    pub(crate) fn is_same_typ(&self, other: &Self) -> bool {
        self.typ == other.typ
    }

    /// Whether a token of this type, or of none, is asked for.
    pub(crate) fn is_typ(&self, typ: Option<&str>) -> bool {
        let Some(wanted) = &self.typ else {
            return true;
        };
        typ.is_some_and(|typ| without_application(typ).eq_ignore_ascii_case(wanted))
    }
}

/// Asks no longer who issued a token: whoever has one of the keys may.
#[must_use]
pub fn any_issuer(mut policy: TokenPolicy) -> TokenPolicy {
    policy.issuer = None;
    policy
}

/// Asks no longer whom a token is for: one given to another service is good here too.
#[must_use]
pub fn any_audience(mut policy: TokenPolicy) -> TokenPolicy {
    policy.audience = None;
    policy
}

/// Asks no longer of what type a token is: an ID token, say, passes for an access token.
#[must_use]
pub fn any_typ(mut policy: TokenPolicy) -> TokenPolicy {
    policy.typ = None;
    policy
}

fn without_application(typ: &str) -> &str {
    match typ.split_at_checked(APPLICATION.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(APPLICATION) => rest,
        _ => typ,
    }
}

/// How far two clocks may be apart unless told otherwise: 60 seconds.
pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
/// How long a token may live unless told otherwise: 24 hours.
///
/// A token that cannot be called back should not live for long; the number is ours.
pub const DEFAULT_MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

const APPLICATION: &str = "application/";
