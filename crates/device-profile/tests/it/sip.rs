//! How to register, out of either document.

use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::{
    Document, Limits, Registration, SettingsError, SipSettings, Transport, Warning, has_credentials,
};

fn phone(parameters: &[(&str, &str)]) -> Result<SipSettings, SettingsError> {
    let mut profile = FlatProfile::new();
    profile.set("Proxy_1_", "sip.example.net").unwrap();
    profile.set("User_ID_1_", "2001").unwrap();
    for (name, value) in parameters {
        profile.set(name, value).unwrap();
    }
    SipSettings::from_flat_profile(&profile, 1)
}

fn room(values: &[(&str, &str)]) -> Result<SipSettings, SettingsError> {
    let mut configuration = Configuration::new();
    for (path, value) in values {
        configuration.set(&path.parse().unwrap(), value).unwrap();
    }
    SipSettings::from_configuration(&configuration)
}

#[test]
fn a_phones_settings_are_read_with_the_guides_defaults() {
    let settings = phone(&[]).unwrap();
    assert_eq!(settings.domain(), "sip.example.net");
    assert_eq!(settings.port(), None);
    assert_eq!(settings.user(), "2001");
    assert_eq!(settings.transport(), Transport::Udp);
    assert_eq!(settings.registration(), Registration::Wanted);
    assert!(settings.outbound_proxy().is_none() && settings.password().is_none());
    assert!(settings.token().is_none() && settings.display_name().is_none());
}

#[test]
fn a_phones_settings_are_read_in_full() {
    let xml = "<flat-profile><Proxy_1_>sip.example.net:5070</Proxy_1_>\
        <Outbound_Proxy_1_>edge.example.net:5061</Outbound_Proxy_1_><Use_Outbound_Proxy_1_>yes</Use_Outbound_Proxy_1_>\
        <SIP_Transport_1_>TLS</SIP_Transport_1_><User_ID_1_>2001</User_ID_1_><Auth_ID_1_>a2001</Auth_ID_1_>\
        <Password_1_>p&amp;w</Password_1_><Display_Name_1_>A B</Display_Name_1_><GPP_SA>tok.en</GPP_SA></flat-profile>";
    let profile = FlatProfile::parse(xml.as_bytes(), &Limits::default()).unwrap();
    let settings = SipSettings::from_flat_profile(&profile, 1).unwrap();
    assert_eq!(settings.port(), Some(5_070));
    assert_eq!(
        settings.outbound_proxy(),
        Some(("edge.example.net", Some(5_061)))
    );
    assert_eq!(settings.transport(), Transport::Tls);
    assert_eq!(settings.authentication_user(), Some("a2001"));
    assert_eq!(settings.display_name(), Some("A B"));
    assert_eq!(settings.password().unwrap().secret(), "p&w");
    assert_eq!(settings.token().unwrap().secret(), "tok.en");
}

#[test]
fn a_line_that_is_off_does_not_register() {
    for name in ["Line_Enable_1_", "Register_1_"] {
        let settings = phone(&[(name, "No")]).unwrap();
        assert_eq!(settings.registration(), Registration::NotWanted);
        let settings = phone(&[(name, "Yes")]).unwrap();
        assert_eq!(settings.registration(), Registration::Wanted);
    }
}

#[test]
fn an_outbound_proxy_that_is_not_used_is_not_told() {
    let settings = phone(&[("Outbound_Proxy_1_", "edge.example.net")]).unwrap();
    assert_eq!(settings.outbound_proxy(), None);
}

