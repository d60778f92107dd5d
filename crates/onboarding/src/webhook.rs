//! Messages to a URL of the operator's, which knows by a secret that they come from us.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use offhook_bearer_token::Fetch;
use ring::hmac;
use serde::Serialize;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::http::Clock;
use crate::message::SecretText;
use crate::{WebhookError, WebhookRefusal, WebhookSetupError};

/// A URL that takes messages, and how it knows who sent them.
///
/// Every message is a `POST` of JSON with the headers `webhook-id`, which is the same for a
/// repeated message, and `webhook-timestamp`, the time in seconds since the start of 1970. A status
/// of 200 to 299 takes the message; redirects are not followed.
///
/// # Source
///
/// The headers and the signature are those of Standard Webhooks, <https://www.standardwebhooks.com>,
/// version 1, with a symmetric key.
pub struct Webhook {
    url: Url,
    secret: WebhookSecret,
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
}

/// How a webhook knows who sent a message; redacted by `Debug`.
#[derive(Clone)]
pub struct WebhookSecret(Secret);

#[derive(Clone)]
enum Secret {
    Bearer(HeaderValue),
    Key(WebhookKey),
}

/// A key that signs messages: 24 to 64 bytes; redacted by `Debug`.
///
/// # Source
///
/// Standard Webhooks, "Signature scheme": HMAC-SHA-256 over id, timestamp and body.
#[derive(Clone)]
pub struct WebhookKey(hmac::Key);

impl Webhook {
    /// The webhook at `url`, reached through `fetch`.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Url`] when `url` is not `https`, or has a user or a password.
    pub fn new(
        url: Url,
        secret: WebhookSecret,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WebhookSetupError> {
        Self::checked(url.scheme() == "https", url, secret, fetch, clock)
    }

    fn checked(
        is_good: bool,
        url: Url,
        secret: WebhookSecret,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WebhookSetupError> {
        if !is_good || !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookSetupError::Url);
        }
        Ok(Self {
            url,
            secret,
            fetch,
            clock,
        })
    }

    /// Danger: the webhook at `url` on this machine, `localhost` or a loopback address, over plain
    /// `http`, where other users of the machine may read along.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Url`] when `url` is not `http`, has a user or a password, or leads to
    /// another machine.
    pub fn danger_loopback(
        url: Url,
        secret: WebhookSecret,
        fetch: Arc<dyn Fetch>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WebhookSetupError> {
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let is_good = url.scheme() == "http" && is_loopback;
        Self::checked(is_good, url, secret, fetch, clock)
    }

    /// Sends `message` under the name `id`.
    pub(crate) async fn send(
        &self,
        id: &str,
        message: &(impl Serialize + Sync),
    ) -> Result<(), WebhookError> {
        let body = serde_json::to_vec(message).map_err(|_| WebhookError::Message)?;
        let request = self.request(id, body)?;
        let response = self.fetch.fetch(request).await;
        let status = response.map_err(WebhookError::Fetch)?.status();
        let passing = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        match status.as_u16() {
            _ if status.is_success() => Ok(()),
            status @ 500.. => Err(WebhookError::Unavailable { status }),
            number if passing.contains(&status) => {
                Err(WebhookError::Unavailable { status: number })
            }
            status => Err(WebhookError::Refused { status }),
        }
    }

    fn request(&self, id: &str, body: Vec<u8>) -> Result<Request<Vec<u8>>, WebhookError> {
        let since = self.clock.now().duration_since(UNIX_EPOCH);
        let timestamp = since.unwrap_or_default().as_secs();
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(ID, id)
            .header(TIMESTAMP, timestamp);
        match &self.secret.0 {
            Secret::Bearer(value) => request.header(header::AUTHORIZATION, value),
            Secret::Key(key) => request.header(SIGNATURE, key.sign(id, timestamp, &body)),
        }
        .body(body)
        .map_err(|_| WebhookError::Message)
    }
}

/// The path of a webhook is often what lets a sender in.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("url", &self.url.origin().ascii_serialization())
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}

impl WebhookSecret {
    /// `Authorization: Bearer` with this secret.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Bearer`] when it is empty or has other characters than visible ASCII.
    pub fn bearer(secret: &SecretText) -> Result<Self, WebhookSetupError> {
        let text = secret.secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(WebhookSetupError::Bearer);
        }
        let text = Zeroizing::new(format!("Bearer {text}"));
        let mut value = HeaderValue::from_str(&text).map_err(|_| WebhookSetupError::Bearer)?;
        value.set_sensitive(true);
        Ok(Self(Secret::Bearer(value)))
    }

    /// A signature by this key.
    #[must_use]
    pub const fn key(key: WebhookKey) -> Self {
        Self(Secret::Key(key))
    }
}

