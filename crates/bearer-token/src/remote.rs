//! Keys that live on a server and change there.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::header::ACCEPT;
use url::Url;

use crate::fetch::shared_fetch;
use crate::flight::Flight;
use crate::{
    Fetch, FetchError, KeySet, KeysError, TokenPolicy, TokenRefusal, VerifiedToken, VerifyError,
    verify,
};

/// The key set at an address, fetched when a token asks for it.
///
/// A set is fetched before the first token, after [`KEY_SET_MAX_AGE`], and when a token names a
/// key that it does not have; at most once in [`FETCH_COOLDOWN`], counted from the beginning of the
/// last fetch that ended, and never for a token that no key could make good. While the server is
/// down the last good set is used. Tokens are verified under no lock.
///
/// All who need a fetch wait for the same one; who has an answer from a set too old waits only
/// when nobody else carries the fetch on. A caller who is dropped in its midst ends nothing: the
/// next one goes on where it rests.
pub struct RemoteKeys {
    source: Arc<Source>,
    flight: Flight<Result<(), KeysError>>,
}

impl RemoteKeys {
    /// Keys at this address; nothing is fetched yet.
    #[must_use]
    pub fn new(url: Url, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            source: Arc::new(Source {
                url,
                fetch,
                known: RwLock::default(),
            }),
            flight: Flight::new(),
        }
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
        let mut from_old_set = None;
        if let Some(fetched) = self.source.known().fetched {
            let answer = verify(token, &fetched.keys, policy, now);
            if !matches!(answer, Err(TokenRefusal::UnknownKey)) {
                if !has_passed(fetched.at, KEY_SET_MAX_AGE, now) {
                    return answer.map_err(VerifyError::Refused);
                }
                from_old_set = Some(answer);
            }
        }
        // Anyone may send anything: only what a key could make good is worth an exchange.
        match verify(token, &KeySet::empty(), policy, now) {
            Err(TokenRefusal::KeyNotNamed | TokenRefusal::UnknownKey) => {}
            answer => return answer.map_err(VerifyError::Refused),
        }
        let failure = if let Some(answer) = from_old_set {
            let Some(joined) = self.flight.carry(|| self.source.start(now)) else {
                return answer.map_err(VerifyError::Refused);
            };
            joined.exchange.await.err()
        } else {
            self.refresh(now).await.err()
        };
        let Some(fetched) = self.source.known().fetched else {
            return Err(VerifyError::Keys(failure.unwrap_or(KeysError::CoolingDown)));
        };
        match (verify(token, &fetched.keys, policy, now), failure) {
            // The key may be a new one: that we could not look is no fault of the token.
            (Err(TokenRefusal::UnknownKey), Some(failure)) => Err(VerifyError::Keys(failure)),
            (answer, _) => answer.map_err(VerifyError::Refused),
        }
    }

    /// Which keys are good at `now`: a number that changes whenever the set does, and `None` while
    /// there is no set.
    ///
    /// It is cheap. A cache of verified tokens reads it before it verifies, keeps it with the
    /// token, and serves a token only while it is still the same.
    #[must_use]
    pub fn generation(&self, now: SystemTime) -> Option<u64> {
        let _ = now;
        let known = self.source.known();
        known.fetched.is_some().then_some(known.generation)
    }

    /// Waits for a newer set, unless one came just now or it is too early.
    async fn refresh(&self, now: SystemTime) -> Result<(), KeysError> {
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
            .field("url", &self.source.url.as_str())
            .field("fetched", &self.source.known().fetched)
            .finish_non_exhaustive()
    }
}

/// What a fetch needs and what it leaves, apart from the callers who wait for it.
struct Source {
    url: Url,
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
        let is_other = |old: &Fetched| old.keys.fingerprint() != keys.fingerprint();
        if known.fetched.as_ref().is_none_or(is_other) {
            known.generation += 1;
        }
        known.fetched = Some(Fetched { at, keys });
        Ok(())
    }

    async fn ask(&self) -> Result<KeySet, KeysError> {
        let request = http::Request::get(self.url.as_str())
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .body(Vec::new())
            .map_err(|_| KeysError::Fetch(Arc::new(FetchError::NotHttps)))?;
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
    /// Counts the sets that differed from the one before.
    generation: u64,
    fetched: Option<Fetched>,
    last_try: Option<Try>,
}

#[derive(Clone, Debug)]
struct Fetched {
    at: SystemTime,
    keys: Arc<KeySet>,
}

#[derive(Clone, Copy)]
struct Try {
    at: SystemTime,
    is_good: bool,
}

/// Whether `span` has passed since `at`; a clock set back counts as passed.
fn has_passed(at: SystemTime, span: Duration, now: SystemTime) -> bool {
    now.duration_since(at).map_or(true, |age| age >= span)
}

/// The least time between two fetches of one key set: 30 seconds. The number is ours.
pub const FETCH_COOLDOWN: Duration = Duration::from_secs(30);
/// The age at which a set is fetched anew, so that a key withdrawn is forgotten: one hour. The
/// number is ours.
pub const KEY_SET_MAX_AGE: Duration = Duration::from_secs(60 * 60);
