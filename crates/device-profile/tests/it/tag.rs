//! Tags, their levels, and putting values in their place.

use std::time::{Duration, Instant};

use offhook_device_profile::{
    Escape, Limits, Override, Substitution, TagError, TagLevel, TagName, TagTable, substitute,
};
use proptest::prelude::*;

fn name(text: &str) -> TagName {
    text.parse().unwrap()
}

fn table(tags: &[(&str, &str)]) -> TagTable {
    let mut table = TagTable::new();
    for (tag, value) in tags {
        let tag = name(tag);
        if tag.is_native() {
            table.set_native(&tag, value).unwrap();
        } else {
            table
                .set(TagLevel::Device, &tag, Some(value), Override::Allowed)
                .unwrap();
        }
    }
    table
}

fn put(template: &str, tags: &[(&str, &str)], escape: Escape) -> Substitution {
    substitute(template, &table(tags), escape, &Limits::default()).unwrap()
}

fn undefined(template: &str, tags: &[(&str, &str)]) -> Vec<(String, usize, usize)> {
    let done = put(template, tags, Escape::None);
    assert_eq!(done.undefined_count(), done.undefined().len());
    let tell =
        |tag: &offhook_device_profile::UndefinedTag| (tag.name.clone(), tag.line, tag.column);
    done.undefined().iter().map(tell).collect()
}

#[test]
fn a_name_stands_between_two_per_cent_signs() {
    for good in [
        "%A%",
        "%BWMACADDRESS%",
        "%APP_VERSION_VVX-300-400%",
        "%a.b%",
    ] {
        assert_eq!(name(good).as_str(), good);
    }
    assert!(format!("%{}%", "a".repeat(62)).parse::<TagName>().is_ok());
    for bad in [
        "", "%", "%%", "A", "%A", "A%", "%A%B%", "%A B%", "%É%", "%<%",
    ] {
        assert_eq!(bad.parse::<TagName>(), Err(TagError::Name), "{bad}");
    }
    let long = format!("%{}%", "a".repeat(63));
    assert_eq!(long.parse::<TagName>(), Err(TagError::Name));
}

#[test]
fn native_names_are_the_systems_and_others_are_not() {
    let mut table = TagTable::new();
    let mut set = |tag: &str| table.set(TagLevel::Device, &name(tag), Some("x"), Override::Allowed);
    assert_eq!(set("%BWMACADDRESS%"), Err(TagError::Native));
    assert_eq!(set("%bwmacaddress%"), Ok(()));
    let mut table = TagTable::new();
    assert_eq!(
        table.set_native(&name("%MAC%"), "x"),
        Err(TagError::NotNative)
    );
}

#[test]
fn values_have_lengths_and_no_control_characters() {
    let mut table = TagTable::new();
    let mut set = |value: &str| {
        table.set(
            TagLevel::Device,
            &name("%A%"),
            Some(value),
            Override::Allowed,
        )
    };
    assert_eq!(set(&"é".repeat(256)), Ok(()));
    assert_eq!(set(&"é".repeat(257)), Err(TagError::Value));
    for bad in ["", "a\nb", "\0", "\u{85}", "\u{fffe}"] {
        assert_eq!(set(bad), Err(TagError::Value), "{bad:?}");
    }
    let mut table = TagTable::new();
    let mut native = |value: &str| table.set_native(&name("%BWA%"), value);
    assert_eq!(native(&"a".repeat(8_192)), Ok(()));
    assert_eq!(native(""), Ok(()));
    assert_eq!(native(&"a".repeat(8_193)), Err(TagError::Value));
    assert_eq!(native("a\rb"), Err(TagError::Value));
}

#[test]
fn the_device_goes_before_the_group_and_so_on() {
    let levels = [
        TagLevel::SystemDefault,
        TagLevel::System,
        TagLevel::ServiceProvider,
        TagLevel::Group,
        TagLevel::Device,
    ];
    for highest in 0..levels.len() {
        let mut table = TagTable::new();
        // Set in an order that is none, so that the level decides and not the time.
        for at in (0..=highest).rev() {
            table
                .set(
                    levels[at],
                    &name("%A%"),
                    Some(&at.to_string()),
                    Override::Allowed,
                )
                .unwrap();
        }
        assert_eq!(table.get("%A%"), Some(highest.to_string().as_str()));
    }
}

#[test]
fn a_level_that_forbids_it_cannot_be_overridden() {
    let mut table = TagTable::new();
    let mut set = |level, value, overriding| {
        table
            .set(level, &name("%A%"), Some(value), overriding)
            .unwrap();
    };
    set(TagLevel::SystemDefault, "default", Override::Allowed);
    set(TagLevel::ServiceProvider, "provider", Override::Refused);
    set(TagLevel::Group, "group", Override::Allowed);
    set(TagLevel::Device, "device", Override::Allowed);
    assert_eq!(table.get("%A%"), Some("provider"));
}

