//! What of a name server's message is of use.

use std::time::Duration;

use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_resolver::proto::rr::{self, DNSClass, Name, RData, RecordType};

use crate::answer::Answer;
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

/// What an answer to `question` says.
pub(super) fn reply(question: &Question, answer: Result<DnsResponse, NetError>) -> Reply {
    let message = match answer {
        Ok(message) => message,
        Err(error) => return Reply::Failed(failure(&error)),
    };
    let response = response(&message);
    let failure = match message.metadata.response_code {
        ResponseCode::NoError if is_referral(&message) => QueryFailure::Lame,
        ResponseCode::NoError | ResponseCode::NXDomain if is_legible(&message) => {
            return Reply::Records(response);
        }
        // A name server that has followed aliases in a circle may answer so, with what it found.
        ResponseCode::ServFail if matches!(Answer::read(question, &response), Answer::Loop(_)) => {
            return Reply::Records(response);
        }
        code => failure_of(code),
    };
    Reply::Failed(failure)
}

/// What a code means that is no answer.
pub(super) const fn failure_of(code: ResponseCode) -> QueryFailure {
    match code {
        ResponseCode::Refused | ResponseCode::NotAuth => QueryFailure::Lame,
        _ => QueryFailure::Server,
    }
}

const fn failure(error: &NetError) -> QueryFailure {
    match error {
        NetError::Timeout => QueryFailure::Timeout,
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => QueryFailure::Unreachable,
        _ => QueryFailure::Server,
    }
}

fn response(message: &DnsResponse) -> Response {
    let most = Response::MAX_RECORDS;
    let records = |section: &[rr::Record]| section.iter().take(most).filter_map(record).collect();
    let response =
        Response::new(records(&message.answers)).with_additionals(records(&message.additionals));
    let response = match message.metadata.authoritative {
        true => response.authoritative(),
        false => response,
    };
    let response = match room(message) {
        Some(octets) => response.with_room(octets),
        None => response,
    };
    with_negative_ttl(response, message.negative_ttl())
}

/// How many octets more the message could have had. A server that answers without EDNS has not heeded
/// how long it may be, and one that takes short messages gives short ones.
fn room(message: &DnsResponse) -> Option<usize> {
    let edns = message.edns.as_ref()?;
    let offered = DnsRequestOptions::default().edns_payload_len;
    let most = usize::from(edns.max_payload().min(offered));
    most.checked_sub(message.as_buffer().len())
}

/// Whether it says nothing but that others know (RFC 2308 section 2.2).
fn is_referral(message: &DnsResponse) -> bool {
    let has = |kind| {
        let mut others = message.authorities.iter();
        others.any(|record| record.record_type() == kind)
    };
    message.answers.is_empty() && has(RecordType::NS) && !has(RecordType::SOA)
}

/// Records that nobody can read are not the same as none, after which others count, nor is an alias to
/// a name that nobody can read; nor are those of another class, which nobody has asked for.
fn is_legible(message: &DnsResponse) -> bool {
    let asked = message.queries.first().map(Query::query_type);
    let is_asked = |record: &rr::Record| Some(record.record_type()) == asked;
    let is_alias = |record: &rr::Record| record.record_type() == RecordType::CNAME;
    let is_read = |one: &rr::Record| record(one).is_some();
    let mut looked_at = message.answers.iter().take(Response::MAX_RECORDS);
    let mut others = looked_at.clone();
    looked_at.any(|one| is_asked(one) && is_read(one))
        || others.all(|one| is_read(one) || !is_asked(one) && !is_alias(one))
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
    if record.dns_class != DNSClass::IN {
        return None;
    }
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
