//! The hardware address of a device.

use std::fmt;
use std::str::FromStr;

use crate::ParseMacAddressError;

/// The hardware address of a device: six octets.
///
/// `Display` and [`UpperHex`](fmt::UpperHex) give twelve upper-case hexadecimal digits, the form
/// of `SEP` device names; [`LowerHex`](fmt::LowerHex) gives lower case. Every usual spelling is
/// read: twelve digits, or groups of two, four or six of them with `:`, `-` or `.` between.
///
/// # Examples
///
/// ```
/// use offhook_device_name::MacAddress;
///
/// let mac: MacAddress = "00:0e:08:ab:cd:ef".parse()?;
/// assert_eq!(mac.to_string(), "000E08ABCDEF");
/// assert_eq!(mac, "000e.08ab.cdef".parse()?);
/// assert_eq!(mac, "000E08-ABCDEF".parse()?);
/// # Ok::<(), offhook_device_name::ParseMacAddressError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MacAddress([u8; 6]);

impl MacAddress {
    /// The address made of `octets`, first on the wire first.
    #[must_use]
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The six octets, first on the wire first.
    #[must_use]
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Whether the address names a group of stations (the lowest bit of the first octet), which
    /// no single device has.
    ///
    /// # Source
    ///
    /// IEEE 802, individual/group bit.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 0b01 != 0
    }

    /// Whether the address was chosen by an administrator or by software and not by the maker
    /// (the second lowest bit of the first octet).
    ///
    /// # Source
    ///
    /// IEEE 802, universal/local bit.
    #[must_use]
    pub const fn is_locally_administered(self) -> bool {
        self.0[0] & 0b10 != 0
    }

    /// The address as lower-case pairs with `separator` between, `00:0e:08:ab:cd:ef` for `':'`.
    #[must_use]
    pub const fn separated(self, separator: char) -> Separated {
        Separated {
            mac: self,
            separator,
        }
    }
}

impl FromStr for MacAddress {
    type Err = ParseMacAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut value = 0_u64;
        let mut found = 0_usize;
        let mut separator = None;
        let mut wanted = None;
        let mut group = 0_usize;
        for (at, char) in text.chars().enumerate() {
            if let Some(digit) = char.to_digit(16) {
                found += 1;
                if found > DIGITS {
                    return Err(ParseMacAddressError::WrongLength { found });
                }
                group += 1;
                value = value << 4 | u64::from(digit);
                continue;
            }
            if !matches!(char, ':' | '-' | '.') || *separator.get_or_insert(char) != char {
                return Err(ParseMacAddressError::BadCharacter { at });
            }
            if !matches!(group, 2 | 4 | 6) || *wanted.get_or_insert(group) != group {
                return Err(ParseMacAddressError::WrongGroup { at });
            }
            group = 0;
        }
        if found != DIGITS {
            return Err(ParseMacAddressError::WrongLength { found });
        }
        if wanted.is_some_and(|wanted| group != wanted) {
            return Err(ParseMacAddressError::WrongGroup {
                at: text.chars().count(),
            });
        }
        let [_, _, octets @ ..] = value.to_be_bytes();
        Ok(Self(octets))
    }
}

impl From<[u8; 6]> for MacAddress {
    fn from(octets: [u8; 6]) -> Self {
        Self(octets)
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::UpperHex::fmt(self, f)
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacAddress({self})")
    }
}

impl fmt::UpperHex for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

impl fmt::LowerHex for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// A [`MacAddress`] written as pairs; made by [`MacAddress::separated`].
#[derive(Clone, Copy, Debug)]
pub struct Separated {
    mac: MacAddress,
    separator: char,
}

impl fmt::Display for Separated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, octet) in self.mac.0.iter().enumerate() {
            if at > 0 {
                write!(f, "{}", self.separator)?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

const DIGITS: usize = 12;

#[cfg(feature = "serde")]
crate::text::serde_as_text!(MacAddress, "a MAC address");
