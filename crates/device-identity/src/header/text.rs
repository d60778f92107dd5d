//! Addresses in a header of text.

use crate::label::is_serial_number;
use crate::scan::{is_filler, tokens};
use crate::{DeviceIdentity, HeaderError, IdentityError, IdentityPattern, Rule, Source};

/// The identity that `pattern` finds, if nothing else in `value` could be one.
pub(super) fn from_text(
    value: &str,
    pattern: &IdentityPattern,
) -> Result<DeviceIdentity, HeaderError> {
    let none = || HeaderError::Identity(IdentityError::NoAddress);
    let (mac, place) = pattern.find(value).ok_or_else(none)?;

    let tokens = || tokens(value.as_bytes());
    if !tokens().any(|token| token.place == place) {
        return Err(HeaderError::PartOfLongerRun);
    }
    if is_filler(mac) || is_shared(value) {
        return Err(HeaderError::Identity(IdentityError::Shared));
    }
    let mut found = tokens().map(|token| token.mac);
    if let Some(second) = found.find(|other| *other != mac) {
        let first = mac;
        let ambiguous = IdentityError::Ambiguous { first, second };
        return Err(HeaderError::Identity(ambiguous));
    }
    if is_serial_number(value.get(..place.start).unwrap_or_default()) {
        return Err(none());
    }
    Ok(DeviceIdentity {
        mac,
        model: None,
        rule: Rule::Pattern,
        source: Source::Header,
        certificate: None,
        concession: None,
    })
}

/// Whether `text` has what makers write into a certificate that many devices hold.
fn is_shared(text: &str) -> bool {
    let mut words = text.split(|char: char| !char.is_ascii_alphanumeric());
    words.any(|word| crate::certificate::is_shared(word.as_bytes()))
}
