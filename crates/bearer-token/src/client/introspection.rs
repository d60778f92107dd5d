//! Tokens that only a server can tell about.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use http::uri::PathAndQuery;
use http::{Request, StatusCode, Uri};

use super::{ClientAuthentication, Endpoint, Fetch, Shown, shared_fetch};
use crate::bounded::Bounded;
use crate::claims::after;
use crate::{
    AccessToken, LookupError, PingError, TokenDigest, TokenPolicy, TokenRefusal, TokenVerifier,
    VerifiedToken, VerifyError,
};

mod format;

pub use format::{TokenInfoFormat, TokenInfoRequest};

/// Asks a server whether a token is good, and remembers for a while what it said.
///
/// All who ask about one token at the same time wait for the same exchange; it ends when the last of
/// them goes away. What a good token says is kept until the token expires or for
/// [`INTROSPECTION_MAX_AGE`], whichever is shorter, and judged by the caller's policy each time. That
/// a token is not good is kept for [`INACTIVE_MAX_AGE`], in a place of its own: a flood of bad tokens
/// drives no good one out. Asking again never makes an entry live longer. When the server cannot be
/// asked, a token is good for nothing, and that is not kept.
///
/// The policy's `typ` is that of signed tokens and is not asked for; the answer's `token_type` is. A
/// server that names no issuer or no audience needs a policy that asks for none
/// ([`danger`](crate::danger)).
///
/// # Source
///
/// [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662); caching, section 4.
pub struct Introspector {
    server: Arc<Server>,
    known: Arc<Known>,
    max_age: Duration,
    inactive_max_age: Duration,
}

impl Introspector {
    /// Asks at `url`, where `client` shows who we are; in the form of RFC 7662 unless told
    /// otherwise.
    #[must_use]
    pub fn new(url: Uri, client: ClientAuthentication, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            server: Arc::new(Server {
                url: Endpoint(url),
                client,
                fetch,
                format: TokenInfoFormat::rfc7662(),
            }),
            known: Arc::new(Known {
                active: Bounded::new(INTROSPECTION_CAPACITY),
                inactive: Bounded::new(INACTIVE_CAPACITY),
                lookups: Mutex::default(),
            }),
            max_age: INTROSPECTION_MAX_AGE,
            inactive_max_age: INACTIVE_MAX_AGE,
        }
    }

    /// Asks and reads in another form.
    #[must_use]
    pub fn with_format(mut self, format: TokenInfoFormat) -> Self {
        Arc::make_mut(&mut self.server).format = format;
        self
    }

    /// Asks anew about a good token after `max_age`: so long may a token be good after it was
    /// revoked. Zero asks each time.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Asks anew about a bad token after `max_age`; zero asks each time.
    #[must_use]
    pub fn with_inactive_max_age(mut self, max_age: Duration) -> Self {
        self.inactive_max_age = max_age;
        self
    }

    /// Remembers at most about `active` good tokens and `inactive` bad ones. What was remembered
    /// before is forgotten.
    #[must_use]
    pub fn with_capacity(mut self, active: usize, inactive: usize) -> Self {
        self.known = Arc::new(Known {
            active: Bounded::new(active),
            inactive: Bounded::new(inactive),
            lookups: Mutex::default(),
        });
        self
    }

    /// Forgets a token, as after it was revoked here: who asks from now on makes the server be asked
    /// anew, and what a lookup under way will find is not kept.
    pub fn forget(&self, token: &AccessToken) {
        let digest = TokenDigest::of(token);
        let mut lookups = lock(&self.known.lookups);
        lookups.forget(&digest);
        self.known.active.remove(&digest);
        self.known.inactive.remove(&digest);
    }

    /// The address that tells whether the server is well: the token-info address with `ping` in the
    /// place of `idp/authenticate` at its end, without query.
    ///
    /// # Errors
    ///
    /// [`PingError::NoPing`] when the address does not end so.
    ///
    /// # Source
    ///
    /// Device integration for Webex on `BroadWorks`, configuration of Room OS services: the
    /// `tokenInfoURL` is checked by replacing its "idp/authenticate" portion with "ping".
    pub fn ping_url(&self) -> Result<Uri, PingError> {
        let mut parts = self.server.url.0.clone().into_parts();
        let path = self.server.url.0.path().trim_end_matches('/');
        let start = path.strip_suffix("/idp/authenticate");
        let ping = format!("{}/ping", start.ok_or(PingError::NoPing)?);
        let ping = PathAndQuery::try_from(ping).map_err(|_| PingError::NoPing)?;
        parts.path_and_query = Some(ping);
        Uri::from_parts(parts).map_err(|_| PingError::NoPing)
    }

    /// Asks whether the server is well. No token and no secret is sent.
    ///
    /// # Errors
    ///
    /// [`PingError`] unless the server answers 200 to 299.
    pub async fn ping(&self) -> Result<(), PingError> {
        let url = self.ping_url()?;
        let request = Request::get(url).body(Vec::new());
        let request = request.map_err(|_| PingError::NoPing)?;
        let response = self.server.fetch.fetch(request).await;
        let status = response.map_err(PingError::Fetch)?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(PingError::Status(status))
        }
    }

    /// What is known, or else what the server says.
    async fn ask(&self, token: &AccessToken, now: SystemTime) -> Outcome {
        let digest = TokenDigest::of(token);
        match self.known.at(&digest, now) {
            Some(answer) => Ok(answer),
            None => self.join(digest, token, now).await,
        }
    }

    /// Joins the lookup under way, or begins one, for a caller who has found nothing.
    async fn join(&self, digest: TokenDigest, token: &AccessToken, now: SystemTime) -> Outcome {
        let lookup = {
            let mut lookups = lock(&self.known.lookups);
            // Asked again under the lock: what the last lookup wrote is seen here.
            if let Some(answer) = self.known.at(&digest, now) {
                return Ok(answer);
            }
            match lookups.get(&digest) {
                Some(lookup) => lookup,
                None => lookups.begin(digest, |number| {
                    self.lookup(digest, number, token.clone(), now).shared()
                })?,
            }
        };
        lookup.await
    }

    /// One exchange, which writes what it found where others look before it ends.
    fn lookup(
        &self,
        digest: TokenDigest,
        number: u64,
        token: AccessToken,
        at: SystemTime,
    ) -> Lookup {
        let (server, known) = (Arc::clone(&self.server), Arc::clone(&self.known));
        let (max_age, inactive_max_age) = (self.max_age, self.inactive_max_age);
        async move {
            let outcome = server.ask(&token, at).await;
            let mut lookups = lock(&known.lookups);
            if !lookups.end(&digest, number) {
                // The token was forgotten since.
                return outcome;
            }
            match &outcome {
                Ok(Ok(told)) => {
                    let until = told.expires_at().min(after(at, max_age));
                    let entry = Entry {
                        at,
                        until,
                        value: Arc::clone(told),
                    };
                    known.active.insert(digest, entry);
                    known.inactive.remove(&digest);
                }
                Ok(Err(refusal)) => {
                    let until = after(at, inactive_max_age);
                    let entry = Entry {
                        at,
                        until,
                        value: *refusal,
                    };
                    known.inactive.insert(digest, entry);
                    known.active.remove(&digest);
                }
                Err(_) => {}
            }
            outcome
        }
        .boxed()
    }
}

