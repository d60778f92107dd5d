//! An administrator's client of device management.

use std::sync::Arc;

use http::{Method, Request};
use offhook_bearer_token::{AccessToken, Fetch, FetchError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

use crate::MessageError;
use crate::device_side::{ExchangeError, accept, build};
use crate::message::{
    CodeIssued, CodeRequest, DeviceList, DeviceStatus, MoveRequest, ProvisionRequest,
    RegistrationReport, parse,
};

/// The verbs of an administrator and of the registrar over HTTPS.
#[derive(Clone, Debug)]
pub struct ManagementClient {
    url: Url,
    fetch: Arc<dyn Fetch>,
}

/// Device management did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The answer is not of version 1.
    #[error("answer of device management cannot be read")]
    Answer(#[source] MessageError),
    /// There was no answer; whether it was done is not known.
    #[error("no answer from device management")]
    Fetch(#[source] FetchError),
    /// It refused: mend the request, the token or the device.
    #[error("device management refused with status {status}: {description} ({error})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The word for programs.
        error: String,
        /// The sentence for people, at most 200 characters.
        description: String,
    },
    /// It cannot say now; ask again.
    #[error("device management is not available: status {status}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The URL of device management has no room for a path, or is none for a request.
    #[error("URL of device management not usable")]
    Url,
}

impl ManagementClient {
    /// The device management below `url`, asked through `fetch`.
    #[must_use]
    pub const fn new(url: Url, fetch: Arc<dyn Fetch>) -> Self {
        Self { url, fetch }
    }

    /// Provisions a device.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn provision(
        &self,
        request: &ProvisionRequest,
        token: &AccessToken,
    ) -> Result<DeviceStatus, ClientError> {
        self.send(Method::POST, &["v1", "devices"], Some(request), token)
            .await
    }

    /// The devices behind the profile `after`, at most `limit` of them (1 to 1,000).
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn devices(
        &self,
        after: Option<&str>,
        limit: usize,
        token: &AccessToken,
    ) -> Result<DeviceList, ClientError> {
        let mut query = vec![("limit", limit.to_string())];
        query.extend(after.map(|after| ("after", after.to_owned())));
        let mut url = self.url.clone();
        url.query_pairs_mut().clear().extend_pairs(&query);
        let path = ["v1", "devices"];
        let body = self.exchange(Method::GET, &url, &path, None, token).await?;
        parse(&body).map_err(ClientError::Answer)
    }

    /// The status of a device.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn status(
        &self,
        profile: &str,
        token: &AccessToken,
    ) -> Result<DeviceStatus, ClientError> {
        let path = ["v1", "devices", profile];
        self.send(Method::GET, &path, None::<&()>, token).await
    }

    /// Issues a code for a device.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn issue_code(
        &self,
        profile: &str,
        request: &CodeRequest,
        token: &AccessToken,
    ) -> Result<CodeIssued, ClientError> {
        let path = ["v1", "devices", profile, "activation-code"];
        self.send(Method::POST, &path, Some(request), token).await
    }

    /// Issues a code for the device that is to take the place of one that is broken.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn replace(
        &self,
        profile: &str,
        request: &CodeRequest,
        token: &AccessToken,
    ) -> Result<CodeIssued, ClientError> {
        let path = ["v1", "devices", profile, "replacement-code"];
        self.send(Method::POST, &path, Some(request), token).await
    }

    /// Moves a device to another profile.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn move_device(
        &self,
        profile: &str,
        request: &MoveRequest,
        token: &AccessToken,
    ) -> Result<CodeIssued, ClientError> {
        let path = ["v1", "devices", profile, "move"];
        self.send(Method::POST, &path, Some(request), token).await
    }

    /// Deactivates a device.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn deactivate(
        &self,
        profile: &str,
        token: &AccessToken,
    ) -> Result<DeviceStatus, ClientError> {
        let path = ["v1", "devices", profile, "deactivation"];
        self.send(Method::POST, &path, None::<&()>, token).await
    }

    /// Deletes a device.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn delete(&self, profile: &str, token: &AccessToken) -> Result<(), ClientError> {
        let path = ["v1", "devices", profile];
        let url = &self.url;
        self.exchange(Method::DELETE, url, &path, None, token)
            .await?;
        Ok(())
    }

    /// Has call control restart a device.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn reboot(&self, profile: &str, token: &AccessToken) -> Result<(), ClientError> {
        self.ask(profile, "reboot", token).await
    }

    /// Has call control ask a device for a problem report.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn problem_report(
        &self,
        profile: &str,
        token: &AccessToken,
    ) -> Result<(), ClientError> {
        self.ask(profile, "problem-report", token).await
    }

    /// Asks whether a subject may register, and reports that it did; for a registrar.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; [`Refused`](ClientError::Refused) with status 404 where it may not.
    pub async fn registered(
        &self,
        report: &RegistrationReport,
        token: &AccessToken,
    ) -> Result<(), ClientError> {
        let body = json(report)?;
        let path = ["v1", "registrations"];
        let url = &self.url;
        self.exchange(Method::POST, url, &path, Some(body), token)
            .await?;
        Ok(())
    }

    /// What was counted, in the text format of Prometheus.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn metrics(&self, token: &AccessToken) -> Result<String, ClientError> {
        let url = &self.url;
        let body = self.exchange(Method::GET, url, &["metrics"], None, token);
        Ok(String::from_utf8_lossy(&body.await?).into_owned())
    }

    async fn ask(&self, profile: &str, what: &str, token: &AccessToken) -> Result<(), ClientError> {
        let path = ["v1", "devices", profile, what];
        let url = &self.url;
        self.exchange(Method::POST, url, &path, None, token).await?;
        Ok(())
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        message: Option<&impl Serialize>,
        token: &AccessToken,
    ) -> Result<T, ClientError> {
        let body = message.map(json).transpose()?;
        let body = self.exchange(method, &self.url, path, body, token).await?;
        parse(&body).map_err(ClientError::Answer)
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Url,
        path: &[&str],
        body: Option<Vec<u8>>,
        token: &AccessToken,
    ) -> Result<Vec<u8>, ClientError> {
        let request: Request<Vec<u8>> =
            build(method, url, path, Some(token), body.unwrap_or_default())?;
        let response = self.fetch.fetch(request).await;
        let response = response.map_err(ClientError::Fetch)?;
        accept(&response)?;
        Ok(response.into_body())
    }
}

impl From<ExchangeError> for ClientError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Refused {
                status,
                error,
                description,
            } => Self::Refused {
                status,
                error,
                description,
            },
            ExchangeError::Unavailable { status, .. } => Self::Unavailable { status },
            ExchangeError::Url => Self::Url,
        }
    }
}

fn json(message: &impl Serialize) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(message)
        .map_err(|error| ClientError::Answer(MessageError::from_json(&error)))
}
