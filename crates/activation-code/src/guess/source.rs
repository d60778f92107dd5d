//! Where guesses come from.

use std::net::IpAddr;

use ring::hmac;
use zeroize::Zeroizing;

use crate::{GuessKey, Peppers};

/// Makes keys of sources that nobody without the pepper can turn back into addresses.
pub(crate) struct SourceKeys(Zeroizing<[u8; 32]>);

impl SourceKeys {
    pub(crate) fn new(peppers: &Peppers) -> Self {
        Self(peppers.derive(b"gs1|"))
    }

    /// The key of the source that `address` is a part of: an IPv4 address, or an IPv6 network of
    /// 64 bits, which is what one customer has at the least.
    pub(crate) fn key(&self, address: IpAddr) -> GuessKey {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice());
        let digest = match address.to_canonical() {
            IpAddr::V4(address) => hmac::sign(&key, &address.octets()),
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64 << 64;
                hmac::sign(&key, &network.to_be_bytes())
            }
        };
        GuessKey::first_half(digest.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pepper, PepperId};

    fn key(address: &str, pepper: u8) -> GuessKey {
        let pepper = Pepper::new(vec![pepper; 32]).unwrap();
        let peppers = Peppers::new(PepperId::new(1), pepper);
        SourceKeys::new(&peppers).key(address.parse().unwrap())
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network_of_64_bits() {
        assert_ne!(key("192.0.2.1", 1), key("192.0.2.2", 1));
        assert_eq!(key("192.0.2.1", 1), key("::ffff:192.0.2.1", 1));
        assert_eq!(key("2001:db8::1", 1), key("2001:db8::ffff:0:0:1", 1));
        assert_ne!(key("2001:db8:0:1::1", 1), key("2001:db8::1", 1));
    }

    #[test]
    fn without_the_pepper_a_key_leads_to_no_address() {
        assert_ne!(key("192.0.2.1", 1), key("192.0.2.1", 2));
    }
}
