//! What a request that is turned away is answered, in HTTP and in SIP.

use http::StatusCode;

use crate::{
    AccessRefusal, BearerError, Challenge, CredentialsError, InsufficientScope, Scope, VerifyError,
};

/// Why a request is turned away, as far as the caller is told.
///
/// It is made from whatever was wrong, and knows the status and the challenge to answer with. Why a
/// token is not good is not told; which scope is missing is.
///
/// # Examples
///
/// ```
/// use offhook_bearer_token::{Challenge, CredentialsError, Rejection, SipRole};
///
/// let rejection = Rejection::from(CredentialsError::Missing);
/// assert_eq!(rejection.status(), 401);
/// let challenge = rejection.challenge(&Challenge::new("dms")?).expect("401 has one");
/// assert_eq!(challenge.to_string(), r#"Bearer realm="dms""#);
/// assert_eq!(rejection.sip_status(SipRole::Proxy), 407);
/// # Ok::<(), offhook_bearer_token::ChallengeError>(())
/// ```
///
/// # Source
///
/// [RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1),
/// [RFC 9110 section 15.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.5) and
/// [RFC 8898](https://www.rfc-editor.org/rfc/rfc8898).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    reason: Reason,
    /// The scopes that were missing.
    missing: Vec<Scope>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    /// Whoever asks is told what is wrong; nothing, where no bearer token was sent.
    Challenged(Option<BearerError>),
    /// We could not find out.
    Unavailable,
}

impl Rejection {
    /// The status of an HTTP answer: 400, 401, 403 or 503.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.reason {
            Reason::Challenged(None) => StatusCode::UNAUTHORIZED,
            Reason::Challenged(Some(error)) => error.status(),
            Reason::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The challenge of an HTTP answer: `base`, with what was wrong, and with the scope that is
    /// needed where that is wrong. A 503 has none.
    #[must_use]
    pub fn challenge(&self, base: &Challenge) -> Option<Challenge> {
        let Reason::Challenged(error) = self.reason else {
            return None;
        };
        let challenge = base.clone().with_error(error);
        if self.missing.is_empty() {
            return Some(challenge);
        }
        // All that is needed, once: what the base names, and what was missing.
        let mut scope = base.scope().to_vec();
        for missing in &self.missing {
            if !scope.contains(missing) {
                scope.push(missing.clone());
            }
        }
        Some(challenge.with_scope(scope))
    }

    /// The status of a SIP answer: 400, 401 or 407, or 503.
    #[must_use]
    pub fn sip_status(&self, role: SipRole) -> u16 {
        match self.reason {
            Reason::Challenged(Some(BearerError::InvalidRequest)) => 400,
            Reason::Challenged(_) => match role {
                SipRole::Proxy => 407,
                SipRole::UserAgentServer => 401,
            },
            Reason::Unavailable => 503,
        }
    }

    /// The challenge of a SIP answer, with the header it stands in. A token without the scope is
    /// challenged as well, with `invalid_scope`; 400 and 503 have none.
    #[must_use]
    pub fn sip_challenge(
        &self,
        base: &Challenge,
        role: SipRole,
    ) -> Option<(&'static str, Challenge)> {
        let challenge = self.challenge(base)?;
        let challenge = match challenge.error() {
            Some(BearerError::InvalidRequest) => return None,
            Some(BearerError::InsufficientScope) => challenge.with_error(BearerError::InvalidScope),
            _ => challenge,
        };
        Some((role.challenge_header(), challenge))
    }
}

impl From<BearerError> for Rejection {
    fn from(error: BearerError) -> Self {
        Reason::Challenged(Some(error)).into()
    }
}

impl From<CredentialsError> for Rejection {
    fn from(error: CredentialsError) -> Self {
        Reason::Challenged(error.bearer_error()).into()
    }
}

impl From<&VerifyError> for Rejection {
    fn from(error: &VerifyError) -> Self {
        match error {
            VerifyError::Refused(_) => BearerError::InvalidToken.into(),
            VerifyError::Keys(_) | VerifyError::Lookup(_) | VerifyError::Store(_) => {
                Reason::Unavailable.into()
            }
        }
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            missing: Vec::new(),
        }
    }
}

impl From<InsufficientScope> for Rejection {
    fn from(error: InsufficientScope) -> Self {
        Self {
            missing: vec![error.missing],
            ..BearerError::InsufficientScope.into()
        }
    }
}

impl From<AccessRefusal> for Rejection {
    /// A role cannot be asked for in a challenge, so none is named.
    fn from(error: AccessRefusal) -> Self {
        let missing = match error {
            AccessRefusal::Role => Vec::new(),
            AccessRefusal::Scope { allowed } => allowed,
        };
        Self {
            missing,
            ..BearerError::InsufficientScope.into()
        }
    }
}

/// As what a SIP server challenges.
///
/// # Source
///
/// [RFC 3261 section 22](https://www.rfc-editor.org/rfc/rfc3261#section-22).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 3261 knows these two")]
pub enum SipRole {
    /// A proxy: 407, `Proxy-Authenticate`, `Proxy-Authorization`.
    Proxy,
    /// A user agent server, a registrar or a redirect server: 401, `WWW-Authenticate`,
    /// `Authorization`.
    UserAgentServer,
}

impl SipRole {
    /// The header that a challenge stands in.
    #[must_use]
    pub fn challenge_header(self) -> &'static str {
        match self {
            Self::Proxy => "Proxy-Authenticate",
            Self::UserAgentServer => "WWW-Authenticate",
        }
    }

    /// The header that credentials stand in.
    #[must_use]
    pub fn credentials_header(self) -> &'static str {
        match self {
            Self::Proxy => "Proxy-Authorization",
            Self::UserAgentServer => "Authorization",
        }
    }
}
