//! Addresses in a header of text.

use offhook_device_name::MacAddress;

use crate::{DeviceIdentity, HeaderError, IdentityError, IdentityPattern, Rule, Source};

/// The identity that `pattern` finds, if nothing else in `value` could be one.
pub(super) fn from_text(
    value: &str,
    pattern: &IdentityPattern,
) -> Result<DeviceIdentity, HeaderError> {
    let none = HeaderError::Identity(IdentityError::NoAddress);
    let (mac, place) = pattern.find(value).ok_or(none)?;

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
    if let Some(second) = addresses(value).find(|other| *other != mac) {
        let first = mac;
        let ambiguous = IdentityError::Ambiguous { first, second };
        return Err(HeaderError::Identity(ambiguous));
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

/// The addresses that stand in `text`, in any spelling.
fn addresses(text: &str) -> impl Iterator<Item = MacAddress> {
    let digits = text.split(|char: char| !char.is_ascii_hexdigit());
    let bare = digits.filter(|run| run.len() == 12);
    let words = text.split(|char: char| !char.is_ascii_hexdigit() && !":-.".contains(char));
    let separated = words.filter(|word| matches!(word.len(), 14 | 17));
    bare.chain(separated).filter_map(|word| word.parse().ok())
}
