//! How a server wants to be asked about a token, and how its answer is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};

use crate::client::{MAX_RESPONSE_BYTES, form};
use crate::json::{Json, JsonFault, Object, Writer};
use crate::{
    AccessToken, Claim, LookupError, TokenInfoError, TokenPolicy, TokenRefusal, VerifiedToken,
};

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
        form(endpoint, authorization, pairs)
    }

    /// Whether the token itself is what the request shows in `Authorization`.
    pub(super) fn shows_the_token(&self) -> bool {
        self.request == TokenInfoRequest::Bearer
    }

    /// Reads the answer to a question asked at `now`, as [`Introspector`](crate::Introspector) does, and
    /// judges what it says of the token by `policy`.
    ///
    /// # Errors
    ///
    /// [`LookupError`] when the answer cannot be used, so that nothing is known of the token.
    pub fn read(
        &self,
        response: &Response<Vec<u8>>,
        policy: &TokenPolicy,
        now: SystemTime,
    ) -> Result<Result<VerifiedToken, TokenRefusal>, LookupError> {
        let told = self.told(response, now)?;
        Ok(told.and_then(|told| told.judge(policy, now).map(|()| told)))
    }

    /// What an answer says of the token, not judged yet, or why the token is not good.
    pub(super) fn told(
        &self,
        response: &Response<Vec<u8>>,
        asked: SystemTime,
    ) -> Result<Result<VerifiedToken, TokenRefusal>, LookupError> {
        let status = response.status();
        if self.inactive.contains(&status) {
            return Ok(Err(TokenRefusal::Inactive));
        }
        if status != StatusCode::OK {
            return Err(LookupError::Status(status));
        }
        self.body(response.body(), asked)
            .map_err(LookupError::Response)
    }

    fn body(
        &self,
        body: &[u8],
        asked: SystemTime,
    ) -> Result<Result<VerifiedToken, TokenRefusal>, TokenInfoError> {
        if body.len() > MAX_RESPONSE_BYTES {
            return Err(TokenInfoError::TooLong { found: body.len() });
        }
        let answer = Object::parse(body).map_err(|fault| match fault {
            JsonFault::DuplicateMember => TokenInfoError::DuplicateMember,
            JsonFault::Malformed => TokenInfoError::Malformed,
            JsonFault::TooDeep => TokenInfoError::TooDeep,
        })?;
        self.judge(&Answer(answer), asked)
    }

    fn judge(
        &self,
        answer: &Answer<'_>,
        asked: SystemTime,
    ) -> Result<Result<VerifiedToken, TokenRefusal>, TokenInfoError> {
        if let Some(member) = self.member(Claim::Active) {
            match answer.get(member) {
                Some(Json::Literal("true")) => {}
                // What else it says is not looked at.
                Some(Json::Literal("false")) => return Ok(Err(TokenRefusal::Inactive)),
                _ => return Err(TokenInfoError::Member(Claim::Active)),
            }
        }
        if let Some(Json::Text(found)) =
            self.checked(answer, Claim::TokenType, |value| value.is_text())?
            && !String::from(found).eq_ignore_ascii_case(&self.token_type)
        {
            return Ok(Err(TokenRefusal::Type));
        }
        for (member, text) in &self.required {
            if !matches!(answer.get(member), Some(Json::Text(found)) if found.is(text)) {
                return Ok(Err(TokenRefusal::Type));
            }
        }
        let mut claims = self.claims(answer, asked)?.into_bytes();
        Ok(VerifiedToken::told(&mut claims, Some(asked)))
    }

    /// The claims under their registered names.
    fn claims(&self, answer: &Answer<'_>, asked: SystemTime) -> Result<String, TokenInfoError> {
        let mut claims = Writer::new();
        let mut is_end_told = false;
        for (claim, name, is_good) in TAKEN {
            match self.checked(answer, claim, is_good)? {
                Some(Json::Array(scopes)) if claim == Claim::Scope => {
                    let texts = scopes.filter_map(|item| match item {
                        Json::Text(text) => Some(String::from(text)),
                        _ => None,
                    });
                    claims.text(name, &texts.collect::<Vec<_>>().join(" "));
                }
                Some(value) => claims.raw(name, &value.written()),
                None => continue,
            }
            is_end_told |= claim == Claim::ExpiresAt;
        }
        if let Some(seconds) = self.checked(answer, Claim::ExpiresIn, is_seconds)?
            && !is_end_told
        {
            let life = seconds_of(seconds).unwrap_or_default();
            let asked = asked.duration_since(UNIX_EPOCH).unwrap_or_default();
            claims.number("exp", asked.saturating_add(life).as_secs());
        }
        Ok(claims.finish())
    }

    /// A claim's value; `null` counts as none.
    fn checked<'v>(
        &self,
        answer: &Answer<'v>,
        claim: Claim,
        is_good: IsGood,
    ) -> Result<Option<Json<'v>>, TokenInfoError> {
        let value = self.member(claim).and_then(|member| answer.get(member));
        match value {
            None | Some(Json::Literal("null")) => Ok(None),
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

type IsGood = fn(Json<'_>) -> bool;

struct Answer<'v>(Object<'v>);

impl<'v> Answer<'v> {
    /// A member by its name, or from a `/` on by its pointer.
    fn get(&self, member: &str) -> Option<Json<'v>> {
        let Some(pointer) = member.strip_prefix('/') else {
            return self.0.get(member);
        };
        // RFC 6901 section 4: `~1` first, so that `~01` becomes `~1`.
        let tokens = pointer.split('/');
        let mut tokens = tokens.map(|token| token.replace("~1", "/").replace("~0", "~"));
        let mut found = self.0.get(&tokens.next()?)?;
        for token in tokens {
            found = match found {
                Json::Array(mut items) => items.nth(index(&token)?)?,
                Json::Object(members) => Object::parse(members.as_bytes()).ok()?.get(&token)?,
                _ => return None,
            };
        }
        Some(found)
    }
}

