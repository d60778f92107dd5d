//! How a server wants to be asked about a token, and how its answer is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::{Map, Value};

use super::Claim;
use crate::client;
use crate::json::{JsonFault, Object};
use crate::{AccessToken, MAX_RESPONSE_BYTES, TokenInfoError, TokenRefusal, VerifiedToken};

/// How a server wants to be asked about a token, and where its answer says what.
///
/// [`rfc7662`](Self::rfc7662) is what introspection endpoints speak. Token-info proxies differ in
/// names and manners: start from [`token_info`](Self::token_info) and name what is different.
///
/// # Examples
///
/// ```
/// use offhook_bearer_token::{Claim, TokenInfoFormat};
///
/// let format = TokenInfoFormat::token_info()
///     .with_member(Claim::Subject, "user_id")
///     .with_member(Claim::Scope, "/token/scopes")
///     .with_member(Claim::ExpiresIn, "expires_in");
/// # let _ = format;
/// ```
///
/// # Source
///
/// [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662). Device integration for Webex on
/// `BroadWorks`, `tokenInfoUrl`: the guide gives the address and not the form, so the form can be
/// configured.
#[derive(Clone)]
pub struct TokenInfoFormat {
    request: TokenInfoRequest,
    parameters: Vec<(String, String)>,
    members: BTreeMap<Claim, Cow<'static, str>>,
    inactive: Vec<StatusCode>,
    token_type: String,
    required: Vec<(String, String)>,
}

impl TokenInfoFormat {
    /// Introspection: the token in a form that is posted, `active` in the answer.
    #[must_use]
    pub fn rfc7662() -> Self {
        let members = RFC7662.map(|(claim, name)| (claim, Cow::Borrowed(name)));
        Self {
            request: TokenInfoRequest::Form,
            parameters: vec![("token_type_hint".to_owned(), "access_token".to_owned())],
            members: members.into(),
            inactive: Vec::new(),
            token_type: "Bearer".to_owned(),
            required: Vec::new(),
        }
    }

    /// A token-info proxy: asked by GET with the token in `Authorization`, as if the token were for
    /// the proxy; 200 says that the token is good and 400, 401, 403 or 404 that it is not. The
    /// members of the answer are those of RFC 7662, `active` aside.
    #[must_use]
    pub fn token_info() -> Self {
        let format = Self {
            request: TokenInfoRequest::Bearer,
            parameters: Vec::new(),
            inactive: vec![
                StatusCode::BAD_REQUEST,
                StatusCode::UNAUTHORIZED,
                StatusCode::FORBIDDEN,
                StatusCode::NOT_FOUND,
            ],
            ..Self::rfc7662()
        };
        format.without_member(Claim::Active)
    }

    /// Asks in another manner.
    #[must_use]
    pub fn with_request(mut self, request: TokenInfoRequest) -> Self {
        self.request = request;
        self
    }

    /// Sends one more parameter in the form; a token asked about as a bearer has no form.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Reads a claim from another member: its name, or from a `/` on its JSON pointer
    /// ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    #[must_use]
    pub fn with_member(mut self, claim: Claim, member: &str) -> Self {
        self.members.insert(claim, Cow::Owned(member.to_owned()));
        self
    }

    /// Reads a claim from nowhere. Without [`Claim::Active`] the status alone says whether a token
    /// is good.
    #[must_use]
    pub fn without_member(mut self, claim: Claim) -> Self {
        self.members.remove(&claim);
        self
    }

    /// Takes this status, too, to say that the token is not good, rather than that the server could
    /// not tell.
    #[must_use]
    pub fn with_inactive_status(mut self, status: StatusCode) -> Self {
        self.inactive.push(status);
        self
    }

    /// Asks for another type than `Bearer` where the answer tells one; case does not matter.
    #[must_use]
    pub fn with_token_type(mut self, token_type: &str) -> Self {
        token_type.clone_into(&mut self.token_type);
        self
    }

    /// Asks for a member with this text besides, as where a server tells refresh tokens from access
    /// tokens by a member of its own.
    #[must_use]
    pub fn with_required(mut self, member: &str, text: &str) -> Self {
        self.required.push((member.to_owned(), text.to_owned()));
        self
    }

