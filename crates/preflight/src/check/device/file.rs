//! The files that phones fetch, and from what each takes the MAC address of the phone.

use offhook_device_profile::{ConfigurationOption, DeviceType, FileCategory};

use super::place_of_flag;
use crate::BroadWorks;
use crate::check::Checker;
use crate::rule::table as rules;

/// Judges the files of a type that phones have, which stands at `place`.
pub(super) fn check(
    checker: &mut Checker<'_>,
    broadworks: &BroadWorks,
    device_type: &DeviceType,
    place: &str,
) {
    let (by_header, by_certificate) = (broadworks.headers.enabled, broadworks.certificates.enabled);
    let (key, wanted) = match (by_header, by_certificate) {
        (true, false) => ("mac-in-non-request-uri", "macInNonRequestURI"),
        (false, true) => ("mac-in-cert", "macInCert"),
        (true, true) => ("mac-in-cert", "macInCert or macInNonRequestURI"),
        // That nothing is enabled is a fault of its own.
        (false, false) => return,
    };
    // In legacy mode the flags of files say nothing.
    if device_type.configuration_option == ConfigurationOption::Legacy {
        return;
    }
    for (at, file) in device_type.files.iter().enumerate() {
        let is_proved =
            file.mac_in_non_request_uri && by_header || file.mac_in_cert && by_certificate;
        // What is the same for many devices is given to each of them.
        if file.category != FileCategory::DynamicProfile || is_proved {
            continue;
        }
        let set = match (file.mac_in_non_request_uri, file.mac_in_cert) {
            (true, _) => "only macInNonRequestURI is",
            (false, true) => "only macInCert is",
            (false, false) => "neither of the two is",
        };
        let path = place_of_flag(place, &format!("file[{at}].{key}"));
        let what = format!(
            "{:?}: {wanted} has to be set on file {:?}, and {set}",
            device_type.name, file.file_format
        );
        checker.find(rules::MAC_SOURCE_FILE, &path, what);
    }
}
