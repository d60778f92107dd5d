//! The rules of device types, all told at once.

use offhook_device_profile::{
    ConfigurationOption, DeviceType, DeviceTypeFile, FileAuthentication, FileCategory, Violation,
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
        after(|t| t.is_activation_code_through_messaging_server = false),
        [Violation::ActivationWithoutMessagingServer]
    );
    assert_eq!(
        after(|t| t.authentication.bearer = false),
        [Violation::ActivationWithoutBearerOnType]
    );
    assert_eq!(
        after(|t| t.files[0].authentication.bearer = false),
        [Violation::ActivationWithoutBearerOnFile { file: 0 }]
    );
    assert_eq!(
        after(|t| t.files[0].category = FileCategory::Static),
        [Violation::ActivationWithoutProfileFile]
    );
    assert_eq!(
        after(|t| {
            t.enable_device_activation = false;
            t.files[0].authentication.bearer = false;
        }),
        []
    );
}

#[test]
fn a_static_file_needs_no_bearer() {
    let logo = DeviceTypeFile::new("logo.png", "x").with_category(FileCategory::Static);
    assert_eq!(good().with_file(logo).violations(), []);
}

#[test]
fn two_sources_of_the_mac_address_exclude_one_another() {
    let both = |authentication: &mut FileAuthentication| {
        authentication.mac_in_cert = true;
        authentication.mac_in_non_request_uri = true;
    };
    assert_eq!(
        after(|t| both(&mut t.authentication)),
        [Violation::MacSourcesOnType]
    );
    assert_eq!(
        after(|t| both(&mut t.files[0].authentication)),
        [Violation::MacSourcesOnFile { file: 0 }]
    );
    assert_eq!(after(|t| t.authentication.mac_in_cert = true), []);
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
        [Violation::BearerInLegacy]
    );
}

#[test]
fn lengths_are_counted_in_characters() {
    let name = |text: String| after(|t| t.name.clone_from(&text));
    assert_eq!(name("é".repeat(40)), []);
    assert_eq!(name("é".repeat(41)), [Violation::NameLength]);
    assert_eq!(name(String::new()), [Violation::NameLength]);
    assert_eq!(
        after(|t| t.model = Some(String::new())),
        [Violation::ModelLength]
    );
    assert_eq!(after(|t| t.files[0].file_format = "a".repeat(128)), []);
    assert_eq!(
        after(|t| t.files[0].file_format = "a".repeat(129)),
        [Violation::FileFormatLength { file: 0 }]
    );
    assert_eq!(
        after(|t| t.files[0].remote_file_format = String::new()),
        [Violation::RemoteFileFormatLength { file: 0 }]
    );
    let format = |length: usize| Some("a".repeat(length));
    assert_eq!(
        after(|t| t.authentication.mac_format_in_non_request_uri = format(256)),
        []
    );
    assert_eq!(
        after(|t| t.authentication.mac_format_in_non_request_uri = format(257)),
        [Violation::MacFormatLengthOnType]
    );
    assert_eq!(
        after(|t| t.files[0].authentication.mac_format_in_non_request_uri = format(257)),
        [Violation::MacFormatLengthOnFile { file: 0 }]
    );
}

#[test]
fn all_rules_that_are_broken_are_told_at_once() {
    let found = after(|t| {
        t.name.clear();
        t.authentication.bearer = false;
        t.files[0].authentication.bearer = false;
        let again = t.files[0].clone();
        t.files.push(again);
    });
    assert_eq!(
        found,
        [
            Violation::NameLength,
            Violation::ActivationWithoutBearerOnType,
            Violation::ActivationWithoutBearerOnFile { file: 0 },
            Violation::DuplicateFileFormat { file: 1 },
            Violation::ActivationWithoutBearerOnFile { file: 1 },
        ]
    );
}
