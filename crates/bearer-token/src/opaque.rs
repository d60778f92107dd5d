//! Machine tokens that say nothing: what they stand for is kept in a store.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::{
    AccessToken, IssueOpaqueError, IssuerError, MachineClaims, Subject, TokenDigest, TokenPolicy,
    TokenRefusal, TokenStoreError, TokenVerifier, VerifiedToken, VerifyError, base64url,
};

mod memory;

pub use memory::{MEMORY_STORE_CAPACITY, MemoryTokenStore};

/// Gives out opaque machine tokens and knows them again.
///
/// A token is 256 random bits in base64url, 43 characters; the store keeps its SHA-256 and its
/// claims, which are those of a signed machine token. So it is judged by the same policy, bound to a
/// certificate in the same way, and can be taken back at once.
#[derive(Clone)]
pub struct OpaqueTokens {
    store: Arc<dyn OpaqueTokenStore>,
    issuer: Arc<str>,
    audience: Arc<str>,
    lifetime: Duration,
}

impl OpaqueTokens {
    /// An issuer of this name, whose tokens are for `audience`, live for `lifetime` and are kept in
    /// `store`.
    #[must_use]
    pub fn new(
        store: Arc<dyn OpaqueTokenStore>,
        issuer: &str,
        audience: &str,
        lifetime: Duration,
    ) -> Self {
        Self {
            store,
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime,
        }
    }

    /// Gives out a token with these claims.
    ///
    /// `secret` becomes the token; draw it anew for each token from a cryptographic source.
    ///
    /// # Errors
    ///
    /// [`IssueOpaqueError::Issuer`] when `now` or the expiry is out of range or the claims are too
    /// long, [`IssueOpaqueError::Repeated`] when the secret was used before, and
    /// [`IssueOpaqueError::Store`].
    pub async fn issue(
        &self,
        claims: &MachineClaims,
        secret: &[u8; 32],
        now: SystemTime,
    ) -> Result<AccessToken, IssueOpaqueError> {
        let long = |()| IssueOpaqueError::Issuer(IssuerError::ClaimsTooLong);
        let text = Zeroizing::new(base64url::encode(secret));
        let token: AccessToken = text.parse().map_err(|_| long(()))?;
        let digest = TokenDigest::of(&token);
        // A half of the digest names the token, and leads nobody back to it.
        let mut token_id = [0; 16];
        for (to, from) in token_id.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        let json = claims
            .to_json(&self.issuer, &self.audience, &token_id, now, self.lifetime)
            .map_err(IssueOpaqueError::Issuer)?;
        let told = VerifiedToken::told(&mut json.clone().into_bytes(), None);
        let record = OpaqueRecord {
            digest,
            subject: claims.subject(),
            expires_at: told.map_err(|_| long(()))?.expires_at(),
            claims: json,
        };
        match self.store.insert(record, now).await {
            Ok(Inserted::New) => Ok(token),
            Ok(Inserted::KnownBefore) => Err(IssueOpaqueError::Repeated),
            Err(error) => Err(IssueOpaqueError::Store(error)),
        }
    }

    /// Takes a token back, at once; one that is not known is none the worse.
    ///
    /// # Errors
    ///
    /// [`TokenStoreError`] when the store failed; the token must then be taken to be still good.
    pub async fn revoke(&self, token: &AccessToken) -> Result<(), TokenStoreError> {
        self.store.revoke(&TokenDigest::of(token)).await
    }

    /// Takes back all that a subject has, as when its device is deactivated or deleted.
    ///
    /// # Errors
    ///
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_subject(&self, subject: &Subject) -> Result<(), TokenStoreError> {
        self.store.revoke_subject(subject).await
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

#[async_trait]
impl TokenVerifier for OpaqueTokens {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        let found = self.store.find(&TokenDigest::of(token)).await;
        let record = found.map_err(VerifyError::Store)?;
        let record = record.ok_or(VerifyError::Refused(TokenRefusal::Inactive))?;
        let told = VerifiedToken::told(&mut record.claims.into_bytes(), None);
        let told = told.map_err(VerifyError::Refused)?;
        told.judge(policy, now).map_err(VerifyError::Refused)?;
        Ok(Arc::new(told))
    }

    /// What is taken back must be bad at once: nobody keeps what the store said.
    fn generation(&self, _: SystemTime) -> Option<u64> {
        None
    }
}

impl fmt::Debug for OpaqueTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpaqueTokens")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// What a store keeps of an opaque token.
#[derive(Clone, Debug)]
pub struct OpaqueRecord {
    digest: TokenDigest,
    subject: Subject,
    expires_at: SystemTime,
    claims: String,
}

impl OpaqueRecord {
    /// A record as it came out of a database.
    #[must_use]
    pub fn from_parts(
        digest: TokenDigest,
        subject: Subject,
        expires_at: SystemTime,
        claims: String,
    ) -> Self {
        Self {
            digest,
            subject,
            expires_at,
            claims,
        }
    }

    /// The key: the SHA-256 of the token.
    #[must_use]
    pub fn digest(&self) -> &TokenDigest {
        &self.digest
    }

    /// Whom the token speaks for.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// From when on the record may be purged.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// What the token says: a JSON object with the claims of a signed token, at most 6,144 bytes.
    #[must_use]
    pub fn claims(&self) -> &str {
        &self.claims
    }
}

/// Where opaque tokens are kept, as digests.
///
/// A store may lose a record that nobody was told of. It must never give a record that was revoked,
/// to anyone who asks after `revoke` has answered.
#[async_trait]
pub trait OpaqueTokenStore: fmt::Debug + Send + Sync {
    /// Keeps a record whose digest is new; one that is known stays as it was.
    ///
    /// # Errors
    ///
    /// [`TokenStoreError`] when it is not kept for certain.
    async fn insert(
        &self,
        record: OpaqueRecord,
        now: SystemTime,
    ) -> Result<Inserted, TokenStoreError>;

    /// The record of this digest, expired or not.
    ///
    /// # Errors
    ///
    /// [`TokenStoreError`] when the store could not look.
    async fn find(&self, digest: &TokenDigest) -> Result<Option<OpaqueRecord>, TokenStoreError>;

    /// Forgets a record.
    ///
    /// # Errors
    ///
    /// [`TokenStoreError`] when it is not forgotten for certain.
    async fn revoke(&self, digest: &TokenDigest) -> Result<(), TokenStoreError>;

    /// Forgets all records of a subject.
    ///
    /// # Errors
    ///
    /// [`TokenStoreError`] when they are not forgotten for certain.
    async fn revoke_subject(&self, subject: &Subject) -> Result<(), TokenStoreError>;

    /// Forgets the records that have expired at `before`; leave a margin for leeway.
    ///
    /// # Errors
    ///
    /// [`TokenStoreError`] when the store failed.
    async fn purge_expired(&self, before: SystemTime) -> Result<(), TokenStoreError>;
}

/// What became of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a store answers one or the other")]
pub enum Inserted {
    /// Its digest was known before, and nothing was changed.
    KnownBefore,
    /// It is kept.
    New,
}
