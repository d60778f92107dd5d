//! An access token that is kept fresh.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Uri;

use super::refresh::Parsed;
use super::{
    ClientSecret, Endpoint, Fetch, Flight, REFRESH_EVERY, REFRESH_TOKEN_LIFETIME, RefreshRequest,
    TokenResponse, shared_fetch,
};
use crate::claims::after;
use crate::{AccessToken, KeepFreshError, RefreshError, RefreshToken, Scope};

/// An access token of our own, refreshed when it is due.
///
/// It is due after [`REFRESH_EVERY`] or half of its life, whichever is shorter. One caller carries
/// the refresh; the others have the last good token at once while it lives, and wait for the same
/// refresh when it does not. Where a refresh fails, the last good token serves until it expires,
/// and the next try is [`REFRESH_RETRY`] later; without a token that lives it is
/// [`REFRESH_RETRY_WITHOUT_TOKEN`] later, after a refusal [`REFRESH_RETRY_REFUSED`], and until then all
/// are told why the last one failed. A clock that is set back makes the token one of no age, and it is
/// refreshed.
///
/// A rotated refresh token is used from then on, also when the caller who asked for it has gone
/// away: the refresh rests, and the next caller goes on with it. The refresh token given to
/// [`new`](Self::new) may be good no more after the first refresh, so the one that
/// [`refresh_token`](Self::refresh_token) gives must be kept across restarts;
/// [`on_rotation`](Self::on_rotation) tells when there is another.
///
/// # Source
///
/// [RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6). Webex for `BroadWorks`
/// device integration, identity provider settings: refreshed every 60 minutes.
pub struct RefreshedToken {
    client: Arc<TokenClient>,
    held: Arc<Mutex<Held>>,
    flight: Flight<Outcome>,
    warn_before: Duration,
    on_rotation: Option<OnRotation>,
}

impl RefreshedToken {
    /// A token for the client `client_id` from the token endpoint `endpoint`; nothing is fetched
    /// yet.
    #[must_use]
    pub fn new(
        endpoint: Uri,
        client_id: &str,
        secret: ClientSecret,
        refresh_token: RefreshToken,
        fetch: Arc<dyn Fetch>,
    ) -> Self {
        Self {
            client: Arc::new(TokenClient {
                endpoint: Endpoint(endpoint),
                id: client_id.to_owned(),
                secret,
                scopes: Vec::new(),
                fetch,
            }),
            held: Arc::new(Mutex::new(Held {
                refresh_token,
                refresh_until: None,
                access: None,
                failed: None,
            })),
            flight: Flight::new(),
            warn_before: REFRESH_TOKEN_WARNING,
            on_rotation: None,
        }
    }

    /// Tells when the refresh token given to [`new`](Self::new) was issued, so that its end is known.
    #[must_use]
    pub fn with_refresh_token_issued(self, at: SystemTime) -> Self {
        lock(&self.held).refresh_until = Some(after(at, REFRESH_TOKEN_LIFETIME));
        self
    }

    /// Warns this long before the refresh token ends; [`REFRESH_TOKEN_WARNING`] unless told
    /// otherwise.
    #[must_use]
    pub fn with_warning_before(mut self, end: Duration) -> Self {
        self.warn_before = end;
        self
    }

    /// Calls `told` with each refresh token that a refresh brings, as soon as it is there.
    ///
    /// Whoever carries the refresh waits for it, so it has to be quick: let it wake up whoever keeps the
    /// token across restarts.
    #[must_use]
    pub fn on_rotation(mut self, told: impl Fn(&RefreshToken) + Send + Sync + 'static) -> Self {
        self.on_rotation = Some(Arc::new(told));
        self
    }

