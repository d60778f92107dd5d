//! Archives that are small packed and would be vast read or told.

use std::io::{Cursor, Write as _};

use offhook_device_profile::{
    Archive, ArchiveError, DeviceFamily, DeviceType, Import, ImportError, Inventory, Limits,
    TagRegion, TagSet,
};

fn written(archive: &Archive) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    archive.write(&mut bytes).unwrap();
    bytes.into_inner()
}

fn reopened(archive: &Archive) -> Result<Archive, ArchiveError> {
    Archive::open(Cursor::new(written(archive)), &Limits::default())
}

/// An archive of nothing but this manifest.
fn with_manifest(json: &str) -> Result<Archive, ArchiveError> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("manifest.json", options).unwrap();
    zip.write_all(json.as_bytes()).unwrap();
    let mut limits = Limits::default();
    limits.countries = usize::MAX;
    Archive::open(zip.finish().unwrap(), &limits)
}

fn set(name: &str, members: &str) -> Result<Archive, ArchiveError> {
    with_manifest(&format!(
        r#"{{"format":"offhook-tsaf","version":1,"tagSet":{{"tagSetName":"{name}","tags":[]{members}}}}}"#
    ))
}

/// A set with regions of one name, which breaks a rule each but for the first.
fn regions(name: &str, count: usize) -> TagSet {
    let region = TagRegion::new("R", &[]);
    (0..count).fold(TagSet::new(name), |set, _| set.with_region(region.clone()))
}

/// Makes an archive of so many, how many may be, and how one more is refused.
type Case<'c> = (&'c dyn Fn(usize) -> Archive, usize, &'static str);

#[test]
fn long_names_are_not_told_again_and_again() {
    // As from a container of another make, which no reader of ours has looked at.
    const LONG: usize = 1_000_000;
    let set = regions(&"x".repeat(LONG), 256);
    let mut archive = Archive::TagSet(set.clone());
    let used = allocation_counter::measure(|| {
        let report = Import::new().dry_run(&mut archive, &Inventory::new());
        assert_eq!(report.unwrap().rules_broken(), 256);
    });
    assert!(used.bytes_max < 5 * LONG as u64, "{used:?}");
    let found = archive.violations(&Limits::default());
    let told = archive.broken_rule(found[1]).unwrap().to_string();
    let cut = "x".repeat(128);
    assert!(told.starts_with(&format!("tag set {cut}…: ")), "{told}");

    let family = DeviceFamily::new("F").with_device_type(DeviceType::new(&"y".repeat(129)));
    let archive = Archive::DeviceFamily(family);
    let found = archive.violations(&Limits::default());
    let told = archive.broken_rule(found[0]).unwrap().to_string();
    let cut = "y".repeat(128);
    assert!(told.starts_with(&format!("device type {cut}…: ")), "{told}");
}

#[test]
fn broken_rules_are_told_up_to_a_limit_and_counted_beyond() {
    let mut archive = Archive::TagSet(regions("S", 201));
    for (most, told, left_out) in [(200, 200, 0), (199, 199, 1), (0, 0, 200)] {
        let mut limits = Limits::default();
        limits.violations = most;
        let import = Import::new().with_limits(&limits);
        let report = import.dry_run(&mut archive, &Inventory::new()).unwrap();
        assert_eq!(report.violations.len(), told);
        assert_eq!(report.violations_left_out, left_out);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["violationsLeftOut"], left_out);
        // What is not told is broken all the same.
        let mut system = Inventory::new();
        let error = import.run(&mut archive, &mut system).unwrap_err();
        assert_eq!(error.to_string(), "rules broken by what is imported: 200");
        assert_eq!(system, Inventory::new());
    }
}

#[test]
fn regions_countries_types_and_sets_are_bounded_to_the_one() {
    let of_countries = |count: usize| {
        let region = TagRegion::new("R", &vec!["FR"; count - 1]);
        let other = TagRegion::new("Q", &["NO"]);
        Archive::TagSet(TagSet::new("S").with_region(region).with_region(other))
    };
    let of_types = |count: usize| {
        let family = DeviceFamily::new("F");
        let one = |family: DeviceFamily, _| family.with_device_type(DeviceType::new("T"));
        Archive::DeviceFamily((0..count).fold(family, one))
    };
    let of_sets = |count: usize| {
        let family = DeviceFamily::new("F");
        let one = |family: DeviceFamily, _| family.with_tag_set(TagSet::new("S"));
        Archive::DeviceFamily((0..count).fold(family, one))
    };
    let of_regions = |count: usize| Archive::TagSet(regions("S", count));
    let cases: [Case<'_>; 4] = [
        (&of_regions, 256, "tag set 0 of 257 regions"),
        (&of_countries, 1_024, "tag set 0 of 1025 countries"),
        (&of_types, 256, "device family of 257 device types"),
        (&of_sets, 256, "device family of 257 tag sets"),
    ];
    for (of, most, refused) in cases {
        let full = reopened(&of(most));
        assert!(full.is_ok(), "{:?}", full.err());
        let mut over = of(most + 1);
        assert_eq!(reopened(&over).unwrap_err().to_string(), refused);
        // Sources of others have no reader of ours before them.
        let answer = Import::new().run(&mut over, &mut Inventory::new());
        let Err(ImportError::Archive(error)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(error.to_string(), refused);
    }
}

#[test]
fn texts_and_values_of_a_manifest_are_bounded_to_the_one() {
    for sign in ["x", "é", "\\u00e9", "\\\\", "\\\"", "𝄞"] {
        assert!(set(&sign.repeat(1_024), "").is_ok(), "{sign}");
        let answer = set(&sign.repeat(1_025), "");
        assert!(
            matches!(answer, Err(ArchiveError::ManifestText { at: 60 })),
            "{sign}: {answer:?}"
        );
    }
    // Names of members are texts too.
    let answer = set("S", &format!(r#","{}":1"#, "x".repeat(1_025)));
    assert!(matches!(answer, Err(ArchiveError::ManifestText { .. })));

    let countries = |count: usize| {
        let many = vec!["\"\""; count].join(",");
        set(
            "S",
            &format!(r#","regions":[{{"regionName":"R","countries":[{many}],"tags":[]}}]"#),
        )
    };
    // Beside the countries there are 12 others.
    let most = Limits::default().manifest_values - 12;
    let full = countries(most);
    assert!(full.is_ok(), "{:?}", full.err());
    let answer = countries(most + 1);
    assert!(matches!(answer, Err(ArchiveError::ManifestValues)));
    let mut answer = None;
    let used = allocation_counter::measure(|| answer = Some(countries(most + 100_000)));
    assert!(matches!(answer, Some(Err(ArchiveError::ManifestValues))));
    // The archive and its manifest, as a text and unpacked, and nothing for what is in it.
    assert!(used.bytes_max < 12_000_000, "{used:?}");
}
