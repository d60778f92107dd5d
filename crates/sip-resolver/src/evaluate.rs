//! What the answers so far amount to: servers, or what is still missing.
//!
//! The evaluation starts anew after each answer and keeps no state. It asks for what it lacks and
//! says how badly it lacks it; what comes out in the end does not depend on the order in which
//! answers came, as long as they agree. Where an additional record contradicts an answer, the answer
//! counts if it was asked for before the record came, and else it is not asked for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::answer::Answer;
use crate::record::Srv;
use crate::rule::{End, Reading, Rule};
use crate::{
    AddressFallback, DomainName, Host, NaptrUse, NaptrWithoutTls, Note, Policy, Question,
    QuestionKind, Record, RecordData, ResolveError, Service, Target, Transport,
};
use lookup::{Lookup, kinds};

mod lookup;

/// A server with its addresses, before the order within its priority is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) transport: Transport,
    /// The name that the addresses belong to.
    pub(crate) host: Option<DomainName>,
    pub(crate) port: u16,
    pub(crate) priority: u16,
    pub(crate) weight: u16,
    /// In the order in which they are to be tried.
    pub(crate) addresses: Vec<(IpAddr, Duration)>,
}

impl Server {
    fn is_plain(&self) -> bool {
        self.transport != Transport::Tls
    }
}

/// What is known to a [`Plan`](crate::Plan).
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) answers: &'a HashMap<Question, Answer>,
    pub(crate) additionals: &'a [Record],
    pub(crate) complete: &'a [DomainName],
    /// No more answers will come: what is missing has failed.
    pub(crate) closing: bool,
}

