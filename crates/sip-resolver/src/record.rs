//! Questions to name servers and their answers.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::{DomainName, QueryFailure};

/// A question to a name server.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Question {
    name: DomainName,
    kind: QuestionKind,
}

impl Question {
    pub(crate) const fn new(name: DomainName, kind: QuestionKind) -> Self {
        Self { name, kind }
    }

    /// The name asked for.
    #[must_use]
    pub const fn name(&self) -> &DomainName {
        &self.name
    }

    /// The kind of records asked for.
    #[must_use]
    pub const fn kind(&self) -> QuestionKind {
        self.kind
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)
    }
}

/// The kind of records asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum QuestionKind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Naming authority pointers.
    Naptr,
    /// Locations of a service.
    Srv,
}

impl QuestionKind {
    /// That of the records that answer it.
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::A => 0,
            Self::Aaaa => 1,
            Self::Naptr => 3,
            Self::Srv => 4,
        }
    }
}

impl fmt::Display for QuestionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Naptr => "NAPTR",
            Self::Srv => "SRV",
        })
    }
}

/// What a name server says to a question.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// No answer, or none that says whether there are records.
    Failed(QueryFailure),
    /// An answer, which may be that there are no records or no such name.
    Records(Response),
}

/// What is of use in a name server's answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    pub(crate) answers: Vec<Record>,
    pub(crate) additionals: Vec<Record>,
    pub(crate) negative_ttl: Option<Duration>,
    pub(crate) is_authoritative: bool,
    pub(crate) room: Option<usize>,
}

impl Response {
    /// How many records of a section are looked at, those in front: 1,024. What a message can have
    /// above that serves nobody, and would be work for whoever reads it.
    pub const MAX_RECORDS: usize = 1_024;

    /// The answer with these records in its answer section, aliases among them; none where there
    /// are none or the name does not exist. Those after [`MAX_RECORDS`](Self::MAX_RECORDS) are
    /// left out.
    #[must_use]
    pub fn new(mut answers: Vec<Record>) -> Self {
        answers.truncate(Self::MAX_RECORDS);
        Self {
            answers,
            ..Self::default()
        }
    }

    /// The answer with these records in its additional section; those after
    /// [`MAX_RECORDS`](Self::MAX_RECORDS) are left out.
    #[must_use]
    pub fn with_additionals(mut self, mut additionals: Vec<Record>) -> Self {
        additionals.truncate(Self::MAX_RECORDS);
        self.additionals = additionals;
        self
    }

    /// The answer that says that there are no more records, for as long as this: the lesser of the
    /// lifetime and the last field of the SOA record in its authority section.
    ///
    /// Without it, that there are no records is believed and not kept, and an alias that leads to
    /// none is asked for.
    ///
    /// # Source
    ///
    /// RFC 2308 section 5, <https://www.rfc-editor.org/rfc/rfc2308#section-5>.
    #[must_use]
    pub const fn with_negative_ttl(mut self, ttl: Duration) -> Self {
        self.negative_ttl = Some(ttl);
        self
    }

    /// The answer as one whose message had room for so many octets more, by its length and by how long
    /// it might have been. The more room there was, the less was left out for want of it: without
    /// this, what was left out is judged by an estimate, and more is asked for than may be needed.
    ///
    /// EDNS says what a server takes and not how long its own messages may be, which it may limit more
    /// narrowly and say nothing. So much room counts only where all hosts in the message have addresses
    /// of the same families. What is assumed then is that no server leaves out one family of all its
    /// hosts and nothing else.
    #[must_use]
    pub const fn with_room(mut self, octets: usize) -> Self {
        self.room = Some(octets);
        self
    }

    /// The answer as one of a server that knows the whole zone, which is taken to add all addresses
    /// of a server or none.
    #[must_use]
    pub const fn authoritative(mut self) -> Self {
        self.is_authoritative = true;
        self
    }
}

/// A resource record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    owner: DomainName,
    ttl: Duration,
    data: RecordData,
}

impl Record {
    /// The record of `owner` that may be kept for `ttl`.
    #[must_use]
    pub const fn new(owner: DomainName, ttl: Duration, data: RecordData) -> Self {
        Self { owner, ttl, data }
    }

    /// The name it belongs to.
    #[must_use]
    pub const fn owner(&self) -> &DomainName {
        &self.owner
    }

    /// How long it may be kept.
    #[must_use]
    pub const fn ttl(&self) -> Duration {
        self.ttl
    }

    /// What it says.
    #[must_use]
    pub const fn data(&self) -> &RecordData {
        &self.data
    }

