//! What can go wrong when a server is asked about a token.

use std::sync::Arc;

use http::StatusCode;
use thiserror::Error;

use crate::{Claim, FetchError, KeepFreshError};

/// A server could not be asked about a token, or its answer cannot be used. Asking again may help;
/// until then the token is good for nothing.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum LookupError {
    /// Too many tokens are being asked about already; nothing was sent.
    #[error("too many lookups at once")]
    Busy,
    /// Our own access token for the server is not to be had.
    #[error("no access token for the server")]
    Client(#[source] KeepFreshError),
    /// The exchange failed, for all who waited for it.
    #[error("server not reached")]
    Fetch(#[source] Arc<FetchError>),
    /// The address is not `https`; nothing was sent.
    #[error("not an https address")]
    NotHttps,
    /// The answer is not what the format says.
    #[error("answer cannot be used")]
    Response(#[source] TokenInfoError),
    /// The server answered another status than those of the format; 401 means that it does not
    /// know us.
    #[error("server answered {0}")]
    Status(StatusCode),
}

/// The answer about a token cannot be used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TokenInfoError {
    /// A member of a JSON object is given twice.
    #[error("member given twice")]
    DuplicateMember,
    /// Not a JSON object, or one of more than 64 members.
    #[error("malformed answer")]
    Malformed,
    /// A member is of a wrong type, or the one that says whether the token is good is missing.
    #[error("bad member for the {0}")]
    Member(Claim),
    /// JSON nested deeper than sixteen levels.
    #[error("nested too deep")]
    TooDeep,
    /// More than 65,536 bytes.
    #[error("answer of {found} bytes")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
}

/// The health of a token-info server could not be found out, or is not good.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PingError {
    /// The exchange failed.
    #[error("server not reached")]
    Fetch(#[source] Arc<FetchError>),
    /// The token-info address does not end in `idp/authenticate`, so it has no ping address.
    #[error("address without idp/authenticate at its end")]
    NoPing,
    /// The server answered another status than 200 to 299.
    #[error("server answered {0}")]
    Status(StatusCode),
}
