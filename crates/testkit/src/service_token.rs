//! The access token of a service, refreshed when it is due.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use offhook_bearer_token::{
    AccessToken, Fetch, REFRESH_EVERY, RefreshRequest, RefreshToken, TokenResponse,
};
use offhook_onboarding::http::Clock;
use tokio::sync::Mutex;
use url::Url;

use crate::ClientCredentials;

/// The access token of a service or an administrator, refreshed when it is due.
pub(crate) struct ServiceToken {
    url: Url,
    client: ClientCredentials,
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

struct Held {
    refresh_token: RefreshToken,
    access: Option<(AccessToken, SystemTime)>,
}

impl ServiceToken {
    /// Tokens for `client` from the token endpoint at `url`.
    pub(crate) fn new(
        url: Url,
        client: ClientCredentials,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let held = Held {
            refresh_token: client.refresh_token.clone(),
            access: None,
        };
        Self {
            url,
            client,
            fetch,
            clock,
            held: Mutex::new(held),
        }
    }

    /// A token that is good for half its life at least.
    pub(crate) async fn get(&self) -> anyhow::Result<AccessToken> {
        let now = self.clock.now();
        let mut held = self.held.lock().await;
        if let Some((token, due)) = &held.access
            && now < *due
        {
            return Ok(token.clone());
        }
        let ClientCredentials { id, secret, .. } = &self.client;
        let request = RefreshRequest::new(&self.url, id, secret, held.refresh_token.clone())?;
        let response = self
            .fetch
            .fetch(request.to_http())
            .await
            .context("token endpoint")?;
        let answer = TokenResponse::parse(&response)?;
        let token = answer.access_token().clone();
        let life = answer
            .expires_in()
            .unwrap_or(REFRESH_EVERY)
            .min(REFRESH_EVERY);
        if let Some(rotated) = answer.refresh_token() {
            held.refresh_token = rotated.clone();
        }
        held.access = Some((token.clone(), now + life / 2));
        Ok(token)
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceToken")
            .field("client", &self.client.id)
            .finish_non_exhaustive()
    }
}
