//! The documents of Unified CM.

use offhook_device_profile::unified_cm::{
    CapfAuthenticationMode, ConfigurationFile, OnboardingMethod, SecurityMode,
};
use offhook_device_profile::{
    Document, DocumentFault, Limits, Registration, SettingsError, SipSettings, Transport,
    ValueError, Warning,
};
use proptest::prelude::*;

/// A document of the form that servers give, prefixes without declaration and double spaces
/// among it.
pub(crate) const DEVICE: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<device  xsi:type=\"axl:XIPPhone\" ctiid=\"94\"  uuid=\"{0a}\">
<fullConfig>true</fullConfig>
<deviceProtocol>SIP</deviceProtocol>
<sshPassword>ssh-secret</sshPassword>
<devicePool  uuid=\"{1b}\">
<callManagerGroup>
<members>
<member  priority=\"1\">
<callManager>
<name>second</name>
<ports>
<ethernetPhonePort>2000</ethernetPhonePort>
<sipPort>5070</sipPort>
<securedSipPort>5071</securedSipPort>
</ports>
<processNodeName>cucm2.example.net</processNodeName>
</callManager>
</member>
<member  priority=\"0\">
<callManager>
<name>first</name>
<processNodeName>2001:db8::1</processNodeName>
</callManager>
</member>
</members>
</callManagerGroup>
</devicePool>
<sipProfile>
<sipProxies>
<outboundProxy>USECALLMANAGER</outboundProxy>
<outboundProxyPort></outboundProxyPort>
<registerWithProxy>true</registerWithProxy>
</sipProxies>
<sipLines>
<line  button=\"1\"  lineIndex=\"1\">
<featureID>9</featureID>
<featureLabel>Alice</featureLabel>
<proxy>USECALLMANAGER</proxy>
<port>5060</port>
<name>2001</name>
<displayName>Alice A</displayName>
<authName>alice</authName>
<authPassword>p&amp;w</authPassword>
</line>
<line  button=\"2\"><featureID>2</featureID><speedDialNumber>3000</speedDialNumber></line>
<line button=\"3\"><proxy>sbc.example.net</proxy><port>5080</port><name>2003</name></line>
</sipLines>
</sipProfile>
<loadInformation>sip88xx.14-1-1</loadInformation>
<vendorConfig>
<webAccess>0</webAccess>
</vendorConfig>
<deviceSecurityMode>3</deviceSecurityMode>
<transportLayerProtocol>4</transportLayerProtocol>
<capfAuthMode>3</capfAuthMode>
<certHash></certHash>
<encrConfig>false</encrConfig>
<userId  serviceProfileFile=\"SPDefault.cnf.xml\">alice</userId>
</device>
";

pub(crate) const DEFAULTS: &str = "\
<Default>
<autoRegistrationName>new</autoRegistrationName>
<autoRegistration>enabled</autoRegistration>
<callManagerGroup>
<members>
<member  priority=\"0\">
<callManager>
<ports>
<sipPort>5060</sipPort>
</ports>
<processNodeName>192.0.2.10</processNodeName>
</callManager>
</member>
</members>
</callManagerGroup>
<loadinformation36213 model=\"Cisco 7811\">sip78xx.14-1-1</loadinformation36213>
<loadinformation684 model=\"Cisco 8851\" preferActCodeOverAutoReg=\"true\"></loadinformation684>
</Default>
";

fn parse(xml: &str) -> ConfigurationFile {
    ConfigurationFile::parse(xml.as_bytes(), &Limits::default()).unwrap()
}

fn settings(xml: &str, line: usize) -> Result<SipSettings, SettingsError> {
    let file = parse(xml);
    let device = file.device().unwrap();
    let line = device.lines().nth(line).unwrap();
    SipSettings::from_device(&device, &line)
}

