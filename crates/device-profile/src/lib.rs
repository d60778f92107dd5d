#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod archive;
mod device_type;
mod document;
mod error;
mod limits;
mod manifest;
mod secret;
mod sip;
mod substitute;
mod tag;
mod violation;
mod wiped;
mod xml;

pub mod mpp;
pub mod payload;
pub mod room_os;
pub mod signed;
pub mod unified_cm;

pub use archive::Archive;
pub use device_type::{
    AccessDeviceCategory, ConfigurationOption, DeviceType, DeviceTypeFile, FileAuthentication,
    FileCategory, FileCustomization,
};
pub use document::{Change, Difference, Document, DocumentKind, Shown, Warning};
pub use error::{
    ArchiveError, CommandLineError, CommandLineFault, DocumentError, DocumentFault, EntropyError,
    EntryFault, ParsePathError, PayloadError, RuleError, RuleFault, SettingsError, SignedError,
    TagError, ValueError,
};
pub use limits::Limits;
pub use secret::Secret;
pub use sip::{Registration, SipSettings, Transport};
pub use substitute::{Escape, Substitution, UndefinedTag, substitute};
pub use tag::{Override, TagLevel, TagName, TagTable};
pub use violation::Violation;
