//! `BroadWorks`: releases, services, devices.

use offhook_preflight::{Severity, Unread};

use super::{Case, case, error, warning};
use crate::sample::World;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = releases();
    cases.extend(services());
    cases.extend(devices());
    cases
}

/// With room devices only, and so without the feature that phones alone need.
fn without_phones() -> World {
    World::passing().with("\"23775\", ", "").with(
        "model = \"CP-8841-3PCC-K9\"\nsoftware = \"mpp\"\nrelease = \"11-3-7MPP0001-609\"\n\
         device-type = \"Cisco 8841 MPP\"",
        "model = \"Board 55\"\nsoftware = \"room-os\"\nrelease = \"11\"\ndevice-type = \"Room OS\"",
    )
}

fn releases() -> Vec<Case> {
    let before = |adp: &str| {
        let world = World::passing().with("2022.11", adp);
        world.with(
            "refresh-token = \"partners\"",
            "refresh-token = \"federation\"",
        )
    };
    let mut unreadable = World::passing();
    unreadable
        .seen
        .certificate_file("sbc.pem", Err(Unread::CannotOpen));
    let mut no_archive = World::passing();
    no_archive
        .seen
        .archive_file("../dtaf/room-os.dtaf", Ok(b"PK"));
    let mut no_pem = World::passing();
    no_pem.seen.certificate_file("maker.pem", Ok(b"nothing"));
    vec![
        case(
            "unreadable-file",
            Severity::Error,
            "sip.sbc-certificates",
            unreadable,
        ),
        case(
            "unreadable-file",
            Severity::Error,
            "broadworks.device-type-archives[0]",
            no_archive,
        ),
        case(
            "unreadable-file",
            Severity::Error,
            "broadworks.maker-roots",
            no_pem,
        ),
        warning(
            "broadworks-release",
            "broadworks.release",
            "\"R24\"",
            "\"R25\"",
        ),
        error(
            "broadworks-platform",
            "broadworks.platform",
            "\"ADP\"",
            "\"XSP\"",
        ),
        case(
            "adp-release",
            Severity::Error,
            "broadworks.adp-release",
            before("2021.10"),
        ),
        error(
            "adp-release",
            "broadworks.adp-release",
            "adp-release = \"2022.11\"",
            "",
        ),
        error(
            "patch-missing",
            "broadworks.patches",
            ", \"AP.as.24.0.944.ap382236\"",
            "",
        ),
        case(
            "patch-missing",
            Severity::Error,
            "broadworks.patches",
            release_23("XSP", &[]),
        ),
        error(
            "feature-not-activated",
            "broadworks.activated-features",
            "\"101377\", ",
            "",
        ),
        error(
            "feature-not-activated",
            "broadworks.activated-features",
            "\"23775\", ",
            "",
        ),
        error(
            "feature-not-activated",
            "broadworks.activated-features",
            "\"19559\", ",
            "",
        ),
        case(
            "feature-not-activated",
            Severity::Error,
            "broadworks.activated-features",
            without_phones().with("\"101377\", ", ""),
        ),
        error(
            "as-location-lookup",
            "broadworks.as-location-lookup-enabled",
            "as-location-lookup-enabled = true",
            "as-location-lookup-enabled = false",
        ),
    ]
}

/// Release 23 with every patch that is no XSP's, and these.
fn release_23(platform: &str, more: &[&str]) -> World {
    let mut patches = vec![
        "AP.as.23.0.1075.ap381367",
        "AP.as.23.0.1075.ap382236",
        "AP.ns.23.0.1075.ap381367",
        "AP.platform.23.0.1075.ap382198",
        "ap.PLATFORM.23.0.1075.AP381367",
        "AP.ps.23.0.1075.ap381367",
    ];
    patches.extend(more);
    let world = World::passing().with("\"R24\"", "\"R23\"").with(
        "[\"AP.as.24.0.944.ap381367\", \"AP.as.24.0.944.ap381951\", \"AP.as.24.0.944.ap382236\"]",
        &format!("{patches:?}"),
    );
    let world = world.with("platform = \"ADP\"", &format!("platform = \"{platform}\""));
    match platform {
        "XSP" if !more.contains(&"AP.xsp.23.0.1075.ap383838") => world.with(
            "refresh-token = \"partners\"",
            "refresh-token = \"federation\"",
        ),
        _ => world,
    }
}