#[test]
fn a_devices_document_is_read() {
    let file = parse(DEVICE);
    assert!(file.defaults().is_none());
    let device = file.device().unwrap();
    assert_eq!(device.protocol(), Some("SIP"));
    assert_eq!(device.security_mode(), Some(SecurityMode::Encrypted));
    assert_eq!(
        device.capf_authentication_mode(),
        Some(CapfAuthenticationMode::ExistingCertificateLsc)
    );
    assert!(!device.is_stub() && device.certificate_hash().is_none());
    assert_eq!(device.load_information(), Some("sip88xx.14-1-1"));
    assert_eq!(device.user_id(), Some("alice"));
    let profile = device.service_profile_file();
    assert_eq!(profile.as_deref(), Some("SPDefault.cnf.xml"));
    let servers: Vec<_> = device
        .call_managers()
        .iter()
        .map(|server| {
            (
                server.name,
                server.node,
                server.sip_port,
                server.secured_sip_port,
            )
        })
        .collect();
    assert_eq!(
        servers,
        [
            ("first", "2001:db8::1", 5_060, 5_061),
            ("second", "cucm2.example.net", 5_070, 5_071)
        ]
    );
    let lines: Vec<_> = device
        .lines()
        .map(|line| (line.button(), line.name()))
        .collect();
    assert_eq!(lines, [(Some(1), Some("2001")), (Some(3), Some("2003"))]);
    assert_eq!(
        file.attribute("", "xsi:type").as_deref(),
        Some("axl:XIPPhone")
    );
    assert_eq!(file.text("vendorConfig/webAccess"), Some("0"));
    assert_eq!(file.text("vendorConfig"), None);
    assert_eq!(file.text("sipProfile/sipLines/line[3]/name"), Some("2003"));
    assert_eq!(file.text("sipProfile/sipLines/line[4]/name"), None);
}

#[test]
fn a_default_document_is_read() {
    let file = parse(DEFAULTS);
    assert!(file.device().is_none());
    let defaults = file.defaults().unwrap();
    assert_eq!(defaults.auto_registration(), Some(true));
    let loads: Vec<_> = defaults
        .loads()
        .map(|load| {
            (
                load.type_model(),
                load.model(),
                load.load(),
                load.onboarding_method(),
            )
        })
        .collect();
    assert_eq!(
        loads,
        [
            (
                36_213,
                Some("Cisco 7811".into()),
                "sip78xx.14-1-1",
                OnboardingMethod::AutoRegistration
            ),
            (
                684,
                Some("Cisco 8851".into()),
                "",
                OnboardingMethod::ActivationCode
            ),
        ]
    );
    let settings = SipSettings::from_defaults(&defaults, "SEP001122334455").unwrap();
    assert_eq!(
        (settings.domain(), settings.port(), settings.user()),
        ("192.0.2.10", Some(5_060), "SEP001122334455")
    );
    assert_eq!(settings.transport(), Transport::Auto);
    assert_eq!(settings.registration(), Registration::Wanted);
    let off = DEFAULTS.replace("enabled", "disabled");
    let file = parse(&off);
    let settings = SipSettings::from_defaults(&file.defaults().unwrap(), "a").unwrap();
    assert_eq!(settings.registration(), Registration::NotWanted);
    let nobody = SipSettings::from_defaults(&defaults, "a b");
    assert_eq!(nobody.unwrap_err(), SettingsError::User);
}

#[test]
fn a_secure_device_registers_over_tls_at_the_first_server_and_then_the_others() {
    let settings = settings(DEVICE, 0).unwrap();
    assert_eq!(
        (settings.domain(), settings.port(), settings.transport()),
        ("2001:db8::1", Some(5_061), Transport::Tls)
    );
    let backups: Vec<_> = settings.backups().collect();
    assert_eq!(backups, [("cucm2.example.net", Some(5_071))]);
    assert_eq!(
        settings.target_uri(),
        "sip:[2001:db8::1]:5061;transport=tls"
    );
    assert_eq!(settings.user(), "2001");
    assert_eq!(settings.authentication_user(), Some("alice"));
    assert_eq!(settings.display_name(), Some("Alice A"));
    assert_eq!(settings.password().unwrap().secret(), "p&w");
    assert_eq!(settings.outbound_proxy(), None);
}

