//! Certificates and trust stores for remote access, judged by `device-identity`.

use offhook_device_identity::requirement::{
    self as requirement, Deployment, Holder, Missing, NameKind, Outcome, Place, Requirement,
    TrustStore,
};

use super::Checker;
use crate::rule::table as rules;
use crate::{Names, Onboarding, RemoteAccess, Rule, SecurityMode, Severity, Why};

mod dates;

pub(super) fn check(checker: &mut Checker<'_>, remote: &RemoteAccess) {
    let cm = checker.deployment.unified_cm.as_ref();
    let mode = match cm.map(|cm| cm.security_mode) {
        Some(SecurityMode::NonSecure) => requirement::SecurityMode::NonSecure,
        // Where it is not known, the stricter one.
        Some(SecurityMode::Mixed) | None => requirement::SecurityMode::Mixed,
    };
    let mut described = Deployment::new(mode);
    for (holder, key, file) in remote.chains.all() {
        let path = chain_path(key);
        let file = file.as_deref();
        let read =
            file.and_then(|file| checker.certificates(file, rules::CERTIFICATE_CHAIN, &path));
        if let Some(read) = read {
            described = described.chain(holder, read);
        }
    }
    for (store, key, file) in remote.trust_stores.all() {
        let path = store_path(key);
        let file = file.as_deref();
        let read =
            file.and_then(|file| checker.certificates(file, rules::CERTIFICATE_TRUST, &path));
        if let Some(read) = read {
            described = described.store(store, read);
        }
    }
    described = name(described, &remote.names);
    let oauth = cm.and_then(|cm| cm.sip_oauth.as_ref());
    let entered = oauth.map(|oauth| {
        let entries = oauth.expressway_c.iter();
        let names = entries.flat_map(|entry| &entry.subject_names);
        names.map(String::as_str).collect::<Vec<_>>()
    });
    if let Some(entered) = &entered {
        described = described.sip_oauth(entered);
    }
    let judged = described.check();
    report(checker, remote, &judged);
    dates::check(checker, remote, &judged);
    for (holder, key) in [
        (Holder::ExpresswayC, "expressway-c"),
        (Holder::ExpresswayE, "expressway-e"),
    ] {
        if !is_described(Missing::Chain(holder), remote) {
            let what = format!("the {holder} certificate");
            let path = chain_path(key);
            checker.unknown(rules::CERTIFICATE_USAGE, &path, what, Why::NotDescribed);
        }
    }
}

/// Adds the names that must stand in certificates.
fn name<'a>(mut described: Deployment<'a>, names: &'a Names) -> Deployment<'a> {
    for (kind, list) in [
        (NameKind::ChatNodeAlias, &names.chat_node_aliases),
        (NameKind::ClusterName, &names.cluster_names),
        (
            NameKind::PhoneSecurityProfile,
            &names.phone_security_profiles,
        ),
        (NameKind::RegistrationDomain, &names.registration_domains),
        (
            NameKind::XmppFederationDomain,
            &names.xmpp_federation_domains,
        ),
    ] {
        for name in list {
            // In certificates no name ends with the dot of the root.
            described = described.name(kind, name.strip_suffix('.').unwrap_or(name));
        }
    }
    described
}

fn report(checker: &mut Checker<'_>, remote: &RemoteAccess, report: &requirement::Report) {
    for judged in report.findings() {
        let (rule, path) = rule_and_path(judged.requirement(), remote);
        let severity = match judged.outcome() {
            Outcome::Met => continue,
            Outcome::Advised(_) => Severity::Warning,
            Outcome::Unknown(missing) => {
                // Of a file that could not be read or that nobody has read, that is reported.
                if !is_described(missing, remote) && !is_absent(missing, checker, remote) {
                    let what = judged.requirement().to_string();
                    let path = missing_path(missing, remote);
                    checker.unknown(rule, &path, what, Why::NotDescribed);
                }
                continue;
            }
            Outcome::Unmet(_) => Severity::Error,
            _ => continue,
        };
        let what = match judged.outcome() {
            Outcome::Advised(advice) => format!("{}: {advice}", judged.requirement()),
            Outcome::Unmet(problem) => format!("{}: {problem}", judged.requirement()),
            _ => continue,
        };
        let finding = checker.finding(rule, &path, what);
        let finding = finding.severe(severity).because(judged.source());
        checker.findings.push(finding);
    }
}