    /// Asks for fewer scopes than were granted.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        Arc::make_mut(&mut self.client).scopes.push(scope);
        self
    }

    /// A token that is good at `now`.
    ///
    /// # Errors
    ///
    /// [`KeepFreshError`] when the refresh fails and no token is left that has not expired.
    pub async fn get(&self, now: SystemTime) -> Result<AccessToken, KeepFreshError> {
        let mut may_go_on = true;
        loop {
            let spare = match lock(&self.held).at(now) {
                Standing::Fresh(token) => return Ok(token),
                Standing::Due(token) => Some(token),
                Standing::Gone => None,
                Standing::Failed(error) => return Err(error),
            };
            let joined = match spare {
                Some(_) => self.flight.carry(|| self.start(now)),
                None => self.flight.join(|| self.start(now)),
            };
            let Some(joined) = joined else {
                match spare {
                    Some(spare) => return Ok(spare),
                    // Another task has just got one.
                    None => continue,
                }
            };
            // What rested may tell of a time long past, so it is not the last word.
            let is_old = joined.was_resting && mem::take(&mut may_go_on);
            match (joined.exchange.await, spare) {
                (Err(_), Some(spare)) => return Ok(spare),
                (outcome, _) if !is_old => return outcome,
                _ => {}
            }
        }
    }

    /// Gives `token` up, for a server would not take it; a newer one that another task has got
    /// in the meantime stays, and so does one that is younger than [`REFRESH_RETRY`]: a server that
    /// takes none would have us refresh with each request.
    pub fn give_up(&self, token: &AccessToken, now: SystemTime) {
        let mut held = lock(&self.held);
        let is_meant = |access: &Access| {
            access.token == *token && !is_within(now, access.asked_at, REFRESH_RETRY)
        };
        if held.access.as_ref().is_some_and(is_meant) {
            held.access = None;
        }
    }

    /// The refresh token that is good now: the one to keep across restarts, asked for anew after
    /// each [`get`](Self::get), for a refresh may have rotated it and ended the one before.
    #[must_use]
    pub fn refresh_token(&self) -> RefreshToken {
        lock(&self.held).refresh_token.clone()
    }

    /// How long the refresh token that is good now will be so: [`REFRESH_TOKEN_LIFETIME`] from its
    /// issuing or rotation, or what the server said.
    ///
    /// An operator must ask for a new one before it ends; ask this with each refresh, and let somebody
    /// know.
    #[must_use]
    pub fn refresh_token_life(&self, now: SystemTime) -> RefreshTokenLife {
        match lock(&self.held).refresh_until {
            None => RefreshTokenLife::Unknown,
            Some(at) if at <= now => RefreshTokenLife::Ended { at },
            Some(at) if at <= after(now, self.warn_before) => RefreshTokenLife::EndsSoon { at },
            Some(at) => RefreshTokenLife::Good { until: at },
        }
    }

    /// A refresh to carry out, unless another has just ended, well or not.
    fn start(&self, now: SystemTime) -> Option<BoxFuture<'static, Outcome>> {
        let refresh_token = {
            let held = lock(&self.held);
            if matches!(held.at(now), Standing::Fresh(_) | Standing::Failed(_)) {
                return None;
            }
            held.refresh_token.clone()
        };
        let (client, held) = (Arc::clone(&self.client), Arc::clone(&self.held));
        let on_rotation = self.on_rotation.clone();
        let refresh = async move {
            let outcome = client.refresh(refresh_token).await;
            let rotated = outcome
                .as_ref()
                .ok()
                .and_then(|parsed| parsed.refresh_token.clone());
            let outcome = lock(&held).take(outcome, now);
            if let (Some(told), Some(rotated)) = (on_rotation, rotated) {
                told(&rotated);
            }
            outcome
        };
        Some(refresh.boxed())
    }
}

impl fmt::Debug for RefreshedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshedToken")
            .field("endpoint", &self.client.endpoint)
            .field("client_id", &self.client.id)
            .finish_non_exhaustive()
    }
}

type Outcome = Result<AccessToken, KeepFreshError>;
type OnRotation = Arc<dyn Fn(&RefreshToken) + Send + Sync>;

#[derive(Clone)]
struct TokenClient {
    endpoint: Endpoint,
    id: String,
    secret: ClientSecret,
    scopes: Vec<Scope>,
    fetch: Arc<dyn Fetch>,
}

impl TokenClient {
    async fn refresh(&self, refresh_token: RefreshToken) -> Result<Parsed, KeepFreshError> {
        let endpoint = &self.endpoint.0;
        let request = RefreshRequest::new(endpoint, &self.id, &self.secret, refresh_token)
            .map_err(KeepFreshError::Refresh)?;
        let request = self
            .scopes
            .iter()
            .cloned()
            .fold(request, RefreshRequest::with_scope);
        let response = shared_fetch(&*self.fetch, request.to_http())
            .await
            .map_err(KeepFreshError::Fetch)?;
        Ok(TokenResponse::parse_in_part(&response))
    }
}

struct Held {
    refresh_token: RefreshToken,
    /// When it ends, as far as that is known.
    refresh_until: Option<SystemTime>,
    access: Option<Access>,
    /// When the last refresh began, if it failed, and why.
    failed: Option<(SystemTime, KeepFreshError)>,
}