#[test]
fn the_security_mode_goes_before_the_transport_and_is_never_guessed() {
    let with = |mode: &str, transport: &str| {
        let xml = DEVICE
            .replace(
                "<deviceSecurityMode>3<",
                &format!("<deviceSecurityMode>{mode}<"),
            )
            .replace(
                "<transportLayerProtocol>4<",
                &format!("<transportLayerProtocol>{transport}<"),
            );
        settings(&xml, 0).map(|settings| (settings.transport(), settings.port()))
    };
    for mode in ["2", "3"] {
        for transport in ["1", "2", "3", "4", ""] {
            assert_eq!(with(mode, transport), Ok((Transport::Tls, Some(5_061))));
        }
    }
    assert_eq!(with("1", "1"), Ok((Transport::Tcp, Some(5_060))));
    assert_eq!(with("1", "2"), Ok((Transport::Udp, Some(5_060))));
    assert_eq!(with("1", "3"), Ok((Transport::Tls, Some(5_061))));
    assert_eq!(with("1", "4"), Ok((Transport::Auto, Some(5_060))));
    for mode in ["0", "4", "3x", "encrypted", "", " ", "<a>3</a>"] {
        assert_eq!(with(mode, "2"), Err(SettingsError::SecurityMode), "{mode}");
    }
    // Of two transports TLS counts.
    let two = |one, other| {
        with(
            "1",
            &format!("{one}</transportLayerProtocol><transportLayerProtocol>{other}"),
        )
    };
    assert_eq!(two("1", "3"), Ok((Transport::Tls, Some(5_061))));
    assert_eq!(two("<a/>", "3"), Ok((Transport::Tls, Some(5_061))));
    assert_eq!(two("2", "1"), Ok((Transport::Udp, Some(5_060))));
    assert_eq!(two("", "1"), Ok((Transport::Auto, Some(5_060))));
    let none = DEVICE.replace("<deviceSecurityMode>3</deviceSecurityMode>", "");
    assert_eq!(settings(&none, 0).unwrap().transport(), Transport::Auto);
}

#[test]
fn of_two_security_modes_the_strictest_counts() {
    let with = |one: &str, other: &str| {
        let two =
            format!("<deviceSecurityMode>{one}</deviceSecurityMode><deviceSecurityMode>{other}<");
        let xml = DEVICE
            .replace("<deviceSecurityMode>3<", &two)
            .replace("<transportLayerProtocol>4<", "<transportLayerProtocol>2<");
        let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        let warnings = document.warnings(&Limits::default());
        assert!(
            warnings.contains(&Warning::SecurityModeRepeated),
            "{warnings:?}"
        );
        let is_unknown = warnings.contains(&Warning::SecurityMode);
        (
            settings(&xml, 0).map(|settings| settings.transport()),
            is_unknown,
        )
    };
    for (one, other) in [("1", "3"), ("3", "1"), ("1", "2"), ("2", "1"), ("3", "3")] {
        assert_eq!(
            with(one, other),
            (Ok(Transport::Tls), false),
            "{one} {other}"
        );
    }
    assert_eq!(with("1", "1"), (Ok(Transport::Udp), false));
    for (one, other) in [
        ("1", ""),
        ("", "3"),
        ("1", "<a>3</a>"),
        ("9", "1"),
        ("1", "9"),
    ] {
        assert_eq!(
            with(one, other),
            (Err(SettingsError::SecurityMode), true),
            "{one} {other}"
        );
    }
}

#[test]
fn switches_are_read_in_any_case() {
    let register = |word: &str| {
        let xml = DEVICE.replace(
            "<registerWithProxy>true<",
            &format!("<registerWithProxy>{word}<"),
        );
        settings(&xml, 0).unwrap().registration()
    };
    for word in ["false", "False", "FALSE"] {
        assert_eq!(register(word), Registration::NotWanted, "{word}");
    }
    assert_eq!(register("True"), Registration::Wanted);
    let group = DEVICE.replace("<proxy>USECALLMANAGER<", "<proxy>UseCallManager<");
    assert_eq!(
        settings(&group, 0).unwrap().domain(),
        settings(DEVICE, 0).unwrap().domain()
    );
    let stub = DEVICE.replace("<encrConfig>false<", "<encrConfig>True<");
    let stub = ConfigurationFile::parse(stub.as_bytes(), &Limits::default()).unwrap();
    assert!(stub.device().unwrap().is_stub());
    for (word, is_on) in [
        ("Enabled", true),
        ("TRUE", true),
        ("Disabled", false),
        ("False", false),
    ] {
        let xml = format!(
            "<Default><autoRegistration>{word}</autoRegistration><loadinformation1 preferActCodeOverAutoReg='True'>x</loadinformation1></Default>"
        );
        let file = ConfigurationFile::parse(xml.as_bytes(), &Limits::default()).unwrap();
        let defaults = file.defaults().unwrap();
        assert_eq!(defaults.auto_registration(), Some(is_on), "{word}");
        let method = defaults.loads().next().unwrap().onboarding_method();
        assert_eq!(method, OnboardingMethod::ActivationCode);
    }
}

