//! The client of the DM Bridge.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use http::{Method, Request, Response, StatusCode, header};
use offhook_bearer_token::{AccessToken, Fetch, RefreshTokenLife, RefreshedToken};
use url::Url;

use crate::message::{BridgeAnswer, BridgeRequest, parse};
use crate::{BridgeError, DmBridge};

/// The DM Bridge over HTTPS, with an access token that is kept fresh.
#[derive(Debug)]
pub struct HttpDmBridge {
    url: Url,
    token: RefreshedToken,
    fetch: Arc<dyn Fetch>,
}

impl HttpDmBridge {
    /// The bridge at `url`, asked through `fetch`.
    ///
    /// # Source
    ///
    /// Webex for BroadWorks device integration, DM Bridge settings: its URL, and the scope
    /// `dm-bridge:device_auth` that `token` needs.
    #[must_use]
    pub const fn new(url: Url, token: RefreshedToken, fetch: Arc<dyn Fetch>) -> Self {
        Self { url, token, fetch }
    }

    /// The token that the bridge is asked with: its refresh token must be kept across restarts.
    #[must_use]
    pub const fn token(&self) -> &RefreshedToken {
        &self.token
    }

    async fn ask(
        &self,
        token: &AccessToken,
        request: &BridgeRequest,
    ) -> Result<Response<Vec<u8>>, BridgeError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.url.as_str())
            .header(header::AUTHORIZATION, token.to_authorization())
            .header(header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(request).map_err(failed)?)
            .map_err(failed)?;
        self.fetch.fetch(request).await.map_err(failed)
    }
}

#[async_trait]
impl DmBridge for HttpDmBridge {
    async fn authorize(
        &self,
        request: &BridgeRequest,
        now: SystemTime,
    ) -> Result<BridgeAnswer, BridgeError> {
        let token = self.token.get(now).await.map_err(failed)?;
        let mut response = self.ask(&token, request).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            // The token was withdrawn before its time: no fault of the device.
            self.token.give_up(&token, now);
            let other = self.token.get(now).await.map_err(failed)?;
            if other != token {
                response = self.ask(&other, request).await?;
            }
        }
        let status = response.status();
        match status {
            _ if status.is_success() => parse(response.body()).map_err(failed),
            // What may pass, and what is a matter between the bridge and us.
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::UNAUTHORIZED => Err(failed(format!("status {status}"))),
            _ if status.is_client_error() => Err(BridgeError::Refused {
                status: status.as_u16(),
            }),
            _ => Err(failed(format!("status {status}"))),
        }
    }

    fn refresh_token_life(&self, now: SystemTime) -> RefreshTokenLife {
        self.token.refresh_token_life(now)
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BridgeError {
    BridgeError::Failed(error.into())
}
