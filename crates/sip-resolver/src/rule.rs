//! NAPTR records that lead to SIP servers.

use crate::record::Naptr;
use crate::{DomainName, Transport};

/// A NAPTR record about SIP.
pub(crate) struct Rule<'a> {
    /// Order, then preference.
    pub(crate) rank: (u16, u16),
    pub(crate) transport: Transport,
    pub(crate) end: End<'a>,
}

/// Where a rule leads.
#[derive(Clone, Copy)]
pub(crate) enum End<'a> {
    /// To the owner of addresses.
    Addresses(&'a DomainName),
    /// Nowhere: it has an expression beside the replacement, or neither.
    Malformed,
    /// Nowhere: its flags are not those of SIP.
    OtherFlags,
    /// To the owner of SRV records.
    Servers(&'a DomainName),
}

impl End<'_> {
    pub(crate) const fn is_somewhere(self) -> bool {
        matches!(self, Self::Addresses(_) | Self::Servers(_))
    }
}

/// What a NAPTR record is.
pub(crate) enum Reading<'a> {
    /// Not about SIP, or not in the way that SIP servers are found.
    Other,
    Rule(Rule<'a>),
    /// About SIP over a transport that is not supported.
    Unsupported,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(naptr: &'a Naptr) -> Self {
        let is_flag = |flag: &str| naptr.flags.eq_ignore_ascii_case(flag);
        // An expression would make a URI, which SIP does not ask for here.
        if is_flag("u") {
            return Self::Other;
        }
        let is = |service: &str| naptr.services.eq_ignore_ascii_case(service);
        let starts = |with: &str| {
            let start = naptr.services.get(..with.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        let has_other_flags = !is_flag("s") && !is_flag("a");
        let transport = match () {
            () if is("SIPS+D2T") => Transport::Tls,
            () if is("SIP+D2T") => Transport::Tcp,
            () if is("SIP+D2U") => Transport::Udp,
            () if has_other_flags => return Self::Other,
            () if starts("SIP+D2") || starts("SIPS+D2") => return Self::Unsupported,
            () => return Self::Other,
        };
        let end = match &naptr.replacement {
            _ if has_other_flags => End::OtherFlags,
            // RFC 3403 section 4.1: expression and replacement exclude one another.
            Some(name) if naptr.regexp.is_empty() => match is_flag("a") {
                true => End::Addresses(name),
                false => End::Servers(name),
            },
            _ => End::Malformed,
        };
        Self::Rule(Rule {
            rank: (naptr.order, naptr.preference),
            transport,
            end,
        })
    }

    /// Tells apart what is of use to different policies; what is of none comes last.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::Rule(rule) => match (rule.end.is_somewhere(), rule.transport) {
                (true, Transport::Tls) => 0,
                (true, Transport::Tcp) => 1,
                (true, Transport::Udp) => 2,
                (false, Transport::Tls) => 3,
                (false, _) => 4,
            },
            Self::Unsupported => 4,
            Self::Other => 5,
        }
    }
}
