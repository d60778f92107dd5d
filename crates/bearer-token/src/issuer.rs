//! Giving machine tokens out.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING as ES256, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use zeroize::Zeroizing;

use crate::json::Writer;
use crate::payload::END_OF_TIME;
use crate::{
    AccessToken, Algorithm, IssuerError, MAX_TOKEN_BYTES, Scope, Subject, TokenPolicy, base64url,
    scope,
};

/// A private key that signs tokens, with the id its public half goes by.
///
/// `Debug` shows the id and the algorithm only.
pub struct SigningKey {
    id: Box<str>,
    pair: Pair,
}

impl SigningKey {
    /// Reads an ECDSA P-256 key from PKCS#8; it signs ES256.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Key`] when it is no such key, [`IssuerError::KeyId`] for a bad `id`.
    pub fn es256_from_pkcs8(id: &str, pkcs8: &[u8]) -> Result<Self, IssuerError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ES256, pkcs8, &SystemRandom::new());
        Self::new(id, Pair::Es256(pair.map_err(|_| IssuerError::Key)?))
    }

    /// Reads an Ed25519 key from PKCS#8, with or without its public half; it signs `EdDSA`.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Key`] when it is no such key, [`IssuerError::KeyId`] for a bad `id`.
    pub fn eddsa_from_pkcs8(id: &str, pkcs8: &[u8]) -> Result<Self, IssuerError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8);
        Self::new(id, Pair::EdDsa(pair.map_err(|_| IssuerError::Key)?))
    }

    /// Makes an ECDSA P-256 key and gives it with its PKCS#8, which the caller keeps.
    ///
    /// The entropy is the system's: the signing library takes no other.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Signing`] without entropy, [`IssuerError::KeyId`] for a bad `id`.
    pub fn generate_es256(id: &str) -> Result<(Self, Zeroizing<Vec<u8>>), IssuerError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ES256, &SystemRandom::new())
            .map_err(|_| IssuerError::Signing)?;
        let pkcs8 = Zeroizing::new(document.as_ref().to_vec());
        Ok((Self::es256_from_pkcs8(id, &pkcs8)?, pkcs8))
    }

    /// Makes an Ed25519 key and gives it with its PKCS#8, which the caller keeps.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Signing`] without entropy, [`IssuerError::KeyId`] for a bad `id`.
    pub fn generate_eddsa(id: &str) -> Result<(Self, Zeroizing<Vec<u8>>), IssuerError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| IssuerError::Signing)?;
        let pkcs8 = Zeroizing::new(document.as_ref().to_vec());
        Ok((Self::eddsa_from_pkcs8(id, &pkcs8)?, pkcs8))
    }

    /// The id its public half goes by (`kid`).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::EdDsa(_) => Algorithm::EdDsa,
            Pair::Es256(_) => Algorithm::Es256,
        }
    }

    fn new(id: &str, pair: Pair) -> Result<Self, IssuerError> {
        let is_good = (1..=MAX_KEY_ID_BYTES).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_good {
            return Err(IssuerError::KeyId);
        }
        let id = id.into();
        Ok(Self { id, pair })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssuerError> {
        match &self.pair {
            Pair::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Es256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| IssuerError::Signing),
        }
    }

    fn public_jwk(&self) -> Result<String, IssuerError> {
        let (kty, crv, x, y) = match &self.pair {
            Pair::EdDsa(pair) => ("OKP", "Ed25519", pair.public_key().as_ref(), None),
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let point = point.get(1..).ok_or(IssuerError::Key)?;
                let (x, y) = point.split_at_checked(32).ok_or(IssuerError::Key)?;
                ("EC", "P-256", x, Some(y))
            }
        };
        let mut jwk = Writer::new();
        jwk.text("kty", kty);
        jwk.text("crv", crv);
        jwk.text("kid", &self.id);
        jwk.text("use", "sig");
        jwk.text("alg", self.algorithm().as_str());
        jwk.text("x", &base64url::encode(x));
        if let Some(y) = y {
            jwk.text("y", &base64url::encode(y));
        }
        Ok(jwk.finish())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// What a machine token will say, apart from issuer, audience, times and its own id.
#[derive(Clone, Debug)]
pub struct MachineClaims {
    subject: Subject,
    scopes: Vec<Scope>,
    client_id: Option<String>,
    confirmation: Option<[u8; 32]>,
}

