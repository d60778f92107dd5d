//! Which trust store must hold which certificate.

use std::collections::BTreeMap;
use std::fmt;

use super::chain::{Chain, Presented};
use super::{Citation, Deployment, Missing, Outcome, Problem, Report, Requirement};

/// Who presents a certificate.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Holder {
    /// A device that presents a certificate when it is onboarded by activation code from outside.
    ActivatingDevice,
    /// The Expressway-C.
    ExpresswayC,
    /// The Expressway-E.
    ExpresswayE,
    /// The IM and Presence Service, its `Tomcat` certificate.
    ImPresenceTomcat,
    /// The IM and Presence Service, its `cup-xmpp` certificate.
    ImPresenceXmpp,
    /// A room or desk device on which a certificate for mutual TLS was installed by hand.
    MutualTlsDevice,
    /// Unified CM, its `CallManager` certificate.
    UnifiedCmCallManager,
    /// Unified CM, its `Tomcat` certificate.
    UnifiedCmTomcat,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ActivatingDevice => "activating device",
            Self::ExpresswayC => "Expressway-C",
            Self::ExpresswayE => "Expressway-E",
            Self::ImPresenceTomcat => "IM and Presence Tomcat",
            Self::ImPresenceXmpp => "IM and Presence cup-xmpp",
            Self::MutualTlsDevice => "mutual TLS device",
            Self::UnifiedCmCallManager => "Unified CM CallManager",
            Self::UnifiedCmTomcat => "Unified CM Tomcat",
        })
    }
}

/// A list of certificates that a product trusts.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum TrustStore {
    /// The list built into the devices outside, which 7800 and 8800 phones cannot change.
    Device,
    /// The trusted CA list of the Expressway-C.
    ExpresswayC,
    /// The trusted CA list of the Expressway-E.
    ExpresswayE,
    /// The trusted CA list of the Expressway-E for onboarding by activation code.
    ExpresswayEActivation,
    /// `tomcat-trust` of the IM and Presence Service.
    ImPresenceTomcat,
    /// `cup-xmpp-trust` of the IM and Presence Service.
    ImPresenceXmpp,
    /// `CallManager-trust` of Unified CM.
    UnifiedCmCallManager,
    /// `phone-edge-trust` of Unified CM.
    UnifiedCmPhoneEdge,
    /// `tomcat-trust` of Unified CM.
    UnifiedCmTomcat,
}

impl fmt::Display for TrustStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "the trust list of the devices",
            Self::ExpresswayC => "the trusted CA list of the Expressway-C",
            Self::ExpresswayE => "the trusted CA list of the Expressway-E",
            Self::ExpresswayEActivation => "the mTLS trusted CA list of the Expressway-E",
            Self::ImPresenceTomcat => "tomcat-trust of IM and Presence",
            Self::ImPresenceXmpp => "cup-xmpp-trust of IM and Presence",
            Self::UnifiedCmCallManager => "CallManager-trust of Unified CM",
            Self::UnifiedCmPhoneEdge => "phone-edge-trust of Unified CM",
            Self::UnifiedCmTomcat => "tomcat-trust of Unified CM",
        })
    }
}

/// The security mode of a Unified CM cluster.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SecurityMode {
    /// Mixed mode: secure and other devices beside each other.
    Mixed,
    /// No secure devices.
    NonSecure,
}

/// A store that must hold something of a holder's chain.
struct Rule {
    store: TrustStore,
    holder: Holder,
    item: Item,
    when: When,
    source: Citation,
}

#[derive(Clone, Copy)]
enum Item {
    /// The root and every intermediate authority.
    Authorities,
    /// The authority that has issued the certificate.
    Issuer,
    /// The certificate itself.
    Itself,
    /// The root.
    Root,
}

#[derive(Clone, Copy)]
enum When {
    Always,
    /// Devices are described whose list of authorities is given.
    DeviceList,
    Mixed,
    SipOauth,
    /// With SIP OAuth, where Expressway-C and Tomcat have no authority in common.
    SipOauthApart,
}

