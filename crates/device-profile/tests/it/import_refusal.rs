//! What an import refuses of its archive.

use offhook_device_profile::{
    Archive, ArchiveViolation, BrokenRule, DeviceFamily, DeviceType, DeviceTypeFile,
    FamilyViolation, FileAuthentication, Import, ImportError, Inventory, Limits, TagRegion, TagSet,
    Violation,
};

use crate::import::{phone, sbc, system_with, update};

#[test]
fn a_type_that_would_break_a_rule_is_reported_and_not_imported() {
    let mut system = system_with(phone());
    let file = DeviceTypeFile::new("%BWMACADDRESS%.xml", "<a>")
        .with_authentication(FileAuthentication::bearer());
    let mut archive = Archive::new(DeviceType::new("Phone").with_file(file));
    if let Archive::DeviceType(device_type) = &mut archive {
        device_type.files[0].allow_http = true;
    }
    let report = update().dry_run(&mut archive, &system).unwrap();
    assert_eq!(report.violations.len(), 2, "{report:?}");
    assert!(matches!(
        report.violations[0].violation,
        ArchiveViolation::Content { file: 0, .. }
    ));
    assert_eq!(
        report.violations[1].violation,
        ArchiveViolation::DeviceType {
            device_type: 0,
            violation: Violation::BearerWithoutTls { file: 0 }
        }
    );
    // The import that is refused tells what the dry run told.
    let before = system.clone();
    let Err(ImportError::Violations { report: told }) = update().run(&mut archive, &mut system)
    else {
        panic!();
    };
    assert_eq!(*told, report);
    assert_eq!(system, before);
}

#[test]
fn a_file_that_an_archive_has_twice_updates_nothing() {
    let file = |text: &str| DeviceTypeFile::new("%BWMACADDRESS%.xml", text);
    let twice = DeviceType::new("Phone")
        .with_file(file("<a/>"))
        .with_file(file("<b/>"));
    for mut system in [Inventory::new(), system_with(phone())] {
        let before = system.clone();
        let report = update()
            .dry_run(&mut Archive::new(twice.clone()), &system)
            .unwrap();
        assert!(
            matches!(
                &report.violations[..],
                [BrokenRule {
                    violation: ArchiveViolation::DeviceType {
                        violation: Violation::DuplicateFileFormat { .. },
                        ..
                    },
                    ..
                }]
            ),
            "{report:?}"
        );
        let refused = update().run(&mut Archive::new(twice.clone()), &mut system);
        assert!(
            matches!(refused, Err(ImportError::Violations { report: told }) if *told == report)
        );
        assert_eq!(system, before);
    }
}

#[test]
fn a_family_has_no_type_and_no_set_twice() {
    let family = DeviceFamily::new("F")
        .with_device_type(phone())
        .with_device_type(phone())
        .with_tag_set(sbc())
        .with_tag_set(sbc());
    assert_eq!(
        Archive::DeviceFamily(family).violations(&Limits::default()),
        [
            ArchiveViolation::DeviceFamily(FamilyViolation::DuplicateDeviceType { device_type: 1 }),
            ArchiveViolation::DeviceFamily(FamilyViolation::DuplicateTagSet { tag_set: 1 }),
        ]
    );
    let set = TagSet::new("");
    let found = Archive::TagSet(set).violations(&Limits::default());
    assert!(
        matches!(found[..], [ArchiveViolation::TagSet { tag_set: 0, .. }]),
        "{found:?}"
    );
}

#[test]
fn names_that_show_as_others_are_not_imported() {
    for name in [
        "a\0",
        "a\nb",
        "\u{7f}",
        "\u{202e}gnp",
        "a\u{2066}",
        "\u{61c}a",
        "a\u{ad}",
        "a\u{34f}",
        "a\u{115f}",
        "a\u{1160}",
        "a\u{17b4}",
        "a\u{17b5}",
        "a\u{180b}",
        "a\u{180e}",
        "a\u{200b}",
        "a\u{200e}",
        "a\u{200f}",
        "a\u{2028}",
        "a\u{2060}",
        "a\u{206f}",
        "a\u{2800}",
        "a\u{3164}",
        "a\u{fe00}",
        "a\u{fe0f}",
        "a\u{feff}",
        "a\u{ffa0}",
        "a\u{fff9}",
        "a\u{fffb}",
        "a\u{e0000}",
        "a\u{e0fff}",
    ] {
        let mut archive = all_named(name);
        let mut system = Inventory::new();
        let report = Import::new().dry_run(&mut archive, &system).unwrap();
        // The family, the type, both names of the file, the set and the region.
        assert_eq!(report.violations.len(), 6, "{name:?}: {report:?}");
        assert!(Import::new().run(&mut archive, &mut system).is_err());
        assert_eq!(system, Inventory::new());
    }
    // The joiners are letters'.
    for name in ["a\u{200c}b", "a\u{200d}b", "Jürgen"] {
        let report = Import::new().dry_run(&mut all_named(name), &Inventory::new());
        assert_eq!(report.unwrap().violations, [], "{name:?}");
    }
}

/// A family with one of everything, all of one name.
fn all_named(name: &str) -> Archive {
    let family = DeviceFamily::new(name)
        .with_device_type(DeviceType::new(name).with_file(DeviceTypeFile::new(name, "")))
        .with_tag_set(TagSet::new(name).with_region(TagRegion::new(name, &["ES"])));
    Archive::DeviceFamily(family)
}