    /// The request that asks about `token`. `authorization` is sent unless the token itself takes
    /// its place.
    pub(super) fn request(
        &self,
        endpoint: &Uri,
        token: &AccessToken,
        authorization: Option<HeaderValue>,
    ) -> Request<Vec<u8>> {
        if self.request == TokenInfoRequest::Bearer {
            let mut request = Request::new(Vec::new());
            *request.method_mut() = Method::GET;
            *request.uri_mut() = endpoint.clone();
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, token.to_authorization());
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::ACCEPT, json);
            return request;
        }
        let more = self.parameters.iter();
        let more = more.map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = [("token", token.secret())].into_iter().chain(more);
        client::form(endpoint, authorization, pairs)
    }

    /// Whether the token itself is what the request shows in `Authorization`.
    pub(super) fn shows_the_token(&self) -> bool {
        self.request == TokenInfoRequest::Bearer
    }

    /// Whether this status alone says that the token is not good.
    pub(super) fn is_inactive(&self, status: StatusCode) -> bool {
        self.inactive.contains(&status)
    }

    /// Reads the answer to a question asked at `asked`: what it says of the token, not judged yet, or
    /// why the token is not good.
    ///
    /// # Errors
    ///
    /// [`TokenInfoError`] when the answer cannot be used, so that nothing is known of the token.
    pub fn read(
        &self,
        response: &Response<Vec<u8>>,
        asked: SystemTime,
    ) -> Result<Result<VerifiedToken, TokenRefusal>, TokenInfoError> {
        let body = response.body();
        if body.len() > MAX_RESPONSE_BYTES {
            return Err(TokenInfoError::TooLong { found: body.len() });
        }
        if self.is_inactive(response.status()) {
            return Ok(Err(TokenRefusal::Inactive));
        }
        // Ours refuses what is given twice or nested too deep; the values are then taken from a tree.
        Object::parse(body).map_err(|fault| match fault {
            JsonFault::DuplicateMember => TokenInfoError::DuplicateMember,
            JsonFault::Malformed => TokenInfoError::Malformed,
            JsonFault::TooDeep => TokenInfoError::TooDeep,
        })?;
        let tree: Value = serde_json::from_slice(body).map_err(|_| TokenInfoError::Malformed)?;
        self.judge(&Answer(&tree), asked)
    }

    fn judge(
        &self,
        answer: &Answer<'_>,
        asked: SystemTime,
    ) -> Result<Result<VerifiedToken, TokenRefusal>, TokenInfoError> {
        if let Some(member) = self.member(Claim::Active) {
            match answer.get(member) {
                Some(Value::Bool(true)) => {}
                // What else it says is not looked at.
                Some(Value::Bool(false)) => return Ok(Err(TokenRefusal::Inactive)),
                _ => return Err(TokenInfoError::Member(Claim::Active)),
            }
        }
        if let Some(found) = self.checked(answer, Claim::TokenType, Value::is_string)?
            && !found
                .as_str()
                .is_some_and(|found| found.eq_ignore_ascii_case(&self.token_type))
        {
            return Ok(Err(TokenRefusal::Type));
        }
        for (member, text) in &self.required {
            if answer.get(member).and_then(Value::as_str) != Some(text) {
                return Ok(Err(TokenRefusal::Type));
            }
        }
        let claims = self.claims(answer, asked)?;
        let mut json = serde_json::to_vec(&claims).map_err(|_| TokenInfoError::Malformed)?;
        Ok(VerifiedToken::told(&mut json))
    }

    /// The claims under their registered names.
    fn claims(
        &self,
        answer: &Answer<'_>,
        asked: SystemTime,
    ) -> Result<Map<String, Value>, TokenInfoError> {
        let asked = asked
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let mut claims = Map::new();
        for (claim, name, is_good) in TAKEN {
            if let Some(value) = self.checked(answer, claim, is_good)? {
                claims.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(Value::Array(scopes)) = claims.get("scope") {
            let scopes: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
            let scopes = scopes.join(" ");
            claims.insert("scope".to_owned(), scopes.into());
        }
        if let Some(seconds) = self.checked(answer, Claim::ExpiresIn, Value::is_u64)? {
            let expires = asked.saturating_add(seconds.as_u64().unwrap_or_default());
            claims.entry("exp").or_insert_with(|| expires.into());
        }
        // A server need not tell it: then the lifetime counts from now.
        if !claims.contains_key("iat") {
            let expires = claims.get("exp").and_then(Value::as_u64);
            let issued = expires.map_or(asked, |expires| expires.min(asked));
            claims.insert("iat".to_owned(), issued.into());
        }
        Ok(claims)
    }

    /// A claim's value; `null` counts as none.
    fn checked<'v>(
        &self,
        answer: &Answer<'v>,
        claim: Claim,
        is_good: IsGood,
    ) -> Result<Option<&'v Value>, TokenInfoError> {
        let value = self.member(claim).and_then(|member| answer.get(member));
        match value.filter(|value| !value.is_null()) {
            Some(value) if !is_good(value) => Err(TokenInfoError::Member(claim)),
            value => Ok(value),
        }
    }

    fn member(&self, claim: Claim) -> Option<&str> {
        self.members.get(&claim).map(|name| &**name)
    }
}

