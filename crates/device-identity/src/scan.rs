//! Addresses among the words of a text.

use std::ops::Range;

use offhook_device_name::MacAddress;

/// An address that stands alone in a text, or after `SEP`.
pub(crate) struct Token<'a> {
    pub(crate) mac: MacAddress,
    /// Whether `SEP` stands before the digits.
    pub(crate) named: bool,
    /// Whether the digits stand in groups with a separator between.
    pub(crate) separated: bool,
    pub(crate) before: &'a [u8],
    pub(crate) after: &'a [u8],
    /// Where the digits stand.
    pub(crate) place: Range<usize>,
}

/// The addresses among the words of `text`, a word being a run of letters and digits: twelve
/// digits, or groups of two, four or six of them.
///
/// None of them is the end of a UUID, a telephone number or the address of a group of stations.
#[inline]
pub(crate) fn tokens(text: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let (mut at, mut end) = (0, 0);
    std::iter::from_fn(move || {
        loop {
            if at >= end {
                (at, end) = run(text, at)?;
            }
            let marks = text.get(at..end)?.iter();
            let start = at + marks.take_while(|byte| !byte.is_ascii_hexdigit()).count();
            let digits = text.get(start..end)?.iter();
            let digits = digits.take_while(|byte| byte.is_ascii_hexdigit()).count();
            at = start + digits;
            let length = match digits {
                12 => 12,
                6 => 13,
                4 => 14,
                2 => 17,
                _ => continue,
            };
            if let Some(token) = token(text, start..start + length) {
                at = start + length;
                return Some(token);
            }
        }
    })
}

/// The next run of digits and separators from octet `from` on that can hold an address.
#[inline]
fn run(text: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        // Twelve octets in a row that begin here or later cover this one or a later one, so that
        // most texts need no closer look.
        let probe = at + 11;
        if !is_part(*text.get(probe)?) {
            at = probe + 1;
            continue;
        }
        let left = text.get(at..probe)?.iter().rev();
        let start = probe - left.take_while(|byte| is_part(**byte)).count();
        let right = text.get(probe..)?.iter();
        at = probe + right.take_while(|byte| is_part(**byte)).count();
        if at - start >= 12 {
            return Some((start, at));
        }
    }
}

/// Whether an address can have `byte` in it.
const fn is_part(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'-' | b'.')
}

/// The address at `place`, which begins with a whole group of digits.
fn token(text: &[u8], place: Range<usize>) -> Option<Token<'_>> {
    let digits = text.get(place.clone())?;
    let (before, after) = (text.get(..place.start)?, text.get(place.end..)?);
    let (before, named) = match before {
        [before @ .., b's' | b'S', b'e' | b'E', b'p' | b'P'] => (before, true),
        _ => (before, false),
    };
    let inside = |end: Option<&u8>| end.is_some_and(|byte| is_word(*byte));
    if inside(before.last()) || inside(after.first()) {
        return None;
    }
    let separated = digits.len() > 12;
    let mac = if separated {
        grouped(before, digits, after)?
    } else {
        twelve_digits(digits)?
    };
    if !separated && ends_uuid(before) || is_telephone_number(before, digits) {
        return None;
    }
    Some(Token {
        mac,
        named,
        separated,
        before,
        after,
        place,
    })
}

/// The address in groups that `digits` spell, if no group comes before or after them.
fn grouped(before: &[u8], digits: &[u8], after: &[u8]) -> Option<MacAddress> {
    let mac = individual(str::from_utf8(digits).ok()?.parse().ok()?)?;
    let separator = digits.iter().find(|byte| !byte.is_ascii_hexdigit())?;
    let one_before = before.strip_suffix(&[*separator]).is_some_and(|before| {
        let word = before.iter().rev().take_while(|byte| is_word(**byte));
        is_group(word) || digits.len() == 14 && begins_uuid(before)
    });
    let one_after = after.strip_prefix(&[*separator]).is_some_and(|after| {
        let word = after.iter().take_while(|byte| is_word(**byte));
        is_group(word)
    });
    (!one_before && !one_after).then_some(mac)
}

/// Whether a word is of digits only.
fn is_group<'a>(word: impl Iterator<Item = &'a u8>) -> bool {
    let mut word = word.peekable();
    word.peek().is_some() && word.all(u8::is_ascii_hexdigit)
}

/// Whether `text` ends in what can be the first group of a UUID.
fn begins_uuid(text: &[u8]) -> bool {
    let group = text.split_last_chunk::<8>();
    group.is_some_and(|(_, group)| group.iter().all(u8::is_ascii_hexdigit))
}

