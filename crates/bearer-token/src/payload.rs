//! What a token says, read and judged where it lies.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::json::{Json, JsonFault, Object, Spot};
use crate::{
    Algorithm, InsufficientScope, MAX_TOKEN_BYTES, Scope, TokenPolicy, TokenRefusal, base64url,
    digest, scope,
};

/// Room for the claims of a token, 6,144 bytes, so that reading them needs no heap.
///
/// One buffer serves any number of tokens, one after the other.
pub struct ClaimsBuffer([u8; MAX_CLAIMS_BYTES]);

impl ClaimsBuffer {
    /// An empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; MAX_CLAIMS_BYTES])
    }

    pub(crate) fn decode(&mut self, claims: &str) -> Result<&mut [u8], TokenRefusal> {
        base64url::decode_into(claims, &mut self.0).ok_or(TokenRefusal::Encoding)
    }
}

impl Default for ClaimsBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClaimsBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimsBuffer")
    }
}

/// The claims of a token whose signature, issuer, audience and times were found good, borrowed
/// from a [`ClaimsBuffer`].
///
/// It exists only after [`verify_in`](crate::verify_in), and holds no part of the signature. Its
/// subject may be any text; a [`VerifiedToken`](crate::VerifiedToken) has a UUID.
#[derive(Clone, Copy)]
pub struct VerifiedClaims<'b> {
    text: &'b str,
    claims: Claims,
}

/// What was found in the text.
#[derive(Clone, Copy)]
pub(crate) struct Claims {
    algorithm: Option<Algorithm>,
    issuer: Option<Spot>,
    /// As it was written: a text or a list of texts.
    audience: Option<Spot>,
    subject: Spot,
    scope: Option<Spot>,
    /// As it was written: a text or a list of texts.
    roles: Option<Spot>,
    client_id: Option<Spot>,
    token_id: Option<Spot>,
    not_before: SystemTime,
    issued_at: Option<SystemTime>,
    /// From when its lifetime counts: from its issuing, or else from when it was asked about.
    lives_from: SystemTime,
    expires_at: SystemTime,
    confirmation: Option<[u8; 32]>,
}

