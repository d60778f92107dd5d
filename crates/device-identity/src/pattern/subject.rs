//! A pattern on the subject of a certificate.

use offhook_device_name::MacAddress;

use super::IdentityPattern;
use crate::certificate::{
    COMMON_NAME, Certificate, LOCALITY, ORGANIZATIONAL_UNIT, SERIAL_NUMBER, STATE, Text,
    for_each_attribute,
};
use crate::label::is_serial_number;
use crate::scan::{is_filler, tokens};
use crate::{DeviceIdentity, IdentityError, Rule, Rules, VerifiedCertificate};

impl IdentityPattern {
    /// The identity that the pattern finds in the subject of a verified certificate, for makers
    /// whose form has no [`Rule`] of its own.
    ///
    /// The text that is matched has the attributes in the order of the certificate, with a comma
    /// and a space between: `OU=CP-8841-3PCC, ST=000e08abcdef`. The types are `CN`, `OU`, `ST`,
    /// and for all others the letter `X`. Left out are the `serialNumber` and the locality, where
    /// makers put serial numbers, which a pattern would take for an address.
    ///
    /// A pattern only ever confirms: its match must be a whole address, and the only one in the
    /// certificate.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] when the pattern finds no address, or any other stands in the
    /// certificate, or many devices share it.
    pub fn identity(
        &self,
        certificate: &VerifiedCertificate<'_>,
    ) -> Result<DeviceIdentity, IdentityError> {
        let mac = self.find_in(certificate.certificate())?;
        Ok(certificate.proves(mac, Rule::Pattern, None))
    }

    /// The address that the pattern finds in the subject of the certificate `der`, without any
    /// verification; it is no identity.
    ///
    /// # Errors
    ///
    /// As of [`identity`](Self::identity), and [`IdentityError::Certificate`] when `der` cannot be
    /// read.
    pub fn candidate(&self, der: &[u8]) -> Result<MacAddress, IdentityError> {
        self.find_in(&Certificate::read(der).map_err(IdentityError::Certificate)?)
    }

    fn find_in(&self, certificate: &Certificate<'_>) -> Result<MacAddress, IdentityError> {
        let candidates = certificate
            .candidates(Rules::ALL)
            .map_err(IdentityError::Certificate)?;
        if candidates.is_shared() {
            return Err(IdentityError::Shared);
        }
        let mut text = String::new();
        for_each_attribute(&certificate.subject(), |kind, value| {
            let label = match kind {
                SERIAL_NUMBER | LOCALITY => return Ok(()),
                COMMON_NAME => "CN",
                ORGANIZATIONAL_UNIT => "OU",
                STATE => "ST",
                _ => "X",
            };
            let narrowed;
            let value = match value.text() {
                Text::Narrow(text) => text,
                Text::Wide(text) => {
                    narrowed = text.narrowed()?;
                    narrowed.as_bytes()
                }
            };
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(label);
            text.push('=');
            text.push_str(&String::from_utf8_lossy(value));
            Ok(())
        })
        .map_err(IdentityError::Certificate)?;

        let (first, place) = self.find(&text).ok_or(IdentityError::NoAddress)?;
        if is_filler(first) {
            return Err(IdentityError::Shared);
        }
        // What the pattern has cut out of a longer run of digits is not among these.
        let tokens = || tokens(text.as_bytes());
        let is_whole = tokens().any(|token| token.place == place);
        if !is_whole || is_serial_number(text.get(..place.start).unwrap_or_default()) {
            return Err(IdentityError::NoAddress);
        }
        let second = tokens().map(|token| token.mac);
        let second = second.into_iter().find(|other| *other != first);
        match second.or_else(|| candidates.other_than(first)) {
            Some(second) => Err(IdentityError::Ambiguous { first, second }),
            None => Ok(first),
        }
    }
}
