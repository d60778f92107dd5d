//! An administrator of device management.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use http::{Method, Request, header};
use offhook_bearer_token::{Fetch, RefreshedToken};
use offhook_onboarding::http::Clock;
use offhook_onboarding::message::{
    CodeIssued, CodeRequest, DeviceStatus, Problem, ProvisionRequest,
};
use serde::Serialize;
use url::Url;

/// An administrator of device management, over HTTPS with a bearer token.
#[derive(Debug)]
pub struct AdminClient {
    url: Url,
    token: RefreshedToken,
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
}

impl AdminClient {
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

    /// Provisions a device.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn provision(&self, request: &ProvisionRequest) -> anyhow::Result<DeviceStatus> {
        Ok(serde_json::from_slice(
            &self.post("v1/devices", request).await?,
        )?)
    }

    /// Has a code issued for a device and mailed to `recipient`.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn issue_code(&self, profile: &str, recipient: &str) -> anyhow::Result<CodeIssued> {
        let path = format!("v1/devices/{profile}/activation-code");
        let request = CodeRequest {
            recipient: recipient.to_owned(),
        };
        Ok(serde_json::from_slice(&self.post(&path, &request).await?)?)
    }

    /// The status of a device.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn status(&self, profile: &str) -> anyhow::Result<DeviceStatus> {
        let path = format!("v1/devices/{profile}");
        Ok(serde_json::from_slice(
            &self.send(Method::GET, &path, Vec::new()).await?,
        )?)
    }

    /// The counters of device management, in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8(
            self.send(Method::GET, "metrics", Vec::new()).await?,
        )?)
    }

    async fn post(&self, path: &str, message: &impl Serialize) -> anyhow::Result<Vec<u8>> {
        self.send(Method::POST, path, serde_json::to_vec(message)?)
            .await
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<Vec<u8>> {
        let request = Request::builder()
            .method(method)
            .uri(self.url.join(path)?.as_str())
            .header(
                header::AUTHORIZATION,
                self.token.get(self.clock.now()).await?.to_authorization(),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)?;
        let response = self
            .fetch
            .fetch(request)
            .await
            .context("asking device management")?;
        let status = response.status();
        if !status.is_success() {
            let problem: Option<Problem> = serde_json::from_slice(response.body()).ok();
            let said = problem
                .map(|problem| problem.error_description)
                .unwrap_or_default();
            bail!("device management answered {status}: {said}");
        }
        Ok(response.into_body())
    }
}
