//! What can go wrong, apart by who has to act. No variant carries text of a token.

use std::error::Error as StdError;
use std::sync::Arc;

use http::StatusCode;
use thiserror::Error;

use crate::{BearerError, Scope};

mod lookup;
mod partner;
mod revocation;
mod store;

pub use lookup::{LookupError, PingError, TokenInfoError};
pub use partner::{ParseReleaseError, PartnerError};
pub use revocation::{RevocationError, RevocationListFull, RevocationRefusal};
pub use store::{IssueOpaqueError, TokenStoreError};

/// A text is not a token.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseTokenError {
    /// A character that no token has.
    #[error("byte {at} cannot stand in a token")]
    BadCharacter {
        /// Where, in bytes from 0.
        at: usize,
    },
    /// Nothing at all.
    #[error("empty token")]
    Empty,
    /// More than 8,192 bytes.
    #[error("token of {found} bytes")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
}

/// A text is not a scope.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseScopeError {
    /// A character that no scope has.
    #[error("byte {at} cannot stand in a scope")]
    BadCharacter {
        /// Where, in bytes from 0, in the scope.
        at: usize,
    },
    /// Nothing at all, or two spaces in a list.
    #[error("empty scope")]
    Empty,
    /// More than 256 bytes.
    #[error("scope of {found} bytes")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
}

/// A text is not a hyphenated UUID other than nil.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("subject is not a UUID")]
#[non_exhaustive]
pub struct ParseSubjectError;

/// A request brings no bearer token that can be read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CredentialsError {
    /// `Bearer`, but no well-formed token after it: answer 400.
    #[error("malformed bearer credentials")]
    Malformed,
    /// No `Authorization` header: answer 401 with a challenge that names no error.
    #[error("no credentials")]
    Missing,
    /// Another scheme than `Bearer`: answer 401 with a challenge that names no error.
    #[error("credentials of another scheme")]
    OtherScheme,
    /// More than one `Authorization` header: answer 400.
    #[error("several authorization headers")]
    Several,
}

impl CredentialsError {
    /// The error a challenge names for it; none when no bearer token was sent.
    ///
    /// # Source
    ///
    /// [RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1).
    #[must_use]
    pub fn bearer_error(self) -> Option<BearerError> {
        match self {
            Self::Malformed | Self::Several => Some(BearerError::InvalidRequest),
            Self::Missing | Self::OtherScheme => None,
        }
    }

    /// The status to answer: 400 or 401.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.bearer_error()
            .map_or(StatusCode::UNAUTHORIZED, BearerError::status)
    }
}

/// A challenge cannot be read or built.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ChallengeError {
    /// The value of a parameter has a character that it may not have.
    #[error("bad value of the parameter {parameter}")]
    BadValue {
        /// The parameter's name.
        parameter: &'static str,
    },
    /// The same parameter twice.
    #[error("parameter given twice at byte {at}")]
    Duplicate {
        /// Where the second one begins, in bytes from 0.
        at: usize,
    },
    /// Not a parameter where one should be.
    #[error("malformed challenge at byte {at}")]
    Malformed {
        /// Where, in bytes from 0.
        at: usize,
    },
    /// A challenge of another scheme than `Bearer`.
    #[error("challenge of another scheme")]
    OtherScheme,
    /// More than 4,096 bytes.
    #[error("challenge of {found} bytes")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
}

/// A key set cannot be used. A bad key inside it is skipped and is no error.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum KeySetError {
    /// Not a JSON object with one array `keys`.
    #[error("malformed key set")]
    Malformed,
    /// More than 65,536 bytes.
    #[error("key set of more than 65536 bytes")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
    /// More than 100 keys.
    #[error("key set of {found} keys, more than 100")]
    TooManyKeys {
        /// How many keys there were.
        found: usize,
    },
}

/// Why a token is not good. Asking again with the same token will not help.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum TokenRefusal {
    /// `alg` is `none`, unknown, or not the key's own algorithm.
    #[error("algorithm is not the key's")]
    Algorithm,
    /// `aud` is missing, of a wrong type, or does not name us.
    #[error("token is for another audience")]
    Audience,
    /// The claims are not a JSON object, or one of them is of a wrong type.
    #[error("malformed claims")]
    Claims,
    /// `cnf` is there and is no SHA-256 thumbprint of a certificate.
    #[error("malformed confirmation")]
    Confirmation,
    /// The header has `crit`: we know no extension.
    #[error("critical header extension")]
    CriticalExtension,
    /// A member of a JSON object is given twice.
    #[error("member given twice")]
    DuplicateMember,
    /// The header brings or points to a key (`jwk`, `jku`, `x5c`, `x5u`): keys come from the
    /// key set only.
    #[error("key in the token's own header")]
    EmbeddedKey,
    /// A part is not base64url in its canonical form.
    #[error("not canonical base64url")]
    Encoding,
    /// `exp` has passed, leeway included.
    #[error("expired")]
    Expired,
    /// The header is not a JSON object, or one of its members is of a wrong type.
    #[error("malformed header")]
    Header,
    /// The header is longer than 1,024 bytes.
    #[error("header too long")]
    HeaderTooLong,
    /// Whoever gave it out says that it is not good, or no longer.
    #[error("token is not active")]
    Inactive,
    /// `iat` lies in the future, leeway included.
    #[error("issued in the future")]
    IssuedInFuture,
    /// `iss` is missing, of a wrong type, or not the issuer we trust.
    #[error("token of another issuer")]
    Issuer,
    /// No `kid`, and not exactly one key of the set has its algorithm.
    #[error("token names no key")]
    KeyNotNamed,
    /// It lives longer than the policy allows, counted from `iat`.
    #[error("lifetime too long")]
    LifetimeTooLong,
    /// It is bound to a certificate, and the peer has shown another or none.
    #[error("token of another holder")]
    NotHolder,
    /// `nbf` has not come yet, leeway included.
    #[error("not valid yet")]
    NotYetValid,
    /// Not three parts with dots between them.
    #[error("not a compact signed token")]
    NotCompact,
    /// It, or all that its subject had, was revoked before its time.
    #[error("revoked")]
    Revoked,
    /// `scope` is there and is no list of scopes.
    #[error("malformed scope")]
    Scope,
    /// The signature is not the key's.
    #[error("bad signature")]
    Signature,
    /// `sub` is missing or no UUID.
    #[error("no subject, or one that is not a UUID")]
    Subject,
    /// `exp` or `iat` is missing, or a time is no number, negative, or after the year 9999.
    #[error("missing or bad time")]
    Time,
    /// JSON nested deeper than sixteen levels.
    #[error("nested too deep")]
    TooDeep,
    /// Longer than 8,192 bytes.
    #[error("token too long")]
    TooLong,
    /// `typ` is missing or not the policy's.
    #[error("token of another type")]
    Type,
    /// The header has `b64`: the unencoded payload is not supported.
    #[error("unencoded payload")]
    UnencodedPayload,
    /// The key set has no key of this `kid`; a newer set may have it.
    #[error("unknown key")]
    UnknownKey,
}

