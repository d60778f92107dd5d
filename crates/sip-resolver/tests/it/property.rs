//! What holds whatever name servers answer.

use std::time::Duration;

use offhook_sip_resolver::{
    DomainName, Naptr, Plan, Policy, QueryFailure, Record, RecordData, Reply, Response, Srv, Step,
    Transport,
};
use proptest::prelude::*;

use crate::zone::Counter;

fn name() -> impl Strategy<Value = DomainName> {
    prop_oneof![
        Just("example.com"),
        Just("_sip._tls.example.com"),
        Just("_sips._tcp.example.com"),
        Just("_sip._tcp.example.com"),
        Just("_sip._udp.example.com"),
        Just("one.example.com"),
        Just("two.example.com"),
        Just("evil.example.net"),
    ]
    .prop_map(|name| name.parse().unwrap())
}

fn data() -> impl Strategy<Value = RecordData> {
    let flags = prop_oneof![Just("s"), Just("S"), Just("a"), Just("u"), Just("")];
    let services = prop_oneof![
        Just("SIPS+D2T"),
        Just("SIP+D2T"),
        Just("sip+d2u"),
        Just("E2U+sip")
    ];
    let naptr = (
        0_u16..3,
        0_u16..3,
        flags,
        services,
        prop::option::of(name()),
    );
    prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| RecordData::A(octets.into())),
        any::<[u8; 16]>().prop_map(|octets| RecordData::Aaaa(octets.into())),
        name().prop_map(RecordData::Cname),
        naptr.prop_map(|(order, preference, flags, services, replacement)| {
            RecordData::Naptr(Naptr {
                order,
                preference,
                flags: flags.into(),
                services: services.into(),
                regexp: "".into(),
                replacement,
            })
        }),
        (0_u16..3, any::<u16>(), 0_u16..9, prop::option::of(name())).prop_map(
            |(priority, weight, port, target)| RecordData::Srv(Srv {
                priority,
                weight,
                port,
                target,
            })
        ),
    ]
}

fn records() -> impl Strategy<Value = Vec<(Option<DomainName>, RecordData)>> {
    prop::collection::vec((prop::option::of(name()), data()), 0..5)
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::room_os()), Just(Policy::tls_only())]
}

proptest! {
    #[test]
    fn under_a_tls_policy_every_server_is_tls_and_verified_against_the_domain(
        policy in policy(),
        replies in prop::collection::vec((records(), records(), 0_u8..8), 1..40),
        backwards: bool,
    ) {
        let mut plan = Plan::new("example.com".parse().unwrap(), policy);
        let mut replies = replies.into_iter().cycle();
        let (mut open, mut asked) = (Vec::new(), 0);
        for _ in 0..200 {
            match plan.step() {
                Step::Ask(questions) => {
                    asked += questions.len();
                    open.extend(questions);
                }
                Step::Done => break,
                Step::WaitAtMost(_) if open.is_empty() => plan.settle(),
                _ => {
                    prop_assert!(!open.is_empty(), "waits for nothing");
                    let at = if backwards { open.len() - 1 } else { 0 };
                    let question = open.remove(at);
                    let (answers, additionals, fate) = replies.next().unwrap();
                    let records = |list: Vec<(Option<DomainName>, RecordData)>| {
                        let own = |(owner, data): (Option<DomainName>, RecordData)| {
                            let owner = owner.unwrap_or_else(|| question.name().clone());
                            Record::new(owner, Duration::from_secs(60), data)
                        };
                        list.into_iter().map(own).collect()
                    };
                    let reply = match fate {
                        0 => Reply::Failed(QueryFailure::Server),
                        1 => Reply::Failed(QueryFailure::Timeout),
                        _ => Reply::Records(
                            Response::new(records(answers)).with_additionals(records(additionals)),
                        ),
                    };
                    plan.answer(&question, reply);
                }
            }
        }
        prop_assert_eq!(plan.step(), Step::Done);
        prop_assert!(asked <= Policy::MAX_QUESTIONS);
        if let Ok(found) = plan.finish(&mut Counter(1)) {
            prop_assert!(!found.hops().is_empty());
            for hop in found.hops() {
                prop_assert_eq!(hop.transport(), Transport::Tls);
                prop_assert_eq!(hop.verify(), "example.com");
                prop_assert_ne!(hop.address().port(), 0);
            }
        }
    }
}
