//! Releases of what has to work together over remote access.

use super::Checker;
use crate::rule::table as rules;
use crate::{Authentication, CmSoftware, RemoteAccess, Version};

pub(super) fn check(checker: &mut Checker<'_>, remote: &RemoteAccess) {
    let deployment = checker.deployment;
    let cm = deployment.unified_cm.as_ref();
    let products = [
        (
            &EXPRESSWAY,
            "remote-access.expressway-release",
            Some(&remote.expressway_release),
        ),
        (&UNIFIED_CM, "unified-cm.release", cm.map(|cm| &cm.release)),
        (
            &IM_AND_PRESENCE,
            "remote-access.im-and-presence-release",
            remote.im_and_presence_release.as_ref(),
        ),
        (
            &UNITY_CONNECTION,
            "remote-access.unity-connection-release",
            remote.unity_connection_release.as_ref(),
        ),
    ];
    for (row, path, release) in products {
        if let Some(release) = release {
            judge(checker, row, path, release, remote);
        }
    }
    let devices = cm.iter().flat_map(|cm| cm.device.iter().enumerate());
    for (at, device) in devices {
        if device.software != CmSoftware::Jabber || !device.remote_access {
            continue;
        }
        let row = JABBER
            .iter()
            .find(|row| device.model.ends_with(row.product));
        if let Some(row) = row {
            let path = format!("unified-cm.device[{at}].release");
            judge(checker, row, &path, &device.release, remote);
        }
    }
}

fn judge(
    checker: &mut Checker<'_>,
    row: &Row,
    path: &str,
    release: &Version,
    remote: &RemoteAccess,
) {
    let mut needed = vec![("remote access".to_owned(), row.remote_access)];
    needed.extend(remote.authentication.iter().map(|authentication| {
        let least = match authentication {
            Authentication::Legacy => row.legacy,
            Authentication::LegacySso => row.legacy_sso,
            Authentication::Oauth => row.oauth,
            Authentication::OauthSso => row.oauth_sso,
        };
        (authentication.to_string(), least)
    }));
    if remote.push {
        needed.push(("push notifications".to_owned(), row.push));
    }
    for (feature, least) in needed {
        let Some(least) = least else { continue };
        if !release.is_at_least(least) {
            let product = row.product;
            let what = format!("{product} {release}: {feature} needs {least}");
            checker.find(rules::VERSION_TOO_OLD, path, what);
        }
    }
}

/// The least releases of a product; `None` where the guide gives none.
struct Row {
    product: &'static str,
    remote_access: Option<&'static str>,
    legacy: Option<&'static str>,
    legacy_sso: Option<&'static str>,
    oauth: Option<&'static str>,
    oauth_sso: Option<&'static str>,
    push: Option<&'static str>,
}

// Requirements of mobile and remote access, table 3.
const EXPRESSWAY: Row = Row {
    product: "Expressway",
    remote_access: Some("X8.1.1"),
    legacy: Some("X8.1.1"),
    legacy_sso: Some("X8.5.1"),
    oauth: Some("X8.10.1"),
    oauth_sso: Some("X8.10.1"),
    push: Some("X8.10.1"),
};
const UNIFIED_CM: Row = Row {
    product: "Unified CM",
    remote_access: Some("10.0"),
    legacy: None,
    legacy_sso: Some("10.5(1)"),
    oauth: Some("11.5(1)SU3"),
    // The guide gives an earlier release with single sign-on than without; the tokens are the same.
    oauth_sso: Some("11.5(1)SU3"),
    push: Some("11.5(1)SU3"),
};
const IM_AND_PRESENCE: Row = Row {
    product: "IM and Presence Service",
    ..UNIFIED_CM
};
/// Single sign-on by SAML for each node; for a whole cluster the guide gives 11.5(1).
const UNITY_CONNECTION: Row = Row {
    product: "Unity Connection",
    remote_access: Some("10.0"),
    legacy: None,
    legacy_sso: Some("10.0(1)"),
    oauth: None,
    oauth_sso: None,
    push: None,
};
// Table 6. The release for remote access as such is the catalogue's to judge.
const JABBER: [Row; 4] = [
    jabber("Jabber for Windows"),
    Row {
        push: Some("11.9"),
        ..jabber("Jabber for iPhone and iPad")
    },
    jabber("Jabber for Android"),
    jabber("Jabber for Mac"),
];

const fn jabber(product: &'static str) -> Row {
    Row {
        product,
        remote_access: None,
        legacy: None,
        legacy_sso: Some("10.6"),
        oauth: Some("11.9"),
        oauth_sso: Some("11.9"),
        push: None,
    }
}
