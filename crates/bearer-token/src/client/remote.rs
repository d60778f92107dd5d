//! Keys that live on a server and change there.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::ACCEPT;
use http::{StatusCode, Uri};

use super::{Endpoint, Fetch, Flight, shared_fetch};
use crate::{
    FetchError, KeySet, KeysError, TokenPolicy, TokenRefusal, VerifiedToken, VerifyError, verify,
};

/// The key set at an address, fetched when a token asks for it.
///
/// A set is fetched before the first token, when it is older than [`KEY_SET_REFRESH_AFTER`], and
/// when a token names a key that it does not have; at most once in [`FETCH_COOLDOWN`], counted from
/// the beginning of the last fetch that ended. Nothing is fetched on behalf of a token that no key
/// could make good. While the server is down the last good set is used, up to [`KEY_SET_MAX_AGE`].
/// Tokens are verified under no lock, and the server is not told what a token says.
///
/// Nobody waits while there is a key to verify with: a set that is due is fetched beside the
/// requests. There is no task for it. Each request moves the fetch on for as long as that takes no
/// waiting, and a client such as `HttpsFetch` goes on by itself in between. All who cannot do
/// without it wait for the same fetch; one who is dropped in its midst ends nothing.
pub struct RemoteKeys {
    source: Arc<Source>,
    flight: Flight<Result<(), KeysError>>,
    refresh_after: Duration,
    max_age: Duration,
}

impl RemoteKeys {
    /// Keys at this `https` address; nothing is fetched yet.
    #[must_use]
    pub fn new(url: Uri, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            source: Arc::new(Source {
                url: Endpoint(url),
                fetch,
                known: RwLock::default(),
            }),
            flight: Flight::new(),
            refresh_after: KEY_SET_REFRESH_AFTER,
            max_age: KEY_SET_MAX_AGE,
        }
    }

    /// Fetches a set anew at this age; at [`KEY_SET_REFRESH_AFTER`] unless told otherwise.
    #[must_use]
    pub fn with_refresh_after(mut self, age: Duration) -> Self {
        self.refresh_after = age;
        self
    }

    /// Uses a set up to this age, server down or not; up to [`KEY_SET_MAX_AGE`] unless told
    /// otherwise.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Verifies a token as [`verify()`] does, with newer keys where they are needed.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Refused`] when the token is not good; [`VerifyError::Keys`] when the key it
    /// names could not be looked for.
    pub async fn verify(
        &self,
        token: &str,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<VerifiedToken, VerifyError> {
        if let Some(keys) = self.keys(now) {
            let answer = verify(token, &keys, policy, now);
            if !matches!(answer, Err(TokenRefusal::UnknownKey)) {
                return answer.map_err(VerifyError::Refused);
            }
        }
        // Anyone may send anything: only what a key could make good is worth an exchange.
        match verify(token, &KeySet::empty(), policy, now) {
            Err(TokenRefusal::KeyNotNamed | TokenRefusal::UnknownKey) => {}
            answer => return answer.map_err(VerifyError::Refused),
        }
        let failure = self.fetch(now).await.err();
        let Some(fetched) = self.usable(now) else {
            return Err(VerifyError::Keys(failure.unwrap_or(KeysError::CoolingDown)));
        };
        match (verify(token, &fetched.keys, policy, now), failure) {
            // The key may be a new one: that we could not look is no fault of the token.
            (Err(TokenRefusal::UnknownKey), Some(failure)) => Err(VerifyError::Keys(failure)),
            (answer, _) => answer.map_err(VerifyError::Refused),
        }
    }

    /// The keys that are good at `now`, if there are any; moves a fetch on that is due.
    #[must_use]
    pub fn keys(&self, now: SystemTime) -> Option<Arc<KeySet>> {
        self.move_on(now);
        self.usable(now).map(|fetched| fetched.keys)
    }

    /// Which keys are good at `now`: a number that changes whenever the set does, and `None` while
    /// there is no set. Moves a fetch on that is due.
    ///
    /// It is cheap. A cache of verified tokens reads it before it verifies, keeps it with the
    /// token, and serves a token only while it is still the same.
    #[must_use]
    pub fn generation(&self, now: SystemTime) -> Option<u64> {
        let (generation, is_due) = self.standing(now);
        if !is_due {
            return generation;
        }
        self.move_on(now);
        self.standing(now).0
    }

    /// Waits for a set that is not due, unless it is too early for a fetch.
    ///
    /// Requests need no call of this. It has keys at hand before the first of them, and from a
    /// timer it lets a service without requests forget a key that was withdrawn.
    ///
    /// # Errors
    ///
    /// [`KeysError`] when the fetch failed, or one failed just now.
    pub async fn refresh(&self, now: SystemTime) -> Result<(), KeysError> {
        if self.is_due(now) {
            return self.fetch(now).await;
        }
        Ok(())
    }

    /// The generation of the set that is good at `now`, and whether a newer one is due; under one
    /// lock and without a copy, for each hit of a cache asks it.
    fn standing(&self, now: SystemTime) -> (Option<u64>, bool) {
        let known = self.source.known.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        let Some(fetched) = &known.fetched else {
            return (None, true);
        };
        let is_usable = !has_passed(fetched.at, self.max_age, now);
        let is_due = has_passed(fetched.at, self.refresh_after, now);
        (is_usable.then_some(fetched.generation), is_due)
    }

    fn usable(&self, now: SystemTime) -> Option<Fetched> {
        let fetched = self.source.known().fetched;
        fetched.filter(|fetched| !has_passed(fetched.at, self.max_age, now))
    }

    fn is_due(&self, now: SystemTime) -> bool {
        let fetched = self.source.known().fetched;
        fetched.is_none_or(|fetched| has_passed(fetched.at, self.refresh_after, now))
    }

    /// Starts a fetch that is due, or takes the one under way as far as it gets without waiting.
    fn move_on(&self, now: SystemTime) {
        if self.usable(now).is_some()
            && self.is_due(now)
            && let Some(joined) = self.flight.join(|| self.source.start(now))
        {
            let _outcome = joined.exchange.now_or_never();
        }
    }

    /// Waits for a newer set, unless one came just now or it is too early.
    async fn fetch(&self, now: SystemTime) -> Result<(), KeysError> {
        let Some(joined) = self.flight.join(|| self.source.start(now)) else {
            return match self.source.known().last_try {
                Some(last) if !last.is_good => Err(KeysError::CoolingDown),
                _ => Ok(()),
            };
        };
        let outcome = joined.exchange.await;
        // What rested may tell of a time long past.
        if joined.was_resting
            && let Some(joined) = self.flight.join(|| self.source.start(now))
        {
            return joined.exchange.await;
        }
        outcome
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("url", &self.source.url)
            .field("fetched", &self.source.known().fetched)
            .finish_non_exhaustive()
    }
}

