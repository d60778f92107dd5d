//! Validation by DNSSEC, which is hickory's; here is said what of its outcome is believed.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use futures_util::stream::{self, Stream};
use hickory_resolver::net::dnssec::DnssecDnsHandle;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_resolver::proto::dnssec::{Proof, TrustAnchors};
use hickory_resolver::proto::op::{
    DnsRequest, DnsRequestOptions, DnsResponse, Message, Query, ResponseCode,
};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::proto::serialize::txt::ParseError;
use hickory_resolver::proto::serialize::txt::trust_anchor::Parser;

use super::connection::Connections;
use crate::{Exchange, NameServerTransport, QueryFailure, Rcode, SetupError};

/// How answers are validated by DNSSEC: which keys are trusted, and whether answers of unsigned zones
/// are good. The root's keys, and yes, by default.
///
/// An answer that should be signed and is not, or not rightly, is a failure in any case.
///
/// # Source
///
/// RFC 4035 section 5, <https://www.rfc-editor.org/rfc/rfc4035#section-5>; section 4.3 for secure,
/// insecure and bogus.
#[derive(Clone)]
pub struct Dnssec {
    anchors: Arc<TrustAnchors>,
    unsigned: Unsigned,
}

impl Dnssec {
    /// With other keys to trust than those of the root: DNSKEY records in the form of a zone file, one
    /// a line, with their names in full. Of a zone below the root all its keys are needed, since for those
    /// that are missing the validator goes to the zone above.
    ///
    /// # Errors
    ///
    /// [`SetupError::TrustAnchors`] when they cannot be read, [`SetupError::NoTrustAnchors`] when there
    /// is none.
    pub fn with_anchors(text: &str) -> Result<Self, SetupError> {
        let bad = |error: ParseError| SetupError::TrustAnchors(Box::new(error));
        if Parser::new(text).parse().map_err(bad)?.is_empty() {
            return Err(SetupError::NoTrustAnchors);
        }
        let anchors: TrustAnchors = text.parse().map_err(bad)?;
        Ok(Self {
            anchors: Arc::new(anchors),
            unsigned: Unsigned::Accept,
        })
    }

    /// The validation with another treatment of zones that are not signed.
    #[must_use]
    pub const fn with_unsigned(mut self, unsigned: Unsigned) -> Self {
        self.unsigned = unsigned;
        self
    }

    /// A validated answer: what of it may be used, else what is wrong with it.
    pub(super) async fn ask(
        &self,
        connections: &Arc<Connections>,
        query: Query,
    ) -> (Result<DnsResponse, Refusal>, Exchange) {
        let link = Link {
            connections: Arc::clone(connections),
            transport: Arc::default(),
        };
        let handle = DnssecDnsHandle::with_trust_anchor(link.clone(), Arc::clone(&self.anchors));
        let options = DnsRequestOptions::default();
        let answer = handle.lookup(query.clone(), options).first_answer().await;
        let exchange = Exchange::new(connections.address());
        let exchange = match link.transport.get() {
            Some(transport) => exchange.over(*transport),
            None => exchange,
        };
        // Whether hickory has proved what it says about there being nothing.
        let (message, is_proved) = match answer {
            Ok(message) => (message, true),
            // More NSEC3 iterations than are worth the work, a zone as good as unsigned; or aliases
            // whose end has nothing, of which hickory looks for a proof about their beginning.
            Err(NetError::Dns(DnsError::Nsec {
                proof, response, ..
            })) if proof == Proof::Insecure || is_alias_alone(&response, query.query_type()) => {
                (*response, false)
            }
            Err(NetError::Dns(DnsError::Nsec { response, .. })) => {
                let exchange = exchange.with_rcode(code(response.metadata.response_code));
                return (Err(Refusal::Judged(QueryFailure::Bogus)), exchange);
            }
            Err(NetError::Dns(DnsError::ResponseCode(rcode))) => {
                let exchange = exchange.with_rcode(code(rcode));
                return (Err(Refusal::Code(rcode)), exchange);
            }
            Err(error) => return (Err(Refusal::Net(error)), exchange),
        };
        let exchange = exchange.with_rcode(code(message.metadata.response_code));
        match self.judge(message, &query, is_proved) {
            Ok((message, Proof::Secure)) => (Ok(message), exchange.proved()),
            Ok((message, _)) => (Ok(message), exchange),
            Err(failure) => (Err(Refusal::Judged(failure)), exchange),
        }
    }