#[test]
fn hosts_are_names_or_addresses_and_ports_are_numbers() {
    let host = |text| phone(&[("Proxy_1_", text)]).map(|s| (s.domain().to_owned(), s.port()));
    assert_eq!(
        host("192.0.2.1:5060"),
        Ok(("192.0.2.1".into(), Some(5_060)))
    );
    assert_eq!(host("[2001:db8::1]"), Ok(("2001:db8::1".into(), None)));
    assert_eq!(
        host("[2001:db8::1]:5061"),
        Ok(("2001:db8::1".into(), Some(5_061)))
    );
    assert_eq!(host("a.example."), Ok(("a.example.".into(), None)));
    for bad in [
        "a b",
        "a..b",
        ".",
        "http://a",
        "[::1",
        "[::1]x",
        "[a]",
        "a/b",
        "-_-/",
        "é.example",
        "2001:db8::1",
        "a@b",
    ] {
        let answer = host(bad);
        assert!(
            matches!(answer, Err(SettingsError::Domain | SettingsError::Port)),
            "{bad}: {answer:?}"
        );
    }
    for bad in ["a:", "a:0", "a:65536", "a:+1", "a:x", "[::1]:"] {
        assert_eq!(host(bad).unwrap_err(), SettingsError::Port, "{bad}");
    }
}

#[test]
fn what_is_missing_or_unknown_is_told() {
    assert_eq!(
        phone(&[("Proxy_1_", "")]).unwrap_err(),
        SettingsError::DomainMissing
    );
    assert_eq!(
        phone(&[("User_ID_1_", "\"\"")]).unwrap_err(),
        SettingsError::UserMissing
    );
    assert_eq!(
        phone(&[("SIP_Transport_1_", "SCTP")]).unwrap_err(),
        SettingsError::Transport
    );
    let outbound = [
        ("Use_Outbound_Proxy_1_", "Yes"),
        ("Outbound_Proxy_1_", "a b"),
    ];
    assert_eq!(phone(&outbound).unwrap_err(), SettingsError::OutboundProxy);
    assert_eq!(room(&[]).unwrap_err(), SettingsError::DomainMissing);
    assert_eq!(
        room(&[("SIP URI", "example.net")]).unwrap_err(),
        SettingsError::UserMissing
    );
    assert_eq!(
        room(&[("SIP URI", "@example.net")]).unwrap_err(),
        SettingsError::UserMissing
    );
}

#[test]
fn no_setting_carries_a_line_break_into_a_request() {
    for bad in ["a\r\nX: y", "a\nb", "a\rb", "\ta", "a\u{85}b", "a\u{7f}"] {
        for (path, error) in [
            ("SIP DisplayName", SettingsError::DisplayName),
            (
                "SIP Authentication UserName",
                SettingsError::AuthenticationUser,
            ),
            ("SIP Proxy 1 Address", SettingsError::Domain),
            ("SIP DefaultTransport", SettingsError::Transport),
        ] {
            let answer = room(&[("SIP URI", "room@example.net"), (path, bad)]);
            assert_eq!(answer.unwrap_err(), error, "{path}: {bad:?}");
        }
        let answer = room(&[("SIP URI", &format!("{bad}@example.net"))]);
        assert_eq!(answer.unwrap_err(), SettingsError::User, "{bad:?}");
        let answer = room(&[("SIP URI", &format!("room@{bad}"))]);
        assert_eq!(answer.unwrap_err(), SettingsError::Domain, "{bad:?}");
        let answer = room(&[
            ("SIP Proxy 1 Address", "example.net"),
            ("SIP Authentication UserName", bad),
        ]);
        assert_eq!(answer.unwrap_err(), SettingsError::User, "{bad:?}");
    }
    // In this document a line break has become a space.
    for bad in ["a\u{85}b", "a\tb", "a\u{7f}"] {
        for (name, error) in [
            ("User_ID_1_", SettingsError::User),
            ("Auth_ID_1_", SettingsError::AuthenticationUser),
            ("Display_Name_1_", SettingsError::DisplayName),
            ("Proxy_1_", SettingsError::Domain),
        ] {
            assert_eq!(phone(&[(name, bad)]).unwrap_err(), error, "{name}: {bad:?}");
        }
    }
    let xml = "<Configuration><SIP><URI>a@b</URI><DisplayName>x&#13;&#10;To: y</DisplayName></SIP></Configuration>";
    let configuration = Configuration::parse(xml.as_bytes(), &Limits::default()).unwrap();
    let answer = SipSettings::from_configuration(&configuration);
    assert_eq!(answer.unwrap_err(), SettingsError::DisplayName);
}

