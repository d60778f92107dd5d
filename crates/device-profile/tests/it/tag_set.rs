//! Tag sets, their regions, and which of them a type lets through.

use offhook_device_profile::{
    DeviceManagementOptions, Escape, Limits, Override, Tag, TagError, TagLevel, TagMode, TagName,
    TagRegion, TagSet, TagSetViolation, TagTable, substitute,
};

fn name(text: &str) -> TagName {
    text.parse().unwrap()
}

fn set(set_name: &str, value: &str) -> TagSet {
    TagSet::new(set_name).with_tag(Tag::new(&name("%A%"), value))
}

fn levels() -> [(TagLevel, TagSet); 5] {
    [
        (TagLevel::SystemDefault, {
            let mut default = set("", "default");
            default.name = None;
            default
        }),
        (TagLevel::System, set("Type", "type")),
        (TagLevel::ServiceProvider, set("Provider", "provider")),
        (TagLevel::Group, set("Group", "group")),
        (TagLevel::Device, set("Device", "device")),
    ]
}

fn value(options: &DeviceManagementOptions) -> Option<String> {
    let levels = levels();
    let sets: Vec<_> = levels.iter().map(|(level, set)| (*level, set)).collect();
    let table = TagTable::for_device(options, &sets, None).unwrap();
    table.get("%A%").map(str::to_owned)
}

fn options(mode: TagMode) -> DeviceManagementOptions {
    let mut options = DeviceManagementOptions::default();
    options.tag_mode = mode;
    options.tag_set = Some("Type".to_owned());
    options
}

#[test]
fn the_mode_says_which_sets_are_used() {
    assert_eq!(value(&options(TagMode::None)), None);
    assert_eq!(value(&options(TagMode::System)).as_deref(), Some("default"));
    assert_eq!(
        value(&options(TagMode::SystemAndCustom)).as_deref(),
        Some("type")
    );
}

#[test]
fn each_lower_level_needs_its_switch() {
    let mut options = options(TagMode::SystemAndCustom);
    options.allow_sp_custom_tag_set = true;
    assert_eq!(value(&options).as_deref(), Some("provider"));
    options.allow_group_custom_tag_set = true;
    assert_eq!(value(&options).as_deref(), Some("group"));
    options.allow_device_profile_custom_tag_set = true;
    assert_eq!(value(&options).as_deref(), Some("device"));
    options.tag_mode = TagMode::System;
    assert_eq!(value(&options).as_deref(), Some("default"));
}

#[test]
fn the_set_of_the_type_is_the_one_it_names() {
    let mut options = options(TagMode::SystemAndCustom);
    options.tag_set = Some("Other".to_owned());
    let other = set("Type", "x");
    let answer = TagTable::for_device(&options, &[(TagLevel::System, &other)], None);
    assert_eq!(answer.unwrap_err(), TagError::TagSet);
}

#[test]
fn a_region_has_values_of_its_own_and_keeps_the_switch() {
    let tag = Tag::new(&name("%A%"), "everywhere").not_overridable();
    let set = TagSet::new("S")
        .with_tag(tag)
        .with_tag(Tag::new(&name("%B%"), "b"))
        .with_region(TagRegion::new("Iberia", &["ES", "PT"]).with_value(&name("%A%"), "iberia"));
    let get = |country: Option<&str>| {
        let mut table = TagTable::new();
        table.set_all(TagLevel::System, &set, country).unwrap();
        // What may not be overridden there may not be here.
        table
            .set(TagLevel::Device, &name("%A%"), Some("d"), Override::Allowed)
            .unwrap();
        let both = ["%A%", "%B%"].map(|tag| table.get(tag).unwrap().to_owned());
        both.join(" ")
    };
    assert_eq!(get(None), "everywhere b");
    assert_eq!(get(Some("FR")), "everywhere b");
    assert_eq!(get(Some("PT")), "iberia b");
}

