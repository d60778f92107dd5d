use offhook_sip_resolver::{
    AddressFallback, Families, NaptrUse, Plan, Policy, QuestionKind, Reply, ResolveError, Response,
    Service, Step, Transport,
};

use crate::plan::FULL;
use crate::zone::{Counter, Zone, record};

fn hops(zone: &str, policy: Policy) -> Result<Vec<String>, ResolveError> {
    Zone::new(zone).hops("example.com", policy)
}

#[test]
fn naptr_records_can_be_left_out() {
    let zone = format!("{FULL}\n_sip._tls.example.com 60 SRV 1 0 5069 two.example.com");
    let policy = Policy::room_os().with_naptr(NaptrUse::Skip);
    assert_eq!(
        hops(&zone, policy).unwrap(),
        ["TLS 192.0.2.2:5069 as example.com"]
    );
    let found = Zone::new(&zone).resolve("example.com", policy).unwrap();
    assert_eq!(found.questions(), 5, "{}", found.trace());
}

#[test]
fn addresses_of_the_domain_can_be_left_out() {
    let zone = "example.com 60 A 192.0.2.1";
    let policy = Policy::room_os().with_addresses(AddressFallback::Refuse);
    assert_eq!(hops(zone, policy), Err(ResolveError::NotFound));
    let found = Zone::new(zone).resolve("example.com", policy).unwrap_err();
    assert_eq!(found.trace().questions(), 3);
    // A target with a port says itself that it is a host.
    let host = Zone::new(zone).hops("example.com:5061", policy).unwrap();
    assert_eq!(host, ["TLS 192.0.2.1:5061 as example.com"]);
}

#[test]
fn families_are_chosen_and_ordered() {
    let (six, four) = (
        "TLS [2001:db8::1]:5061 as example.com",
        "TLS 192.0.2.1:5061 as example.com",
    );
    let zone = "
        example.com 60 A 192.0.2.1
        example.com 60 AAAA 2001:db8::1
    ";
    for (families, expected) in [
        (Families::PreferIpv6, vec![six, four]),
        (Families::PreferIpv4, vec![four, six]),
        (Families::Ipv4Only, vec![four]),
        (Families::Ipv6Only, vec![six]),
    ] {
        let policy = Policy::room_os().with_families(families);
        assert_eq!(hops(zone, policy).unwrap(), expected, "{families:?}");
        let mut added = Zone::new(
            "
            _sip._tls.example.com 60 SRV 10 0 5061 one.example.com
            one.example.com 60 A 192.0.2.1
            one.example.com 60 AAAA 2001:db8::1
            ",
        );
        added.adds = true;
        assert_eq!(added.hops("example.com", policy).unwrap(), expected);
    }
    let policy = Policy::room_os().with_families(Families::Ipv4Only);
    let found = Zone::new(zone).resolve("example.com", policy).unwrap();
    assert_eq!(found.questions(), 4);
}

#[test]
fn services_and_ports_can_be_given() {
    let zone = "
        _sips._tcp.example.com 60 SRV 10 0 5001 one.example.com
        _sip._tcp.example.com 60 SRV 10 0 5002 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    let services = &[Service::SipTcp, Service::SipsTcp];
    let standard = Policy::standard().with_services(services);
    assert_eq!(
        hops(zone, standard).unwrap(),
        ["TCP 192.0.2.1:5002 as example.com"]
    );
    // What is without TLS stays out where TLS is needed.
    let tls = Policy::tls_only().with_services(services);
    assert_eq!(
        hops(zone, tls).unwrap(),
        ["TLS 192.0.2.1:5001 as example.com"]
    );
    let port = Policy::room_os().with_default_port(5091);
    assert_eq!(
        hops("example.com 60 A 192.0.2.1", port).unwrap(),
        ["TLS 192.0.2.1:5091 as example.com"]
    );
}

#[test]
fn each_service_has_its_labels_and_transport() {
    for (service, labels, transport) in [
        (Service::CiscoUds, "_cisco-uds._tcp", Transport::Tls),
        (Service::CollabEdge, "_collab-edge._tls", Transport::Tls),
        (Service::SipTcp, "_sip._tcp", Transport::Tcp),
        (Service::SipTls, "_sip._tls", Transport::Tls),
        (Service::SipUdp, "_sip._udp", Transport::Udp),
        (Service::SipsTcp, "_sips._tcp", Transport::Tls),
    ] {
        assert_eq!(service.to_string(), labels);
        assert_eq!(service.transport(), transport);
    }
}

