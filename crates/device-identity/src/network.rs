//! The networks of the proxies whose headers count.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::ParseNetworkError;

/// A network of IP addresses: `192.0.2.0/24`, `2001:db8::/32`, or a single address.
///
/// An IPv4 network written as IPv4-mapped IPv6 is the IPv4 network.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

impl IpNetwork {
    /// Whether `address`, or the IPv4 address mapped into it, lies in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, other) = (bits(self.address), bits(address.to_canonical()));
        own.1 == other.1 && (own.0 ^ other.0).leading_zeros() >= u32::from(self.prefix)
    }
}

impl FromStr for IpNetwork {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| ParseNetworkError::BadAddress)?;
        let address = written.to_canonical();
        let (bits, width) = bits(address);
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                let prefix = digits.parse().map_err(|_| ParseNetworkError::BadPrefix)?;
                let mapped = if written == address { 0 } else { 96 };
                u8::checked_sub(prefix, mapped).ok_or(ParseNetworkError::BadPrefix)?
            }
            Some(_) => return Err(ParseNetworkError::BadPrefix),
        };
        if prefix > width {
            return Err(ParseNetworkError::BadPrefix);
        }
        if prefix == 0 {
            return Err(ParseNetworkError::Everything);
        }
        if bits.checked_shl(u32::from(prefix)).unwrap_or(0) != 0 {
            return Err(ParseNetworkError::HostBits);
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The address left-aligned in 128 bits, and how many of these it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// The proxies whose headers count.
///
/// # Examples
///
/// ```
/// use offhook_device_identity::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["192.0.2.0/24".parse()?]);
/// assert!(proxies.admit("192.0.2.7".parse()?).is_some());
/// assert!(proxies.admit("198.51.100.7".parse()?).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNetwork>);

impl TrustedProxies {
    /// The proxies in `networks`; with none, no header ever counts.
    pub fn new(networks: impl IntoIterator<Item = IpNetwork>) -> Self {
        Self(networks.into_iter().collect())
    }

    /// Whether no proxy is listed, so that no header ever counts.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The proof that `peer`, the other end of the TCP connection, is listed.
    ///
    /// A list is as good as it is short: one that covers the whole address space in pieces, such as
    /// `0.0.0.0/1` and `128.0.0.0/1`, is not refused and admits everybody.
    #[must_use]
    pub fn admit(&self, peer: IpAddr) -> Option<ListedProxy> {
        self.0
            .iter()
            .any(|network| network.contains(peer))
            .then_some(ListedProxy {
                address: peer.to_canonical(),
            })
    }
}

/// A peer that is listed; only [`TrustedProxies::admit`] makes one.
///
/// ```compile_fail,E0451
/// use offhook_device_identity::ListedProxy;
///
/// let proxy = ListedProxy { address: [192, 0, 2, 1].into() };
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListedProxy {
    address: IpAddr,
}

impl ListedProxy {
    /// The address of the proxy; of an IPv4-mapped one the IPv4 address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.0/24", "::ffff:192.0.2.7", "::ffff:192.0.3.7"),
            ("::ffff:192.0.2.0/120", "192.0.2.7", "192.0.3.7"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("8000::/1", "ffff::", "192.0.2.7"),
            ("128.0.0.0/1", "255.0.0.1", "ffff::"),
        ] {
            let network: IpNetwork = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network}");
            assert!(!network.contains(outside.parse().unwrap()), "{network}");
        }
    }

    #[test]
    fn a_bad_network_is_refused_with_the_reason() {
        for (text, error) in [
            ("", ParseNetworkError::BadAddress),
            ("proxy/24", ParseNetworkError::BadAddress),
            ("192.0.2.0/33", ParseNetworkError::BadPrefix),
            ("192.0.2.0/+8", ParseNetworkError::BadPrefix),
            ("192.0.2.0/", ParseNetworkError::BadPrefix),
            ("192.0.2.0/999", ParseNetworkError::BadPrefix),
            ("::ffff:192.0.2.0/24", ParseNetworkError::BadPrefix),
            ("192.0.2.7/24", ParseNetworkError::HostBits),
            ("2001:db8::1/64", ParseNetworkError::HostBits),
            ("0.0.0.0/0", ParseNetworkError::Everything),
            ("::/0", ParseNetworkError::Everything),
            ("::ffff:0.0.0.0/96", ParseNetworkError::Everything),
        ] {
            assert_eq!(text.parse::<IpNetwork>(), Err(error), "{text}");
        }
    }
}
