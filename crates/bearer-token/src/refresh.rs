//! Exchanging a refresh token for an access token.

use std::time::Duration;

use http::{HeaderValue, StatusCode, Uri};
use serde::Deserialize;

use crate::{
    AccessToken, ClientSecret, MAX_RESPONSE_BYTES, RefreshError, RefreshRefusal, RefreshToken,
    Scope,
};
use crate::{client, json, scope};

/// A request for a new access token.
///
/// # Source
///
/// [RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6); the client shows itself
/// by HTTP Basic, [section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).
#[derive(Clone, Debug)]
pub struct RefreshRequest {
    endpoint: Uri,
    authorization: HeaderValue,
    refresh_token: RefreshToken,
    scopes: Vec<Scope>,
}

impl RefreshRequest {
    /// A request to this endpoint by this client.
    ///
    /// # Errors
    ///
    /// [`RefreshError::NotHttps`] for an endpoint that would show the secrets to the network.
    pub fn new(
        endpoint: &Uri,
        client_id: &str,
        secret: &ClientSecret,
        refresh_token: RefreshToken,
    ) -> Result<Self, RefreshError> {
        Ok(Self {
            endpoint: client::https(endpoint).ok_or(RefreshError::NotHttps)?,
            authorization: client::basic(client_id, secret),
            refresh_token,
            scopes: Vec::new(),
        })
    }

    /// Asks for fewer scopes than were granted.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scopes.push(scope);
        self
    }

    /// The request to send.
    #[must_use]
    pub fn to_http(&self) -> http::Request<Vec<u8>> {
        let scope = scope::join(&self.scopes);
        let mut pairs = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.secret()),
        ];
        if !scope.is_empty() {
            pairs.push(("scope", &scope));
        }
        client::form(&self.endpoint, Some(self.authorization.clone()), pairs)
    }
}

/// What a token endpoint gave.
#[derive(Clone, Debug)]
pub struct TokenResponse {
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
    expires_in: Option<Duration>,
    refresh_token_expires_in: Option<Duration>,
    scopes: Option<Vec<Scope>>,
}

impl TokenResponse {
    /// Reads the answer to a [`RefreshRequest`].
    ///
    /// # Errors
    ///
    /// [`RefreshError::Refused`] when the endpoint said why it gives no token,
    /// [`RefreshError::Status`] when it did not, [`RefreshError::Response`] and
    /// [`RefreshError::TooLong`] when the answer cannot be used.
    ///
    /// # Source
    ///
    /// [RFC 6749 section 5](https://www.rfc-editor.org/rfc/rfc6749#section-5).
    pub fn parse(response: &http::Response<Vec<u8>>) -> Result<Self, RefreshError> {
        let (status, body) = (response.status(), response.body());
        if body.len() > MAX_RESPONSE_BYTES {
            return Err(RefreshError::TooLong);
        }
        match status {
            StatusCode::OK => Self::from_json(body),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => Err(refusal(status, body)),
            _ => Err(RefreshError::Status(status)),
        }
    }

    /// The new access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// The refresh token to use from now on; `None` when the old one stays.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    /// How long the access token lives, counted from the answer.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.expires_in
    }

    /// How long the refresh token lives, counted from the answer; `None` where the server does not
    /// say, as RFC 6749 knows no such member.
    #[must_use]
    pub fn refresh_token_expires_in(&self) -> Option<Duration> {
        self.refresh_token_expires_in
    }

    /// The scopes granted; `None` when they are those that were asked for.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Scope]> {
        self.scopes.as_deref()
    }

    fn from_json(body: &[u8]) -> Result<Self, RefreshError> {
        // The tree refuses what is given twice; the values are then read where they lie.
        json::Object::parse(body).map_err(|_| RefreshError::Response)?;
        let body: Body<'_> = serde_json::from_slice(body).map_err(|_| RefreshError::Response)?;
        if !body.token_type.eq_ignore_ascii_case("Bearer") {
            return Err(RefreshError::Response);
        }
        let scopes = body.scope.map(|scope| {
            let scopes = scope.split(' ').filter(|scope| !scope.is_empty());
            scopes.map(str::parse).collect::<Result<Vec<Scope>, _>>()
        });
        Ok(Self {
            access_token: parse(body.access_token)?,
            refresh_token: body.refresh_token.map(parse).transpose()?,
            expires_in: body.expires_in.map(Duration::from_secs),
            refresh_token_expires_in: body.refresh_token_expires_in.map(Duration::from_secs),
            scopes: scopes.transpose().map_err(|_| RefreshError::Response)?,
        })
    }
}

/// Tokens are text without escapes, so they can be borrowed and leave no copy behind.
#[derive(Deserialize)]
struct Body<'a> {
    access_token: &'a str,
    refresh_token: Option<&'a str>,
    token_type: &'a str,
    expires_in: Option<u64>,
    refresh_token_expires_in: Option<u64>,
    scope: Option<&'a str>,
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T, RefreshError> {
    text.parse().map_err(|_| RefreshError::Response)
}

fn refusal(status: StatusCode, body: &[u8]) -> RefreshError {
    let Ok(body) = json::Object::parse(body) else {
        return RefreshError::Status(status);
    };
    let Ok(Some(reason)) = body.text("error") else {
        return RefreshError::Status(status);
    };
    RefreshError::Refused(match reason.plain().unwrap_or_default() {
        "invalid_client" => RefreshRefusal::InvalidClient,
        "invalid_grant" => RefreshRefusal::InvalidGrant,
        "invalid_request" => RefreshRefusal::InvalidRequest,
        "invalid_scope" => RefreshRefusal::InvalidScope,
        "unauthorized_client" => RefreshRefusal::UnauthorizedClient,
        "unsupported_grant_type" => RefreshRefusal::UnsupportedGrantType,
        _ => RefreshRefusal::Unlisted,
    })
}

/// How often an access token is refreshed: every 60 minutes.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, `refreshPeriodInMinutes`: 60.
pub const REFRESH_EVERY: Duration = Duration::from_secs(60 * 60);
/// How long a refresh token is good: 60 days.
///
/// # Source
///
/// Device integration for Webex on `BroadWorks`, validity of the refresh token: 60 days.
pub const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 24 * 60 * 60);
