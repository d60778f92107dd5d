//! An administrator of device management.

use std::sync::Arc;

use offhook_bearer_token::{AccessToken, Fetch, RefreshedToken};
use offhook_onboarding::http::{Clock, ManagementClient};
use offhook_onboarding::message::{CodeIssued, CodeRequest, DeviceStatus, ProvisionRequest};
use url::Url;

/// An administrator of device management, over HTTPS with a bearer token that is kept fresh.
#[derive(Debug)]
pub struct AdminClient {
    client: ManagementClient,
    token: RefreshedToken,
    clock: Arc<dyn Clock>,
}

impl AdminClient {
    /// An administrator of the device management below `url`.
    pub(crate) fn new(
        url: Url,
        token: RefreshedToken,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            client: ManagementClient::new(url, fetch),
            token,
            clock,
        }
    }

    /// Provisions a device.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn provision(&self, request: &ProvisionRequest) -> anyhow::Result<DeviceStatus> {
        Ok(self.client.provision(request, &self.token().await?).await?)
    }

    /// Has a code issued for a device and mailed to `recipient`.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn issue_code(&self, profile: &str, recipient: &str) -> anyhow::Result<CodeIssued> {
        let request = CodeRequest {
            recipient: Some(recipient.to_owned()),
        };
        let token = self.token().await?;
        Ok(self.client.issue_code(profile, &request, &token).await?)
    }

    /// The status of a device.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn status(&self, profile: &str) -> anyhow::Result<DeviceStatus> {
        Ok(self.client.status(profile, &self.token().await?).await?)
    }

    /// Deactivates a device.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn deactivate(&self, profile: &str) -> anyhow::Result<DeviceStatus> {
        let token = self.token().await?;
        Ok(self.client.deactivate(profile, &token).await?)
    }

    /// The counters of device management, in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// When device management refuses or does not answer.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        Ok(self.client.metrics(&self.token().await?).await?)
    }

    async fn token(&self) -> anyhow::Result<AccessToken> {
        Ok(self.token.get(self.clock.now()).await?)
    }
}
