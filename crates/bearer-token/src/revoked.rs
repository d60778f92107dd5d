//! Signed tokens that were taken back before their time.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::claims::after;
use crate::{
    AccessToken, RevocationListFull, Subject, TokenPolicy, TokenRefusal, TokenVerifier,
    VerifiedToken, VerifyError,
};

/// The tokens that are good no more although their signature and their times are: by token id
/// (`jti`), or by subject for all that it was given up to a time.
///
/// An entry is kept until no token that it means could be good anyway. The list holds at most
/// [`REVOCATION_CAPACITY`] entries unless told otherwise, and forgets none that is still needed: when
/// it is full, revoking fails.
///
/// It lives in one process. Where tokens outlive the process, or several verify them, revoke again
/// from what the store says: a device that is not active has no good token.
pub struct RevocationList {
    lists: RwLock<Lists>,
    changes: AtomicU64,
    capacity: usize,
    /// How long a token may be good after it was issued.
    lifetime: Duration,
}

impl RevocationList {
    /// An empty list for tokens of this policy.
    #[must_use]
    pub fn new(policy: &TokenPolicy) -> Self {
        Self {
            lists: RwLock::default(),
            changes: AtomicU64::new(0),
            capacity: REVOCATION_CAPACITY,
            // It may be issued a leeway ahead of our clock, and be taken a leeway after its end.
            lifetime: policy
                .max_lifetime
                .saturating_add(policy.leeway.saturating_mul(2)),
        }
    }

    /// Holds at most `entries`.
    #[must_use]
    pub fn with_capacity(mut self, entries: usize) -> Self {
        self.capacity = entries;
        self
    }

    /// Takes one token back, by its id. A token without one is taken back with all that its subject
    /// was given up to its issuing.
    ///
    /// # Errors
    ///
    /// [`RevocationListFull`].
    pub fn revoke(&self, token: &VerifiedToken, now: SystemTime) -> Result<(), RevocationListFull> {
        let Some(id) = token.token_id() else {
            return self.revoke_subject(token.subject(), token.issued_at(), now);
        };
        let key = (token.issuer().into(), id.into());
        let until = after(token.issued_at().max(now), self.lifetime);
        self.change(now, |lists| {
            lists.tokens.insert(
                key,
                Entry {
                    issued: until,
                    until,
                },
            );
        })
    }

    /// Takes back all that a subject was given up to `issued`, as when its device is deactivated or
    /// deleted at that time. Times of issue are whole seconds: what is given out later in the same
    /// second is taken back, too.
    ///
    /// # Errors
    ///
    /// [`RevocationListFull`].
    pub fn revoke_subject(
        &self,
        subject: &Subject,
        issued: SystemTime,
        now: SystemTime,
    ) -> Result<(), RevocationListFull> {
        let until = after(issued, self.lifetime);
        self.change(now, |lists| {
            let entry = lists.subjects.entry(*subject);
            let entry = entry.or_insert(Entry { issued, until });
            entry.issued = entry.issued.max(issued);
            entry.until = entry.until.max(until);
        })
    }

    /// Asks whether a token is still good.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal::Revoked`] when it is not.
    pub fn check(&self, token: &VerifiedToken) -> Result<(), TokenRefusal> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let by_subject = lists.subjects.get(token.subject());
        let by_id = token.token_id().filter(|_| !lists.tokens.is_empty());
        let is_revoked = by_subject.is_some_and(|entry| token.issued_at() <= entry.issued)
            || by_id.is_some_and(|id| {
                let key: (Box<str>, Box<str>) = (token.issuer().into(), id.into());
                lists.tokens.contains_key(&key)
            });
        if is_revoked {
            return Err(TokenRefusal::Revoked);
        }
        Ok(())
    }

    /// How many entries it holds, those included that are needed no more.
    #[must_use]
    pub fn len(&self) -> usize {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        lists.len()
    }

    /// Whether nothing was revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn change(
        &self,
        now: SystemTime,
        change: impl FnOnce(&mut Lists),
    ) -> Result<(), RevocationListFull> {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        if lists.len() >= self.capacity {
            retain(&mut lists.tokens, now);
            retain(&mut lists.subjects, now);
        }
        if lists.len() >= self.capacity {
            return Err(RevocationListFull);
        }
        change(&mut lists);
        self.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
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
        let changes = self.list.changes.load(Ordering::Acquire);
        let verifier = self.verifier.generation(now)?;
        Some(verifier.rotate_left(32) ^ changes)
    }
}

#[derive(Default)]
struct Lists {
    /// By issuer and token id.
    tokens: HashMap<(Box<str>, Box<str>), Entry>,
    subjects: HashMap<Subject, Entry>,
}

impl Lists {
    fn len(&self) -> usize {
        self.tokens.len() + self.subjects.len()
    }
}

struct Entry {
    /// What was issued later is not meant.
    issued: SystemTime,
    /// When no token that is meant can be good anyway.
    until: SystemTime,
}

fn retain<K: Eq + Hash>(list: &mut HashMap<K, Entry>, now: SystemTime) {
    list.retain(|_, entry| entry.until > now);
}

/// How many entries a list holds unless told otherwise: 100,000. The number is ours.
pub const REVOCATION_CAPACITY: usize = 100_000;
