//! An administrator of device management.

use anyhow::bail;
use http::Method;
use offhook_onboarding::message::{
    CodeIssued, CodeRequest, DeviceStatus, Problem, ProvisionRequest,
};
use serde::Serialize;

use crate::service_client::ServiceClient;

/// An administrator of device management, over HTTPS with a bearer token.
#[derive(Debug)]
pub struct AdminClient(ServiceClient);

impl AdminClient {
    /// An administrator who asks by `client`.
    pub(crate) const fn new(client: ServiceClient) -> Self {
        Self(client)
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
            recipient: Some(recipient.to_owned()),
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
        let response = self.0.send(method, path, body).await?;
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
