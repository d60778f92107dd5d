//! Tokens that were verified a moment ago.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::bounded::Bounded;
use crate::{
    AccessToken, TokenDigest, TokenPolicy, TokenRefusal, TokenVerifier, VerifiedToken, VerifyError,
};

/// Keeps the claims of good tokens, so that the same token is not verified again and again.
///
/// What is kept are claims, never decisions: issuer, audience and times are judged by the caller's
/// policy each time, and scopes are the caller's own question to the token. An entry serves for
/// [`VERIFIED_MAX_AGE`] unless told otherwise, never when the clock was set back behind it, and
/// never after the verifier's [generation](TokenVerifier::generation) has changed, as when a key set
/// does. Tokens are kept under their SHA-256; at most [`VERIFIED_CAPACITY`] of them unless told
/// otherwise. What is not good is not kept.
pub struct TokenCache<V> {
    verifier: V,
    known: Bounded<Arc<Entry>>,
    /// Counts [`clear`](TokenCache::clear), so that who verified before it keeps nothing after it.
    clears: AtomicU64,
    max_age: Duration,
}

impl<V: TokenVerifier> TokenCache<V> {
    /// A cache in front of this verifier.
    #[must_use]
    pub fn new(verifier: V) -> Self {
        Self {
            verifier,
            known: Bounded::new(VERIFIED_CAPACITY),
            clears: AtomicU64::new(0),
            max_age: VERIFIED_MAX_AGE,
        }
    }

    /// Keeps at most about `tokens` entries; none for zero.
    #[must_use]
    pub fn with_capacity(mut self, tokens: usize) -> Self {
        self.known = Bounded::new(tokens);
        self
    }

    /// Verifies a token in full again after `max_age`: so long may a key that was withdrawn be
    /// trusted after the verifier could have known.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// The token if it is known, judged by `policy`; `None` when it must be verified in full.
    #[must_use]
    pub fn get(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Option<Result<Arc<VerifiedToken>, TokenRefusal>> {
        self.known(&TokenDigest::of(token), policy, now)
    }

    /// Forgets all tokens, those included that are being verified.
    pub fn clear(&self) {
        self.clears.fetch_add(1, Ordering::AcqRel);
        self.known.clear();
    }

    /// How many tokens are kept, those included that are too old to serve.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no token is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The verifier behind it.
    #[must_use]
    pub fn verifier(&self) -> &V {
        &self.verifier
    }

    /// The verifier's generation and our own.
    fn generations(&self, now: SystemTime) -> Option<(u64, u64)> {
        let clears = self.clears.load(Ordering::Acquire);
        Some((self.verifier.generation(now)?, clears))
    }

    fn known(
        &self,
        digest: &TokenDigest,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Option<Result<Arc<VerifiedToken>, TokenRefusal>> {
        let generation = self.generations(now)?;
        let entry = self.known.get(digest)?;
        let age = now.duration_since(entry.at).ok()?;
        let serves = entry.generation == generation
            && age < self.max_age
            && policy.is_same_typ(&entry.policy);
        if !serves {
            return None;
        }
        let judged = entry.token.judge(policy, now);
        Some(judged.map(|()| Arc::clone(&entry.token)))
    }
}

#[async_trait]
impl<V: TokenVerifier> TokenVerifier for TokenCache<V> {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        let digest = TokenDigest::of(token);
        if let Some(known) = self.known(&digest, policy, now) {
            return known.map_err(VerifyError::Refused);
        }
        // Read before: keys that change in the meantime must not pass for those that were asked.
        let generation = self.generations(now);
        let verified = self.verifier.verify_token(token, policy, now).await?;
        if let Some(generation) = generation {
            let entry = Entry {
                generation,
                at: now,
                policy: policy.clone(),
                token: Arc::clone(&verified),
            };
            self.known.insert(digest, Arc::new(entry));
        }
        Ok(verified)
    }

    fn generation(&self, now: SystemTime) -> Option<u64> {
        self.verifier.generation(now)
    }
}

impl<V: fmt::Debug> fmt::Debug for TokenCache<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("verifier", &self.verifier)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

struct Entry {
    generation: (u64, u64),
    at: SystemTime,
    /// By which it was verified; only its type matters later.
    policy: TokenPolicy,
    token: Arc<VerifiedToken>,
}

/// How many verified tokens are kept unless told otherwise: 10,000. The number is ours.
pub const VERIFIED_CAPACITY: usize = 10_000;
/// How long a token that was verified is not verified in full again, unless told otherwise: five
/// minutes. The number is ours.
pub const VERIFIED_MAX_AGE: Duration = Duration::from_secs(5 * 60);
