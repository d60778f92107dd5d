//! Answers that are not given, lead nowhere, or are too long to be whole.

use std::collections::BTreeSet;
use std::net::IpAddr;

use offhook_sip_resolver::{
    DomainName, NaptrUse, Plan, Policy, QuestionKind, Record, RecordData, Reply, ResolveError,
    Response, Srv, Step, TraceEvent,
};

use crate::plan::{room_os, standard};
use crate::zone::{Counter, Zone, record as record_of};

#[test]
fn naptr_that_is_not_answered_is_not_absent() {
    for failure in ["servfail", "silent"] {
        let elsewhere = format!(
            "example.com NAPTR {failure}
            _x._y.example.com 60 SRV 10 0 5061 one.example.com
            one.example.com 60 A 192.0.2.1"
        );
        assert_eq!(
            room_os(&elsewhere),
            Err(ResolveError::Temporary),
            "{failure}"
        );
        let dangling = format!(
            "example.com NAPTR {failure}
            _sip._tls.example.com 60 SRV 10 0 5061 one.example.com"
        );
        assert_eq!(
            room_os(&dangling),
            Err(ResolveError::Temporary),
            "{failure}"
        );
    }
    // Nor is it given up early where nothing else has been found.
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    for question in questions {
        if question.kind() != QuestionKind::Naptr {
            plan.answer(&question, Reply::Records(Response::default()));
        }
    }
    assert_eq!(plan.step(), Step::Wait);
    let failure = plan.finish(&mut Counter(0)).unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
}

#[test]
fn without_an_answer_for_naptr_no_server_is_taken_without_tls() {
    let udp = "_sip._udp.example.com 60 SRV 10 0 5060 one.example.com
        one.example.com 60 A 192.0.2.1";
    let tls = format!("_sips._tcp.example.com 60 SRV 10 0 5061 one.example.com\n{udp}");
    let address = "example.com 60 A 192.0.2.1";
    let skip = Policy::standard().with_naptr(NaptrUse::Skip);
    for failure in ["servfail", "silent"] {
        let lost = |zone: &str| format!("example.com NAPTR {failure}\n{zone}");
        for plain in [udp, address] {
            let zone = Zone::new(&lost(plain));
            let failure = zone.resolve("example.com", Policy::standard()).unwrap_err();
            assert_eq!(failure.error(), ResolveError::Temporary, "{plain}");
            let text = failure.trace().to_string();
            assert!(text.contains("left out"), "{text}");
            assert!(zone.hops("example.com", skip).is_ok(), "{plain}");
            // Where the transport is given there is nothing that NAPTR could say.
            let given = zone.hops("sip:example.com;transport=udp", Policy::standard());
            assert!(given.is_ok(), "{plain}");
        }
        let hops = ["TLS 192.0.2.1:5061 as example.com"];
        assert_eq!(standard(&lost(&tls)).unwrap(), hops);
    }
    // The whole time is given to the answer where it is needed.
    for (zone, is_needed) in [(udp, true), (address, true), (&tls, false)] {
        let zone = Zone::new(zone);
        let mut plan = Plan::new("example.com".parse().unwrap(), Policy::standard());
        let step = loop {
            match plan.step() {
                Step::Ask(questions) => {
                    for question in questions {
                        if question.kind() != QuestionKind::Naptr {
                            plan.answer(&question, zone.reply(&question));
                        }
                    }
                }
                step => break step,
            }
        };
        assert_eq!(step == Step::Wait, is_needed, "{step:?}");
    }
}

#[test]
fn records_that_lead_nowhere_lead_on_to_tls_alone() {
    let zone = "
        _sips._tcp.example.com 60 SRV 10 0 5061 nowhere.example.com
        _sip._tls.example.com 60 SRV 10 0 5061 nowhere.example.com
        _sip._tcp.example.com 60 SRV 10 0 5060 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    assert_eq!(standard(zone), Err(ResolveError::NotFound));
    for dangling in ["_sips._tcp", "_sip._tls"] {
        let zone = zone.replace(
            &format!("{dangling}.example.com 60 SRV 10 0 5061 nowhere"),
            &format!("{dangling}.example.com 60 SRV 10 0 5061 one"),
        );
        let hops = Zone::new(&zone).hops("example.com", Policy::tls_only());
        assert_eq!(hops.unwrap(), ["TLS 192.0.2.1:5061 as example.com"]);
    }
}

