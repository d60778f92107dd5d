//! The registrar asks device management.

use anyhow::bail;
use async_trait::async_trait;
use http::{Method, StatusCode};
use offhook_onboarding::message::RegistrationReport;

use crate::Admission;
use crate::service_client::ServiceClient;

/// Asks device management over HTTPS, and so reports each registration to it.
#[derive(Debug)]
pub struct HttpAdmission(ServiceClient);

impl HttpAdmission {
    /// Asks by `client`, whose token has the scope of a registrar.
    pub(crate) const fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Admission for HttpAdmission {
    async fn admit(&self, report: &RegistrationReport) -> anyhow::Result<bool> {
        let body = serde_json::to_vec(report)?;
        let response = self.0.send(Method::POST, "v1/registrations", body).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            status => bail!("device management answered {status}"),
        }
    }
}
