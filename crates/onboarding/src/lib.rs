#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activation_service;
mod audit;
mod bridge;
mod configuration;
mod counter;
mod desk;
mod device;
pub mod device_side;
mod device_types;
mod error;
#[cfg(feature = "http")]
pub mod http;
mod mail;
mod management;
mod memory;
pub mod message;
mod outbox;
mod record;
mod registry;

pub use activation_service::ActivationService;
pub use audit::{AuditEntry, AuditEvent, AuditRecord, verify_chain};
pub use bridge::{DmBridge, LocalDmBridge};
pub use configuration::ConfigurationDocument;
pub use counter::{Counter, Counters};
pub use desk::CodeDesk;
pub use device::{
    Activated, Activation, ActivationState, Device, DeviceKey, DeviceRequest, Entitlement,
    LinePort, Ownership, Registered, Registration,
};
pub use device_types::DeviceTypes;
pub use error::{
    ActivateError, ActivateRefusal, AuditError, BridgeError, ConfigurationError,
    ConfigurationRefusal, DeviceError, DeviceTypeError, IssueCodeError, LifeCycleError, MailError,
    MessageError, OnboardError, ParseLinePortError, PresentError, ProvisionError, ProvisionRefusal,
    RequestCodeError, RequestCodeRefusal, RequestError, TemplateError, UpdateError,
};
pub use mail::{CodeDelivery, CodeMail, MailAddress, Mailer};
pub use management::{Caller, DeviceManagement};
pub use memory::MemoryRegistry;
pub use outbox::{OutboxEvent, OutboxKind};
pub use record::DeviceRecord;
pub use registry::Registry;