impl When {
    fn applies(self, deployment: &Deployment<'_>, chains: &BTreeMap<Holder, Chain<'_>>) -> bool {
        match self {
            Self::Always => true,
            Self::DeviceList => deployment.stores.contains_key(&TrustStore::Device),
            Self::Mixed => deployment.security_mode == SecurityMode::Mixed,
            Self::SipOauth => deployment.sip_oauth.is_some(),
            Self::SipOauthApart => {
                let chain = |holder| chains.get(&holder).map(Chain::own);
                let expressway = chain(Holder::ExpresswayC);
                let tomcat = chain(Holder::UnifiedCmTomcat);
                // Where one is not known they are taken to be apart, which asks for more.
                let together = expressway.zip(tomcat).is_some_and(|(expressway, tomcat)| {
                    !tomcat.is_self_issued() && tomcat.issuer == expressway.issuer
                });
                deployment.sip_oauth.is_some() && !together
            }
        }
    }
}

pub(super) fn check<'a>(
    deployment: &Deployment<'a>,
    chains: &BTreeMap<Holder, Chain<'a>>,
    stores: &BTreeMap<TrustStore, Vec<Presented<'a>>>,
    report: &mut Report,
) {
    for rule in RULES {
        let store = stores.get(&rule.store);
        let described = deployment.chains.contains_key(&rule.holder) || store.is_some();
        if !described || !rule.when.applies(deployment, chains) {
            continue;
        }
        let Some(chain) = chains.get(&rule.holder) else {
            rule.unknown(Missing::Chain(rule.holder), report);
            continue;
        };
        rule.judge(chain, store.map(Vec::as_slice), report);
    }
}

impl Rule {
    fn judge(&self, chain: &Chain<'_>, store: Option<&[Presented<'_>]>, report: &mut Report) {
        let holder = self.holder;
        let mut one = |(position, wanted): (usize, &Presented<'_>)| {
            let holds = |other: &Presented<'_>| match self.item {
                Item::Itself => other.der == wanted.der,
                _ => other.is_same_authority(wanted),
            };
            let outcome = match store {
                None => Outcome::Unknown(Missing::Store(self.store)),
                Some(store) if store.iter().any(holds) => Outcome::Met,
                Some(_) => Outcome::Unmet(Problem::NotInStore),
            };
            let requirement = Requirement::Trust {
                store: self.store,
                holder,
                position: Some(position),
                common_name: wanted.common_names.first().map(|&name| name.to_owned()),
            };
            report.add(requirement, outcome, self.source);
        };
        match self.item {
            Item::Itself => one((0, chain.own())),
            Item::Issuer => match chain.issuer() {
                Some(issuer) => one(issuer),
                None => self.unknown(Missing::Issuer(holder), report),
            },
            Item::Root => match chain.root() {
                Some(root) => one(root),
                None => self.unknown(Missing::Root(holder), report),
            },
            Item::Authorities => {
                chain.authorities().for_each(one);
                if chain.root().is_none() {
                    self.unknown(Missing::Root(holder), report);
                }
            }
        }
    }

    fn unknown(&self, missing: Missing, report: &mut Report) {
        let requirement = Requirement::Trust {
            store: self.store,
            holder: self.holder,
            position: None,
            common_name: None,
        };
        report.add(requirement, Outcome::Unknown(missing), self.source);
    }
}

/// The Expressway keeps only one of two self-signed certificates of the same name.
pub(super) fn check_common_names(chains: &BTreeMap<Holder, Chain<'_>>, report: &mut Report) {
    for (first, second) in [
        (Holder::UnifiedCmCallManager, Holder::UnifiedCmTomcat),
        (Holder::ImPresenceXmpp, Holder::ImPresenceTomcat),
    ] {
        let own = |holder| chains.get(&holder).map(Chain::own);
        let (Some(one), Some(other)) = (own(first), own(second)) else {
            continue;
        };
        // One certificate for both is no clash.
        if one.is_self_issued() && other.is_self_issued() && one.der != other.der {
            let same = one.common_names == other.common_names;
            report.add(
                Requirement::DistinctCommonNames { first, second },
                if same {
                    Outcome::Unmet(Problem::SameCommonName)
                } else {
                    Outcome::Met
                },
                SELF_SIGNED,
            );
        }
    }
}

