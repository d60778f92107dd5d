//! Tokens of `BroadWorks`, and from what the MAC address of a phone is taken.

use offhook_bearer_token::Scope;
use offhook_sip_resolver::DomainName;

use super::Checker;
use crate::rule::table as rules;
use crate::{BroadWorks, IdentityProvider, OAuth, Severity, Software, url};

mod mac_source;
mod refresh_token;

pub(super) fn check(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    identity_provider(checker, &broadworks.identity_provider);
    if broadworks.has(Software::RoomOs) {
        room_os(checker, broadworks);
    }
    if broadworks.has(Software::Mpp) {
        dm_bridge(checker, broadworks);
        mac_source::check(checker, broadworks);
    }
}

fn identity_provider(checker: &mut Checker<'_>, provider: &IdentityProvider) {
    checker.require(
        !provider.enabled,
        rules::IDENTITY_PROVIDER_ENABLED,
        "broadworks.identity-provider.enabled",
        "the Cisco identity provider is enabled",
    );
    for (is_set, key, what) in [
        (
            provider.client_id_set,
            "client-id-set",
            "clientId is not set",
        ),
        (
            provider.client_secret_set,
            "client-secret-set",
            "clientSecret is not set",
        ),
    ] {
        let path = format!("broadworks.identity-provider.{key}");
        checker.require(is_set, rules::CLIENT_CREDENTIALS, &path, what);
    }
    issuer(checker, provider);
    let size = provider.ci_response_body_max_size_in_bytes;
    if size != RESPONSE_BYTES {
        let path = "broadworks.identity-provider.ci-response-body-max-size-in-bytes";
        let what = format!("ciResponseBodyMaxSizeInBytes is {size}");
        let mut finding = checker.finding(rules::RESPONSE_SIZE, path, what);
        // A larger one cuts no answer off.
        if size > RESPONSE_BYTES {
            finding = finding.severe(Severity::Note);
        }
        checker.findings.push(finding);
    }
}

fn issuer(checker: &mut Checker<'_>, provider: &IdentityProvider) {
    let cluster = provider.ci_cluster.as_str();
    let Some((_, host, certainty)) = ISSUERS.iter().find(|(name, ..)| *name == cluster) else {
        let path = "broadworks.identity-provider.ci-cluster";
        let what = format!("no CI cluster is called {cluster:?}");
        checker.find(rules::ISSUER, path, what);
        return;
    };
    let wanted = format!("https://{host}.webex.com/idb");
    // The name is held against the one in a token, letter by letter (RFC 7519 section 2).
    let has_name = provider.issuer_name == wanted;
    let has_url = url::is_same(&provider.issuer_url, &wanted);
    for (is_set, key, setting, value) in [
        (has_name, "issuer-name", "issuerName", &provider.issuer_name),
        (has_url, "issuer-url", "issuerUrl", &provider.issuer_url),
    ] {
        if !is_set {
            let path = format!("broadworks.identity-provider.{key}");
            let what = format!("{setting} is {value:?}; of {cluster} it is {wanted:?}");
            let finding = checker.finding(rules::ISSUER, &path, what);
            checker.findings.push(finding.severe(*certainty));
        }
    }
}

/// What the guide has for room devices alone.
fn room_os(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let provider = &broadworks.identity_provider;
    oauth(checker, &broadworks.oauth);
    token_info_url(checker, provider);
    federation(checker, provider);
    allow_lists(checker, provider);
    refresh_token::check(checker, broadworks);
}

fn oauth(checker: &mut Checker<'_>, oauth: &OAuth) {
    checker.require(
        oauth.enabled,
        rules::OAUTH_DISABLED,
        "broadworks.oauth.enabled",
        "OAuth is off for device management",
    );
    let scope = Scope::BROADWORKS_CONNECTOR_USER;
    let has_scope = oauth.scopes.iter().any(|each| each == scope.as_str());
    checker.require(
        has_scope,
        rules::OAUTH_SCOPE,
        "broadworks.oauth.scopes",
        "the scope broadworks-connector-user is missing",
    );
}

fn token_info_url(checker: &mut Checker<'_>, provider: &IdentityProvider) {
    if let Some(letter) = teams_cluster(checker, provider) {
        let wanted = format!(
            "https://broadworks-idp-proxy-{letter}.wbx2.com/broadworks-idp-proxy/api/v1/idp/authenticate"
        );
        let value = &provider.token_info_url;
        if !url::is_same(value, &wanted) {
            let path = "broadworks.identity-provider.token-info-url";
            let cluster = &provider.teams_cluster;
            let what = format!("tokenInfoUrl is {value:?}; of {cluster} it is {wanted:?}");
            checker.find(rules::TOKEN_INFO_URL, path, what);
        }
    }
}

