//! Keys that live on a server and change there.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures_util::lock::Mutex;
use http::StatusCode;
use http::header::ACCEPT;
use url::Url;

use crate::{
    Fetch, FetchError, KeySet, KeysError, TokenPolicy, TokenRefusal, VerifiedToken, VerifyError,
    verify,
};

/// The key set at an address, fetched when a token asks for it.
///
/// A set is fetched before the first token, after [`KEY_SET_MAX_AGE`], and when a token names a
/// key that it does not have; at most once in [`FETCH_COOLDOWN`] and by one task at a time. While
/// the server is down the last good set is used. Tokens are verified under no lock.
pub struct RemoteKeys {
    url: Url,
    fetch: Arc<dyn Fetch>,
    current: RwLock<Option<Fetched>>,
    last_try: Mutex<Option<Try>>,
}

impl RemoteKeys {
    /// Keys at this address; nothing is fetched yet.
    #[must_use]
    pub fn new(url: Url, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            url,
            fetch,
            current: RwLock::new(None),
            last_try: Mutex::new(None),
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
        if let Some(fetched) = self.current() {
            let answer = verify(token, &fetched.keys, policy, now);
            let is_fresh = !has_passed(fetched.at, KEY_SET_MAX_AGE, now);
            if is_fresh && !matches!(answer, Err(TokenRefusal::UnknownKey)) {
                return answer.map_err(VerifyError::Refused);
            }
        }
        let failure = self.refresh(now).await.err();
        let Some(fetched) = self.current() else {
            return Err(VerifyError::Keys(failure.unwrap_or(KeysError::CoolingDown)));
        };
        match (verify(token, &fetched.keys, policy, now), failure) {
            // The key may be a new one: that we could not look is no fault of the token.
            (Err(TokenRefusal::UnknownKey), Some(failure)) => Err(VerifyError::Keys(failure)),
            (answer, _) => answer.map_err(VerifyError::Refused),
        }
    }

    /// Fetches the set, unless another task just did or it is too early.
    async fn refresh(&self, now: SystemTime) -> Result<(), KeysError> {
        let mut last_try = self.last_try.lock().await;
        if let Some(last) = *last_try
            && !has_passed(last.at, FETCH_COOLDOWN, now)
        {
            return if last.is_good {
                Ok(())
            } else {
                Err(KeysError::CoolingDown)
            };
        }
        // Noted before the exchange, so that a caller who goes away in its midst has used it up.
        *last_try = Some(Try {
            at: now,
            is_good: false,
        });
        let keys = self.download().await?;
        *last_try = Some(Try {
            at: now,
            is_good: true,
        });
        let keys = Arc::new(keys);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(Fetched { at: now, keys });
        Ok(())
    }

    async fn download(&self) -> Result<KeySet, KeysError> {
        let request = http::Request::get(self.url.as_str())
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .body(Vec::new())
            .map_err(|_| KeysError::Fetch(FetchError::NotHttps))?;
        let response = self.fetch.fetch(request).await.map_err(KeysError::Fetch)?;
        if response.status() != StatusCode::OK {
            return Err(KeysError::Status(response.status()));
        }
        KeySet::from_json(response.body()).map_err(KeysError::KeySet)
    }

    fn current(&self) -> Option<Fetched> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("url", &self.url.as_str())
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
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