impl WebhookKey {
    /// The key of these bytes, 24 to 64 of them.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Key`] when there are fewer or more.
    pub fn new(bytes: &[u8]) -> Result<Self, WebhookSetupError> {
        if !(24..=64).contains(&bytes.len()) {
            return Err(WebhookSetupError::Key);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// The key in the form in which it is handed on: Base64, with `whsec_` before it or not.
    ///
    /// # Errors
    ///
    /// [`WebhookSetupError::Key`] when it is not Base64, or of fewer or more bytes than
    /// [`new`](Self::new) takes.
    pub fn from_text(text: &SecretText) -> Result<Self, WebhookSetupError> {
        let text = text.secret();
        let bytes = STANDARD
            .decode(text.strip_prefix("whsec_").unwrap_or(text))
            .map_err(|_| WebhookSetupError::Key)?;
        Self::new(&Zeroizing::new(bytes))
    }

    /// For receivers: whether a message with these headers and this body was signed with the key,
    /// at most five minutes from `now`. One good signature of several is enough, so that keys can
    /// be changed; the first eight are looked at. A message may still be a repeated one: compare its `webhook-id`.
    ///
    /// # Errors
    ///
    /// [`WebhookRefusal`] when it was not.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: std::time::SystemTime,
    ) -> Result<(), WebhookRefusal> {
        let id = only(headers, ID)?;
        let timestamp = only(headers, TIMESTAMP)?;
        let timestamp: u64 = timestamp.parse().map_err(|_| WebhookRefusal::Header)?;
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        if since.as_secs().abs_diff(timestamp) > MAX_AGE.as_secs() {
            return Err(WebhookRefusal::Time);
        }
        let signed = signed(id, timestamp, body);
        let genuine = |signature: &str| {
            signature
                .strip_prefix("v1,")
                .and_then(|text| STANDARD.decode(text).ok())
                .is_some_and(|tag| hmac::verify(&self.0, &signed, &tag).is_ok())
        };
        let signatures = only(headers, SIGNATURE)?.split(' ');
        if signatures.take(MAX_SIGNATURES).any(genuine) {
            Ok(())
        } else {
            Err(WebhookRefusal::Signature)
        }
    }

    fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &signed(id, timestamp, body));
        format!("v1,{}", STANDARD.encode(tag.as_ref()))
    }
}

/// The bytes that the signature is over.
fn signed(id: &str, timestamp: u64, body: &[u8]) -> Zeroizing<Vec<u8>> {
    let head = format!("{id}.{timestamp}.");
    // Exact, for a buffer that grows leaves copies of the code behind.
    let mut signed = Zeroizing::new(Vec::with_capacity(head.len() + body.len()));
    signed.extend_from_slice(head.as_bytes());
    signed.extend_from_slice(body);
    signed
}

/// The value of a header that stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, WebhookRefusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| WebhookRefusal::Header),
        _ => Err(WebhookRefusal::Header),
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([redacted])")
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey([redacted])")
    }
}

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
/// Five minutes either way, as the libraries of Standard Webhooks allow.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);
/// How many signatures of a message are looked at.
const MAX_SIGNATURES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)] {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    /// The example of the public libraries of Standard Webhooks.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
        let key = WebhookKey::from_text(&text.into()).unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let body = br#"{"test": 2432232314}"#;
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(key.sign(id, 1_614_265_330, body), signature);

        let now = UNIX_EPOCH + Duration::from_secs(1_614_265_330);
        let good = headers(id, "1614265330", signature);
        let rotated = headers(id, "1614265330", &format!("v1,AAAA v2,x {signature}"));
        assert_eq!(key.verify(&good, body, now), Ok(()));
        assert_eq!(key.verify(&rotated, body, now), Ok(()));
        assert_eq!(key.verify(&good, body, now + MAX_AGE), Ok(()));
        let late = now + MAX_AGE + Duration::from_secs(1);
        let early = now - MAX_AGE - Duration::from_secs(1);
        for other in [late, early] {
            assert_eq!(key.verify(&good, body, other), Err(WebhookRefusal::Time));
        }
        for (headers, body) in [
            (&good, &b"{}"[..]),
            (&headers("other", "1614265330", signature), body),
            (&headers(id, "1614265331", signature), body),
            (&headers(id, "1614265330", "v1,AAAA"), body),
        ] {
            let refused = Err(WebhookRefusal::Signature);
            assert_eq!(key.verify(headers, body, now), refused);
        }
        let mut doubled = good.clone();
        doubled.append(SIGNATURE, signature.parse().unwrap());
        for headers in [doubled, headers(id, "now", signature), HeaderMap::new()] {
            assert_eq!(key.verify(&headers, body, now), Err(WebhookRefusal::Header));
        }
    }

    #[test]
    fn a_key_is_long_enough_and_a_secret_fits_a_header() {
        for text in [
            "",
            "whsec_",
            "whsec_AAAA",
            "not Base64 by any means at all, is it",
        ] {
            let key = WebhookKey::from_text(&text.to_owned().into());
            assert_eq!(key.err(), Some(WebhookSetupError::Key), "{text}");
        }
        for text in ["", "a b", "a\r\nb", "ä"] {
            let secret = WebhookSecret::bearer(&text.to_owned().into());
            assert_eq!(secret.err(), Some(WebhookSetupError::Bearer), "{text}");
        }
    }
}
