//! Archives imported into a system and exported out of it.

use std::io::Cursor;
use std::time::{Duration, Instant};

use offhook_device_profile::{
    Archive, ArchiveError, ArchiveReader, ArchiveSource, DeviceCredentials, DeviceFamily,
    DeviceType, DeviceTypeFile, Effect, FileAuthentication, FileCategory, FileContent, Import,
    ImportDifference, ImportError, Inventory, Limits, Subject, Tag, TagName, TagRegion, TagSet,
};

use crate::archive::noise;

pub(crate) fn phone() -> DeviceType {
    DeviceType::new("Phone")
        .with_file(DeviceTypeFile::new("%BWMACADDRESS%.xml", "<flat-profile/>"))
        .with_file(DeviceTypeFile::new("logo.png", "logo").with_category(FileCategory::Static))
}

fn tag(name: &str, value: &str) -> Tag {
    Tag::new(&name.parse().unwrap(), value)
}

pub(crate) fn sbc() -> TagSet {
    let address: TagName = "%SBC_ADDRESS%".parse().unwrap();
    TagSet::new("Access")
        .with_tag(Tag::new(&address, "sbc.example.net").not_overridable())
        .with_tag(tag("%LANGUAGE%", "en"))
        .with_region(TagRegion::new("Iberia", &["ES", "PT"]).with_value(&address, "sbc.example.es"))
}

pub(crate) fn system_with(device_type: DeviceType) -> Inventory {
    let mut system = Inventory::new();
    system.insert_device_type(device_type);
    system
}

pub(crate) fn update() -> Import {
    Import::new().with_device_type_file_update()
}

fn lines(differences: &[ImportDifference]) -> Vec<String> {
    let line = |difference: &ImportDifference| {
        let part = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        format!(
            "{} {} {} {} {}",
            difference.effect,
            difference.subject,
            part(&difference.attribute),
            part(&difference.existing),
            part(&difference.archive)
        )
    };
    differences.iter().map(line).collect()
}

#[test]
fn a_new_type_is_imported_as_the_archive_has_it() {
    let mut system = Inventory::new();
    let mut archive = Archive::new(phone());
    let report = Import::new().dry_run(&mut archive, &system).unwrap();
    assert_eq!(
        lines(&report.differences),
        ["added device type Phone - - -"]
    );
    assert_eq!(system, Inventory::new());
    assert_eq!(
        Import::new().run(&mut archive, &mut system).unwrap(),
        report
    );
    assert_eq!(system.device_type("Phone"), Some(&phone()));
    assert_eq!(system.export_device_type("Phone"), Some(archive));
}

#[test]
fn a_rename_changes_the_name_inside_on_the_way_in() {
    let mut system = system_with(phone());
    let mut archive = Archive::new(phone());
    let rename = Import::new().with_rename("Phone", "Phone 2");
    rename.run(&mut archive, &mut system).unwrap();
    assert_eq!(system.device_type("Phone 2").unwrap().files, phone().files);
    assert_eq!(system.device_type("Phone"), Some(&phone()));
    let other = Import::new().with_rename("Telephone", "Phone 3");
    let answer = other.run(&mut archive, &mut system);
    assert!(matches!(answer, Err(ImportError::Rename)), "{answer:?}");
    let mut sets = Archive::TagSet(sbc());
    let rename = Import::new().with_rename("Access", "Access 2");
    rename.run(&mut sets, &mut system).unwrap();
    assert_eq!(system.tag_set(Some("Access 2")).unwrap().tags, sbc().tags);
    assert_eq!(system.tag_set(Some("Access")), None);
}

#[test]
fn what_is_there_is_refused_unless_it_may_be_changed() {
    let mut system = system_with(phone());
    system.insert_tag_set(sbc());
    system.insert_device_family(DeviceFamily::new("Family"));
    let before = system.clone();
    let answer = Import::new().run(&mut Archive::new(phone()), &mut system);
    assert!(
        matches!(answer, Err(ImportError::DeviceTypeExists { .. })),
        "{answer:?}"
    );
    let answer = Import::new().run(&mut Archive::TagSet(sbc()), &mut system);
    assert!(matches!(answer, Err(ImportError::TagSetExists { .. })));
    let mut family = Archive::DeviceFamily(DeviceFamily::new("Family"));
    let answer = Import::new().run(&mut family, &mut system);
    assert!(matches!(
        answer,
        Err(ImportError::DeviceFamilyExists { .. })
    ));
    assert_eq!(system, before);
}