#[test]
fn the_backup_proxy_is_the_last_to_be_tried() {
    let with = |host: &str, port: &str| {
        let proxy = format!(
            "<backupProxy>{host}</backupProxy><backupProxyPort>{port}</backupProxyPort><outboundProxy>"
        );
        let xml = DEVICE.replacen("<outboundProxy>", &proxy, 1);
        settings(&xml, 0).map(|settings| {
            let last = settings.backups().last();
            (
                settings.backups().count(),
                last.map(|(host, port)| (host.to_owned(), port)),
            )
        })
    };
    let without = settings(DEVICE, 0).unwrap().backups().count();
    for none in ["", "USECALLMANAGER"] {
        assert_eq!(with(none, "x").unwrap().0, without);
    }
    let last = |host: &str, port| Ok((without + 1, Some((host.to_owned(), port))));
    assert_eq!(
        with("b.example.net", "5070"),
        last("b.example.net", Some(5_070))
    );
    assert_eq!(with("b.example.net", ""), last("b.example.net", None));
    assert_eq!(with("a b", ""), Err(SettingsError::Domain));
    assert_eq!(with("b.example.net", "x"), Err(SettingsError::Port));
}

#[test]
fn a_line_with_a_proxy_of_its_own_registers_there() {
    let own = settings(DEVICE, 1).unwrap();
    assert_eq!((own.domain(), own.port()), ("sbc.example.net", Some(5_080)));
    assert_eq!(own.backups().count(), 0);
    let xml = DEVICE
        .replace(
            "<outboundProxy>USECALLMANAGER<",
            "<outboundProxy>edge.example.net<",
        )
        .replace("<outboundProxyPort><", "<outboundProxyPort>5999<");
    let proxied = settings(&xml, 1).unwrap();
    assert_eq!(
        proxied.outbound_proxy(),
        Some(("edge.example.net", Some(5_999)))
    );
    assert_eq!(
        proxied.target_uri(),
        "sip:edge.example.net:5999;transport=tls"
    );
    let none = settings(&DEVICE.replace("processNodeName", "nodeName"), 0);
    assert_eq!(none.unwrap_err(), SettingsError::DomainMissing);
}

