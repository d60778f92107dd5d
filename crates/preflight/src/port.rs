//! Ports that a firewall lets through.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::ParsePortsError;
use crate::deployment::parsed;

/// TCP or UDP.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// Ports of one protocol, from the first to the last: `tcp/8443`, `udp/36002-59999`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ports {
    protocol: Protocol,
    first: u16,
    last: u16,
}

impl Ports {
    pub(crate) const fn tcp(port: u16) -> Self {
        Self {
            protocol: Protocol::Tcp,
            first: port,
            last: port,
        }
    }

    pub(crate) const fn udp(first: u16, last: u16) -> Self {
        Self {
            protocol: Protocol::Udp,
            first,
            last,
        }
    }

    /// The protocol.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        self.protocol
    }

    /// The first port.
    #[must_use]
    pub const fn first(self) -> u16 {
        self.first
    }

    /// The last port, which may be the first one.
    #[must_use]
    pub const fn last(self) -> u16 {
        self.last
    }

    /// The first port of these that none of `open` covers.
    pub(crate) fn first_closed(self, open: &[Self]) -> Option<u16> {
        let mut open: Vec<_> = open
            .iter()
            .filter(|other| other.protocol == self.protocol)
            .collect();
        open.sort();
        let mut next = self.first;
        for other in open {
            if other.first > next {
                break;
            }
            if other.last >= next {
                if other.last >= self.last {
                    return None;
                }
                next = other.last + 1;
            }
        }
        Some(next)
    }
}

impl FromStr for Ports {
    type Err = ParsePortsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (protocol, ports) = text.split_once('/').ok_or(ParsePortsError)?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(ParsePortsError),
        };
        let port = |text: &str| match text.parse::<u16>() {
            Ok(port) if port > 0 && !text.starts_with('+') => Ok(port),
            _ => Err(ParsePortsError),
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err(ParsePortsError);
        }
        Ok(Self {
            protocol,
            first,
            last,
        })
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.protocol, self.first)?;
        if self.last > self.first {
            write!(f, "-{}", self.last)?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(texts: &[&str]) -> Vec<Ports> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn ports_are_read_as_they_are_written() {
        for text in ["tcp/8443", "udp/36002-59999", "tcp/1", "udp/65535"] {
            assert_eq!(text.parse::<Ports>().unwrap().to_string(), text);
        }
        assert_eq!("udp/5-5".parse::<Ports>().unwrap().to_string(), "udp/5");
        for bad in [
            "",
            "8443",
            "tcp/",
            "tcp/0",
            "TCP/1",
            "tcp/65536",
            "tcp/+1",
            "udp/2-1",
            "tcp/1-",
            "tcp/1 ",
            "sctp/1",
        ] {
            assert_eq!(bad.parse::<Ports>(), Err(ParsePortsError), "{bad}");
        }
    }

    #[test]
    fn ranges_cover_together_what_none_covers_alone() {
        let media = Ports::udp(36_002, 59_999);
        for (open, closed) in [
            (&["udp/36002-59999"][..], None),
            (&["udp/1-65535"], None),
            (&["udp/40000-59999", "udp/36002-45000"], None),
            (&["udp/36002-45000", "udp/45001-60000"], None),
            (
                &["udp/36000-36010", "udp/36002-36005", "udp/36012-59999"],
                Some(36_011),
            ),
            (&["udp/36003-59999"], Some(36_002)),
            (&["udp/36002-59998"], Some(59_999)),
            (&["tcp/36002-59999"], Some(36_002)),
            (&[], Some(36_002)),
        ] {
            assert_eq!(media.first_closed(&ports(open)), closed, "{open:?}");
        }
        assert_eq!(
            Ports::udp(65_535, 65_535).first_closed(&ports(&["udp/65535"])),
            None
        );
    }
}