/// One look at the answers so far.
pub(crate) struct Evaluation<'a> {
    target: &'a Target,
    policy: &'a Policy,
    answers: &'a HashMap<Question, Answer>,
    additionals: &'a [Record],
    complete: &'a [DomainName],
    closing: bool,
    /// What should be asked, if it has not been.
    pub(crate) wanted: Vec<Question>,
    /// Whether nothing can be said without an answer that is missing.
    pub(crate) waiting: bool,
    /// Missing answers that can be done without, and how long they are worth waiting for.
    pub(crate) spare: Vec<Question>,
    pub(crate) patience: Duration,
    /// How long everything that was looked at holds, that there is nothing included.
    pub(crate) holds: Duration,
    pub(crate) notes: Vec<Note>,
    /// Whether servers may have been missed for want of NAPTR records.
    naptr_failed: bool,
    /// Whether NAPTR records are for TLS and lead nowhere.
    tls_only: bool,
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
    pub(crate) const fn new(target: &'a Target, policy: &'a Policy, known: Known<'a>) -> Self {
        Self {
            target,
            policy,
            answers: known.answers,
            additionals: known.additionals,
            complete: known.complete,
            closing: known.closing,
            wanted: Vec::new(),
            waiting: false,
            spare: Vec::new(),
            patience: Duration::ZERO,
            holds: Duration::MAX,
            notes: Vec::new(),
            naptr_failed: false,
            tls_only: false,
        }
    }

    /// The servers; what comes back while answers are missing is not final.
    pub(crate) fn run(&mut self) -> Result<Vec<Server>, ResolveError> {
        match self.servers() {
            // The NAPTR records might have led to TLS, which whoever drops one message on the way could
            // so turn off.
            Ok(servers) if self.naptr_failed && servers.iter().any(Server::is_plain) => {
                self.notes.push(Note::NaptrMayNeedTls);
                Err(ResolveError::Temporary)
            }
            Ok(servers) => Ok(servers),
            // What was not answered is not absent.
            Err(Nothing::Here | Nothing::Final(ResolveError::NotFound)) if self.naptr_failed => {
                Err(ResolveError::Temporary)
            }
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
                let port = port.unwrap_or_else(|| self.policy.default_port(transport));
                return Ok(vec![Server {
                    transport,
                    host: None,
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
        self.race(domain, &services);
        if self.asks_naptr() {
            match self.naptr(domain, transport, &services) {
                Err(Nothing::Here) => {}
                outcome => return outcome,
            }
        }
        match self.services(domain, &services) {
            Err(Nothing::Here) => {}
            outcome => return outcome,
        }
        let is_plain = transport != Transport::Tls;
        if self.policy.addresses() == AddressFallback::Refuse || self.tls_only && is_plain {
            return Err(Nothing::Here);
        }
        self.notes.push(Note::DomainAddresses);
        self.host(domain, transport, self.policy.default_port(transport))
    }

    /// RFC 3263 section 4.1: an explicit transport needs no NAPTR records.
    fn asks_naptr(&self) -> bool {
        self.target.transport().is_none() && self.policy.naptr() == NaptrUse::Follow
    }

    /// Wants everything at once that may become needed, so that it costs one round trip.
    fn race(&mut self, domain: &DomainName, services: &[Service]) {
        let naptr = self.asks_naptr();
        if naptr {
            self.want(domain.clone(), QuestionKind::Naptr);
        }
        let likely = self.policy.likely().filter(|_| naptr);
        for service in services.iter().copied().chain(likely) {
            if let Some(name) = domain.below(service.labels()) {
                self.want(name, QuestionKind::Srv);
            }
        }
        if self.policy.addresses() == AddressFallback::Allow {
            for kind in kinds(self.policy.families()) {
                self.want(domain.clone(), *kind);
            }
        }
    }

    fn naptr(
        &mut self,
        domain: &DomainName,
        plain: Transport,
        services: &[Service],
    ) -> Result<Vec<Server>, Nothing> {
        let needs_tls = self.policy.needs_tls(self.target);
        let (records, ttl) = match self.look_up(domain, QuestionKind::Naptr) {
            Lookup::Found(records, ttl) => (records, ttl),
            Lookup::Empty => return Err(Nothing::Here),
            Lookup::Failed => {
                self.naptr_failed = true;
                self.notes.push(Note::NaptrUnanswered);
                return Err(Nothing::Here);
            }
            Lookup::Loop => return Err(Nothing::Final(ResolveError::Loop)),
            Lookup::Missing(question) => {
                // Some networks drop NAPTR questions, so the answer is not waited for for ever
                // where there are servers without it.
                return Err(if self.has_others(domain, plain, services) {
                    self.wait_a_little(vec![question], NAPTR_PATIENCE)
                } else {
                    self.wait()
                });
            }
        };
        let mut offers_sip = false;
        let mut rules = Vec::new();
        for record in records {
            let RecordData::Naptr(naptr) = record.data() else {
                continue;
            };
            let rule = match Reading::of(naptr) {
                Reading::Other => continue,
                Reading::Rule(rule) => rule,
                Reading::Unsupported => {
                    offers_sip = true;
                    continue;
                }
            };
            match rule.end {
                End::Addresses(_) | End::Servers(_) => offers_sip = true,
                End::Malformed => {
                    offers_sip = true;
                    self.notes.push(Note::NaptrMalformed);
                }
                End::OtherFlags => self.notes.push(Note::NaptrOtherFlags),
            }
            if rule.transport == Transport::Tls || !needs_tls {
                rules.push(rule);
            }
        }
        if !rules.iter().any(|rule| rule.end.is_somewhere()) {
            // Records for TLS are no reason to do without it, whatever is wrong with them.
            self.tls_only = rules.iter().any(|rule| rule.transport == Transport::Tls);
            // They want TLS, and say as little about how as if there were none.
            if self.tls_only || !offers_sip || !needs_tls {
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

    /// Whether all steps after NAPTR are answered, and lead to something that may be had without it.
    fn has_others(&mut self, domain: &DomainName, plain: Transport, services: &[Service]) -> bool {
        let mut found = None;
        // Aliases of the others are followed when it is known that they matter, as a circle of all kinds
        // would cost a multiple of what one costs.
        let wanted = self.wanted.len();
        for service in services {
            let Some(name) = domain.below(service.labels()) else {
                continue;
            };
            match self.look_up(&name, QuestionKind::Srv) {
                Lookup::Missing(_) => {
                    self.wanted.truncate(wanted);
                    return false;
                }
                Lookup::Found(..) => found = found.or_else(|| Some(service.transport())),
                Lookup::Empty | Lookup::Failed | Lookup::Loop => {}
            }
        }
        if self.policy.addresses() == AddressFallback::Allow {
            for kind in kinds(self.policy.families()) {
                if matches!(self.look_up(domain, *kind), Lookup::Found(..)) {
                    found = found.or(Some(plain));
                }
            }
        }
        self.wanted.truncate(wanted);
        found == Some(Transport::Tls)
    }

    /// The servers of the first rule that leads to any.
    ///
    /// One that fails leads on to the next as one that leads nowhere does, and the failure counts where
    /// none leads anywhere. Where none can be followed, since a malformed one for TLS comes before those
    /// without it, it is as if there were none, but for TLS.
    fn follow(&mut self, rules: &[Rule<'_>], ttl: Duration) -> Result<Vec<Server>, Nothing> {
        let mut worst = ResolveError::NotFound;
        let (mut tls_only, mut is_followed) = (false, false);
        for rule in rules {
            let is_tls = rule.transport == Transport::Tls;
            if tls_only && !is_tls {
                continue;
            }
            let (name, outcome) = match rule.end {
                End::Addresses(name) => {
                    let port = self.policy.default_port(rule.transport);
                    (name, self.host(name, rule.transport, port))
                }
                End::Servers(name) => (name, self.service(name, rule.transport)),
                End::Malformed | End::OtherFlags => {
                    tls_only |= is_tls;
                    continue;
                }
            };
            is_followed = true;
            match outcome {
                Ok(mut servers) => {
                    for (_, known) in servers.iter_mut().flat_map(|server| &mut server.addresses) {
                        *known = ttl.min(*known);
                    }
                    return Ok(servers);
                }
                // Rules that lead nowhere are somebody's mistake, and no reason to do without TLS.
                Err(Nothing::Here | Nothing::Final(ResolveError::NotFound)) => tls_only |= is_tls,
                Err(Nothing::Final(ResolveError::Temporary)) => {
                    tls_only |= is_tls;
                    worst = ResolveError::Temporary;
                    self.notes.push(Note::NaptrFails(name.clone()));
                    continue;
                }
                Err(Nothing::Final(error @ ResolveError::Loop)) => {
                    tls_only |= is_tls;
                    worst = worst.or_temporary(error);
                }
                Err(Nothing::Final(error @ ResolveError::ServiceNotAvailable)) => {
                    worst = worst.or_temporary(error);
                }
                Err(other) => return Err(other),
            }
            self.notes.push(Note::NaptrDangles(name.clone()));
        }
        if !is_followed {
            self.tls_only = true;
            return Err(Nothing::Here);
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
        let mut tls_only = self.tls_only;
        for service in services {
            let Some(name) = domain.below(service.labels()) else {
                continue;
            };
            let is_tls = service.transport() == Transport::Tls;
            if tls_only && !is_tls {
                continue;
            }
            match self.service(&name, service.transport()) {
                Err(Nothing::Here) => {}
                Err(nothing @ Nothing::Final(ResolveError::ServiceNotAvailable)) => last = nothing,
                // As in `follow`.
                Err(nothing @ Nothing::Final(ResolveError::NotFound | ResolveError::Loop)) => {
                    last = nothing;
                    tls_only |= is_tls;
                }
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
        // The same server twice counts once, with its best priority; records come in that order.
        let mut seen = Vec::new();
        targets.retain(|(srv, target)| {
            let new = !seen.contains(&(srv.port, *target));
            seen.push((srv.port, *target));
            new
        });
        self.addresses_of(&targets, transport, ttl)
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

/// How long NAPTR records are waited for when everything else is there.
const NAPTR_PATIENCE: Duration = Duration::from_millis(500);
