//! Archives written and read again.

use std::io::Cursor;

use offhook_device_profile::{
    Archive, ConfigurationOption, DeviceType, DeviceTypeFile, FileAuthentication, FileCategory,
    FileCustomization, Limits,
};
use proptest::prelude::*;

fn written(archive: &Archive) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    archive.write(&mut bytes).unwrap();
    bytes.into_inner()
}

fn read(bytes: &[u8]) -> Archive {
    Archive::open(Cursor::new(bytes), &Limits::default()).unwrap()
}

fn room_device() -> Archive {
    let mut authentication = FileAuthentication::bearer();
    authentication.mac_format_in_non_request_uri = Some("macaddress: ".to_owned());
    let device_type = DeviceType::new("Room Device")
        .with_model("Board")
        .with_activation();
    Archive::new(device_type)
        .with_file(
            DeviceTypeFile::new("%BWMACADDRESS%.xml", "<Configuration/>")
                .with_authentication(authentication),
        )
        .with_file(
            DeviceTypeFile::new("logo.png", [0, 159, 146, 150]).with_category(FileCategory::Static),
        )
}

#[test]
fn an_archive_is_read_as_it_was_written() {
    let archive = room_device();
    assert_eq!(read(&written(&archive)), archive);
    let empty = Archive::new(DeviceType::default());
    assert_eq!(read(&written(&empty)), empty);
}

#[test]
fn the_same_device_type_gives_the_same_bytes() {
    let bytes = written(&room_device());
    assert_eq!(bytes, written(&room_device()));
    assert_eq!(bytes, written(&read(&bytes)));
}

#[test]
fn the_manifest_bears_the_fields_own_names() {
    let bytes = written(&room_device());
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    assert_eq!(names, ["manifest.json", "files/0", "files/1"]);
    let manifest = std::io::read_to_string(zip.by_name("manifest.json").unwrap()).unwrap();
    for member in [
        "\"format\": \"offhook-dtaf\"",
        "\"version\": 1",
        "\"deviceType\": \"Room Device\"",
        "\"deviceModel\": \"Board\"",
        "\"deviceTypeConfigurationOption\": \"Device Management\"",
        "\"enableDeviceActivation\": true",
        "\"isActivationCodeThroughMessagingServer\": true",
        "\"bearerFileAuthentication\": true",
        "\"macInCert\": false",
        "\"macInNonRequestURI\": false",
        "\"macFormatInNonRequestURI\": \"macaddress: \"",
        "\"fileFormat\": \"%BWMACADDRESS%.xml\"",
        "\"fileCategory\": \"Dynamic Profile\"",
        "\"fileCustomization\": \"Disallow\"",
        "\"allowHttps\": true",
    ] {
        assert!(manifest.contains(member), "{member} in {manifest}");
    }
}

fn authentication() -> impl Strategy<Value = FileAuthentication> {
    (any::<[bool; 6]>(), prop::option::of(".{0,20}")).prop_map(|(flags, format)| {
        let mut authentication = FileAuthentication::default();
        authentication.bearer = flags[0];
        authentication.http_digest = flags[1];
        authentication.mac_based = flags[2];
        authentication.mac_in_cert = flags[3];
        authentication.mac_in_non_request_uri = flags[4];
        authentication.user_name_password = flags[5];
        authentication.mac_format_in_non_request_uri = format;
        authentication
    })
}

fn file() -> impl Strategy<Value = DeviceTypeFile> {
    let category = prop::sample::select(vec![
        FileCategory::DynamicGroup,
        FileCategory::DynamicProfile,
        FileCategory::Static,
        FileCategory::TemplateOnly,
    ]);
    let customization = prop::sample::select(vec![
        FileCustomization::Administrator,
        FileCustomization::AdministratorAndUser,
        FileCustomization::Disallow,
    ]);
    let content = prop::collection::vec(any::<u8>(), 0..200);
    let flags = any::<[bool; 5]>();
    (
        ".{0,20}",
        category,
        customization,
        content,
        flags,
        authentication(),
    )
        .prop_map(
            |(name, category, customization, content, flags, authentication)| {
                let mut file = DeviceTypeFile::new(&name, content).with_category(category);
                file.customization = customization;
                file.authentication = authentication;
                file.allow_http = flags[0];
                file.allow_https = flags[1];
                file.allow_tftp = flags[2];
                file.enable_caching = flags[3];
                file.allow_upload_from_device = flags[4];
                file
            },
        )
}

proptest! {
    #[test]
    fn any_device_type_survives_the_journey(
        name in ".{0,20}",
        model in prop::option::of(".{0,20}"),
        is_legacy: bool,
        authentication in authentication(),
        files in prop::collection::vec(file(), 0..4),
    ) {
        let mut device_type = DeviceType::new(&name);
        device_type.model = model;
        device_type.authentication = authentication;
        if is_legacy {
            device_type.configuration_option = ConfigurationOption::Legacy;
        }
        device_type.files = files;
        let archive = Archive::new(device_type);
        prop_assert_eq!(read(&written(&archive)), archive);
    }
}
