//! Releases, patches, features and services of `BroadWorks`.

use std::collections::HashMap;

use super::Checker;
use crate::rule::table as rules;
use crate::{BroadWorks, Platform, Software, url};

pub(super) fn check(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    releases(checker, broadworks);
    features(checker, broadworks);
    services(checker, broadworks);
    if broadworks.uses_codes(None) {
        codes(checker, broadworks);
    }
}

fn releases(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let major = broadworks.release.numbers().first().copied();
    let Some(table) = PATCHES.iter().find(|table| Some(table.release) == major) else {
        let what = format!("no guide tells of release {}", broadworks.release);
        checker.find(rules::BROADWORKS_RELEASE, "broadworks.release", what);
        return;
    };
    if !table.platforms.contains(&broadworks.platform) {
        let what = format!(
            "release {} is not with {}",
            table.release, broadworks.platform
        );
        checker.find(rules::BROADWORKS_PLATFORM, "broadworks.platform", what);
    }
    if broadworks.platform == Platform::Adp {
        let release = broadworks.adp_release.as_ref();
        let what = match release {
            Some(release) if release.is_at_least(LEAST_ADP) => None,
            Some(release) => Some(format!("ADP {release} is older than {LEAST_ADP}")),
            None => Some("the release of ADP is not told".to_owned()),
        };
        if let Some(what) = what {
            checker.find(rules::ADP_RELEASE, "broadworks.adp-release", what);
        }
    }
    let is_installed = |name: &str| {
        let mut patches = broadworks.patches.iter();
        patches.any(|patch| patch.eq_ignore_ascii_case(name))
    };
    // ADP is independent of the release and needs no patch; where it serves, there is no XSP.
    let applies = |name: &str| broadworks.platform == Platform::Xsp || !name.starts_with("AP.xsp.");
    let missing = table.patches.iter().copied();
    let missing: Vec<&str> = missing
        .filter(|name| applies(name) && !is_installed(name))
        .collect();
    if !missing.is_empty() {
        let what = format!("not installed: {}", missing.join(", "));
        checker.find(rules::PATCH_MISSING, "broadworks.patches", what);
    }
}

fn features(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let there = |number: &str| {
        let lists = broadworks.activated_features.iter();
        let mut lists = lists.chain(&broadworks.included_features);
        lists.any(|feature| feature == number)
    };
    let mut missing = Vec::new();
    for feature in FEATURES {
        let needed = !feature.for_mpp_only || broadworks.has(Software::Mpp);
        if needed && !there(feature.number) {
            missing.push(format!("{} {}", feature.number, feature.name));
        }
    }
    if !missing.is_empty() {
        let what = format!("not activated: {}", missing.join(", "));
        checker.find(
            rules::FEATURE_NOT_ACTIVATED,
            "broadworks.activated-features",
            what,
        );
    }
    checker.require(
        broadworks.as_location_lookup_enabled,
        rules::AS_LOCATION_LOOKUP,
        "broadworks.as-location-lookup-enabled",
        "asLocationLookupEnabled is off",
    );
}

fn services(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    checker.require(
        broadworks.flow_through_provisioning,
        rules::FLOW_THROUGH,
        "broadworks.flow-through-provisioning",
        "flow-through provisioning is not configured",
    );
    if !broadworks.integrated_imp {
        let what = "the Integrated IM+P service is off";
        checker.find(rules::INTEGRATED_IMP, "broadworks.integrated-imp", what);
    } else if is_empty(broadworks.provisioning_bridge_url.as_deref()) {
        let what = "Integrated IM+P points to no provisioning bridge";
        checker.find(
            rules::INTEGRATED_IMP,
            "broadworks.provisioning-bridge-url",
            what,
        );
    }
    let mut first_with: HashMap<String, &str> = HashMap::new();
    for (at, partner) in broadworks.partner.iter().enumerate() {
        let url = without_slash(&partner.dms_url);
        if let Some(other) = first_with.get(&url) {
            let what = format!("{:?} has the device management of {other:?}", partner.name);
            checker.find(
                rules::DMS_SHARED,
                &format!("broadworks.partner[{at}].dms-url"),
                what,
            );
        } else {
            first_with.insert(url, &partner.name);
        }
    }
}

