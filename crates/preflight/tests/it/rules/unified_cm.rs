//! Unified CM.

use offhook_preflight::Severity;

use super::{Case, case, error, note, warning};
use crate::sample::World;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = services();
    cases.extend(cloud());
    cases.extend(sip_oauth());
    cases
}

fn services() -> Vec<Case> {
    let off = |rule, path, key: &str| error(rule, path, &format!("{key} = true\n"), "");
    vec![
        off("axl-service", "unified-cm.axl-service", "axl-service"),
        off(
            "home-cluster",
            "unified-cm.home-cluster-discovery",
            "home-cluster-discovery",
        ),
        off(
            "refresh-login",
            "unified-cm.refresh-login-flow",
            "refresh-login-flow",
        ),
        error(
            "cm-activation-service",
            "unified-cm.device-activation-service",
            "device-activation-service = true\nmaker",
            "maker",
        ),
        off(
            "cm-maker-roots",
            "unified-cm.maker-roots-trusted",
            "maker-roots-trusted",
        ),
        note(
            "cm-group",
            "unified-cm.default-group-nodes",
            "default-group-nodes = 2",
            "default-group-nodes = 1",
        ),
        error(
            "onboarding-method",
            "unified-cm.device[0].onboarding",
            "model = \"8845\"\nmethod = \"activation-code\"",
            "model = \"8845\"\nmethod = \"auto-registration\"",
        ),
        error(
            "onboarding-method",
            "unified-cm.device[0].onboarding",
            "model = \"8845\"\nmethod",
            "model = \"8841\"\nmethod",
        ),
        error(
            "cm-model-release",
            "unified-cm.device[1].release",
            "model = \"8851\"\nsoftware = \"firmware\"\nrelease = \"14-0-1\"",
            "model = \"8851\"\nsoftware = \"firmware\"\nrelease = \"10-9-9\"",
        ),
        // Telephones take tokens from 14 on.
        error(
            "cm-model-release",
            "unified-cm.release",
            "release = \"14\"\nsecurity",
            "release = \"12.5(1)SU1\"\nsecurity",
        ),
        warning(
            "model-not-listed",
            "unified-cm.device[1].model",
            "\"8851\"",
            "\"8875\"",
        ),
        warning(
            "model-not-listed",
            "unified-cm.device[2].model",
            "Jabber for Windows",
            "Jabber for BeOS",
        ),
    ]
}

fn cloud() -> Vec<Case> {
    let mut cases = Vec::new();
    for (key, path) in [
        (
            "credentials-generated = true",
            "unified-cm.cloud-onboarding.credentials-generated",
        ),
        (
            "activation-code-onboarding = true",
            "unified-cm.cloud-onboarding.activation-code-onboarding",
        ),
        (
            "allow-mra-onboarding = true",
            "unified-cm.cloud-onboarding.allow-mra-onboarding",
        ),
        (
            "mra-activation-domain = \"example.test\"",
            "unified-cm.cloud-onboarding.mra-activation-domain",
        ),
    ] {
        cases.push(error("cloud-onboarding", path, key, ""));
    }
    let code = "onboarding = \"activation-code\"\nremote-access = true";
    cases.extend([
        error(
            "service-domain",
            "unified-cm.service-domain[0].srv-record",
            "\"_collab-edge._tls.example.test\"",
            "\"expressway-e.example.test\"",
        ),
        error(
            "service-domain",
            "unified-cm.device[1].mra-service-domain",
            code,
            &format!("{code}\nmra-service-domain = \"office\""),
        ),
        error(
            "service-domain",
            "unified-cm.device[1].mra-service-domain",
            "default = true",
            "",
        ),
        error(
            "service-domain",
            "unified-cm.service-domain",
            "default = true",
            "default = true\n[[unified-cm.service-domain]]\nname = \"office\"\n\
             srv-record = \"_collab-edge._tls.example.test\"\ndefault = true",
        ),
    ]);
    cases
}

fn sip_oauth() -> Vec<Case> {
    let mode = "unified-cm.sip-oauth";
    let profile = "unified-cm.device[1].security-profile";
    let of_device = "security-profile = \"encrypted.example.test\"";
    let mut cases = Vec::new();
    for (old, new) in [
        ("mode-enabled = true", ""),
        ("call-manager-restarted = true", ""),
        ("export-controlled-functionality = true", ""),
        ("phone-edge-trust-certificates = 1", ""),
        (
            "name = \"cucm1.example.test\"",
            "name = \"cucm1\"\nsip-phone-oauth-port = 1023",
        ),
        (
            "name = \"cucm1.example.test\"",
            "name = \"cucm1\"\nsip-phone-oauth-port = 5091",
        ),
        (
            "[[unified-cm.sip-oauth.node]]\nname = \"cucm1.example.test\"",
            "",
        ),
    ] {
        cases.push(error("sip-oauth", mode, old, new));
    }
    let all = World::passing().with(
        "[unified-cm.sip-oauth]\nmode-enabled = true\ncall-manager-restarted = true\n\
         export-controlled-functionality = true\nphone-edge-trust-certificates = 1\n\n\
         [[unified-cm.sip-oauth.node]]\nname = \"cucm1.example.test\"\n\n\
         [[unified-cm.sip-oauth.expressway-c]]\naddress = \"expressway-c.example.test\"\n\
         subject-names = [\"expressway-c.example.test\"]\n",
        "",
    );
    cases.extend([
        case("sip-oauth", Severity::Error, "unified-cm.sip-oauth", all),
        error(
            "sip-oauth-profile",
            profile,
            "enable-oauth-authentication = true",
            "enable-oauth-authentication = true\nenable-digest-authentication = true",
        ),
        error(
            "sip-oauth-profile",
            profile,
            "enable-oauth-authentication = true",
            "enable-oauth-authentication = true\ntftp-encrypted-config = true",
        ),
        error(
            "sip-oauth-profile",
            profile,
            "\"Encrypted\"",
            "\"Authenticated\"",
        ),
        error("sip-oauth-profile", profile, "\"TLS\"", "\"TCP\""),
        error(
            "sip-oauth-profile",
            profile,
            "security-mode = \"mixed\"",
            "security-mode = \"non-secure\"",
        ),
        error(
            "sip-oauth-profile",
            profile,
            of_device,
            "security-profile = \"other\"",
        ),
        error("sip-oauth-profile", profile, of_device, ""),
        error(
            "sip-oauth-remote",
            "unified-cm.device[1]",
            "onboarding = \"activation-code\"\nremote-access = true",
            "onboarding = \"mac-address\"\nremote-access = true",
        ),
        error(
            "sip-oauth-remote",
            "unified-cm.device[1]",
            "enable-oauth-authentication = true",
            "",
        ),
    ]);
    cases
}