fn rule_and_path(requirement: &Requirement, remote: &RemoteAccess) -> (Rule, String) {
    let chain = |holder| path_of_chain(holder, remote);
    let store = |store| path_of_store(store, remote);
    match requirement {
        Requirement::AlternativeName { holder, .. }
        | Requirement::AlternativeNames { holder, .. } => (rules::CERTIFICATE_NAME, chain(*holder)),
        Requirement::Chain(holder) => (rules::CERTIFICATE_CHAIN, chain(*holder)),
        Requirement::ClientAuthentication(holder) => (rules::CERTIFICATE_USAGE, chain(*holder)),
        Requirement::DistinctCommonNames { second, .. } => {
            (rules::CERTIFICATE_CHAIN, chain(*second))
        }
        Requirement::Readable { place, .. } => {
            let path = match place {
                Place::Chain(holder) => chain(*holder),
                Place::Store(wanted) => store(*wanted),
                _ => "remote-access".to_owned(),
            };
            (rules::CERTIFICATE_CHAIN, path)
        }
        Requirement::SipOauthEntry { .. } | Requirement::SipOauthSubject => {
            let path = "unified-cm.sip-oauth.expressway-c";
            (rules::CERTIFICATE_SIP_OAUTH, path.to_owned())
        }
        Requirement::Trust { store: wanted, .. } => (rules::CERTIFICATE_TRUST, store(*wanted)),
        _ => (rules::CERTIFICATE_CHAIN, "remote-access".to_owned()),
    }
}

/// Whether a file is named for what is missing.
fn is_described(missing: Missing, remote: &RemoteAccess) -> bool {
    let chain = |wanted: Holder| {
        let all = remote.chains.all();
        all.iter()
            .any(|(holder, _, file)| *holder == wanted && file.is_some())
    };
    match missing {
        Missing::Chain(holder) => chain(holder),
        Missing::Store(wanted) => {
            let all = remote.trust_stores.all();
            all.iter()
                .any(|(store, _, file)| *store == wanted && file.is_some())
        }
        _ => false,
    }
}

/// Whether what is missing is of something that this deployment does without.
fn is_absent(missing: Missing, checker: &Checker<'_>, remote: &RemoteAccess) -> bool {
    match missing {
        Missing::Chain(Holder::MutualTlsDevice) => true,
        Missing::Chain(Holder::ImPresenceTomcat | Holder::ImPresenceXmpp)
        | Missing::Store(TrustStore::ImPresenceTomcat | TrustStore::ImPresenceXmpp) => {
            remote.im_and_presence_release.is_none()
        }
        Missing::Chain(Holder::ActivatingDevice) => {
            let cm = checker.deployment.unified_cm.iter();
            let mut devices = cm.flat_map(|cm| &cm.device);
            !devices.any(|device| {
                device.remote_access && device.onboarding == Onboarding::ActivationCode
            })
        }
        _ => false,
    }
}

/// Where what is missing should be described.
fn missing_path(missing: Missing, remote: &RemoteAccess) -> String {
    match missing {
        Missing::Chain(holder) | Missing::Issuer(holder) | Missing::Root(holder) => {
            path_of_chain(holder, remote)
        }
        Missing::Store(store) => path_of_store(store, remote),
        _ => "remote-access.names".to_owned(),
    }
}

fn path_of_chain(wanted: Holder, remote: &RemoteAccess) -> String {
    let all = remote.chains.all();
    let found = all.iter().find(|(holder, ..)| *holder == wanted);
    found.map_or_else(
        || "remote-access.chains".to_owned(),
        |(_, key, _)| chain_path(key),
    )
}

fn path_of_store(wanted: TrustStore, remote: &RemoteAccess) -> String {
    let all = remote.trust_stores.all();
    let found = all.iter().find(|(store, ..)| *store == wanted);
    found.map_or_else(
        || "remote-access.trust-stores".to_owned(),
        |(_, key, _)| store_path(key),
    )
}

fn chain_path(key: &str) -> String {
    format!("remote-access.chains.{key}")
}

fn store_path(key: &str) -> String {
    format!("remote-access.trust-stores.{key}")
}