#[test]
fn files_are_matched_by_their_format_and_updated_but_for_format_and_category() {
    let mut system = system_with(phone().with_file(DeviceTypeFile::new("old.xml", "<old/>")));
    let mut file = DeviceTypeFile::new("%BWMACADDRESS%.xml", "<flat-profile>\n</flat-profile>")
        .with_authentication(FileAuthentication::bearer())
        .with_category(FileCategory::DynamicGroup);
    file.remote_file_format = "remote.xml".to_owned();
    let mut newer = DeviceType::new("Phone")
        .with_file(DeviceTypeFile::new("new.xml", "<new/>"))
        .with_file(file);
    newer.is_video_capable = true;
    newer.device_management_mut().access_device_credentials =
        Some(DeviceCredentials::new("user", "Canary0123456789"));
    let mut archive = Archive::new(newer);

    let report = update().dry_run(&mut archive, &system).unwrap();
    assert!(report.difference_found());
    let lines = lines(&report.differences);
    assert!(
        !lines.iter().any(|line| line.contains("Canary")),
        "{lines:?}"
    );
    for expected in [
        "kept device type Phone isVideoCapable false true",
        "kept device type Phone cpeDeviceOptions.deviceManagementDeviceTypeOptions.accessDeviceCredentials.userName - user",
        "kept device type Phone password - [redacted]",
        "added file new.xml of Phone - - -",
        "kept file %BWMACADDRESS%.xml of Phone fileCategory Dynamic Profile Dynamic Group",
        "updated file %BWMACADDRESS%.xml of Phone remoteFileFormat %BWMACADDRESS%.xml remote.xml",
        "updated file %BWMACADDRESS%.xml of Phone bearerFileAuthentication false true",
        "updated file %BWMACADDRESS%.xml of Phone content 15 bytes 30 bytes",
        "kept file logo.png of Phone - - -",
        "kept file old.xml of Phone - - -",
    ] {
        assert!(
            lines.iter().any(|line| line == expected),
            "{expected}: {lines:#?}"
        );
    }
    let passwords = lines.iter().filter(|line| line.contains("password"));
    assert_eq!(passwords.count(), 1, "{lines:#?}");
    let of_type = lines
        .iter()
        .filter(|line| line.contains("device type Phone"));
    assert_eq!(lines.len() - of_type.count(), 7, "{lines:#?}");

    let before = system.clone();
    assert_eq!(update().run(&mut archive, &mut system).unwrap(), report);
    let after = system.device_type("Phone").unwrap();
    let formats: Vec<&str> = after.files.iter().map(|f| f.file_format.as_str()).collect();
    assert_eq!(
        formats,
        ["%BWMACADDRESS%.xml", "logo.png", "old.xml", "new.xml"]
    );
    let file = &after.files[0];
    assert_eq!(file.category, FileCategory::DynamicProfile);
    assert_eq!(file.remote_file_format, "remote.xml");
    assert!(file.bearer_file_authentication);
    assert_eq!(&*file.content, b"<flat-profile>\n</flat-profile>");
    assert_eq!(
        after.files[2],
        before.device_type("Phone").unwrap().files[2]
    );
    assert!(!after.is_video_capable);
}

#[test]
fn an_import_of_what_is_there_finds_no_difference() {
    let mut system = system_with(phone());
    system.insert_tag_set(sbc());
    let same = update()
        .with_tag_set_override()
        .with_device_family_override();
    let report = same.dry_run(&mut Archive::new(phone()), &system).unwrap();
    assert!(!report.difference_found(), "{report:?}");
    let report = same.dry_run(&mut Archive::TagSet(sbc()), &system).unwrap();
    assert!(!report.difference_found(), "{report:?}");
    let family = DeviceFamily::new("F")
        .with_device_type(phone())
        .with_tag_set(sbc());
    same.run(&mut Archive::DeviceFamily(family.clone()), &mut system)
        .unwrap();
    let report = same
        .dry_run(&mut Archive::DeviceFamily(family), &system)
        .unwrap();
    assert!(!report.difference_found(), "{report:?}");
}

#[test]
fn a_damaged_content_changes_nothing() {
    let types = DeviceFamily::new("F")
        .with_device_type(phone())
        .with_device_type(DeviceType::new("Z").with_file(DeviceTypeFile::new("z", "CONTENT")));
    let mut bytes = Cursor::new(Vec::new());
    Archive::DeviceFamily(types).write(&mut bytes).unwrap();
    let mut bytes = bytes.into_inner();
    // The last entry's packed bytes stand just before the directory.
    let directory = bytes
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    bytes[directory - 2] ^= 1;
    let mut reader = ArchiveReader::open(Cursor::new(&bytes), &Limits::default()).unwrap();
    let mut system = Inventory::new();
    let answer = Import::new().run(&mut reader, &mut system);
    assert!(matches!(answer, Err(ImportError::Archive(_))), "{answer:?}");
    assert_eq!(system, Inventory::new());
}