const fn rule(store: TrustStore, holder: Holder, item: Item, when: When, source: Citation) -> Rule {
    Rule {
        store,
        holder,
        item,
        when,
        source,
    }
}

/// Of a self-signed certificate the root is the certificate itself.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule(TrustStore::UnifiedCmCallManager, Holder::ExpresswayC, Item::Itself, When::Mixed, EXCHANGE),
    rule(TrustStore::UnifiedCmTomcat, Holder::ExpresswayC, Item::Itself, When::Mixed, EXCHANGE),
    // In every mode, for the Expressway-C presents its certificate on other ports too.
    rule(TrustStore::UnifiedCmCallManager, Holder::ExpresswayC, Item::Authorities, When::Always, EXCHANGE),
    rule(TrustStore::UnifiedCmTomcat, Holder::ExpresswayC, Item::Authorities, When::Always, EXCHANGE),
    rule(TrustStore::ImPresenceXmpp, Holder::ExpresswayC, Item::Root, When::Always, EXCHANGE),
    rule(TrustStore::ImPresenceTomcat, Holder::ExpresswayC, Item::Root, When::Always, EXCHANGE),
    rule(TrustStore::ExpresswayC, Holder::UnifiedCmCallManager, Item::Root, When::Always, EXCHANGE),
    rule(TrustStore::ExpresswayC, Holder::UnifiedCmTomcat, Item::Root, When::Always, EXCHANGE),
    rule(TrustStore::ExpresswayC, Holder::ImPresenceXmpp, Item::Root, When::Always, EXCHANGE),
    rule(TrustStore::ExpresswayC, Holder::ImPresenceTomcat, Item::Root, When::Always, EXCHANGE),
    rule(TrustStore::ExpresswayC, Holder::ExpresswayE, Item::Authorities, When::Always, EXCHANGE),
    rule(TrustStore::ExpresswayE, Holder::ExpresswayC, Item::Authorities, When::Always, EXCHANGE),
    rule(TrustStore::ExpresswayEActivation, Holder::ActivatingDevice, Item::Issuer, When::Always, ACTIVATION),
    rule(TrustStore::ExpresswayE, Holder::MutualTlsDevice, Item::Root, When::Always, ENDPOINTS),
    rule(TrustStore::Device, Holder::ExpresswayE, Item::Root, When::DeviceList, ENDPOINTS),
    rule(TrustStore::ExpresswayE, Holder::ExpresswayE, Item::Root, When::DeviceList, ENDPOINTS),
    rule(TrustStore::UnifiedCmPhoneEdge, Holder::UnifiedCmTomcat, Item::Root, When::SipOauth, PHONE_EDGE),
    rule(TrustStore::UnifiedCmTomcat, Holder::ExpresswayC, Item::Itself, When::SipOauthApart, OAUTH_PORTS),
];

pub(super) const EXCHANGE: Citation = Citation {
    document: "Expressway MRA guide, requirements and prerequisites",
    section: "certificate exchange, table 4",
};
const ACTIVATION: Citation = Citation {
    document: "Expressway MRA guide, requirements and prerequisites",
    section: "client certificates for onboarding over mutual TLS",
};
const ENDPOINTS: Citation = Citation {
    document: "Expressway MRA guide, requirements and prerequisites",
    section: "compatible endpoints",
};
const PHONE_EDGE: Citation = Citation {
    document: "Unified CM SIP OAuth guide",
    section: "CA certificate for Phone Edge Trust",
};
const OAUTH_PORTS: Citation = Citation {
    document: "Unified CM SIP OAuth guide",
    section: "OAuth ports, step 4",
};
const SELF_SIGNED: Citation = Citation {
    document: "Expressway certificate creation and use guide",
    section: "server certificates for Unified Communications, Unified CM and IM and Presence",
};
