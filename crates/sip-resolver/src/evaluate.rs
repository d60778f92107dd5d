//! What the answers so far amount to: servers, or what is still missing.
//!
//! The evaluation starts anew after each answer and keeps no state. It asks for what it lacks and
//! says how badly it lacks it; what comes out in the end does not depend on the order in which
//! answers came.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::answer::{Answer, MAX_ALIASES};
use crate::policy::Service;
use crate::record::{Naptr, Srv};
use crate::{
    DomainName, Host, NaptrWithoutTls, Note, Policy, Question, QuestionKind, Record, RecordData,
    ResolveError, Target, Transport,
};

/// A server with its addresses, before the order within its priority is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) transport: Transport,
    pub(crate) port: u16,
    pub(crate) priority: u16,
    pub(crate) weight: u16,
    /// In the order in which they are to be tried.
    pub(crate) addresses: Vec<(IpAddr, Duration)>,
}

/// One look at the answers so far.
pub(crate) struct Evaluation<'a> {
    target: &'a Target,
    policy: &'a Policy,
    answers: &'a HashMap<Question, Answer>,
    additionals: &'a [Record],
    /// No more answers will come: what is missing has failed.
    closing: bool,
    /// What should be asked, if it has not been.
    pub(crate) wanted: Vec<Question>,
    /// Whether nothing can be said without an answer that is missing.
    pub(crate) waiting: bool,
    /// Missing answers that can be done without, and how long they are worth waiting for.
    pub(crate) spare: Vec<Question>,
    pub(crate) patience: Duration,
    pub(crate) notes: Vec<Note>,
}

/// The outcome of a look-up of a name, aliases followed.
enum Lookup<'a> {
    Empty,
    Failed,
    Found(&'a [Record], Duration),
    Loop,
    Missing(Question),
}

/// Why a step gives no servers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Nothing {
    /// There are no records here, so the next step may be taken.
    Here,
    /// This is the end of it.
    Final(ResolveError),
    /// It is too early to say.
    Yet,
}

impl<'a> Evaluation<'a> {
    pub(crate) const fn new(
        target: &'a Target,
        policy: &'a Policy,
        answers: &'a HashMap<Question, Answer>,
        additionals: &'a [Record],
        closing: bool,
    ) -> Self {
        Self {
            target,
            policy,
            answers,
            additionals,
            closing,
            wanted: Vec::new(),
            waiting: false,
            spare: Vec::new(),
            patience: Duration::ZERO,
            notes: Vec::new(),
        }
    }

    /// The servers; what comes back while answers are missing is not final.
    pub(crate) fn run(&mut self) -> Result<Vec<Server>, ResolveError> {
        match self.servers() {
            Ok(servers) => Ok(servers),
            Err(Nothing::Here) => Err(ResolveError::NotFound),
            Err(Nothing::Final(error)) => Err(error),
            Err(Nothing::Yet) => Err(ResolveError::Temporary),
        }
    }

    fn servers(&mut self) -> Result<Vec<Server>, Nothing> {
        let needs_tls = self.policy.needs_tls(self.target);
        let given = self.target.transport();
        if needs_tls && !matches!(given, None | Some(Transport::Tls)) {
            return Err(Nothing::Final(ResolveError::NoTlsService));
        }
        let plain = if needs_tls {
            Transport::Tls
        } else {
            Transport::Udp
        };
        let transport = given.unwrap_or(plain);
        let port = self.target.port();
        let domain = match self.target.looked_up() {
            Host::Address(address) => {
                let port = port.unwrap_or_else(|| transport.default_port());
                return Ok(vec![Server {
                    transport,
                    port,
                    priority: 0,
                    weight: 0,
                    addresses: vec![(*address, Duration::MAX)],
                }]);
            }
            Host::Name(domain) => domain,
        };
        // RFC 3263 section 4.2: an explicit port leaves only the addresses to be found.
        if let Some(port) = port {
            return self.host(domain, transport, port);
        }
        let services: Vec<Service> = self.policy.services(needs_tls, given).collect();
        self.race(domain, &services, given);
        // RFC 3263 section 4.1: an explicit transport needs no NAPTR records.
        if given.is_none() {
            match self.naptr(domain, needs_tls, &services) {
                Err(Nothing::Here) => {}
                outcome => return outcome,
            }
        }
        match self.services(domain, &services) {
            Err(Nothing::Here) => {}
            outcome => return outcome,
        }
        self.notes.push(Note::DomainAddresses);
        self.host(domain, transport, transport.default_port())
    }

