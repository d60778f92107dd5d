//! A client of device management that is no device.

use std::sync::Arc;

use anyhow::Context as _;
use http::{Method, Request, Response, header};
use offhook_bearer_token::{Fetch, RefreshedToken};
use offhook_onboarding::http::Clock;
use url::Url;

/// Asks device management over HTTPS with a token of its own.
#[derive(Debug)]
pub(crate) struct ServiceClient {
    pub(crate) url: Url,
    pub(crate) token: RefreshedToken,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl ServiceClient {
    /// The answer to `method` with `body` at `path`.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<Response<Vec<u8>>> {
        let token = self.token.get(self.clock.now()).await?;
        let request = Request::builder()
            .method(method)
            .uri(self.url.join(path)?.as_str())
            .header(header::AUTHORIZATION, token.to_authorization())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)?;
        self.fetch
            .fetch(request)
            .await
            .context("asking device management")
    }
}
