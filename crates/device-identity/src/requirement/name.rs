//! The names that must stand in the certificates.

use std::collections::BTreeMap;
use std::fmt;

use rustls_pki_types::CertificateDer;

use super::chain::{Chain, Presented};
use super::{Advice, Citation, Holder, Missing, Outcome, Problem, Report, Requirement};

/// What a name is to the deployment.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum NameKind {
    /// The alias of a chat node of the IM and Presence Service; only with federated group chat.
    ChatNodeAlias,
    /// The name of the Expressway-C cluster; only where the Expressway-C are clustered.
    ClusterName,
    /// The name of a phone security profile that devices outside use.
    PhoneSecurityProfile,
    /// A domain in which devices register to Unified CM.
    RegistrationDomain,
    /// A domain of XMPP federation; only with federation.
    XmppFederationDomain,
}

impl NameKind {
    /// Whose certificates must carry it among the subject alternative names.
    ///
    /// # Source
    ///
    /// Expressway MRA guide, requirements and prerequisites: certificate signing requests, table 5.
    #[must_use]
    pub const fn holders(self) -> &'static [Holder] {
        match self {
            Self::ChatNodeAlias => &[Holder::ExpresswayC, Holder::ExpresswayE],
            Self::ClusterName | Self::PhoneSecurityProfile => &[Holder::ExpresswayC],
            Self::RegistrationDomain | Self::XmppFederationDomain => &[Holder::ExpresswayE],
        }
    }

    /// Whether every deployment has names of this kind, rather than those with a feature.
    #[must_use]
    pub const fn is_compulsory(self) -> bool {
        matches!(self, Self::PhoneSecurityProfile | Self::RegistrationDomain)
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChatNodeAlias => "chat node alias",
            Self::ClusterName => "cluster name",
            Self::PhoneSecurityProfile => "phone security profile",
            Self::RegistrationDomain => "Unified CM registration domain",
            Self::XmppFederationDomain => "XMPP federation domain",
        })
    }
}

pub(super) fn check(
    names: &[(NameKind, &str)],
    described: &BTreeMap<Holder, &[CertificateDer<'_>]>,
    chains: &BTreeMap<Holder, Chain<'_>>,
    report: &mut Report,
) {
    for kind in [NameKind::PhoneSecurityProfile, NameKind::RegistrationDomain] {
        if names.iter().all(|(other, _)| *other != kind) {
            let holders = kind.holders().iter();
            for &holder in holders.filter(|holder| described.contains_key(holder)) {
                report.add(
                    Requirement::AlternativeNames { holder, kind },
                    Outcome::Unknown(Missing::Names(kind)),
                    SIGNING_REQUESTS,
                );
            }
        }
    }
    for &(kind, name) in names {
        for &holder in kind.holders() {
            let outcome = match chains.get(&holder) {
                Some(chain) => judge(chain.own(), kind, name),
                None => Outcome::Unknown(Missing::Chain(holder)),
            };
            let name = name.to_owned();
            report.add(
                Requirement::AlternativeName { holder, kind, name },
                outcome,
                SIGNING_REQUESTS,
            );
        }
    }
}

fn judge(certificate: &Presented<'_>, kind: NameKind, name: &str) -> Outcome {
    let among = |names: &[&str]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
    if among(&certificate.dns_names) {
        return Outcome::Met;
    }
    if kind == NameKind::ChatNodeAlias && among(&certificate.xmpp_names) {
        return Outcome::Advised(Advice::NotDns);
    }
    if certificate.dns_names.iter().any(|host| covers(host, name)) {
        return Outcome::Unmet(Problem::OnlyWildcard);
    }
    if among(&certificate.common_names) {
        return Outcome::Unmet(Problem::OnlyCommonName);
    }
    Outcome::Unmet(Problem::NotNamed)
}

/// Whether `pattern` is a wildcard for `name`.
fn covers(pattern: &str, name: &str) -> bool {
    match (pattern.split_once('.'), name.split_once('.')) {
        (Some(("*", pattern)), Some((_, name))) => pattern.eq_ignore_ascii_case(name),
        _ => false,
    }
}

pub(super) fn check_sip_oauth(
    entered: &[&str],
    presented: Option<&Presented<'_>>,
    report: &mut Report,
) {
    let Some(presented) = presented else {
        report.add(
            Requirement::SipOauthSubject,
            Outcome::Unknown(Missing::Chain(Holder::ExpresswayC)),
            EXPRESSWAY_ENTRY,
        );
        return;
    };
    let stands = |entered: &str| {
        let mut names = presented.common_names.iter().chain(&presented.dns_names);
        names.any(|name| name.eq_ignore_ascii_case(entered))
    };
    let good = entered.iter().any(|name| stands(name));
    report.add(
        Requirement::SipOauthSubject,
        match (good, entered) {
            (true, _) => Outcome::Met,
            (false, []) => Outcome::Unmet(Problem::NothingEntered),
            (false, _) => Outcome::Unmet(Problem::EnteredForAnother),
        },
        EXPRESSWAY_ENTRY,
    );
    if good {
        for name in entered.iter().filter(|name| !stands(name)) {
            let name = (*name).to_owned();
            report.add(
                Requirement::SipOauthEntry { name },
                Outcome::Advised(Advice::NotInCertificate),
                EXPRESSWAY_ENTRY,
            );
        }
    }
}

pub(super) const SIGNING_REQUESTS: Citation = Citation {
    document: "Expressway MRA guide, requirements and prerequisites",
    section: "certificate signing requests, table 5",
};
const EXPRESSWAY_ENTRY: Citation = Citation {
    document: "Unified CM SIP OAuth guide",
    section: "OAuth connection to Expressway-C, step 6",
};
