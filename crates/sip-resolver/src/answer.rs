//! What of a reply is believed.

use std::time::Duration;

use crate::record::RECORD_HEADER;
use crate::{DomainName, Question, QuestionKind, Record, RecordData, Response};

/// What is known about a question.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Failed,
    /// Aliases lead in a circle.
    Loop,
    /// Asked and not yet answered.
    Pending,
    Records(Answered),
}

/// The records of an answer that belong to the question.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// Where the aliases in the answer lead, if that has to be asked for.
    pub(crate) next: Option<DomainName>,
    /// The least of all records and aliases; of there being none, where there are none.
    pub(crate) ttl: Duration,
    pub(crate) records: Vec<Record>,
}

impl Answer {
    /// Picks from the answer section what belongs to `question`: the records of the name asked
    /// for, or of the name that its aliases lead to. All else is nobody's answer.
    pub(crate) fn read(question: &Question, response: &Response) -> Self {
        let answers = &response.answers;
        let mut end = question.name();
        let mut ttl = Duration::MAX;
        let mut left = MAX_ALIASES;
        while let Some((alias, target)) = alias_of(end, answers) {
            if left == 0 {
                return Self::Loop;
            }
            left -= 1;
            ttl = ttl.min(alias.ttl());
            end = target;
        }
        let belongs =
            |record: &&Record| record.owner() == end && record.data().answers(question.kind());
        let mut records: Vec<_> = answers.iter().filter(belongs).collect();
        // Servers turn the order about, and what is used first must not be cut off.
        records.sort_by(|one, other| one.data().by_use(other.data()));
        records.truncate(MAX_RECORDS);
        let records: Vec<_> = records.into_iter().cloned().collect();
        let next = match response.negative_ttl {
            None if records.is_empty() && end != question.name() => Some(end.clone()),
            _ => None,
        };
        let least = match records.iter().map(Record::ttl).min() {
            None if next.is_none() => response.negative_ttl.unwrap_or_default(),
            least => least.unwrap_or(ttl),
        };
        Self::Records(Answered {
            next,
            ttl: ttl.min(least),
            records,
        })
    }
}

fn alias_of<'a>(name: &DomainName, answers: &'a [Record]) -> Option<(&'a Record, &'a DomainName)> {
    answers.iter().find_map(|record| match record.data() {
        RecordData::Cname(target) if record.owner() == name => Some((record, target)),
        _ => None,
    })
}

/// What of an additional section is used: servers and addresses at or under the domain asked for,
/// and only beside NAPTR and SRV records.
///
/// A server may add whatever it likes about other domains; that is for their servers to say.
#[derive(Debug, Default)]
pub(crate) struct Additionals {
    pub(crate) records: Vec<Record>,
    /// Hosts whose addresses are all among the records.
    pub(crate) complete: Vec<DomainName>,
}

impl Additionals {
    pub(crate) fn read(question: &Question, domain: &DomainName, response: &Response) -> Self {
        if !matches!(question.kind(), QuestionKind::Naptr | QuestionKind::Srv) {
            return Self::default();
        }
        let usable = |record: &&Record| {
            let kind = record.data().is_address() || matches!(record.data(), RecordData::Srv(_));
            kind && record.owner().is_at_or_under(domain)
        };
        let mut records: Vec<_> = response.additionals.iter().filter(usable).collect();
        records.sort_by(|one, other| {
            let by_kind = other.data().rank().cmp(&one.data().rank());
            by_kind.then_with(|| one.data().by_use(other.data()))
        });
        records.truncate(MAX_RECORDS);
        let records: Vec<_> = records.into_iter().cloned().collect();
        let has_address = |host: &DomainName| {
            let is = |record: &Record| record.owner() == host && record.data().is_address();
            records.iter().any(is)
        };
        // RFC 2181 section 9: what does not fit is left out without a word, so that where one host
        // of the domain is missing, of others too there may be more. Even where each has an address,
        // those of the other family may not have fitted.
        let servers = || response.answers.iter().chain(&records);
        let hosts = servers().filter_map(host);
        let hosts: Vec<_> = hosts
            .filter(|host| host.is_at_or_under(domain))
            .cloned()
            .collect();
        let is_whole = response.is_authoritative
            && hosts.iter().all(has_address)
            && length(response, &hosts) <= MAX_WHOLE;
        let complete = if is_whole { hosts } else { Vec::new() };
        Self { records, complete }
    }
}

/// How many octets a message takes at most that has all addresses of `hosts`.
fn length(response: &Response, hosts: &[DomainName]) -> usize {
    let records = || response.answers.iter().chain(&response.additionals);
    let is_address = |record: &&Record| {
        record.data().is_address() && hosts.iter().any(|host| host == record.owner())
    };
    let present = records().filter(|record| !is_address(record));
    let addresses = hosts.iter().map(|host| {
        let known = records().filter(|record| is_address(record) && record.owner() == host);
        let known: usize = known.map(Record::wire_length).sum();
        known + host.wire_length() + RECORD_HEADER + 16
    });
    present.map(Record::wire_length).sum::<usize>() + addresses.sum::<usize>()
}

/// The host that an SRV record names.
const fn host(record: &Record) -> Option<&DomainName> {
    match record.data() {
        RecordData::Srv(srv) => srv.target.as_ref(),
        _ => None,
    }
}

/// How many aliases in a row are followed.
pub(crate) const MAX_ALIASES: usize = 8;
/// How many records of a section are used.
const MAX_RECORDS: usize = 64;
/// How long a message may be, in octets, for it to be sure that no address was left out: what a
/// server gives without EDNS, less its header, the question and the names of its servers.
const MAX_WHOLE: usize = 400;
