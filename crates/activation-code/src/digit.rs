//! Which characters are decimal digits and dashes, in every script.

/// The value of `char` where it is a decimal digit of any script.
///
/// # Source
///
/// Unicode 16.0, general category `Nd`: each script's ten digits stand in a row, zero first.
pub(crate) fn decimal_value(char: char) -> Option<u64> {
    if let Some(value) = char.to_digit(10) {
        return Some(value.into());
    }
    let at = ZEROS.partition_point(|&zero| zero <= char).checked_sub(1)?;
    let value = u64::from(u32::from(char) - u32::from(*ZEROS.get(at)?));
    (value < 10).then_some(value)
}

/// Whether `char` is a dash of any kind.
///
/// # Source
///
/// Unicode 16.0, property `Dash`.
pub(crate) fn is_dash(char: char) -> bool {
    char == '-' || DASHES.binary_search(&char).is_ok()
}

/// The zero of each script, ascending.
#[rustfmt::skip]
const ZEROS: [char; 76] = [
    '\u{30}', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}',
    '\u{b66}', '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}',
    '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}',
    '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}', '\u{a900}',
    '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}', '\u{104a0}', '\u{10d30}',
    '\u{10d40}', '\u{11066}', '\u{110f0}', '\u{11136}', '\u{111d0}', '\u{112f0}', '\u{11450}',
    '\u{114d0}', '\u{11650}', '\u{116c0}', '\u{116d0}', '\u{116da}', '\u{11730}', '\u{118e0}',
    '\u{11950}', '\u{11bf0}', '\u{11c50}', '\u{11d50}', '\u{11da0}', '\u{11f50}', '\u{16130}',
    '\u{16a60}', '\u{16ac0}', '\u{16b50}', '\u{16d70}', '\u{1ccf0}', '\u{1d7ce}', '\u{1d7d8}',
    '\u{1d7e2}', '\u{1d7ec}', '\u{1d7f6}', '\u{1e140}', '\u{1e2f0}', '\u{1e4f0}', '\u{1e5f1}',
    '\u{1e950}', '\u{1fbf0}',
];

/// Every dash, ascending.
#[rustfmt::skip]
const DASHES: [char; 31] = [
    '\u{2d}', '\u{58a}', '\u{5be}', '\u{1400}', '\u{1806}', '\u{2010}', '\u{2011}', '\u{2012}',
    '\u{2013}', '\u{2014}', '\u{2015}', '\u{2053}', '\u{207b}', '\u{208b}', '\u{2212}', '\u{2e17}',
    '\u{2e1a}', '\u{2e3a}', '\u{2e3b}', '\u{2e40}', '\u{2e5d}', '\u{301c}', '\u{3030}', '\u{30a0}',
    '\u{fe31}', '\u{fe32}', '\u{fe58}', '\u{fe63}', '\u{ff0d}', '\u{10d6e}', '\u{10ead}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_ascend() {
        assert!(ZEROS.is_sorted());
        assert!(DASHES.is_sorted());
    }

    #[test]
    fn ten_numeric_characters_follow_each_other_from_each_zero() {
        for zero in ZEROS {
            for value in 0..10 {
                let digit = char::from_u32(u32::from(zero) + value).unwrap();
                assert!(digit.is_numeric(), "{digit:?}");
                assert_eq!(decimal_value(digit), Some(value.into()), "{digit:?}");
            }
        }
    }

    #[test]
    fn the_neighbours_of_digits_are_none() {
        for not_a_digit in [
            '/',
            ':',
            'a',
            '\u{65f}',
            '\u{66a}',
            '\u{ff1a}',
            '\u{2460}',
            '\u{10ffff}',
        ] {
            assert_eq!(decimal_value(not_a_digit), None, "{not_a_digit:?}");
        }
    }
}