#[test]
fn a_user_is_one_that_can_stand_in_an_address() {
    let user = |text| phone(&[("User_ID_1_", text)]).map(|settings| settings.user().to_owned());
    for good in [
        "2001",
        "alice&bob",
        "+15550100;ext=1",
        "a%20b%C3%A9",
        "-_.!~*'()&=+$,;?/",
    ] {
        assert_eq!(user(good).as_deref(), Ok(good));
    }
    for bad in [
        "a b", "a@b", "a:b", "a<b", "a>", "\"a\"", "é", "%", "a%2", "%zz", "#1", "[a]", "a\\b",
        "%%41",
    ] {
        assert_eq!(user(bad).unwrap_err(), SettingsError::User, "{bad}");
    }
}

#[test]
fn a_token_is_one_that_can_stand_in_a_header_and_another_text_none() {
    let token = |text| {
        phone(&[("GPP_SA", text)])
            .map(|settings| settings.token().map(|token| token.secret().to_owned()))
    };
    for good in ["a", "a.b-c_d~e+f/g==", "eyJ.eyJ.sig"] {
        assert_eq!(token(good).unwrap().as_deref(), Some(good));
    }
    for bad in ["=", "a b", "a=b", "a,b", "a\"", "é"] {
        assert_eq!(token(bad), Ok(None), "{bad}");
        let xml = format!(
            "<flat-profile><Proxy_1_>h</Proxy_1_><User_ID_1_>u</User_ID_1_><SIP_Transport_1_>TLS</SIP_Transport_1_>\
             <GPP_SA>{bad}</GPP_SA></flat-profile>"
        );
        let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        assert!(document.settings().iter().all(|(_, line)| line.is_ok()));
        let warnings = document.warnings(&Limits::default());
        assert!(matches!(warnings[..], [Warning::Token { .. }]), "{bad}");
        assert_eq!(
            warnings[0].to_string(),
            "GPP_SA: no bearer token, passed over"
        );
    }
}

#[test]
fn a_room_devices_user_may_have_the_signs_that_end_a_host() {
    let settings = room(&[("SIP URI", "sip:a;b?c@example.net:5061;transport=tls?d=e")]).unwrap();
    assert_eq!(
        (settings.user(), settings.domain(), settings.port()),
        ("a;b?c", "example.net", Some(5_061))
    );
    let answer = room(&[("SIP URI", "a@b@example.net")]);
    assert_eq!(answer.unwrap_err(), SettingsError::Domain);
}

#[test]
fn a_room_devices_domain_is_the_host_of_its_uri() {
    for uri in [
        "room@example.net",
        "sip:room@example.net;transport=tls",
        "SIP:room@example.net?a=b",
    ] {
        let settings = room(&[("SIP URI", uri)]).unwrap();
        assert_eq!(
            (settings.user(), settings.domain()),
            ("room", "example.net")
        );
        assert_eq!(settings.transport(), Transport::Auto);
        assert_eq!(settings.outbound_proxy(), None);
    }
}

#[test]
fn a_secure_uri_wants_tls_whatever_stands_beside_it() {
    let uri = ("SIP URI", "SIPS:room@example.net");
    for transport in [None, Some("Auto"), Some("UDP"), Some("TLS")] {
        let mut values = vec![uri];
        values.extend(transport.map(|transport| ("SIP DefaultTransport", transport)));
        let settings = room(&values).unwrap();
        assert_eq!(settings.transport(), Transport::Tls, "{transport:?}");
        assert_eq!(settings.target_uri(), "sip:example.net;transport=tls");
    }
}

