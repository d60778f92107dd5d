//! Records by name, aliases followed, and the addresses of hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::slice;
use std::sync::LazyLock;
use std::time::Duration;

use super::{Evaluation, Nothing, Server};
use crate::answer::Answer;
use crate::order::by_turns;
use crate::record::Srv;
use crate::{
    DomainName, Families, Note, Question, QuestionKind, Record, RecordData, ResolveError, Transport,
};

/// The outcome of a look-up of a name, aliases followed.
pub(super) enum Lookup<'a> {
    Empty,
    Failed,
    Found(&'a [Record], Duration),
    Loop,
    Missing(Question),
}

impl<'a> Evaluation<'a> {
    pub(super) fn look_up(&mut self, name: &DomainName, kind: QuestionKind) -> Lookup<'a> {
        let mut question = Question::new(name.clone(), kind);
        let mut ttl = Duration::MAX;
        // An alias that leads back to a name costs no question, and counts all the same.
        for _ in 0..=MAX_ASKED_ALIASES {
            if question.name().is_local() {
                return self.local(kind, ttl);
            }
            match self.answers.get(&question) {
                None => {
                    if let Some(added) = self.added(&question) {
                        return self.found(added, ttl);
                    }
                    if self.closing {
                        return self.failed();
                    }
                    self.want(question.name().clone(), kind);
                    return Lookup::Missing(question);
                }
                Some(Answer::Pending) if self.closing => return self.failed(),
                Some(Answer::Pending) => return Lookup::Missing(question),
                Some(Answer::Failed) => return self.failed(),
                Some(Answer::Loop(around)) => return self.circular(ttl.min(*around)),
                Some(Answer::Records(answered)) => {
                    ttl = ttl.min(answered.ttl);
                    if !answered.records.is_empty() {
                        return self.found(&answered.records, ttl);
                    }
                    let Some(next) = &answered.next else {
                        self.holds = self.holds.min(ttl);
                        return Lookup::Empty;
                    };
                    question = Question::new(next.clone(), kind);
                }
            }
        }
        self.circular(ttl)
    }

    /// RFC 6761 section 6.3: names of this machine are nothing to ask a name server for, and have
    /// nothing but addresses.
    fn local(&mut self, kind: QuestionKind, ttl: Duration) -> Lookup<'a> {
        let [four, six] = &*LOOPBACK;
        match kind {
            QuestionKind::A => self.found(slice::from_ref(four), ttl),
            QuestionKind::Aaaa => self.found(slice::from_ref(six), ttl),
            QuestionKind::Naptr | QuestionKind::Srv => {
                self.holds = self.holds.min(ttl);
                Lookup::Empty
            }
        }
    }

    fn found(&mut self, records: &'a [Record], ttl: Duration) -> Lookup<'a> {
        let least = records.iter().map(Record::ttl).min();
        let ttl = least.map_or(ttl, |least| least.min(ttl));
        self.holds = self.holds.min(ttl);
        Lookup::Found(records, ttl)
    }

    /// A circle is somebody's mistake, and kept no longer than a failure, nor than its aliases.
    fn circular(&mut self, ttl: Duration) -> Lookup<'a> {
        self.holds = self.holds.min(ttl).min(FAILURE_TTL);
        Lookup::Loop
    }

    fn failed(&mut self) -> Lookup<'a> {
        self.holds = self.holds.min(FAILURE_TTL);
        Lookup::Failed
    }

    /// Records of the additional sections, which are sorted by owner and kind.
    fn added(&self, question: &Question) -> Option<&'a [Record]> {
        let by_place = |record: &Record| {
            let by_owner = record.owner().cmp(question.name());
            by_owner.then_with(|| record.data().rank().cmp(&question.kind().rank()))
        };
        let before = |record: &Record| by_place(record).is_lt();
        let (_, rest) = self
            .additionals
            .split_at(self.additionals.partition_point(before));
        let length = rest.partition_point(|record| by_place(record).is_eq());
        rest.get(..length).filter(|found| !found.is_empty())
    }

    /// The servers that SRV records name, with their addresses.
    pub(super) fn addresses_of(
        &mut self,
        targets: &[(&Srv, &DomainName)],
        transport: Transport,
        ttl: Duration,
    ) -> Result<Vec<Server>, Nothing> {
        let mut servers = Vec::new();
        let (mut second_families, mut unknown) = (Vec::new(), Vec::new());
        let mut worst = ResolveError::NotFound;
        for (srv, name) in targets {
            let mut found = self.addresses(name);
            if found.addresses.is_empty() {
                if found.missing.is_empty() {
                    self.notes.push(match found.failed {
                        true => Note::Unanswered((*name).clone()),
                        false => Note::NoAddress((*name).clone()),
                    });
                }
                unknown.append(&mut found.missing);
                worst = found.worse_than(worst);
                continue;
            }
            second_families.append(&mut found.missing);
            for (_, known) in &mut found.addresses {
                *known = ttl.min(*known);
            }
            servers.push(Server {
                transport,
                host: Some((*name).clone()),
                port: srv.port,
                priority: srv.priority,
                weight: srv.weight,
                addresses: found.addresses,
            });
        }
        if servers.is_empty() && unknown.is_empty() {
            return Err(Nothing::Final(worst));
        }
        if servers.is_empty() {
            return Err(self.wait());
        }
        let patience = match (&*unknown, &*second_families) {
            ([], []) => return Ok(servers),
            // To a device without IPv6 a server without its IPv4 addresses is none.
            ([], missing) if missing.iter().all(|one| one.kind() == QuestionKind::Aaaa) => {
                FAMILY_PATIENCE
            }
            _ => SERVER_PATIENCE,
        };
        unknown.append(&mut second_families);
        self.wait_a_little(unknown, patience);
        Ok(servers)
    }

    /// The host `name` itself as the only server.
    pub(super) fn host(
        &mut self,
        name: &DomainName,
        transport: Transport,
        port: u16,
    ) -> Result<Vec<Server>, Nothing> {
        let srv = Srv {
            priority: 0,
            weight: 0,
            port,
            target: None,
        };
        self.addresses_of(&[(&srv, name)], transport, Duration::MAX)
    }

    fn addresses(&mut self, name: &DomainName) -> Addresses {
        let mut found = Addresses::default();
        let kinds = kinds(self.policy.families());
        let mut families = [Vec::new(), Vec::new()];
        for (family, kind) in families.iter_mut().zip(kinds) {
            let question = Question::new(name.clone(), *kind);
            let is_known = self.answers.contains_key(&question) || self.added(&question).is_some();
            if !is_known && self.complete.contains(name) {
                continue;
            }
            match self.look_up(name, *kind) {
                Lookup::Found(records, ttl) => {
                    for address in records.iter().filter_map(address) {
                        match is_possible(address) {
                            true => family.push((address, ttl)),
                            false => self.notes.push(Note::NoServer(address)),
                        }
                    }
                }
                Lookup::Empty => {}
                Lookup::Failed => found.failed = true,
                Lookup::Loop => found.circular = true,
                Lookup::Missing(question) => found.missing.push(question),
            }
        }
        // RFC 8305 section 4: families alternate.
        let [first, second] = families;
        found.addresses = by_turns(first, second);
        found
    }

    pub(super) fn want(&mut self, name: DomainName, kind: QuestionKind) {
        let question = Question::new(name, kind);
        if question.name().is_local() {
            return;
        }
        if !self.answers.contains_key(&question) && !self.wanted.contains(&question) {
            self.wanted.push(question);
        }
    }
}

