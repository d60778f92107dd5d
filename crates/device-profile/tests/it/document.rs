//! Documents of any kind: which it is, what it says, what differs.

use offhook_device_profile::{
    Change, Document, DocumentFault, DocumentKind, Limits, SettingsError, Shown, SipSettings,
    Transport, Warning,
};

use crate::unified_cm::{DEFAULTS, DEVICE};

const PROFILE: &str = "<device>\n<flat-profile>\n<Proxy_1_ ua=\"na\">sip.example.net</Proxy_1_>\n<SIP_Transport_1_>TLS</SIP_Transport_1_>\n<User_ID_1_>2001</User_ID_1_>\n<Password_1_>s3cret-1</Password_1_>\n<User_ID_2_>2002</User_ID_2_>\n<Profile_Rule>[--key s3cret-2] https://h/$MA</Profile_Rule>\n</flat-profile>\n</device>\n";
const ROOM: &str = "<Configuration><SIP><URI>room@example.net</URI><Authentication><Password>s3cret-1</Password></Authentication></SIP></Configuration>";

fn parse(xml: &str) -> Document {
    Document::parse(xml.as_bytes(), &Limits::default()).unwrap()
}

fn differences(one: &str, other: &str) -> Vec<(String, Change)> {
    let found = parse(one).differences(&parse(other)).unwrap();
    found
        .into_iter()
        .map(|found| (found.name, found.change))
        .collect()
}

fn text(text: &str) -> Shown {
    Shown::Text(text.into())
}

#[test]
fn the_kind_is_found_by_the_root() {
    for (xml, kind) in [
        (PROFILE, DocumentKind::FlatProfile),
        ("<flat-profile/>", DocumentKind::FlatProfile),
        (ROOM, DocumentKind::Configuration),
        (DEVICE, DocumentKind::Device),
        ("<device/>", DocumentKind::Device),
        (DEFAULTS, DocumentKind::Defaults),
    ] {
        assert_eq!(parse(xml).kind(), kind);
    }
    for xml in ["<a/>", "<Command/>", "", "<x:Configuration/>"] {
        let error = Document::parse(xml.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error.fault, DocumentFault::Root, "{xml}");
    }
    // Prefixes are tolerated where genuine documents have them, and nowhere else.
    let error = Document::parse(b"<flat-profile><x:a/></flat-profile>", &Limits::default());
    assert_eq!(error.unwrap_err().fault, DocumentFault::Name);
}

#[test]
fn the_settings_of_each_line_are_told() {
    let lines = |xml: &str| -> Vec<_> {
        let settings = parse(xml).settings();
        settings
            .into_iter()
            .map(|(line, settings)| (line, settings.map(|settings| settings.target_uri())))
            .collect()
    };
    assert_eq!(
        lines(PROFILE),
        [
            (Some(1), Ok("sip:sip.example.net;transport=tls".into())),
            (Some(2), Err(SettingsError::DomainMissing))
        ]
    );
    assert_eq!(lines(ROOM), [(None, Ok("sip:example.net".into()))]);
    assert_eq!(lines(DEVICE).len(), 2);
    assert_eq!(lines(DEFAULTS), []);
}

#[test]
fn settings_for_machines_have_no_secrets() {
    let settings: Vec<SipSettings> = parse(PROFILE)
        .settings()
        .into_iter()
        .filter_map(|(_, settings)| settings.ok())
        .collect();
    let json = serde_json::to_value(&settings[0]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "domain": "sip.example.net", "port": null, "backups": [], "outboundProxy": null,
            "transport": "tls", "targetUri": "sip:sip.example.net;transport=tls", "user": "2001",
            "authenticationUser": null, "displayName": null, "password": "[redacted]",
            "token": null, "registers": true,
        })
    );
}

#[test]
fn differences_are_told_by_name_and_secrets_are_not() {
    assert_eq!(differences(PROFILE, PROFILE), []);
    let other = PROFILE
        .replace("ua=\"na\"", "ua=\"rw\"")
        .replace("sip.example.net", "sip2.example.net")
        .replace("s3cret-1", "s3cret-3")
        .replace(
            "<User_ID_2_>2002</User_ID_2_>\n",
            "<Station_Name>x</Station_Name>\n",
        )
        .replace("[--key s3cret-2] ", "");
    let (from, to) = (Shown::Hidden, Shown::Hidden);
    assert_eq!(
        differences(PROFILE, &other),
        [
            (
                "Proxy_1_".into(),
                Change::Changed {
                    from: text("sip.example.net"),
                    to: text("sip2.example.net")
                }
            ),
            (
                "Proxy_1_@ua".into(),
                Change::Changed {
                    from: text("na"),
                    to: text("rw")
                }
            ),
            (
                "Password_1_".into(),
                Change::Changed {
                    from: from.clone(),
                    to: to.clone()
                }
            ),
            ("User_ID_2_".into(), Change::Removed { from: text("2002") }),
            ("Profile_Rule".into(), Change::Changed { from, to }),
            ("Station_Name".into(), Change::Added { to: text("x") }),
        ]
    );
}

