//! How a client shows an authorization server who it is.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use zeroize::Zeroizing;

use super::RefreshedToken;
use crate::{AccessToken, KeepFreshError};

/// The secret with which a client shows who it is; redacted and overwritten like a token.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// A secret of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret([redacted])")
    }
}

/// How a client shows an authorization server who it is, when it asks about a token or gives one
/// back.
///
/// # Source
///
/// [RFC 7662 section 2.1](https://www.rfc-editor.org/rfc/rfc7662#section-2.1) and
/// [RFC 7009 section 2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1).
#[derive(Clone, Debug)]
pub struct ClientAuthentication(Means);

#[derive(Clone, Debug)]
enum Means {
    Header(HeaderValue),
    KeptFresh(Arc<RefreshedToken>),
    None,
}

impl ClientAuthentication {
    /// By id and secret, in HTTP Basic.
    ///
    /// # Source
    ///
    /// [RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1): both are
    /// form-encoded before they are put together.
    #[must_use]
    pub fn basic(client_id: &str, secret: &ClientSecret) -> Self {
        Self(Means::Header(basic(client_id, secret)))
    }

    /// By an access token of its own.
    #[must_use]
    pub fn bearer(token: &AccessToken) -> Self {
        Self(Means::Header(token.to_authorization()))
    }

    /// By an access token of its own that is kept fresh.
    #[must_use]
    pub fn refreshed(token: Arc<RefreshedToken>) -> Self {
        Self(Means::KeptFresh(token))
    }

    /// Not at all: the server knows the client by the network or by its certificate.
    #[must_use]
    pub fn none() -> Self {
        Self(Means::None)
    }

    /// The value of `Authorization` to send, and the token in it that can be given up.
    pub(super) async fn header(&self, now: SystemTime) -> Result<Shown, KeepFreshError> {
        Ok(match &self.0 {
            Means::Header(header) => Shown {
                header: Some(header.clone()),
                token: None,
            },
            Means::KeptFresh(refreshed) => {
                let token = refreshed.get(now).await?;
                Shown {
                    header: Some(token.to_authorization()),
                    token: Some(token),
                }
            }
            Means::None => Shown::default(),
        })
    }

    /// The server would not take what was shown: a token that can be had anew is given up.
    pub(super) fn was_refused(&self, shown: &Shown, now: SystemTime) {
        if let (Means::KeptFresh(refreshed), Some(token)) = (&self.0, &shown.token) {
            refreshed.give_up(token, now);
        }
    }
}

/// What a client has shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) header: Option<HeaderValue>,
    token: Option<AccessToken>,
}

/// `Basic` with a client's id and secret, marked as sensitive.
pub(super) fn basic(client_id: &str, secret: &ClientSecret) -> HeaderValue {
    let pair = Zeroizing::new(format!("{}:{}", *encode(client_id), *encode(&secret.0)));
    let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    // Base64 is ASCII, so the value is always good.
    let mut header =
        HeaderValue::from_str(&basic).unwrap_or(const { HeaderValue::from_static("Basic") });
    header.set_sensitive(true);
    header
}

/// A form posted to `endpoint`; JSON is asked for.
pub(super) fn form<'p>(
    endpoint: &Uri,
    authorization: Option<HeaderValue>,
    pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
) -> Request<Vec<u8>> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    let mut request = Request::new(form.finish().into_bytes());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = endpoint.clone();
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    request
}

fn encode(text: &str) -> Zeroizing<String> {
    Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect())
}