#[test]
fn a_tag_without_a_value_stands_for_nothing() {
    let mut table = TagTable::new();
    table
        .set(TagLevel::Group, &name("%A%"), None, Override::Allowed)
        .unwrap();
    let done = substitute("<%A%>", &table, Escape::None, &Limits::default()).unwrap();
    assert_eq!(done.text(), "<>");
    assert!(done.undefined().is_empty());
}

#[test]
fn each_tag_is_put_in_once_and_values_are_not_searched() {
    let tags = [("%A%", "%B%"), ("%B%", "b"), ("%C%", "%")];
    assert_eq!(put("%A%-%B%-%A%", &tags, Escape::None).text(), "%B%-b-%B%");
    assert_eq!(put("%C%A%", &tags, Escape::None).text(), "%A%");
}

#[test]
fn per_cent_signs_that_make_no_tag_stay() {
    for text in [
        "100%",
        "%",
        "%%",
        "%%%",
        "50% of 100%",
        "% A%",
        "%é%",
        "%A",
        "",
    ] {
        let done = put(text, &[("%A%", "x")], Escape::None);
        assert_eq!(done.text(), text);
        assert!(done.undefined().is_empty(), "{text}");
    }
    assert_eq!(put("%%A%%", &[("%A%", "x")], Escape::None).text(), "%x%");
}

#[test]
fn an_undefined_tag_stays_and_is_told_with_its_place() {
    let text = "a %X%\n\n  é%Y%z%A%";
    let done = put(text, &[("%A%", "x")], Escape::None);
    assert_eq!(done.text(), "a %X%\n\n  é%Y%zx");
    assert_eq!(
        undefined(text, &[("%A%", "x")]),
        [("%X%".to_owned(), 1, 3), ("%Y%".to_owned(), 3, 4)]
    );
}

#[test]
fn the_second_sign_of_an_undefined_tag_may_begin_a_defined_one() {
    let tags = [("%A%", "x")];
    assert_eq!(put("50%off%A%", &tags, Escape::None).text(), "50%offx");
    assert_eq!(undefined("50%off%A%", &tags), [("%off%".to_owned(), 1, 3)]);
    assert_eq!(undefined("%X%y%", &tags), [("%X%".to_owned(), 1, 1)]);
    assert_eq!(undefined("%X%%Y%", &tags).len(), 2);
}

#[test]
fn a_value_cannot_leave_the_place_it_is_put_in() {
    let tags = [("%A%", "<a b=\"c\" d='e'> & é %")];
    let escaped = "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt; &amp; &#233; %";
    for escape in [Escape::XmlText, Escape::XmlAttribute] {
        assert_eq!(put("%A%", &tags, escape).text(), escaped);
    }
    assert_eq!(put("%A%", &tags, Escape::None).text(), tags[0].1);
}

#[test]
fn the_output_is_bounded() {
    let tags = table(&[("%A%", &"x".repeat(256))]);
    let mut limits = Limits::default();
    limits.output_bytes = 2_560;
    let answer = |template: &str| substitute(template, &tags, Escape::None, &limits);
    assert_eq!(answer(&"%A%".repeat(10)).unwrap().text().len(), 2_560);
    let longer = format!("{}-", "%A%".repeat(10));
    assert_eq!(answer(&longer).unwrap_err(), TagError::TooLarge);
    assert_eq!(answer(&"-".repeat(2_561)).unwrap_err(), TagError::TooLarge);
}

#[test]
fn undefined_tags_without_end_are_counted_and_not_kept() {
    let done = put(&"%X% ".repeat(100_000), &[], Escape::None);
    assert_eq!(done.undefined_count(), 100_000);
    assert_eq!(done.undefined().len(), 256);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn hostile_templates_take_linear_time() {
    let half = 1_000_000;
    let long_name = format!("%{}", "a".repeat(61));
    for template in [
        "%".repeat(2 * half),
        "%a".repeat(half),
        "%A%".repeat(2 * half / 3),
        long_name.repeat(2 * half / long_name.len()),
        "%\n".repeat(half),
    ] {
        let start = Instant::now();
        let _ = substitute(
            &template,
            &table(&[("%A%", "x")]),
            Escape::None,
            &Limits::default(),
        );
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

proptest! {
    #[test]
    fn a_text_without_tags_stays_as_it_is(text in "[^%]{0,200}") {
        let done = put(&text, &[("%A%", "x")], Escape::XmlText);
        prop_assert_eq!(done.into_text(), text);
    }

    #[test]
    fn values_without_signs_make_a_second_time_change_nothing(text in "[%AXb \n]{0,60}", value in "[a-z]{1,5}") {
        let tags = [("%A%", value.as_str())];
        let once = put(&text, &tags, Escape::None).into_text();
        // A value can stand between two signs that were there, and so end in a new name.
        prop_assume!(!once.contains("%A%"));
        let twice = put(&once, &tags, Escape::None).into_text();
        prop_assert_eq!(twice, once);
    }
}
