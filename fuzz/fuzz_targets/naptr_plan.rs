//! Any answers of name servers, to any target under any policy: no panic, an end, no more questions
//! than allowed, and where TLS is needed nothing but TLS to the domain.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use offhook_sip_resolver::{
    AddressFallback, DomainName, Entropy, EntropyError, Families, Naptr, NaptrUse, NaptrWithoutTls,
    Plan, Policy, QueryFailure, Record, RecordData, Reply, Response, Scheme, Service, Srv, Step,
    Target, Transport,
};

const SERVICES: [&str; 6] = [
    "SIPS+D2T", "SIP+D2T", "sip+d2u", "SIPS+D2W", "SIP+D2", "E2U+sip",
];
const TARGETS: [&str; 8] = [
    "example.com",
    "sips:example.com",
    "sip:example.com",
    "sip:example.com;transport=tcp",
    "sips:example.com:5071",
    "sip:example.com:5060",
    "sip:example.com;maddr=one.example.com",
    "sip:192.0.2.1",
];
const NAMES: [&str; 9] = [
    "example.com",
    "_sip._tcp.example.com",
    "_collab-edge._tls.example.com",
    "_cisco-uds._tcp.example.com",
    "_sip._tls.example.com",
    "_sips._tcp.example.com",
    "_sip._udp.example.com",
    "one.example.com",
    "evil.example.net",
];

fn name(input: &mut Unstructured<'_>) -> arbitrary::Result<DomainName> {
    Ok(input.choose(&NAMES)?.parse().unwrap())
}

fn optional_name(input: &mut Unstructured<'_>) -> arbitrary::Result<Option<DomainName>> {
    bool::arbitrary(input)?.then(|| name(input)).transpose()
}

fn record(input: &mut Unstructured<'_>, asked: &DomainName) -> arbitrary::Result<Record> {
    let owner = optional_name(input)?.unwrap_or_else(|| asked.clone());
    let ttl = Duration::from_secs(u32::arbitrary(input)?.into());
    let data = match input.int_in_range(0..=4)? {
        0 => RecordData::A(<[u8; 4]>::arbitrary(input)?.into()),
        1 => RecordData::Aaaa(<[u8; 16]>::arbitrary(input)?.into()),
        2 => RecordData::Cname(name(input)?),
        3 => RecordData::Naptr(Naptr {
            order: u16::arbitrary(input)?,
            preference: u16::arbitrary(input)?,
            flags: (*input.choose(&["s", "S", "a", "u", ""])?).into(),
            services: (*input.choose(&SERVICES)?).into(),
            regexp: (*input.choose(&["", "!x!y!"])?).into(),
            replacement: optional_name(input)?,
        }),
        _ => RecordData::Srv(Srv {
            priority: u16::arbitrary(input)?,
            weight: u16::arbitrary(input)?,
            port: u16::arbitrary(input)?,
            target: optional_name(input)?,
        }),
    };
    Ok(Record::new(owner, ttl, data))
}

fn reply(input: &mut Unstructured<'_>, asked: &DomainName) -> arbitrary::Result<Reply> {
    if u8::arbitrary(input)? < 32 {
        return Ok(Reply::Failed(QueryFailure::Server));
    }
    let mut records = || {
        let count = input.int_in_range(0..=5)?;
        (0..count)
            .map(|_| record(input, asked))
            .collect::<arbitrary::Result<Vec<Record>>>()
    };
    let mut response = Response::new(records()?).with_additionals(records()?);
    if bool::arbitrary(input)? {
        response = response.authoritative();
    }
    if bool::arbitrary(input)? {
        response = response.with_negative_ttl(Duration::from_secs(u32::arbitrary(input)?.into()));
    }
    Ok(Reply::Records(response))
}

/// A policy, and whether it may lead to plaintext.
fn policy(input: &mut Unstructured<'_>) -> arbitrary::Result<(Policy, bool)> {
    let (mut policy, plaintext) = match input.int_in_range(0..=4)? {
        0 => (Policy::room_os(), false),
        1 => (Policy::tls_only(), false),
        2 => (Policy::collab_edge(), false),
        3 => (Policy::cisco_uds(), false),
        _ => (Policy::standard(), true),
    };
    if bool::arbitrary(input)? {
        policy = policy.with_naptr(NaptrUse::Skip);
    }
    if bool::arbitrary(input)? {
        policy = policy.with_naptr_without_tls(NaptrWithoutTls::Ignore);
    }
    if bool::arbitrary(input)? {
        policy = policy.with_addresses(AddressFallback::Allow);
    }
    if bool::arbitrary(input)? {
        policy = policy.with_services(&[Service::SipUdp, Service::SipTcp, Service::SipsTcp]);
    }
    let families = [
        Families::Ipv4Only,
        Families::Ipv6Only,
        Families::PreferIpv4,
        Families::PreferIpv6,
    ];
    policy = policy.with_families(*input.choose(&families)?);
    policy = policy.with_max_questions(input.int_in_range(0..=40)?);
    Ok((policy, plaintext))
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(0);
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let Ok((policy, plaintext)) = policy(&mut input) else {
        return;
    };
    let target: Target = input
        .choose(&TARGETS)
        .unwrap_or(&TARGETS[0])
        .parse()
        .unwrap();
    let plaintext = plaintext && target.scheme() == Scheme::Sip;
    let verify = target.host().to_string();
    let mut plan = Plan::new(target, policy);
    let (mut open, mut asked) = (Vec::new(), 0);
    for turn in 0.. {
        assert!(turn < 300, "no end");
        match plan.step() {
            Step::Ask(questions) => {
                asked += questions.len();
                open.extend(questions);
            }
            Step::Done => break,
            Step::WaitAtMost(_) if open.is_empty() => plan.settle(),
            _ => {
                let at = usize::arbitrary(&mut input).unwrap_or_default() % open.len();
                let question = open.remove(at);
                let failed = Reply::Failed(QueryFailure::Timeout);
                let reply = reply(&mut input, question.name()).unwrap_or(failed);
                plan.answer(&question, reply);
            }
        }
    }
    assert!(asked <= policy.max_questions());
    let Ok(location) = plan.locate() else {
        return;
    };
    let found = location.draw(&mut Zeros).unwrap();
    assert!(!found.hops().is_empty() && found.hops().len() <= Plan::MAX_HOPS);
    for hop in found.hops() {
        assert!(plaintext || hop.transport() == Transport::Tls);
        assert_eq!(hop.verify(), verify);
        assert_ne!(hop.address().port(), 0);
        // What is kept is kept no longer than any record that led there.
        assert!(location.holds() <= hop.ttl());
    }
});
