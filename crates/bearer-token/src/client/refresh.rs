//! Exchanging a refresh token for an access token.

use std::str::FromStr;
use std::time::Duration;

use http::{HeaderValue, StatusCode, Uri};
use zeroize::Zeroizing;

use super::{ClientSecret, Endpoint, MAX_RESPONSE_BYTES, basic, form};
use crate::json::{Json, Object, Text};
use crate::{AccessToken, RefreshError, RefreshRefusal, RefreshToken, Scope, scope};

/// A request for a new access token.
///
/// # Source
///
/// [RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6); the client shows itself
/// by HTTP Basic, [section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).
#[derive(Clone, Debug)]
pub struct RefreshRequest {
    endpoint: Endpoint,
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
        let endpoint = Endpoint(endpoint.clone());
        endpoint.https().ok_or(RefreshError::NotHttps)?;
        Ok(Self {
            endpoint,
            authorization: basic(client_id, secret),
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
        form(&self.endpoint.0, Some(self.authorization.clone()), pairs)
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

/// What an answer gave, as far as it can be used.
///
/// A refresh token that was rotated is the only one that is left: it is kept even where the rest of
/// the answer is of no use.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) refresh_token: Option<RefreshToken>,
    pub(super) response: Result<TokenResponse, RefreshError>,
}

impl TokenResponse {
    /// Reads the answer to a [`RefreshRequest`].
    ///
    /// A lifetime that is no whole number of seconds counts as not told, for the token is good all
    /// the same; a text of digits is taken for the number.
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
        Self::parse_in_part(response).response
    }

    pub(super) fn parse_in_part(response: &http::Response<Vec<u8>>) -> Parsed {
        let (status, body) = (response.status(), response.body());
        let error = match status {
            _ if body.len() > MAX_RESPONSE_BYTES => RefreshError::TooLong,
            StatusCode::OK => match Object::parse(body) {
                Ok(body) => return Self::from_json(&body),
                Err(_) => RefreshError::Response,
            },
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => refusal(status, body),
            _ => RefreshError::Status(status),
        };
        Parsed {
            refresh_token: None,
            response: Err(error),
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

    fn from_json(body: &Object<'_>) -> Parsed {
        let refresh_token = token(body, "refresh_token");
        Parsed {
            refresh_token: refresh_token.clone().ok().flatten(),
            response: refresh_token.and_then(|refresh_token| {
                let token_type = body.text("token_type").ok().flatten();
                let token_type = token_type.ok_or(RefreshError::Response)?;
                if !String::from(token_type).eq_ignore_ascii_case("Bearer") {
                    return Err(RefreshError::Response);
                }
                Ok(Self {
                    access_token: token(body, "access_token")?.ok_or(RefreshError::Response)?,
                    refresh_token,
                    expires_in: seconds(body, "expires_in"),
                    refresh_token_expires_in: seconds(body, "refresh_token_expires_in"),
                    scopes: scopes(body)?,
                })
            }),
        }
    }
}

/// A token; none where the member is missing, `null` or empty.
fn token<T: FromStr>(body: &Object<'_>, name: &str) -> Result<Option<T>, RefreshError> {
    let text = match body.get(name) {
        None | Some(Json::Literal("null")) => return Ok(None),
        Some(Json::Text(text)) => secret(text),
        Some(_) => return Err(RefreshError::Response),
    };
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| RefreshError::Response)
}

/// The text without its escapes, in one piece of memory that is overwritten.
fn secret(text: Text<'_>) -> Zeroizing<String> {
    let length = text.chars().map(char::len_utf8).sum();
    let mut secret = Zeroizing::new(String::with_capacity(length));
    secret.extend(text.chars());
    secret
}

fn seconds(body: &Object<'_>, name: &str) -> Option<Duration> {
    let seconds = match body.get(name)? {
        Json::Number(number) => number.parse().ok()?,
        Json::Text(digits) => digits.plain()?.parse().ok()?,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

fn scopes(body: &Object<'_>) -> Result<Option<Vec<Scope>>, RefreshError> {
    let text = match body.get("scope") {
        None | Some(Json::Literal("null")) => return Ok(None),
        Some(Json::Text(text)) => String::from(text),
        Some(_) => return Err(RefreshError::Response),
    };
    let scopes = text.split(' ').filter(|scope| !scope.is_empty());
    let scopes = scopes.map(str::parse).collect::<Result<_, _>>();
    scopes.map(Some).map_err(|_| RefreshError::Response)
}

fn refusal(status: StatusCode, body: &[u8]) -> RefreshError {
    let Ok(body) = Object::parse(body) else {
        return RefreshError::Status(status);
    };
    let Ok(Some(reason)) = body.text("error") else {
        return RefreshError::Status(status);
    };
    RefreshError::Refused(match &*String::from(reason) {
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