    /// Wants everything at once that may become needed, so that it costs one round trip.
    fn race(&mut self, domain: &DomainName, services: &[Service], given: Option<Transport>) {
        let ahead = given.is_none();
        if ahead {
            self.want(domain.clone(), QuestionKind::Naptr);
        }
        let likely = self.policy.likely().filter(|_| ahead);
        for service in services.iter().copied().chain(likely) {
            if let Some(name) = domain.below(service.labels) {
                self.want(name, QuestionKind::Srv);
            }
        }
        self.want(domain.clone(), QuestionKind::Aaaa);
        self.want(domain.clone(), QuestionKind::A);
    }

    fn naptr(
        &mut self,
        domain: &DomainName,
        needs_tls: bool,
        services: &[Service],
    ) -> Result<Vec<Server>, Nothing> {
        let (records, ttl) = match self.look_up(domain, QuestionKind::Naptr) {
            Lookup::Found(records, ttl) => (records, ttl),
            Lookup::Empty => return Err(Nothing::Here),
            Lookup::Failed => {
                self.notes.push(Note::NaptrUnanswered);
                return Err(Nothing::Here);
            }
            Lookup::Loop => return Err(Nothing::Final(ResolveError::Loop)),
            Lookup::Missing(question) => {
                // Some networks drop NAPTR questions, so the answer is not waited for for ever.
                let srv_is_missing = services.iter().any(|service| {
                    let name = domain.below(service.labels);
                    name.is_some_and(|name| {
                        matches!(self.look_up(&name, QuestionKind::Srv), Lookup::Missing(_))
                    })
                });
                return Err(if srv_is_missing {
                    self.wait()
                } else {
                    self.wait_a_little(vec![question], NAPTR_PATIENCE)
                });
            }
        };
        let mut offers_sip = false;
        let mut rules = Vec::new();
        for record in records {
            let RecordData::Naptr(naptr) = record.data() else {
                continue;
            };
            match Rule::read(naptr) {
                Ok(Some(rule)) => {
                    offers_sip = true;
                    if rule.transport == Transport::Tls || !needs_tls {
                        rules.push(rule);
                    }
                }
                Ok(None) => {}
                Err(offers) => {
                    offers_sip |= offers;
                    self.notes.push(Note::NaptrMalformed);
                }
            }
        }
        if rules.is_empty() {
            if !offers_sip || !needs_tls {
                return Err(Nothing::Here);
            }
            self.notes.push(Note::NaptrWithoutTls);
            return Err(match self.policy.naptr_without_tls() {
                NaptrWithoutTls::Ignore => Nothing::Here,
                NaptrWithoutTls::Refuse => Nothing::Final(ResolveError::NoTlsService),
            });
        }
        rules.sort_by_key(|rule| rule.rank);
        self.follow(&rules, ttl)
    }

