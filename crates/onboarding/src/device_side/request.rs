//! Requests that devices send, and what they make of refusals.

use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use offhook_bearer_token::AccessToken;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::DeviceSettings;
use crate::message::{
    ActivationAccepted, ActivationRequest, MachineToken, Problem, SecretText, parse,
};
use crate::{DeviceError, MessageError};

/// A request could not be made, or its answer does not say yes; for devices and administrators alike.
pub(crate) enum ExchangeError {
    /// The service refused; asking again will not help.
    Refused {
        status: u16,
        error: String,
        description: String,
    },
    /// The service could not find out; asking again may help.
    Unavailable {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// The URL of the service cannot be used.
    Url,
}

impl From<ExchangeError> for DeviceError {
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
            ExchangeError::Unavailable {
                status,
                retry_after,
            } => Self::Unavailable {
                status,
                retry_after,
            },
            ExchangeError::Url => Self::Url,
        }
    }
}

/// `GET base/path`, with the token where there is one.
pub(super) fn get(
    base: &Url,
    path: &[&str],
    token: Option<&AccessToken>,
) -> Result<Request<Vec<u8>>, DeviceError> {
    Ok(build(Method::GET, base, path, token, Vec::new())?)
}

/// `POST base/path` with `message` as JSON.
pub(super) fn post(
    base: &Url,
    path: &[&str],
    token: Option<&AccessToken>,
    message: &impl Serialize,
) -> Result<Request<Vec<u8>>, DeviceError> {
    let body = serde_json::to_vec(message)
        .map_err(|error| DeviceError::Message(MessageError::from_json(&error)))?;
    Ok(build(Method::POST, base, path, token, body)?)
}

/// The request to have `token` renewed by the activation service at `base`.
pub(super) fn renewal(base: &Url, token: &AccessToken) -> Result<Request<Vec<u8>>, DeviceError> {
    let path = ["v1", "machine-token"];
    Ok(build(Method::POST, base, &path, Some(token), Vec::new())?)
}

/// The request to be activated: by `token`, or by the certificate of the connection and `code`.
pub(super) fn activate(
    settings: &DeviceSettings,
    base: &Url,
    token: Option<&AccessToken>,
    code: Option<&SecretText>,
) -> Result<Request<Vec<u8>>, DeviceError> {
    let message = ActivationRequest {
        mac_address: settings.mac,
        model: Some(settings.model.clone()),
        serial_number: Some(settings.serial_number.clone()),
        activation_code: code.cloned(),
    };
    post(base, &["v1", "activate"], token, &message)
}

/// The name of the configuration file, in the answer that the device of `settings` is activated.
pub(super) fn activated(
    settings: &DeviceSettings,
    response: &Response<Vec<u8>>,
) -> Result<String, DeviceError> {
    let message: ActivationAccepted = read(response)?;
    if message.device_name.mac() != Some(settings.mac) {
        return Err(DeviceError::OtherDevice);
    }
    Ok(message.configuration_file)
}

/// The message in an answer that says yes.
pub(super) fn read<T: DeserializeOwned>(response: &Response<Vec<u8>>) -> Result<T, DeviceError> {
    accept(response)?;
    parse(response.body()).map_err(DeviceError::Message)
}

/// The bearer token in an answer of the activation service, and for how long it is good.
pub(super) fn bearer(message: &MachineToken) -> Result<(AccessToken, Duration), DeviceError> {
    if !message.token_type.eq_ignore_ascii_case("Bearer") {
        return Err(DeviceError::TokenType);
    }
    let token = message.access_token.secret().parse();
    let lifetime = Duration::from_secs(message.expires_in);
    Ok((token.map_err(DeviceError::Token)?, lifetime))
}

/// When to ask again (RFC 9110 section 10.2.3), where that is given in seconds.
fn retry_after(response: &Response<Vec<u8>>) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?;
    let seconds = seconds.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Lets an answer pass that says yes.
pub(crate) fn accept(response: &Response<Vec<u8>>) -> Result<(), ExchangeError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    let is_passing = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    if is_passing || passing.contains(&status) {
        return Err(ExchangeError::Unavailable {
            status: status.as_u16(),
            retry_after: retry_after(response),
        });
    }
    let problem: Option<Problem> = serde_json::from_slice(response.body()).ok();
    let shown = |text: String| {
        // What a server says is shown to a person, so it must be short and printable.
        text.chars()
            .filter(|char| !char.is_control())
            .take(MAX_SHOWN_CHARS)
            .collect()
    };
    let (error, description) = problem
        .map(|problem| (problem.error, problem.error_description))
        .unwrap_or_default();
    Err(ExchangeError::Refused {
        status: status.as_u16(),
        error: shown(error),
        description: shown(description),
    })
}

/// The request, below `base`, with the token where there is one.
pub(crate) fn build(
    method: Method,
    base: &Url,
    path: &[&str],
    token: Option<&AccessToken>,
    body: Vec<u8>,
) -> Result<Request<Vec<u8>>, ExchangeError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| ExchangeError::Url)?
        .pop_if_empty()
        .extend(path);
    let mut request = Request::builder().method(method).uri(url.as_str());
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, token.to_authorization());
    }
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    request.body(body).map_err(|_| ExchangeError::Url)
}

const MAX_SHOWN_CHARS: usize = 200;
