use std::time::Duration;

use offhook_sip_resolver::{
    NaptrWithoutTls, Note, Plan, Policy, QuestionKind, Reply, ResolveError, Response, Step,
    TraceEvent,
};

use crate::zone::{Counter, Zone, record};

pub(crate) const FULL: &str = r#"
    example.com 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.example.com
    example.com 60 NAPTR 20 10 "s" "SIP+D2T" "" _sip._tcp.example.com
    _sips._tcp.example.com 50 SRV 10 0 5061 one.example.com
    _sips._tcp.example.com 50 SRV 20 0 5071 two.example.com
    _sip._tcp.example.com 50 SRV 10 0 5060 one.example.com
    one.example.com 40 A 192.0.2.1
    one.example.com 30 AAAA 2001:db8::1
    two.example.com 20 A 192.0.2.2
"#;

pub(crate) fn room_os(zone: &str) -> Result<Vec<String>, ResolveError> {
    Zone::new(zone).hops("example.com", Policy::room_os())
}

pub(crate) fn standard(zone: &str) -> Result<Vec<String>, ResolveError> {
    Zone::new(zone).hops("sip:example.com", Policy::standard())
}

#[test]
fn naptr_and_srv_give_the_servers_by_priority_with_both_families() {
    let expected = [
        "TLS [2001:db8::1]:5061 as example.com",
        "TLS 192.0.2.1:5061 as example.com",
        "TLS 192.0.2.2:5071 as example.com",
    ];
    for policy in [Policy::room_os(), Policy::tls_only(), Policy::standard()] {
        assert_eq!(
            Zone::new(FULL).hops("example.com", policy).unwrap(),
            expected
        );
    }
    let found = Zone::new(FULL)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    let priorities: Vec<_> = found.hops().iter().map(|hop| hop.priority()).collect();
    assert_eq!(priorities, [10, 10, 20]);
}

#[test]
fn a_server_holds_as_long_as_the_shortest_record_that_led_to_it() {
    let found = Zone::new(FULL)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    let seconds: Vec<_> = found.hops().iter().map(|hop| hop.ttl().as_secs()).collect();
    assert_eq!(seconds, [30, 40, 20]);
    assert_eq!(found.ttl(), Duration::from_secs(20));
    let zone = FULL.replace("example.com 60 NAPTR", "example.com 7 NAPTR");
    let found = Zone::new(&zone)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    assert_eq!(found.ttl(), Duration::from_secs(7));
    let zone = FULL.replace("_sips._tcp.example.com 50", "_sips._tcp.example.com 6");
    let found = Zone::new(&zone)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    assert_eq!(found.ttl(), Duration::from_secs(6));
    assert!(found.hops().iter().all(|hop| hop.ttl().as_secs() == 6));
    let aliased = "
        example.com 60 CNAME other.example.net
        other.example.net 5 CNAME last.example.net
        last.example.net 90 A 192.0.2.1
    ";
    let found = Zone::new(aliased)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    assert_eq!(found.ttl(), Duration::from_secs(5));
}

#[test]
fn additional_records_save_the_second_round() {
    let mut zone = Zone::new(FULL);
    let without = zone.resolve("example.com", Policy::room_os()).unwrap();
    assert_eq!(without.round_trips(), 2);
    zone.adds = true;
    let with = zone.resolve("example.com", Policy::room_os()).unwrap();
    assert_eq!(with.round_trips(), 1);
    assert_eq!(with.questions(), 5);
    assert_eq!(with.hops(), without.hops());
}

#[test]
fn additional_records_of_other_domains_are_not_believed() {
    let mut zone = Zone::new(
        r#"
        _sip._tls.example.com 60 SRV 10 0 5061 edge.example.net
        edge.example.net 60 A 192.0.2.1
        "#,
    );
    zone.adds = true;
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    assert_eq!(found.round_trips(), 2);

    // Nor is a foreign record in the answer section.
    let mut plan = Plan::new("example.com:5061".parse().unwrap(), Policy::room_os());
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    for question in questions {
        let answers = match question.kind() {
            QuestionKind::A => vec![record("attacker.example.net 60 A 203.0.113.1")],
            _ => vec![],
        };
        let additionals = vec![record("example.com 60 A 203.0.113.1")];
        plan.answer(
            &question,
            Reply::Records(Response::new(answers).with_additionals(additionals)),
        );
    }
    assert_eq!(plan.step(), Step::Done);
    let failure = plan.finish(&mut Counter(0)).unwrap_err();
    assert_eq!(failure.error(), ResolveError::NotFound);
}

