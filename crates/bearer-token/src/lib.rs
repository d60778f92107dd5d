#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod base64url;
#[cfg(feature = "async")]
mod bounded;
#[cfg(feature = "async")]
mod cache;
mod challenge;
mod claim;
mod claims;
#[cfg(feature = "client")]
mod client;
mod credentials;
mod curve;
mod digest;
mod error;
mod header;
mod issuer;
mod json;
mod jwt;
mod key;
mod key_set;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "async")]
mod opaque;
mod partner;
mod payload;
mod policy;
mod rejection;
mod revoked;
mod roca;
mod scope;
mod subject;
mod token;
#[cfg(feature = "async")]
mod verifier;

/// Choices that weaken a check, kept apart so that they stand out where they are made.
pub mod danger {
    pub use crate::jwt::payload;
    pub use crate::key_set::key_set_with_shared_secrets;
    pub use crate::policy::{any_audience, any_issuer, any_typ};
}

pub use access::{Access, AccessControl, AccessRefusal};
#[cfg(feature = "async")]
pub use cache::{TokenCache, VERIFIED_CAPACITY, VERIFIED_MAX_AGE};
pub use challenge::{BearerError, Challenge};
pub use claim::Claim;
pub use claims::VerifiedToken;
#[cfg(feature = "client")]
pub use client::{
    ClientAuthentication, ClientSecret, FETCH_COOLDOWN, Fetch, INACTIVE_CAPACITY, INACTIVE_MAX_AGE,
    INTROSPECTION_CAPACITY, INTROSPECTION_MAX_AGE, Introspector, KEY_SET_MAX_AGE,
    KEY_SET_REFRESH_AFTER, MAX_LOOKUPS, MAX_RESPONSE_BYTES, REFRESH_EVERY, REFRESH_RETRY,
    REFRESH_RETRY_REFUSED, REFRESH_RETRY_WITHOUT_TOKEN, REFRESH_TOKEN_LIFETIME,
    REFRESH_TOKEN_WARNING, RefreshRequest, RefreshTokenLife, RefreshedToken, RemoteKeys,
    RevocationRequest, TokenInfoFormat, TokenInfoRequest, TokenResponse, read_revocation,
};
#[cfg(feature = "fetch")]
pub use client::{DEFAULT_TIMEOUT, HttpsFetch};
pub use credentials::{credentials, credentials_value};
pub use digest::{CertificateThumbprint, TokenDigest};
pub use error::{
    ChallengeError, CredentialsError, FetchError, InsufficientScope, IssueOpaqueError, IssuerError,
    KeepFreshError, KeySetError, KeysError, LookupError, ParseReleaseError, ParseScopeError,
    ParseSubjectError, ParseTokenError, PartnerError, PingError, RefreshError, RefreshRefusal,
    RevocationError, RevocationListFull, RevocationRefusal, TokenInfoError, TokenRefusal,
    TokenStoreError, VerifyError,
};
pub use issuer::{MachineClaims, MachineTokenIssuer, SigningKey};
pub use jwt::{MAX_HEADER_BYTES, MAX_TOKEN_BYTES, verify, verify_in};
pub use key::Algorithm;
pub use key_set::{KeySet, MAX_KEY_SET_BYTES, MAX_KEYS};
#[cfg(feature = "tower")]
pub use layer::{Bearer, BearerLayer};
#[cfg(feature = "async")]
pub use opaque::{
    Inserted, MEMORY_STORE_CAPACITY, MemoryTokenStore, OpaqueRecord, OpaqueTokenStore, OpaqueTokens,
};
pub use partner::{PartnerSettings, RefreshTokenPlace, Release};
pub use payload::{ClaimsBuffer, VerifiedClaims};
pub use policy::{DEFAULT_LEEWAY, DEFAULT_MAX_LIFETIME, TokenPolicy};
pub use rejection::{Rejection, SipRole};
pub use revoked::{REVOCATION_CAPACITY, RevocationList};
pub use scope::Scope;
pub use subject::{DeviceOwnership, Subject, SubjectDirectory, SubjectKind};
pub use token::{AccessToken, RefreshToken};
#[cfg(feature = "async")]
pub use verifier::{RevocationCheck, TokenVerifier};