fn federation(checker: &mut Checker<'_>, provider: &IdentityProvider) {
    if !url::is_same(&provider.fls_url, FEDERATION_URL) {
        let what = format!("flsUrl is {:?}", provider.fls_url);
        checker.find(
            rules::FEDERATION_URL,
            "broadworks.identity-provider.fls-url",
            what,
        );
    }
    let minutes = provider.refresh_period_in_minutes;
    if minutes != REFRESH_MINUTES {
        let path = "broadworks.identity-provider.refresh-period-in-minutes";
        let what = format!("refreshPeriodInMinutes is {minutes}");
        checker.find(rules::REFRESH_PERIOD, path, what);
    }
}

fn allow_lists(checker: &mut Checker<'_>, provider: &IdentityProvider) {
    for (key, list, entries) in [
        ("scopes", "Scopes", &provider.scopes),
        (
            "admin-roles-allowed",
            "Admin/RolesAllowed",
            &provider.admin_roles_allowed,
        ),
        (
            "admin-scopes-allowed",
            "Admin/ScopesAllowed",
            &provider.admin_scopes_allowed,
        ),
    ] {
        if !entries.is_empty() {
            let path = format!("broadworks.identity-provider.{key}");
            let what = format!("{list} is not empty");
            checker.find(rules::ALLOW_LISTS, &path, what);
        }
    }
}

fn teams_cluster(checker: &mut Checker<'_>, provider: &IdentityProvider) -> Option<&'static str> {
    let cluster = provider.teams_cluster.as_str();
    let letter = TEAMS_CLUSTERS.iter().find(|(name, _)| *name == cluster);
    if letter.is_none() {
        let path = "broadworks.identity-provider.teams-cluster";
        let what = format!("no Teams cluster is called {cluster:?}");
        checker.find(rules::TOKEN_INFO_URL, path, what);
    }
    letter.map(|(_, letter)| *letter)
}

fn dm_bridge(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let cluster = broadworks.identity_provider.teams_cluster.as_str();
    let host = broadworks.dm_bridge.url.as_str();
    let path = "broadworks.dm-bridge.url";
    match TEAMS_CLUSTERS.iter().find(|(name, _)| *name == cluster) {
        None => {
            let what = format!(
                "no Teams cluster is called {cluster:?}, so that {host:?} cannot be its DM Bridge"
            );
            checker.find(rules::DM_BRIDGE, path, what);
        }
        Some((_, letter)) => {
            let wanted = format!("dm-bridge-{letter}.wbx2.com");
            if !is_same_host(host, &wanted) {
                let what = format!("the DM Bridge is {host:?}; of {cluster} it is {wanted:?}");
                checker.find(rules::DM_BRIDGE, path, what);
            }
        }
    }
    let scope = broadworks.dm_bridge.scope.as_str();
    if scope != Scope::DM_BRIDGE_DEVICE_AUTH.as_str() {
        let what = format!("the scope of the DM Bridge is {scope:?}");
        checker.find(rules::DM_BRIDGE, "broadworks.dm-bridge.scope", what);
    }
}

fn is_same_host(one: &str, other: &str) -> bool {
    let name = |text: &str| text.parse::<DomainName>().ok();
    name(one).is_some_and(|one| name(other) == Some(one))
}

/// The host of the issuer by CI cluster, and how much it matters where another is set. Those of CA,
/// SG, IN and AE are drawn from the ending that a public copy of the guide gives, so that another
/// one only calls for a second look.
const ISSUERS: [(&str, &str, Severity); 8] = [
    ("US-A", "idbroker", Severity::Error),
    ("EU", "idbroker-eu", Severity::Error),
    ("US-B", "idbroker-b-us", Severity::Error),
    ("CA", "idbroker-ca", Severity::Warning),
    ("SG", "idbroker-sg", Severity::Warning),
    ("IN", "idbroker-in", Severity::Warning),
    ("AE", "idbroker-ae", Severity::Warning),
    ("AU", "idbroker-au", Severity::Error),
];
/// The letter in host names by Teams cluster.
const TEAMS_CLUSTERS: [(&str, &str); 5] = [
    ("ACHM", "a"),
    ("AFRA", "k"),
    ("AORE", "r"),
    ("ADXB", "d"),
    ("ASYD", "m"),
];
const FEDERATION_URL: &str = "https://cifls.webex.com/federation";
const REFRESH_MINUTES: u64 = 60;
const RESPONSE_BYTES: u64 = 65_536;
