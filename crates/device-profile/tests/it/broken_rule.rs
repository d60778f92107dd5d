//! Broken rules, with the names of what breaks them.

use offhook_device_profile::{
    Archive, ArchiveViolation, DeviceFamily, DeviceType, DeviceTypeFile, FileAuthentication,
    FileCategory, Import, ImportError, Inventory, Limits, NumberOfPorts, TagSet,
};

use crate::import::{phone, sbc, system_with, update};

#[test]
fn a_broken_rule_is_told_with_the_name_of_what_breaks_it() {
    let odd = |name: &str| {
        let file = DeviceTypeFile::new("%BWMACADDRESS%.xml", "<a>")
            .with_authentication(FileAuthentication::bearer());
        let mut odd = DeviceType::new(name).with_file(file);
        odd.files[0].allow_http = true;
        odd.number_of_ports = NumberOfPorts::Quantity(0);
        odd
    };
    let long = "x".repeat(31);
    let family = DeviceFamily::new(&long)
        .with_device_type(phone())
        .with_device_type(odd("Odd"))
        .with_tag_set(sbc())
        .with_tag_set(TagSet::new(""));
    let wanted = [
        format!("device family {long}: deviceFamilyName has not 1 to 30 characters"),
        "tag set : tagSetName has not 1 to 30 characters".to_owned(),
        "file %BWMACADDRESS%.xml of Odd: document refused at byte 3: not well-formed".to_owned(),
        "device type Odd: numberOfPorts is 0".to_owned(),
        "file %BWMACADDRESS%.xml of Odd: file 0 takes tokens and is served without TLS".to_owned(),
    ];
    let mut archive = Archive::DeviceFamily(family);
    let report = Import::new().dry_run(&mut archive, &Inventory::new());
    let texts: Vec<_> = report
        .unwrap()
        .violations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, wanted);

    // An archive names them alike, in another order.
    let found = archive.violations(&Limits::default());
    let numbered: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(
        numbered.contains(&"device type 1: numberOfPorts is 0".to_owned()),
        "{numbered:?}"
    );
    assert!(numbered.contains(&"tag set 1: tagSetName has not 1 to 30 characters".to_owned()));
    let named = found
        .iter()
        .map(|found| archive.broken_rule(*found).unwrap());
    let mut named: Vec<_> = named.map(|rule| rule.to_string()).collect();
    let mut wanted = wanted.to_vec();
    named.sort();
    wanted.sort();
    assert_eq!(named, wanted);
    for violation in found {
        assert_eq!(
            Archive::new(phone()).broken_rule(violation).is_some(),
            matches!(
                violation,
                ArchiveViolation::Content { file: 0, .. }
                    | ArchiveViolation::DeviceType { device_type: 0, .. }
            )
        );
    }

    // Of a type that is there a file has the number it will have, and the name that it has.
    let mut system = system_with(phone());
    let file = DeviceTypeFile::new("other.xml", "<a/>")
        .with_category(FileCategory::Static)
        .with_authentication(FileAuthentication::bearer());
    let mut newer = DeviceType::new("Phone").with_file(file);
    newer.files[0].allow_tftp = true;
    let answer = update().run(&mut Archive::new(newer), &mut system);
    let Err(ImportError::Violations { report }) = answer else {
        panic!();
    };
    let json = serde_json::to_value(&report).unwrap();
    let rule = &json["violations"][0];
    assert_eq!(
        rule["subject"],
        serde_json::json!({"file": {"deviceType": "Phone", "fileFormat": "other.xml"}})
    );
    assert_eq!(
        rule["rule"],
        "file other.xml of Phone: file 2 takes tokens and is served without TLS"
    );
    assert_eq!(rule["source"], "a rule of this project's own");
}
