//! No value of a document, tag or template is ever printed.

use std::io::Cursor;

use offhook_device_profile::mpp::{FlatProfile, Macros, ProfileRule};
use offhook_device_profile::payload::Encryption;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::{
    Archive, DeviceType, DeviceTypeFile, Document, Escape, Limits, Override, SipSettings, TagLevel,
    TagTable, substitute,
};

use crate::import::{phone, system_with, update};

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
    let settings = SipSettings::from_flat_profile(&profile, 1).unwrap();
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
fn a_difference_shows_no_credentials() {
    let mut odd = phone();
    odd.web_based_config_url = Some("http://u:Canary@h/".to_owned());
    odd.device_management_mut().device_access_uri = Some("x?token=Canary".to_owned());
    odd.files[0].remote_file_format = "sip:u:Canary@h".to_owned();
    let mut bare = odd.clone();
    bare.cpe_device_options = None;
    bare.web_based_config_url = Some("http://h/".to_owned());
    let all = [phone(), odd, bare];
    for there in &all {
        for archive in &all {
            let mut archive = Archive::new(archive.clone());
            let report = update().dry_run(&mut archive, &system_with(there.clone()));
            let report = report.unwrap();
            let json = serde_json::to_string(&report).unwrap();
            assert!(!json.contains("Canary"), "{json}");
            assert!(!format!("{report:?}").contains("Canary"));
            // What a secret was or becomes may be one as well.
            for one in &report.differences {
                let values = [&one.existing, &one.archive].into_iter().flatten();
                let hidden = values.clone().filter(|value| *value == "[redacted]");
                let hidden = hidden.count();
                assert!(hidden == 0 || hidden == values.count(), "{one:?}");
            }
        }
    }
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
    profile.set("Proxy_1_", &format!("{CANARY} x")).unwrap();
    let error = SipSettings::from_flat_profile(&profile, 1).unwrap_err();
    check(&format!("{error} {error:?}"));
    let error = Archive::open(Cursor::new(CANARY), &limits).unwrap_err();
    check(&format!("{error} {error:?}"));
}

#[test]
fn documents_of_unified_cm_rules_and_payloads_hide_their_secrets() {
    let limits = Limits::default();
    let xml = format!(
        "<device><sshPassword>{CANARY}</sshPassword><sipProfile><sipLines><line><proxy>a</proxy><name>u</name>\
         <authPassword>{CANARY}</authPassword></line></sipLines></sipProfile></device>"
    );
    let document = Document::parse(xml.as_bytes(), &limits).unwrap();
    let settings = document.settings();
    let (_, settings) = settings.first().unwrap();
    let settings = settings.as_ref().unwrap();
    assert_eq!(settings.password().unwrap().secret(), CANARY);
    check(&serde_json::to_string(settings).unwrap());
    let empty = Document::parse(b"<device/>", &limits).unwrap();
    for found in [document.differences(&empty), empty.differences(&document)] {
        let found = found.unwrap();
        check(&format!(
            "{found:?} {}",
            serde_json::to_string(&found).unwrap()
        ));
    }
    let Document::UnifiedCm(file) = &document else {
        panic!("another kind");
    };
    let device = file.device().unwrap();
    let line = device.lines().next().unwrap();
    check(&format!(
        "{document:?} {file:?} {device:?} {line:?} {settings:?}"
    ));
    check(&format!("{:?}", document.warnings(&limits)));
    let mut macros = Macros::new();
    macros.set("SA", CANARY).unwrap();
    let rule = ProfileRule::parse(
        &format!(
            "[--key $SA --pwd {CANARY} --post {CANARY} --alias {CANARY}] https://u:{CANARY}@h/"
        ),
        &limits,
    )
    .unwrap();
    let choice = rule.choose(&macros, &limits).unwrap().unwrap();
    assert!(choice.request.as_ref().unwrap().address.contains(CANARY));
    check(&format!("{rule:?} {macros:?} {choice:?}"));
    let error = ProfileRule::parse(&format!("[--key {CANARY} --pwd]"), &limits).unwrap_err();
    check(&format!("{error} {error:?}"));
    let lines = format!("xConfiguration SIP Authentication Password: \"{CANARY}");
    let error = Configuration::parse_command_lines(&lines, &limits).unwrap_err();
    check(&format!("{error} {error:?}"));
    check(&format!("{:?}", Encryption::new(CANARY.as_bytes())));
}
