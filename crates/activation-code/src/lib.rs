#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod binding;
mod capf;
mod claimant;
mod code;
#[cfg(feature = "csv")]
mod csv;
mod damm;
mod digest;
mod digit;
mod entropy;
mod error;
mod guess;
mod hex;
mod id;
mod judge;
mod memory;
mod mode;
mod policy;
#[cfg(feature = "qr")]
mod qr;
mod record;
mod request;
mod seal;
mod store;
mod table;
mod timestamp;

pub use binding::Binding;
pub use capf::{
    AuthenticationString, CapfAttempt, CapfDevice, CapfDeviceType, CapfMode, CapfOperation,
    CapfStore, CapfTable,
};
pub use claimant::{Claimant, ClaimantKey, RedemptionKey};
pub use code::ActivationCode;
#[cfg(feature = "csv")]
pub use csv::{
    CsvColumn, CsvDialect, CsvLimits, CsvProblem, CsvProblemKind, CsvReport, CsvWriter,
    OtherColumns, Phone, read_phones,
};
pub use digest::{CodeDigest, CodeDigests, Pepper, PepperId, Peppers};
pub use entropy::{Entropy, SystemEntropy};
#[cfg(feature = "csv")]
pub use error::CsvError;
#[cfg(feature = "qr")]
pub use error::QrError;
pub use error::{
    AdmitError, CapfError, CapfOrderRefusal, CapfRefusal, EntropyError, GuessPolicyError,
    IssueError, IssueRefusal, ParseBindingError, ParseClaimantKeyError, ParseCodeError,
    ParseIdError, ParseModeError, ParseRedemptionKeyError, ParseSealedCodeError,
    ParseServiceDomainError, ParseStringError, PepperError, PolicyError, RedeemError, Refusal,
    ReissueError, ReissueRefusal, RevokeError, RevokeRefusal, SealError, StoreError, UnsealError,
};
pub use guess::{
    Admission, GuessBatch, GuessBudget, GuessCharge, GuessCount, GuessKey, GuessPolicy, GuessScope,
    GuessStore, GuessTable, GuessWindow, OverBudget,
};
pub use id::{AccountId, CodeId, GrantId, ProfileId, TenantId};
pub use judge::{CodeState, Judgement};
pub use memory::MemoryStore;
pub use mode::{CodeMode, ServiceDomain};
pub use policy::{CheckDigit, CodePolicy};
#[cfg(feature = "qr")]
pub use qr::QrPicture;
pub use record::{Grant, OutstandingCode};
pub use request::{NewCode, Page, Redemption, Replacement};
pub use seal::{SealedCode, SealingKey, SealingKeyId, SealingKeys};
pub use store::CodeStore;
pub use table::CodeTable;
pub use timestamp::Timestamp;
