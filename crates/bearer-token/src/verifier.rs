//! Whoever can tell whether a token is good.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::{AccessToken, KeySet, RemoteKeys, TokenPolicy, VerifiedToken, VerifyError, verify};

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
