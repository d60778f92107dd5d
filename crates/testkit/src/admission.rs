//! The registrar asks device management.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use http::{Method, Request, StatusCode, header};
use offhook_bearer_token::{Fetch, RefreshedToken};
use offhook_onboarding::http::Clock;
use offhook_onboarding::message::RegistrationReport;
use url::Url;

use crate::Admission;

/// Asks device management over HTTPS, and so reports each registration to it.
#[derive(Debug)]
pub struct HttpAdmission {
    url: Url,
    token: RefreshedToken,
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
}

impl HttpAdmission {
    /// Asks at `url` with `token`, which has the scope of a registrar.
    pub(crate) const fn new(
        url: Url,
        token: RefreshedToken,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            url,
            token,
            fetch,
            clock,
        }
    }
}

#[async_trait]
impl Admission for HttpAdmission {
    async fn admit(&self, report: &RegistrationReport) -> anyhow::Result<bool> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.url.as_str())
            .header(
                header::AUTHORIZATION,
                self.token.get(self.clock.now()).await?.to_authorization(),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(report)?)
            .context("registration report")?;
        let status = self.fetch.fetch(request).await?.status();
        match status {
            StatusCode::NO_CONTENT => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => bail!("device management answered {status}"),
        }
    }
}
