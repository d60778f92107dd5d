//! A good token that outlives its text.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "async")]
use crate::payload::MAX_CLAIMS_BYTES;
use crate::payload::{Claims, END_OF_TIME};
use crate::{
    Algorithm, CertificateThumbprint, InsufficientScope, Scope, Subject, TokenPolicy, TokenRefusal,
    VerifiedClaims,
};

/// The claims of a token whose signature, issuer, audience and times were found good.
///
/// It exists only after [`verify()`](crate::verify), and holds no part of the signature. It is a
/// [`VerifiedClaims`] that owns its text, and whose subject is a UUID.
#[derive(Clone)]
pub struct VerifiedToken {
    subject: Subject,
    claims: Claims,
    text: Box<str>,
}

impl VerifiedToken {
    /// The same claims, borrowed.
    #[must_use]
    pub fn claims(&self) -> VerifiedClaims<'_> {
        VerifiedClaims::from_parts(self.claims, &self.text)
    }

    /// Whom it speaks for.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The scopes it carries.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.claims().scopes()
    }

    /// Whether it carries this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &Scope) -> bool {
        self.claims().has_scope(scope)
    }

    /// Asks for a scope.
    ///
    /// # Errors
    ///
    /// [`InsufficientScope`] when the token does not carry it.
    pub fn require(&self, scope: &Scope) -> Result<(), InsufficientScope> {
        self.claims().require(scope)
    }

    /// Who issued it; empty only where the policy asked for no issuer and it names none.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.claims().issuer()
    }

    /// Whether it is for this audience.
    #[must_use]
    pub fn is_for(&self, audience: &str) -> bool {
        self.claims().is_for(audience)
    }

    /// When it was issued; `None` where the server that was asked about it did not say.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.claims().issued_at()
    }

    /// From when on it is no longer good, leeway aside.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.claims().expires_at()
    }

    /// Its own id (`jti`).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.claims().token_id()
    }

    /// The client it was given to (`client_id`).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.claims().client_id()
    }

    /// The algorithm of its signature; `None` where it was not signed but asked about.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.claims().algorithm()
    }

    /// The SHA-256 of the certificate it is bound to (`cnf`, `x5t#S256`).
    ///
    /// # Source
    ///
    /// [RFC 8705 section 3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1).
    #[must_use]
    pub fn confirmation(&self) -> Option<[u8; 32]> {
        self.claims().confirmation()
    }

    /// Whether it carries this role, as [`VerifiedClaims::has_role`] says.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.claims().has_role(role)
    }

    /// Whether it is bound to the certificate of this SHA-256; `false` when it is bound to none.
    #[must_use]
    pub fn bound_to(&self, thumbprint: &[u8; 32]) -> bool {
        self.claims().bound_to(thumbprint)
    }

    /// Asks that the peer may use it: any peer, or the one with the certificate that it is bound
    /// to.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal::NotHolder`] when it is bound to a certificate and the peer has shown another
    /// or none.
    ///
    /// # Source
    ///
    /// [RFC 8705 section 3](https://www.rfc-editor.org/rfc/rfc8705#section-3).
    pub fn check_holder(&self, peer: Option<&CertificateThumbprint>) -> Result<(), TokenRefusal> {
        let is_held = self.confirmation().is_none()
            || peer.is_some_and(|peer| self.bound_to(peer.as_bytes()));
        is_held.then_some(()).ok_or(TokenRefusal::NotHolder)
    }

    /// Judges issuer, audience and times again, as [`VerifiedClaims::judge`] does.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal`] with the first thing that is wrong.
    pub fn judge(&self, policy: &TokenPolicy, now: SystemTime) -> Result<(), TokenRefusal> {
        self.claims().judge(policy, now)
    }
}

#[cfg(feature = "async")]
impl VerifiedToken {
    /// What somebody we trust has told of a token; nothing of it is judged yet.
    ///
    /// Who was `asked` need not tell when it was issued.
    pub(crate) fn told(json: &mut [u8], asked: Option<SystemTime>) -> Result<Self, TokenRefusal> {
        if json.len() > MAX_CLAIMS_BYTES {
            return Err(TokenRefusal::Claims);
        }
        VerifiedClaims::read(json, None, asked)?.try_into()
    }
}

impl TryFrom<VerifiedClaims<'_>> for VerifiedToken {
    type Error = TokenRefusal;

    /// Copies the text, in one allocation; [`TokenRefusal::Subject`] when the subject is no UUID.
    fn try_from(verified: VerifiedClaims<'_>) -> Result<Self, TokenRefusal> {
        let subject = verified.subject().parse();
        let (claims, text) = verified.into_parts();
        Ok(Self {
            subject: subject.map_err(|_| TokenRefusal::Subject)?,
            claims,
            text: text.into(),
        })
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VerifiedToken")
            .field(&self.claims())
            .finish()
    }
}

/// `span` after `at`, or the end of time.
pub(crate) fn after(at: SystemTime, span: Duration) -> SystemTime {
    at.checked_add(span)
        .unwrap_or_else(|| UNIX_EPOCH + END_OF_TIME)
}
