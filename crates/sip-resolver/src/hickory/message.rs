//! What of a name server's message is of use.

use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::{DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{self, Name, RData, RecordType};

use crate::{
    DomainName, Naptr, QueryFailure, Question, QuestionKind, Record, RecordData, Reply, Response,
    Srv,
};

/// The question as hickory takes it; `None` if it does not take the name.
pub(super) fn query(question: &Question) -> Option<Query> {
    let mut name = Name::from_ascii(question.name().as_str()).ok()?;
    name.set_fqdn(true);
    let kind = match question.kind() {
        QuestionKind::A => RecordType::A,
        QuestionKind::Aaaa => RecordType::AAAA,
        QuestionKind::Naptr => RecordType::NAPTR,
        QuestionKind::Srv => RecordType::SRV,
    };
    Some(Query::query(name, kind))
}

pub(super) fn reply(answer: Result<DnsResponse, NetError>) -> Reply {
    match answer {
        Ok(message) => {
            let records = |section: &[rr::Record]| section.iter().filter_map(record).collect();
            let answers: Vec<_> = records(&message.answers);
            // Records that nobody can read are not the same as none, after which others count.
            let asked = message.queries.first().map(Query::query_type);
            let is_asked = |record: &&rr::Record| Some(record.record_type()) == asked;
            let mut of_kind = message.answers.iter().filter(is_asked).peekable();
            if of_kind.peek().is_some() && of_kind.all(|one| record(one).is_none()) {
                return Reply::Failed(QueryFailure::Server);
            }
            let response = Response::new(answers).with_additionals(records(&message.additionals));
            let response = match message.metadata.authoritative {
                true => response.authoritative(),
                false => response,
            };
            Reply::Records(with_negative_ttl(response, message.negative_ttl()))
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) if says_nothing(&none) => {
            Reply::Records(with_negative_ttl(Response::default(), none.negative_ttl))
        }
        Err(error) => Reply::Failed(match error {
            NetError::Timeout => QueryFailure::Timeout,
            NetError::Io(_) | NetError::NoConnections | NetError::Busy => QueryFailure::Unreachable,
            NetError::Dns(
                DnsError::NoRecordsFound(_)
                | DnsError::ResponseCode(ResponseCode::Refused | ResponseCode::NotAuth),
            ) => QueryFailure::Lame,
            _ => QueryFailure::Server,
        }),
    }
}

/// Whether it says that there are no records, and does not point to other servers
/// (RFC 2308 section 2.2).
fn says_nothing(none: &NoRecords) -> bool {
    match none.response_code {
        ResponseCode::NXDomain => true,
        ResponseCode::NoError => none.soa.is_some() || none.ns.is_none(),
        _ => false,
    }
}

fn with_negative_ttl(response: Response, seconds: Option<u32>) -> Response {
    match seconds {
        Some(seconds) => response.with_negative_ttl(lifetime(seconds)),
        None => response,
    }
}

/// RFC 2181 section 8: a time with the highest bit set is zero.
fn lifetime(seconds: u32) -> Duration {
    let seconds = if seconds > i32::MAX as u32 {
        0
    } else {
        seconds
    };
    Duration::from_secs(seconds.into())
}

/// The record, if it is one of use; one with a name that is no host's and no service's is not.
fn record(record: &rr::Record) -> Option<Record> {
    let name = |name: &Name| name.to_ascii().parse::<DomainName>().ok();
    // `None` is the root, and not a name that cannot be read.
    let or_root = |other: &Name| match other.is_root() {
        true => Some(None),
        false => name(other).map(Some),
    };
    // An odd octet makes a service or an expression that is none, and no record less.
    let text = |bytes: &[u8]| Box::from(String::from_utf8_lossy(bytes));
    let data = match &record.data {
        RData::A(address) => RecordData::A(address.0),
        RData::AAAA(address) => RecordData::Aaaa(address.0),
        RData::CNAME(other) => RecordData::Cname(name(&other.0)?),
        RData::NAPTR(naptr) => RecordData::Naptr(Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags),
            services: text(&naptr.services),
            regexp: text(&naptr.regexp),
            replacement: or_root(&naptr.replacement)?,
        }),
        RData::SRV(srv) => RecordData::Srv(Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: or_root(&srv.target)?,
        }),
        _ => return None,
    };
    Some(Record::new(name(&record.name)?, lifetime(record.ttl), data))
}
