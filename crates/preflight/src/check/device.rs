//! Devices at `BroadWorks`, their types and profiles.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use offhook_device_profile::catalogue::{Feature, ReleaseOf, Support, System, support};
use offhook_device_profile::{
    self as profile, DeviceProfile, DeviceType, ProfileViolation, Violation,
};

use super::Checker;
use crate::rule::table as rules;
use crate::{BroadWorks, BroadWorksDevice, BroadWorksOnboarding, Rule, Software, Source, Why};

mod file;

pub(super) fn check(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let types = device_types(checker, broadworks);
    let mut by_name: HashMap<&str, (&str, &DeviceType)> = HashMap::new();
    for (path, device_type) in &types {
        by_name
            .entry(&device_type.name)
            .or_insert((path, device_type));
    }
    flags(checker, broadworks, &types);
    let all_read = broadworks.device_type_archives.iter().all(|file| {
        let archive = checker.observations.archives.get(file.as_str());
        matches!(archive, Some(Ok(_)))
    });
    let mut closed = HashSet::new();
    for (at, device) in broadworks.device.iter().enumerate() {
        let path = format!("broadworks.device[{at}]");
        model(checker, device, &path);
        let is_code = device.onboarding == BroadWorksOnboarding::ActivationCode;
        if device.software == Software::RoomOs && !is_code {
            let what = format!("{:?} is to be onboarded by its MAC address", device.model);
            checker.find(rules::ROOM_OS_CODE, &format!("{path}.onboarding"), what);
        }
        match by_name.get(device.device_type.as_str()) {
            Some((place, device_type)) => {
                profiles(checker, device, device_type, &path);
                // One fault of the type is one fault, however many devices have it.
                let by_code = is_code && !device_type.allows_activation();
                if by_code && closed.insert(&device_type.name) {
                    activation_not_allowed(checker, device_type, place);
                }
            }
            None if all_read => {
                let what = format!("no device type is called {:?}", device.device_type);
                checker.find(
                    rules::DEVICE_TYPE_UNKNOWN,
                    &format!("{path}.device-type"),
                    what,
                );
            }
            None => {
                let what = format!("the device type {:?}", device.device_type);
                let path = format!("{path}.device-type");
                checker.unknown(rules::DEVICE_TYPE_UNKNOWN, &path, what, Why::NotObserved);
            }
        }
    }
}