#[test]
fn a_room_devices_proxy_stands_in_for_the_domain_or_is_an_outbound_proxy() {
    let alone = room(&[
        ("SIP Proxy 1 Address", "example.net"),
        ("SIP Authentication UserName", "room"),
        ("SIP Authentication Password", "pw"),
        ("SIP DefaultTransport", "Tls"),
        ("SIP DisplayName", "Room 1"),
    ])
    .unwrap();
    assert_eq!((alone.user(), alone.domain()), ("room", "example.net"));
    assert_eq!(alone.transport(), Transport::Tls);
    assert_eq!(alone.password().unwrap().secret(), "pw");
    assert_eq!(alone.display_name(), Some("Room 1"));
    let with = |proxy| {
        let settings = room(&[
            ("SIP URI", "room@example.net"),
            ("SIP Proxy 1 Address", proxy),
        ])
        .unwrap();
        settings
            .outbound_proxy()
            .map(|(host, port)| (host.to_owned(), port))
    };
    assert_eq!(with("Example.NET"), None);
    assert_eq!(
        with("edge.example.net"),
        Some(("edge.example.net".into(), None))
    );
    assert_eq!(
        with("example.net:5061"),
        Some(("example.net".into(), Some(5_061)))
    );
}

#[test]
fn a_room_device_whose_sip_is_off_does_not_register() {
    let settings = room(&[("SIP URI", "a@b"), ("NetworkServices SIP Mode", "Off")]).unwrap();
    assert_eq!(settings.registration(), Registration::NotWanted);
}

#[test]
fn a_room_devices_other_proxies_are_backups() {
    let of = |values: &[(&str, &str)]| {
        let settings = room(values).unwrap();
        let backups = settings.backups();
        let backups: Vec<_> = backups
            .map(|(host, port)| (host.to_owned(), port))
            .collect();
        let proxy = settings.outbound_proxy();
        let proxy = proxy.map(|(host, _)| host.to_owned());
        (settings.domain().to_owned(), proxy, backups)
    };
    let two = ("b.example.net".to_owned(), Some(5_070));
    let four = ("d.example.net".to_owned(), None);
    let others = [
        ("SIP Proxy 4 Address", "d.example.net"),
        ("SIP Proxy 2 Address", "b.example.net:5070"),
        ("SIP Proxy 3 Address", ""),
    ];
    let first = [
        ("SIP URI", "u@example.net"),
        ("SIP Proxy 1 Address", "a.example.net"),
    ];
    let (domain, proxy, backups) = of(&[&first[..], &others].concat());
    assert_eq!(
        (&*domain, proxy.as_deref()),
        ("example.net", Some("a.example.net"))
    );
    assert_eq!(backups, [two.clone(), four.clone()]);
    // Without the first one the next stands in for it.
    let (domain, proxy, backups) = of(&[&first[..1], &others].concat());
    assert_eq!(
        (&*domain, proxy.as_deref()),
        ("example.net", Some("b.example.net"))
    );
    assert_eq!(backups, std::slice::from_ref(&four));
    let login = [("SIP Authentication UserName", "u")];
    let (domain, proxy, backups) = of(&[&login[..], &others].concat());
    assert_eq!((&*domain, proxy), ("b.example.net", None));
    assert_eq!(backups, [four]);
    let bad = [first[0], ("SIP Proxy 3 Address", "a b")];
    assert_eq!(room(&bad).unwrap_err(), SettingsError::Domain);
}

#[test]
fn a_room_devices_switches_are_read_in_any_case() {
    for off in ["Off", "OFF", "off", " off "] {
        let values = [("SIP URI", "u@h"), ("NetworkServices SIP Mode", off)];
        let settings = room(&values).unwrap();
        assert_eq!(settings.registration(), Registration::NotWanted, "{off}");
        let xml = format!("<Configuration><SIP><TlsVerify>{off}</TlsVerify></SIP></Configuration>");
        let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        let warnings = document.warnings(&Limits::default());
        assert!(matches!(warnings[..], [Warning::TlsVerify { .. }]), "{off}");
    }
    for tls in ["Tls", "TLS", "tls", " tls "] {
        let values = [("SIP URI", "u@h"), ("SIP DefaultTransport", tls)];
        assert_eq!(room(&values).unwrap().transport(), Transport::Tls, "{tls}");
    }
}