#[test]
fn of_many_servers_the_first_are_kept_and_the_heavy_ones() {
    let (mut by_priority, mut by_weight) = (String::new(), String::new());
    for server in 1..=100 {
        let back = 101 - server;
        by_priority += &format!("_sip._tls.example.com 60 SRV {back} 0 {back} one.example.com\n");
        by_weight +=
            &format!("_sip._tls.example.com 60 SRV 1 {server} {server} s{server}.example.com\n");
        by_weight += &format!("s{server}.example.com 60 A 192.0.2.{server}\n");
    }
    by_priority += "one.example.com 60 A 192.0.2.1\n";
    let ports = |zone: &str| {
        let found = Zone::new(zone)
            .resolve("example.com", Policy::room_os())
            .unwrap();
        let ports = found.hops().iter().map(|hop| hop.address().port());
        ports.collect::<Vec<_>>()
    };
    assert_eq!(ports(&by_priority), (1..=64).collect::<Vec<_>>());
    let kept = ports(&by_weight);
    assert!(
        kept.len() >= 13 && kept.iter().all(|weight| *weight > 80),
        "{kept:?}"
    );
}

#[test]
fn a_server_that_turns_records_about_changes_no_draw() {
    let mut lines: Vec<String> = (1..=6_u16)
        .map(|server| {
            format!(
                "_sip._tls.example.com 60 SRV 1 {} {server} one.example.com",
                server % 3
            )
        })
        .collect();
    lines.push("one.example.com 60 A 192.0.2.1".to_owned());
    let hops = |lines: &[String]| room_os(&lines.join("\n")).unwrap();
    let first = hops(&lines);
    for _ in 0..6 {
        lines.rotate_left(1);
        assert_eq!(hops(&lines), first);
    }
}

#[test]
fn addresses_that_may_not_have_fitted_are_asked_for() {
    let mut lines = String::new();
    for server in 0..8 {
        let host = format!("s{server}.a-name-that-takes-some-room.example.com");
        lines += &format!(
            "_sip._tls.example.com 60 SRV 1 0 5061 {host}\n{host} 60 A 192.0.2.{server}\n"
        );
    }
    let mut zone = Zone::new(&lines);
    zone.adds = true;
    for (room, questions) in [(None, 8), (Some(0), 8), (Some(447), 8), (Some(448), 0)] {
        zone.room = room;
        let found = zone.resolve("example.com", Policy::room_os()).unwrap();
        let asked = found.trace().entries().iter().filter(|entry| {
            matches!(entry.event(), TraceEvent::Asked { question, .. }
            if question.kind() == QuestionKind::Aaaa && question.name().as_str().starts_with('s'))
        });
        assert_eq!(asked.count(), questions, "{room:?}");
        assert_eq!(found.hops().len(), 8);
    }
}

#[test]
fn records_that_are_cut_off_are_asked_for() {
    // All of the 64 that are kept are of IPv6.
    let mut lines = String::new();
    for server in 1..=4 {
        lines += &format!(
            "_sip._tls.example.com 60 SRV {server} 0 5061 s{server}.example.com
            s{server}.example.com 60 A 192.0.2.{server}\n"
        );
        for at in 1..=16 {
            lines += &format!("s{server}.example.com 60 AAAA 2001:db8:{server}::{at}\n");
        }
    }
    let mut zone = Zone::new(&lines);
    (zone.adds, zone.room) = (true, Some(60_000));
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    let text = found.trace().to_string();
    for server in 1..=4 {
        let question = format!("> s{server}.example.com A (round 2)");
        assert!(text.contains(&question), "{text}");
    }
}

#[test]
fn servers_whose_added_addresses_are_cut_off_are_asked_for() {
    // Three messages add sixty addresses each, and those of the last hosts by name are not kept.
    let mut lines = String::new();
    for host in 1..=4 {
        lines += &format!(
            "example.com 60 NAPTR 20 {host} a SIP+D2T \"\" a{host}.example.com
            example.com 60 NAPTR 10 {host} s SIPS+D2T \"\" _sips._tcp.example.com
            _sip._tls.example.com 60 SRV {host} 0 5061 b{host}.example.com
            _sips._tcp.example.com 60 SRV {host} 0 5061 c{host}.example.com\n"
        );
        for (of, name) in ["a", "b", "c"].iter().enumerate() {
            for at in 1..=15 {
                lines += &format!("{name}{host}.example.com 60 A 192.0.{of}.{at}{host}\n");
            }
        }
    }
    let mut zone = Zone::new(&lines);
    (zone.adds, zone.room) = (true, Some(60_000));
    let hops = zone.hops("example.com", Policy::room_os()).unwrap();
    for host in 1..=4 {
        let end = format!("{host}:5061 as example.com");
        let is_of = |hop: &&String| hop.contains(" 192.0.2.") && hop.ends_with(&end);
        assert!(hops.iter().any(|hop| is_of(&hop)), "{host}: {hops:?}");
    }
}

