//! Which services are looked for, and in which order.

use crate::{Scheme, Service, Target, Transport};

/// Which services are looked for, in which order, and what to do where one is missing.
///
/// Under every policy but [`standard`](Self::standard) no answer of any name server leads to a
/// server without TLS, whatever else is set.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Policy {
    /// What is looked for where no NAPTR record helps, in order.
    services: &'static [Service],
    /// What NAPTR records are likely to point to, asked for ahead of their answer.
    likely: &'static [Service],
    tls_only: bool,
    naptr: NaptrUse,
    naptr_without_tls: NaptrWithoutTls,
    addresses: AddressFallback,
    families: Families,
    default_port: Option<u16>,
    max_questions: usize,
}

impl Policy {
    /// The most questions for one target, unless told otherwise: 32.
    pub const MAX_QUESTIONS: usize = 32;

    /// As Room OS devices do: NAPTR, then `_sip._tls` SRV, then the addresses at port 5061; TLS
    /// only.
    ///
    /// # Source
    ///
    /// Webex for `BroadWorks`, Room OS devices, registration: NAPTR, else `_sip._tls.<domain>`, else
    /// A; TLS only.
    #[must_use]
    pub const fn room_os() -> Self {
        Self {
            services: &[Service::SipTls],
            likely: &[Service::SipsTcp],
            tls_only: true,
            naptr: NaptrUse::Follow,
            naptr_without_tls: NaptrWithoutTls::Refuse,
            addresses: AddressFallback::Allow,
            families: Families::PreferIpv6,
            default_port: None,
            max_questions: Self::MAX_QUESTIONS,
        }
    }

    /// As the standard says, but TLS only: NAPTR, then `_sips._tcp` SRV, then the `_sip._tls` that
    /// many domains have in its place, then the addresses at port 5061.
    ///
    /// # Source
    ///
    /// RFC 3263 section 4, <https://www.rfc-editor.org/rfc/rfc3263#section-4>, which does not know
    /// `_sip._tls`.
    #[must_use]
    pub const fn tls_only() -> Self {
        Self {
            services: &[Service::SipsTcp, Service::SipTls],
            likely: &[],
            ..Self::room_os()
        }
    }

