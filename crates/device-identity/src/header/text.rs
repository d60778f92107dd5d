//! Addresses in a header of text.

use offhook_device_name::MacAddress;

use crate::candidate::{is_filler, is_separated_length};
use crate::{DeviceIdentity, HeaderError, IdentityError, IdentityPattern, Rule, Source};

/// The identity that `pattern` finds, if nothing else in `value` could be one.
pub(super) fn from_text(
    value: &str,
    pattern: &IdentityPattern,
) -> Result<DeviceIdentity, HeaderError> {
    let none = || HeaderError::Identity(IdentityError::NoAddress);
    let (mac, place) = pattern.find(value).ok_or_else(none)?;

    let found = value.get(place.clone()).unwrap_or_default();
    let separator = found.chars().find(|char| !char.is_ascii_hexdigit());
    let goes_on = |char: char| char.is_ascii_hexdigit() || Some(char) == separator;
    let before = value
        .get(..place.start)
        .and_then(|text| text.chars().next_back());
    let after = value.get(place.end..).and_then(|text| text.chars().next());
    if before.is_some_and(goes_on) || after.is_some_and(goes_on) {
        return Err(HeaderError::PartOfLongerRun);
    }
    if is_filler(mac) || is_shared(value) {
        return Err(HeaderError::Identity(IdentityError::Shared));
    }
    if let Some(second) = addresses(value).find(|other| *other != mac) {
        let first = mac;
        let ambiguous = IdentityError::Ambiguous { first, second };
        return Err(HeaderError::Identity(ambiguous));
    }
    if is_something_else(value.get(..place.start).unwrap_or_default()) {
        return Err(none());
    }
    Ok(DeviceIdentity {
        mac,
        model: None,
        rule: Rule::Pattern,
        source: Source::Header,
        key: None,
        certificate_thumbprint: None,
        concession: None,
    })
}

/// Whether the digits that follow `before` are no address but a serial number, or the DER of some
/// other value: of a subject that the proxy writes as text.
///
/// # Source
///
/// RFC 4514 section 2.4, <https://www.rfc-editor.org/rfc/rfc4514#section-2.4>: `#` and the DER in
/// hexadecimal digits where a type has no name.
fn is_something_else(before: &str) -> bool {
    if before.ends_with('#') {
        return true;
    }
    let Some((before, _)) = before.rsplit_once('=') else {
        return false;
    };
    let before = before.trim_ascii_end();
    let ends = |char: char| !char.is_ascii_alphanumeric() && char != '.';
    let kind = before.rsplit(ends).next().unwrap_or_default();
    SERIAL_NUMBERS
        .iter()
        .any(|serial| serial.eq_ignore_ascii_case(kind))
}

/// Whether `text` has what makers write into a certificate that many devices hold.
fn is_shared(text: &str) -> bool {
    let mut words = text.split(|char: char| !char.is_ascii_alphanumeric());
    words.any(|word| crate::certificate::is_shared(word.as_bytes()))
}

/// The addresses that stand in `text`, in any spelling.
fn addresses(text: &str) -> impl Iterator<Item = MacAddress> {
    let digits = text.split(|char: char| !char.is_ascii_hexdigit());
    let bare = digits.filter(|run| run.len() == 12);
    let words = text.split(|char: char| !char.is_ascii_hexdigit() && !":-.".contains(char));
    let separated = words.filter(|word| is_separated_length(word.len()));
    bare.chain(separated).filter_map(|word| word.parse().ok())
}

/// The types of attributes in which makers put serial numbers, as programs write them.
const SERIAL_NUMBERS: [&str; 9] = [
    "2.5.4.5",
    "2.5.4.7",
    "L",
    "localityName",
    "OID.2.5.4.5",
    "OID.2.5.4.7",
    "serial",
    "serialNumber",
    "SN",
];
