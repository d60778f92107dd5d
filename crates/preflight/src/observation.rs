//! What was seen of a deployment.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Cursor;
use std::net::SocketAddr;

use offhook_device_profile::{Archive, DeviceType, Limits};
use offhook_sip_resolver::{
    DomainName, Note, Policy, RecordData, Resolution, ResolveError, ResolveFailure, TraceEntry,
    TraceEvent,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use thiserror::Error;

/// What was seen: answers of name servers, and the files that the description names.
///
/// What is left out is reported as unknown, and nothing is concluded from it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Observations {
    /// What name servers outside say to [`Deployment::questions`](crate::Deployment::questions).
    pub answers: BTreeMap<Question, Outcome>,
    /// [`Deployment::certificate_files`](crate::Deployment::certificate_files), read.
    pub certificates: BTreeMap<String, Result<Vec<CertificateDer<'static>>, Unread>>,
    /// [`Deployment::archive_files`](crate::Deployment::archive_files), read.
    pub archives: BTreeMap<String, Result<Vec<DeviceType>, Unread>>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Lookup {
    /// The servers inside: `_cisco-uds._tcp`.
    CiscoUds,
    /// The edge: `_collab-edge._tls`.
    CollabEdge,
    /// The SIP servers of a domain, as Room OS looks for them.
    SipDomain,
}

/// A question to name servers outside.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Question {
    lookup: Lookup,
    domain: DomainName,
}

impl Question {
    /// For the servers inside of a domain.
    #[must_use]
    pub const fn cisco_uds(domain: DomainName) -> Self {
        let lookup = Lookup::CiscoUds;
        Self { lookup, domain }
    }

    /// For the edge of a domain.
    #[must_use]
    pub const fn collab_edge(domain: DomainName) -> Self {
        let lookup = Lookup::CollabEdge;
        Self { lookup, domain }
    }

    /// For the SIP servers of a domain.
    #[must_use]
    pub const fn sip_domain(domain: DomainName) -> Self {
        let lookup = Lookup::SipDomain;
        Self { lookup, domain }
    }

    /// What is looked for.
    #[must_use]
    pub const fn lookup(&self) -> Lookup {
        self.lookup
    }

    /// Of which domain.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// How to resolve it with `sip-resolver`.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        match self.lookup {
            Lookup::CiscoUds => Policy::cisco_uds(),
            Lookup::CollabEdge => Policy::collab_edge(),
            Lookup::SipDomain => Policy::room_os(),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.lookup {
            Lookup::CiscoUds => "_cisco-uds._tcp.",
            Lookup::CollabEdge => "_collab-edge._tls.",
            Lookup::SipDomain => "",
        };
        write!(f, "{prefix}{}", self.domain)
    }
}

/// What name servers say.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// There are SRV records, but no address of any server that they name.
    Dangling,
    /// It could not be found out; it may be tried again.
    Failed,
    /// Aliases lead in a circle.
    Loop,
    /// There is a service, but not over TLS.
    NoTls,
    /// The domain says that it does not offer the service.
    NotOffered,
    /// There are no records that lead to a server.
    Nothing,
    /// These servers, the one to try first in front.
    Servers(Vec<Server>),
}

impl From<&Result<Resolution, ResolveFailure>> for Outcome {
    fn from(outcome: &Result<Resolution, ResolveFailure>) -> Self {
        match outcome {
            Ok(found) => {
                let is_fallback =
                    |event: &TraceEvent| matches!(event, TraceEvent::Noted(Note::DomainAddresses));
                let mut entries = found.trace().entries().iter();
                let by_address = entries.any(|entry| is_fallback(entry.event()));
                let servers = found.hops().iter().map(|hop| Server {
                    host: hop.host().map(ToString::to_string).unwrap_or_default(),
                    address: hop.address(),
                    by_address,
                });
                Self::Servers(servers.collect())
            }
            Err(failure) => match failure.error() {
                ResolveError::Loop => Self::Loop,
                ResolveError::NoTlsService => Self::NoTls,
                ResolveError::NotFound if failure.trace().entries().iter().any(names_a_server) => {
                    Self::Dangling
                }
                ResolveError::NotFound => Self::Nothing,
                ResolveError::ServiceNotAvailable => Self::NotOffered,
                _ => Self::Failed,
            },
        }
    }
}

fn names_a_server(entry: &TraceEntry) -> bool {
    let TraceEvent::Answered { answers, .. } = entry.event() else {
        return false;
    };
    let mut answers = answers.iter();
    answers.any(|record| matches!(record.data(), RecordData::Srv(srv) if srv.target.is_some()))
}

/// A server that name servers tell of.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Server {
    /// Its name.
    pub host: String,
    /// Its address and port.
    pub address: SocketAddr,
    /// Whether it was found by the address of the domain itself, for want of NAPTR and SRV records.
    pub by_address: bool,
}

impl Server {
    /// A server that an SRV record leads to.
    #[must_use]
    pub fn new(host: &str, address: SocketAddr) -> Self {
        Self {
            host: host.to_owned(),
            address,
            by_address: false,
        }
    }
}

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
#[non_exhaustive]
pub enum Unread {
    /// It is not there, or must not be read.
    #[error("it cannot be opened")]
    CannotOpen,
    /// It is no device type archive of this project's form.
    #[error("it is no device type archive")]
    NoArchive,
    /// There is no certificate in it.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// Its PEM is malformed.
    #[error("its PEM is malformed")]
    Pem,
    /// It is longer than [`Observations::MAX_FILE_BYTES`].
    #[error("it is too long")]
    TooLong,
}

impl Observations {
    /// The longest file that is read, in octets: 4,194,304.
    pub const MAX_FILE_BYTES: usize = 4 << 20;

    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what name servers say.
    pub fn answer(&mut self, question: Question, outcome: impl Into<Outcome>) {
        self.answers.insert(question, outcome.into());
    }

    /// Adds a file with certificates in PEM or one in DER, by its contents, or why there are none.
    pub fn certificate_file(&mut self, name: &str, contents: Result<&[u8], Unread>) {
        let read = contents.and_then(certificates);
        self.certificates.insert(name.to_owned(), read);
    }

    /// Adds a device type archive by its contents, or why there are none.
    pub fn archive_file(&mut self, name: &str, contents: Result<&[u8], Unread>) {
        let read = contents.and_then(|contents| {
            let archive = Archive::open(Cursor::new(contents), &Limits::default());
            let archive = archive.map_err(|_| Unread::NoArchive)?;
            Ok(archive.device_types().to_vec())
        });
        self.archives.insert(name.to_owned(), read);
    }
}

fn certificates(contents: &[u8]) -> Result<Vec<CertificateDer<'static>>, Unread> {
    if contents.len() > Observations::MAX_FILE_BYTES {
        return Err(Unread::TooLong);
    }
    // A certificate is longer than 127 octets, so that no text begins as its DER does.
    if let [0x30, 0x80..=0xff, ..] = contents {
        return Ok(vec![CertificateDer::from(contents).into_owned()]);
    }
    let text = contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(contents);
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let all = all.map_err(|_| Unread::Pem)?;
    if all.is_empty() {
        return Err(Unread::NoCertificate);
    }
    Ok(all)
}
