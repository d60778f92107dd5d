#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod binding;
mod claimant;
mod code;
mod digest;
mod digit;
mod entropy;
mod error;
mod hex;
mod id;
mod memory;
mod policy;
#[cfg(feature = "qr")]
mod qr;
mod record;
mod request;
mod store;
mod table;
mod timestamp;

pub use binding::Binding;
pub use claimant::{Claimant, ClaimantKey, RedemptionKey};
pub use code::ActivationCode;
pub use digest::{CodeDigest, CodeDigests, Pepper, PepperId, Peppers};
pub use entropy::{Entropy, SystemEntropy};
#[cfg(feature = "qr")]
pub use error::QrError;
pub use error::{
    EntropyError, IssueError, IssueRefusal, ParseBindingError, ParseClaimantKeyError,
    ParseCodeError, ParseIdError, ParseRedemptionKeyError, PepperError, PolicyError, RedeemError,
    Refusal, ReissueError, ReissueRefusal, RevokeError, RevokeRefusal, StoreError,
};
pub use id::{AccountId, CodeId, GrantId, ProfileId, TenantId};
pub use memory::MemoryStore;
pub use policy::CodePolicy;
#[cfg(feature = "qr")]
pub use qr::QrPicture;
pub use record::{Grant, OutstandingCode};
pub use request::{NewCode, Page, Redemption, Replacement};
pub use store::CodeStore;
pub use table::CodeTable;
pub use timestamp::Timestamp;