/// The addresses of a host, as far as they are known.
#[derive(Default)]
struct Addresses {
    addresses: Vec<(IpAddr, Duration)>,
    missing: Vec<Question>,
    failed: bool,
    circular: bool,
}

impl Addresses {
    /// The reason for there being none: a failure may pass, so it counts most.
    const fn worse_than(&self, other: ResolveError) -> ResolveError {
        if self.failed || matches!(other, ResolveError::Temporary) {
            ResolveError::Temporary
        } else if self.circular {
            ResolveError::Loop
        } else {
            other
        }
    }
}

/// The kinds of addresses to look for, in the order in which they take turns.
pub(super) const fn kinds(families: Families) -> &'static [QuestionKind] {
    match families {
        Families::Ipv4Only => &[QuestionKind::A],
        Families::Ipv6Only => &[QuestionKind::Aaaa],
        Families::PreferIpv4 => &[QuestionKind::A, QuestionKind::Aaaa],
        Families::PreferIpv6 => &[QuestionKind::Aaaa, QuestionKind::A],
    }
}

/// Whether a server can have it. To the kernel an unspecified one is this machine, and one of IPv4
/// inside of IPv6 is another family than that which was asked for.
fn is_possible(address: IpAddr) -> bool {
    let is_other = match address {
        IpAddr::V4(address) => address.is_broadcast(),
        IpAddr::V6(address) => address.to_ipv4_mapped().is_some(),
    };
    !is_other && !address.is_unspecified() && !address.is_multicast()
}

const fn address(record: &Record) -> Option<IpAddr> {
    match record.data() {
        RecordData::A(address) => Some(IpAddr::V4(*address)),
        RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

/// The addresses of this machine.
static LOOPBACK: LazyLock<[Record; 2]> = LazyLock::new(|| {
    [
        RecordData::A(Ipv4Addr::LOCALHOST),
        RecordData::Aaaa(Ipv6Addr::LOCALHOST),
    ]
    .map(|data| Record::new(DomainName::localhost(), Duration::MAX, data))
});

/// How long IPv6 addresses are waited for beside those of IPv4 (RFC 8305 section 3).
const FAMILY_PATIENCE: Duration = Duration::from_millis(50);
/// How long the addresses of further servers, and those of IPv4 beside those of IPv6, are waited for.
const SERVER_PATIENCE: Duration = Duration::from_millis(500);
/// How many aliases in a row are followed of which each has to be asked for. Name servers give all aliases
/// at once that they know of; where one gives them singly, each kind of records follows its own, and a
/// circle of both families, or of NAPTR records beside all else that is asked at once, ends within twelve
/// questions.
const MAX_ASKED_ALIASES: usize = 5;
/// How long that a question failed, or leads in a circle, may be kept; RFC 2308 section 7.1 allows five minutes.
const FAILURE_TTL: Duration = Duration::from_secs(30);