impl<'b> VerifiedClaims<'b> {
    /// Whom it speaks for.
    #[must_use]
    pub fn subject(&self) -> &'b str {
        self.claims.subject.of(self.text)
    }

    /// The scopes it carries.
    pub fn scopes(&self) -> impl Iterator<Item = &'b str> + use<'b> {
        let scope = self.text(self.claims.scope).unwrap_or_default();
        scope.split(' ').filter(|scope| !scope.is_empty())
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

    /// Who issued it; empty only where the policy asked for no issuer and it names none.
    #[must_use]
    pub fn issuer(&self) -> &'b str {
        self.text(self.claims.issuer).unwrap_or_default()
    }

    /// Whether it is for this audience.
    #[must_use]
    pub fn is_for(&self, audience: &str) -> bool {
        self.lists(self.claims.audience, audience)
    }

    /// Whether it carries this role (`roles`, a text or a list of texts).
    ///
    /// # Source
    ///
    /// [RFC 9068 section 2.2.3.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3.1).
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.lists(self.claims.roles, role)
    }

    /// When it was issued; `None` where the server that was asked about it did not say.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.claims.issued_at
    }

    /// From when on it is no longer good, leeway aside.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.claims.expires_at
    }

    /// Its own id (`jti`).
    #[must_use]
    pub fn token_id(&self) -> Option<&'b str> {
        self.text(self.claims.token_id)
    }

    /// The client it was given to (`client_id`).
    #[must_use]
    pub fn client_id(&self) -> Option<&'b str> {
        self.text(self.claims.client_id)
    }

    /// The algorithm of its signature; `None` where it was not signed but asked about.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.claims.algorithm
    }

    /// The SHA-256 of the certificate it is bound to (`cnf`, `x5t#S256`).
    ///
    /// # Source
    ///
    /// [RFC 8705 section 3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1).
    #[must_use]
    pub fn confirmation(&self) -> Option<[u8; 32]> {
        self.claims.confirmation
    }

    /// Whether it is bound to the certificate of this SHA-256; `false` when it is bound to none.
    #[must_use]
    pub fn bound_to(&self, thumbprint: &[u8; 32]) -> bool {
        let bound = self.claims.confirmation;
        bound.is_some_and(|bound| digest::is_same(&bound, thumbprint))
    }

    /// Judges issuer, audience and times again: by another policy, or at a later time.
    ///
    /// The type stood in the header and is not judged again.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal`] with the first thing that is wrong.
    pub fn judge(&self, policy: &TokenPolicy, now: SystemTime) -> Result<(), TokenRefusal> {
        if let Some(issuer) = &policy.issuer
            && self.text(self.claims.issuer) != Some(&**issuer)
        {
            return Err(TokenRefusal::Issuer);
        }
        if let Some(audience) = &policy.audience
            && !self.is_for(audience)
        {
            return Err(TokenRefusal::Audience);
        }
        self.claims.judge_times(policy, now)
    }

    /// Reads what a key has signed, or what somebody we trust has told, who need not tell when the
    /// token was issued if that was `asked` at a certain time.
    pub(crate) fn read(
        json: &'b mut [u8],
        algorithm: Option<Algorithm>,
        asked: Option<SystemTime>,
    ) -> Result<Self, TokenRefusal> {
        let mut object = Object::new();
        object.read(json).map_err(|fault| match fault {
            JsonFault::DuplicateMember => TokenRefusal::DuplicateMember,
            JsonFault::Malformed => TokenRefusal::Claims,
            JsonFault::TooDeep => TokenRefusal::TooDeep,
        })?;
        let mut claims = Claims::read(&object, algorithm, asked)?;
        for spot in claims.texts() {
            spot.unescape(json);
        }
        let text = std::str::from_utf8(json).map_err(|_| TokenRefusal::Claims)?;
        let scope = claims.scope.map(|spot| spot.of(text)).unwrap_or_default();
        if !scope.is_empty() {
            scope::check_list(scope).map_err(|_| TokenRefusal::Scope)?;
        }
        Ok(Self { text, claims })
    }

    /// The claims with the text they lie in, for one who keeps both.
    pub(crate) fn into_parts(self) -> (Claims, &'b str) {
        (self.claims, self.text)
    }

    pub(crate) fn from_parts(claims: Claims, text: &'b str) -> Self {
        Self { text, claims }
    }

    /// Whether a text, or a list of texts, has this one.
    fn lists(&self, spot: Option<Spot>, wanted: &str) -> bool {
        let is_wanted = |item: Json<'_>| matches!(item, Json::Text(text) if text.is(wanted));
        match self.text(spot).and_then(Json::read) {
            Some(Json::Array(mut items)) => items.any(is_wanted),
            Some(item) => is_wanted(item),
            None => false,
        }
    }

    fn text(&self, spot: Option<Spot>) -> Option<&'b str> {
        spot.map(|spot| spot.of(self.text))
    }
}