    /// The servers of the first rule that leads to any.
    fn follow(&mut self, rules: &[Rule<'_>], ttl: Duration) -> Result<Vec<Server>, Nothing> {
        let mut worst = ResolveError::NotFound;
        for rule in rules {
            let outcome = if rule.to_addresses {
                self.host(
                    rule.replacement,
                    rule.transport,
                    rule.transport.default_port(),
                )
            } else {
                self.service(rule.replacement, rule.transport)
            };
            match outcome {
                Ok(mut servers) => {
                    for (_, known) in servers.iter_mut().flat_map(|server| &mut server.addresses) {
                        *known = ttl.min(*known);
                    }
                    return Ok(servers);
                }
                Err(Nothing::Here | Nothing::Final(ResolveError::NotFound)) => {}
                Err(Nothing::Final(
                    error @ (ResolveError::Loop | ResolveError::ServiceNotAvailable),
                )) => worst = error,
                Err(other) => return Err(other),
            }
            self.notes
                .push(Note::NaptrDangles(rule.replacement.clone()));
        }
        Err(Nothing::Final(worst))
    }

    /// The servers of the first of `services` that has any.
    fn services(
        &mut self,
        domain: &DomainName,
        services: &[Service],
    ) -> Result<Vec<Server>, Nothing> {
        let mut last = Nothing::Here;
        for service in services {
            let Some(name) = domain.below(service.labels) else {
                continue;
            };
            match self.service(&name, service.transport) {
                Err(Nothing::Here) => {}
                Err(nothing @ Nothing::Final(ResolveError::ServiceNotAvailable)) => last = nothing,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    /// The servers that the SRV records of `name` give.
    fn service(&mut self, name: &DomainName, transport: Transport) -> Result<Vec<Server>, Nothing> {
        let (records, ttl) = match self.look_up(name, QuestionKind::Srv) {
            Lookup::Found(records, ttl) => (records, ttl),
            Lookup::Empty => return Err(Nothing::Here),
            Lookup::Failed => return Err(Nothing::Final(ResolveError::Temporary)),
            Lookup::Loop => return Err(Nothing::Final(ResolveError::Loop)),
            Lookup::Missing(_) => return Err(self.wait()),
        };
        let mut targets: Vec<(&Srv, &DomainName)> = Vec::new();
        let mut not_available = false;
        for record in records {
            let RecordData::Srv(srv) = record.data() else {
                continue;
            };
            match &srv.target {
                None => not_available = true,
                Some(target) if srv.port == 0 => self.notes.push(Note::NoPort(target.clone())),
                Some(target) => targets.push((srv, target)),
            }
        }
        if not_available {
            self.notes.push(Note::NotAvailable(name.clone()));
            if targets.is_empty() {
                return Err(Nothing::Final(ResolveError::ServiceNotAvailable));
            }
        }
        // The same server twice counts once, with its best priority.
        targets.sort_by_key(|(srv, _)| srv.priority);
        let mut seen = Vec::new();
        targets.retain(|(srv, target)| {
            let new = !seen.contains(&(srv.port, *target));
            seen.push((srv.port, *target));
            new
        });
        self.addresses_of(&targets, transport, ttl)
    }

    fn addresses_of(
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
                    self.notes.push(Note::NoAddress((*name).clone()));
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
            ([], _) => FAMILY_PATIENCE,
            _ => SERVER_PATIENCE,
        };
        unknown.append(&mut second_families);
        self.wait_a_little(unknown, patience);
        Ok(servers)
    }

    /// The host `name` itself as the only server.
    fn host(
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
        let mut families = [Vec::new(), Vec::new()];
        let mut found = Addresses::default();
        let asked = [QuestionKind::Aaaa, QuestionKind::A].map(|kind| self.is_asked(name, kind));
        let added: Vec<_> = self
            .additionals
            .iter()
            .filter(|record| record.owner() == name)
            .filter_map(|record| Some((address(record)?, record.ttl())))
            .collect();
        // A server that adds addresses adds those of both families.
        if asked == [false, false] && !added.is_empty() {
            let (six, four) = added
                .into_iter()
                .partition(|(address, _)| address.is_ipv6());
            families = [six, four];
        } else {
            let kinds = [QuestionKind::Aaaa, QuestionKind::A];
            for (family, kind) in families.iter_mut().zip(kinds) {
                match self.look_up(name, kind) {
                    Lookup::Found(records, ttl) => {
                        let addresses = records.iter().filter_map(address);
                        family.extend(addresses.map(|address| (address, ttl)));
                    }
                    Lookup::Empty => {}
                    Lookup::Failed => found.failed = true,
                    Lookup::Loop => found.circular = true,
                    Lookup::Missing(question) => found.missing.push(question),
                }
            }
        }
        // RFC 8305 section 4: families alternate, IPv6 first.
        let [six, four] = families;
        let (mut six, mut four) = (six.into_iter(), four.into_iter());
        loop {
            match (six.next(), four.next()) {
                (None, None) => break,
                (first, second) => found.addresses.extend(first.into_iter().chain(second)),
            }
        }
        found
    }

    fn look_up(&mut self, name: &DomainName, kind: QuestionKind) -> Lookup<'a> {
        let mut question = Question::new(name.clone(), kind);
        let mut ttl = Duration::MAX;
        for _ in 0..=MAX_ALIASES {
            match self.answers.get(&question) {
                None if kind == QuestionKind::Srv && self.added_services(&question).is_some() => {
                    let added = self.added_services(&question).unwrap_or_default();
                    let least = added.iter().map(Record::ttl).min().unwrap_or(ttl);
                    return Lookup::Found(added, ttl.min(least));
                }
                None | Some(Answer::Pending) if self.closing => return Lookup::Failed,
                None => {
                    self.want(question.name().clone(), kind);
                    return Lookup::Missing(question);
                }
                Some(Answer::Pending) => return Lookup::Missing(question),
                Some(Answer::Failed) => return Lookup::Failed,
                Some(Answer::Loop) => return Lookup::Loop,
                Some(Answer::Records(answered)) => {
                    ttl = ttl.min(answered.ttl);
                    if !answered.records.is_empty() {
                        return Lookup::Found(&answered.records, ttl);
                    }
                    if answered.end == *question.name() {
                        return Lookup::Empty;
                    }
                    question = Question::new(answered.end.clone(), kind);
                }
            }
        }
        Lookup::Loop
    }

    /// The SRV records of the additional sections, which are kept in runs of one owner.
    fn added_services(&self, question: &Question) -> Option<&'a [Record]> {
        let belongs = |record: &Record| {
            record.owner() == question.name() && record.data().answers(QuestionKind::Srv)
        };
        let start = self.additionals.iter().position(belongs)?;
        let rest = self.additionals.get(start..)?;
        let length = rest.iter().take_while(|record| belongs(record)).count();
        rest.get(..length)
    }

    fn is_asked(&self, name: &DomainName, kind: QuestionKind) -> bool {
        self.answers
            .contains_key(&Question::new(name.clone(), kind))
    }

    fn want(&mut self, name: DomainName, kind: QuestionKind) {
        let question = Question::new(name, kind);
        if !self.answers.contains_key(&question) && !self.wanted.contains(&question) {
            self.wanted.push(question);
        }
    }

    const fn wait(&mut self) -> Nothing {
        self.waiting = true;
        Nothing::Yet
    }

    fn wait_a_little(&mut self, mut questions: Vec<Question>, patience: Duration) -> Nothing {
        self.spare.append(&mut questions);
        self.patience = self.patience.max(patience);
        Nothing::Yet
    }
}

/// A NAPTR record that leads to SIP servers.
struct Rule<'a> {
    rank: (u16, u16),
    transport: Transport,
    replacement: &'a DomainName,
    /// Whether the replacement owns addresses and not SRV records.
    to_addresses: bool,
}