#[test]
fn differences_of_unified_cm_have_attributes_and_order_in_them() {
    let other = DEVICE
        .replace("SPDefault", "SP2")
        .replace("button=\"3\"", "button=\"4\"");
    assert_eq!(
        differences(DEVICE, &other),
        [
            (
                "sipProfile/sipLines/line[3]@button".into(),
                Change::Changed {
                    from: text("3"),
                    to: text("4")
                }
            ),
            (
                "userId@serviceProfileFile".into(),
                Change::Changed {
                    from: text("SPDefault.cnf.xml"),
                    to: text("SP2.cnf.xml")
                }
            ),
        ]
    );
    assert!(parse(DEVICE).differences(&parse(DEFAULTS)).is_none());
}

#[test]
fn no_secret_is_shown_whatever_it_is_called() {
    for name in [
        "Password_1_",
        "Admin_Passwd",
        "GPP_SA",
        "GPP_K",
        "IKM_HTTP_Encrypt_Content",
        "WPA_Passphrase",
        "PSK",
        "SNMP_Community",
        "OAuth_Token_1_",
        "SRTP_Private_Key_1_",
        "Wi-Fi_WEP_Key_1_",
        "Activation_Code",
        "Admin_PIN",
        "Auth_Key",
        "Pass_Phrase",
        "Ext_1_Pin",
        "API_Key",
        "User_Pass",
        "WiFi_Key",
    ] {
        let xml = format!("<flat-profile><{name}>s3cret</{name}></flat-profile>");
        let found = differences("<flat-profile/>", &xml);
        assert_eq!(
            found,
            [(name.to_owned(), Change::Added { to: Shown::Hidden })]
        );
    }
    for value in [
        "[--pwd s3cret] u",
        "https://user:s3cret@h/",
        "a | b://s3cret@h",
        "http://h/p?password=s3cret",
        "(a eq b)? http://h/p?x=1&amp;api_key=s3cret",
        "sip:user:s3cret@h",
        "&lt;sips:user:s3cret@h:5061&gt;",
        "user:s3cret@h",
        "(Password_1_ = \"s3cret\";)! https://h/$MA.xml",
        "( a eq b )? ( B = s3cret; ) ! u",
    ] {
        let xml = format!("<flat-profile><Report_Rule>{value}</Report_Rule></flat-profile>");
        let found = differences(&xml, "<flat-profile/>");
        assert_eq!(
            found,
            [(
                "Report_Rule".to_owned(),
                Change::Removed {
                    from: Shown::Hidden
                }
            )]
        );
    }
    for name in [
        "activationCode",
        "authString",
        "capfAuthString",
        "pin",
        "sipProfile/sipLines/line/authPassword",
        "sshPassword",
        "tftpEncKey",
        "wepKey",
    ] {
        let mut other = parse(DEVICE);
        if let Document::UnifiedCm(file) = &mut other {
            file.set(name, "s3cret").unwrap();
        }
        let found = parse(DEVICE).differences(&other).unwrap();
        let [(given, change)] = &*found
            .into_iter()
            .map(|one| (one.name, one.change))
            .collect::<Vec<_>>()
        else {
            panic!("{name}");
        };
        let json = serde_json::to_string(change).unwrap();
        assert_eq!(given, name);
        assert!(
            json.contains("\"to\":null") && !json.contains("s3cret"),
            "{json}"
        );
    }
    for (path, value) in [
        ("Conference><HostPIN", "s3cret"),
        ("Webex><ActivationCode", "s3cret"),
        ("SIP><URI", "sip:user:s3cret@h"),
    ] {
        let (section, leaf) = path.split_once("><").unwrap();
        let xml = format!(
            "<Configuration><{section}><{leaf}>{value}</{leaf}></{section}></Configuration>"
        );
        let found = differences("<Configuration/>", &xml);
        assert_eq!(
            found,
            [(
                format!("{section} {leaf}"),
                Change::Added { to: Shown::Hidden }
            )]
        );
    }
}

#[test]
fn a_value_that_becomes_a_secret_is_hidden_as_it_was_and_as_it_is() {
    let [plain, secret] = ["https://h/$MA", "https://u:s3cret@h/$MA"]
        .map(|rule| format!("<flat-profile><Report_Rule>{rule}</Report_Rule></flat-profile>"));
    let (from, to) = (Shown::Hidden, Shown::Hidden);
    let hidden = [("Report_Rule".to_owned(), Change::Changed { from, to })];
    assert_eq!(differences(&plain, &secret), hidden);
    assert_eq!(differences(&secret, &plain), hidden);
}

#[test]
fn what_is_empty_in_any_way_makes_no_line() {
    let xml = "<flat-profile><Proxy_1_/><Proxy_2_> </Proxy_2_><User_ID_3_>\"\"</User_ID_3_>\
        <Password_4_ ua=\"rw\"/><Proxy_5_></Proxy_5_><User_ID_6_>u</User_ID_6_></flat-profile>";
    let numbers: Vec<_> = parse(xml).settings().iter().map(|line| line.0).collect();
    assert_eq!(numbers, [Some(6)]);
}