impl fmt::Debug for TokenInfoFormat {
    /// Without the parameters: a secret may be among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfoFormat")
            .field("request", &self.request)
            .field("members", &self.members)
            .field("inactive", &self.inactive)
            .field("token_type", &self.token_type)
            .field("required", &self.required)
            .finish_non_exhaustive()
    }
}

/// How a token is shown to the server that is asked about it. Never in an address: it would end in
/// logs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenInfoRequest {
    /// By GET, in `Authorization`, as if the token were for the server; our own client
    /// authentication is not sent.
    Bearer,
    /// By POST, as `token` in a form.
    Form,
}

type IsGood = fn(&Value) -> bool;

struct Answer<'v>(&'v Value);

impl<'v> Answer<'v> {
    fn get(&self, member: &str) -> Option<&'v Value> {
        if member.starts_with('/') {
            self.0.pointer(member)
        } else {
            self.0.get(member)
        }
    }
}

fn is_text_or_list(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(Value::is_string),
        value => value.is_string(),
    }
}

/// As [`is_text_or_list`]; what stands in a list is one scope.
fn is_scope(value: &Value) -> bool {
    match value {
        Value::Array(items) => items
            .iter()
            .all(|item| item.as_str().is_some_and(|item| !item.contains(' '))),
        value => value.is_string(),
    }
}

const RFC7662: [(Claim, &str); 13] = [
    (Claim::Active, "active"),
    (Claim::Audience, "aud"),
    (Claim::ClientId, "client_id"),
    (Claim::Confirmation, "cnf"),
    (Claim::ExpiresAt, "exp"),
    (Claim::IssuedAt, "iat"),
    (Claim::Issuer, "iss"),
    (Claim::NotBefore, "nbf"),
    (Claim::Roles, "roles"),
    (Claim::Scope, "scope"),
    (Claim::Subject, "sub"),
    (Claim::TokenId, "jti"),
    (Claim::TokenType, "token_type"),
];

/// What is taken over as it is, under which name, and of which type it must be.
const TAKEN: [(Claim, &str, IsGood); 11] = [
    (Claim::Audience, "aud", is_text_or_list),
    (Claim::ClientId, "client_id", Value::is_string),
    (Claim::Confirmation, "cnf", Value::is_object),
    (Claim::ExpiresAt, "exp", Value::is_number),
    (Claim::IssuedAt, "iat", Value::is_number),
    (Claim::Issuer, "iss", Value::is_string),
    (Claim::NotBefore, "nbf", Value::is_number),
    (Claim::Roles, "roles", is_text_or_list),
    (Claim::Scope, "scope", is_scope),
    (Claim::Subject, "sub", Value::is_string),
    (Claim::TokenId, "jti", Value::is_string),
];
