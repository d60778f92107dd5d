//! Tokens of `BroadWorks`, and from what the MAC address of a phone is taken.

use offhook_preflight::Severity;

use super::{Case, case, error, note, warning};
use crate::sample::World;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = tokens();
    cases.extend(mac_sources());
    cases
}

fn tokens() -> Vec<Case> {
    let in_use = "refresh-token-in-use = true";
    let unused = |issued: &str| {
        let world = World::passing().with(in_use, "refresh-token-in-use = false");
        world.with("2026-05-20", issued)
    };
    let age = "broadworks.identity-provider.refresh-token-issued";
    let name = "issuer-name = \"https://idbroker.webex.com/idb\"";
    let url = "issuer-url = \"https://idbroker.webex.com/idb\"";
    vec![
        error(
            "oauth-disabled",
            "broadworks.oauth.enabled",
            "[broadworks.oauth]\nenabled = true",
            "[broadworks.oauth]\nenabled = false",
        ),
        error(
            "oauth-scope",
            "broadworks.oauth.scopes",
            "\"broadworks-connector-user\"",
            "\"broadworks-connector\"",
        ),
        warning(
            "identity-provider-enabled",
            "broadworks.identity-provider.enabled",
            "[broadworks.identity-provider]\nenabled = false",
            "[broadworks.identity-provider]\nenabled = true",
        ),
        error(
            "client-credentials",
            "broadworks.identity-provider.client-id-set",
            "client-id-set = true",
            "",
        ),
        error(
            "client-credentials",
            "broadworks.identity-provider.client-secret-set",
            "client-secret-set = true",
            "",
        ),
        error(
            "issuer",
            "broadworks.identity-provider.issuer-name",
            name,
            "issuer-name = \"https://IDBroker.webex.com/idb\"",
        ),
        error(
            "issuer",
            "broadworks.identity-provider.issuer-name",
            name,
            "",
        ),
        error(
            "issuer",
            "broadworks.identity-provider.issuer-url",
            url,
            "issuer-url = \"https://idbroker-eu.webex.com/idb\"",
        ),
        error(
            "issuer",
            "broadworks.identity-provider.ci-cluster",
            "\"US-A\"",
            "\"US-C\"",
        ),
        // Of these the guide's own words are not at hand.
        warning(
            "issuer",
            "broadworks.identity-provider.issuer-name",
            "\"US-A\"",
            "\"SG\"",
        ),
        error(
            "token-info-url",
            "broadworks.identity-provider.token-info-url",
            "broadworks-idp-proxy-a",
            "broadworks-idp-proxy-k",
        ),
        error(
            "response-size",
            "broadworks.identity-provider.ci-response-body-max-size-in-bytes",
            "65536",
            "65535",
        ),
        note(
            "response-size",
            "broadworks.identity-provider.ci-response-body-max-size-in-bytes",
            "65536",
            "65537",
        ),
        error(
            "federation-url",
            "broadworks.identity-provider.fls-url",
            "https://cifls.webex.com/federation",
            "https://cifls.webex.com/",
        ),
        warning(
            "refresh-period",
            "broadworks.identity-provider.refresh-period-in-minutes",
            "refresh-period-in-minutes = 60",
            "refresh-period-in-minutes = 61",
        ),
        error(
            "refresh-token-place",
            "broadworks.identity-provider.refresh-token",
            "refresh-token = \"partners\"",
            "refresh-token = \"federation\"",
        ),
        error(
            "refresh-token-place",
            "broadworks.identity-provider.refresh-token",
            "refresh-token = \"partners\"",
            "",
        ),
        error(
            "refresh-token-place",
            "broadworks.identity-provider.refresh-token",
            "2022.11",
            "2022.9",
        ),
        error(
            "refresh-token-place",
            "broadworks.identity-provider.partner-name",
            "partner-name = \"FederationPartner\"",
            "",
        ),
        error(
            "refresh-token-place",
            "broadworks.identity-provider.partner-name",
            "partner-name = \"FederationPartner\"",
            "partner-name = \"federationpartner\"",
        ),
        // Sixty days to the second, and a week before that.
        case(
            "refresh-token-age",
            Severity::Error,
            age,
            unused("2026-04-02"),
        ),
        case(
            "refresh-token-age",
            Severity::Warning,
            age,
            unused("2026-04-03"),
        ),
        case(
            "refresh-token-age",
            Severity::Warning,
            age,
            unused("2026-04-09"),
        ),
        error(
            "allow-lists",
            "broadworks.identity-provider.scopes",
            in_use,
            "refresh-token-in-use = true\nscopes = [\"a\"]",
        ),
        error(
            "allow-lists",
            "broadworks.identity-provider.admin-roles-allowed",
            in_use,
            "refresh-token-in-use = true\nadmin-roles-allowed = [\"a\"]",
        ),
        error(
            "allow-lists",
            "broadworks.identity-provider.admin-scopes-allowed",
            in_use,
            "refresh-token-in-use = true\nadmin-scopes-allowed = [\"a\"]",
        ),
        error(
            "dm-bridge",
            "broadworks.dm-bridge.url",
            "dm-bridge-a.wbx2.com",
            "dm-bridge-a",
        ),
        error(
            "dm-bridge",
            "broadworks.dm-bridge.scope",
            "dm-bridge:device_auth",
            "dm-bridge",
        ),
    ]
}

fn mac_sources() -> Vec<Case> {
    let headers_off = |world: World| {
        world.with(
            "[broadworks.headers]\nenabled = true",
            "[broadworks.headers]\nenabled = false",
        )
    };
    let certificates_on = |world: World| {
        let on = "[broadworks.certificates]\nenabled = true";
        world.with("[broadworks.certificates]\nenabled = false", on)
    };
    let pattern = "broadworks.headers.identity-pattern";
    vec![
        case(
            "mac-sources",
            Severity::Warning,
            "broadworks.headers.enabled",
            certificates_on(World::passing()),
        ),
        case(
            "mac-source-missing",
            Severity::Error,
            "broadworks.certificates.enabled",
            headers_off(World::passing()),
        ),
        case(
            "mac-source-place",
            Severity::Error,
            "broadworks.certificates.enabled",
            certificates_on(headers_off(World::passing())),
        ),
        error(
            "mac-source-place",
            "broadworks.headers.enabled",
            "behind-firewall = true",
            "behind-firewall = false",
        ),
        error("identity-pattern", pattern, "\"macaddress:.*(", "\"mac:.*("),
        error(
            "identity-pattern",
            pattern,
            "header = \"macaddress\"",
            "header = \"x-mac\"",
        ),
        error(
            "identity-pattern",
            pattern,
            "\"macaddress:.*(",
            "\"macaddress:.*+(",
        ),
        error(
            "identity-pattern",
            pattern,
            "macaddress:.*([0-9a-fA-F]{12}).*",
            "macaddress:.*",
        ),
        error(
            "identity-pattern",
            "broadworks.headers.header",
            "header = \"macaddress\"\n",
            "",
        ),
        // The certificate of a server is no authority.
        error(
            "maker-roots",
            "broadworks.maker-roots",
            "maker-roots = \"maker.pem\"",
            "maker-roots = \"sbc.pem\"",
        ),
        error(
            "maker-roots",
            "broadworks.maker-roots",
            "maker-roots = \"maker.pem\"",
            "",
        ),
    ]
}