#[test]
fn lines_have_the_numbers_that_phones_know() {
    let xml = "<flat-profile><Proxy_1_>h</Proxy_1_><Proxy_02_>h</Proxy_02_>\
        <Proxy_0_>h</Proxy_0_><Proxy_256_>h</Proxy_256_><User_ID_10_>u</User_ID_10_></flat-profile>";
    let numbers: Vec<_> = parse(xml).settings().iter().map(|line| line.0).collect();
    assert_eq!(numbers, [Some(1), Some(10)]);
}

#[test]
fn what_is_no_secret_is_shown() {
    for (name, value) in [
        ("Display_Name_1_", "Ann"),
        ("Proxy_1_", "sip:h.example:5061"),
        ("Proxy_1_", "192.0.2.1:5060"),
        ("User_ID_1_", "ann@h.example"),
        ("Extension_1_", "sip:ann@h.example:5061"),
        ("Profile_Rule", "(a eq b)? https://h/p.xml?mac=$MA"),
        ("Key_System", "No"),
        ("Short_Name_1_", "Pinnacle"),
        ("Mapping_Mode", "1"),
        ("NAT_Keep_Alive_Intvl", "15"),
        ("Softkey_Set", "a|b"),
        ("Programmable_Softkey_Enable", "Yes"),
        ("Idle_Key_List", "redial|1"),
        ("Line_Key_1_Label", "Ann"),
        ("Spinning_Interval", "3"),
        ("Display_Name_1_@ua", "na"),
        ("Auth_ID_1_", "ann"),
        ("Auth_INVITE_1_", "Yes"),
        ("Call_Return_Code", "*69"),
        ("Cfwd_All_Act_Code", "*72"),
        ("Preferred_Codec_1_", "G711u"),
        ("Share_Line_Appearance_1_", "shared"),
        ("Shared_Line_DND_Cfwd_Enable", "Yes"),
        ("T38_Passthrough", "Yes"),
        ("Text_Logo", "Basic phone of room 12: ask for more"),
        ("Proxy_1_", "https://h.example:5061/a?b=c#d"),
        (
            "Dial_Plan_1_",
            "(*xx|[3469]11|0|00|[2-9]xxxxxx|1xxx[2-9]xxxxxxS0|x.)",
        ),
        (
            "Extension_Function_2_",
            "fnc=blf+sd+cp;sub=ann@h.example;nme=Ann",
        ),
    ] {
        let xml = match name.strip_suffix("@ua") {
            Some(name) => format!("<flat-profile><{name} ua=\"{value}\">x</{name}></flat-profile>"),
            None => format!("<flat-profile><{name}>{value}</{name}></flat-profile>"),
        };
        let found = differences("<flat-profile/>", &xml);
        let (_, change) = found.iter().find(|one| one.0 == name).unwrap();
        assert_eq!(*change, Change::Added { to: text(value) }, "{name}");
    }
}

#[test]
fn what_may_not_be_meant_is_told() {
    let limits = Limits::default();
    let xml = "<flat-profile><A ua='xx'/><B>1</B><B>2</B><B>3</B><C><D/></C><C><E/></C><Profile_Rule_B>(a is b)? c</Profile_Rule_B>\
        <Proxy_1_>h</Proxy_1_><User_ID_1_>u</User_ID_1_></flat-profile>";
    let warnings: Vec<String> = parse(xml)
        .warnings(&limits)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        [
            "B: given more than once, the last one counts",
            "C: elements inside, passed over",
            "A: unknown user access",
            "Profile_Rule_B: byte 3: unknown operator",
            "line 1: registers over udp",
        ]
    );
    assert_eq!(parse(DEVICE).warnings(&limits), []);
    let xml = DEVICE
        .replace("<encrConfig>false", "<encrConfig>true")
        .replace("<deviceSecurityMode>3", "<deviceSecurityMode>9");
    assert_eq!(
        parse(&xml).warnings(&limits),
        [Warning::EncryptedElsewhere, Warning::SecurityMode]
    );
    assert_eq!(
        parse(DEFAULTS).warnings(&limits),
        [Warning::AutoRegistration]
    );
    let xml = "<Configuration><SIP><TlsVerify>Off</TlsVerify><URI>a@b</URI><DefaultTransport>TCP</DefaultTransport></SIP></Configuration>";
    let warnings = parse(xml).warnings(&limits);
    assert_eq!(
        warnings,
        [
            Warning::TlsVerify {
                name: "SIP TlsVerify".into()
            },
            Warning::PlainTransport {
                line: None,
                transport: Transport::Tcp
            }
        ]
    );
    // A room device has one line, and no number for it.
    assert_eq!(warnings[1].to_string(), "registers over tcp");
}