#[async_trait]
impl TokenVerifier for Introspector {
    async fn verify_token(
        &self,
        token: &AccessToken,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Arc<VerifiedToken>, VerifyError> {
        let answer = self.ask(token, now).await.map_err(VerifyError::Lookup)?;
        let told = answer.map_err(VerifyError::Refused)?;
        told.judge(policy, now).map_err(VerifyError::Refused)?;
        Ok(told)
    }

    /// A server may change its mind at any time, and we have a cache of our own: nobody else keeps
    /// what it said.
    fn generation(&self, _: SystemTime) -> Option<u64> {
        None
    }
}

impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspector")
            .field("url", &self.server.url)
            .field("max_age", &self.max_age)
            .field("inactive_max_age", &self.inactive_max_age)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Server {
    url: Endpoint,
    client: ClientAuthentication,
    fetch: Arc<dyn Fetch>,
    format: TokenInfoFormat,
}

impl Server {
    async fn ask(&self, token: &AccessToken, now: SystemTime) -> Outcome {
        let endpoint = self.url.https().ok_or(LookupError::NotHttps)?;
        let shown = if self.format.shows_the_token() {
            Shown::default()
        } else {
            let shown = self.client.header(now).await;
            shown.map_err(LookupError::Client)?
        };
        let request = self.format.request(&endpoint, token, shown.header.clone());
        let response = shared_fetch(&*self.fetch, request)
            .await
            .map_err(LookupError::Fetch)?;
        let status = response.status();
        if status != StatusCode::OK && !self.format.is_inactive(status) {
            if status == StatusCode::UNAUTHORIZED {
                self.client.was_refused(&shown, now);
            }
            return Err(LookupError::Status(status));
        }
        let read = self.format.read(&response, now);
        let answer = read.map_err(LookupError::Response)?;
        Ok(answer.map(Arc::new))
    }
}

/// What a server says of a token: its claims, not judged yet, or why it is not good.
type Answer = Result<Arc<VerifiedToken>, TokenRefusal>;
type Outcome = Result<Answer, LookupError>;
type Lookup = BoxFuture<'static, Outcome>;

struct Known {
    active: Bounded<Entry<Arc<VerifiedToken>>>,
    inactive: Bounded<Entry<TokenRefusal>>,
    lookups: Mutex<Lookups>,
}

impl Known {
    fn at(&self, digest: &TokenDigest, now: SystemTime) -> Option<Answer> {
        if let Some(entry) = self.active.get(digest)
            && entry.serves(now)
        {
            return Some(Ok(entry.value));
        }
        let entry = self.inactive.get(digest)?;
        entry.serves(now).then_some(Err(entry.value))
    }
}

#[derive(Clone)]
struct Entry<T> {
    at: SystemTime,
    until: SystemTime,
    value: T,
}

impl<T> Entry<T> {
    /// A clock set back behind the answer asks anew.
    fn serves(&self, now: SystemTime) -> bool {
        self.at <= now && now < self.until
    }
}

/// The exchanges under way, by the digest of the token; whoever waits for one keeps it alive.
#[derive(Default)]
struct Lookups {
    under_way: HashMap<TokenDigest, (u64, WeakShared<Lookup>)>,
    /// Tells a lookup from a later one about the same token.
    begun: u64,
}

impl Lookups {
    fn get(&self, digest: &TokenDigest) -> Option<Shared<Lookup>> {
        let (_, lookup) = self.under_way.get(digest)?;
        lookup.upgrade()
    }