#[test]
fn a_host_that_many_records_name_counts_once() {
    let mut lines = "one.example.com 60 A 192.0.2.1\n".to_owned();
    for port in 1..=4 {
        lines += &format!("_sip._tls.example.com 60 SRV 1 0 {port} one.example.com\n");
    }
    let mut zone = Zone::new(&lines);
    zone.adds = true;
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    assert_eq!(found.hops().len(), 4);
    // All of it has fitted, another address of the host included.
    assert_eq!(found.round_trips(), 1, "{}", found.trace());
}

#[test]
fn of_a_message_so_many_records_are_looked_at_and_no_more() {
    let name: DomainName = "_sip._tls.example.com".parse().unwrap();
    let record = |port: u16| {
        let target = format!("s{port}.example.com").parse().ok();
        let (priority, weight) = (2_000 - port, 0);
        let srv = Srv {
            priority,
            weight,
            port,
            target,
        };
        let ttl = std::time::Duration::from_secs(60);
        Record::new(name.clone(), ttl, RecordData::Srv(srv))
    };
    let records: Vec<_> = (1..=1_500).map(record).collect();
    // What may be used stands behind what may not.
    let address = |owner: &str| record_of(&format!("{owner} 60 A 192.0.2.1"));
    let mut additionals = vec![address("one.example.net"); Response::MAX_RECORDS - 1];
    additionals.extend(vec![address("one.example.com"); 2]);
    let response = Response::new(records).with_additionals(additionals);
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let Step::Ask(questions) = plan.step() else {
        panic!();
    };
    for question in questions {
        let is_srv = question.name().as_str() == "_sip._tls.example.com";
        let reply = if is_srv {
            response.clone()
        } else {
            Response::default()
        };
        plan.answer(&question, Reply::Records(reply));
    }
    let (mut most, mut most_added) = (0, 0);
    for entry in plan.locate().unwrap_err().trace().entries() {
        if let TraceEvent::Answered {
            answers,
            additionals,
            ..
        } = entry.event()
        {
            most = most.max(answers.len());
            most_added = most_added.max(*additionals);
        }
    }
    assert_eq!((most, most_added), (Response::MAX_RECORDS, 1));
}

#[test]
fn a_rule_that_fails_leads_on_to_the_next_but_not_to_one_without_tls() {
    let zone = |second: &str| {
        format!(
            "example.com 60 NAPTR 10 0 s SIPS+D2T \"\" _sips._tcp.dead.example.com
            example.com 60 NAPTR 20 0 s {second}.example.com
            _sips._tcp.dead.example.com SRV servfail
            _sips._tcp.good.example.com 60 SRV 0 0 5061 one.example.com
            _sip._udp.good.example.com 60 SRV 0 0 5060 one.example.com
            one.example.com 60 A 192.0.2.1"
        )
    };
    let tls = zone("SIPS+D2T \"\" _sips._tcp.good");
    let hops = ["TLS 192.0.2.1:5061 as example.com"];
    assert_eq!(standard(&tls).unwrap(), hops);
    assert_eq!(room_os(&tls).unwrap(), hops);
    let plain = zone("SIP+D2U \"\" _sip._udp.good");
    assert_eq!(standard(&plain), Err(ResolveError::Temporary));
    let looped = zone("SIPS+D2T \"\" _sips._tcp.loop")
        + "\n_sips._tcp.loop.example.com 60 CNAME _sips._tcp.loop.example.com";
    assert_eq!(room_os(&looped), Err(ResolveError::Temporary));
}

#[test]
fn what_was_not_asked_is_not_said_to_have_no_address() {
    let zone = Zone::new(
        "_sip._tls.example.com 60 SRV 1 0 5061 one.example.com
        _sip._tls.example.com 60 SRV 1 0 5061 two.example.com
        one.example.com 60 A 192.0.2.1
        two.example.com 60 A 192.0.2.2",
    );
    // Five at first, and two for one of the two servers.
    let policy = Policy::room_os().with_max_questions(7);
    let found = zone.resolve("example.com", policy).unwrap();
    assert_eq!(found.hops().len(), 1);
    let text = found.trace().to_string();
    assert!(
        text.contains("! two.example.com A: not asked, too many questions\n"),
        "{text}"
    );
    assert!(
        text.contains("addresses of two.example.com unknown: left out\n"),
        "{text}"
    );
    assert!(!text.contains("no address"), "{text}");
}

