//! Unified CM: services, onboarding, SIP OAuth and models.

use std::collections::HashMap;

use offhook_device_profile::catalogue::{Feature, ReleaseOf, Support, System, support};
use offhook_device_profile::phone_security::{CsfClient, PhoneType};

use super::{Checker, remote_access};
use crate::rule::table as rules;
use crate::{Authentication, CmSoftware, Onboarding, Question, UnifiedCm, UnifiedCmDevice};

mod sip_oauth;

pub(super) fn check(checker: &mut Checker<'_>, cm: &UnifiedCm) {
    services(checker, cm);
    onboarding(checker, cm);
    let devices = cm.device.iter().enumerate();
    for (at, device) in devices {
        models(checker, cm, device, &format!("unified-cm.device[{at}]"));
    }
    sip_oauth::check(checker, cm);
}

fn services(checker: &mut Checker<'_>, cm: &UnifiedCm) {
    let remote = checker.deployment.remote_access.as_ref();
    if remote.is_some() {
        checker.require(
            cm.axl_service,
            rules::AXL_SERVICE,
            "unified-cm.axl-service",
            "the AXL web service does not run",
        );
    }
    if remote.is_some() && cm.clusters > 1 {
        checker.require(
            cm.home_cluster_discovery,
            rules::HOME_CLUSTER,
            "unified-cm.home-cluster-discovery",
            "there are several clusters and no home cluster discovery",
        );
    }
    let uses_tokens = remote.is_some_and(|remote| {
        let mut all = remote.authentication.iter();
        all.any(|each| matches!(each, Authentication::Oauth | Authentication::OauthSso))
    });
    if uses_tokens {
        checker.require(
            cm.refresh_login_flow,
            rules::REFRESH_LOGIN,
            "unified-cm.refresh-login-flow",
            "OAuth with Refresh Login Flow is not enabled",
        );
    }
}

fn onboarding(checker: &mut Checker<'_>, cm: &UnifiedCm) {
    let by_code = |device: &&UnifiedCmDevice| device.onboarding == Onboarding::ActivationCode;
    let mut with_code = cm.device.iter().filter(by_code).peekable();
    if with_code.peek().is_none() {
        return methods(checker, cm);
    }
    let (outside, inside): (Vec<_>, Vec<_>) = with_code.partition(|device| device.remote_access);
    checker.require(
        cm.device_activation_service,
        rules::CM_ACTIVATION_SERVICE,
        "unified-cm.device-activation-service",
        "the Device Activation Service does not run",
    );
    if !inside.is_empty() {
        checker.require(
            cm.maker_roots_trusted,
            rules::CM_MAKER_ROOTS,
            "unified-cm.maker-roots-trusted",
            "the maker's root certificates are not in CallManager-trust",
        );
        checker.require(
            cm.default_group_nodes > 1,
            rules::CM_GROUP,
            "unified-cm.default-group-nodes",
            "the default group has no second node",
        );
    }
    methods(checker, cm);
    if !outside.is_empty() {
        cloud(checker, cm);
    }
}

/// Whether each model on premises has the method that its devices use.
fn methods(checker: &mut Checker<'_>, cm: &UnifiedCm) {
    let methods = cm.onboarding_method.iter();
    let methods: HashMap<_, _> = methods
        .map(|each| (each.model.as_str(), each.method))
        .collect();
    for (at, device) in cm.device.iter().enumerate() {
        let method = methods.get(device.model.as_str()).copied();
        let method = method.unwrap_or(Onboarding::AutoRegistration);
        // The method says nothing of remote access, nor of devices with an address.
        let matters = !device.remote_access
            && device.software == CmSoftware::Firmware
            && device.onboarding != Onboarding::MacAddress;
        if matters && method != device.onboarding {
            let what = format!(
                "{:?} is to be onboarded by {}, and the method of the model is {method}",
                device.model, device.onboarding
            );
            let path = format!("unified-cm.device[{at}].onboarding");
            checker.find(rules::ONBOARDING_METHOD, &path, what);
        }
    }
}

fn cloud(checker: &mut Checker<'_>, cm: &UnifiedCm) {
    let cloud = &cm.cloud_onboarding;
    let has_domain = cloud
        .mra_activation_domain
        .as_ref()
        .is_some_and(|domain| !domain.is_empty());
    for (holds, key, what) in [
        (
            cloud.credentials_generated,
            "credentials-generated",
            "no credentials are generated",
        ),
        (
            cloud.activation_code_onboarding,
            "activation-code-onboarding",
            "onboarding by activation code is not enabled",
        ),
        (
            cloud.allow_mra_onboarding,
            "allow-mra-onboarding",
            "onboarding over remote access is not allowed",
        ),
        (
            has_domain,
            "mra-activation-domain",
            "no activation domain is named",
        ),
    ] {
        let path = format!("unified-cm.cloud-onboarding.{key}");
        checker.require(holds, rules::CLOUD_ONBOARDING, &path, what);
    }
    service_domains(checker, cm);
}

