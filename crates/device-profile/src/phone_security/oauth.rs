//! SIP OAuth mode of a cluster, and telephones that use it from outside.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::profile::PhoneSecurityProfile;
use crate::{Document, Release, Source};

/// Which devices of a cluster register with tokens.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OAuthPhones {
    /// Softphones only.
    SoftphonesOnly,
    /// Telephones too.
    WithTelephones,
}

/// A node of a cluster that devices register at with tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OAuthNode {
    /// Its name.
    pub name: String,
    /// The port for devices inside (SIP Phone OAuth Port): 5090 unless told otherwise.
    pub sip_oauth_port: u16,
    /// The port for devices outside (SIP Mobile and Remote Access Port): 5091 unless told
    /// otherwise.
    pub sip_oauth_mra_port: u16,
}

impl OAuthNode {
    /// A node with the ports it has unless told otherwise.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sip_oauth_port: DEFAULT_SIP_OAUTH_PORT,
            sip_oauth_mra_port: DEFAULT_SIP_OAUTH_MRA_PORT,
        }
    }
}

/// An edge server as the cluster knows it (Device, Expressway-C).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ExpresswayC {
    /// Its address, host name or domain name.
    pub address: String,
    /// The names in its certificate (X.509 Subject Name/Subject Alternate Name).
    pub subject_names: Vec<String>,
}

impl ExpresswayC {
    /// An edge server of this address with these names.
    #[must_use]
    pub fn new(address: &str, subject_names: &[&str]) -> Self {
        Self {
            address: address.to_owned(),
            subject_names: subject_names
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        }
    }
}

/// SIP OAuth mode of a cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SipOAuthSettings {
    /// Whether tokens are refreshed (OAuth with Refresh Login Flow).
    pub refresh_login_flow: bool,
    /// Whether the mode was enabled (`utils sipOAuth-mode enable`).
    pub mode_enabled: bool,
    /// Whether the call manager was restarted on all nodes since.
    pub call_manager_restarted: bool,
    /// Whether the cluster was registered with export-controlled functionality allowed.
    pub export_controlled_functionality: bool,
    /// The nodes that devices register at with tokens.
    pub nodes: Vec<OAuthNode>,
    /// Which devices do.
    pub phones: OAuthPhones,
    /// Whether devices outside do.
    pub remote_access: bool,
    /// The edge servers.
    pub expressway_c: Vec<ExpresswayC>,
    /// How many authorities telephones are told to trust (Phone-Edge-trust).
    pub phone_edge_trust_certificates: usize,
}

impl SipOAuthSettings {
    /// All switches as they must be, for these nodes, softphones only and nobody outside.
    #[must_use]
    pub fn new(nodes: Vec<OAuthNode>) -> Self {
        Self {
            refresh_login_flow: true,
            mode_enabled: true,
            call_manager_restarted: true,
            export_controlled_functionality: true,
            nodes,
            phones: OAuthPhones::SoftphonesOnly,
            remote_access: false,
            expressway_c: Vec::new(),
            phone_edge_trust_certificates: 0,
        }
    }

    /// Every rule that is broken; empty when all is well.
    #[must_use]
    pub fn violations(&self) -> Vec<OAuthViolation> {
        let mut found = Vec::new();
        let mut check = |is_broken: bool, violation| {
            if is_broken {
                found.push(violation);
            }
        };
        check(
            !self.export_controlled_functionality,
            OAuthViolation::ExportControlled,
        );
        check(
            self.phones == OAuthPhones::WithTelephones && self.phone_edge_trust_certificates == 0,
            OAuthViolation::PhoneEdgeTrustMissing,
        );
        check(
            !self.refresh_login_flow,
            OAuthViolation::RefreshLoginFlowDisabled,
        );
        check(self.nodes.is_empty(), OAuthViolation::NoNode);
        for (node, each) in self.nodes.iter().enumerate() {
            for port in [each.sip_oauth_port, each.sip_oauth_mra_port] {
                check(
                    !PORT_RANGE.contains(&port),
                    OAuthViolation::Port { node, port },
                );
            }
            check(
                each.sip_oauth_port == each.sip_oauth_mra_port,
                OAuthViolation::SamePort { node },
            );
        }
        check(
            self.remote_access && self.expressway_c.is_empty(),
            OAuthViolation::ExpresswayMissing,
        );
        for (expressway, each) in self.expressway_c.iter().enumerate() {
            let is_nameless = each.subject_names.iter().all(String::is_empty);
            check(
                self.remote_access && is_nameless,
                OAuthViolation::ExpresswayWithoutName { expressway },
            );
        }
        check(!self.mode_enabled, OAuthViolation::ModeDisabled);
        check(!self.call_manager_restarted, OAuthViolation::NotRestarted);
        found
    }
}

