//! The registrar asks device management.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use offhook_bearer_token::{AccessToken, Fetch, RefreshedToken};
use offhook_onboarding::http::{ClientError, Clock, ManagementClient};
use offhook_onboarding::message::RegistrationReport;
use url::Url;

use crate::Admission;

/// Asks device management over HTTPS, and so reports each registration to it.
#[derive(Debug)]
pub struct HttpAdmission {
    client: ManagementClient,
    token: Token,
}

/// Where the token of the registrar comes from.
enum Token {
    Fixed(AccessToken),
    Refreshed(RefreshedToken, Arc<dyn Clock>),
}

impl HttpAdmission {
    /// Asks the device management below `url` with one token, which has the scope of a registrar.
    #[must_use]
    pub fn with_token(url: Url, token: AccessToken, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            client: ManagementClient::new(url, fetch),
            token: Token::Fixed(token),
        }
    }

    /// Asks with a token that is kept fresh.
    pub(crate) fn new(
        url: Url,
        token: RefreshedToken,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            client: ManagementClient::new(url, fetch),
            token: Token::Refreshed(token, clock),
        }
    }
}

#[async_trait]
impl Admission for HttpAdmission {
    async fn admit(&self, report: &RegistrationReport) -> anyhow::Result<bool> {
        let token = match &self.token {
            Token::Fixed(token) => token.clone(),
            Token::Refreshed(token, clock) => token.get(clock.now()).await?,
        };
        match self.client.registered(report, &token).await {
            Ok(()) => Ok(true),
            Err(ClientError::Refused { status: 404, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