#[test]
fn the_port_of_a_line_is_for_a_proxy_of_its_own_only() {
    for (port, own) in [
        ("5999", Ok(Some(5_999))),
        ("none", Err(SettingsError::Port)),
    ] {
        let xml = DEVICE
            .replace("<port>5060<", &format!("<port>{port}<"))
            .replace("<port>5080<", &format!("<port>{port}<"));
        let port = |line| settings(&xml, line).map(|settings| settings.port());
        assert_eq!(port(0), Ok(Some(5_061)));
        assert_eq!(port(1), own);
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let mut file = parse(DEVICE);
    assert_eq!(*file.write(), *DEVICE);
    file.set("sipProfile/sipLines/line/authPassword", "<new>")
        .unwrap();
    file.set(
        "devicePool/callManagerGroup/members/member[2]/callManager/ports/sipPort",
        "5090",
    )
    .unwrap();
    file.set_attribute("userId", "serviceProfileFile", Some("SP2.cnf.xml"))
        .unwrap();
    file.set("vendorConfig/sshAccess", "1").unwrap();
    assert!(file.remove("sipProfile/sipLines/line[2]"));
    assert!(!file.remove("sipProfile/sipLines/line[9]"));
    let wanted = DEVICE
        .replace("p&amp;w", "&lt;new&gt;")
        .replace("SPDefault", "SP2")
        .replace("<webAccess>0</webAccess>\n", "<webAccess>0</webAccess>\n<sshAccess>1</sshAccess>\n")
        .replace("<line  button=\"2\"><featureID>2</featureID><speedDialNumber>3000</speedDialNumber></line>\n", "")
        .replace(
            "<processNodeName>2001:db8::1</processNodeName>\n",
            "<processNodeName>2001:db8::1</processNodeName>\n<ports>\n  <sipPort>5090</sipPort>\n</ports>\n",
        );
    assert_eq!(*file.write(), *wanted);
    assert_eq!(parse(&wanted), file);
}

#[test]
fn an_edit_that_cannot_be_made_changes_nothing() {
    let mut file = parse(DEVICE);
    for (path, value, error) in [
        ("devicePool", "x", ValueError::Mixed),
        ("fullConfig/x", "x", ValueError::Mixed),
        ("line[2]", "x", ValueError::Absent),
        ("new/line[2]", "x", ValueError::Mixed),
        ("a b", "x", ValueError::Name),
        ("", "x", ValueError::Name),
        ("a[0]", "x", ValueError::Name),
        ("new", "\u{1}", ValueError::Value),
        (&format!("a{}", "/a".repeat(31)), "x", ValueError::Name),
    ] {
        assert_eq!(file.set(path, value), Err(error), "{path}");
    }
    let mut deep = parse(DEVICE);
    let path = format!("a{}", "/a".repeat(30));
    deep.set(&path, "x").unwrap();
    assert_eq!(parse(&deep.write()).text(&path), Some("x"));
    let absent = file.set_attribute("new", "a", Some("b"));
    assert_eq!(absent, Err(ValueError::Absent));
    assert!(!file.remove(""));
    assert_eq!(*file.write(), *DEVICE);
}

#[test]
fn other_documents_are_refused() {
    for xml in [
        "<Configuration/>",
        "<device><flat-profile/></device>",
        "<default/>",
        "<x:device/>",
    ] {
        let error = ConfigurationFile::parse(xml.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error.fault, DocumentFault::Root, "{xml}");
    }
    let mut limits = Limits::default();
    limits.path_bytes = "ab/cde".len();
    let around = |inside: &str| {
        let xml = format!("<device>{inside}</device>");
        ConfigurationFile::parse(xml.as_bytes(), &limits).map_err(|error| error.fault)
    };
    assert!(around("<ab><cde/></ab><ab><c/></ab>").is_ok());
    assert_eq!(around("<ab><cdef/></ab>"), Err(DocumentFault::PathTooLong));
}

proptest! {
    #[test]
    fn what_is_set_is_read_again(
        values in prop::collection::vec(("[a-c](/[a-c](\\[[12]\\])?){0,2}", "[ -~é]{1,8}"), 0..12),
    ) {
        let mut file = ConfigurationFile::new_device();
        let mut kept: Vec<(String, String)> = Vec::new();
        for (path, value) in &values {
            if file.set(path, value).is_ok() {
                // What is blank may have got elements inside.
                kept.retain(|(known, value)| {
                    !value.trim().is_empty() || parse(&file.write()).text(known).is_some()
                });
                kept.retain(|(known, _)| known.replace("[1]", "") != path.replace("[1]", ""));
                kept.push((path.clone(), value.clone()));
            }
        }
        let again = parse(&file.write());
        for (path, value) in &kept {
            prop_assert_eq!(again.text(path), Some(value.trim()));
        }
        prop_assert_eq!(again.write(), file.write());
        prop_assert_eq!(again, file);
    }
}

#[test]
fn a_port_that_cannot_be_read_is_not_the_default_one() {
    for port in ["70000", "5070x", "0", "-1"] {
        let xml = DEVICE.replace("<sipPort>5070<", &format!("<sipPort>{port}<"));
        let file = ConfigurationFile::parse(xml.as_bytes(), &Limits::default()).unwrap();
        let device = file.device().unwrap();
        let servers = device.call_managers();
        assert_eq!(servers[1].sip_port, 0, "{port}");
        assert_eq!(servers[0].sip_port, 5060);
    }
    let server = "<member><callManager><processNodeName>h</processNodeName>\
        <ports><sipPort>70000</sipPort></ports></callManager></member>";
    let xml = format!(
        "<Default><callManagerGroup><members>{server}</members></callManagerGroup></Default>"
    );
    let file = ConfigurationFile::parse(xml.as_bytes(), &Limits::default()).unwrap();
    let settings = SipSettings::from_defaults(&file.defaults().unwrap(), "u");
    assert_eq!(settings.unwrap_err(), SettingsError::Port);
}

#[test]
fn what_is_taken_away_does_not_come_back_as_text() {
    let xml =
        b"<device><sipLines><line><authPassword>SEKRET</authPassword></line></sipLines></device>";
    let mut file = ConfigurationFile::parse(xml, &Limits::default()).unwrap();
    assert!(file.remove("sipLines/line"));
    assert_eq!(file.text("sipLines").unwrap_or_default(), "");
    assert!(!file.write().contains("SEKRET"));
    file.set("sipLines/line/name", "x").unwrap();
    let again = ConfigurationFile::parse(file.write().as_bytes(), &Limits::default()).unwrap();
    assert_eq!(again.text("sipLines/line/name"), Some("x"));
    assert_eq!(again, file);
    // Where a value takes the place, nothing of what was there is left.
    let mut file = ConfigurationFile::parse(xml, &Limits::default()).unwrap();
    assert!(file.remove("sipLines/line"));
    file.set("sipLines", "none").unwrap();
    assert_eq!(*file.write(), "<device><sipLines>none</sipLines></device>");
}