#[test]
fn addresses_that_no_server_has_are_left_out() {
    let zone = Zone::new(
        "_sip._tls.example.com 60 SRV 1 0 5061 one.example.com
        one.example.com 60 A 0.0.0.0
        one.example.com 60 A 224.0.0.1
        one.example.com 60 A 255.255.255.255
        one.example.com 60 A 192.0.2.1
        one.example.com 60 AAAA ::
        one.example.com 60 AAAA ff02::1
        one.example.com 60 AAAA ::ffff:192.0.2.9",
    );
    let found = zone.resolve("example.com", Policy::room_os()).unwrap();
    let hops: Vec<_> = found.hops().iter().map(ToString::to_string).collect();
    assert_eq!(hops, ["TLS 192.0.2.1:5061 as example.com"]);
    let text = found.trace().to_string();
    assert_eq!(text.matches(": left out").count(), 6, "{text}");
}

#[test]
fn a_server_with_many_addresses_leaves_room_for_others() {
    let mut lines = String::new();
    for at in 1..=70 {
        lines += &format!("many.example.com 60 A 192.0.2.{at}\n");
    }
    let alone = format!("{lines}_sip._tls.example.com 60 SRV 1 0 5061 many.example.com");
    assert_eq!(room_os(&alone).unwrap().len(), Plan::MAX_HOPS);
    let both = format!(
        "{alone}\n_sip._tls.example.com 60 SRV 2 0 5061 one.example.com
        one.example.com 60 A 198.51.100.1"
    );
    let hops = room_os(&both).unwrap();
    assert_eq!(hops.len(), 17);
    assert_eq!(hops[16], "TLS 198.51.100.1:5061 as example.com");
}

#[test]
fn of_many_addresses_the_same_are_kept_however_they_are_turned_about() {
    let address = |family: &str, at: usize| match family {
        "A" => format!("many.example.com 60 A 192.0.2.{at}"),
        _ => format!("many.example.com 60 AAAA 2001:db8::{at:x}"),
    };
    let many: &str = "_sip._tls.example.com 60 SRV 1 0 5061 many.example.com";
    let other = "_sip._tls.example.com 60 SRV 2 0 5061 one.example.com
        one.example.com 60 A 192.0.2.1
        one.example.com 60 A 198.51.100.1";
    let run = |families: &[&str], servers: &str, adds: bool| {
        let (mut sets, mut firsts) = (BTreeSet::new(), BTreeSet::new());
        for turn in 0..70 {
            let mut lines = servers.to_owned();
            for family in families {
                for at in 0..70 {
                    lines += &format!("\n{}", address(family, (at + turn) % 70 + 1));
                }
            }
            let mut zone = Zone::new(&lines);
            zone.adds = adds;
            let found = zone.resolve("example.com", Policy::room_os()).unwrap();
            let hops = found.hops().iter().map(|hop| hop.address().ip());
            let hops: Vec<_> = hops.collect();
            assert_eq!(hops.len(), hops.iter().collect::<BTreeSet<_>>().len());
            let is_turn = |pair: &[IpAddr]| pair[0].is_ipv4() != pair[1].is_ipv4();
            if families.len() == 2 {
                assert!(hops[..16].windows(2).all(is_turn), "{hops:?}");
            }
            firsts.insert(hops[0]);
            sets.insert(hops.into_iter().collect::<BTreeSet<_>>());
        }
        // The order is the name server's.
        assert!(firsts.len() > 5, "{firsts:?}");
        assert_eq!(sets.len(), 1, "{sets:?}");
        sets.pop_first().unwrap()
    };
    let both = format!("{many}\n{other}");
    for adds in [false, true] {
        for families in [&["A"][..], &["AAAA"], &["A", "AAAA"]] {
            let alone = run(families, many, adds);
            assert_eq!(alone.len(), Plan::MAX_HOPS);
            let kept = run(families, &both, adds);
            let least = IpAddr::from([192, 0, 2, 1]);
            assert!(kept.contains(&least), "{kept:?}");
            assert_eq!(kept.len(), 18 - usize::from(families.contains(&"A")));
        }
    }
}