    /// What of a message may be used, and whether all that it says is secure.
    fn judge(
        &self,
        mut message: DnsResponse,
        query: &Query,
        is_proved: bool,
    ) -> Result<(DnsResponse, Proof), QueryFailure> {
        let is_denied = is_proved && has_denial(&message);
        let is_expanded = message.answers.iter().any(is_expanded);
        message.answers.retain(|record| signature(record).is_none());
        let least = message.answers.iter().map(|record| record.proof).min();
        let proof = match least {
            // Where an unsigned record stands beside it, hickory does not look whether the name that
            // a wildcard stands for has records of its own (RFC 4035 section 5.3.4).
            Some(Proof::Secure) if is_expanded && !is_denied => return Err(QueryFailure::Bogus),
            Some(proof @ (Proof::Secure | Proof::Insecure)) => proof,
            Some(_) => return Err(QueryFailure::Bogus),
            None if is_denied => Proof::Secure,
            None if is_unsigned(&message, query.name()) => Proof::Insecure,
            None => return Err(QueryFailure::Bogus),
        };
        let refuses = self.unsigned == Unsigned::Refuse;
        if refuses && proof != Proof::Secure {
            return Err(QueryFailure::Unsigned);
        }
        let is_good = |record: &Record| match record.proof {
            Proof::Secure => true,
            Proof::Insecure => !refuses,
            _ => false,
        };
        message.authorities.retain(is_good);
        message.additionals.retain(is_good);
        // That nothing stands where aliases lead is proved by hickory for what was asked for alone.
        // Without a lifetime for it, the end of the aliases is asked for by its name.
        if is_alias_alone(&message, query.query_type()) {
            message.authorities.clear();
        }
        Ok((message, proof))
    }
}

impl Default for Dnssec {
    fn default() -> Self {
        Self {
            anchors: Arc::new(TrustAnchors::default()),
            unsigned: Unsigned::Accept,
        }
    }
}

impl fmt::Debug for Dnssec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dnssec")
            .field("unsigned", &self.unsigned)
            .finish_non_exhaustive()
    }
}

/// What to do with answers of zones that are provably not signed.
///
/// # Source
///
/// RFC 4035 section 4.3, <https://www.rfc-editor.org/rfc/rfc4035#section-4.3>, "insecure".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unsigned {
    /// Take them, as most domains are not signed.
    Accept,
    /// They are failures, [`QueryFailure::Unsigned`], so that nothing unsigned leads to a server.
    Refuse,
}

/// Why there is no validated answer.
pub(super) enum Refusal {
    Code(ResponseCode),
    Judged(QueryFailure),
    Net(NetError),
}

/// One question to a name server, and those that its validation needs.
#[derive(Clone)]
struct Link {
    connections: Arc<Connections>,
    /// What the first answer came over.
    transport: Arc<OnceLock<NameServerTransport>>,
}

impl DnsHandle for Link {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let link = self.clone();
        Box::pin(stream::once(async move {
            let (message, transport) = link.connections.send(&request).await?;
            let _ = link.transport.set(transport);
            if has_too_many_records(&message) {
                return Err(NetError::Message("too many records"));
            }
            // As hickory's own pool does: a failure is nothing to be validated.
            match message.metadata.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => Ok(message),
                code => Err(DnsError::ResponseCode(code).into()),
            }
        }))
    }
}

/// The validator goes over all records for each set of them.
fn has_too_many_records(message: &Message) -> bool {
    let sections = [&message.answers, &message.authorities, &message.additionals];
    sections.iter().map(|section| section.len()).sum::<usize>() > MAX_RECORDS
}

/// Whether there are records, but none of this kind.
fn is_alias_alone(message: &DnsResponse, kind: RecordType) -> bool {
    let is_kind = |record: &Record| record.record_type() == kind;
    !message.answers.is_empty() && !message.answers.iter().any(is_kind)
}

fn has_denial(message: &DnsResponse) -> bool {
    let is_denial = |record: &Record| {
        let kind = record.record_type();
        record.proof.is_secure() && matches!(kind, RecordType::NSEC | RecordType::NSEC3)
    };
    message.authorities.iter().any(is_denial)
}

/// Whether an answer without records is of an unsigned zone. hickory takes the word of any unsigned
/// zone, were it another's; here a zone must be meant that `name` is in.
fn is_unsigned(message: &DnsResponse, name: &Name) -> bool {
    let is_above = |record: &Record| record.proof == Proof::Insecure && record.name.zone_of(name);
    message.authorities.is_empty() || message.authorities.iter().any(is_above)
}

fn signature(record: &Record) -> Option<&RRSIG> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some(signature),
        _ => None,
    }
}

/// Whether it is the signature of a wildcard (RFC 4034 section 3.1.3).
fn is_expanded(record: &Record) -> bool {
    let labels = signature(record).map(|signature| signature.input().num_labels);
    labels.is_some_and(|labels| labels < record.name.num_labels())
}

fn code(code: ResponseCode) -> Rcode {
    Rcode::new(code.into())
}

/// How many records a message has at most that is validated: more than any answer of use has, with all
/// of its signatures.
const MAX_RECORDS: usize = 512;

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::A;

    use super::*;

    #[test]
    fn a_message_may_have_so_many_records_in_all_its_sections() {
        let record = Record::from_rdata(Name::root(), 60, RData::A(A([192, 0, 2, 1].into())));
        let mut message = Message::query();
        message.answers = vec![record.clone(); MAX_RECORDS - 2];
        message.authorities = vec![record.clone()];
        message.additionals = vec![record.clone()];
        assert!(!has_too_many_records(&message));
        message.additionals.push(record);
        assert!(has_too_many_records(&message));
    }
}
