//! The times that certificates name.

use crate::der::Item;

/// Seconds since 1970 of a `UTCTime` or a `GeneralizedTime` in the form that certificates must use;
/// `None` for any other form, and for times before 1970.
///
/// # Source
///
/// RFC 5280 section 4.1.2.5, <https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5>.
pub(crate) fn seconds(time: &Item<'_>) -> Option<u64> {
    let (year, rest) = match (time.tag, time.contents) {
        (UTC_TIME, [a, b, rest @ ..]) => match pair(*a, *b)? {
            year @ 50.. => (1_900 + year, rest),
            year => (2_000 + year, rest),
        },
        (GENERALIZED_TIME, [a, b, c, d, rest @ ..]) => (pair(*a, *b)? * 100 + pair(*c, *d)?, rest),
        _ => return None,
    };
    let digits: &[u8; 11] = rest.try_into().ok()?;
    let [m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'] = *digits else {
        return None;
    };
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let (hour, minute, second) = (pair(h1, h2)?, pair(n1, n2)?, pair(s1, s2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if year < 1_970 || !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Years that begin in March end in the leap day, so that days before a month are regular.
    let (shifted, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400;
    let day = before + (month * 153 + 2) / 5 + day - 1 - DAYS_TO_1970;
    Some(((day * 24 + hour) * 60 + minute) * 60 + second)
}

fn pair(high: u8, low: u8) -> Option<u64> {
    let digit = |byte: u8| char::from(byte).to_digit(10).map(u64::from);
    Some(digit(high)? * 10 + digit(low)?)
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// From the first of March of the year 0 to 1970-01-01.
const DAYS_TO_1970: u64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Reader;

    fn read(tag: u8, text: &str) -> Option<u64> {
        let mut der = vec![tag, u8::try_from(text.len()).unwrap()];
        der.extend_from_slice(text.as_bytes());
        seconds(&Reader::new(&der).next().unwrap())
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        for (text, expected) in [
            ("19700101000000Z", 0),
            ("20000229235959Z", 951_868_799),
            ("20260101000000Z", 1_767_225_600),
            ("20290514202542Z", 1_873_484_742),
            ("20990809205828Z", 4_089_992_308),
            ("21000228000000Z", 4_107_456_000),
            ("21000301000000Z", 4_107_542_400),
        ] {
            assert_eq!(read(GENERALIZED_TIME, text), Some(expected), "{text}");
            if text < "2050" {
                assert_eq!(read(UTC_TIME, &text[2..]), Some(expected), "{text}");
            }
        }
    }

    #[test]
    fn any_other_form_of_a_time_is_none() {
        for text in [
            "20260101000000",
            "20260101000000+0000",
            "202601010000Z",
            "20260101000000.5Z",
            "20261301000000Z",
            "20260229000000Z",
            "21000229000000Z",
            "20260100000000Z",
            "20260101240000Z",
            "2026010100+000Z",
            "19691231235959Z",
        ] {
            assert_eq!(read(GENERALIZED_TIME, text), None, "{text}");
        }
        assert_eq!(read(UTC_TIME, "500101000000Z"), None);
        assert_eq!(read(4, "20260101000000Z"), None);
    }
}
