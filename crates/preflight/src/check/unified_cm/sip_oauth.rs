//! SIP OAuth mode, and the devices that use it.

use std::collections::HashMap;

use offhook_device_profile::phone_security::{
    self as phone, Cluster, ClusterSecurityMode, OAuthPhones, PhoneSecurityProfile, PhoneType,
    RemoteAccessPhone, SipOAuthSettings,
};

use super::softphone;
use crate::check::Checker;
use crate::rule::table as rules;
use crate::{
    CmSoftware, Onboarding, SecurityMode, SecurityProfile, ServiceDomain, SipOAuth, UnifiedCm,
    UnifiedCmDevice,
};

pub(super) fn check(checker: &mut Checker<'_>, cm: &UnifiedCm) {
    let users = cm
        .device
        .iter()
        .enumerate()
        .filter(|(_, device)| device.sip_oauth);
    let users: Vec<_> = users.collect();
    if users.is_empty() {
        return;
    }
    match &cm.sip_oauth {
        Some(described) => {
            for violation in settings(described, &users).violations() {
                let what = violation.to_string();
                let finding = checker.finding(rules::SIP_OAUTH, "unified-cm.sip-oauth", what);
                checker.findings.push(finding.because(violation.source()));
            }
        }
        None => {
            let what = "devices use SIP OAuth, and the mode is not described";
            checker.find(rules::SIP_OAUTH, "unified-cm.sip-oauth", what);
        }
    }
    let profiles = cm.security_profile.iter();
    let profiles: HashMap<_, _> = profiles.map(|each| (each.name.as_str(), each)).collect();
    let mode = match cm.security_mode {
        SecurityMode::Mixed => ClusterSecurityMode::Mixed,
        SecurityMode::NonSecure => ClusterSecurityMode::NonSecure,
    };
    let cluster = Cluster::new(cm.release.release(), mode);
    for (at, device) in users {
        let path = format!("unified-cm.device[{at}]");
        let name = device.security_profile.as_deref().unwrap_or_default();
        let Some(described) = profiles.get(name) else {
            let what = format!(
                "{:?} uses SIP OAuth, and no phone security profile is called {name:?}",
                device.model
            );
            checker.find(
                rules::SIP_OAUTH_PROFILE,
                &format!("{path}.security-profile"),
                what,
            );
            continue;
        };
        let profile = security_profile(described, &device.model);
        for violation in profile.violations(&cluster) {
            // The models are judged by the catalogue, with what it knows.
            use phone::PhoneSecurityViolation::{OAuthPhoneType, OAuthRelease};
            if !matches!(violation, OAuthPhoneType | OAuthRelease) {
                let what = format!("{:?} with {name:?}: {violation}", device.model);
                let path = format!("{path}.security-profile");
                let finding = checker.finding(rules::SIP_OAUTH_PROFILE, &path, what);
                checker.findings.push(finding.because(violation.source()));
            }
        }
        if device.software == CmSoftware::Firmware && device.remote_access {
            remote_phone(checker, cm, device, profile, &path);
        }
    }
}

fn remote_phone(
    checker: &mut Checker<'_>,
    cm: &UnifiedCm,
    device: &UnifiedCmDevice,
    profile: PhoneSecurityProfile,
    path: &str,
) {
    let default = |domain: &&ServiceDomain| domain.default;
    let domain = match &device.mra_service_domain {
        Some(name) => name.as_str(),
        None => cm
            .service_domain
            .iter()
            .find(default)
            .map_or("", |domain| &domain.name),
    };
    let by_code = device.onboarding == Onboarding::ActivationCode;
    let mut phone = RemoteAccessPhone::new(domain, profile);
    phone.allow_activation_code_via_mra = by_code;
    for violation in phone.violations(cm.release.release()) {
        use phone::RemoteAccessViolation::{NoServiceDomain, Release};
        // A missing domain and a release that is too old have rules of their own.
        let elsewhere = match violation {
            NoServiceDomain => by_code,
            Release => true,
            _ => false,
        };
        if !elsewhere {
            let what = format!("{:?}: {violation}", device.model);
            let finding = checker.finding(rules::SIP_OAUTH_REMOTE, path, what);
            checker.findings.push(finding.because(violation.source()));
        }
    }
}

fn settings(described: &SipOAuth, users: &[(usize, &UnifiedCmDevice)]) -> SipOAuthSettings {
    let nodes = described.node.iter().map(|each| {
        let mut node = phone::OAuthNode::new(&each.name);
        node.sip_oauth_port = each.sip_phone_oauth_port;
        node.sip_oauth_mra_port = each.sip_mobile_and_remote_access_port;
        node
    });
    let mut settings = SipOAuthSettings::new(nodes.collect());
    settings.mode_enabled = described.mode_enabled;
    settings.call_manager_restarted = described.call_manager_restarted;
    settings.export_controlled_functionality = described.export_controlled_functionality;
    settings.phone_edge_trust_certificates = described.phone_edge_trust_certificates.into();
    // Whether tokens are refreshed has a rule of its own.
    let mut devices = users.iter().map(|(_, device)| device);
    if devices
        .clone()
        .any(|device| device.software != CmSoftware::Jabber)
    {
        settings.phones = OAuthPhones::WithTelephones;
    }
    settings.remote_access = devices.any(|device| device.remote_access);
    let entries = described.expressway_c.iter().map(|entry| {
        let names: Vec<_> = entry.subject_names.iter().map(String::as_str).collect();
        phone::ExpresswayC::new(&entry.address, &names)
    });
    settings.expressway_c = entries.collect();
    settings
}

fn security_profile(described: &SecurityProfile, model: &str) -> PhoneSecurityProfile {
    let phone_type = softphone(model);
    let phone_type = phone_type.map_or_else(
        || PhoneType::Phone(model.to_owned()),
        |(phone_type, _)| phone_type,
    );
    let mut profile = PhoneSecurityProfile::new(&described.name, phone_type);
    profile.device_security_mode = described.device_security_mode;
    profile.transport_type = described.transport_type;
    profile.enable_oauth_authentication = described.enable_oauth_authentication;
    profile.enable_digest_authentication = described.enable_digest_authentication;
    profile.tftp_encrypted_config = described.tftp_encrypted_config;
    profile
}