/// Whether what follows `before` is the last group of a UUID.
///
/// # Source
///
/// RFC 9562 section 4, <https://www.rfc-editor.org/rfc/rfc9562#section-4>; phones have one in
/// their certificates by RFC 5626.
fn ends_uuid(before: &[u8]) -> bool {
    let Some((_, groups)) = before.split_last_chunk::<24>() else {
        return false;
    };
    groups.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// Whether `digits` are decimal ones of a telephone number, by what stands before them.
///
/// # Source
///
/// RFC 3966 section 3, <https://www.rfc-editor.org/rfc/rfc3966#section-3>, and RFC 3261
/// section 19.1.1, <https://www.rfc-editor.org/rfc/rfc3261#section-19.1.1>.
fn is_telephone_number(before: &[u8], digits: &[u8]) -> bool {
    let ends = |scheme: &[u8]| {
        let start = before.len().checked_sub(scheme.len());
        let end = start.and_then(|start| before.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(scheme))
    };
    (before.ends_with(b"+") || ends(b"sip:") || ends(b"sips:") || ends(b"tel:"))
        && !digits.iter().any(u8::is_ascii_alphabetic)
}

/// Letters, digits and every octet outside of ASCII, so that no part of a word passes for one.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The address that is spelled by exactly twelve hexadecimal digits.
#[inline]
pub(crate) fn twelve_digits(text: &[u8]) -> Option<MacAddress> {
    let digits: &[u8; 12] = text.try_into().ok()?;
    let mut octets = [0; 6];
    let mut bad = 0;
    for (octet, [high, low]) in octets.iter_mut().zip(digits.as_chunks().0) {
        let (high, low) = (digit(*high), digit(*low));
        bad |= high | low;
        *octet = high << 4 | low & 0xf;
    }
    if bad & 0x80 != 0 {
        return None;
    }
    individual(MacAddress::new(octets))
}

/// What a hexadecimal digit stands for; 0x80 of anything else.
const fn digit(byte: u8) -> u8 {
    let (number, letter) = (byte.wrapping_sub(b'0'), (byte | 0x20).wrapping_sub(b'a'));
    if number < 10 {
        number
    } else if letter < 6 {
        letter + 10
    } else {
        0x80
    }
}

/// The address, unless it is that of a group of stations, which no device has.
#[inline]
pub(crate) fn individual(mac: MacAddress) -> Option<MacAddress> {
    (!mac.is_multicast() || is_filler(mac)).then_some(mac)
}

/// Every device has these two or none, so they are no addresses.
pub(crate) fn is_filler(mac: MacAddress) -> bool {
    matches!(
        mac.octets(),
        [0, 0, 0, 0, 0, 0] | [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let tokens = tokens(text.as_bytes());
        tokens.map(|token| token.mac.to_string()).collect()
    }

    #[test]
    fn addresses_are_found_in_every_spelling_inside_of_a_text() {
        for text in [
            "805EC0112233",
            "MAC 80:5e:c0:11:22:33",
            "urn:dev:mac:80-5e-c0-11-22-33",
            "mac:80:5e:c0:11:22:33",
            "mac.805e.c011.2233",
            "unit-805e-c011-2233-x",
            "(805ec0-112233)",
            "805e.c011.2233.example.com",
            "80:5e:c0:11:22:33-1",
            "1-80:5e:c0:11:22:33",
            "SEP805ec0112233",
            "sip:805ec0112233@example.com",
            "550e8400-e29b-41d4-a716-446655440000 805EC0112233",
        ] {
            assert_eq!(found(text), ["805EC0112233"], "{text}");
        }
        assert_eq!(
            found("000e08abcdef mac:80:5e:c0:11:22:33 805e.c011.2244"),
            ["000E08ABCDEF", "805EC0112233", "805EC0112244"]
        );
    }

    #[test]
    fn what_only_looks_like_an_address_is_none() {
        for text in [
            "550e8400-e29b-41d4-a716-446655440000",
            "urn:uuid:550E8400-E29B-41D4-A716-446655440000",
            "{550e8400-e29b-41d4-a716-446655440000}",
            "SEP550e8400-e29b-41d4-a716-446655440000",
            "80:5e:c0:11:22:33:44",
            "80:5e:c0:11:22:33:44:55",
            "7f:80:5e:c0:11:22:33",
            "2000:db8:805e:c011:2233:1",
            "80:5e:c0:11:22:333",
            "80:5e-c0:11:22:33",
            "x80:5e:c0:11:22:33",
            "80:5e:c0:11:22:33x",
            "+447700900123",
            "sip:447700900123@example.com",
            "SIPS:447700900123@example.com",
            "tel:447700-900123",
            "01005E7FFFFA",
            "01-00-5e-7f-ff-fa",
            "805EC0112233X",
            "BAT000E08ABCDEF",
            "805EC011223344",
            "------------",
            "",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
