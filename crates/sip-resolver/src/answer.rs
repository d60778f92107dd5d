//! What of a reply is believed.

use std::time::Duration;

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
        let answers = answers.get(..MAX_RECORDS).unwrap_or(answers);
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
        let records: Vec<_> = answers.iter().filter(belongs).cloned().collect();
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
        let records = response.additionals.iter().take(MAX_RECORDS);
        let records: Vec<_> = records.filter(usable).cloned().collect();
        let has_address = |host: &DomainName| {
            let is = |record: &Record| record.owner() == host && record.data().is_address();
            records.iter().any(is)
        };
        // RFC 2181 section 9: what does not fit is left out without a word, so that where one host
        // of the domain is missing, of others too there may be more.
        let servers = || response.answers.iter().chain(&records);
        let hosts = servers().filter_map(host);
        let hosts: Vec<_> = hosts
            .filter(|host| host.is_at_or_under(domain))
            .cloned()
            .collect();
        let is_whole = response.is_authoritative && hosts.iter().all(has_address);
        let complete = if is_whole { hosts } else { Vec::new() };
        Self { records, complete }
    }
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
/// How many records of a section are read.
const MAX_RECORDS: usize = 64;