#[test]
fn without_naptr_each_policy_looks_for_its_own_services() {
    let zone = "
        _sip._tls.example.com 60 SRV 10 0 5061 tls.example.com
        _sips._tcp.example.com 60 SRV 10 0 5061 sips.example.com
        tls.example.com 60 A 192.0.2.1
        sips.example.com 60 A 192.0.2.2
    ";
    let hops = |policy| Zone::new(zone).hops("example.com", policy).unwrap();
    assert_eq!(
        hops(Policy::room_os()),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
    assert_eq!(
        hops(Policy::tls_only()),
        ["TLS 192.0.2.2:5061 as example.com"]
    );
}

#[test]
fn without_srv_the_addresses_of_the_domain_are_taken_at_the_default_port() {
    let zone = "example.com 60 A 192.0.2.1";
    assert_eq!(
        room_os(zone).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
    assert_eq!(
        standard(zone).unwrap(),
        ["UDP 192.0.2.1:5060 as example.com"]
    );
    let found = Zone::new(zone)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    assert_eq!((found.round_trips(), found.hops()[0].priority()), (1, 0));
}

#[test]
fn plaintext_services_do_not_exist_under_a_tls_policy() {
    let zone = "
        _sip._udp.example.com 60 SRV 10 0 5060 one.example.com
        _sip._tcp.example.com 60 SRV 10 0 5060 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    assert_eq!(room_os(zone), Err(ResolveError::NotFound));
    assert_eq!(
        standard(zone).unwrap(),
        ["TCP 192.0.2.1:5060 as example.com"]
    );
    let sips = Zone::new(zone).hops("sips:example.com", Policy::standard());
    assert_eq!(sips, Err(ResolveError::NotFound));
}

#[test]
fn naptr_without_tls_is_an_error_of_its_own_unless_told_otherwise() {
    let zone = r#"
        example.com 60 NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.example.com
        _sip._udp.example.com 60 SRV 10 0 5060 one.example.com
        example.com 60 A 192.0.2.9
        one.example.com 60 A 192.0.2.1
    "#;
    assert_eq!(room_os(zone), Err(ResolveError::NoTlsService));
    let ignore = Policy::room_os().with_naptr_without_tls(NaptrWithoutTls::Ignore);
    assert_eq!(
        Zone::new(zone).hops("example.com", ignore).unwrap(),
        ["TLS 192.0.2.9:5061 as example.com"]
    );
    assert_eq!(
        standard(zone).unwrap(),
        ["UDP 192.0.2.1:5060 as example.com"]
    );
    assert_eq!(
        Zone::new(zone).hops("sips:example.com", Policy::standard()),
        Err(ResolveError::NoTlsService)
    );
}

#[test]
fn naptr_about_other_things_is_as_none() {
    let zone = r#"
        example.com 60 NAPTR 10 10 "u" "E2U+sip" "!^.*$!sip:x@example.net!" .
        example.com 60 NAPTR 10 10 "u" "SIPS+D2T" "!^.*$!sips:x@example.net!" .
        example.com 60 NAPTR 10 10 "s" "AAA+D2T" "" _diameter._tcp.example.com
        example.com 60 A 192.0.2.1
    "#;
    assert_eq!(
        room_os(zone).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
}

#[test]
fn naptr_with_expression_and_replacement_is_malformed() {
    let broken = r#"
        example.com 60 NAPTR 10 10 "s" "SIPS+D2T" "!x!y!" _sips._tcp.example.com
        _sips._tcp.example.com 60 SRV 10 0 5061 one.example.com
        example.com 60 A 192.0.2.9
        one.example.com 60 A 192.0.2.1
    "#;
    // Room OS looks for another service than that which it meant, and then for addresses.
    assert_eq!(
        room_os(broken).unwrap(),
        ["TLS 192.0.2.9:5061 as example.com"]
    );
    let beside = format!(
        r#"{broken}
        example.com 60 NAPTR 20 10 "s" "SIPS+D2T" "" _sips._tcp.example.com"#
    );
    assert_eq!(
        room_os(&beside).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
}

#[test]
fn naptr_flags_and_services_are_read_without_regard_to_case() {
    let zone = r#"
        Example.COM 60 NAPTR 10 10 "S" "sips+d2t" "" _sips._TCP.example.com
        _sips._tcp.example.com 60 SRV 10 0 5061 ONE.example.com
        one.example.com 60 A 192.0.2.1
    "#;
    assert_eq!(
        room_os(zone).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
    let to_addresses = r#"
        example.com 60 NAPTR 10 10 "A" "SIPS+D2T" "" one.example.com
        one.example.com 60 A 192.0.2.1
    "#;
    assert_eq!(
        room_os(to_addresses).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
}

#[test]
fn naptr_order_counts_before_preference_and_a_dangling_one_is_passed_over() {
    let zone = r#"
        example.com 60 NAPTR 20 1 "s" "SIPS+D2T" "" _sips._tcp.third.example.com
        example.com 60 NAPTR 10 30 "s" "SIPS+D2T" "" _sips._tcp.second.example.com
        example.com 60 NAPTR 10 20 "s" "SIPS+D2T" "" _sips._tcp.first.example.com
        _sips._tcp.third.example.com 60 SRV 1 0 5061 third.example.com
        _sips._tcp.second.example.com 60 SRV 1 0 5061 second.example.com
        third.example.com 60 A 192.0.2.3
        second.example.com 60 A 192.0.2.2
    "#;
    assert_eq!(
        room_os(zone).unwrap(),
        ["TLS 192.0.2.2:5061 as example.com"]
    );
    let found = Zone::new(zone)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    let dangles = TraceEvent::Noted(Note::NaptrDangles(
        "_sips._tcp.first.example.com".parse().unwrap(),
    ));
    assert!(
        found
            .trace()
            .entries()
            .iter()
            .any(|entry| *entry.event() == dangles)
    );
}

#[test]
fn a_dangling_tls_rule_does_not_lead_to_plaintext_or_to_guesses() {
    let zone = r#"
        example.com 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.example.com
        example.com 60 NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.example.com
        _sip._udp.example.com 60 SRV 10 0 5060 one.example.com
        one.example.com 60 A 192.0.2.1
        example.com 60 A 192.0.2.9
    "#;
    assert_eq!(room_os(zone), Err(ResolveError::NotFound));
    let found = Zone::new(zone).hops("example.com", Policy::standard());
    assert_eq!(found, Err(ResolveError::NotFound));
}

#[test]
fn naptr_that_fails_or_is_dropped_does_not_stand_in_the_way() {
    for failure in ["servfail", "silent"] {
        let zone = format!(
            "example.com NAPTR {failure}
            _sip._tls.example.com 60 SRV 10 0 5061 one.example.com
            one.example.com 60 A 192.0.2.1"
        );
        assert_eq!(
            room_os(&zone).unwrap(),
            ["TLS 192.0.2.1:5061 as example.com"]
        );
    }
}

#[test]
fn srv_that_fails_is_temporary_and_no_reason_to_take_addresses() {
    for failure in ["servfail", "silent"] {
        let zone = format!(
            "_sip._tls.example.com SRV {failure}
            example.com 60 A 192.0.2.1"
        );
        assert_eq!(room_os(&zone), Err(ResolveError::Temporary), "{failure}");
        let outcome = Zone::new(&zone).resolve("example.com", Policy::room_os());
        assert!(outcome.unwrap_err().is_temporary());
    }
}

#[test]
fn one_family_is_enough_and_none_is_temporary() {
    let one = "
        example.com AAAA silent
        example.com 60 A 192.0.2.1
    ";
    assert_eq!(room_os(one).unwrap(), ["TLS 192.0.2.1:5061 as example.com"]);
    let none = "
        example.com AAAA servfail
        example.com A silent
    ";
    assert_eq!(room_os(none), Err(ResolveError::Temporary));
}

#[test]
fn the_target_root_means_decidedly_not_available() {
    let zone = "
        _sip._tls.example.com 60 SRV 0 0 0 .
        example.com 60 A 192.0.2.1
    ";
    assert_eq!(room_os(zone), Err(ResolveError::ServiceNotAvailable));
    let beside = "
        _sip._tls.example.com 60 SRV 0 0 0 .
        _sip._tls.example.com 60 SRV 10 0 5061 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    assert_eq!(
        room_os(beside).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
    let next = "
        _sips._tcp.example.com 60 SRV 0 0 0 .
        _sip._tcp.example.com 60 SRV 10 0 5060 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    assert_eq!(
        standard(next).unwrap(),
        ["TCP 192.0.2.1:5060 as example.com"]
    );
}

#[test]
fn a_server_without_port_or_address_is_left_out() {
    let zone = "
        _sip._tls.example.com 60 SRV 10 0 0 one.example.com
        _sip._tls.example.com 60 SRV 10 0 5061 nowhere.example.com
        _sip._tls.example.com 60 SRV 20 0 5061 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    assert_eq!(
        room_os(zone).unwrap(),
        ["TLS 192.0.2.1:5061 as example.com"]
    );
    let nothing = "
        _sip._tls.example.com 60 SRV 10 0 5061 nowhere.example.com
        example.com 60 A 192.0.2.1
    ";
    assert_eq!(room_os(nothing), Err(ResolveError::NotFound));
}

#[test]
fn the_same_server_twice_counts_once_with_its_best_priority() {
    let zone = "
        _sip._tls.example.com 60 SRV 30 0 5061 one.example.com
        _sip._tls.example.com 60 SRV 10 0 5061 one.example.com
        _sip._tls.example.com 60 SRV 20 0 5061 alias.example.com
        one.example.com 60 A 192.0.2.1
        alias.example.com 60 CNAME one.example.com
    ";
    let found = Zone::new(zone)
        .resolve("example.com", Policy::room_os())
        .unwrap();
    assert_eq!(found.hops().len(), 1);
    assert_eq!(found.hops()[0].priority(), 10);
}

#[test]
fn numeric_hosts_and_explicit_ports_and_transports_follow_the_standard() {
    let zone = Zone::new(
        r#"
        example.com 60 NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.example.com
        _sips._tcp.example.com 60 SRV 10 0 5081 sips.example.com
        _sip._tcp.example.com 60 SRV 10 0 5082 tcp.example.com
        sips.example.com 60 A 192.0.2.2
        tcp.example.com 60 A 192.0.2.3
        example.com 60 A 192.0.2.1
        gateway.example.com 60 A 192.0.2.4
        "#,
    );
    let standard = Policy::standard();
    for (target, hop, questions) in [
        ("sips:192.0.2.7", "TLS 192.0.2.7:5061 as 192.0.2.7", 0),
        (
            "sip:192.0.2.7;transport=tls",
            "TLS 192.0.2.7:5061 as 192.0.2.7",
            0,
        ),
        ("sip:192.0.2.7", "UDP 192.0.2.7:5060 as 192.0.2.7", 0),
        (
            "sip:[2001:db8::7]:5070",
            "UDP [2001:db8::7]:5070 as 2001:db8::7",
            0,
        ),
        (
            "sips:example.com:5071",
            "TLS 192.0.2.1:5071 as example.com",
            2,
        ),
        (
            "sip:example.com:5071",
            "UDP 192.0.2.1:5071 as example.com",
            2,
        ),
        (
            "sip:example.com;transport=tcp",
            "TCP 192.0.2.3:5082 as example.com",
            5,
        ),
        (
            "sip:example.com;transport=udp",
            "UDP 192.0.2.1:5060 as example.com",
            3,
        ),
        (
            "sip:example.com;transport=tls",
            "TLS 192.0.2.2:5081 as example.com",
            5,
        ),
        (
            "sip:example.com;maddr=192.0.2.8",
            "UDP 192.0.2.8:5060 as example.com",
            0,
        ),
        (
            "sip:example.com:5071;maddr=gateway.example.com",
            "UDP 192.0.2.4:5071 as example.com",
            2,
        ),
        (
            "sips:example.com;maddr=192.0.2.8",
            "TLS 192.0.2.8:5061 as example.com",
            0,
        ),
        (
            "sips:example.com;maddr=192.0.2.8;transport=tcp",
            "TLS 192.0.2.8:5061 as example.com",
            0,
        ),
        (
            "sips:example.com:5071;maddr=gateway.example.com",
            "TLS 192.0.2.4:5071 as example.com",
            2,
        ),
    ] {
        let found = zone.resolve(target, standard).unwrap();
        assert_eq!(found.hops()[0].to_string(), hop, "{target}");
        assert_eq!(found.questions(), questions, "{target}:\n{}", found.trace());
    }
    for target in [
        "sip:192.0.2.7;transport=udp",
        "sip:example.com;transport=tcp",
    ] {
        let outcome = zone.hops(target, Policy::room_os());
        assert_eq!(outcome, Err(ResolveError::NoTlsService), "{target}");
    }
    let hops = zone.hops("sip:192.0.2.7", Policy::room_os()).unwrap();
    assert_eq!(hops, ["TLS 192.0.2.7:5061 as 192.0.2.7"]);
}