impl MachineClaims {
    /// Claims for this subject and nothing else.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            scopes: Vec::new(),
            client_id: None,
            confirmation: None,
        }
    }

    /// Adds a scope.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// Names the client the token is given to.
    #[must_use]
    pub fn with_client_id(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.to_owned());
        self
    }

    /// Binds the token to the certificate of this SHA-256.
    ///
    /// # Source
    ///
    /// [RFC 8705 section 3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1).
    #[must_use]
    pub fn with_confirmation(mut self, thumbprint: [u8; 32]) -> Self {
        self.confirmation = Some(thumbprint);
        self
    }

    #[cfg(feature = "async")]
    pub(crate) fn subject(&self) -> Subject {
        self.subject
    }

    /// The claims of a token of this issuer, given out at `now`.
    pub(crate) fn to_json(
        &self,
        issuer: &str,
        audience: &str,
        token_id: &[u8; 16],
        now: SystemTime,
        lifetime: Duration,
    ) -> Result<String, IssuerError> {
        let issued = now
            .duration_since(UNIX_EPOCH)
            .map_err(|_| IssuerError::Time)?;
        let expires = issued.checked_add(lifetime);
        let expires = expires
            .filter(|expires| *expires <= END_OF_TIME)
            .ok_or(IssuerError::Time)?;
        let mut claims = Writer::new();
        claims.text("iss", issuer);
        claims.text("sub", &self.subject.to_string());
        claims.text("aud", audience);
        claims.number("exp", expires.as_secs());
        claims.number("iat", issued.as_secs());
        claims.text("jti", &base64url::encode(token_id));
        if let Some(client_id) = &self.client_id {
            claims.text("client_id", client_id);
        }
        if !self.scopes.is_empty() {
            claims.text("scope", &scope::join(&self.scopes));
        }
        if let Some(thumbprint) = &self.confirmation {
            let mut confirmation = Writer::new();
            confirmation.text("x5t#S256", &base64url::encode(thumbprint));
            claims.raw("cnf", &confirmation.finish());
        }
        Ok(claims.finish())
    }
}

/// Gives out the tokens with which devices come back: signed, short-lived, of type `at+jwt`.
#[derive(Debug)]
pub struct MachineTokenIssuer {
    key: SigningKey,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

impl MachineTokenIssuer {
    /// An issuer of this name, whose tokens are for `audience` and live for `lifetime`.
    #[must_use]
    pub fn new(key: SigningKey, issuer: &str, audience: &str, lifetime: Duration) -> Self {
        Self {
            key,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            lifetime,
        }
    }

    /// Signs a token with these claims.
    ///
    /// `token_id` becomes `jti`; draw it anew for each token.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Time`] when `now` or the expiry is out of range,
    /// [`IssuerError::ClaimsTooLong`] when our own verifier would not take the token, and
    /// [`IssuerError::Signing`].
    pub fn issue(
        &self,
        claims: &MachineClaims,
        token_id: [u8; 16],
        now: SystemTime,
    ) -> Result<AccessToken, IssuerError> {
        let claims = claims.to_json(&self.issuer, &self.audience, &token_id, now, self.lifetime)?;
        let mut header = Writer::new();
        header.text("alg", self.key.algorithm().as_str());
        header.text("typ", "at+jwt");
        header.text("kid", &self.key.id);
        let mut token = Zeroizing::new(String::with_capacity(MAX_TOKEN_BYTES));
        token.push_str(&base64url::encode(header.finish().as_bytes()));
        token.push('.');
        token.push_str(&base64url::encode(claims.as_bytes()));
        let signature = base64url::encode(&self.key.sign(token.as_bytes())?);
        token.push('.');
        token.push_str(&signature);
        token.parse().map_err(|_| IssuerError::ClaimsTooLong)
    }

    /// The public half of the key as a JWK set, for others to verify with.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Key`], which a key that could be read does not give.
    pub fn key_set_json(&self) -> Result<String, IssuerError> {
        let mut set = Writer::new();
        set.raw("keys", &format!("[{}]", self.key.public_jwk()?));
        Ok(set.finish())
    }

    /// The policy its own tokens pass.
    #[must_use]
    pub fn policy(&self) -> TokenPolicy {
        TokenPolicy::new(&self.issuer, &self.audience).with_max_lifetime(self.lifetime)
    }

    /// How long its tokens live.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

enum Pair {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
}

const MAX_KEY_ID_BYTES: usize = 64;