fn services() -> Vec<Case> {
    vec![
        error(
            "flow-through-provisioning",
            "broadworks.flow-through-provisioning",
            "flow-through-provisioning = true\n",
            "",
        ),
        error(
            "integrated-imp",
            "broadworks.integrated-imp",
            "integrated-imp = true",
            "",
        ),
        error(
            "integrated-imp",
            "broadworks.provisioning-bridge-url",
            "https://provisioning.example.test/",
            "",
        ),
        error(
            "dms-shared",
            "broadworks.partner[1].dms-url",
            "https://dms-west.example.test/dms",
            "https://dms.example.test/dms/",
        ),
        error(
            "dms-shared",
            "broadworks.partner[1].dms-url",
            "https://dms-west.example.test/dms",
            "HTTPS://DMS.example.test:443/%64ms",
        ),
        error(
            "das-url",
            "broadworks.das-url",
            "das-url = \"https://dms.example.test/dms\"",
            "das-url = \"https://dms.example.test:8443/dms\"",
        ),
        error(
            "activation-service",
            "broadworks.device-activation-service",
            "device-activation-service = true\ndms-url",
            "dms-url",
        ),
        error(
            "das-url",
            "broadworks.das-url",
            "das-url = \"https://dms.example.test/dms\"",
            "das-url = \"https://das.example.test/dms\"",
        ),
        error(
            "das-url",
            "broadworks.das-url",
            "das-url = \"https://dms.example.test/dms\"",
            "",
        ),
        error(
            "cluster-customers",
            "broadworks.customers",
            "customers = 12",
            "customers = 51",
        ),
        error(
            "gds",
            "broadworks.gds.gds-domain",
            "https://activation.webex.com",
            "",
        ),
        error(
            "gds",
            "broadworks.gds.credentials-set",
            "credentials-set = true",
            "credentials-set = false",
        ),
    ]
}

fn devices() -> Vec<Case> {
    let room = "device-type = \"Room OS\"\nonboarding = \"activation-code\"";
    let phone = "device-type = \"Cisco 8841 MPP\"\nonboarding = \"activation-code\"";
    let archive = "device-type-archives = [\"../dtaf/room-os.dtaf\"]";
    // A type for room devices without a word of tokens.
    let plain = World::passing().with(archive, "").with(
        "[[broadworks.device]]\nmodel = \"Room Kit Pro\"",
        "[[broadworks.device-type]]\nname = \"Room OS\"\nenable-device-activation = true\n\
         [[broadworks.device-type.file]]\nfile-format = \"a.xml\"\n\
         [[broadworks.device]]\nmodel = \"Room Kit Pro\"",
    );
    let addresses = "broadworks.device[1].mac-addresses";
    vec![
        error(
            "room-os-release",
            "broadworks.device[0].release",
            "ce11.20.1",
            "ce10.12.9",
        ),
        error(
            "mpp-release",
            "broadworks.device[1].release",
            "11-3-7MPP",
            "11-3-6MPP",
        ),
        warning(
            "model-not-listed",
            "broadworks.device[0].model",
            "Room Kit Pro",
            "SX80",
        ),
        warning(
            "model-not-listed",
            "broadworks.device[1].model",
            "CP-8841-3PCC",
            "CP-8832-3PCC",
        ),
        error(
            "room-os-code",
            "broadworks.device[0].onboarding",
            room,
            "device-type = \"Room OS\"\nonboarding = \"mac-address\"\n\
             mac-addresses = [\"000e08abcdef\"]",
        ),
        error(
            "device-type-unknown",
            "broadworks.device[1].device-type",
            phone,
            "device-type = \"Cisco 8851 MPP\"\nonboarding = \"activation-code\"",
        ),
        error(
            "device-type",
            "broadworks.device-type[0]",
            "enable-device-activation = true",
            "enable-device-activation = true\nmac-in-cert = true",
        ),
        case(
            "device-type",
            Severity::Error,
            "broadworks.device-type[1]",
            plain,
        ),
        error(
            "device-type",
            "broadworks.device-type[0].enable-device-activation",
            "enable-device-activation = true",
            "enable-device-activation = false",
        ),
        error(
            "device-profile",
            "broadworks.device[1].mac-addresses[0]",
            phone,
            &format!("{phone}\nmac-addresses = [\"000e08abcdef\"]"),
        ),
        error(
            "device-profile",
            addresses,
            phone,
            "device-type = \"Cisco 8841 MPP\"\nonboarding = \"mac-address\"",
        ),
        error(
            "device-profile",
            "broadworks.device[1].mac-addresses[1]",
            phone,
            "device-type = \"Cisco 8841 MPP\"\nonboarding = \"mac-address\"\n\
             mac-addresses = [\"000e08abcdef\", \"00:0e:08:ab:cd:ef\"]",
        ),
    ]
}