/// What a fetch needs and what it leaves, apart from the callers who wait for it.
struct Source {
    url: Endpoint,
    fetch: Arc<dyn Fetch>,
    known: RwLock<Known>,
}

impl Source {
    fn known(&self) -> Known {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// A fetch to carry out, if it is not too early for one.
    fn start(
        self: &Arc<Self>,
        now: SystemTime,
    ) -> Option<BoxFuture<'static, Result<(), KeysError>>> {
        if let Some(last) = self.known().last_try
            && !has_passed(last.at, FETCH_COOLDOWN, now)
        {
            return None;
        }
        let source = Arc::clone(self);
        Some(async move { source.download(now).await }.boxed())
    }

    async fn download(&self, at: SystemTime) -> Result<(), KeysError> {
        let outcome = self.ask().await;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.last_try = Some(Try {
            at,
            is_good: outcome.is_ok(),
        });
        let keys = Arc::new(outcome?);
        let generation = match &known.fetched {
            Some(old) if old.keys.fingerprint() == keys.fingerprint() => old.generation,
            Some(old) => old.generation + 1,
            None => 0,
        };
        known.fetched = Some(Fetched {
            at,
            generation,
            keys,
        });
        Ok(())
    }

    async fn ask(&self) -> Result<KeySet, KeysError> {
        let not_https = || KeysError::Fetch(Arc::new(FetchError::NotHttps));
        let url = self.url.https().ok_or_else(not_https)?;
        let request = http::Request::get(url)
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .body(Vec::new())
            .map_err(|_| not_https())?;
        let response = shared_fetch(&*self.fetch, request)
            .await
            .map_err(KeysError::Fetch)?;
        if response.status() != StatusCode::OK {
            return Err(KeysError::Status(response.status()));
        }
        KeySet::from_json(response.body()).map_err(KeysError::KeySet)
    }
}

#[derive(Clone, Default)]
struct Known {
    fetched: Option<Fetched>,
    last_try: Option<Try>,
}

#[derive(Clone, Debug)]
struct Fetched {
    at: SystemTime,
    /// Counts the sets that differed from the one before.
    generation: u64,
    keys: Arc<KeySet>,
}

#[derive(Clone, Copy)]
struct Try {
    at: SystemTime,
    is_good: bool,
}

/// Whether `span` has passed since `at`; a clock set back by as much counts as passed. Callers who
/// wait for one another have read the clock a little before or after: to them nothing has passed.
fn has_passed(at: SystemTime, span: Duration, now: SystemTime) -> bool {
    let apart = now.duration_since(at).unwrap_or_else(|err| err.duration());
    apart >= span
}

/// The least time between two fetches of one key set: 30 seconds. The number is ours.
pub const FETCH_COOLDOWN: Duration = Duration::from_secs(30);
/// The age at which a set is fetched anew, so that a key withdrawn is forgotten: ten minutes. The
/// number is ours.
pub const KEY_SET_REFRESH_AFTER: Duration = Duration::from_secs(10 * 60);
/// The age up to which the last good set is used while the server is down: one day. The number is
/// ours.
pub const KEY_SET_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
