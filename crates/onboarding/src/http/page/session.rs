//! Who the operator is.

use std::time::SystemTime;

use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Form, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::Peer;
use super::super::caller::act;
use super::super::management::{ADMIN_SCOPE, ManagementApi};
use super::{Failed, HOME, view};
use crate::Act;
use crate::message::SecretText;

/// An operator, by the token in the cookie, whose browser sends the request from this page.
#[derive(Debug)]
pub(super) struct Operator {
    /// Who it is, and when the request came.
    pub(super) act: Act,
    /// Whose browser is at the other end.
    pub(super) peer: Peer,
}

/// Somebody who must sign in.
#[derive(Debug)]
pub(super) struct Unknown {
    status: StatusCode,
    why: &'static str,
}

/// The form to sign in.
#[derive(Debug, Deserialize)]
pub(super) struct SignIn {
    token: SecretText,
}

impl FromRequestParts<ManagementApi> for Operator {
    type Rejection = Failed;

    async fn from_request_parts(
        parts: &mut Parts,
        api: &ManagementApi,
    ) -> Result<Self, Self::Rejection> {
        if parts.method != Method::GET && !is_from_here(&parts.headers) {
            return Err(Failed::Unknown(ELSEWHERE));
        }
        let Ok(ConnectInfo(peer)) = ConnectInfo::<Peer>::from_request_parts(parts, api).await
        else {
            return Err(Failed::Unknown(NOBODY));
        };
        let now = api.clock.now();
        let token = cookie(&parts.headers).ok_or(Failed::Unknown(NOBODY))?;
        let admitted = admit(api, &peer, token, now).await;
        let act = admitted.map_err(Failed::Unknown)?;
        Ok(Self { act, peer })
    }
}

/// Whoever looks for the form to sign in.
pub(super) async fn no_session() -> Redirect {
    Redirect::to(HOME)
}

/// Keeps the token of the form in a cookie, if it is an administrator's.
pub(super) async fn begin(
    State(api): State<ManagementApi>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    form: Result<Form<SignIn>, FormRejection>,
) -> Result<Response, Failed> {
    if !is_from_here(&headers) {
        return Err(Failed::Unknown(ELSEWHERE));
    }
    let Ok(Form(form)) = form else {
        return Err(Failed::Unknown(NOT_GOOD));
    };
    let token = form.token.secret().trim();
    let admitted = admit(&api, &peer, token, api.clock.now()).await;
    admitted.map_err(Failed::Unknown)?;
    let cookie = [(header::SET_COOKIE, format!("{COOKIE}={token}; {GUARDS}"))];
    Ok((cookie, Redirect::to(HOME)).into_response())
}

/// Forgets the token.
pub(super) async fn end(headers: HeaderMap) -> Result<Response, Failed> {
    if !is_from_here(&headers) {
        return Err(Failed::Unknown(ELSEWHERE));
    }
    let cookie = [(
        header::SET_COOKIE,
        format!("{COOKIE}=; {GUARDS}; Max-Age=0"),
    )];
    Ok((cookie, Redirect::to(HOME)).into_response())
}

async fn admit(
    api: &ManagementApi,
    peer: &Peer,
    token: &str,
    now: SystemTime,
) -> Result<Act, Unknown> {
    let token = token.parse().map_err(|_| NOT_GOOD)?;
    let admitted = api.admit(peer, &token, ADMIN_SCOPE, now).await;
    let admitted = admitted.and_then(|token| act(&token, ADMIN_SCOPE, now));
    admitted.map_err(|refused| match refused.into_parts() {
        (StatusCode::SERVICE_UNAVAILABLE, _) => UNAVAILABLE,
        _ => NOT_GOOD,
    })
}

/// The token in the cookie.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE);
    let pairs = values.iter().filter_map(|value| value.to_str().ok());
    let mut tokens = pairs.flat_map(|pairs| pairs.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    });
    // With two of them one is not ours.
    tokens.next().filter(|_| tokens.next().is_none())
}

/// Whether the browser sends a form of this page: by what it says itself, else by the origin.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.strip_prefix("https://") == Some(host),
        _ => false,
    }
}

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        (self.status, view::sign_in(self.why)).into_response()
    }
}

const NOBODY: Unknown = Unknown {
    status: StatusCode::UNAUTHORIZED,
    why: "",
};
const NOT_GOOD: Unknown = Unknown {
    status: StatusCode::UNAUTHORIZED,
    why: "This token does not let anybody in here.",
};
const ELSEWHERE: Unknown = Unknown {
    status: StatusCode::FORBIDDEN,
    why: "The request did not come from this page.",
};
const UNAVAILABLE: Unknown = Unknown {
    status: StatusCode::SERVICE_UNAVAILABLE,
    why: "Whether the token is good could not be found out. Try again.",
};
/// Browsers take this prefix only with `Secure`, without `Domain` and with the path `/`.
const COOKIE: &str = "__Host-offhook";
const GUARDS: &str = "Secure; HttpOnly; SameSite=Strict; Path=/";

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        for (good, pairs) in [
            (true, &[("sec-fetch-site", "same-origin")][..]),
            (false, &[("sec-fetch-site", "same-site")]),
            (false, &[("sec-fetch-site", "cross-site")]),
            (false, &[("sec-fetch-site", "none")]),
            (
                true,
                &[
                    ("origin", "https://dms.test:8443"),
                    ("host", "dms.test:8443"),
                ],
            ),
            (
                false,
                &[("origin", "http://dms.test"), ("host", "dms.test")],
            ),
            (
                false,
                &[("origin", "https://evil.test"), ("host", "dms.test")],
            ),
            (false, &[("origin", "null"), ("host", "dms.test")]),
            (false, &[("host", "dms.test")]),
            (false, &[]),
        ] {
            assert_eq!(is_from_here(&headers(pairs)), good, "{pairs:?}");
        }
    }

    #[test]
    fn the_token_is_that_of_the_one_cookie_of_ours() {
        for (token, pairs) in [
            (
                Some("a.b"),
                &[("cookie", "x=1; __Host-offhook=a.b; y=2")][..],
            ),
            (None, &[("cookie", "__Host-offhook=a; __Host-offhook=b")]),
            (None, &[("cookie", "offhook=a")]),
            (None, &[]),
        ] {
            assert_eq!(cookie(&headers(pairs)), token, "{pairs:?}");
        }
    }
}
