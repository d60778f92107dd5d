//! How a question and its answer went between a driver and a name server.

use std::fmt;
use std::net::SocketAddr;

/// How a question and its answer went between a driver and a name server, as far as the driver knows.
///
/// `Display` gives the address, then what is out of the ordinary: another transport than UDP, that
/// EDNS had to be given up, an RCODE other than NOERROR.
///
/// # Examples
///
/// ```
/// use offhook_sip_resolver::{Exchange, NameServerTransport, Rcode};
///
/// let server = ([192, 0, 2, 53], 53).into();
/// let exchange = Exchange::new(server)
///     .over(NameServerTransport::Tcp)
///     .with_rcode(Rcode::new(2))
///     .without_edns();
/// assert_eq!(exchange.to_string(), "192.0.2.53:53 over TCP without EDNS: SERVFAIL");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Exchange {
    server: SocketAddr,
    transport: Option<NameServerTransport>,
    rcode: Option<Rcode>,
    lacks_edns: bool,
    is_secure: bool,
}

impl Exchange {
    /// An exchange with the name server at this address, about which nothing else is known.
    #[must_use]
    pub const fn new(server: SocketAddr) -> Self {
        Self {
            server,
            transport: None,
            rcode: None,
            lacks_edns: false,
            is_secure: false,
        }
    }

    /// The exchange, over this transport.
    #[must_use]
    pub const fn over(mut self, transport: NameServerTransport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The exchange, of which DNSSEC has proved the answer.
    #[must_use]
    pub const fn proved(mut self) -> Self {
        self.is_secure = true;
        self
    }

    /// The exchange, with this code in the answer.
    #[must_use]
    pub const fn with_rcode(mut self, rcode: Rcode) -> Self {
        self.rcode = Some(rcode);
        self
    }

    /// The exchange, of a question that was asked without EDNS.
    #[must_use]
    pub const fn without_edns(mut self) -> Self {
        self.lacks_edns = true;
        self
    }

    /// The address of the name server.
    #[must_use]
    pub const fn server(&self) -> SocketAddr {
        self.server
    }

    /// What the answer came over; `None` where none came.
    #[must_use]
    pub const fn transport(&self) -> Option<NameServerTransport> {
        self.transport
    }

    /// The code in the answer; `None` where none came, or none that can be read.
    #[must_use]
    pub const fn rcode(&self) -> Option<Rcode> {
        self.rcode
    }

    /// Whether EDNS had to be given up (RFC 6891 section 7).
    #[must_use]
    pub const fn lacks_edns(&self) -> bool {
        self.lacks_edns
    }

    /// Whether DNSSEC has proved the answer; never where answers are not validated.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)?;
        match self.transport {
            None | Some(NameServerTransport::Udp) => {}
            Some(other) => write!(f, " over {other}")?,
        }
        if self.lacks_edns {
            f.write_str(" without EDNS")?;
        }
        if self.is_secure {
            f.write_str(", secure")?;
        }
        match self.rcode {
            None | Some(Rcode::NO_ERROR) => Ok(()),
            Some(rcode) => write!(f, ": {rcode}"),
        }
    }
}

/// What an answer of a name server came over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum NameServerTransport {
    /// HTTPS (RFC 8484).
    Https,
    /// TCP (RFC 7766).
    Tcp,
    /// TLS (RFC 7858).
    Tls,
    /// UDP.
    Udp,
}

impl fmt::Display for NameServerTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Https => "HTTPS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Udp => "UDP",
        })
    }
}

/// The code by which a name server says how it went, 12 bits with EDNS. `Display` gives its name.
///
/// # Source
///
/// RFC 6895 section 2.3, <https://www.rfc-editor.org/rfc/rfc6895#section-2.3>.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Rcode(u16);

impl Rcode {
    /// All went well: 0.
    pub const NO_ERROR: Self = Self(0);

    /// The code of this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self.0 {
            0 => "NOERROR",
            1 => "FORMERR",
            2 => "SERVFAIL",
            3 => "NXDOMAIN",
            4 => "NOTIMP",
            5 => "REFUSED",
            6 => "YXDOMAIN",
            7 => "YXRRSET",
            8 => "NXRRSET",
            9 => "NOTAUTH",
            10 => "NOTZONE",
            16 => "BADVERS",
            23 => "BADCOOKIE",
            other => return write!(f, "RCODE {other}"),
        })
    }
}