/// The flags of device types, by who has them.
fn flags(
    checker: &mut Checker<'_>,
    broadworks: &BroadWorks,
    types: &[(String, Cow<'_, DeviceType>)],
) {
    let of = |software| {
        let devices = broadworks.device.iter();
        let devices = devices.filter(move |device| device.software == software);
        let types = devices.map(|device| device.device_type.as_str());
        types.collect::<HashSet<_>>()
    };
    // Bearer authentication and codes by messaging are asked of the types of room devices alone:
    // phones have certificates.
    let (of_room_os, of_phones) = (of(Software::RoomOs), of(Software::Mpp));
    for (path, device_type) in types {
        let is_room_os = of_room_os.contains(device_type.name.as_str());
        let mut violations = device_type.violations();
        violations.retain(|violation| !is_for_tokens(violation));
        if is_room_os {
            violations.extend(missing_for_tokens(device_type));
        }
        for violation in violations {
            let what = format!("{:?}: {violation}", device_type.name);
            let finding = checker.finding(rules::DEVICE_TYPE, path, what);
            checker.findings.push(finding.because(violation.source()));
        }
        if of_phones.contains(device_type.name.as_str()) {
            file::check(checker, broadworks, device_type, path);
        }
    }
}

fn activation_not_allowed(checker: &mut Checker<'_>, device_type: &DeviceType, place: &str) {
    let violation = ProfileViolation::ActivationNotAllowed;
    let path = place_of_flag(place, "enable-device-activation");
    let what = format!("{:?}: {violation}", device_type.name);
    let finding = checker.finding(rules::DEVICE_TYPE, &path, what);
    checker.findings.push(finding.because(violation.source()));
}

/// Where the flag of a device type, or of a file of it, can be changed: in an archive it has no key.
fn place_of_flag(place: &str, key: &str) -> String {
    if place.starts_with(ARCHIVES) {
        place.to_owned()
    } else {
        format!("{place}.{key}")
    }
}

/// Every device type that is known, with its place.
fn device_types<'a>(
    checker: &Checker<'a>,
    broadworks: &BroadWorks,
) -> Vec<(String, Cow<'a, DeviceType>)> {
    let described = broadworks.device_type.iter().enumerate();
    let described = described.map(|(at, device_type)| {
        let path = format!("broadworks.device-type[{at}]");
        (path, Cow::Owned(device_type.to_device_type()))
    });
    let mut types: Vec<_> = described.collect();
    for (at, file) in broadworks.device_type_archives.iter().enumerate() {
        let archive = checker.observations.archives.get(file.as_str());
        let Some(Ok(archived)) = archive else {
            continue;
        };
        let path = format!("{ARCHIVES}[{at}]");
        types.extend(
            archived
                .iter()
                .map(|each| (path.clone(), Cow::Borrowed(each))),
        );
    }
    types
}

/// What a type lacks for tokens, whatever files of it take an address: room devices show none.
fn missing_for_tokens(device_type: &DeviceType) -> Vec<Violation> {
    let mut without_addresses = device_type.clone();
    for file in &mut without_addresses.files {
        file.mac_in_cert = false;
        file.mac_in_non_request_uri = false;
    }
    let mut violations = without_addresses.violations();
    violations.retain(is_for_tokens);
    violations
}

const fn is_for_tokens(violation: &Violation) -> bool {
    matches!(
        violation,
        Violation::ActivationWithoutBearerOnFile { .. }
            | Violation::ActivationWithoutBearerOnType
            | Violation::ActivationWithoutMessagingServer
    )
}

fn model(checker: &mut Checker<'_>, device: &BroadWorksDevice, path: &str) {
    let (of, rule) = match device.software {
        Software::Mpp => (ReleaseOf::MppFirmware, rules::MPP_RELEASE),
        Software::RoomOs => (ReleaseOf::RoomOs, rules::ROOM_OS_RELEASE),
    };
    let features: &[Feature] = match device.onboarding {
        BroadWorksOnboarding::ActivationCode => {
            &[Feature::ActivationCode, Feature::WebexOnboarding]
        }
        BroadWorksOnboarding::MacAddress => &[Feature::WebexOnboarding],
    };
    let releases = [(of, device.release.release())];
    let model = device.model.as_str();
    for feature in features {
        match support(model, *feature, System::BroadWorks, &releases) {
            Support::Listed(_) => continue,
            Support::TooOld(fact) => {
                let least = fact
                    .since
                    .map(|since| since.to_string())
                    .unwrap_or_default();
                let what = format!("{model:?} has {}; {feature} needs {least}", device.release);
                let finding = checker.finding(rule, &format!("{path}.release"), what);
                checker.findings.push(finding.because(fact.source));
            }
            _ => {
                let what = format!("no guide lists {model:?} with {of} for {feature}");
                let path_of_model = format!("{path}.model");
                let finding = checker.finding(rules::MODEL_NOT_LISTED, &path_of_model, what);
                checker
                    .findings
                    .push(finding.because(models(device.software)));
                least_release(checker, device, rule, path);
            }
        }
        // What is said of one is true of the other too.
        break;
    }
}

/// Where the guide lists models.
const fn models(software: Software) -> Source {
    match software {
        Software::Mpp => Source {
            section: "end-user features of MPP devices",
            ..rules::MPP_RELEASE.source()
        },
        Software::RoomOs => rules::ROOM_OS_CODE.source(),
    }
}

/// The least release counts for models that no guide lists too.
fn least_release(checker: &mut Checker<'_>, device: &BroadWorksDevice, rule: Rule, path: &str) {
    let least = match device.software {
        Software::Mpp => "11.3.7",
        Software::RoomOs => "10.13",
    };
    if !device.release.is_at_least(least) {
        let what = format!(
            "{:?} has {}, and {least} is needed",
            device.model, device.release
        );
        checker.find(rule, &format!("{path}.release"), what);
    }
}

fn profiles(
    checker: &mut Checker<'_>,
    device: &BroadWorksDevice,
    device_type: &DeviceType,
    path: &str,
) {
    let onboarding = match device.onboarding {
        BroadWorksOnboarding::ActivationCode => profile::Onboarding::ActivationCode,
        BroadWorksOnboarding::MacAddress => profile::Onboarding::MacAddress,
    };
    let without = [None];
    let addresses = device.mac_addresses.iter().map(|mac| Some(mac.as_str()));
    let addresses: Vec<_> = addresses.collect();
    let each = if addresses.is_empty() {
        &without[..]
    } else {
        &addresses
    };
    let mut seen = HashSet::new();
    for (at, mac) in each.iter().enumerate() {
        let mut profile = DeviceProfile::new("device", &device_type.name);
        if let Some(mac) = mac {
            profile = profile.with_mac_address(mac);
        }
        for violation in profile.violations(device_type, onboarding) {
            let is_of_type = violation == ProfileViolation::ActivationNotAllowed;
            if is_of_type || !seen.insert(violation) {
                continue;
            }
            let path = match mac {
                Some(_) => format!("{path}.mac-addresses[{at}]"),
                None => format!("{path}.mac-addresses"),
            };
            let what = format!("{:?}: {violation}", device.model);
            let finding = checker.finding(rules::DEVICE_PROFILE, &path, what);
            let source = Source::from(violation.source());
            checker.findings.push(finding.because(source));
        }
    }
}

const ARCHIVES: &str = "broadworks.device-type-archives";
