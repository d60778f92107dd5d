//! In which forms an address counts.

use std::fmt;

/// The form in which an address was found.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// An attribute that the operator has named, see [`Rules::attribute`].
    Attribute(Attribute),
    /// The state attribute (ST) beside a model in OU and a serial number in L:
    /// `OU=CP-8841-3PCC, L=88012BA01234, ST=000e08abcdef`.
    CiscoMpp,
    /// A common name that is the address and nothing else: `CN=805EC0112233`.
    CommonName,
    /// A host name whose first label is the address or ends in it: `SEP001AA136C68A.example.com`.
    HostName,
    /// A common name made of a model and the address: `CN=AP1G4-94D469F82DE8`.
    Model,
    /// A common name made of a model and a device name: `CN=CP-7961G-GE-SEP001AA136C68A`.
    ModelAndName,
    /// A common name that is a device name and nothing else: `CN=SEP001AA136C68A`.
    Name,
    /// The first group of an [`IdentityPattern`](crate::IdentityPattern).
    Pattern,
}

impl Rule {
    /// A word for machines, which does not change: `cisco-mpp`, `common-name`, `attribute-state`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attribute(Attribute::AlternativeName) => "attribute-alternative-name",
            Self::Attribute(Attribute::CommonName) => "attribute-common-name",
            Self::Attribute(Attribute::Locality) => "attribute-locality",
            Self::Attribute(Attribute::OrganizationalUnit) => "attribute-organizational-unit",
            Self::Attribute(Attribute::SerialNumber) => "attribute-serial-number",
            Self::Attribute(Attribute::State) => "attribute-state",
            Self::CiscoMpp => "cisco-mpp",
            Self::CommonName => "common-name",
            Self::HostName => "host-name",
            Self::Model => "model",
            Self::ModelAndName => "model-and-name",
            Self::Name => "name",
            Self::Pattern => "pattern",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attribute(attribute) => return fmt::Display::fmt(attribute, f),
            Self::CiscoMpp => "state attribute of a Cisco MPP certificate",
            Self::CommonName => "common name",
            Self::HostName => "host name",
            Self::Model => "common name after a model",
            Self::ModelAndName => "device name after a model",
            Self::Name => "device name",
            Self::Pattern => "identity pattern",
        })
    }
}

/// A place in a certificate that an operator can name as the one with the address.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Attribute {
    /// A subject alternative name: a host name, a mail address or a URI.
    AlternativeName,
    /// CN of the subject.
    CommonName,
    /// L of the subject.
    Locality,
    /// OU of the subject.
    OrganizationalUnit,
    /// The `serialNumber` attribute of the subject; not the serial number of the certificate.
    SerialNumber,
    /// ST of the subject.
    State,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlternativeName => "alternative name named by the operator",
            Self::CommonName => "common name named by the operator",
            Self::Locality => "locality named by the operator",
            Self::OrganizationalUnit => "organizational unit named by the operator",
            Self::SerialNumber => "serial number named by the operator",
            Self::State => "state named by the operator",
        })
    }
}

/// The forms that count for the certificates of a verifier: those of all makers known here,
/// those of some, or an attribute that the operator names.
///
/// An address in a form that does not count is no identity, but still contradicts another one.
///
/// Twelve decimal digits can be a telephone number: `CN=447700900123` is read as an address. Where
/// an anchor certifies other things than devices too, set the rules of its maker.
///
/// # Source
///
/// Each maker's constant says where its form was seen.
///
/// # Examples
///
/// ```
/// use offhook_device_identity::{Attribute, Rules};
///
/// let cisco = Rules::CISCO_MIC.and(Rules::CISCO_MPP);
/// let other = Rules::attribute(Attribute::SerialNumber);
/// assert_ne!(cisco, cisco.and(other));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Rules {
    forms: u8,
    attributes: u8,
}