impl fmt::Debug for VerifiedClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedClaims")
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .field("scope", &self.text(self.claims.scope).unwrap_or_default())
            .field("client_id", &self.client_id())
            .field("token_id", &self.token_id())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl Claims {
    fn read(
        object: &Object<'_>,
        algorithm: Option<Algorithm>,
        asked: Option<SystemTime>,
    ) -> Result<Self, TokenRefusal> {
        use TokenRefusal as Refusal;
        let (mut issuer, mut audience, mut subject) = (None, None, None);
        let (mut scope, mut client_id, mut token_id) = (None, None, None);
        let (mut expires_at, mut issued_at, mut not_before) = (None, None, None);
        let (mut roles, mut confirmation) = (None, None);
        for (name, value, spot) in object.members() {
            let mut room = [0; LONGEST_NAME];
            match name.bytes(&mut room) {
                b"iss" => issuer = Some(text(value, Refusal::Issuer)?),
                b"aud" if value.is_text_or_list() => audience = Some(spot),
                b"aud" => return Err(Refusal::Audience),
                b"sub" => subject = Some(text(value, Refusal::Subject)?),
                b"exp" => expires_at = Some(time(value, f64::floor)?),
                b"iat" => issued_at = Some(time(value, f64::floor)?),
                b"nbf" => not_before = Some(time(value, f64::ceil)?),
                b"jti" => token_id = Some(text(value, Refusal::Claims)?),
                // Roles of another form are none that we know, and no fault.
                b"roles" => roles = Some(spot).filter(|_| value.is_text_or_list()),
                b"scope" => scope = Some(text(value, Refusal::Scope)?),
                b"client_id" => client_id = Some(text(value, Refusal::Claims)?),
                b"cnf" => confirmation = Some(thumbprint(value).ok_or(Refusal::Confirmation)?),
                _ => {}
            }
        }
        let subject = subject.filter(|subject| !subject.is_empty());
        let subject = subject.ok_or(Refusal::Subject)?;
        let expires_at = expires_at.ok_or(Refusal::Time)?;
        let asked = asked.map(|asked| asked.min(expires_at));
        Ok(Self {
            algorithm,
            issuer,
            audience,
            subject,
            scope,
            roles,
            client_id,
            token_id,
            not_before: not_before.unwrap_or(UNIX_EPOCH),
            issued_at,
            lives_from: issued_at.or(asked).ok_or(Refusal::Time)?,
            expires_at,
            confirmation,
        })
    }

    fn texts(&mut self) -> impl Iterator<Item = &mut Spot> {
        let optional = [
            &mut self.issuer,
            &mut self.scope,
            &mut self.client_id,
            &mut self.token_id,
        ];
        let optional = optional.into_iter().flatten();
        optional.chain([&mut self.subject])
    }

    fn judge_times(&self, policy: &TokenPolicy, now: SystemTime) -> Result<(), TokenRefusal> {
        let behind = now.checked_sub(policy.leeway).unwrap_or(UNIX_EPOCH);
        let ahead = now.checked_add(policy.leeway).ok_or(TokenRefusal::Time)?;
        // RFC 7519 section 4.1.4: not accepted "on or after" the expiration time.
        if self.expires_at <= behind {
            return Err(TokenRefusal::Expired);
        }
        if self.not_before > ahead {
            return Err(TokenRefusal::NotYetValid);
        }
        if self.lives_from > ahead {
            return Err(TokenRefusal::IssuedInFuture);
        }
        let lifetime = self.expires_at.duration_since(self.lives_from);
        if lifetime.map_err(|_| TokenRefusal::Time)? > policy.max_lifetime {
            return Err(TokenRefusal::LifetimeTooLong);
        }
        Ok(())
    }
}

fn text(value: Json<'_>, otherwise: TokenRefusal) -> Result<Spot, TokenRefusal> {
    match value {
        Json::Text(text) => Ok(text.spot()),
        _ => Err(otherwise),
    }
}

/// A time in seconds since 1970, `whole` of fractions.
fn time(value: Json<'_>, whole: fn(f64) -> f64) -> Result<SystemTime, TokenRefusal> {
    let Json::Number(number) = value else {
        return Err(TokenRefusal::Time);
    };
    seconds(number, whole)
        .filter(|since| *since <= END_OF_TIME)
        .and_then(|since| UNIX_EPOCH.checked_add(since))
        .ok_or(TokenRefusal::Time)
}

fn seconds(number: &str, whole: fn(f64) -> f64) -> Option<Duration> {
    if let Ok(seconds) = number.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // Minus zero would pass for zero.
    let seconds: f64 = number.parse().ok().filter(|_| !number.starts_with('-'))?;
    Duration::try_from_secs_f64(whole(seconds)).ok()
}

/// The SHA-256 of a certificate; a confirmation that we do not understand is not taken for none.
fn thumbprint(value: Json<'_>) -> Option<[u8; 32]> {
    let Json::Object(members) = value else {
        return None;
    };
    let members = Object::parse(members.as_bytes()).ok()?;
    // RFC 7800 section 3.1: one way to prove it; of two we could check one only.
    if members.members().count() != 1 {
        return None;
    }
    // A digest has 43 characters; what has more is none.
    let mut room = [0; 64];
    base64url::decode_array(members.text("x5t#S256").ok()??.resolve(&mut room)?)
}

/// Bytes of `client_id`; no claim we read has a longer name.
const LONGEST_NAME: usize = 9;
/// The last second of the year 9999.
pub(crate) const END_OF_TIME: Duration = Duration::from_secs(253_402_300_799);

/// The longest claims, of whatever token.
pub(crate) const MAX_CLAIMS_BYTES: usize = MAX_TOKEN_BYTES / 4 * 3;
