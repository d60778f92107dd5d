//! The rules of device types, all told at once.

use std::io::Cursor;

use offhook_device_profile::{
    AccessUrlFault, Archive, ConfigurationOption, DeviceType, DeviceTypeFile, FileAuthentication,
    FileCategory, FileReadings, FileSource, Limits, NumberOfPorts, ResetEvent,
    SignalingAddressType, Violation,
};

fn good() -> DeviceType {
    let file = DeviceTypeFile::new("%BWMACADDRESS%.xml", "x");
    DeviceType::new("T")
        .with_activation()
        .with_file(file.with_authentication(FileAuthentication::bearer()))
}

fn after(change: impl Fn(&mut DeviceType)) -> Vec<Violation> {
    let mut device_type = good();
    change(&mut device_type);
    device_type.violations()
}

#[test]
fn a_type_for_activation_and_an_empty_one_break_no_rule() {
    assert_eq!(good().violations(), []);
    assert_eq!(DeviceType::new("T").violations(), []);
}

#[test]
fn activation_needs_the_messaging_server_and_bearer_on_type_and_file() {
    assert_eq!(
        after(|t| t
            .device_management_mut()
            .is_activation_code_through_messaging_server = None),
        [Violation::ActivationWithoutMessagingServer]
    );
    assert_eq!(
        after(|t| t.device_management_mut().bearer_file_authentication = false),
        [Violation::ActivationWithoutBearerOnType]
    );
    assert_eq!(
        after(|t| t.files[0].bearer_file_authentication = false),
        [Violation::ActivationWithoutBearerOnFile { file: 0 }]
    );
    assert_eq!(
        after(|t| t.files[0].category = FileCategory::TemplateOnly),
        [Violation::ActivationWithoutProfileFile]
    );
    assert_eq!(
        after(|t| {
            t.device_management_mut().enable_device_activation = false;
            t.files[0].bearer_file_authentication = false;
        }),
        []
    );
}

#[test]
fn telephones_that_show_their_address_need_no_bearer_and_no_messaging_server() {
    let phone = include_bytes!("../../../../testdata/dtaf/mpp-8841.dtaf");
    let phone = Archive::open(Cursor::new(phone), &Limits::default()).unwrap();
    let mut phone = phone.device_types()[0].clone();
    let options = phone.device_management_mut();
    options.enable_device_activation = true;
    options.is_activation_code_through_messaging_server = None;
    options.bearer_file_authentication = false;
    phone.files[0].bearer_file_authentication = false;
    assert_eq!(phone.violations(), []);
    // Neither the type's own flags nor a file for all say how a device shows who it is.
    for shown in [
        FileAuthentication::mac_in_cert(),
        FileAuthentication::mac_in_header("a"),
    ] {
        let file = DeviceTypeFile::new("%BWMACADDRESS%.xml", "x");
        let logo = DeviceTypeFile::new("logo.png", "x").with_category(FileCategory::Static);
        let mut phone = DeviceType::new("T")
            .with_activation()
            .with_file(file.with_authentication(shown.clone()))
            .with_file(logo.with_authentication(shown.clone()));
        options_of(&mut phone, FileAuthentication::default());
        let options = phone.device_management_mut();
        options.is_activation_code_through_messaging_server = None;
        assert_eq!(phone.violations(), []);
        phone.files[0].mac_in_cert = false;
        phone.files[0].mac_in_non_request_uri = false;
        options_of(&mut phone, shown);
        assert_eq!(
            phone.violations(),
            [
                Violation::ActivationWithoutMessagingServer,
                Violation::ActivationWithoutBearerOnType,
                Violation::ActivationWithoutBearerOnFile { file: 0 },
            ]
        );
    }
    // One file that takes the address lets no other one go without a token.
    let address = DeviceTypeFile::new("%BWDEVICEID%.xml", "x");
    let address = address.with_authentication(FileAuthentication::mac_in_cert());
    let mut both = good().with_file(address);
    assert_eq!(both.violations(), []);
    both.files[0].bearer_file_authentication = false;
    assert_eq!(
        both.violations(),
        [Violation::ActivationWithoutBearerOnFile { file: 0 }]
    );
}

fn options_of(phone: &mut DeviceType, authentication: FileAuthentication) {
    let options = phone.device_management_mut();
    *options = options.clone().with_authentication(authentication);
}

#[test]
fn a_static_file_needs_no_bearer() {
    let logo = DeviceTypeFile::new("logo.png", "x").with_category(FileCategory::Static);
    assert_eq!(good().with_file(logo).violations(), []);
}