#[test]
fn an_overridden_tag_set_tells_each_tag_and_no_value() {
    let mut system = Inventory::new();
    system.insert_tag_set(sbc());
    let address: TagName = "%SBC_ADDRESS%".parse().unwrap();
    let newer = TagSet::new("Access")
        .with_tag(Tag::new(&address, "Canary0123456789"))
        .with_tag(tag("%NEW%", "Canary0123456789"))
        .with_region(TagRegion::new("Iberia", &["ES"]).with_value(&address, "sbc.example.es"));
    let import = Import::new().with_tag_set_override();
    let report = import
        .run(&mut Archive::TagSet(newer.clone()), &mut system)
        .unwrap();
    assert_eq!(
        lines(&report.differences),
        [
            "removed tag %LANGUAGE% of Access - - -",
            "added tag %NEW% of Access - - -",
            "updated tag %SBC_ADDRESS% of Access - - -",
            "updated tag set Access regions Iberia: ES PT Iberia: ES",
        ]
    );
    assert!(!format!("{report:?}").contains("Canary"));
    assert_eq!(system.tag_set(Some("Access")), Some(&newer));
}

#[test]
fn a_family_brings_its_types_and_sets_and_is_exported_with_them() {
    let family = DeviceFamily::new("Phones")
        .with_device_type(phone())
        .with_device_type(DeviceType::new("Other").with_file(DeviceTypeFile::new("o", "o")))
        .with_tag_set(sbc())
        .with_tag_set(TagSet::default());
    let mut archive = Archive::DeviceFamily(family);
    let mut system = Inventory::new();
    let report = Import::new().run(&mut archive, &mut system).unwrap();
    let subjects: Vec<String> = report
        .differences
        .iter()
        .map(|d| d.subject.to_string())
        .collect();
    assert_eq!(
        subjects,
        [
            "device family Phones",
            "tag set Access",
            "tag set of the system",
            "device type Phone",
            "device type Other",
        ]
    );
    assert!(report.differences.iter().all(|d| d.effect == Effect::Added));
    assert_eq!(system.export_device_family("Phones"), Some(archive));
    assert_eq!(
        system.device_type("Other").unwrap().files[0].content[..],
        *b"o"
    );
    assert_eq!(system.export_device_family("Rooms"), None);
    assert_eq!(
        system.export_tag_set(None),
        Some(Archive::TagSet(TagSet::default()))
    );
}

#[test]
fn a_reseller_is_given_to_types_that_are_made() {
    let mut system = Inventory::new();
    let import = Import::new().with_reseller_id("R1");
    import.run(&mut Archive::new(phone()), &mut system).unwrap();
    assert_eq!(
        system.device_type("Phone").unwrap().reseller_id.as_deref(),
        Some("R1")
    );
}

#[test]
fn a_report_is_written_for_machines() {
    let report = Import::new()
        .dry_run(&mut Archive::new(phone()), &Inventory::new())
        .unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "differences": [{
                "subject": {"deviceType": {"deviceType": "Phone"}},
                "effect": "added",
            }],
            "violations": [],
            "violationsLeftOut": 0,
        })
    );
    let subject = Subject::Tag {
        tag_set_name: None,
        tag_name: "%A%".to_owned(),
        region_name: Some("North".to_owned()),
    };
    assert_eq!(
        subject.to_string(),
        "tag %A% of the system's default set in North"
    );
}

#[test]
fn a_dry_run_takes_less_than_two_entries_of_memory() {
    const ENTRY: usize = 1_000_000;
    let mut device_type = DeviceType::new("Large");
    for file in 1..=8 {
        let content = noise(ENTRY, file);
        device_type = device_type.with_file(DeviceTypeFile::new(&format!("{file}"), content));
    }
    let mut bytes = Cursor::new(Vec::new());
    Archive::new(device_type.clone()).write(&mut bytes).unwrap();
    let system = system_with(device_type);
    let used = allocation_counter::measure(|| {
        let mut reader = ArchiveReader::open(&mut bytes, &Limits::default()).unwrap();
        let report = update().dry_run(&mut reader, &system).unwrap();
        assert!(!report.difference_found());
    });
    assert!(used.bytes_max < 2 * ENTRY as u64, "{used:?}");
}

