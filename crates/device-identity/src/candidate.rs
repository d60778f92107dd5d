//! Which texts of a certificate count as the address of the device.

use offhook_device_name::MacAddress;

use crate::IdentityError;
use crate::rule::{Attribute, Rule, Rules};
use crate::scan::{Token, is_filler, tokens};

/// An address that a certificate carries in a known form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Candidate<'a> {
    mac: MacAddress,
    rule: Rule,
    model: Option<&'a str>,
}

impl<'a> Candidate<'a> {
    /// The address.
    #[must_use]
    pub const fn mac(&self) -> MacAddress {
        self.mac
    }

    /// The form in which it was found.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The model that stands beside it, where the form has one.
    #[must_use]
    pub const fn model(&self) -> Option<&'a str> {
        self.model
    }
}

/// Every address that a certificate carries; made by [`candidates`](crate::candidates).
///
/// Nothing here is verified: it is what the bytes say, and not an identity. At most two distinct
/// addresses are kept, for two are already too many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Candidates<'a> {
    placed: [Option<Candidate<'a>>; 2],
    /// Two, so that one of them differs from whatever is placed later.
    strays: [Option<MacAddress>; 2],
    shared: bool,
    rules: Rules,
}

impl<'a> Candidates<'a> {
    /// None yet; those will count that have a form in `rules`.
    pub(crate) const fn by(rules: Rules) -> Self {
        Self {
            placed: [None; 2],
            strays: [None; 2],
            shared: false,
            rules,
        }
    }

    /// The only address, if there is exactly one and the certificate belongs to one device.
    ///
    /// # Errors
    ///
    /// - [`IdentityError::Ambiguous`]: two distinct addresses, both named. An address in a place
    ///   where no known form has one counts against another, though never for itself.
    /// - [`IdentityError::NoAddress`]: none in a known form.
    /// - [`IdentityError::Shared`]: many devices hold this certificate.
    pub fn one(&self) -> Result<Candidate<'a>, IdentityError> {
        if self.shared {
            return Err(IdentityError::Shared);
        }
        let [Some(only), _] = self.placed else {
            return Err(IdentityError::NoAddress);
        };
        let first = only.mac;
        match self.other_than(first) {
            Some(second) => Err(IdentityError::Ambiguous { first, second }),
            None => Ok(only),
        }
    }

    /// The addresses in a known form, in the order of the certificate, at most two.
    pub fn iter(&self) -> impl Iterator<Item = Candidate<'a>> + use<'a> {
        self.placed.into_iter().flatten()
    }

    /// Whether the certificate says that many devices share it, such as `L=ciscogeneric`.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.shared
    }

    pub(crate) const fn mark_shared(&mut self) {
        self.shared = true;
    }

    /// An address in any place that is not `mac`.
    pub(crate) fn other_than(&self, mac: MacAddress) -> Option<MacAddress> {
        let placed = self.iter().map(|candidate| candidate.mac);
        let mut all = placed.chain(self.strays.into_iter().flatten());
        all.find(|other| *other != mac)
    }

    pub(crate) fn place(&mut self, mac: MacAddress, rule: Rule, model: Option<&'a str>) {
        if is_filler(mac) {
            self.shared = true;
            return;
        }
        if !self.rules.has(rule) {
            return self.stray(mac);
        }
        let new = Candidate { mac, rule, model };
        for slot in &mut self.placed {
            match slot {
                None => {
                    *slot = Some(new);
                    break;
                }
                Some(known) if known.mac == mac => {
                    known.model = known.model.or(model);
                    break;
                }
                Some(_) => {}
            }
        }
    }

    /// Notes an address that stands where no known form has one.
    pub(crate) fn stray(&mut self, mac: MacAddress) {
        for slot in &mut self.strays {
            match slot {
                None => {
                    *slot = Some(mac);
                    break;
                }
                Some(known) if *known == mac => break,
                Some(_) => {}
            }
        }
    }

    /// Reads a common name, where an address is expected.
    pub(crate) fn common_name(&mut self, text: &'a [u8]) {
        for token in tokens(text.trim_ascii()) {
            match (token.before, token.after, token.named) {
                ([], [], false) => self.place(token.mac, Rule::CommonName, None),
                _ if token.separated => self.stray(token.mac),
                ([], [], true) => self.place(token.mac, Rule::Name, None),
                ([model @ .., b'-'], [], named) if !model.is_empty() => {
                    let rule = if named {
                        Rule::ModelAndName
                    } else {
                        Rule::Model
                    };
                    self.place(token.mac, rule, str::from_utf8(model).ok());
                }
                _ if token.ends_first_label() => self.place(token.mac, Rule::HostName, None),
                _ => self.stray(token.mac),
            }
        }
    }

    /// Reads a host name of the subject alternative names.
    pub(crate) fn host_name(&mut self, text: &'a [u8]) {
        for token in tokens(text) {
            if token.ends_first_label() {
                self.place(token.mac, Rule::HostName, None);
            } else {
                self.stray(token.mac);
            }
        }
    }

    /// Reads a text in which no known form has an address.
    pub(crate) fn elsewhere(&mut self, text: &[u8]) {
        for token in tokens(text) {
            self.stray(token.mac);
        }
    }

    /// Reads an attribute that the operator has named.
    pub(crate) fn named(&mut self, text: &'a [u8], attribute: Attribute) {
        let rule = Rule::Attribute(attribute);
        for token in tokens(text) {
            let model = match (attribute, token.before) {
                (Attribute::AlternativeName, _) => None,
                (_, [model @ .., b'-']) if !model.is_empty() => str::from_utf8(model).ok(),
                _ => None,
            };
            self.place(token.mac, rule, model);
        }
    }

    /// Adds what was read of a text that does not live as long, without its models.
    pub(crate) fn absorb(&mut self, other: &Candidates<'_>) {
        self.shared |= other.shared;
        for found in other.iter() {
            self.place(found.mac, found.rule, None);
        }
        for mac in other.strays.into_iter().flatten() {
            self.stray(mac);
        }
    }
}

