//! What can go wrong when a token is taken back.

use http::StatusCode;
use thiserror::Error;

/// A revocation did not succeed.
#[derive(Clone, Copy, Debug, Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The endpoint is not an `https` address; nothing was sent.
    #[error("revocation endpoint is not an https address")]
    NotHttps,
    /// The server refused for a reason of its own; asking again will not help.
    #[error("revocation refused")]
    Refused(#[source] RevocationRefusal),
    /// The server could not answer, as with 503; the token must be taken to be still good, and
    /// asking again may help.
    #[error("revocation endpoint answered {0}")]
    Status(StatusCode),
    /// The body is longer than 65,536 bytes.
    #[error("revocation response too long")]
    TooLong,
}

/// The reasons a revocation endpoint may give.
///
/// # Source
///
/// [RFC 7009 section 2.2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1) and
/// [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum RevocationRefusal {
    /// `invalid_client`: the client's own id or secret is wrong.
    #[error("client not known")]
    InvalidClient,
    /// `invalid_request`.
    #[error("request malformed")]
    InvalidRequest,
    /// `unauthorized_client`: the token is another client's.
    #[error("client may not revoke the token")]
    UnauthorizedClient,
    /// A reason that the RFCs do not list.
    #[error("reason not known")]
    Unlisted,
    /// `unsupported_token_type`: the server does not revoke tokens of this kind.
    #[error("server does not revoke tokens of this kind")]
    UnsupportedTokenType,
}

/// A list of revoked tokens is full of entries that are still needed; nothing was added to it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("list of revoked tokens is full")]
#[non_exhaustive]
pub struct RevocationListFull;
