//! The client of the DM Bridge.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{Method, Request, StatusCode, header};
use offhook_bearer_token::{
    AccessToken, ClientSecret, Fetch, REFRESH_EVERY, RefreshRequest, RefreshToken, Scope,
    TokenResponse,
};
use tokio::sync::Mutex;
use url::Url;

use crate::message::{BridgeAnswer, BridgeRequest};
use crate::{BridgeError, DmBridge};

/// Where the DM Bridge is and how we prove ourselves to it.
///
/// # Source
///
/// Webex for BroadWorks device integration, identity provider settings: client id, client secret
/// and refresh token come from the partner's onboarding agent.
#[derive(Clone, Debug)]
pub struct BridgeSettings {
    bridge_url: Url,
    token_url: Url,
    client_id: String,
    client_secret: ClientSecret,
    refresh_token: RefreshToken,
}

/// The DM Bridge over HTTPS, with an access token that is refreshed every hour.
pub struct HttpDmBridge {
    settings: BridgeSettings,
    fetch: Arc<dyn Fetch>,
    tokens: Mutex<Tokens>,
}

struct Tokens {
    refresh: RefreshToken,
    access: Option<Held>,
}

struct Held {
    token: AccessToken,
    refresh_at: SystemTime,
    expires_at: SystemTime,
}

impl BridgeSettings {
    /// The bridge at `bridge_url`, with tokens from `token_url`.
    #[must_use]
    pub fn new(
        bridge_url: Url,
        token_url: Url,
        client_id: &str,
        client_secret: ClientSecret,
        refresh_token: RefreshToken,
    ) -> Self {
        Self {
            bridge_url,
            token_url,
            client_id: client_id.to_owned(),
            client_secret,
            refresh_token,
        }
    }
}

impl HttpDmBridge {
    /// The bridge of `settings`, asked through `fetch`.
    #[must_use]
    pub fn new(settings: BridgeSettings, fetch: Arc<dyn Fetch>) -> Self {
        let tokens = Tokens {
            refresh: settings.refresh_token.clone(),
            access: None,
        };
        Self {
            settings,
            fetch,
            tokens: Mutex::new(tokens),
        }
    }

    /// An access token for the bridge, refreshed by one caller while the others wait. Where the
    /// refresh fails, the last good token serves until it expires.
    async fn access_token(&self, now: SystemTime) -> Result<AccessToken, BridgeError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(held) = &tokens.access
            && now < held.refresh_at
        {
            return Ok(held.token.clone());
        }
        match self.refresh(&tokens.refresh).await {
            Ok(response) => {
                let token = response.access_token().clone();
                let good_for = response.expires_in().unwrap_or(REFRESH_EVERY).min(MAX_HELD);
                if let Some(rotated) = response.refresh_token() {
                    tokens.refresh = rotated.clone();
                }
                tokens.access = Some(Held {
                    token: token.clone(),
                    // Half of a short life, so that a token does not expire on its way.
                    refresh_at: now + REFRESH_EVERY.min(good_for / 2),
                    expires_at: now + good_for,
                });
                Ok(token)
            }
            Err(error) => match &tokens.access {
                Some(held) if now < held.expires_at => Ok(held.token.clone()),
                _ => Err(error),
            },
        }
    }

    async fn refresh(&self, token: &RefreshToken) -> Result<TokenResponse, BridgeError> {
        let settings = &self.settings;
        let request = RefreshRequest::new(
            &settings.token_url,
            &settings.client_id,
            &settings.client_secret,
            token.clone(),
        )
        .map_err(failed)?
        .with_scope(Scope::DM_BRIDGE_DEVICE_AUTH);
        let response = self.fetch.fetch(request.to_http()).await.map_err(failed)?;
        TokenResponse::parse(&response).map_err(failed)
    }
}

#[async_trait]
impl DmBridge for HttpDmBridge {
    async fn authorize(
        &self,
        request: &BridgeRequest,
        now: SystemTime,
    ) -> Result<BridgeAnswer, BridgeError> {
        let token = self.access_token(now).await?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.settings.bridge_url.as_str())
            .header(header::AUTHORIZATION, token.to_authorization().as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(request).map_err(failed)?)
            .map_err(failed)?;
        let response = self.fetch.fetch(request).await.map_err(failed)?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            // The token was withdrawn before its time: the next request gets another.
            self.tokens.lock().await.access = None;
        }
        let passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
        if status.is_client_error() && !passing.contains(&status) {
            return Err(BridgeError::Refused {
                status: status.as_u16(),
            });
        }
        if !status.is_success() {
            return Err(failed(format!("status {status}")));
        }
        serde_json::from_slice(response.body()).map_err(failed)
    }
}

impl fmt::Debug for HttpDmBridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpDmBridge")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BridgeError {
    BridgeError::Failed(error.into())
}

/// The longest that a token is held, whatever its issuer says: one day.
const MAX_HELD: Duration = Duration::from_secs(24 * 60 * 60);
