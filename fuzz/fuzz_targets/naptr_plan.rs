//! Any answers of name servers: no panic, an end, and under the Room OS policy nothing but TLS to
//! the domain.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::arbitrary::{self, Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use offhook_sip_resolver::{
    DomainName, Entropy, EntropyError, Naptr, Plan, Policy, QueryFailure, Record, RecordData,
    Reply, Response, Srv, Step, Transport,
};

const NAMES: [&str; 6] = [
    "example.com",
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
    let data = match input.int_in_range(0..=4)? {
        0 => RecordData::A(<[u8; 4]>::arbitrary(input)?.into()),
        1 => RecordData::Aaaa(<[u8; 16]>::arbitrary(input)?.into()),
        2 => RecordData::Cname(name(input)?),
        3 => RecordData::Naptr(Naptr {
            order: u16::arbitrary(input)?,
            preference: u16::arbitrary(input)?,
            flags: (*input.choose(&["s", "S", "a", "u", ""])?).into(),
            services: (*input.choose(&["SIPS+D2T", "SIP+D2T", "SIP+D2U", "E2U+sip"])?).into(),
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
    Ok(Record::new(owner, Duration::from_secs(60), data))
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
    let response = Response::new(records()?).with_additionals(records()?);
    Ok(Reply::Records(response))
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
    let mut plan = Plan::new("example.com".parse().unwrap(), Policy::room_os());
    let mut open = Vec::new();
    for turn in 0.. {
        assert!(turn < 200, "no end");
        match plan.step() {
            Step::Ask(questions) => open.extend(questions),
            Step::Done => break,
            Step::WaitAtMost(_) if open.is_empty() => plan.settle(),
            _ => {
                let question = open.remove(0);
                let failed = Reply::Failed(QueryFailure::Timeout);
                let reply = reply(&mut input, question.name()).unwrap_or(failed);
                plan.answer(&question, reply);
            }
        }
    }
    if let Ok(found) = plan.finish(&mut Zeros) {
        for hop in found.hops() {
            assert_eq!(hop.transport(), Transport::Tls);
            assert_eq!(hop.verify(), "example.com");
        }
    }
});
