//! Unified CM.

use offhook_device_profile::catalogue::ReleaseOf;
use offhook_device_profile::phone_security::{
    DEFAULT_SIP_OAUTH_MRA_PORT, DEFAULT_SIP_OAUTH_PORT, DeviceSecurityMode, TransportType,
};
use offhook_sip_resolver::{DomainName, Service};
use serde::Deserialize;

use super::{IpMode, Onboarding};
use crate::Version;

/// Unified CM. A switch that is left out counts as off, a list as empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct UnifiedCm {
    /// Its release, as `14` or `12.5(1)SU1`.
    pub release: Version,
    /// Its security mode.
    pub security_mode: SecurityMode,
    /// Which version of IP it speaks.
    pub ip_mode: IpMode,
    /// How many clusters there are; 1 where it is left out.
    #[serde(default = "one")]
    pub clusters: u32,
    /// Whether home cluster discovery is set up.
    #[serde(default)]
    pub home_cluster_discovery: bool,
    /// Whether the Cisco AXL web service runs on the publisher.
    #[serde(default)]
    pub axl_service: bool,
    /// Whether OAuth with Refresh Login Flow is enabled.
    #[serde(default)]
    pub refresh_login_flow: bool,
    /// Whether the Cisco Device Activation Service runs on the publisher.
    #[serde(default)]
    pub device_activation_service: bool,
    /// Whether the maker's root certificates are in `CallManager-trust`.
    #[serde(default)]
    pub maker_roots_trusted: bool,
    /// How many nodes the default group of call managers has.
    #[serde(default)]
    pub default_group_nodes: u32,
    /// The on-premises onboarding method of each model (Device Defaults).
    #[serde(default)]
    pub onboarding_method: Vec<OnboardingMethod>,
    /// Cloud onboarding, for remote access.
    #[serde(default)]
    pub cloud_onboarding: CloudOnboarding,
    /// The service domains for remote access.
    #[serde(default)]
    pub service_domain: Vec<ServiceDomain>,
    /// SIP OAuth mode.
    #[serde(default)]
    pub sip_oauth: Option<SipOAuth>,
    /// The phone security profiles.
    #[serde(default)]
    pub security_profile: Vec<SecurityProfile>,
    /// The devices, by model and release.
    #[serde(default)]
    pub device: Vec<UnifiedCmDevice>,
}

/// The security mode of a cluster.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecurityMode {
    /// Devices with and without protection.
    Mixed,
    /// Devices without protection only.
    NonSecure,
}

/// The on-premises onboarding method of a model; what is not named is auto-registered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct OnboardingMethod {
    /// The model.
    pub model: String,
    /// Its method.
    pub method: Onboarding,
}

/// Cloud onboarding, for remote access.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CloudOnboarding {
    /// Whether credentials were generated.
    pub credentials_generated: bool,
    /// Whether onboarding by activation code is enabled.
    pub activation_code_onboarding: bool,
    /// Whether onboarding over remote access is allowed.
    pub allow_mra_onboarding: bool,
    /// The activation domain.
    pub mra_activation_domain: Option<String>,
}

/// A service domain for remote access.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ServiceDomain {
    /// Its name.
    pub name: String,
    /// The SRV record of its edge, as `_collab-edge._tls.example.com`.
    pub srv_record: String,
    /// Whether it is the one of devices whose pool names none.
    #[serde(default)]
    pub default: bool,
}

impl ServiceDomain {
    /// The domain whose edge the record is of.
    pub(crate) fn edge_domain(&self) -> Option<DomainName> {
        let record = self.srv_record.parse().ok()?;
        Service::CollabEdge.domain_of(&record)
    }
}

/// SIP OAuth mode.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SipOAuth {
    /// Whether it was enabled (`utils sipOAuth-mode enable`).
    #[serde(default)]
    pub mode_enabled: bool,
    /// Whether the call manager was restarted on all nodes since.
    #[serde(default)]
    pub call_manager_restarted: bool,
    /// Whether the cluster is registered with export-controlled functionality allowed.
    #[serde(default)]
    pub export_controlled_functionality: bool,
    /// How many certificates are in `Phone-Edge-trust`.
    #[serde(default)]
    pub phone_edge_trust_certificates: u16,
    /// The nodes that devices register at with tokens.
    #[serde(default)]
    pub node: Vec<OAuthNode>,
    /// The edge servers as the cluster knows them (Device > Expressway-C).
    #[serde(default)]
    pub expressway_c: Vec<ExpresswayEntry>,
}

/// A node that devices register at with tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct OAuthNode {
    /// Its name.
    pub name: String,
    /// SIP Phone OAuth Port; 5090 where it is left out.
    #[serde(default = "oauth_port")]
    pub sip_phone_oauth_port: u16,
    /// SIP Mobile and Remote Access Port; 5091 where it is left out.
    #[serde(default = "oauth_mra_port")]
    pub sip_mobile_and_remote_access_port: u16,
}

/// An edge server as the cluster knows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ExpresswayEntry {
    /// Its address or name.
    pub address: String,
    /// X.509 Subject Name/Subject Alternate Name.
    #[serde(default)]
    pub subject_names: Vec<String>,
}

/// A phone security profile, as far as it matters for tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SecurityProfile {
    /// Its name.
    pub name: String,
    /// Device Security Mode, as `Encrypted`.
    pub device_security_mode: DeviceSecurityMode,
    /// Transport Type, as `TLS`.
    pub transport_type: TransportType,
    /// Enable OAuth Authentication.
    #[serde(default)]
    pub enable_oauth_authentication: bool,
    /// Enable Digest Authentication.
    #[serde(default)]
    pub enable_digest_authentication: bool,
    /// TFTP Encrypted Config.
    #[serde(default)]
    pub tftp_encrypted_config: bool,
}

/// Devices of one model and release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct UnifiedCmDevice {
    /// The model, as `8841`, `Room Kit` or `Jabber for Windows`.
    pub model: String,
    /// What runs on it.
    pub software: CmSoftware,
    /// Of which release.
    pub release: Version,
    /// How it is onboarded.
    pub onboarding: Onboarding,
    /// Whether it registers from outside.
    #[serde(default)]
    pub remote_access: bool,
    /// Whether it registers with tokens.
    #[serde(default)]
    pub sip_oauth: bool,
    /// Its service domain; the default one where it is left out.
    #[serde(default)]
    pub mra_service_domain: Option<String>,
    /// The name of its phone security profile.
    #[serde(default)]
    pub security_profile: Option<String>,
}

/// What runs on a device at Unified CM.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CmSoftware {
    /// CE software of a room device.
    Ce,
    /// The firmware of a telephone.
    Firmware,
    /// Jabber.
    Jabber,
    /// TC software of a room device.
    Tc,
}

impl CmSoftware {
    pub(crate) const fn release_of(self) -> ReleaseOf {
        match self {
            Self::Ce => ReleaseOf::CeSoftware,
            Self::Firmware => ReleaseOf::Firmware,
            Self::Jabber => ReleaseOf::Jabber,
            Self::Tc => ReleaseOf::TcSoftware,
        }
    }
}

const fn one() -> u32 {
    1
}

const fn oauth_port() -> u16 {
    DEFAULT_SIP_OAUTH_PORT
}

const fn oauth_mra_port() -> u16 {
    DEFAULT_SIP_OAUTH_MRA_PORT
}