#[test]
fn a_device_type_without_activation_is_told_of_once_where_it_is() {
    let device = "[[broadworks.device]]\nmodel = \"CP-8841-3PCC-K9\"\nsoftware = \"mpp\"\n\
                  release = \"11.3.7\"\ndevice-type = \"Cisco 8841 MPP\"\n\
                  onboarding = \"activation-code\"\n\n";
    let world = World::passing()
        .with("enable-device-activation = true\n", "")
        .with("[unified-cm]\n", &format!("{device}[unified-cm]\n"));
    let report = world.report();
    assert_eq!(report.findings().len(), 1);
    let finding = &report.findings()[0];
    let what = "\"Cisco 8841 MPP\": the device type does not allow activation by code";
    assert_eq!(finding.what, what);
    assert_eq!(
        finding.place.path,
        "broadworks.device-type[0].enable-device-activation"
    );
    // Missing there, so that the line is that of the type.
    let head = world
        .text
        .lines()
        .position(|line| line == "[[broadworks.device-type]]");
    assert_eq!(finding.place.line, head.map(|at| at + 1));
    // In an archive it has no key.
    let world = World::passing().with(
        "device-type = \"Cisco 8841 MPP\"",
        "device-type = \"Closed\"",
    );
    let mut world = world.with("name = \"Cisco 8841 MPP\"", "name = \"Open\"");
    let closed = offhook_device_profile::DeviceType::new("Closed");
    let archive = world.seen.archives.get_mut("../dtaf/room-os.dtaf").unwrap();
    archive.as_mut().unwrap().push(closed);
    let report = world.report();
    assert_eq!(report.findings().len(), 1);
    let path = &report.findings()[0].place.path;
    assert_eq!(path, "broadworks.device-type-archives[0]");
}

#[test]
fn a_room_devices_type_needs_bearer_and_messaging_whatever_address_its_files_take() {
    let asked = |world: World| {
        let report = world.report();
        let whats: Vec<_> = report
            .findings()
            .iter()
            .map(|finding| finding.what.clone())
            .collect();
        [
            "needs isActivationCodeThroughMessagingServer",
            "the type needs bearerFileAuthentication",
            "file 0 needs bearerFileAuthentication",
        ]
        .map(|wanted| whats.iter().filter(|what| what.contains(wanted)).count())
    };
    assert_eq!(asked(World::passing()), [0; 3]);
    let room_and_phone = World::passing().with(
        "device-type = \"Room OS\"",
        "device-type = \"Cisco 8841 MPP\"",
    );
    assert_eq!(asked(room_and_phone), [1; 3]);
}

