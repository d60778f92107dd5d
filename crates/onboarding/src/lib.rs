#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activation_service;
mod actor;
mod audit;
mod bridge;
mod configuration;
mod counter;
mod delivery;
mod desk;
mod device;
pub mod device_side;
mod device_types;
mod edge_trust;
mod error;
#[cfg(feature = "http")]
pub mod http;
mod mail;
mod management;
mod memory;
pub mod message;
mod onboarding_method;
mod outbox;
mod record;
mod registry;
mod remote_access;
mod user_provisioning;
#[cfg(feature = "http")]
mod webhook;

pub use activation_service::ActivationService;
pub use actor::{Act, Actor};
pub use audit::{
    AuditEntry, AuditEvent, AuditRecord, ChainHead, MAX_AUDIT_LINE_BYTES, verify_audit_log,
    verify_chain, write_audit_log,
};
pub use bridge::{DmBridge, LocalDmBridge};
pub use configuration::ConfigurationDocument;
pub use counter::{Counter, Counters};
pub use delivery::{
    DEFAULT_REQUEST_AGE, Delivery, DeliveryError, EventSink, MAX_ROUND_EVENTS, NamedEvent, Round,
    SinkError, StoreName,
};
#[cfg(feature = "http")]
pub use delivery::{Pace, WebhookSink};
pub use desk::CodeDesk;
pub use device::{
    Activated, Activation, ActivationState, Device, DeviceKey, DeviceRequest, Entitlement,
    LinePort, Ownership, Registered, Registration,
};
pub use device_types::DeviceTypes;
pub use edge_trust::{EdgeTrust, EdgeTrustError};
pub use error::{
    ActivateError, ActivateRefusal, ActorError, AuditError, AuditExportError, AuditFileError,
    AuditLineError, BridgeError, ConfigurationError, ConfigurationRefusal, DeviceError,
    DeviceTypeError, IssueCodeError, LifeCycleError, MailError, MessageError, MoveError,
    OnboardError, ParseChainHeadError, ParseLinePortError, PresentError, ProvisionError,
    ProvisionRefusal, RenewError, RequestCodeError, RequestCodeRefusal, RequestError,
    TemplateError, UpdateError,
};
#[cfg(feature = "smtp")]
pub use error::{SmtpError, SmtpSetupError};
#[cfg(feature = "http")]
pub use error::{TlsError, WebhookError, WebhookRefusal, WebhookSetupError};
#[cfg(feature = "http")]
pub use mail::WebhookMailer;
pub use mail::{CodeDelivery, CodeMail, LogMailer, MailAddress, Mailer};
#[cfg(feature = "smtp")]
pub use mail::{DEFAULT_SMTP_TIMEOUT, SmtpMailer};
pub use management::{Caller, DeviceManagement};
pub use memory::MemoryRegistry;
pub use onboarding_method::{
    MethodSwitch, OnboardingMethod, OnboardingMethodRefusal, OnboardingMethods, OnboardingWay,
    RemoteAccessChoice,
};
pub use outbox::{OutboxEvent, OutboxKind};
pub use record::{DeviceRecord, VoidCodes};
pub use registry::Registry;
pub use remote_access::{RemoteAccess, RemoteAccessRefusal};
pub use user_provisioning::{
    FlowthroughEmail, UserProvisioning, UserProvisioningRefusal, UserRequirement, UserStep,
};
#[cfg(feature = "http")]
pub use webhook::{Webhook, WebhookKey, WebhookSecret};
