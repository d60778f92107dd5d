//! Whoever can tell whether a token is good.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

#[cfg(feature = "client")]
use crate::RemoteKeys;
use crate::{AccessToken, KeySet, RevocationList, TokenPolicy, VerifiedToken, VerifyError, verify};

/// One way to tell whether a token is good: by keys, by asking a server, from a store, or a cache or
/// a list of revocations in front of any of them.
#[async_trait]
pub trait TokenVerifier: Debug + Send + Sync {
    /// Verifies a token and judges it by `policy`.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Refused`] when the token is not good, and any other [`VerifyError`] when that
    /// could not be found out.
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError>;

    /// A number that changes whenever a token that was good may no longer be; `None` while what is
    /// found now must not be kept at all.
    ///
    /// It is cheap. A [`TokenCache`](crate::TokenCache) reads it before it verifies, keeps it with
    /// the token, and serves the token only while it is still the same.
    fn generation(&self, now: SystemTime) -> Option<u64>;
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Arc<V> {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        (**self).verify_token(token, policy, now).await
    }

    fn generation(&self, now: SystemTime) -> Option<u64> {
        (**self).generation(now)
    }
}

#[async_trait]
impl TokenVerifier for KeySet {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        let verified = verify(token.secret(), self, policy, now);
        verified.map(Arc::new).map_err(VerifyError::Refused)
    }

    /// A set never changes.
    fn generation(&self, _: SystemTime) -> Option<u64> {
        Some(0)
    }
}

#[cfg(feature = "client")]
#[async_trait]
impl TokenVerifier for RemoteKeys {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        self.verify(token.secret(), policy, now).await.map(Arc::new)
    }

    fn generation(&self, now: SystemTime) -> Option<u64> {
        Self::generation(self, now)
    }
}

/// A verifier whose tokens are looked for in a list of revoked ones, too.
///
/// Put it in front of a [`TokenCache`](crate::TokenCache): what is revoked is then bad at once. Behind
/// one it is so as well, but each revocation empties the cache.
#[derive(Debug)]
pub struct RevocationCheck<V> {
    verifier: V,
    list: Arc<RevocationList>,
}

impl<V: TokenVerifier> RevocationCheck<V> {
    /// A check in front of this verifier.
    #[must_use]
    pub fn new(verifier: V, list: Arc<RevocationList>) -> Self {
        Self { verifier, list }
    }
}

#[async_trait]
impl<V: TokenVerifier> TokenVerifier for RevocationCheck<V> {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        let verified = self.verifier.verify_token(token, policy, now).await?;
        self.list.check(&verified).map_err(VerifyError::Refused)?;
        Ok(verified)
    }

    fn generation(&self, now: SystemTime) -> Option<u64> {
        let changes = self.list.changes();
        let verifier = self.verifier.generation(now)?;
        Some(verifier.rotate_left(32) ^ changes)
    }
}
