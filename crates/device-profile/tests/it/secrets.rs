//! No value of a document, tag or template is ever printed.

use std::io::Cursor;

use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::{
    Archive, DeviceType, DeviceTypeFile, Escape, Limits, Override, SipSettings, TagLevel, TagTable,
    substitute,
};

const CANARY: &str = "Canary0123456789";

fn check(text: &str) {
    assert!(!text.contains(CANARY), "{text}");
}

#[test]
fn documents_and_settings_hide_their_values() {
    let limits = Limits::default();
    let xml = format!(
        "<flat-profile><Proxy_1_>a.example</Proxy_1_><User_ID_1_>u</User_ID_1_><Password_1_>{CANARY}</Password_1_>\
         <GPP_SA>{CANARY}</GPP_SA></flat-profile>"
    );
    let profile = FlatProfile::parse(xml.as_bytes(), &limits).unwrap();
    let parameter = profile.get("Password_1_").unwrap();
    let settings = SipSettings::from_flat_profile(&profile).unwrap();
    check(&format!(
        "{profile:?} {parameter:?} {:?} {settings:?}",
        parameter.value
    ));
    let xml = format!(
        "<Configuration><SIP><URI>a@b</URI><Authentication><Password>{CANARY}</Password></Authentication></SIP></Configuration>"
    );
    let configuration = Configuration::parse(xml.as_bytes(), &limits).unwrap();
    let settings = SipSettings::from_configuration(&configuration).unwrap();
    assert_eq!(settings.password().unwrap().secret(), CANARY);
    check(&format!("{configuration:?} {settings:?}"));
}

#[test]
fn tags_substitutions_and_templates_hide_their_values() {
    let mut tags = TagTable::new();
    tags.set_native(&"%BWTOKEN%".parse().unwrap(), CANARY)
        .unwrap();
    tags.set(
        TagLevel::Device,
        &"%A%".parse().unwrap(),
        Some(CANARY),
        Override::Allowed,
    )
    .unwrap();
    let done = substitute("%BWTOKEN%%A%", &tags, Escape::None, &Limits::default()).unwrap();
    assert!(done.text().contains(CANARY));
    let archive = Archive::new(DeviceType::new("T").with_file(DeviceTypeFile::new("f", CANARY)));
    check(&format!("{tags:?} {done:?} {archive:?}"));
}

#[test]
fn no_error_repeats_what_it_refused() {
    let limits = Limits::default();
    for inside in [
        format!("<A>{CANARY}"),
        format!("<A {CANARY}='{CANARY}' {CANARY}=''/>"),
        format!("<A>&{CANARY};</A>"),
        format!("<A item='{CANARY}'>{CANARY}<B/></A>"),
        format!("<{CANARY}:A/>"),
        format!("</{CANARY}>"),
        format!("<A></{CANARY}>"),
    ] {
        let xml = format!("<flat-profile>{inside}</flat-profile>");
        if let Err(error) = FlatProfile::parse(xml.as_bytes(), &limits) {
            check(&format!("{error} {error:?}"));
        }
        let xml = format!("<Configuration>{inside}</Configuration>");
        let error = Configuration::parse(xml.as_bytes(), &limits).unwrap_err();
        check(&format!("{error} {error:?}"));
    }
    let mut tags = TagTable::new();
    let error = tags
        .set_native(&"%BWA%".parse().unwrap(), &format!("{CANARY}\n"))
        .unwrap_err();
    check(&format!("{error} {error:?}"));
    let mut profile = FlatProfile::new();
    profile
        .set("Proxy_1_", &format!("{CANARY} x"), None)
        .unwrap();
    let error = SipSettings::from_flat_profile(&profile).unwrap_err();
    check(&format!("{error} {error:?}"));
    let error = Archive::open(Cursor::new(CANARY), &limits).unwrap_err();
    check(&format!("{error} {error:?}"));
}
