//! Giving a token back to the server that gave it out.

use http::{Request, Response, StatusCode, Uri};

use super::{ClientSecret, Endpoint, MAX_RESPONSE_BYTES, basic, form};
use crate::{AccessToken, RefreshToken, RevocationError, RevocationRefusal, json};

/// A request that a token be good no more, as when a device is deactivated or deleted.
///
/// With a refresh token the server also ends the access tokens that came of it.
///
/// # Source
///
/// [RFC 7009 section 2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1).
#[derive(Clone, Debug)]
pub struct RevocationRequest {
    endpoint: Endpoint,
    authorization: http::HeaderValue,
    token: Revoked,
}

#[derive(Clone, Debug)]
enum Revoked {
    Access(AccessToken),
    Refresh(RefreshToken),
}

impl RevocationRequest {
    /// A request to this endpoint by this client, about an access token.
    ///
    /// # Errors
    ///
    /// [`RevocationError::NotHttps`] for an endpoint that would show the secrets to the network.
    pub fn of_access_token(
        endpoint: &Uri,
        client_id: &str,
        secret: &ClientSecret,
        token: AccessToken,
    ) -> Result<Self, RevocationError> {
        Self::new(endpoint, client_id, secret, Revoked::Access(token))
    }

    /// A request to this endpoint by this client, about a refresh token.
    ///
    /// # Errors
    ///
    /// [`RevocationError::NotHttps`] for an endpoint that would show the secrets to the network.
    pub fn of_refresh_token(
        endpoint: &Uri,
        client_id: &str,
        secret: &ClientSecret,
        token: RefreshToken,
    ) -> Result<Self, RevocationError> {
        Self::new(endpoint, client_id, secret, Revoked::Refresh(token))
    }

    /// The request to send.
    #[must_use]
    pub fn to_http(&self) -> Request<Vec<u8>> {
        let (token, hint) = match &self.token {
            Revoked::Access(token) => (token.secret(), "access_token"),
            Revoked::Refresh(token) => (token.secret(), "refresh_token"),
        };
        let pairs = [("token", token), ("token_type_hint", hint)];
        form(&self.endpoint.0, Some(self.authorization.clone()), pairs)
    }

    fn new(
        endpoint: &Uri,
        client_id: &str,
        secret: &ClientSecret,
        token: Revoked,
    ) -> Result<Self, RevocationError> {
        let endpoint = Endpoint(endpoint.clone());
        endpoint.https().ok_or(RevocationError::NotHttps)?;
        Ok(Self {
            endpoint,
            authorization: basic(client_id, secret),
            token,
        })
    }
}

/// Reads the answer to a [`RevocationRequest`]: success means that the token is good no more, or
/// never was.
///
/// # Errors
///
/// [`RevocationError::Refused`] when the endpoint said why not, [`RevocationError::Status`] when it
/// did not, and [`RevocationError::TooLong`].
///
/// # Source
///
/// [RFC 7009 section 2.2](https://www.rfc-editor.org/rfc/rfc7009#section-2.2).
pub fn read_revocation(response: &Response<Vec<u8>>) -> Result<(), RevocationError> {
    let (status, body) = (response.status(), response.body());
    if body.len() > MAX_RESPONSE_BYTES {
        return Err(RevocationError::TooLong);
    }
    match status {
        // The body of a success says nothing: RFC 7009 section 2.2.
        StatusCode::OK => Ok(()),
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => Err(refusal(status, body)),
        _ => Err(RevocationError::Status(status)),
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> RevocationError {
    let body = json::Object::parse(body);
    let Some(reason) = body.ok().and_then(|body| body.text("error").ok().flatten()) else {
        return RevocationError::Status(status);
    };
    let known = [
        ("invalid_client", RevocationRefusal::InvalidClient),
        ("invalid_request", RevocationRefusal::InvalidRequest),
        ("unauthorized_client", RevocationRefusal::UnauthorizedClient),
        (
            "unsupported_token_type",
            RevocationRefusal::UnsupportedTokenType,
        ),
    ];
    let found = known.into_iter().find(|(name, _)| reason.is(name));
    RevocationError::Refused(found.map_or(RevocationRefusal::Unlisted, |(_, refusal)| refusal))
}
