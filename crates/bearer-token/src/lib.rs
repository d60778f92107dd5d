#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod base64url;
mod challenge;
mod claims;
mod credentials;
mod error;
mod fetch;
mod flight;
mod header;
#[cfg(feature = "fetch")]
mod https;
mod issuer;
mod json;
mod jwt;
mod key;
mod key_set;
mod payload;
mod policy;
mod refresh;
mod refreshed;
mod remote;
mod roca;
mod scope;
mod subject;
mod token;

/// Choices that weaken a check, kept apart so that they stand out where they are made.
pub mod danger {
    pub use crate::jwt::payload;
    pub use crate::key_set::key_set_with_shared_secrets;
    pub use crate::policy::{any_audience, any_issuer, any_typ};
}

pub use challenge::{BearerError, Challenge};
pub use claims::VerifiedToken;
pub use credentials::{credentials, credentials_value};
pub use error::{
    ChallengeError, CredentialsError, FetchError, InsufficientScope, IssuerError, KeepFreshError,
    KeySetError, KeysError, ParseScopeError, ParseSubjectError, ParseTokenError, RefreshError,
    RefreshRefusal, TokenRefusal, VerifyError,
};
pub use fetch::{Fetch, MAX_RESPONSE_BYTES};
#[cfg(feature = "fetch")]
pub use https::{DEFAULT_TIMEOUT, HttpsFetch};
pub use issuer::{MachineClaims, MachineTokenIssuer, SigningKey};
pub use jwt::{MAX_HEADER_BYTES, MAX_TOKEN_BYTES, verify, verify_in};
pub use key::Algorithm;
pub use key_set::{KeySet, MAX_KEYS};
pub use payload::{ClaimsBuffer, VerifiedClaims};
pub use policy::{DEFAULT_LEEWAY, DEFAULT_MAX_LIFETIME, TokenPolicy};
pub use refresh::{
    ClientSecret, REFRESH_EVERY, REFRESH_TOKEN_LIFETIME, RefreshRequest, TokenResponse,
};
pub use refreshed::{REFRESH_RETRY, RefreshedToken};
pub use remote::{FETCH_COOLDOWN, KEY_SET_MAX_AGE, RemoteKeys};
pub use scope::Scope;
pub use subject::Subject;
pub use token::{AccessToken, RefreshToken};
