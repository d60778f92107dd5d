//! Mobile and remote access by Expressway.

use std::fmt;
use std::net::IpAddr;

use offhook_device_identity::requirement::{Holder, TrustStore};
use offhook_sip_resolver::DomainName;
use serde::Deserialize;

use super::{IpMode, each_parsed, maybe_parsed};
use crate::{Ports, Version};

/// Mobile and remote access by Expressway. A list that is left out counts as empty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RemoteAccess {
    /// The external domains.
    #[serde(deserialize_with = "each_parsed")]
    pub domains: Vec<DomainName>,
    /// How users are authenticated.
    pub authentication: Vec<Authentication>,
    /// Whether push notifications are used.
    #[serde(default)]
    pub push: bool,
    /// The release of the Expressways, as `X14.0`.
    pub expressway_release: Version,
    /// The release of the IM and Presence Service, where there is one.
    #[serde(default)]
    pub im_and_presence_release: Option<Version>,
    /// The release of Unity Connection, where there is one.
    #[serde(default)]
    pub unity_connection_release: Option<Version>,
    /// How large the Expressways are.
    pub size: Size,
    /// Which version of IP the Expressways speak.
    pub ip_mode: IpMode,
    /// Which version of IP the IM and Presence Service speaks, where there is one.
    #[serde(default)]
    pub im_and_presence_ip_mode: Option<IpMode>,
    /// The addresses of the Expressway-C, translated ones included.
    #[serde(default)]
    pub expressway_c_addresses: Vec<IpAddr>,
    /// The addresses of the Expressway-E, translated ones included.
    #[serde(default)]
    pub expressway_e_addresses: Vec<IpAddr>,
    /// How many presence domains there are.
    #[serde(default)]
    pub presence_domains: u32,
    /// How many registrations are proxied to Unified CM.
    #[serde(default)]
    pub proxied_registrations: u32,
    /// How many certificates of the identity provider verify assertions.
    #[serde(default)]
    pub signing_certificates: u32,
    /// The host of the guest account client URI of Meeting Server, where the Expressway is its web
    /// proxy too.
    #[serde(default, deserialize_with = "maybe_parsed")]
    pub web_proxy: Option<DomainName>,
    /// What the firewalls let through.
    pub firewall: Firewall,
    /// The names that must stand in certificates.
    #[serde(default)]
    pub names: Names,
    /// The files with the certificates that are presented.
    #[serde(default)]
    pub chains: Chains,
    /// The files with what trust stores hold.
    #[serde(default)]
    pub trust_stores: TrustStores,
}

/// How users of remote access are authenticated.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Authentication {
    /// By user name and password (legacy, LDAP).
    Legacy,
    /// By single sign-on without tokens (legacy).
    LegacySso,
    /// By tokens that are refreshed.
    Oauth,
    /// By tokens that are refreshed, and single sign-on.
    OauthSso,
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Legacy => "legacy authentication",
            Self::LegacySso => "legacy authentication with single sign-on",
            Self::Oauth => "OAuth with refresh",
            Self::OauthSso => "OAuth with refresh and single sign-on",
        })
    }
}

/// How large the virtual machines of the Expressways are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Size {
    /// Large virtual machines, or large appliances.
    Large,
    /// Medium virtual machines.
    Medium,
    /// Small virtual machines.
    Small,
}

/// What the firewalls let through.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Firewall {
    /// From the Expressway-C to the Expressway-E.
    pub internal_outbound: Vec<Ports>,
    /// From the Expressway-E to the Expressway-C.
    pub internal_inbound: Vec<Ports>,
    /// From the Internet to the Expressway-E.
    pub external_inbound: Vec<Ports>,
}

/// The names that must stand in certificates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Names {
    /// Aliases of chat nodes, with federated group chat.
    pub chat_node_aliases: Vec<String>,
    /// Names of Expressway-C clusters, where they are clustered.
    pub cluster_names: Vec<String>,
    /// Names of phone security profiles that devices outside use.
    pub phone_security_profiles: Vec<String>,
    /// Domains in which devices register.
    pub registration_domains: Vec<String>,
    /// Domains of XMPP federation.
    pub xmpp_federation_domains: Vec<String>,
}