    /// As the standard says: NAPTR, then `_sips._tcp`, `_sip._tcp` and `_sip._udp` SRV, then the
    /// addresses at port 5060 over UDP. A `sips:` URI leads to TLS only here too.
    ///
    /// The standard does not say what to do where NAPTR records exist or not, and cannot be had. Here
    /// SRV records for TLS are taken then, and nothing else:
    /// [`ResolveError::Temporary`](crate::ResolveError::Temporary), since the records might have led to
    /// TLS. In a network that drops all questions for them, [`NaptrUse::Skip`] does without them.
    ///
    /// # Source
    ///
    /// RFC 3263 section 4, <https://www.rfc-editor.org/rfc/rfc3263#section-4>.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            services: &[Service::SipsTcp, Service::SipTcp, Service::SipUdp],
            likely: &[],
            tls_only: false,
            ..Self::room_os()
        }
    }

    /// The edge for mobile and remote access: `_collab-edge._tls` SRV and nothing else; 8443 where a
    /// target names a host without a port.
    ///
    /// # Source
    ///
    /// The guide to mobile and remote access, "SRV records", table 1: port 8443.
    #[must_use]
    pub const fn collab_edge() -> Self {
        Self {
            services: &[Service::CollabEdge],
            likely: &[],
            naptr: NaptrUse::Skip,
            addresses: AddressFallback::Refuse,
            default_port: Some(EDGE_PORT),
            ..Self::room_os()
        }
    }

    /// The user data service inside of an enterprise network: `_cisco-uds._tcp` SRV and nothing
    /// else; 8443 where a target names a host without a port.
    ///
    /// # Source
    ///
    /// The guide to mobile and remote access, "SRV records", table 2: port 8443.
    #[must_use]
    pub const fn cisco_uds() -> Self {
        Self {
            services: &[Service::CiscoUds],
            ..Self::collab_edge()
        }
    }

    /// The policy with other services to look for where no NAPTR record helps, in order.
    ///
    /// Those without TLS are left out where TLS is needed.
    #[must_use]
    pub const fn with_services(mut self, services: &'static [Service]) -> Self {
        self.services = services;
        self
    }

    /// The policy with another use of NAPTR records; they are followed unless told otherwise.
    #[must_use]
    pub const fn with_naptr(mut self, naptr: NaptrUse) -> Self {
        self.naptr = naptr;
        self
    }

    /// The policy with another answer to NAPTR records that offer SIP, but not over TLS, where TLS
    /// is needed.
    #[must_use]
    pub const fn with_naptr_without_tls(mut self, answer: NaptrWithoutTls) -> Self {
        self.naptr_without_tls = answer;
        self
    }

    /// The policy with another answer to a domain without SRV records; its addresses are taken
    /// unless told otherwise, but not in [`collab_edge`](Self::collab_edge) and
    /// [`cisco_uds`](Self::cisco_uds).
    #[must_use]
    pub const fn with_addresses(mut self, addresses: AddressFallback) -> Self {
        self.addresses = addresses;
        self
    }

    /// The policy with another choice of address families; both, IPv6 first, unless told otherwise.
    #[must_use]
    pub const fn with_families(mut self, families: Families) -> Self {
        self.families = families;
        self
    }

    /// The policy with another port where neither target nor SRV record gives one; that of the
    /// transport unless told otherwise.
    #[must_use]
    pub const fn with_default_port(mut self, port: u16) -> Self {
        self.default_port = Some(port);
        self
    }

    /// The policy with another limit of questions, repeated ones and servers not counted;
    /// [`MAX_QUESTIONS`](Self::MAX_QUESTIONS) unless told otherwise.
    #[must_use]
    pub const fn with_max_questions(mut self, questions: usize) -> Self {
        self.max_questions = questions;
        self
    }

    /// The most questions for one target.
    #[must_use]
    pub const fn max_questions(&self) -> usize {
        self.max_questions
    }

    pub(crate) const fn naptr(&self) -> NaptrUse {
        self.naptr
    }

    pub(crate) const fn naptr_without_tls(&self) -> NaptrWithoutTls {
        self.naptr_without_tls
    }

    pub(crate) const fn addresses(&self) -> AddressFallback {
        self.addresses
    }

    pub(crate) const fn families(&self) -> Families {
        self.families
    }

    pub(crate) fn default_port(&self, transport: Transport) -> u16 {
        self.default_port
            .unwrap_or_else(|| transport.default_port())
    }

    /// Whether nothing but TLS will do for `target`.
    pub(crate) fn needs_tls(&self, target: &Target) -> bool {
        self.tls_only || target.scheme() == Scheme::Sips
    }

    /// The services to look for, in order, with or without a given transport.
    pub(crate) fn services(
        &self,
        needs_tls: bool,
        transport: Option<Transport>,
    ) -> impl Iterator<Item = Service> + use<> {
        let wanted = move |service: &Service| {
            let is = service.transport();
            (!needs_tls || is == Transport::Tls) && transport.is_none_or(|given| is == given)
        };
        self.services.iter().copied().filter(wanted)
    }

    /// The services that are asked for ahead although nothing refers to them yet.
    pub(crate) fn likely(&self) -> impl Iterator<Item = Service> + use<> {
        self.likely.iter().copied()
    }
}

/// What NAPTR records are good for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum NaptrUse {
    /// They are asked for and followed.
    Follow,
    /// They are not asked for.
    Skip,
}

/// What to do where NAPTR records offer SIP, but not over TLS, and TLS is needed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum NaptrWithoutTls {
    /// Go on as if there were no NAPTR records: to SRV, then to addresses.
    Ignore,
    /// End with [`ResolveError::NoTlsService`](crate::ResolveError::NoTlsService); the default.
    Refuse,
}

/// What to do where a domain has no SRV records.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum AddressFallback {
    /// Take the addresses of the domain itself.
    Allow,
    /// End with [`ResolveError::NotFound`](crate::ResolveError::NotFound).
    Refuse,
}

/// Which addresses are looked for, and which come first.
///
/// # Source
///
/// RFC 7984 section 4, <https://www.rfc-editor.org/rfc/rfc7984#section-4>: a dual-stack client looks
/// for both.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Families {
    /// IPv4 only.
    Ipv4Only,
    /// IPv6 only.
    Ipv6Only,
    /// Both in turns, IPv4 first.
    PreferIpv4,
    /// Both in turns, IPv6 first.
    PreferIpv6,
}

/// The port of the edge and of the user data service.
const EDGE_PORT: u16 = 8443;