#[test]
fn the_limit_of_questions_can_be_lower() {
    let zone = Zone::new(FULL);
    for most in 0..6 {
        let policy = Policy::room_os().with_max_questions(most);
        match zone.resolve("example.com", policy) {
            Ok(found) => assert!(found.questions() <= most, "{}", found.trace()),
            Err(failure) => {
                assert_eq!(failure.error(), ResolveError::Temporary, "{most}");
                assert!(failure.trace().questions() <= most);
            }
        }
    }
}

#[test]
fn names_of_this_machine_are_not_asked_for() {
    for (target, hops) in [
        ("sips:localhost", ["TLS [::1]:5061", "TLS 127.0.0.1:5061"]),
        (
            "sip:a@sip.localhost:5070;transport=tcp",
            ["TCP [::1]:5070", "TCP 127.0.0.1:5070"],
        ),
    ] {
        let mut plan = Plan::new(target.parse().unwrap(), Policy::standard());
        assert_eq!(plan.step(), Step::Done, "{target}");
        let found = plan.finish(&mut Counter(0)).unwrap();
        for (hop, expected) in found.hops().iter().zip(hops) {
            let text = hop.to_string();
            assert!(text.starts_with(expected), "{text}");
        }
        assert_eq!(found.hops().len(), hops.len());
    }
    let mut plan = Plan::new("localhost".parse().unwrap(), Policy::cisco_uds());
    assert_eq!(plan.step(), Step::Done);
    assert!(plan.finish(&mut Counter(0)).is_err());
    let mut plan = Plan::new("notlocalhost".parse().unwrap(), Policy::standard());
    assert!(matches!(plan.step(), Step::Ask(_)));
}

#[test]
fn records_that_name_this_machine_lead_to_it_unasked() {
    let forged = "localhost 60 A 203.0.113.66\nlocalhost 60 AAAA 2001:db8::66";
    for (records, hops) in [
        (
            "_sip._tls.example.com 60 SRV 0 0 5061 localhost",
            vec!["TLS [::1]:5061", "TLS 127.0.0.1:5061"],
        ),
        (
            "example.com 60 NAPTR 0 0 a SIPS+D2T \"\" here.localhost",
            vec!["TLS [::1]:5061", "TLS 127.0.0.1:5061"],
        ),
        (
            "example.com 60 CNAME here.localhost",
            vec!["TLS [::1]:5061", "TLS 127.0.0.1:5061"],
        ),
        (
            "_sip._tls.example.com 60 CNAME _sip._tls.localhost
            _sip._tls.localhost 60 SRV 0 0 5069 evil.example.com
            example.com 60 A 192.0.2.1",
            vec!["TLS 192.0.2.1:5061"],
        ),
    ] {
        let mut zone = Zone::new(&format!("{records}\n{forged}"));
        zone.adds = true;
        let found = zone.resolve("example.com", Policy::room_os()).unwrap();
        let text = found.trace().to_string();
        assert!(!text.contains("> here.localhost"), "{text}");
        assert!(!text.contains("> localhost"), "{text}");
        assert!(!text.contains("> _sip._tls.localhost"), "{text}");
        let found: Vec<_> = found.hops().iter().map(ToString::to_string).collect();
        let expected: Vec<_> = hops
            .iter()
            .map(|hop| format!("{hop} as example.com"))
            .collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn an_alias_to_this_machine_without_an_end_in_the_answer_is_not_asked_for() {
    let mut plan = Plan::new("sips:example.com:5061".parse().unwrap(), Policy::room_os());
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    for question in questions {
        assert!(matches!(
            question.kind(),
            QuestionKind::A | QuestionKind::Aaaa
        ));
        let alias = vec![record("example.com 7 CNAME localhost")];
        plan.answer(&question, Reply::Records(Response::new(alias)));
    }
    assert_eq!(plan.step(), Step::Done);
    let found = plan.locate().unwrap();
    assert_eq!(found.holds(), std::time::Duration::from_secs(7));
}
