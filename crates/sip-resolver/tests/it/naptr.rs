//! NAPTR records that do not lead to SIP servers, beside those that do.

use offhook_sip_resolver::{Policy, ResolveError, Service};

use crate::plan::{room_os, standard};
use crate::zone::Zone;

const SERVERS: &str = r#"
    example.com 60 NAPTR 100 10 "s" "SIPS+D2T" "" _sips._tcp.example.com
    _sips._tcp.example.com 60 SRV 10 0 5061 one.example.com
    _sip._udp.example.com 60 SRV 10 0 5060 one.example.com
    one.example.com 60 A 192.0.2.1
"#;
const TLS: &str = "TLS 192.0.2.1:5061 as example.com";

/// Eighty records of lower order than all others.
fn eighty(record: &str) -> String {
    let lines = (1..=80).map(|order| format!("example.com 60 NAPTR {order} 10 {record}\n"));
    lines.collect()
}

#[test]
fn records_about_something_else_cut_off_none_about_sip() {
    let others = eighty(r#""u" "E2U+sip" "!^.*$!sip:x@example.net!" ."#);
    let zone = format!("{SERVERS}{others}");
    assert_eq!(standard(&zone).unwrap(), [TLS]);
    assert_eq!(room_os(&zone).unwrap(), [TLS]);
}

#[test]
fn records_of_other_transports_cut_off_none_for_tls() {
    for service in ["SIP+D2U", "SIP+D2T", "SIPS+D2W"] {
        let others = eighty(&format!(r#""s" "{service}" "" _sip._udp.example.com"#));
        let zone = format!("{SERVERS}{others}");
        assert_eq!(room_os(&zone).unwrap(), [TLS], "{service}");
        let tls_only = Zone::new(&zone).hops("example.com", Policy::tls_only());
        assert_eq!(tls_only.unwrap(), [TLS], "{service}");
    }
    // Nor do those for TLS cut off others where these come first.
    let dear = SERVERS
        .replace("NAPTR 100 10", "NAPTR 0 10")
        .replace(r#""SIPS+D2T" "" _sips._tcp"#, r#""SIP+D2U" "" _sip._udp"#);
    let zone = format!(
        "{dear}{}",
        eighty(r#""s" "SIPS+D2T" "" _sips._tcp.example.com"#)
    );
    assert_eq!(
        standard(&zone).unwrap(),
        ["UDP 192.0.2.1:5060 as example.com"]
    );
}

#[test]
fn records_for_tls_that_lead_nowhere_lead_on_to_tls_alone() {
    let plain = "
        _sip._udp.example.com 60 SRV 10 0 5060 one.example.com
        example.com 60 A 192.0.2.9
        one.example.com 60 A 192.0.2.1
    ";
    let servers = format!("{plain}_sips._tcp.example.com 60 SRV 10 0 5061 one.example.com");
    let address = "example.com 60 A 192.0.2.9";
    for (record, note) in [
        (
            r#""s" "SIPS+D2T" "!x!y!" _sips._tcp.example.com"#,
            "malformed",
        ),
        (r#""s" "SIPS+D2T" "" ."#, "malformed"),
        (r#""" "SIPS+D2T" "" other.example.com"#, "flags"),
        (r#""sa" "SIPS+D2T" "" one.example.com"#, "flags"),
    ] {
        let naptr = format!("example.com 60 NAPTR 10 10 {record}\n");
        let udp = "example.com 60 NAPTR 20 10 s SIP+D2U \"\" _sip._udp.example.com\n";
        for rest in [plain, address, &format!("{udp}{plain}")] {
            let zone = format!("{naptr}{rest}");
            assert_eq!(standard(&zone), Err(ResolveError::NotFound), "{zone}");
        }
        // Where a server without TLS comes first, that is what the domain wants.
        let first = format!("{naptr}{}{plain}", udp.replace("20 10", "1 10"));
        let hops = ["UDP 192.0.2.1:5060 as example.com"];
        assert_eq!(standard(&first).unwrap(), hops);
        let zone = Zone::new(&format!("{naptr}{servers}"));
        let found = zone.resolve("example.com", Policy::standard()).unwrap();
        assert_eq!(found.hops()[0].to_string(), TLS);
        let text = found.trace().to_string();
        assert!(text.contains(note) && text.contains("left out"), "{text}");
        for zone in [&naptr, &format!("{naptr}{udp}")] {
            let zone = Zone::new(&format!("{zone}{servers}"));
            let policies = [Policy::room_os(), Policy::tls_only(), Policy::standard()];
            for policy in policies.map(|policy| policy.with_services(&[Service::SipsTcp])) {
                let found = zone.resolve("example.com", policy).unwrap();
                assert_eq!(found.hops()[0].to_string(), TLS, "{policy:?}");
                let text = found.trace().to_string();
                assert!(!text.contains("not over TLS"), "{text}");
            }
        }
    }
    // With these flags nothing is said about TLS where it is needed.
    for service in ["SIP+D2S", "SIP+D2U", "SIPS+D2T"] {
        let zone =
            format!("example.com 60 NAPTR 10 10 - {service} \"\" one.example.com\n{address}");
        assert_eq!(
            room_os(&zone).unwrap(),
            ["TLS 192.0.2.9:5061 as example.com"]
        );
    }
    // Those for other transports are as none.
    let zone = format!("example.com 60 NAPTR 10 10 s SIP+D2U !x!y! .\n{address}");
    let hops = ["UDP 192.0.2.9:5060 as example.com"];
    assert_eq!(standard(&zone).unwrap(), hops);
}