fn service_domains(checker: &mut Checker<'_>, cm: &UnifiedCm) {
    for (at, domain) in cm.service_domain.iter().enumerate() {
        let path = format!("unified-cm.service-domain[{at}].srv-record");
        match domain.edge_domain() {
            Some(edge) => edge_of(checker, Question::collab_edge(edge), &path),
            None => {
                let record = &domain.srv_record;
                let what = format!("{record:?} is no record of an edge (_collab-edge._tls.DOMAIN)");
                checker.find(rules::SERVICE_DOMAIN, &path, what);
            }
        }
    }
    let defaults = cm
        .service_domain
        .iter()
        .filter(|domain| domain.default)
        .count();
    if defaults > 1 {
        let what = format!("{defaults} service domains are the default one");
        checker.find(rules::SERVICE_DOMAIN, "unified-cm.service-domain", what);
    }
    for (at, device) in cm.device.iter().enumerate() {
        let is_code = device.onboarding == Onboarding::ActivationCode;
        if !device.remote_access || !is_code {
            continue;
        }
        let path = format!("unified-cm.device[{at}].mra-service-domain");
        match &device.mra_service_domain {
            Some(name) if !cm.service_domain.iter().any(|domain| domain.name == *name) => {
                let what = format!("no service domain is called {name:?}");
                checker.find(rules::SERVICE_DOMAIN, &path, what);
            }
            None if defaults == 0 => {
                let what = format!(
                    "{:?} has no service domain, and none is the default",
                    device.model
                );
                checker.find(rules::SERVICE_DOMAIN, &path, what);
            }
            _ => {}
        }
    }
}

/// The edge of a service domain, unless it is one of the external domains, which are judged there.
fn edge_of(checker: &mut Checker<'_>, question: Question, path: &str) {
    let remote = checker.deployment.remote_access.as_ref();
    if !remote.is_some_and(|remote| remote.domains.contains(question.domain())) {
        remote_access::edge(checker, &question, path);
    }
}

fn models(checker: &mut Checker<'_>, cm: &UnifiedCm, device: &UnifiedCmDevice, path: &str) {
    let own = (device.software.release_of(), device.release.release());
    let cluster = (ReleaseOf::UnifiedCm, cm.release.release());
    let model = device.model.as_str();
    let softphone = softphone(model).map_or(model, |(_, name)| name);
    let by_code = device.onboarding == Onboarding::ActivationCode;
    for (wanted, feature, model) in [
        (by_code, Feature::ActivationCode, model),
        (device.remote_access, Feature::RemoteAccess, model),
        (device.sip_oauth, Feature::SipOAuth, softphone),
    ] {
        if !wanted {
            continue;
        }
        match support(model, feature, System::UnifiedCm, &[own, cluster]) {
            Support::Listed(_) => {}
            Support::TooOld(fact) => {
                let least = fact
                    .since
                    .map(|since| since.to_string())
                    .unwrap_or_default();
                let what = format!("{:?}: {feature} needs {least}", device.model);
                let is_cluster = fact
                    .since
                    .is_some_and(|since| since.of == ReleaseOf::UnifiedCm);
                let path = if is_cluster {
                    "unified-cm.release".to_owned()
                } else {
                    format!("{path}.release")
                };
                let finding = checker.finding(rules::CM_MODEL_RELEASE, &path, what);
                checker.findings.push(finding.because(fact.source));
            }
            _ => {
                let (of, _) = own;
                let what = format!("no guide lists {:?} with {of} for {feature}", device.model);
                let finding =
                    checker.finding(rules::MODEL_NOT_LISTED, &format!("{path}.model"), what);
                checker.findings.push(finding.because(source_of(feature)));
            }
        }
    }
}

/// Where the models for a feature are listed.
fn source_of(feature: Feature) -> crate::Source {
    let rule = match feature {
        Feature::RemoteAccess => rules::VERSION_TOO_OLD,
        Feature::SipOAuth => rules::SIP_OAUTH,
        _ => rules::CM_MODEL_RELEASE,
    };
    rule.source()
}

/// What the phone security profile of a Jabber client is for, and its name in the catalogue.
fn softphone(model: &str) -> Option<(PhoneType, &'static str)> {
    let model = model.strip_prefix("Cisco ").unwrap_or(model);
    Some(match model {
        "Jabber for Android" => (PhoneType::DualModeForAndroid, "BOT"),
        "Jabber for iPhone and iPad" => (PhoneType::DualModeForIphone, "TCT"),
        "Jabber for Mac" => (PhoneType::ClientServicesFramework(CsfClient::Mac), "CSF"),
        "Jabber for Windows" => (
            PhoneType::ClientServicesFramework(CsfClient::Windows),
            "CSF",
        ),
        _ => return None,
    })
}
