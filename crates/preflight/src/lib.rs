#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod check;
mod date;
mod deployment;
mod error;
mod lines;
mod observation;
mod port;
mod report;
mod rule;
mod url;
mod version;

// What is described and what was seen.
pub use date::Date;
pub use deployment::broadworks::{
    BroadWorks, BroadWorksDevice, BroadWorksDeviceType, BroadWorksFile, BroadWorksOnboarding,
    DmBridge, Gds, IdentityProvider, MacCertificate, MacHeader, OAuth, Partner, Platform,
    RefreshTokenContext, Software,
};
pub use deployment::remote_access::{
    Authentication, Chains, Firewall, Names, RemoteAccess, Size, TrustStores,
};
pub use deployment::unified_cm::{
    CloudOnboarding, CmSoftware, ExpresswayEntry, OAuthNode, OnboardingMethod, SecurityMode,
    SecurityProfile, ServiceDomain, SipOAuth, UnifiedCm, UnifiedCmDevice,
};
pub use deployment::{Deployment, IpMode, MAX_DESCRIPTION_BYTES, Onboarding, SCHEMA_VERSION, Sip};
pub use error::{ParseDateError, ParsePortsError, ParseVersionError, ReadError, SchemaFault};
pub use observation::{Lookup, Observations, Outcome, Question, Server, Unread};
pub use port::{Ports, Protocol};
pub use version::Version;

// What was found.
pub use check::check;
pub use report::json::{JSON_VERSION, JsonReport};
pub use report::sarif::SarifLog;
pub use report::table::Table;
pub use report::{Finding, Place, Report, Summary, Unknown, Why};
pub use rule::{Group, Rule, Severity, Source};
