//! Which services are looked for, and in which order.

use crate::{Scheme, Target, Transport};

/// Which services are looked for, and in which order.
///
/// Under [`room_os`](Self::room_os) and [`tls_only`](Self::tls_only) no answer of any name server
/// leads to a server without TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// What is looked for where no NAPTR record helps, in order.
    services: &'static [Service],
    /// What NAPTR records are likely to point to, asked for ahead of their answer.
    likely: &'static [Service],
    tls_only: bool,
    naptr_without_tls: NaptrWithoutTls,
}

impl Policy {
    /// As Room OS devices do: NAPTR, then `_sip._tls` SRV, then the addresses at port 5061; TLS
    /// only.
    ///
    /// # Source
    ///
    /// Webex for `BroadWorks` and Room OS, registration of devices over TLS.
    #[must_use]
    pub const fn room_os() -> Self {
        Self {
            services: &[SIP_TLS],
            likely: &[SIPS_TCP],
            tls_only: true,
            naptr_without_tls: NaptrWithoutTls::Refuse,
        }
    }

    /// As the standard says, but TLS only: NAPTR, then `_sips._tcp` SRV, then the addresses at
    /// port 5061.
    ///
    /// # Source
    ///
    /// RFC 3263 section 4, <https://www.rfc-editor.org/rfc/rfc3263#section-4>.
    #[must_use]
    pub const fn tls_only() -> Self {
        Self {
            services: &[SIPS_TCP],
            likely: &[],
            tls_only: true,
            naptr_without_tls: NaptrWithoutTls::Refuse,
        }
    }

    /// As the standard says: NAPTR, then `_sips._tcp`, `_sip._tcp` and `_sip._udp` SRV, then the
    /// addresses at port 5060 over UDP. A `sips:` URI leads to TLS only here too.
    ///
    /// # Source
    ///
    /// RFC 3263 section 4, <https://www.rfc-editor.org/rfc/rfc3263#section-4>.
    #[must_use]
    pub const fn standard() -> Self {
        Self {
            services: &[SIPS_TCP, SIP_TCP, SIP_UDP],
            likely: &[],
            tls_only: false,
            naptr_without_tls: NaptrWithoutTls::Refuse,
        }
    }

    /// The policy with another answer to NAPTR records that offer SIP, but not over TLS, where TLS
    /// is needed.
    #[must_use]
    pub const fn with_naptr_without_tls(mut self, answer: NaptrWithoutTls) -> Self {
        self.naptr_without_tls = answer;
        self
    }

    pub(crate) const fn naptr_without_tls(&self) -> NaptrWithoutTls {
        self.naptr_without_tls
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
        let wanted = move |service: &Service| match transport {
            Some(transport) => service.transport == transport,
            None => !needs_tls || service.transport == Transport::Tls,
        };
        self.services.iter().copied().filter(wanted)
    }

    /// The services that are asked for ahead although nothing refers to them yet.
    pub(crate) fn likely(&self) -> impl Iterator<Item = Service> + use<> {
        self.likely.iter().copied()
    }
}

/// What to do where NAPTR records offer SIP, but not over TLS, and TLS is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NaptrWithoutTls {
    /// Go on as if there were no NAPTR records: to SRV, then to addresses.
    Ignore,
    /// End with [`ResolveError::NoTlsService`](crate::ResolveError::NoTlsService); the default.
    Refuse,
}

/// A service that SRV records are looked up for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Service {
    /// The labels before the domain.
    pub(crate) labels: &'static str,
    pub(crate) transport: Transport,
}

const SIP_TCP: Service = Service {
    labels: "_sip._tcp",
    transport: Transport::Tcp,
};
const SIP_TLS: Service = Service {
    labels: "_sip._tls",
    transport: Transport::Tls,
};
const SIP_UDP: Service = Service {
    labels: "_sip._udp",
    transport: Transport::Udp,
};
const SIPS_TCP: Service = Service {
    labels: "_sips._tcp",
    transport: Transport::Tls,
};
