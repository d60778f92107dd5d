#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activation_service;
mod audit;
mod bridge;
mod counter;
mod desk;
mod device;
mod error;
mod mail;
mod memory;
pub mod message;
mod outbox;
mod registry;

pub use activation_service::ActivationService;
pub use audit::{AuditEntry, AuditEvent, AuditRecord, verify_chain};
pub use bridge::DmBridge;
pub use counter::{Counter, Counters};
pub use desk::CodeDesk;
pub use device::{
    Activated, Activation, ActivationState, Device, DeviceKey, Entitlement, LinePort, Ownership,
    Registration,
};
pub use error::{
    ActivateError, ActivateRefusal, AuditError, BridgeError, MailError, ParseLinePortError,
    PresentError, ProvisionError, ProvisionRefusal, RequestCodeError, RequestCodeRefusal,
    UpdateError,
};
pub use mail::{CodeMail, MailAddress, Mailer};
pub use memory::MemoryRegistry;
pub use outbox::{OutboxEvent, OutboxKind};
pub use registry::Registry;