#[test]
fn another_container_needs_a_source_of_its_own_and_nothing_else() {
    /// A device type whose files lie beside it.
    struct Folder(Archive, Vec<&'static str>);

    impl ArchiveSource for Folder {
        fn outline(&self) -> &Archive {
            &self.0
        }

        fn unpack(&mut self, file: usize) -> Result<FileContent, ArchiveError> {
            let found = self.1.get(file).copied();
            Ok(found.ok_or(ArchiveError::ContentMissing { file })?.into())
        }
    }

    let outline = DeviceType::new("T").with_file(DeviceTypeFile::new("f", ""));
    let mut system = Inventory::new();
    let mut folder = Folder(Archive::new(outline.clone()), vec!["content"]);
    Import::new().run(&mut folder, &mut system).unwrap();
    let file = &system.device_type("T").unwrap().files[0];
    assert_eq!(&*file.content, b"content");
    let mut empty = Folder(Archive::new(outline.clone()), vec![]);
    // What could harm is refused whatever it comes out of.
    let mut harmful = Folder(Archive::new(outline.clone()), vec!["<!DOCTYPE a><a/>"]);
    let rename = Import::new().with_rename("T", "H");
    let answer = rename.run(&mut harmful, &mut system);
    assert!(
        matches!(
            answer,
            Err(ImportError::Archive(ArchiveError::Content { .. }))
        ),
        "{answer:?}"
    );
    let answer = Import::new()
        .with_rename("T", "U")
        .run(&mut empty, &mut system);
    assert!(matches!(answer, Err(ImportError::Archive(_))));
}

#[test]
fn a_family_that_is_overridden_loses_types_and_the_system_does_not() {
    let other = DeviceType::new("Other").with_file(DeviceTypeFile::new("a.xml", "<a/>"));
    let family = DeviceFamily::new("F")
        .with_device_type(phone())
        .with_device_type(other);
    let mut system = Inventory::new();
    let import = Import::new().with_reseller_id("R1");
    import
        .run(&mut Archive::DeviceFamily(family), &mut system)
        .unwrap();
    let newer = DeviceFamily::new("F")
        .with_device_type(phone())
        .with_tag_set(sbc())
        .with_tag_set(TagSet::default());
    let mut newer = Archive::DeviceFamily(newer);
    let import = update()
        .with_device_family_override()
        .with_reseller_id("R2");
    let report = import.run(&mut newer, &mut system).unwrap();
    let lines = lines(&report.differences);
    assert_eq!(
        lines,
        [
            "updated device family F resellerId R1 -",
            "updated device family F deviceTypes Phone, Other Phone",
            "updated device family F tagSets - Access, the system's default set",
            "added tag set Access - - -",
            "added tag set of the system - - -",
            "kept device type Phone resellerId R1 -"
        ]
    );
    let Some(Archive::DeviceFamily(family)) = system.export_device_family("F") else {
        panic!();
    };
    assert_eq!(family.device_types.len(), 1);
    assert_eq!(system.device_types().count(), 2);
    // Neither family nor type is made.
    assert_eq!(family.reseller_id, None);
    assert_eq!(
        system.device_type("Phone").unwrap().reseller_id.as_deref(),
        Some("R1")
    );
}

#[test]
fn contents_are_looked_through_by_the_limits_of_the_import() {
    let deep = "<a>".repeat(40) + &"</a>".repeat(40);
    let device_type = DeviceType::new("Phone").with_file(DeviceTypeFile::new("a.xml", deep));
    let mut archive = Archive::new(device_type);
    let system = Inventory::new();
    let refused = Import::new().dry_run(&mut archive, &system).unwrap_err();
    assert!(
        matches!(refused, ImportError::Archive(ArchiveError::Content { .. })),
        "{refused}"
    );
    let mut limits = Limits::default();
    limits.depth = 40;
    let import = Import::new().with_limits(&limits);
    assert_eq!(
        import.dry_run(&mut archive, &system).unwrap().violations,
        []
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn long_tag_sets_are_compared_in_linear_time() {
    let set = |value: &str| {
        let tags = (0..20_000).map(|number| tag(&format!("%TAG_{number}%"), value));
        tags.fold(TagSet::new("Access"), TagSet::with_tag)
    };
    let mut system = Inventory::new();
    system.insert_tag_set(set("old"));
    let start = Instant::now();
    let mut limits = Limits::default();
    limits.tags = 20_000;
    let import = Import::new().with_tag_set_override().with_limits(&limits);
    let report = import.dry_run(&mut Archive::TagSet(set("new")), &system);
    assert_eq!(report.unwrap().differences.len(), 20_000);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
