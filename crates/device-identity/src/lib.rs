#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod candidate;
mod certificate;
mod chain;
pub mod danger;
mod der;
mod error;
mod header;
mod identity;
mod label;
mod limits;
mod network;
#[cfg(feature = "parsed")]
mod parsed;
mod pattern;
pub mod requirement;
mod rule;
mod scan;
mod validity;
#[cfg(feature = "rustls")]
mod verifier;

pub use candidate::{Candidate, Candidates};
pub use certificate::{candidates, candidates_by};
pub use chain::{
    ChainVerifier, ChainVerifierBuilder, Revocation, RevocationDepth, StaleList, UnknownStatus,
    VerifiedCertificate,
};
pub use error::{
    AnchorError, CertificateError, ChainError, HeaderError, HeaderNameError, IdentifyError,
    IdentityError, IdentitySourceError, ParseNetworkError, PatternError, RevocationListError,
    Unsupported,
};
pub use header::{AlbMode, CarriedCertificates, CertificateHeader, HeaderSource, XfccElement};
pub use identity::{DeviceIdentity, IdentitySource, Source};
pub use limits::Limits;
pub use network::{IpNetwork, ListedProxy, TrustedProxies};
#[cfg(feature = "parsed")]
pub use parsed::candidates_of;
pub use pattern::IdentityPattern;
pub use rule::{Attribute, Rule, Rules};
pub use validity::Validity;
#[cfg(feature = "rustls")]
pub use verifier::{ClientAuthentication, DeviceCertificateVerifier};