#[test]
fn two_sources_of_the_mac_address_exclude_one_another() {
    let on_type = after(|t| {
        t.device_management_mut().mac_in_cert = true;
        t.device_management_mut().mac_in_non_request_uri = true;
    });
    assert_eq!(on_type, [Violation::MacSourcesOnType]);
    let on_file = after(|t| {
        t.files[0].mac_in_cert = true;
        t.files[0].mac_in_non_request_uri = true;
    });
    assert_eq!(on_file, [Violation::MacSourcesOnFile { file: 0 }]);
    assert_eq!(after(|t| t.device_management_mut().mac_in_cert = true), []);
    // To set one is to reset the other.
    let cert = FileAuthentication::mac_in_header("macaddress: ").with_mac_in_cert();
    assert!(cert.mac_in_cert && !cert.mac_in_non_request_uri);
    let header = cert.with_mac_in_non_request_uri();
    assert!(header.mac_in_non_request_uri && !header.mac_in_cert);
}

#[test]
fn tokens_go_over_tls_only_and_not_to_legacy_types() {
    assert_eq!(
        after(|t| t.files[0].allow_http = true),
        [Violation::BearerWithoutTls { file: 0 }]
    );
    assert_eq!(
        after(|t| t.files[0].allow_tftp = true),
        [Violation::BearerWithoutTls { file: 0 }]
    );
    assert_eq!(
        after(|t| t.configuration_option = ConfigurationOption::Legacy),
        [
            Violation::BearerInLegacy,
            Violation::ActivationWithoutDeviceManagement
        ]
    );
}

