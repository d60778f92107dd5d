//! Tokens of `BroadWorks`, and from what the MAC address of a phone is taken.

use offhook_device_profile::{ConfigurationOption, DeviceType, DeviceTypeFile, FileCategory};
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
    let format = "file-format = \"%BWMACADDRESS%.cfg\"\n";
    let flag = "file-format = \"%BWMACADDRESS%.cfg\"\nmac-in-non-request-uri = true\n";
    let in_cert = "file-format = \"%BWMACADDRESS%.cfg\"\nmac-in-cert = true\n";
    let by_header = "broadworks.device-type[0].file[0].mac-in-non-request-uri";
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
            certificates_on(headers_off(World::passing())).with(flag, in_cert),
        ),
        // The flags of the type do not count where those of its files do.
        error("mac-source-file", by_header, flag, format),
        error("mac-source-file", by_header, flag, in_cert),
        case(
            "mac-source-file",
            Severity::Error,
            "broadworks.device-type[0].file[0].mac-in-cert",
            certificates_on(headers_off(World::passing()))
                .with("behind-firewall = true", "behind-firewall = false"),
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

/// The sample whose phones have a type out of an archive, with these flags on its files.
fn archived(change: impl Fn(&mut DeviceType)) -> World {
    let mut world = World::passing().with("name = \"Cisco 8841 MPP\"", "name = \"Another\"");
    let file = DeviceTypeFile::new("%BWMACADDRESS%.cfg", Vec::new());
    let mut device_type = DeviceType::new("Cisco 8841 MPP")
        .with_activation()
        .with_file(file);
    change(&mut device_type);
    let archive = world.seen.archives.get_mut("../dtaf/room-os.dtaf").unwrap();
    archive.as_mut().unwrap().push(device_type);
    world
}

#[test]
fn the_flags_of_files_are_judged_where_they_count() {
    let report = archived(|_| ()).report();
    assert_eq!(report.findings().len(), 1);
    let finding = &report.findings()[0];
    assert_eq!(finding.rule.id(), "mac-source-file");
    assert_eq!(finding.place.path, "broadworks.device-type-archives[0]");
    assert_eq!(
        finding.what,
        "\"Cisco 8841 MPP\": macInNonRequestURI has to be set on file \"%BWMACADDRESS%.cfg\", and \
         neither of the two is"
    );
    // What is the same for many devices is given to each of them.
    let shared = archived(|device_type| {
        device_type.files[0].category = FileCategory::Static;
        device_type.files[0].file_format = "logo.png".to_owned();
        device_type.files[0].remote_file_format = "logo.png".to_owned();
        let mut own = DeviceTypeFile::new("%BWMACADDRESS%.cfg", Vec::new());
        own.mac_in_non_request_uri = true;
        device_type.files.push(own);
    });
    assert_eq!(shared.broken(), [""; 0]);
    // In legacy mode the flags of the type rule all files; what else is wrong there is told.
    let legacy = archived(|device_type| {
        device_type.configuration_option = ConfigurationOption::Legacy;
    });
    assert!(!legacy.broken().contains(&"mac-source-file"));
    // Where both sources are enabled, which is warned of, either will do.
    let both = World::passing().with(
        "[broadworks.certificates]\nenabled = false",
        "[broadworks.certificates]\nenabled = true",
    );
    assert_eq!(both.broken(), ["mac-sources"]);
}