    fn begin(
        &mut self,
        digest: TokenDigest,
        lookup: impl FnOnce(u64) -> Shared<Lookup>,
    ) -> Result<Shared<Lookup>, LookupError> {
        if self.under_way.len() >= MAX_LOOKUPS {
            // Those who waited may all have gone away.
            let is_waited_for = |lookup: &WeakShared<Lookup>| lookup.upgrade().is_some();
            self.under_way
                .retain(|_, (_, lookup)| is_waited_for(lookup));
        }
        if self.under_way.len() >= MAX_LOOKUPS {
            return Err(LookupError::Busy);
        }
        self.begun += 1;
        let lookup = lookup(self.begun);
        let weak = lookup.downgrade().map(|weak| (digest, (self.begun, weak)));
        self.under_way.extend(weak);
        Ok(lookup)
    }

    /// Ends a lookup, if it was not forgotten.
    fn end(&mut self, digest: &TokenDigest, number: u64) -> bool {
        let is_this = self
            .under_way
            .get(digest)
            .is_some_and(|(found, _)| *found == number);
        if is_this {
            self.under_way.remove(digest);
        }
        is_this
    }

    fn forget(&mut self, digest: &TokenDigest) {
        self.under_way.remove(digest);
    }
}

fn lock(lookups: &Mutex<Lookups>) -> MutexGuard<'_, Lookups> {
    lookups.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long what a server said of a good token is kept, unless told otherwise: 60 seconds. The
/// number is ours.
pub const INTROSPECTION_MAX_AGE: Duration = Duration::from_secs(60);
/// How long it is kept that a token is not good, unless told otherwise: 10 seconds. The number is
/// ours.
pub const INACTIVE_MAX_AGE: Duration = Duration::from_secs(10);
/// How many good tokens are remembered unless told otherwise: 10,000. The number is ours.
pub const INTROSPECTION_CAPACITY: usize = 10_000;
/// How many bad tokens are remembered unless told otherwise: 2,000. The number is ours.
pub const INACTIVE_CAPACITY: usize = 2_000;
/// The most tokens that are asked about at the same time: 1,024. The number is ours.
pub const MAX_LOOKUPS: usize = 1_024;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::UNIX_EPOCH;

    use http::Response;

    use super::*;
    use crate::FetchError;

    #[derive(Debug, Default)]
    struct Counts(AtomicUsize);

    #[async_trait]
    impl Fetch for Counts {
        async fn fetch(&self, _: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Response::new(br#"{"active":false}"#.to_vec()))
        }
    }

    /// The moment between a caller's look and his lock, in which another's lookup may end.
    #[test]
    fn who_looked_before_the_answer_was_written_makes_no_second_request() {
        let server = Arc::new(Counts::default());
        let url = "https://idp.example.net/introspect".parse().unwrap();
        let introspector = Introspector::new(url, ClientAuthentication::none(), server.clone());
        let token: AccessToken = "t1".parse().unwrap();
        let digest = TokenDigest::of(&token);
        assert!(introspector.known.at(&digest, UNIX_EPOCH).is_none());
        let inactive = Err(TokenRefusal::Inactive);
        let first = introspector.ask(&token, UNIX_EPOCH).now_or_never();
        assert_eq!(first.unwrap().unwrap().map(drop), inactive);
        let second = introspector.join(digest, &token, UNIX_EPOCH).now_or_never();
        assert_eq!(second.unwrap().unwrap().map(drop), inactive);
        assert_eq!(server.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_lookup_that_was_forgotten_does_not_end_the_one_that_came_after_it() {
        let digest = TokenDigest::from_bytes([7; 32]);
        let never = || futures_util::future::pending().boxed().shared();
        let mut lookups = Lookups::default();
        let begin = |lookups: &mut Lookups| {
            let mut begun = 0;
            let lookup = lookups.begin(digest, |number| {
                begun = number;
                never()
            });
            (lookup.unwrap(), begun)
        };
        let (_first, first) = begin(&mut lookups);
        lookups.forget(&digest);
        assert!(lookups.get(&digest).is_none());
        let (_second, second) = begin(&mut lookups);
        assert!(!lookups.end(&digest, first));
        assert!(lookups.get(&digest).is_some());
        assert!(lookups.end(&digest, second));
        assert!(lookups.get(&digest).is_none());
    }
}