fn codes(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    checker.require(
        broadworks.device_activation_service,
        rules::ACTIVATION_SERVICE,
        "broadworks.device-activation-service",
        "the device activation service is not deployed",
    );
    let what = match (broadworks.das_url.as_deref(), broadworks.dms_url.as_deref()) {
        (None | Some(""), _) => Some("no DAS URL is set".to_owned()),
        (Some(das), None | Some("")) => Some(format!(
            "the DAS URL is {das:?} and the URL of device management is not told"
        )),
        (Some(das), Some(dms)) => (without_slash(das) != without_slash(dms))
            .then(|| format!("the DAS URL is {das:?}, device management is {dms:?}")),
    };
    if let Some(what) = what {
        checker.find(rules::DAS_URL, "broadworks.das-url", what);
    }
    if broadworks.customers > MOST_CUSTOMERS && !broadworks.das_url_by_support {
        let customers = broadworks.customers;
        let what = format!("the cluster has {customers} customers, more than {MOST_CUSTOMERS}");
        checker.find(rules::CLUSTER_CUSTOMERS, "broadworks.customers", what);
    }
    if broadworks.uses_codes(Some(Software::Mpp)) {
        let what = if broadworks.gds.gds_domain.is_empty() {
            Some(("gds-domain", "no domain of the discovery service is set"))
        } else if !broadworks.gds.credentials_set {
            Some((
                "credentials-set",
                "there are no credentials for the discovery service",
            ))
        } else {
            None
        };
        if let Some((key, what)) = what {
            checker.find(rules::GDS, &format!("broadworks.gds.{key}"), what);
        }
    }
}

fn is_empty(text: Option<&str>) -> bool {
    text.is_none_or(str::is_empty)
}

/// In its normal form and without a slash at the end, where servers find the same behind both.
fn without_slash(text: &str) -> String {
    let url = url::normal_form(text);
    url.trim_end_matches('/').to_owned()
}

/// What a release needs.
struct Patches {
    release: u32,
    platforms: &'static [Platform],
    patches: &'static [&'static str],
}

/// Device integration for Webex on `BroadWorks`, patch requirements and platform requirements. The
/// patch of the Network Function Manager stands there for release 22 alone.
const PATCHES: [Patches; 3] = [
    Patches {
        release: 22,
        platforms: &[Platform::Xsp],
        patches: &[
            "AP.as.22.0.1123.ap381367",
            "AP.as.22.0.1123.ap382236",
            "AP.nfm.22.0.1123.ap381367",
            "AP.ns.22.0.1123.ap381367",
            "AP.platform.22.0.1123.ap381367",
            "AP.platform.22.0.1123.ap382198",
            "AP.ps.22.0.1123.ap381367",
            "AP.xsp.22.0.1123.ap381367",
            "AP.xsp.22.0.1123.ap382198",
        ],
    },
    Patches {
        release: 23,
        platforms: &[Platform::Adp, Platform::Xsp],
        patches: &[
            "AP.as.23.0.1075.ap381367",
            "AP.as.23.0.1075.ap382236",
            "AP.ns.23.0.1075.ap381367",
            "AP.platform.23.0.1075.ap382198",
            "AP.platform.23.0.1075.ap381367",
            "AP.xsp.23.0.1075.ap381367",
            "AP.xsp.23.0.1075.ap382198",
            "AP.ps.23.0.1075.ap381367",
        ],
    },
    Patches {
        release: 24,
        platforms: &[Platform::Adp],
        patches: &[
            "AP.as.24.0.944.ap381367",
            "AP.as.24.0.944.ap381951",
            "AP.as.24.0.944.ap382236",
        ],
    },
];

struct Feature {
    number: &'static str,
    name: &'static str,
    for_mpp_only: bool,
}

const fn feature(number: &'static str, name: &'static str) -> Feature {
    Feature {
        number,
        name,
        for_mpp_only: false,
    }
}

/// Device integration for Webex on `BroadWorks`, features to activate: six for room devices, and
/// 23775 for phones besides.
const FEATURES: [Feature; 7] = [
    feature("101377", "Enhancements for Webex and MPP device onboarding"),
    feature("25088", "Support Handsets for DECT Devices"),
    Feature {
        for_mpp_only: true,
        ..feature("23775", "Remote Reset for MPP Devices")
    },
    feature("24104", "Support Multicell Chaining for DECT devices"),
    feature("20077", "Device Management Enhancements"),
    feature("19559", "Visual Device Management Enhancements"),
    feature("02283", "Device Profile Type Customization Enhancements"),
];

/// Device integration for Webex on `BroadWorks`, patch requirements: 2021.11.
const LEAST_ADP: &str = "2021.11";
/// Device integration for Webex on `BroadWorks`, prerequisites for activation codes: more than 50.
const MOST_CUSTOMERS: u32 = 50;