/// A rule that the SIP OAuth mode of a cluster breaks. Nodes and edge servers are numbered from 0.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum OAuthViolation {
    /// Export-controlled functionality is needed.
    #[error("the cluster is not registered with export-controlled functionality allowed")]
    ExportControlled,
    /// Devices outside need an edge server that the cluster knows.
    #[error("remote access needs an Expressway-C")]
    ExpresswayMissing,
    /// An edge server needs the names of its certificate.
    #[error("Expressway-C {expressway} has no X.509 subject name")]
    ExpresswayWithoutName {
        /// Which edge server.
        expressway: usize,
    },
    /// The mode is not enabled.
    #[error("SIP OAuth mode is not enabled")]
    ModeDisabled,
    /// There is no node to register at.
    #[error("no node has ports for OAuth")]
    NoNode,
    /// The call manager must be restarted once the mode is enabled.
    #[error("the call manager was not restarted since the mode was enabled")]
    NotRestarted,
    /// Telephones need to be told which authorities to trust.
    #[error("telephones need a certificate in Phone-Edge-trust")]
    PhoneEdgeTrustMissing,
    /// A port is not from 1024 to 49151.
    #[error("port {port} of node {node} is not from 1024 to 49151")]
    Port {
        /// Which node.
        node: usize,
        /// The port.
        port: u16,
    },
    /// Tokens must be refreshed.
    #[error("OAuth with Refresh Login Flow is not enabled")]
    RefreshLoginFlowDisabled,
    /// The two ports of a node are the same.
    #[error("both ports of node {node} are the same")]
    SamePort {
        /// Which node.
        node: usize,
    },
}

impl OAuthViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> Source {
        match self {
            Self::ExportControlled => Source::new(Document::SipOAuth, "prerequisites"),
            Self::ExpresswayMissing | Self::ExpresswayWithoutName { .. } => {
                Source::new(Document::SipOAuth, "OAuth connection to Expressway-C")
            }
            Self::ModeDisabled => Source::new(Document::SipOAuth, "enable SIP OAuth mode"),
            Self::NoNode | Self::Port { .. } => Source::new(Document::SipOAuth, "OAuth ports"),
            Self::NotRestarted => {
                Source::new(Document::SipOAuth, "restart of the call manager service")
            }
            Self::PhoneEdgeTrustMissing => Source::new(Document::SipOAuth, "phone edge trust"),
            Self::RefreshLoginFlowDisabled => Source::new(Document::SipOAuth, "refresh logins"),
            Self::SamePort { .. } => Source::new(Document::Ours, ""),
        }
    }
}

/// A telephone that was onboarded inside and registers from outside with tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RemoteAccessPhone {
    /// Whether it may be onboarded by a code from outside (Allow Activation Code via MRA).
    pub allow_activation_code_via_mra: bool,
    /// Its domain outside (Activation Code MRA Service Domain).
    pub mra_service_domain: Option<String>,
    /// Whether its user logs in by name and password.
    pub password_login: bool,
    /// Its phone security profile (Device Security Profile).
    pub security_profile: PhoneSecurityProfile,
}

impl RemoteAccessPhone {
    /// A telephone that may use a code in this domain, with this profile.
    #[must_use]
    pub fn new(mra_service_domain: &str, security_profile: PhoneSecurityProfile) -> Self {
        Self {
            allow_activation_code_via_mra: true,
            mra_service_domain: Some(mra_service_domain.to_owned()),
            password_login: false,
            security_profile,
        }
    }

    /// Every rule that is broken on this release of Unified CM; empty when all is well. The rules
    /// of the profile itself are [`PhoneSecurityProfile::violations`].
    #[must_use]
    pub fn violations(&self, release: Release) -> Vec<RemoteAccessViolation> {
        let mut found = Vec::new();
        let mut check = |is_broken: bool, violation| {
            if is_broken {
                found.push(violation);
            }
        };
        check(release < Release::major(14), RemoteAccessViolation::Release);
        check(
            !self.allow_activation_code_via_mra,
            RemoteAccessViolation::ActivationCodeNotAllowed,
        );
        let domain = self.mra_service_domain.as_deref().unwrap_or_default();
        check(domain.is_empty(), RemoteAccessViolation::NoServiceDomain);
        check(self.password_login, RemoteAccessViolation::PasswordLogin);
        check(
            !self.security_profile.enable_oauth_authentication,
            RemoteAccessViolation::ProfileWithoutOAuth,
        );
        found
    }
}

/// A rule that a telephone breaks that is to register from outside with tokens.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum RemoteAccessViolation {
    /// A code is the only way.
    #[error("Allow Activation Code via MRA is off")]
    ActivationCodeNotAllowed,
    /// A domain is needed.
    #[error("no Activation Code MRA Service Domain")]
    NoServiceDomain,
    /// A name and password are no way.
    #[error("with OAuth over remote access nobody logs in by name and password")]
    PasswordLogin,
    /// The profile must have tokens.
    #[error("the phone security profile has no OAuth")]
    ProfileWithoutOAuth,
    /// Release 14 is needed.
    #[error("needs Unified CM 14")]
    Release,
}

impl RemoteAccessViolation {
    /// Where the rule stands.
    #[must_use]
    pub const fn source(self) -> Source {
        Source::new(Document::SipOAuth, "SIP OAuth phones in remote access mode")
    }
}

/// The port for devices outside unless told otherwise: 5091.
///
/// # Source
///
/// Unified CM, SIP OAuth mode, OAuth ports.
pub const DEFAULT_SIP_OAUTH_MRA_PORT: u16 = 5091;
/// The port for devices inside unless told otherwise: 5090.
///
/// # Source
///
/// Unified CM, SIP OAuth mode, OAuth ports.
pub const DEFAULT_SIP_OAUTH_PORT: u16 = 5090;
/// The ports that either may be: 1024 to 49151.
///
/// # Source
///
/// Unified CM, SIP OAuth mode, OAuth ports.
pub const PORT_RANGE: RangeInclusive<u16> = 1024..=49_151;