/// RFC 6901 section 4: digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || token.starts_with(|first: char| matches!(first, '1'..='9'));
    is_plain.then(|| token.parse().ok())?
}

fn is_time(value: Json<'_>) -> bool {
    match value {
        Json::Number(number) => number.parse().is_ok_and(f64::is_finite),
        _ => false,
    }
}

fn is_object(value: Json<'_>) -> bool {
    matches!(value, Json::Object(_))
}

fn is_seconds(value: Json<'_>) -> bool {
    seconds_of(value).is_some()
}

fn seconds_of(value: Json<'_>) -> Option<Duration> {
    match value {
        Json::Number(number) => number.parse().ok().map(Duration::from_secs),
        _ => None,
    }
}

/// A text, or a list in which each text is one scope.
fn is_scope(value: Json<'_>) -> bool {
    let is_one = |item| matches!(item, Json::Text(text) if text.chars().all(|at| at != ' '));
    match value {
        Json::Array(mut items) => items.all(is_one),
        value => value.is_text(),
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
    (Claim::Audience, "aud", |value| value.is_text_or_list()),
    (Claim::ClientId, "client_id", |value| value.is_text()),
    (Claim::Confirmation, "cnf", is_object),
    (Claim::ExpiresAt, "exp", is_time),
    (Claim::IssuedAt, "iat", is_time),
    (Claim::Issuer, "iss", |value| value.is_text()),
    (Claim::NotBefore, "nbf", is_time),
    (Claim::Roles, "roles", |value| value.is_text_or_list()),
    (Claim::Scope, "scope", is_scope),
    (Claim::Subject, "sub", |value| value.is_text()),
    (Claim::TokenId, "jti", |value| value.is_text()),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The document of RFC 6901 section 5, and a member that is named as an escape.
    const DOCUMENT: &str = r#"{"foo":["bar","baz"],"a/b":1,"m~n":8,"~1":3,"o":{"p":[{"q":4}]}}"#;

    #[test]
    fn a_pointer_leads_where_rfc_6901_says() {
        let answer = Answer(Object::parse(DOCUMENT.as_bytes()).unwrap());
        for (pointer, number) in [
            ("/a~1b", "1"),
            ("/m~0n", "8"),
            ("/~01", "3"),
            ("/o/p/0/q", "4"),
            ("a/b", "1"),
        ] {
            let found = answer.get(pointer);
            assert!(
                matches!(found, Some(Json::Number(text)) if text == number),
                "{pointer}"
            );
        }
        assert!(
            matches!(answer.get("/foo/0"), Some(Json::Text(text)) if text.chars().eq("bar".chars()))
        );
        assert!(matches!(answer.get("/foo"), Some(Json::Array(_))));
        for nowhere in [
            "/", "/foo/00", "/foo/-", "/foo/2", "/foo/+1", "/foo/0/x", "/a/b", "/o/p/1",
        ] {
            assert!(answer.get(nowhere).is_none(), "{nowhere}");
        }
    }
}