impl Held {
    fn at(&self, now: SystemTime) -> Standing {
        // Before a clock that was set back the token has no age. Others may have read theirs a little
        // earlier.
        let has_age = |access: &&Access| access.asked_at <= after(now, REFRESH_RETRY);
        match (self.access.as_ref().filter(has_age), &self.failed) {
            (Some(access), _) if now < access.refresh_at => Standing::Fresh(access.token.clone()),
            (Some(access), _) if now < access.expires_at => Standing::Due(access.token.clone()),
            (_, Some((at, error))) if is_within(now, *at, pause(error, false)) => {
                Standing::Failed(error.clone())
            }
            _ => Standing::Gone,
        }
    }

    /// Keeps what a refresh begun at `at` gave.
    fn take(&mut self, outcome: Result<Parsed, KeepFreshError>, at: SystemTime) -> Outcome {
        let response = outcome.and_then(|parsed| {
            if let Some(rotated) = parsed.refresh_token {
                self.refresh_token = rotated;
                self.refresh_until = Some(after(at, REFRESH_TOKEN_LIFETIME));
            }
            parsed.response.map_err(KeepFreshError::Refresh)
        });
        self.failed = response.as_ref().err().map(|error| (at, error.clone()));
        match response {
            Ok(response) => {
                let token = response.access_token().clone();
                let life = response.expires_in().unwrap_or(REFRESH_EVERY);
                let life = life.clamp(REFRESH_RETRY_WITHOUT_TOKEN, MAX_HELD);
                if let Some(life) = response.refresh_token_expires_in() {
                    self.refresh_until = Some(after(at, life));
                }
                self.access = Some(Access {
                    token: token.clone(),
                    asked_at: at,
                    refresh_at: after(at, REFRESH_EVERY.min(life / 2)),
                    expires_at: after(at, life),
                });
                Ok(token)
            }
            Err(error) => {
                if let Some(access) = &mut self.access {
                    let retry = after(at, pause(&error, true));
                    access.refresh_at = retry.min(access.expires_at);
                }
                Err(error)
            }
        }
    }
}

/// How long a refresh token will be good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RefreshTokenLife {
    /// It ended: the next refresh will be refused, and a new one must be asked for.
    Ended {
        /// When.
        at: SystemTime,
    },
    /// It ends soon: a new one should be asked for.
    EndsSoon {
        /// When.
        at: SystemTime,
    },
    /// It is good for a while.
    Good {
        /// Until when.
        until: SystemTime,
    },
    /// Nobody said when it was issued.
    Unknown,
}

impl RefreshTokenLife {
    /// When it ends, or has ended; `None` where that is not known.
    #[must_use]
    pub const fn end(self) -> Option<SystemTime> {
        match self {
            Self::Ended { at } | Self::EndsSoon { at } => Some(at),
            Self::Good { until } => Some(until),
            Self::Unknown => None,
        }
    }
}

struct Access {
    token: AccessToken,
    asked_at: SystemTime,
    refresh_at: SystemTime,
    expires_at: SystemTime,
}

enum Standing {
    /// Good, and not due.
    Fresh(AccessToken),
    /// Good, but due.
    Due(AccessToken),
    /// None, or expired.
    Gone,
    /// None, and it is too early to ask again.
    Failed(KeepFreshError),
}

/// How long after the beginning of a refresh that failed so the next one may be.
fn pause(error: &KeepFreshError, lives: bool) -> Duration {
    match error {
        KeepFreshError::Refresh(RefreshError::Refused(_)) => REFRESH_RETRY_REFUSED,
        _ if lives => REFRESH_RETRY,
        _ => REFRESH_RETRY_WITHOUT_TOKEN,
    }
}

/// Whether `now` lies in `span` from `at` on; a clock that was set back does not.
fn is_within(now: SystemTime, at: SystemTime, span: Duration) -> bool {
    now.duration_since(at).is_ok_and(|age| age < span)
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long after the beginning of a refresh that failed the next one is tried, while the last
/// good token lives, and how young a token is too young to be given up: 30 seconds. The number is
/// ours.
pub const REFRESH_RETRY: Duration = Duration::from_secs(30);
/// How long after the beginning of a refresh that failed the next one is tried, while no token
/// lives: five seconds. The number is ours.
///
/// A token that its issuer lets live for less is held for as long all the same.
pub const REFRESH_RETRY_WITHOUT_TOKEN: Duration = Duration::from_secs(5);
/// How long after the beginning of a refresh that the server refused the next one is tried: five
/// minutes, for asking again rarely helps. The number is ours.
pub const REFRESH_RETRY_REFUSED: Duration = Duration::from_secs(5 * 60);

/// How long before the end of a refresh token the warning begins, unless told otherwise: seven days.
/// The number is ours.
pub const REFRESH_TOKEN_WARNING: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest that a token is held, whatever its issuer says: one day.
const MAX_HELD: Duration = Duration::from_secs(24 * 60 * 60);