#[test]
fn the_least_release_counts_for_models_that_no_guide_lists_too() {
    let world = World::passing()
        .with("CP-8841-3PCC", "CP-8832-3PCC")
        .with("11-3-7MPP0001-609", "sip8832.11-3-6MPP0001-609");
    assert_eq!(world.broken(), ["mpp-release", "model-not-listed"]);
    let report = world.report();
    let listed = "device integration for Webex on BroadWorks, end-user features of MPP devices";
    assert_eq!(report.findings()[1].source.to_string(), listed);
    let world = World::passing()
        .with("Room Kit Pro", "SX80")
        .with("ce11.20.1", "ce9.15");
    assert_eq!(world.broken(), ["room-os-release", "model-not-listed"]);
}

/// What lies just on the good side.
pub(super) fn harmless() -> Vec<World> {
    let with = |old: &str, new: &str| World::passing().with(old, new);
    let federation = "refresh-token = \"federation\"";
    let xsp = [
        "AP.xsp.23.0.1075.ap381367",
        "AP.xsp.23.0.1075.ap382198",
        "AP.xsp.23.0.1075.ap383838",
    ];
    vec![
        with(
            "\"ADP\"\nadp-release = \"2022.11\"",
            "\"ADP\"\nadp-release = \"2022.10\"",
        ),
        with("2022.11", "2021.11").with("refresh-token = \"partners\"", federation),
        release_23("ADP", &[]),
        release_23("XSP", &xsp[..2]),
        release_23("XSP", &xsp),
        without_phones(),
        with("customers = 12", "customers = 50"),
        with(
            "customers = 12",
            "customers = 51\ndas-url-by-support = true",
        ),
        with(
            "das-url = \"https://dms.example.test/dms\"",
            "das-url = \"https://dms.example.test/dms/\"",
        ),
        with(
            "das-url = \"https://dms.example.test/dms\"",
            "das-url = \"https://DMS.example.test.:443/a/../dms\"",
        ),
        with(
            "https://cifls.webex.com/fed",
            "https://CIFLS.webex.com:443/fed",
        ),
        with("\"dm-bridge-a.wbx2.com\"", "\"DM-Bridge-A.wbx2.com.\""),
        with(
            "token-info-url = \"https://broadworks",
            "token-info-url = \"HTTPS://BroadWorks",
        ),
        with(
            "issuer-url = \"https://idbroker",
            "issuer-url = \"https://IDBroker",
        ),
        with(
            "refresh-token-in-use = true",
            "refresh-token-in-use = false",
        ),
        with("refresh-token-in-use = true", "").with("2026-05-20", "2026-04-10"),
        // The pattern of a header is tried as the header stands in a request.
        with("macaddress:.*(", "macaddress: (").with(
            "{12}).*\"\n\n[broadworks.cert",
            "{12})\"\n\n[broadworks.cert",
        ),
        with(
            "[broadworks.headers]\nenabled = true",
            "[broadworks.headers]\nenabled = false",
        )
        .with(
            "[broadworks.certificates]\nenabled = false",
            "[broadworks.certificates]\nenabled = true",
        )
        .with(
            "cfg\"\nmac-in-non-request-uri = true",
            "cfg\"\nmac-in-cert = true",
        )
        .with("behind-firewall = true", "behind-firewall = false"),
        with("ce11.20.1", "10.13"),
        with("11-3-7MPP0001-609", "11.3.7"),
        with(
            "device-type = \"Cisco 8841 MPP\"\nonboarding = \"activation-code\"",
            "device-type = \"Cisco 8841 MPP\"\nonboarding = \"mac-address\"\n\
             mac-addresses = [\"000e08abcdef\", \"000E08ABCDF0\"]",
        ),
    ]
}