impl<'a> Rule<'a> {
    /// The rule, `None` if it is about something else than SIP, or whether it is about SIP if it
    /// is malformed.
    fn read(naptr: &'a Naptr) -> Result<Option<Self>, bool> {
        let is = |service: &str| naptr.services.eq_ignore_ascii_case(service);
        let transport = match () {
            () if is("SIPS+D2T") => Transport::Tls,
            () if is("SIP+D2T") => Transport::Tcp,
            () if is("SIP+D2U") => Transport::Udp,
            () => return Ok(None),
        };
        let to_addresses = match () {
            () if naptr.flags.eq_ignore_ascii_case("s") => false,
            () if naptr.flags.eq_ignore_ascii_case("a") => true,
            // An expression would make a URI, which SIP does not ask for here.
            () => return Ok(None),
        };
        // RFC 3403 section 4.1: expression and replacement exclude one another.
        match &naptr.replacement {
            Some(replacement) if naptr.regexp.is_empty() => Ok(Some(Self {
                rank: (naptr.order, naptr.preference),
                transport,
                replacement,
                to_addresses,
            })),
            _ => Err(true),
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

const fn address(record: &Record) -> Option<IpAddr> {
    match record.data() {
        RecordData::A(address) => Some(IpAddr::V4(*address)),
        RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

/// How long the second family of addresses is waited for (RFC 8305 section 3).
const FAMILY_PATIENCE: Duration = Duration::from_millis(50);
/// How long NAPTR records are waited for when everything else is there.
const NAPTR_PATIENCE: Duration = Duration::from_millis(500);
/// How long the addresses of further servers are waited for when one has addresses.
const SERVER_PATIENCE: Duration = Duration::from_millis(500);
