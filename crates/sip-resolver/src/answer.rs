//! What of a reply is believed.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::order::least;
use crate::record::RECORD_HEADER;
use crate::rule::Reading;
use crate::{DomainName, Question, QuestionKind, Record, RecordData, Response};

/// What is known about a question.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Failed,
    /// Aliases lead in a circle, or too far; how long the least of them holds.
    Loop(Duration),
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
        // Nobody else says what a name of this machine has.
        while !end.is_local()
            && let Some((alias, target)) = alias_of(end, answers)
        {
            if left == 0 {
                return Self::Loop(ttl);
            }
            left -= 1;
            ttl = ttl.min(alias.ttl());
            end = target;
        }
        let is_local = end.is_local();
        let belongs = |record: &&Record| {
            !is_local && record.owner() == end && record.data().answers(question.kind())
        };
        let mut records: Vec<_> = answers.iter().filter(belongs).collect();
        // RFC 3263 section 4.1: what does not fit is discarded before a choice is made, so that no
        // record is cut off for those in front of it that are about something else.
        records.sort_by_cached_key(|record| rank(record));
        let alike = records.chunk_by(|one, other| rank(one) == rank(other));
        let mut records: Vec<_> = alike
            .flat_map(|alike| {
                least(alike.to_vec(), MAX_RECORDS, |one, other| {
                    one.data().by_value(other.data())
                })
            })
            .cloned()
            .collect();
        // Servers turn the order about.
        records.sort_by(|one, other| one.data().by_use(other.data()));
        let next = match response.negative_ttl {
            _ if is_local => Some(end.clone()),
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

/// Tells NAPTR records apart by what they lead to.
fn rank(record: &Record) -> u8 {
    match record.data() {
        RecordData::Naptr(naptr) => Reading::of(naptr).rank(),
        _ => 0,
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
        let records: Vec<_> = response.additionals.iter().filter(usable).collect();
        let is_cut =
            records.len() > MAX_RECORDS || response.additionals.len() >= Response::MAX_RECORDS;
        let records = least(records, MAX_RECORDS, |one, other| {
            let by_kind = other.data().rank().cmp(&one.data().rank());
            by_kind
                .then_with(|| one.owner().cmp(other.owner()))
                .then_with(|| one.data().by_value(other.data()))
        });
        let records: Vec<_> = records.into_iter().cloned().collect();
        let servers = response.answers.iter().chain(&records);
        let hosts = servers.filter_map(host);
        let hosts: BTreeSet<_> = hosts.filter(|host| host.is_at_or_under(domain)).collect();
        let families = families(&hosts, &records);
        // RFC 2181 section 9: what does not fit is left out without a word, so that where one host of
        // the domain is missing, of others too there may be more. Even where each has an address, those
        // of the other family may not have fitted: a server may allow itself less than its EDNS says
        // that it takes, so that room alone is no proof where hosts differ.
        let is_alike = families.windows(2).all(|pair| pair.first() == pair.last());
        let is_whole = !is_cut
            && response.is_authoritative
            && !families.contains(&[false; 2])
            && (is_alike && has_room(response) || fits(lengths(response, &hosts), MAX_WHOLE));
        let complete = match is_whole {
            true => hosts.into_iter().cloned().collect(),
            false => Vec::new(),
        };
        Self { records, complete }
    }
}

/// Whether each of `hosts` has IPv4 and IPv6 addresses among `records`.
fn families(hosts: &BTreeSet<&DomainName>, records: &[Record]) -> Vec<[bool; 2]> {
    let mut families: HashMap<&DomainName, [bool; 2]> = HashMap::new();
    for record in records {
        let [four, six] = families.entry(record.owner()).or_default();
        *four |= matches!(record.data(), RecordData::A(_));
        *six |= matches!(record.data(), RecordData::Aaaa(_));
    }
    let of = |host| families.get(host).copied().unwrap_or_default();
    hosts.iter().map(of).collect()
}

/// Whether the message could have had so much more that nothing was left out for want of room, where its
/// server went to the limit.
fn has_room(response: &Response) -> bool {
    response.room.is_some_and(|room| room >= MAX_LEFT_OUT)
}

/// The octets of a message, piece by piece: its records, and for each of `hosts` one address more,
/// which may be what was left out.
fn lengths<'a>(
    response: &'a Response,
    hosts: &'a BTreeSet<&DomainName>,
) -> impl Iterator<Item = usize> + 'a {
    let records = response.answers.iter().chain(&response.additionals);
    let more = hosts
        .iter()
        .map(|host| host.wire_length() + RECORD_HEADER + 16);
    records.map(Record::wire_length).chain(more)
}

/// Whether all of it is within `limit`; what comes after that is not looked at.
fn fits(mut lengths: impl Iterator<Item = usize>, limit: usize) -> bool {
    let left = lengths.try_fold(limit, |left, length| left.checked_sub(length));
    left.is_some()
}

/// The host that an SRV record names.
const fn host(record: &Record) -> Option<&DomainName> {
    match record.data() {
        RecordData::Srv(srv) => srv.target.as_ref(),
        _ => None,
    }
}

/// How many aliases in a row are followed in one answer.
const MAX_ALIASES: usize = 8;
/// How many records of a section are used; of NAPTR records, of each that lead to something else.
const MAX_RECORDS: usize = 64;
/// How much room in a message, in octets, leaves nothing out: sixteen IPv6 addresses of a host, or four
/// with their signature by a key of 2,048 bits.
const MAX_LEFT_OUT: usize = 448;
/// How long a message may be, in octets, for it to be sure that no address was left out where its room
/// is not known: what a server gives without EDNS, less its header, the question and the names of its
/// servers.
const MAX_WHOLE: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_too_long_is_not_added_up_to_its_end() {
        let mut seen = 0;
        let lengths = std::iter::repeat_n(16, 4_096).inspect(|_| seen += 1);
        assert!(!fits(lengths, MAX_WHOLE));
        assert_eq!(seen, 26);
        assert!(fits([200, 200].into_iter(), MAX_WHOLE));
        assert!(!fits([200, 201].into_iter(), MAX_WHOLE));
    }
}
