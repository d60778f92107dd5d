//! What a good token says.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use subtle::ConstantTimeEq;

use crate::json::{Json, Object};
use crate::{
    Algorithm, InsufficientScope, Scope, Subject, TokenPolicy, TokenRefusal, base64url, scope,
};

/// The claims of a token whose signature, issuer, audience and times were found good.
///
/// It exists only after [`verify`](crate::verify), and holds no part of the signature.
#[derive(Clone)]
pub struct VerifiedToken {
    algorithm: Algorithm,
    issuer: Arc<str>,
    subject: Subject,
    scope: Box<str>,
    client_id: Option<Box<str>>,
    token_id: Option<Box<str>>,
    issued_at: SystemTime,
    expires_at: SystemTime,
    confirmation: Option<[u8; 32]>,
}

impl VerifiedToken {
    pub(crate) fn judge(
        claims: &Object<'_>,
        algorithm: Algorithm,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Self, TokenRefusal> {
        if claims.text("iss").ok().flatten() != Some(&policy.issuer) {
            return Err(TokenRefusal::Issuer);
        }
        if !names_audience(claims.get("aud"), &policy.audience) {
            return Err(TokenRefusal::Audience);
        }
        let (issued_at, expires_at) = check_times(claims, policy, now)?;
        let subject = claims.text("sub").ok().flatten();
        let subject = subject.and_then(|text| text.parse().ok());
        let scope = claims.text("scope").map_err(|_| TokenRefusal::Scope)?;
        let scope = scope.unwrap_or_default();
        if !scope.is_empty() {
            scope::check_list(scope).map_err(|_| TokenRefusal::Scope)?;
        }
        let text = |name| claims.text(name).map_err(|_| TokenRefusal::Claims);
        Ok(Self {
            algorithm,
            issuer: Arc::clone(&policy.issuer),
            subject: subject.ok_or(TokenRefusal::Subject)?,
            scope: scope.into(),
            client_id: text("client_id")?.map(Box::from),
            token_id: text("jti")?.map(Box::from),
            issued_at,
            expires_at,
            confirmation: confirmation(claims)?,
        })
    }

    /// Whom it speaks for.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The scopes it carries.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split(' ').filter(|scope| !scope.is_empty())
    }

    /// Whether it carries this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &Scope) -> bool {
        self.scopes().any(|found| found == scope.as_str())
    }

    /// Asks for a scope.
    ///
    /// # Errors
    ///
    /// [`InsufficientScope`] when the token does not carry it.
    pub fn require(&self, scope: &Scope) -> Result<(), InsufficientScope> {
        if self.has_scope(scope) {
            return Ok(());
        }
        Err(InsufficientScope {
            missing: scope.clone(),
        })
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it was issued.
    #[must_use]
    pub fn issued_at(&self) -> SystemTime {
        self.issued_at
    }

    /// From when on it is no longer good, leeway aside.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Its own id (`jti`).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// The client it was given to (`client_id`).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The algorithm of its signature.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The SHA-256 of the certificate it is bound to (`cnf`, `x5t#S256`).
    ///
    /// # Source
    ///
    /// [RFC 8705 section 3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1).
    #[must_use]
    pub fn confirmation(&self) -> Option<[u8; 32]> {
        self.confirmation
    }

    /// Whether it is bound to the certificate of this SHA-256; `false` when it is bound to none.
    #[must_use]
    pub fn bound_to(&self, thumbprint: &[u8; 32]) -> bool {
        self.confirmation
            .is_some_and(|bound| bound.ct_eq(thumbprint).into())
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("scope", &self.scope)
            .field("client_id", &self.client_id)
            .field("token_id", &self.token_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Whether `aud`, a text or a list of texts, names `audience`.
fn names_audience(aud: Option<&Json<'_>>, audience: &str) -> bool {
    let is_text = |item: &Json<'_>| matches!(item, Json::Text(_));
    let is_us = |item: &Json<'_>| matches!(item, Json::Text(text) if text == audience);
    match aud {
        Some(Json::Array(items)) => items.iter().all(is_text) && items.iter().any(is_us),
        Some(item) => is_us(item),
        None => false,
    }
}

fn check_times(
    claims: &Object<'_>,
    policy: &TokenPolicy,
    now: SystemTime,
) -> Result<(SystemTime, SystemTime), TokenRefusal> {
    let expires_at = time(claims, "exp")?.ok_or(TokenRefusal::Time)?;
    let issued_at = time(claims, "iat")?.ok_or(TokenRefusal::Time)?;
    let not_before = time(claims, "nbf")?.unwrap_or(UNIX_EPOCH);
    let behind = now.checked_sub(policy.leeway).unwrap_or(UNIX_EPOCH);
    let ahead = now.checked_add(policy.leeway).ok_or(TokenRefusal::Time)?;
    // RFC 7519 section 4.1.4: not accepted "on or after" the expiration time.
    if expires_at <= behind {
        return Err(TokenRefusal::Expired);
    }
    if not_before > ahead {
        return Err(TokenRefusal::NotYetValid);
    }
    if issued_at > ahead {
        return Err(TokenRefusal::IssuedInFuture);
    }
    let lifetime = expires_at
        .duration_since(issued_at)
        .map_err(|_| TokenRefusal::Time)?;
    if lifetime > policy.max_lifetime {
        return Err(TokenRefusal::LifetimeTooLong);
    }
    Ok((issued_at, expires_at))
}

/// A time in seconds since 1970; fractions are cut off.
fn time(claims: &Object<'_>, name: &str) -> Result<Option<SystemTime>, TokenRefusal> {
    let since = match claims.get(name) {
        None => return Ok(None),
        Some(Json::Whole(seconds)) => Duration::from_secs(*seconds),
        Some(Json::Number(seconds)) => {
            Duration::try_from_secs_f64(seconds.floor()).map_err(|_| TokenRefusal::Time)?
        }
        Some(_) => return Err(TokenRefusal::Time),
    };
    if since > END_OF_TIME {
        return Err(TokenRefusal::Time);
    }
    Ok(UNIX_EPOCH.checked_add(since))
}

fn confirmation(claims: &Object<'_>) -> Result<Option<[u8; 32]>, TokenRefusal> {
    let refused = TokenRefusal::Confirmation;
    match claims.get("cnf") {
        None => Ok(None),
        // A confirmation that we do not understand must not be taken for none.
        Some(Json::Object(members)) => {
            let text = members.text("x5t#S256").map_err(|_| refused)?;
            let thumbprint = text.and_then(base64url::decode_array);
            thumbprint.ok_or(refused).map(Some)
        }
        Some(_) => Err(refused),
    }
}

/// The last second of the year 9999.
pub(crate) const END_OF_TIME: Duration = Duration::from_secs(253_402_300_799);