#[test]
fn where_a_value_was_set_is_told_and_the_value_is_not_shown() {
    let set = TagSet::new("S")
        .with_tag(Tag::new(&name("%A%"), "Canary0123456789"))
        .with_region(TagRegion::new("North", &["NO"]).with_value(&name("%A%"), "Canary9"));
    let mut table = TagTable::new();
    table.set_all(TagLevel::Group, &set, Some("NO")).unwrap();
    table
        .set(TagLevel::Device, &name("%Z%"), Some("z"), Override::Allowed)
        .unwrap();
    let told: Vec<_> = table
        .effective()
        .map(|tag| (tag.name.as_str(), tag.level, tag.tag_set, tag.region))
        .collect();
    assert_eq!(
        told,
        [
            ("%A%", TagLevel::Group, Some("S"), Some("North")),
            ("%Z%", TagLevel::Device, None, None),
        ]
    );
    let shown = format!("{:?} {set:?}", table.effective().collect::<Vec<_>>());
    assert!(!shown.contains("Canary"), "{shown}");
    assert_eq!(TagLevel::Device.to_string(), "Device Profile");
}

#[test]
fn a_tag_without_a_value_stands_for_nothing_here_too() {
    let mut tag = Tag::new(&name("%A%"), "x");
    tag.value = None;
    let mut table = TagTable::new();
    let set = TagSet::new("S").with_tag(tag);
    table.set_all(TagLevel::Group, &set, None).unwrap();
    let done = substitute("<%A%>", &table, Escape::None, &Limits::default()).unwrap();
    assert_eq!(done.text(), "<>");
}

#[test]
fn all_rules_that_a_set_breaks_are_told_at_once() {
    let mut broken = TagSet::new("")
        .with_tag(Tag::new(&name("%BWA%"), "x"))
        .with_tag(Tag::new(&name("%A%"), ""))
        .with_tag(Tag::new(&name("%A%"), "x"));
    broken.regions = vec![
        TagRegion::new("", &["es"]),
        TagRegion::new("N", &["NO", "SE"]).with_value(&name("%A%"), "a\nb"),
        TagRegion::new("N", &["SE"]).with_value(&name("%UNKNOWN%"), "x"),
    ];
    assert_eq!(
        broken.violations(),
        [
            TagSetViolation::NameLength,
            TagSetViolation::NativeTag { tag: 0 },
            TagSetViolation::Value { tag: 1 },
            TagSetViolation::DuplicateTag { tag: 2 },
            TagSetViolation::RegionNameLength { region: 0 },
            TagSetViolation::Country { region: 0 },
            TagSetViolation::RegionValue { region: 1 },
            TagSetViolation::DuplicateRegion { region: 2 },
            TagSetViolation::DuplicateCountry { region: 2 },
            TagSetViolation::RegionTag { region: 2 },
        ]
    );
    let mut table = TagTable::new();
    let answer = table.set_all(TagLevel::Group, &broken, None);
    assert_eq!(answer, Err(TagError::TagSet));
    assert_eq!(table.effective().count(), 0);
    assert_eq!(
        set("é".repeat(30).as_str(), &"é".repeat(256)).violations(),
        []
    );
    assert_eq!(
        set("é".repeat(31).as_str(), "x").violations(),
        [TagSetViolation::NameLength]
    );
}

#[test]
fn a_set_is_written_by_the_fields_names_and_read_again() {
    let set = TagSet::new("S")
        .with_tag(Tag::new(&name("%A%"), "x").not_overridable())
        .with_region(TagRegion::new("North", &["NO"]).with_value(&name("%A%"), "y"));
    let json = serde_json::to_value(&set).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "tagSetName": "S",
            "tags": [{"tagName": "%A%", "tagValue": "x", "isTagValueOverridable": false}],
            "regions": [{
                "regionName": "North",
                "countries": ["NO"],
                "tags": [{"tagName": "%A%", "tagValue": "y"}],
            }],
        })
    );
    assert_eq!(serde_json::from_value::<TagSet>(json).unwrap(), set);
    let bad = r#"{"tagSetName": "S", "tags": [{"tagName": "A", "isTagValueOverridable": true}]}"#;
    assert!(serde_json::from_str::<TagSet>(bad).is_err());
}