#[test]
fn lengths_are_counted_in_characters() {
    let on_type = |attribute, least, most| Violation::Length {
        attribute,
        least,
        most,
    };
    let on_file = |attribute, least, most| Violation::LengthOnFile {
        attribute,
        file: 0,
        least,
        most,
    };
    let name = |text: String| after(|t| t.name.clone_from(&text));
    assert_eq!(name("é".repeat(40)), []);
    assert_eq!(name("é".repeat(41)), [on_type("deviceType", 1, 40)]);
    assert_eq!(name(String::new()), [on_type("deviceType", 1, 40)]);
    type Set = fn(&mut DeviceType, Option<String>);
    let optional: [(Set, &'static str, usize, usize); 10] = [
        (
            |t, text| t.web_based_config_url = text,
            "webBasedConfigURL",
            0,
            80,
        ),
        (
            |t, text| t.cpe_device_options.as_mut().unwrap().system_file_name = text,
            "systemFileName",
            0,
            265,
        ),
        (
            |t, text| t.cpe_device_options.as_mut().unwrap().device_file_format = text,
            "deviceFileFormat",
            0,
            265,
        ),
        (
            |t, text| t.device_management_mut().tag_set = text,
            "tagSet",
            1,
            30,
        ),
        (
            |t, text| t.device_management_mut().device_access_context = text,
            "deviceAccessContext",
            0,
            80,
        ),
        (
            |t, text| t.device_management_mut().device_access_uri = text,
            "deviceAccessURI",
            0,
            256,
        ),
        (
            |t, text| t.device_management_mut().default_device_language = text,
            "defaultDeviceLanguage",
            0,
            40,
        ),
        (
            |t, text| t.device_management_mut().default_device_encoding = text,
            "defaultDeviceEncoding",
            0,
            40,
        ),
        (
            |t, text| t.device_management_mut().mac_format_in_non_request_uri = text,
            "macFormatInNonRequestURI",
            0,
            256,
        ),
        (
            |t, text| t.device_management_mut().device_model = text,
            "deviceModel",
            1,
            40,
        ),
    ];
    for (set, attribute, least, most) in optional {
        let of = |length: usize| after(|t| set(t, Some("é".repeat(length))));
        assert_eq!(of(most), [], "{attribute}");
        assert_eq!(of(most + 1), [on_type(attribute, least, most)]);
        let none = if least > 0 {
            vec![on_type(attribute, least, most)]
        } else {
            vec![]
        };
        assert_eq!(of(0), none, "{attribute}");
    }
    assert_eq!(after(|t| t.files[0].file_format = "a".repeat(128)), []);
    assert_eq!(
        after(|t| t.files[0].file_format = "a".repeat(129)),
        [on_file("fileFormat", 1, 128)]
    );
    assert_eq!(
        after(|t| t.files[0].remote_file_format = String::new()),
        [on_file("remoteFileFormat", 1, 128)]
    );
    assert_eq!(
        after(|t| t.files[0].mac_format_in_non_request_uri = Some("a".repeat(257))),
        [on_file("macFormatInNonRequestURI", 0, 256)]
    );
}

#[test]
fn what_cannot_be_is_refused_on_types_and_files() {
    assert_eq!(
        after(|t| t.number_of_ports = NumberOfPorts::Quantity(0)),
        [Violation::NoPorts]
    );
    assert_eq!(
        after(|t| t.reset_event = Some(ResetEvent::ResetString)),
        [Violation::ResetStringMissing]
    );
    let with_string = after(|t| {
        t.reset_event = Some(ResetEvent::ResetString);
        t.reset_string = Some("reset".into());
    });
    assert_eq!(with_string, []);
    assert_eq!(
        after(|t| t.files[0].source = FileSource::Default),
        [Violation::FileSourceDefault { file: 0 }]
    );
    let logo = |name: &str| {
        let logo = DeviceTypeFile::new(name, "x").with_category(FileCategory::Static);
        good().with_file(logo).violations()
    };
    assert_eq!(
        logo("%BWDEVICEID%.png"),
        [Violation::StaticFileWithTag { file: 1 }]
    );
    assert_eq!(logo("50% off.png"), []);
    for (local, remote) in [("%BWDEVICEID%.png", "a.png"), ("a.png", "%BWDEVICEID%.png")] {
        let mut logo = DeviceTypeFile::new(local, "x").with_category(FileCategory::Static);
        logo.remote_file_format = remote.to_owned();
        let found = good().with_file(logo).violations();
        assert_eq!(
            found,
            [Violation::StaticFileWithTag { file: 1 }],
            "{local} {remote}"
        );
    }
}

#[test]
fn six_attributes_of_a_type_cannot_be_changed() {
    let before = good();
    let mut after = before.clone();
    after.is_trusted = true;
    assert!(before.unchangeable_differences(&after).is_empty());
    after.signaling_address_type = SignalingAddressType::IntelligentProxy;
    after.is_conference_device = true;
    after.is_mobility_manager_device = true;
    after.is_music_on_hold_device = true;
    after.configuration_option = ConfigurationOption::Legacy;
    after.static_line_ordering = true;
    assert_eq!(
        before.unchangeable_differences(&after),
        [
            "profile",
            "isConferenceDevice",
            "isMobilityManagerDevice",
            "isMusicOnHoldDevice",
            "deviceTypeConfigurationOption",
            "staticLineOrdering",
        ]
    );
}

#[test]
fn each_rule_names_the_text_that_states_it() {
    let found = after(|t| {
        t.name.clear();
        t.device_management_mut().bearer_file_authentication = false;
        t.files[0].allow_tftp = true;
    });
    let sources: Vec<String> = found
        .iter()
        .map(|violation| violation.source().to_string())
        .collect();
    assert_eq!(
        sources,
        [
            "schema of the provisioning interface, SystemSIPDeviceTypeAddRequest23V9",
            "device integration for Webex on BroadWorks, provisioning of Room OS devices",
            "a rule of this project's own",
        ]
    );
}

#[test]
fn a_file_is_not_named_out_of_its_folder() {
    for name in [
        "../a.xml",
        "..",
        "a/../../b",
        "a\\..\\b",
        "a/..",
        "/etc/passwd",
        "\\\\host\\x",
        "C:\\x",
        "c:x",
    ] {
        let found = after(|t| t.files[0].remote_file_format = name.to_owned());
        let attribute = "remoteFileFormat";
        let leads_out = Violation::LeadsOutOnFile { attribute, file: 0 };
        assert_eq!(found, [leads_out], "{name}");
        let found = after(|t| t.files[0].file_format = name.to_owned());
        let attribute = "fileFormat";
        let leads_out = Violation::LeadsOutOnFile { attribute, file: 0 };
        assert_eq!(found, [leads_out], "{name}");
    }
    for name in [
        "a..b.xml",
        "phones/%BWMACADDRESS%.xml",
        "...",
        "ab:c",
        "1:x",
    ] {
        let found = after(|t| t.files[0].remote_file_format = name.to_owned());
        assert_eq!(found, [], "{name}");
    }
}

#[test]
fn all_rules_that_are_broken_are_told_at_once() {
    let found = after(|t| {
        t.name.clear();
        t.device_management_mut().bearer_file_authentication = false;
        t.files[0].bearer_file_authentication = false;
        let again = t.files[0].clone();
        t.files.push(again);
    });
    assert_eq!(
        found,
        [
            Violation::Length {
                attribute: "deviceType",
                least: 1,
                most: 40
            },
            Violation::ActivationWithoutBearerOnType,
            Violation::ActivationWithoutBearerOnFile { file: 0 },
            Violation::DuplicateFileFormat { file: 1 },
            Violation::ActivationWithoutBearerOnFile { file: 1 },
        ]
    );
}

#[test]
fn an_address_that_is_not_whole_is_told() {
    let readings = |url: &str| {
        let json = serde_json::json!({ "accessUrl": url });
        serde_json::from_value::<FileReadings>(json).unwrap()
    };
    let whole = readings("https://dms.example.net:443/dms/phone/a.xml");
    assert_eq!(whole.access_url_fault(), None);
    assert_eq!(whole.undefined_parts().count(), 0);
    let partly = readings("https://[fqdn]/dms/[uri]/a.xml");
    let parts: Vec<&str> = partly.undefined_parts().collect();
    assert_eq!(parts, ["fqdn", "uri"]);
    for (text, fault) in [
        (
            "Error Access FQDN Not Provisioned",
            AccessUrlFault::NoAccessFqdn,
        ),
        (
            "Error Access Context Name Not Provisioned",
            AccessUrlFault::NoContextName,
        ),
        (
            "DEVICE_CONFIGURATION_FILE_REPOSITORY_MISSING",
            AccessUrlFault::NoRepository,
        ),
    ] {
        assert_eq!(readings(text).access_url_fault(), Some(fault));
    }
}