/// A token does not have a scope that is needed: answer 403.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("scope {missing} is needed")]
#[non_exhaustive]
pub struct InsufficientScope {
    /// The scope that is needed and not there.
    pub missing: Scope,
}

/// An HTTP exchange failed; asking again may help.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Neither `https` nor any other scheme that the client was told to speak.
    #[error("not an https address")]
    NotHttps,
    /// No answer within the client's time.
    #[error("no answer in time")]
    Timeout,
    /// The body is longer than 65,536 bytes; the rest was not read.
    #[error("response body too long")]
    TooLong,
    /// The connection could not be made or broke.
    #[error("http exchange failed")]
    Transport(#[source] Box<dyn StdError + Send + Sync>),
}

/// The current keys could not be had; asking again may help.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A fetch failed less than 30 seconds ago, and the next must wait.
    #[error("key set was not to be had a moment ago")]
    CoolingDown,
    /// The exchange failed, for all who waited for it.
    #[error("key set download failed")]
    Fetch(#[source] Arc<FetchError>),
    /// What came is no key set.
    #[error("key set cannot be used")]
    KeySet(#[source] KeySetError),
    /// The server answered another status than 200.
    #[error("key set server answered {0}")]
    Status(StatusCode),
}

/// A token was refused, or could not be judged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// We could not find out: answer 503.
    #[error("keys are not at hand")]
    Keys(#[source] KeysError),
    /// Whoever knows the token could not be asked: answer 503.
    #[error("token could not be looked up")]
    Lookup(#[source] LookupError),
    /// The token is not good: answer 401.
    #[error("token refused")]
    Refused(#[source] TokenRefusal),
    /// Our own store of tokens could not answer: answer 503.
    #[error("store of tokens failed")]
    Store(#[source] TokenStoreError),
}

/// A signing key cannot be used, or signing failed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum IssuerError {
    /// The token would be longer than 8,192 bytes.
    #[error("claims too long for a token")]
    ClaimsTooLong,
    /// The key is not PKCS#8 of the algorithm named.
    #[error("signing key cannot be read")]
    Key,
    /// The key's name is not 1 to 64 visible ASCII characters.
    #[error("bad key id")]
    KeyId,
    /// The system could not supply random bytes.
    #[error("signing failed")]
    Signing,
    /// The subject is the nil UUID, which stands for nobody.
    #[error("nil subject")]
    Subject,
    /// The issuing time or the expiry lies outside the years 1970 to 9999.
    #[error("time out of range")]
    Time,
}

/// A refresh did not give a token.
#[derive(Clone, Copy, Debug, Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The endpoint is not an `https` address; nothing was sent.
    #[error("token endpoint is not an https address")]
    NotHttps,
    /// The server refused for a reason of its own; asking again will not help.
    #[error("refresh refused")]
    Refused(#[source] RefreshRefusal),
    /// The body is not the JSON that the status promised.
    #[error("malformed token response")]
    Response,
    /// The server could not answer; asking again may help.
    #[error("token endpoint answered {0}")]
    Status(StatusCode),
    /// The body is longer than 65,536 bytes.
    #[error("token response too long")]
    TooLong,
}

/// No access token is to be had.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum KeepFreshError {
    /// The token endpoint could not be asked, for all who waited; asking again may help.
    #[error("token endpoint not reached")]
    Fetch(#[source] Arc<FetchError>),
    /// The token endpoint gave no token.
    #[error("token not refreshed")]
    Refresh(#[source] RefreshError),
}

/// The reasons a token endpoint may give.
///
/// # Source
///
/// [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum RefreshRefusal {
    /// `invalid_client`: the client's own id or secret is wrong.
    #[error("client not known")]
    InvalidClient,
    /// `invalid_grant`: the refresh token is expired, revoked or another client's.
    #[error("refresh token is no longer good")]
    InvalidGrant,
    /// `invalid_request`.
    #[error("request malformed")]
    InvalidRequest,
    /// `invalid_scope`: more was asked for than had been granted.
    #[error("scope not granted")]
    InvalidScope,
    /// `unauthorized_client`: this client may not refresh.
    #[error("client may not refresh")]
    UnauthorizedClient,
    /// A reason that the RFC does not list.
    #[error("reason not known")]
    Unlisted,
    /// `unsupported_grant_type`.
    #[error("server does not refresh")]
    UnsupportedGrantType,
}
