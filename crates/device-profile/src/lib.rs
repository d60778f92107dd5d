#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod archive;
mod device_family;
mod device_profile;
mod device_type;
mod difference;
mod document;
mod error;
mod import;
mod limits;
mod release;
mod secret;
mod sip;
mod source;
mod substitute;
mod tag;
mod tag_set;
mod violation;
mod wiped;
mod xml;

pub mod catalogue;
pub mod mpp;
pub mod payload;
pub mod phone_security;
pub mod room_os;
pub mod signed;
pub mod unified_cm;

// Archives: what is in them, and how it comes in and out.
pub use archive::reader::{ArchiveReader, ArchiveSource};
pub use archive::violation::{ArchiveViolation, BrokenRule};
pub use archive::{Archive, ArchiveKind};
pub use device_family::{DeviceFamily, FamilyViolation};
pub use difference::{Effect, ImportDifference, ImportReport, Subject};
pub use import::{Import, Inventory};

// Device types, their files, and profiles.
pub use device_profile::{
    ConfigurationMode, DeviceLevel, DeviceProfile, DeviceReadings, DeviceStatus, Onboarding,
    ProfileViolation, TransportProtocol,
};
pub use device_type::DeviceType;
pub use device_type::attribute::{
    AccessDeviceCategory, AuthenticationMode, AutoCreateDevicesLevel, ConfigType,
    ConfigurationOption, DeviceAccessProtocol, EarlyMediaSupport, FileCategory, FileCustomization,
    FileSource, HoldAnnouncementMethod, HoldNormalization, LocationNetwork, NumberOfPorts,
    ResetEvent, RoamingMode, SignalingAddressType, SupportLinks, TagMode, TrunkMode,
};
pub use device_type::authentication::FileAuthentication;
pub use device_type::file::{DeviceTypeFile, FileContent};
pub use device_type::options::{CpeDeviceOptions, DeviceCredentials, DeviceManagementOptions};
pub use device_type::reading::{AccessUrlFault, FileReadings};
pub use release::{ParseReleaseError, Release};
pub use source::{Guide, Source};
pub use violation::{Violation, misleads};

// Tags.
pub use substitute::{Escape, Substitution, UndefinedTag, substitute};
pub use tag::{EffectiveTag, Override, TagLevel, TagName, TagTable};
pub use tag_set::{RegionalTag, Tag, TagRegion, TagSet, TagSetViolation};

// Configuration documents.
pub use document::{Change, Difference, Document, DocumentKind, Shown, Warning, has_credentials};
pub use error::{
    ArchiveError, CommandLineError, CommandLineFault, DocumentError, DocumentFault, EntropyError,
    EntryFault, ImportError, ParsePathError, PayloadError, RuleError, RuleFault, SettingsError,
    SignedError, TagError, ValueError,
};
pub use limits::Limits;
pub use secret::Secret;
pub use sip::{Registration, SipSettings, Transport};
