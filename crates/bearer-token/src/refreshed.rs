//! An access token that is kept fresh.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::lock::Mutex;
use url::Url;

use crate::{
    AccessToken, ClientSecret, Fetch, KeepFreshError, REFRESH_EVERY, RefreshRequest, RefreshToken,
    Scope, TokenResponse,
};

/// An access token of our own, refreshed when it is due by one task while the others wait.
///
/// It is due after [`REFRESH_EVERY`] or half of its life, whichever is shorter. A rotated refresh
/// token is used from then on. Where a refresh fails, the last good token serves until it expires.
///
/// # Source
///
/// [RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6). Webex for `BroadWorks`
/// device integration, identity provider settings: refreshed every 60 minutes.
pub struct RefreshedToken {
    endpoint: Url,
    client_id: String,
    secret: ClientSecret,
    scopes: Vec<Scope>,
    fetch: Arc<dyn Fetch>,
    held: Mutex<Held>,
}

impl RefreshedToken {
    /// A token for the client `client_id` from the token endpoint `endpoint`; nothing is fetched
    /// yet.
    #[must_use]
    pub fn new(
        endpoint: Url,
        client_id: &str,
        secret: ClientSecret,
        refresh_token: RefreshToken,
        fetch: Arc<dyn Fetch>,
    ) -> Self {
        Self {
            endpoint,
            client_id: client_id.to_owned(),
            secret,
            scopes: Vec::new(),
            fetch,
            held: Mutex::new(Held {
                refresh_token,
                access: None,
            }),
        }
    }

    /// Asks for fewer scopes than were granted.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// A token that is good at `now`.
    ///
    /// # Errors
    ///
    /// [`KeepFreshError`] when the refresh fails and no token is left that has not expired.
    pub async fn get(&self, now: SystemTime) -> Result<AccessToken, KeepFreshError> {
        let mut held = self.held.lock().await;
        if let Some(access) = &held.access
            && now < access.refresh_at
        {
            return Ok(access.token.clone());
        }
        match self.refresh(&held.refresh_token).await {
            Ok(response) => {
                let token = response.access_token().clone();
                let life = response.expires_in().unwrap_or(REFRESH_EVERY).min(MAX_HELD);
                if let Some(rotated) = response.refresh_token() {
                    held.refresh_token = rotated.clone();
                }
                held.access = Some(Access {
                    token: token.clone(),
                    refresh_at: now + REFRESH_EVERY.min(life / 2),
                    expires_at: now + life,
                });
                Ok(token)
            }
            Err(error) => match &held.access {
                Some(access) if now < access.expires_at => Ok(access.token.clone()),
                _ => Err(error),
            },
        }
    }

    /// Gives `token` up, for the server would not take it; a newer one that another task has got
    /// in the meantime stays.
    pub async fn give_up(&self, token: &AccessToken) {
        let mut held = self.held.lock().await;
        if held
            .access
            .as_ref()
            .is_some_and(|access| access.token == *token)
        {
            held.access = None;
        }
    }

    async fn refresh(&self, refresh_token: &RefreshToken) -> Result<TokenResponse, KeepFreshError> {
        let request = RefreshRequest::new(
            &self.endpoint,
            &self.client_id,
            &self.secret,
            refresh_token.clone(),
        )
        .map_err(KeepFreshError::Refresh)?;
        let request = self
            .scopes
            .iter()
            .cloned()
            .fold(request, RefreshRequest::with_scope);
        let response = self
            .fetch
            .fetch(request.to_http())
            .await
            .map_err(KeepFreshError::Fetch)?;
        TokenResponse::parse(&response).map_err(KeepFreshError::Refresh)
    }
}

impl fmt::Debug for RefreshedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshedToken")
            .field("endpoint", &self.endpoint.as_str())
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

struct Held {
    refresh_token: RefreshToken,
    access: Option<Access>,
}

struct Access {
    token: AccessToken,
    refresh_at: SystemTime,
    expires_at: SystemTime,
}

/// The longest that a token is held, whatever its issuer says: one day.
const MAX_HELD: Duration = Duration::from_secs(24 * 60 * 60);
