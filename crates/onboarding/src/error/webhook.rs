//! What can go wrong with webhooks; no text of a server, which may repeat a code.

use offhook_bearer_token::FetchError;
use thiserror::Error;

/// A webhook did not take a message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// No answer was had; the message may have arrived.
    #[error("no answer of the webhook")]
    Fetch(#[source] FetchError),
    /// The message could not be made.
    #[error("message for the webhook not made")]
    Message,
    /// The webhook refused; the same message again will be refused too.
    #[error("the webhook refused with status {status}")]
    Refused {
        /// Its status.
        status: u16,
    },
    /// The webhook could not take the message now; asking again may help.
    #[error("the webhook answered with status {status}")]
    Unavailable {
        /// Its status: 408, 425, 429 or one from 500 on.
        status: u16,
    },
}

/// A webhook cannot work as it is set up.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum WebhookSetupError {
    /// The bearer secret has characters that no header carries.
    #[error("bearer secret not usable in a header")]
    Bearer,
    /// The key is shorter than 24 or longer than 64 bytes, or not Base64.
    #[error("the key of a webhook is 24 to 64 bytes")]
    Key,
    /// The URL is neither `https`, nor `http` to this machine where that is allowed.
    #[error("a webhook is at an https URL")]
    Url,
}

/// A message does not come from who has the key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum WebhookRefusal {
    /// A header is missing, doubled or not well formed.
    #[error("malformed webhook header")]
    Header,
    /// No signature of this key.
    #[error("webhook signature not genuine")]
    Signature,
    /// Signed more than five minutes ago, or in the future.
    #[error("webhook signed at another time")]
    Time,
}
