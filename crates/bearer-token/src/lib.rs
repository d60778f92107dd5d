#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod base64url;
mod bounded;
mod cache;
mod challenge;
mod claims;
mod client;
mod credentials;
mod digest;
mod error;
mod fetch;
mod flight;
mod header;
#[cfg(feature = "fetch")]
mod https;
mod introspection;
mod issuer;
mod json;
mod jwt;
mod key;
mod key_set;
#[cfg(feature = "tower")]
mod layer;
mod opaque;
mod partner;
mod payload;
mod policy;
mod refresh;
mod refreshed;
mod rejection;
mod remote;
mod revocation;
mod revoked;
mod roca;
mod scope;
mod subject;
mod token;
mod verifier;

/// Choices that weaken a check, kept apart so that they stand out where they are made.
pub mod danger {
    pub use crate::jwt::payload;
    pub use crate::key_set::key_set_with_shared_secrets;
    pub use crate::policy::{any_audience, any_issuer, any_typ};
}

pub use access::{Access, AccessControl, AccessRefusal};
pub use cache::{TokenCache, VERIFIED_CAPACITY, VERIFIED_MAX_AGE};
pub use challenge::{BearerError, Challenge};
pub use claims::VerifiedToken;
pub use client::{ClientAuthentication, ClientSecret};
pub use credentials::{credentials, credentials_value};
pub use digest::{CertificateThumbprint, TokenDigest};
pub use error::{
    ChallengeError, CredentialsError, FetchError, InsufficientScope, IssueOpaqueError, IssuerError,
    KeepFreshError, KeySetError, KeysError, LookupError, ParseReleaseError, ParseScopeError,
    ParseSubjectError, ParseTokenError, PartnerError, PingError, RefreshError, RefreshRefusal,
    RevocationError, RevocationListFull, RevocationRefusal, TokenInfoError, TokenRefusal,
    TokenStoreError, VerifyError,
};
pub use fetch::{Fetch, MAX_RESPONSE_BYTES};
#[cfg(feature = "fetch")]
pub use https::{DEFAULT_TIMEOUT, HttpsFetch};
pub use introspection::{
    Claim, INACTIVE_CAPACITY, INACTIVE_MAX_AGE, INTROSPECTION_CAPACITY, INTROSPECTION_MAX_AGE,
    Introspector, MAX_LOOKUPS, TokenInfoFormat, TokenInfoRequest,
};
pub use issuer::{MachineClaims, MachineTokenIssuer, SigningKey};
pub use jwt::{MAX_HEADER_BYTES, MAX_TOKEN_BYTES, verify, verify_in};
pub use key::Algorithm;
pub use key_set::{KeySet, MAX_KEYS};
#[cfg(feature = "tower")]
pub use layer::{Bearer, BearerLayer};
pub use opaque::{
    Inserted, MEMORY_STORE_CAPACITY, MemoryTokenStore, OpaqueRecord, OpaqueTokenStore, OpaqueTokens,
};
pub use partner::{PartnerSettings, RefreshTokenPlace, Release};
pub use payload::{ClaimsBuffer, VerifiedClaims};
pub use policy::{DEFAULT_LEEWAY, DEFAULT_MAX_LIFETIME, TokenPolicy};
pub use refresh::{REFRESH_EVERY, REFRESH_TOKEN_LIFETIME, RefreshRequest, TokenResponse};
pub use refreshed::{REFRESH_RETRY, REFRESH_TOKEN_WARNING, RefreshTokenLife, RefreshedToken};
pub use rejection::{Rejection, SipRole};
pub use remote::{FETCH_COOLDOWN, KEY_SET_MAX_AGE, KEY_SET_REFRESH_AFTER, RemoteKeys};
pub use revocation::{RevocationRequest, read_revocation};
pub use revoked::{REVOCATION_CAPACITY, RevocationCheck, RevocationList};
pub use scope::Scope;
pub use subject::{DeviceOwnership, Subject, SubjectDirectory, SubjectKind};
pub use token::{AccessToken, RefreshToken};
pub use verifier::TokenVerifier;