    /// How many octets it takes in a message, at most: names may be shortened there.
    pub(crate) fn wire_length(&self) -> usize {
        self.owner.wire_length() + RECORD_HEADER + self.data.wire_length()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name: &Option<DomainName>| match name {
            Some(name) => name.to_string(),
            None => ".".to_owned(),
        };
        write!(f, "{} {} ", self.owner, self.ttl.as_secs())?;
        match &self.data {
            RecordData::A(address) => write!(f, "A {address}"),
            RecordData::Aaaa(address) => write!(f, "AAAA {address}"),
            RecordData::Cname(name) => write!(f, "CNAME {name}"),
            RecordData::Naptr(naptr) => write!(
                f,
                "NAPTR {} {} \"{}\" \"{}\" \"{}\" {}",
                naptr.order,
                naptr.preference,
                naptr.flags.escape_debug(),
                naptr.services.escape_debug(),
                naptr.regexp.escape_debug(),
                text(&naptr.replacement),
            ),
            RecordData::Srv(srv) => write!(
                f,
                "SRV {} {} {} {}",
                srv.priority,
                srv.weight,
                srv.port,
                text(&srv.target),
            ),
        }
    }
}

/// What a record says.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RecordData {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// Another name of the same thing.
    Cname(DomainName),
    /// A rule that leads to a service.
    Naptr(Naptr),
    /// A server of a service.
    Srv(Srv),
}

impl RecordData {
    /// Tells the kinds apart, for sorting, as [`QuestionKind::rank`] does.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::A(_) => 0,
            Self::Aaaa(_) => 1,
            Self::Cname(_) => 2,
            Self::Naptr(_) => 3,
            Self::Srv(_) => 4,
        }
    }

    /// What is used first comes first; addresses stay as they are, the name server turns them about
    /// for a reason.
    pub(crate) fn by_use(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Naptr(one), Self::Naptr(other)) => {
                let by_rank = (one.order, one.preference).cmp(&(other.order, other.preference));
                by_rank
                    .then_with(|| one.services.cmp(&other.services))
                    .then_with(|| one.flags.cmp(&other.flags))
                    .then_with(|| one.regexp.cmp(&other.regexp))
                    .then_with(|| one.replacement.cmp(&other.replacement))
            }
            (Self::Srv(one), Self::Srv(other)) => {
                let key = |it: &Srv| (it.priority, Reverse(it.weight), it.port);
                let by_key = key(one).cmp(&key(other));
                by_key.then_with(|| one.target.cmp(&other.target))
            }
            _ => Ordering::Equal,
        }
    }

    /// As [`by_use`](Self::by_use), and addresses by their value: which of too many are kept must not
    /// depend on how the name server turns them about.
    pub(crate) fn by_value(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::A(one), Self::A(other)) => one.cmp(other),
            (Self::Aaaa(one), Self::Aaaa(other)) => one.cmp(other),
            _ => self.by_use(other),
        }
    }

    pub(crate) const fn is_address(&self) -> bool {
        matches!(self, Self::A(_) | Self::Aaaa(_))
    }

    /// How many octets it takes in a message, at most.
    fn wire_length(&self) -> usize {
        let name = |name: Option<&DomainName>| name.map_or(1, DomainName::wire_length);
        match self {
            Self::A(_) => 4,
            Self::Aaaa(_) => 16,
            Self::Cname(other) => other.wire_length(),
            Self::Naptr(naptr) => {
                let texts = [&naptr.flags, &naptr.services, &naptr.regexp];
                let texts: usize = texts.iter().map(|text| text.len() + 1).sum();
                4 + texts + name(naptr.replacement.as_ref())
            }
            Self::Srv(srv) => 6 + name(srv.target.as_ref()),
        }
    }

    pub(crate) const fn answers(&self, kind: QuestionKind) -> bool {
        self.rank() == kind.rank()
    }
}

/// A rule that leads from a domain to a service.
///
/// # Source
///
/// RFC 3403 section 4.1, <https://www.rfc-editor.org/rfc/rfc3403#section-4.1>.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the record is what the RFC says it is"
)]
pub struct Naptr {
    /// Lower ones come first, and exclude others that follow.
    pub order: u16,
    /// Among the same order, lower ones come first.
    pub preference: u16,
    /// What the replacement is: `s` the owner of SRV records, `a` of addresses.
    pub flags: Box<str>,
    /// The service, such as `SIPS+D2T`.
    pub services: Box<str>,
    /// An expression to apply, which SIP does not use.
    pub regexp: Box<str>,
    /// The next name; `None` for the root, which means no replacement.
    pub replacement: Option<DomainName>,
}

/// A server of a service.
///
/// # Source
///
/// RFC 2782, <https://www.rfc-editor.org/rfc/rfc2782>.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the record is what the RFC says it is"
)]
pub struct Srv {
    /// Lower ones come first.
    pub priority: u16,
    /// How often a server is drawn among those of the same priority.
    pub weight: u16,
    /// The port of the service.
    pub port: u16,
    /// The server; `None` for the root, which means that the service is not available.
    pub target: Option<DomainName>,
}

/// The octets of a record beside its name and its data.
pub(crate) const RECORD_HEADER: usize = 10;
