//! Answers that refuse.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use offhook_activation_code::OverBudget;
use offhook_bearer_token::{BearerError, Challenge, CredentialsError, Rejection, VerifyError};
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use super::{MAX_BODY_BYTES, Peer};
use crate::message::{Problem, parse};

/// An answer that refuses: a status, a word for programs, a sentence for people.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    error: &'static str,
    description: String,
    challenge: Option<HeaderValue>,
    retry_after: Option<Duration>,
}

impl Refused {
    pub(super) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error,
            description: description.into(),
            challenge: None,
            retry_after: None,
        }
    }

    pub(super) fn bad_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub(super) fn forbidden(error: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, error, description)
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "nothing here for this caller",
        )
    }

    /// No route has this path.
    pub(super) fn unknown_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_route", "no such route")
    }

    /// The route is not for this method; which ones it is for stands in `Allow`.
    pub(super) fn method_not_allowed() -> Self {
        let what = "the route is not for this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", what)
    }

    /// The body is longer than any message.
    pub(super) fn too_large() -> Self {
        let what = format!("a body has at most {MAX_BODY_BYTES} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "content_too_large", what)
    }

    /// The one answer to every code that is not good, whatever is wrong with it.
    pub(super) fn code() -> Self {
        Self::forbidden("activation_code_refused", "activation code refused")
    }

    /// The one answer to who is over a budget of wrong codes, whosever it is. The code was not looked
    /// at.
    pub(super) fn too_many(over: OverBudget, now: SystemTime) -> Self {
        let description = "too many wrong activation codes; come again later";
        Self {
            retry_after: Some(over.retry_after(now)),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                description,
            )
        }
    }

    /// Status and sentence, for a page.
    #[cfg(feature = "page")]
    pub(super) fn into_parts(self) -> (StatusCode, String) {
        (self.status, self.description)
    }

    /// The caller sends requests too fast.
    pub(super) fn too_fast(wait: Duration) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let what = "too many requests; come again later";
        // Whole seconds, and not too few.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            retry_after: Some(Duration::from_secs(seconds)),
            ..Self::new(status, "too_many_requests", what)
        }
    }

    /// We could not find out; what it was is not for the caller.
    pub(super) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            "could not be found out; ask again",
        )
    }

    /// We could not find out, because of `error`: that is for the log, and not for the caller.
    pub(super) fn failed(error: &dyn StdError) -> Self {
        tracing::error!(error = chain(error), "a request failed");
        Self::unavailable()
    }

    /// The request took too long to come, or to be answered.
    pub(super) fn too_slow() -> Self {
        let what = "the request took too long";
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", what)
    }

    /// The body is coded on its way in a manner that we do not know.
    pub(super) fn unknown_transfer_coding() -> Self {
        let what = "the only transfer coding is chunked";
        let status = StatusCode::NOT_IMPLEMENTED;
        Self::new(status, "unknown_transfer_coding", what)
    }

    /// What the administrator must mend; asking again will not help.
    pub(super) fn unusable(error: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error, description)
    }

    /// Credentials are missing or malformed.
    pub(super) fn credentials(error: CredentialsError, scope: &str) -> Self {
        Self::bearer(&error.into(), error.to_string(), scope)
    }

    /// A token that is not good, the reason is not told; or could not be judged.
    pub(super) fn token(error: &VerifyError, scope: &str) -> Self {
        Self::bearer(&error.into(), "the token is not good", scope)
    }

    /// A good token that lacks the scope.
    pub(super) fn scope(scope: &str) -> Self {
        let error = Rejection::from(BearerError::InsufficientScope);
        Self::bearer(&error, format!("scope {scope} is needed"), scope)
    }

    fn bearer(rejection: &Rejection, description: impl Into<String>, scope: &str) -> Self {
        let base = Challenge::new(REALM).map(|base| base.with_scope(scope.parse().ok()));
        let Some(challenge) = base.ok().and_then(|base| rejection.challenge(&base)) else {
            return Self::unavailable();
        };
        let word = match challenge.error() {
            Some(BearerError::InvalidToken) => "invalid_token",
            Some(BearerError::InsufficientScope) => "insufficient_scope",
            Some(_) => "invalid_request",
            None => "unauthorized",
        };
        Self {
            challenge: HeaderValue::try_from(challenge.to_string()).ok(),
            ..Self::new(rejection.status(), word, description)
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = Problem {
            error: self.error.to_owned(),
            error_description: self.description,
        };
        let mut response = (self.status, Json(problem)).into_response();
        if let Some(challenge) = self.challenge {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(retry_after) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, retry_after.as_secs().into());
        }
        response
    }
}

/// Carries `work` to its end, even if `peer` hangs up: else a device could have its attempt
/// counted twice or looked up in vain, or a code be issued that nobody mails.
pub(super) async fn to_the_end<T: Send + 'static>(
    peer: &Peer,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Refused> {
    // The server that ends waits for all places.
    let place = peer.place();
    let work = async move {
        let done = work.await;
        drop(place);
        done
    };
    // The span of the request goes along.
    let done = tokio::spawn(work.in_current_span()).await;
    done.map_err(|error| Refused::failed(&error))
}

/// The message in the body of a request.
pub(super) struct Message<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Message<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        if is_announced_too_large(&request) {
            return Err(Refused::too_large());
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refused::too_large(),
            _ => Refused::bad_request("the body could not be read to its end"),
        })?;
        let message = parse(&body).map_err(|error| Refused::bad_request(error.to_string()));
        message.map(Self)
    }
}

/// Whether the body of `request` is announced to be longer than any message. It need not be read then: whoever
/// waits for a 100 before the body (RFC 9110 section 10.1.1) is spared sending it.
pub(super) fn is_announced_too_large(request: &Request) -> bool {
    request.body().size_hint().lower() > MAX_BODY_BYTES as u64
}

/// What an error says, and why, in one line.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

const REALM: &str = "offhook";
