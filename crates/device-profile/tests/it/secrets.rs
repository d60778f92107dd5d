//! No value of a document, tag or template is ever printed.

use std::io::Cursor;

use offhook_device_profile::mpp::{FlatProfile, Macros, ProfileRule};
use offhook_device_profile::payload::Encryption;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::{
    Archive, DeviceType, DeviceTypeFile, Document, Escape, Limits, Override, SipSettings, TagLevel,
    TagTable, has_credentials, substitute,
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
            let is_same = there == archive;
            let mut archive = Archive::new(archive.clone());
            let report = update().dry_run(&mut archive, &system_with(there.clone()));
            let report = report.unwrap();
            let json = serde_json::to_string(&report).unwrap();
            assert!(!json.contains("Canary"), "{json}");
            assert!(!format!("{report:?}").contains("Canary"));
            assert_eq!(report.difference_found(), !is_same, "{report:?}");
            assert_eq!(json.contains("[redacted]"), !is_same, "{json}");
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

/// Whether a difference shows a value, in a document of one element or attribute more.
fn is_shown(from: &str, to: &str) -> bool {
    let limits = Limits::default();
    let [from, to] = [from, to].map(|xml| Document::parse(xml.as_bytes(), &limits).unwrap());
    let found = [from.differences(&to), to.differences(&from)];
    let json = serde_json::to_string(&found).unwrap();
    assert!(json.contains("null") || json.contains(CANARY), "{json}");
    json.contains(CANARY) || format!("{found:?}").contains(CANARY)
}

#[test]
fn words_of_names_tell_of_secrets_however_they_are_written() {
    for name in [
        "Access_Code",
        "Admin_PIN",
        "Auth_Code",
        "Auth_String",
        "Authentication_String",
        "Authorization",
        "Authorization_Code",
        "Bearer",
        "Certificate_Challenge",
        "Cookie",
        "Cred",
        "Dect_AC",
        "Digest_HA1",
        "HA1",
        "IKM",
        "JWT",
        "Kennwort",
        "License_Key",
        "LoginPW",
        "Mot_de_passe",
        "OTP",
        "Passwort",
        "Phone_Lock_Code",
        "Priv_Pass",
        "RADIUS_Shared",
        "Reg_Code",
        "SCEP_Challenge",
        "SIP_Auth",
        "Secure_Code",
        "Security_Code",
        "Session_ID",
        "SessionId",
        "Sign_In_Code",
        "Subscr_Dect_Ac_Code_1_",
        "TOTP_Seed",
        "USERPASS",
        "Unlock_Code",
        "Userpass_1",
        "V3_Auth",
        "V3_Priv_Phrase",
        "VPN_Passwrd",
        "adminpass",
        "authenticationString",
        "conferencepin",
        "creds",
        "hostpin",
        "ldappw",
        "licensekey",
        "masterkey",
        "mediakey",
        "securitycode",
        "sipkey",
        "sshkey",
        "voucher",
        "wifikey",
    ] {
        let xml = format!("<flat-profile><{name}>{CANARY}</{name}></flat-profile>");
        assert!(!is_shown("<flat-profile/>", &xml), "{name}");
        let xml = format!("<device><a><{name}>{CANARY}</{name}></a></device>");
        assert!(!is_shown("<device><a/></device>", &xml), "{name}");
        let xml = format!("<Configuration><A><{name}>{CANARY}</{name}></A></Configuration>");
        assert!(!is_shown("<Configuration/>", &xml), "{name}");
    }
}

#[test]
fn the_shape_of_a_value_tells_of_secrets_whatever_its_name() {
    for value in [
        "Authorization: Basic CANARY",
        "Basic CANARY",
        "Bearer CANARY",
        "authorization:bearer CANARY",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.CANARY",
        "-----BEGIN PRIVATE KEY----- CANARY",
        "-----BEGIN RSA PRIVATE KEY-----CANARY",
        "password=CANARY",
        "password = 'CANARY'",
        "{\"password\": \"CANARY\"}",
        "&lt;password>CANARY&lt;/password>",
        "https://h/#access_token=CANARY",
        "http://h/x;token=CANARY",
        "http://h/x%3Ftoken=CANARY",
        "sip:al;pw=CANARY@host",
        "http://h/x?u=1&amp;ha1=CANARY",
        "http://h/x?cred=CANARY",
        "http://h/x?otp=CANARY",
        "http://h/x?session=CANARY",
        "http://h/x?sid=CANARY",
        "http://h/x?q=1?token=CANARY",
        "[--KEY CANARY] http://h",
        "--key=CANARY",
        "-key CANARY",
        "--pw CANARY",
        "[--UID CANARY --pwd CANARY] http://h",
        "fnc=sd;ext=1@h;pwd=CANARY",
        "//u:CANARY@h/x",
        "snmp community CANARY",
        "Digest username=\"u\", response=\"CANARY\"",
    ] {
        let value = value.replace("CANARY", CANARY);
        let xml = format!("<flat-profile><Text_Logo>{value}</Text_Logo></flat-profile>");
        assert!(!is_shown("<flat-profile/>", &xml), "{value}");
        assert!(has_credentials(
            &value.replace("&lt;", "<").replace("&amp;", "&")
        ));
    }
}

#[test]
fn a_name_of_whole_words_is_no_secret() {
    for name in ["Community Phone", "Token Office 3", "The Bearer Lodge"] {
        assert!(!has_credentials(name), "{name}");
    }
    for text in [
        "Community public",
        "community Phone",
        "COMMUNITY PHONE",
        "Community Ph0ne",
        "Bearer AbCdEfGh",
        "Bearer Abcdefghijklm",
        "Bearer T",
        "Password Phone",
        "Secret Garden",
        "Community Phone, snmp community Phone",
        "Token Office, password Phone",
    ] {
        assert!(has_credentials(text), "{text}");
    }
}

#[test]
fn an_attribute_of_unified_cm_is_no_user_access() {
    let none = "<device><password/><a/></device>";
    let named = format!("<device><password ua='{CANARY}'/><a/></device>");
    assert!(!is_shown(none, &named));
    let shaped = format!("<device><password/><a ua='token={CANARY}'/></device>");
    assert!(!is_shown(none, &shaped));
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
