//! A zone in memory, from lines as of a master file, and entropy that tests can foretell.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use offhook_sip_resolver::{
    DomainName, Entropy, EntropyError, Location, Naptr, Plan, Policy, QueryFailure, Question,
    QuestionKind, Record, RecordData, Reply, Resolution, ResolveError, ResolveFailure, Response,
    Srv, Step,
};

/// How long it holds in any zone that there is nothing.
pub(crate) const NEGATIVE_TTL: Duration = Duration::from_secs(45);

/// Records, in lines such as `example.com 300 A 192.0.2.1`, and failures, in lines such as
/// `example.com SRV servfail`.
#[derive(Debug, Default)]
pub(crate) struct Zone {
    records: Vec<Record>,
    failures: HashMap<(DomainName, QuestionKind), QueryFailure>,
    /// Whether SRV and NAPTR answers bring the addresses of this zone along.
    pub(crate) adds: bool,
    /// How many octets more its answers could have had.
    pub(crate) room: Option<usize>,
}

fn target(text: &str) -> Option<DomainName> {
    (text != ".").then(|| text.parse().unwrap())
}

fn kind(text: &str) -> QuestionKind {
    match text {
        "A" => QuestionKind::A,
        "AAAA" => QuestionKind::Aaaa,
        "NAPTR" => QuestionKind::Naptr,
        "SRV" => QuestionKind::Srv,
        _ => panic!("{text}"),
    }
}

pub(crate) fn record(line: &str) -> Record {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [owner, ttl, kind, data @ ..] = &words[..] else {
        panic!("{line}");
    };
    let quoted = |text: &str| text.trim_matches('"').into();
    let data = match (*kind, data) {
        ("A", [address]) => RecordData::A(address.parse().unwrap()),
        ("AAAA", [address]) => RecordData::Aaaa(address.parse().unwrap()),
        ("CNAME", [name]) => RecordData::Cname(name.parse().unwrap()),
        ("NAPTR", [order, preference, flags, services, regexp, replacement]) => {
            RecordData::Naptr(Naptr {
                order: order.parse().unwrap(),
                preference: preference.parse().unwrap(),
                flags: quoted(flags),
                services: quoted(services),
                regexp: quoted(regexp),
                replacement: target(replacement),
            })
        }
        ("SRV", [priority, weight, port, server]) => RecordData::Srv(Srv {
            priority: priority.parse().unwrap(),
            weight: weight.parse().unwrap(),
            port: port.parse().unwrap(),
            target: target(server),
        }),
        _ => panic!("{line}"),
    };
    let ttl = Duration::from_secs(ttl.parse().unwrap());
    Record::new(owner.parse().unwrap(), ttl, data)
}

impl Zone {
    pub(crate) fn new(text: &str) -> Self {
        let mut zone = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let failure = match words.last() {
                Some(&"servfail") => QueryFailure::Server,
                Some(&"silent") => QueryFailure::Timeout,
                _ => {
                    zone.records.push(record(line));
                    continue;
                }
            };
            let question = (words[0].parse().unwrap(), kind(words[1]));
            zone.failures.insert(question, failure);
        }
        zone
    }

    /// The answer as of a server that follows aliases inside of the zone.
    pub(crate) fn reply(&self, question: &Question) -> Reply {
        let key = (question.name().clone(), question.kind());
        if let Some(failure) = self.failures.get(&key) {
            return Reply::Failed(*failure);
        }
        let mut answers = Vec::new();
        let mut name = question.name().clone();
        for _ in 0..20 {
            let own = self.records.iter().filter(|record| *record.owner() == name);
            let alias = own.clone().find_map(|record| match record.data() {
                RecordData::Cname(to) => Some((record.clone(), to.clone())),
                _ => None,
            });
            if let Some((record, to)) = alias {
                answers.push(record);
                name = to;
                continue;
            }
            let fits = own.filter(|record| {
                matches!(
                    (record.data(), question.kind()),
                    (RecordData::A(_), QuestionKind::A)
                        | (RecordData::Aaaa(_), QuestionKind::Aaaa)
                        | (RecordData::Naptr(_), QuestionKind::Naptr)
                        | (RecordData::Srv(_), QuestionKind::Srv)
                )
            });
            answers.extend(fits.cloned());
            break;
        }
        let mut additionals = Vec::new();
        if self.adds {
            let mut names: Vec<DomainName> = Vec::new();
            for record in &answers {
                match record.data() {
                    RecordData::Naptr(naptr) => names.extend(naptr.replacement.clone()),
                    RecordData::Srv(srv) => names.extend(srv.target.clone()),
                    _ => {}
                }
            }
            let added = self
                .records
                .iter()
                .filter(|record| names.contains(record.owner()));
            additionals.extend(added.cloned());
        }
        let mut response = Response::new(answers).with_additionals(additionals);
        if let Some(octets) = self.room {
            response = response.with_room(octets);
        }
        Reply::Records(response.with_negative_ttl(NEGATIVE_TTL).authoritative())
    }

    /// Goes through with a plan; `backwards` gives the answers of a round in reverse.
    fn run(&self, of: &str, policy: Policy, backwards: bool) -> Plan {
        let mut plan = Plan::new(of.parse().unwrap(), policy);
        let mut open: Vec<Question> = Vec::new();
        for _ in 0..200 {
            match plan.step() {
                Step::Ask(questions) => open.extend(questions),
                Step::Done => return plan,
                Step::WaitAtMost(_) if open.is_empty() => plan.settle(),
                Step::Wait if open.is_empty() => panic!("waits for nothing: {plan:?}"),
                _ => {
                    let at = if backwards { open.len() - 1 } else { 0 };
                    let question = open.remove(at);
                    plan.answer(&question, self.reply(&question));
                }
            }
        }
        panic!("no end: {plan:?}");
    }

    pub(crate) fn locate(&self, of: &str, policy: Policy) -> Result<Location, ResolveFailure> {
        self.run(of, policy, false).locate()
    }

    pub(crate) fn resolve(&self, of: &str, policy: Policy) -> Result<Resolution, ResolveFailure> {
        let forwards = self.run(of, policy, false).finish(&mut Counter(7));
        let backwards = self.run(of, policy, true).finish(&mut Counter(7));
        let hops = |outcome: &Result<Resolution, ResolveFailure>| match outcome {
            Ok(found) => Ok(found.hops().to_vec()),
            Err(failure) => Err(failure.error()),
        };
        assert_eq!(hops(&forwards), hops(&backwards), "order of answers");
        forwards
    }

    pub(crate) fn hops(&self, of: &str, policy: Policy) -> Result<Vec<String>, ResolveError> {
        match self.resolve(of, policy) {
            Ok(found) => Ok(found.hops().iter().map(ToString::to_string).collect()),
            Err(failure) => Err(failure.error()),
        }
    }
}

/// Some moment.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// `SplitMix64`: the same draws in each run.
pub(crate) struct Counter(pub(crate) u64);

impl Entropy for Counter {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in out.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(word ^ (word >> 31)).to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A source that is empty.
pub(crate) struct Broken;

impl Entropy for Broken {
    fn fill(&mut self, _out: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError::new())
    }
}