/// The files with the certificates that are presented: the holder's own first, then its authorities
/// up to the root.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Chains {
    /// Of a device that is onboarded by code from outside.
    pub activating_device: Option<String>,
    /// Of the Expressway-C.
    pub expressway_c: Option<String>,
    /// Of the Expressway-E.
    pub expressway_e: Option<String>,
    /// Of the IM and Presence Service, `Tomcat`.
    pub im_and_presence_tomcat: Option<String>,
    /// Of the IM and Presence Service, `cup-xmpp`.
    pub im_and_presence_xmpp: Option<String>,
    /// Of a room device with a certificate installed by hand.
    pub mutual_tls_device: Option<String>,
    /// Of Unified CM, `CallManager`.
    pub unified_cm_call_manager: Option<String>,
    /// Of Unified CM, `Tomcat`.
    pub unified_cm_tomcat: Option<String>,
}

impl Chains {
    /// Each with its key in the description.
    pub(crate) const fn all(&self) -> [(Holder, &'static str, &Option<String>); 8] {
        [
            (
                Holder::ActivatingDevice,
                "activating-device",
                &self.activating_device,
            ),
            (Holder::ExpresswayC, "expressway-c", &self.expressway_c),
            (Holder::ExpresswayE, "expressway-e", &self.expressway_e),
            (
                Holder::ImPresenceTomcat,
                "im-and-presence-tomcat",
                &self.im_and_presence_tomcat,
            ),
            (
                Holder::ImPresenceXmpp,
                "im-and-presence-xmpp",
                &self.im_and_presence_xmpp,
            ),
            (
                Holder::MutualTlsDevice,
                "mutual-tls-device",
                &self.mutual_tls_device,
            ),
            (
                Holder::UnifiedCmCallManager,
                "unified-cm-call-manager",
                &self.unified_cm_call_manager,
            ),
            (
                Holder::UnifiedCmTomcat,
                "unified-cm-tomcat",
                &self.unified_cm_tomcat,
            ),
        ]
    }
}

/// The files with what trust stores hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct TrustStores {
    /// Built into the devices outside.
    pub device: Option<String>,
    /// Of the Expressway-C.
    pub expressway_c: Option<String>,
    /// Of the Expressway-E.
    pub expressway_e: Option<String>,
    /// Of the Expressway-E, for onboarding by activation code.
    pub expressway_e_activation: Option<String>,
    /// `tomcat-trust` of the IM and Presence Service.
    pub im_and_presence_tomcat: Option<String>,
    /// `cup-xmpp-trust` of the IM and Presence Service.
    pub im_and_presence_xmpp: Option<String>,
    /// `CallManager-trust` of Unified CM.
    pub unified_cm_call_manager: Option<String>,
    /// `phone-edge-trust` of Unified CM.
    pub unified_cm_phone_edge: Option<String>,
    /// `tomcat-trust` of Unified CM.
    pub unified_cm_tomcat: Option<String>,
}

impl TrustStores {
    /// Each with its key in the description.
    pub(crate) const fn all(&self) -> [(TrustStore, &'static str, &Option<String>); 9] {
        [
            (TrustStore::Device, "device", &self.device),
            (TrustStore::ExpresswayC, "expressway-c", &self.expressway_c),
            (TrustStore::ExpresswayE, "expressway-e", &self.expressway_e),
            (
                TrustStore::ExpresswayEActivation,
                "expressway-e-activation",
                &self.expressway_e_activation,
            ),
            (
                TrustStore::ImPresenceTomcat,
                "im-and-presence-tomcat",
                &self.im_and_presence_tomcat,
            ),
            (
                TrustStore::ImPresenceXmpp,
                "im-and-presence-xmpp",
                &self.im_and_presence_xmpp,
            ),
            (
                TrustStore::UnifiedCmCallManager,
                "unified-cm-call-manager",
                &self.unified_cm_call_manager,
            ),
            (
                TrustStore::UnifiedCmPhoneEdge,
                "unified-cm-phone-edge",
                &self.unified_cm_phone_edge,
            ),
            (
                TrustStore::UnifiedCmTomcat,
                "unified-cm-tomcat",
                &self.unified_cm_tomcat,
            ),
        ]
    }
}
