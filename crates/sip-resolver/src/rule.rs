//! NAPTR records that lead to SIP servers.

use crate::record::Naptr;
use crate::{DomainName, Transport};

/// A NAPTR record that leads to SIP servers.
pub(crate) struct Rule<'a> {
    /// Order, then preference.
    pub(crate) rank: (u16, u16),
    pub(crate) transport: Transport,
    pub(crate) replacement: &'a DomainName,
    /// Whether the replacement owns addresses and not SRV records.
    pub(crate) to_addresses: bool,
}

/// What a NAPTR record is.
pub(crate) enum Reading<'a> {
    /// About SIP, but with an expression beside the replacement, or with neither.
    Malformed,
    /// Not about SIP, or not in the way that SIP servers are found.
    Other,
    Rule(Rule<'a>),
    /// About SIP over a transport that is not supported.
    Unsupported,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(naptr: &'a Naptr) -> Self {
        let to_addresses = match () {
            () if naptr.flags.eq_ignore_ascii_case("s") => false,
            () if naptr.flags.eq_ignore_ascii_case("a") => true,
            // An expression would make a URI, which SIP does not ask for here.
            () => return Self::Other,
        };
        let is = |service: &str| naptr.services.eq_ignore_ascii_case(service);
        let starts = |with: &str| {
            let start = naptr.services.get(..with.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        let transport = match () {
            () if is("SIPS+D2T") => Transport::Tls,
            () if is("SIP+D2T") => Transport::Tcp,
            () if is("SIP+D2U") => Transport::Udp,
            () if starts("SIP+D2") || starts("SIPS+D2") => return Self::Unsupported,
            () => return Self::Other,
        };
        // RFC 3403 section 4.1: expression and replacement exclude one another.
        match &naptr.replacement {
            Some(replacement) if naptr.regexp.is_empty() => Self::Rule(Rule {
                rank: (naptr.order, naptr.preference),
                transport,
                replacement,
                to_addresses,
            }),
            _ => Self::Malformed,
        }
    }

    /// Tells apart what is of use to different policies; what is of none comes last.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::Rule(rule) => match rule.transport {
                Transport::Tls => 0,
                Transport::Tcp => 1,
                Transport::Udp => 2,
            },
            Self::Malformed | Self::Unsupported => 3,
            Self::Other => 4,
        }
    }
}