impl Rules {
    /// Every form of every maker known here; what counts unless told otherwise.
    pub const ALL: Self = Self {
        forms: u8::MAX,
        attributes: 0,
    };
    /// Cisco access points: `CN=AP1G4-94D469F82DE8`.
    ///
    /// # Source
    ///
    /// A certificate of an AP1G4 under Cisco Manufacturing CA SHA2.
    pub const CISCO_ACCESS_POINT: Self = Self::of(Rule::Model);
    /// Certificates that Unified CM's CAPF has issued to phones: `CN=SEP001AA136C68A`.
    ///
    /// # Source
    ///
    /// Tools that read CAPF certificates; the subject itself was not seen.
    pub const CISCO_LSC: Self = Self::of(Rule::Name);
    /// Cisco enterprise phones, as their maker has certified them:
    /// `CN=CP-7961G-GE-SEP001AA136C68A`.
    ///
    /// # Source
    ///
    /// 802.1X identities of phones in the output of Catalyst switches.
    pub const CISCO_MIC: Self = Self::of(Rule::ModelAndName);
    /// Cisco MPP phones: `OU=CP-8841-3PCC, L=88012BA01234, ST=000e08abcdef`.
    ///
    /// # Source
    ///
    /// Cisco IP Phone 8800 series multiplatform phones, administration guide.
    pub const CISCO_MPP: Self = Self::of(Rule::CiscoMpp);
    /// Cisco SPA phones and adapters, as MPP phones: `OU=SPA-962, L=88012BA01234,
    /// ST=000e08abcdef`.
    ///
    /// # Source
    ///
    /// Cisco SPA100 series, provisioning guide.
    pub const CISCO_SPA: Self = Self::of(Rule::CiscoMpp);
    /// Cisco switches and controllers: `CN=C9300-48UXM-4401E4B45B26, serialNumber=PID:… SN:…`.
    ///
    /// # Source
    ///
    /// SUDI certificates in the output of IOS-XE.
    pub const CISCO_SUDI: Self = Self::of(Rule::Model);
    /// Yealink phones: `CN=805EC0112233`.
    ///
    /// # Source
    ///
    /// Yealink administrator guides, server certificates and device certificates.
    pub const YEALINK: Self = Self::of(Rule::CommonName);

    /// One form only. [`Rule::Pattern`] is none: a pattern stands in the place of the rules, see
    /// [`ChainVerifierBuilder::pattern`](crate::ChainVerifierBuilder::pattern).
    #[must_use]
    pub const fn of(rule: Rule) -> Self {
        match rule {
            Rule::Attribute(attribute) => Self::attribute(attribute),
            form => Self {
                forms: form_bit(form),
                attributes: 0,
            },
        }
    }

    /// An attribute, for makers whose form has no rule of its own: every address in it counts, and
    /// two of them are ambiguous.
    ///
    /// Be sure of what the maker writes there: of a serial number of twelve hexadecimal digits
    /// nothing tells that it is none. Alone or with others, by [`and`](Self::and).
    #[must_use]
    pub const fn attribute(attribute: Attribute) -> Self {
        Self {
            forms: 0,
            attributes: attribute_bit(attribute),
        }
    }

    /// Both these forms and those of `other`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            forms: self.forms | other.forms,
            attributes: self.attributes | other.attributes,
        }
    }

    #[inline]
    pub(crate) const fn has(self, rule: Rule) -> bool {
        match rule {
            Rule::Attribute(attribute) => self.has_attribute(attribute),
            form => self.forms & form_bit(form) != 0,
        }
    }

    #[inline]
    pub(crate) const fn has_attribute(self, attribute: Attribute) -> bool {
        self.attributes & attribute_bit(attribute) != 0
    }

    /// Whether only forms of makers count.
    #[inline]
    pub(crate) const fn names_no_attribute(self) -> bool {
        self.attributes == 0
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::ALL
    }
}

const fn form_bit(rule: Rule) -> u8 {
    match rule {
        Rule::Attribute(_) | Rule::Pattern => 0,
        Rule::CiscoMpp => 1,
        Rule::CommonName => 1 << 1,
        Rule::HostName => 1 << 2,
        Rule::Model => 1 << 3,
        Rule::ModelAndName => 1 << 4,
        Rule::Name => 1 << 5,
    }
}

const fn attribute_bit(attribute: Attribute) -> u8 {
    1 << attribute as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_read_the_same_word_for_ever() {
        for (rule, word) in [
            (Rule::CiscoMpp, "cisco-mpp"),
            (Rule::ModelAndName, "model-and-name"),
            (
                Rule::Attribute(Attribute::SerialNumber),
                "attribute-serial-number",
            ),
        ] {
            assert_eq!(rule.as_str(), word);
        }
    }
}