#[test]
fn a_uri_and_a_bare_address_are_no_host_with_a_port() {
    for text in ["sip:h", "SIPS:h", "sip:h:5060", "2001:db8::1", "::1"] {
        let answer = phone(&[("Proxy_1_", text)]);
        assert_eq!(answer.unwrap_err(), SettingsError::Domain, "{text}");
        let answer = phone(&[
            ("Use_Outbound_Proxy_1_", "Yes"),
            ("Outbound_Proxy_1_", text),
        ]);
        assert_eq!(answer.unwrap_err(), SettingsError::OutboundProxy, "{text}");
    }
}

#[test]
fn a_name_that_looks_like_a_secret_is_kept_and_not_shown() {
    for name in [
        "Community Room",
        "Password Reset Desk",
        "Secret Garden",
        "Token Office",
        "Bearer Lodge",
        "Basic McDonald",
        "Auth: Lobby",
        "al:s3cret@h",
        "https://al:s3cret@h/",
        "Lobby",
    ] {
        let uri = ("SIP URI", "r@e.net");
        let room = room(&[uri, ("SIP DisplayName", name)]).unwrap();
        let phone = phone(&[("Display_Name_1_", name)]).unwrap();
        let xml = format!(
            "<device><sipProfile><sipLines><line><proxy>h</proxy><name>u</name>\
             <displayName>{name}</displayName></line></sipLines></sipProfile></device>"
        );
        let device = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        let device = device.settings().remove(0).1.unwrap();
        let is_hidden = has_credentials(name);
        for settings in [room, phone, device] {
            assert_eq!(settings.display_name(), Some(name));
            let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
            assert_eq!(shown.contains(name), !is_hidden, "{shown}");
            assert_eq!(shown.contains("[redacted]"), is_hidden, "{shown}");
        }
    }
}

#[test]
fn no_user_or_host_has_a_secret_in_it() {
    for user in ["al;pw=s3cret", "al;password=s3cret"] {
        let room = room(&[("SIP URI", &format!("sip:{user}@h"))]);
        let phone = phone(&[("User_ID_1_", user)]);
        for answer in [room, phone] {
            assert_eq!(answer.unwrap_err(), SettingsError::User, "{user}");
        }
    }
    for user in ["al;pw=s3cret", "sip:al:s3cret@h", "Auth: s3cret"] {
        let login = ("SIP Authentication UserName", user);
        let room = room(&[("SIP URI", "sip:al@h"), login]);
        let phone = phone(&[("Auth_ID_1_", user)]);
        for answer in [room, phone] {
            let error = answer.unwrap_err();
            assert_eq!(error, SettingsError::AuthenticationUser, "{user}");
        }
    }
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s3cret";
    let answer = phone(&[("Proxy_1_", token)]);
    assert_eq!(answer.unwrap_err(), SettingsError::Domain);
    let proxy = ("Outbound_Proxy_1_", token);
    let answer = phone(&[proxy, ("Use_Outbound_Proxy_1_", "Yes")]);
    assert_eq!(answer.unwrap_err(), SettingsError::OutboundProxy);
    for path in ["SIP Proxy 1 Address", "SIP Proxy 2 Address"] {
        let answer = room(&[("SIP URI", "u@h"), (path, token)]);
        assert_eq!(answer.unwrap_err(), SettingsError::Domain);
    }
}

#[test]
fn no_address_or_port_is_hidden() {
    // `ac` and `key` are names of secrets, and values stand behind a colon.
    let settings = phone(&[
        ("Proxy_1_", "[2001:db8:ac::1]"),
        ("Outbound_Proxy_1_", "key:5061"),
        ("Use_Outbound_Proxy_1_", "Yes"),
    ]);
    let settings = settings.unwrap();
    let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
    assert!(!shown.contains("[redacted]"), "{shown}");
    assert_eq!(settings.domain(), "2001:db8:ac::1");
    assert_eq!(settings.target_uri(), "sip:key:5061;transport=udp");
}
