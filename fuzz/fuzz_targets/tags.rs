//! Names, values and templates of any form; what comes out keeps to the limit and stays a value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::{Escape, Limits, Override, TagLevel, TagName, TagTable, substitute};

fuzz_target!(|parts: (&str, &str, &str)| {
    let (name, value, template) = parts;
    let mut tags = TagTable::new();
    if let Ok(name) = name.parse::<TagName>() {
        let _ = tags.set_native(&name, value);
        let _ = tags.set(TagLevel::Group, &name, Some(value), Override::Allowed);
    }
    let limits = Limits::default();
    for escape in [Escape::None, Escape::XmlAttribute, Escape::XmlText] {
        if let Ok(done) = substitute(template, &tags, escape, &limits) {
            assert!(done.text().len() <= limits.output_bytes);
            assert!(done.undefined().len() <= done.undefined_count());
        }
    }
    let Some(value) = tags.get(name) else {
        return;
    };
    let document = format!("<flat-profile><A>{name}</A></flat-profile>");
    let done = substitute(&document, &tags, Escape::XmlText, &limits).expect("short enough");
    // A value can neither break the document nor add an element.
    let profile = FlatProfile::parse(done.text().as_bytes(), &limits).expect("well-formed");
    assert_eq!(profile.parameters().count(), 1);
    if let Some(text) = profile.text("A") {
        assert_eq!(text, value.trim_matches(' '));
    }
});
