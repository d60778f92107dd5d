//! Archives written and read again.

use std::io::Cursor;

use offhook_device_profile::{
    Archive, ArchiveError, ArchiveReader, ConfigurationOption, DeviceFamily,
    DeviceManagementOptions, DeviceType, DeviceTypeFile, FileAuthentication, FileCategory,
    FileCustomization, Import, ImportError, Inventory, Limits, Tag, TagRegion, TagSet,
};
use proptest::prelude::*;

use crate::hand_made_zip::{Entry, zip};

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
        .with_activation()
        .with_file(
            DeviceTypeFile::new("%BWMACADDRESS%.xml", "<Configuration/>")
                .with_authentication(authentication),
        )
        .with_file(
            DeviceTypeFile::new("logo.png", [0, 159, 146, 150]).with_category(FileCategory::Static),
        );
    Archive::new(device_type)
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
        "\"numberOfPorts\": {",
        "\"unlimited\": true",
        "\"profile\": \"Non-intelligent Device Addressing\"",
        "\"E164Capable\": false",
        "\"requiresBroadWorksDigitCollection\": false",
        "\"addPCalledPartyId\": false",
        "\"supports3G4GContinuity\": false",
        "\"cpeDeviceOptions\": {",
        "\"deviceManagementDeviceTypeOptions\": {",
        "\"deviceAccessProtocol\": \"Https\"",
        "\"tagMode\": \"None\"",
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

fn tag_set() -> TagSet {
    let name = "%SBC_ADDRESS%".parse().unwrap();
    TagSet::new("Access")
        .with_tag(Tag::new(&name, "sbc.example.net").not_overridable())
        .with_region(TagRegion::new("Iberia", &["ES"]).with_value(&name, "sbc.example.es"))
}

#[test]
fn sister_archives_are_read_as_they_were_written() {
    let family = DeviceFamily::new("Phones")
        .with_device_type(DeviceType::new("A").with_file(DeviceTypeFile::new("a", "a")))
        .with_device_type(DeviceType::new("B"))
        .with_device_type(DeviceType::new("C").with_file(DeviceTypeFile::new("c", "c")))
        .with_tag_set(tag_set())
        .with_tag_set(TagSet::default());
    for archive in [
        Archive::TagSet(tag_set()),
        Archive::TagSet(TagSet::default()),
        Archive::DeviceFamily(DeviceFamily::new("")),
        Archive::DeviceFamily(family),
    ] {
        let bytes = written(&archive);
        assert_eq!(read(&bytes), archive);
        assert_eq!(written(&read(&bytes)), bytes);
        assert!(matches!(
            archive.into_device_type(),
            Err(ArchiveError::Kind { .. })
        ));
    }
}

#[test]
fn a_manifest_says_what_it_is_of_and_nothing_else() {
    let of = |manifest: &str| {
        let manifest = Entry::stored("manifest.json", manifest.as_bytes());
        Archive::open(Cursor::new(zip(&[manifest])), &Limits::default())
    };
    let set = r#""tagSet": {"tags": []}"#;
    let family = r#""deviceFamily": {"deviceFamilyName": "F", "deviceTypes": [], "tagSets": []}"#;
    let tsaf = format!(r#"{{"format": "offhook-tsaf", "version": 1, {set}}}"#);
    assert_eq!(of(&tsaf).unwrap(), Archive::TagSet(TagSet::default()));
    for bad in [
        format!(r#"{{"format": "offhook-tsaf", "version": 1, {family}}}"#),
        format!(r#"{{"format": "offhook-tsaf", "version": 1, {set}, {family}}}"#),
        r#"{"format": "offhook-tsaf", "version": 1}"#.to_owned(),
    ] {
        let answer = of(&bad);
        assert!(
            matches!(answer, Err(ArchiveError::Manifest { .. })),
            "{bad}"
        );
    }
}

/// Bytes that do not pack, so that no limit of ratio is met.
pub(crate) fn noise(bytes: usize, mut seed: u64) -> Vec<u8> {
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()[0]
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn files_are_read_one_at_a_time_in_less_than_two_entries_of_memory() {
    const ENTRY: usize = 1_000_000;
    let mut device_type = DeviceType::new("Large");
    for file in 1..=8 {
        let content = noise(ENTRY, file);
        device_type = device_type.with_file(DeviceTypeFile::new(&format!("{file}"), content));
    }
    let archive = Archive::new(device_type);
    let bytes = written(&archive);
    let used = allocation_counter::measure(|| {
        let mut reader = ArchiveReader::open(Cursor::new(&bytes), &Limits::default()).unwrap();
        for (file, each) in archive.files().enumerate() {
            assert!(reader.content(file).unwrap() == each.content);
        }
    });
    assert!(used.bytes_max < 2 * ENTRY as u64, "{used:?}");
    // Whole, it takes what it holds and no entry twice.
    let used = allocation_counter::measure(|| {
        let whole = Archive::open(Cursor::new(&bytes), &Limits::default()).unwrap();
        assert!(whole == archive);
    });
    assert!(used.bytes_max < 9 * ENTRY as u64, "{used:?}");
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
    // What looks like XML in another encoding is refused.
    let is_wide = |content: &[u8]| matches!(content, [0 | 0x4c | 0xfe | 0xff, ..] | [b'<', 0, ..]);
    let content = prop::collection::vec(any::<u8>(), 0..200)
        .prop_filter("another encoding", move |content| !is_wide(content));
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
                let mut file = file.with_authentication(authentication);
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
        let mut options = DeviceManagementOptions::default().with_authentication(authentication);
        options.device_model = model;
        device_type.device_management_mut().clone_from(&options);
        if is_legacy {
            device_type.configuration_option = ConfigurationOption::Legacy;
        }
        device_type.files = files;
        let archive = Archive::new(device_type);
        prop_assert_eq!(read(&written(&archive)), archive);
    }
}

#[test]
fn the_tags_of_a_set_are_bounded_to_the_one() {
    let name = |at: usize| format!("%T{at}%").parse().unwrap();
    let mut region = TagRegion::new("North", &["NO"]);
    let mut set = TagSet::new("S");
    for at in 0..4_095 {
        set = set.with_tag(Tag::new(&name(at), "x"));
    }
    region = region.with_value(&name(0), "y");
    let set = set.with_region(region.clone());
    let family = DeviceFamily::new("F").with_tag_set(TagSet::new("E"));
    let full = Archive::DeviceFamily(family.clone().with_tag_set(set.clone()));
    let over = set.with_region(TagRegion::new("South", &["ZA"]).with_value(&name(1), "y"));
    let mut over = Archive::DeviceFamily(family.with_tag_set(over));
    let reopened =
        |archive: &Archive| Archive::open(Cursor::new(written(archive)), &Limits::default());
    assert!(reopened(&full).is_ok());
    let is_refused = |error: &ArchiveError| {
        let (tag_set, found) = (1, 4_097);
        matches!(error, ArchiveError::TooManyTags { tag_set: at, found: count } if (*at, *count) == (tag_set, found))
    };
    let error = reopened(&over).unwrap_err();
    assert!(is_refused(&error), "{error}");
    // Sources of others have no reader of ours before them.
    let mut system = Inventory::new();
    let answer = Import::new().run(&mut over, &mut system);
    assert!(matches!(answer, Err(ImportError::Archive(error)) if is_refused(&error)));
    let mut limits = Limits::default();
    limits.tags = 4_097;
    let import = Import::new().with_limits(&limits);
    assert!(import.run(&mut over, &mut system).is_ok());
}
