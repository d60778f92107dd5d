//! Signed tokens that were taken back before their time.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use crate::claims::after;
use crate::{RevocationListFull, Subject, TokenPolicy, TokenRefusal, VerifiedToken};

/// The tokens that are good no more although their signature and their times are: by token id
/// (`jti`), or by subject for all that it was given up to a time.
///
/// An entry is kept until no token that it means could be good anyway. The list holds at most
/// [`REVOCATION_CAPACITY`] entries unless told otherwise, and forgets none that is still needed: when
/// it is full, revoking fails, but for a later time of a subject that stands there already.
///
/// It lives in one process. Where tokens outlive the process, or several verify them, revoke again
/// from what the store says: a device that is not active has no good token.
pub struct RevocationList {
    lists: RwLock<Lists>,
    changes: AtomicU64,
    capacity: usize,
    /// How long a token may be good after it was issued.
    lifetime: Duration,
    leeway: Duration,
    clock_skew: Duration,
}

impl RevocationList {
    /// An empty list for tokens of this policy.
    #[must_use]
    pub fn new(policy: &TokenPolicy) -> Self {
        Self {
            lists: RwLock::default(),
            changes: AtomicU64::new(0),
            capacity: REVOCATION_CAPACITY,
            lifetime: policy.max_lifetime,
            leeway: policy.leeway,
            clock_skew: policy.leeway,
        }
    }

    /// Holds at most `entries`.
    #[must_use]
    pub fn with_capacity(mut self, entries: usize) -> Self {
        self.capacity = entries;
        self
    }

    /// How far the issuer's clock may be ahead of ours; the policy's leeway unless told otherwise.
    ///
    /// What a subject is given this long after [`revoke_subject`](Self::revoke_subject) is taken back,
    /// too. Zero is right for tokens that are issued by the same clock.
    #[must_use]
    pub fn with_clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew;
        self
    }

    /// Takes one token back, by its id. A token without one is taken back with all that its subject
    /// was given up to its issuing, or up to `now` where that is not known.
    ///
    /// # Errors
    ///
    /// [`RevocationListFull`].
    pub fn revoke(&self, token: &VerifiedToken, now: SystemTime) -> Result<(), RevocationListFull> {
        let Some(id) = token.token_id() else {
            return match token.issued_at() {
                Some(issued) => self.revoke_issued(token.subject(), issued, now),
                None => self.revoke_subject(token.subject(), now, now),
            };
        };
        let key = (token.issuer().into(), id.into());
        let until = self.end_of(token.expires_at());
        self.change(now, |lists, has_room| {
            if !has_room && !lists.tokens.contains_key(&key) {
                return Err(RevocationListFull);
            }
            let kept = lists.tokens.entry(key).or_insert(until);
            *kept = until.max(*kept);
            Ok(*kept)
        })
    }

    /// Takes back all that a subject was given up to `issued`, as when its device is deactivated or
    /// deleted at that time: by the issuer's clock, which may be
    /// [ahead of ours](Self::with_clock_skew). Times of issue are whole seconds: what is given out
    /// later in the same second is taken back, too, and so is a token of which nobody says when it
    /// was issued, for as long as the entry stands: for the longest life that the policy allows.
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
        self.revoke_issued(subject, after(issued, self.clock_skew), now)
    }

    /// Asks whether a token is still good.
    ///
    /// # Errors
    ///
    /// [`TokenRefusal::Revoked`] when it is not.
    pub fn check(&self, token: &VerifiedToken) -> Result<(), TokenRefusal> {
        let lists = self.read();
        let is_meant = |entry: &Entry| token.issued_at().is_none_or(|at| at <= entry.issued);
        let by_id = token.token_id().filter(|_| !lists.tokens.is_empty());
        let is_revoked = lists.subjects.get(token.subject()).is_some_and(is_meant)
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
        self.read().len()
    }

    /// Whether nothing was revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that changes with each revocation.
    #[cfg(feature = "async")]
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// As [`revoke_subject`](Self::revoke_subject), up to just this time.
    fn revoke_issued(
        &self,
        subject: &Subject,
        issued: SystemTime,
        now: SystemTime,
    ) -> Result<(), RevocationListFull> {
        let until = self.end_of(after(issued, self.lifetime));
        self.change(now, |lists, has_room| {
            if !has_room && !lists.subjects.contains_key(subject) {
                return Err(RevocationListFull);
            }
            let entry = lists.subjects.entry(*subject);
            let entry = entry.or_insert(Entry { issued, until });
            entry.issued = entry.issued.max(issued);
            entry.until = entry.until.max(until);
            Ok(until)
        })
    }

    /// When a token is good nowhere: it may be taken a leeway after its end, by a clock that is as
    /// far behind ours.
    fn end_of(&self, expiry: SystemTime) -> SystemTime {
        after(expiry, self.leeway.saturating_mul(2))
    }

    /// Makes room if there is none and calls `change`, which tells when its entry ends.
    fn change(
        &self,
        now: SystemTime,
        change: impl FnOnce(&mut Lists, bool) -> Result<SystemTime, RevocationListFull>,
    ) -> Result<(), RevocationListFull> {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        if lists.len() >= self.capacity && lists.first_end.is_some_and(|end| end <= now) {
            lists.purge(now);
        }
        let has_room = lists.len() < self.capacity;
        let until = change(&mut lists, has_room)?;
        let first_end = lists.first_end.get_or_insert(until);
        *first_end = (*first_end).min(until);
        self.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Lists> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner)
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

#[derive(Default)]
struct Lists {
    /// By issuer and token id, with the time when no such token can be good anyway.
    tokens: HashMap<(Box<str>, Box<str>), SystemTime>,
    subjects: HashMap<Subject, Entry>,
    /// No entry ends before it, so that a full list is not searched in vain.
    first_end: Option<SystemTime>,
}

impl Lists {
    fn len(&self) -> usize {
        self.tokens.len() + self.subjects.len()
    }

    fn purge(&mut self, now: SystemTime) {
        let mut first_end = None;
        let mut is_needed = |until: SystemTime| {
            let is_needed = until > now;
            if is_needed && first_end.is_none_or(|first| until < first) {
                first_end = Some(until);
            }
            is_needed
        };
        self.tokens.retain(|_, until| is_needed(*until));
        self.subjects.retain(|_, entry| is_needed(entry.until));
        self.first_end = first_end;
    }
}

struct Entry {
    /// What was issued later is not meant.
    issued: SystemTime,
    /// When no token that is meant can be good anyway.
    until: SystemTime,
}

/// How many entries a list holds unless told otherwise: 100,000. The number is ours.
pub const REVOCATION_CAPACITY: usize = 100_000;