impl Token<'_> {
    /// Whether the digits stand alone, or at the end of the first label of a host name.
    fn ends_first_label(&self) -> bool {
        !self.separated
            && matches!(self.before, [] | [.., b'-'])
            && !self.before.contains(&b'.')
            && matches!(self.after, [] | [b'.', ..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common_name(text: &str) -> Candidates<'_> {
        let mut found = Candidates::default();
        found.common_name(text.as_bytes());
        found
    }

    #[test]
    fn every_known_common_name_is_read() {
        for (text, rule, model) in [
            ("805EC0112233", Rule::CommonName, None),
            ("80:5e:c0:11:22:33", Rule::CommonName, None),
            ("805e.c011.2233", Rule::CommonName, None),
            ("805E-C011-2233", Rule::CommonName, None),
            ("805ec0-112233", Rule::CommonName, None),
            (" 805EC0112233 ", Rule::CommonName, None),
            ("SEP805EC0112233", Rule::Name, None),
            (
                "CP-7961G-GE-SEP805EC0112233",
                Rule::ModelAndName,
                Some("CP-7961G-GE"),
            ),
            ("AP1G4-805EC0112233", Rule::Model, Some("AP1G4")),
            ("SEP805ec0112233.example.com", Rule::HostName, None),
            ("CP-8841-SEP805ec0112233.example.com", Rule::HostName, None),
        ] {
            let found = common_name(text).one().unwrap();
            assert_eq!(found.mac().to_string(), "805EC0112233", "{text}");
            assert_eq!((found.rule(), found.model()), (rule, model), "{text}");
        }
    }

    #[test]
    fn a_part_of_a_longer_word_is_no_address() {
        for text in [
            "805EC011223344",
            "X805EC0112233",
            "SEP805EC0112233X",
            "é805EC0112233",
            "BAT805EC0112233",
            "805EC011223",
            "",
        ] {
            let mut beside = common_name("deadbeefcafe");
            beside.elsewhere(text.as_bytes());
            assert!(beside.one().is_ok(), "{text}");
            assert_eq!(
                common_name(text).one(),
                Err(IdentityError::NoAddress),
                "{text}"
            );
        }
    }

    #[test]
    fn a_second_address_anywhere_in_the_name_is_ambiguous() {
        for text in [
            "805EC0112233.deadbeefcafe.example.com",
            "AP1G4-805EC0112233-deadbeefcafe",
            "805EC0112233 deadbeefcafe",
        ] {
            let mut found = common_name(text);
            found.host_name(b"805EC0112233.example.com");
            let Err(IdentityError::Ambiguous { first, second }) = found.one() else {
                panic!("{text}");
            };
            let mut both = [first.to_string(), second.to_string()];
            both.sort();
            assert_eq!(both, ["805EC0112233", "DEADBEEFCAFE"], "{text}");
        }
    }

    #[test]
    fn a_stray_address_counts_against_but_never_for_itself() {
        let mut found = Candidates::default();
        found.elsewhere(b"unit 805EC0112233");
        assert_eq!(found.one(), Err(IdentityError::NoAddress));
        found.common_name(b"deadbeefcafe");
        assert!(matches!(found.one(), Err(IdentityError::Ambiguous { .. })));
    }

    #[test]
    fn the_same_address_twice_is_one_address() {
        let mut found = Candidates::default();
        found.elsewhere(b"805EC0112233");
        found.common_name(b"AP1G4-805ec0112233");
        found.host_name(b"805ec0112233.example.com");
        assert_eq!(found.one().unwrap().model(), Some("AP1G4"));
    }

    #[test]
    fn fillers_are_not_addresses() {
        for text in ["000000000000", "SEPffffffffffff"] {
            assert_eq!(common_name(text).one(), Err(IdentityError::Shared));
        }
    }
}
