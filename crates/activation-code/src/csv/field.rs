//! Fields that a spreadsheet does not run.

use std::borrow::Cow;

/// The field so that a spreadsheet shows it and does not run it: an apostrophe before one that
/// begins like a formula, whether or not there are apostrophes already.
///
/// # Source
///
/// OWASP, CSV injection: fields that begin with `=`, `+`, `-`, `@`, a tab, a carriage return or a
/// line feed, or with the full-width form of a sign. Small forms and blanks in front are ours.
pub(crate) fn defused(field: &str) -> Cow<'_, str> {
    if runs(field) {
        Cow::Owned(format!("{APOSTROPHE}{field}"))
    } else {
        Cow::Borrowed(field)
    }
}

/// The field as it was before [`defused`].
pub(crate) fn restored(field: &str) -> &str {
    match field.strip_prefix(APOSTROPHE) {
        Some(rest) if runs(rest) => rest,
        _ => field,
    }
}

/// Blanks in front count for nothing: some spreadsheets drop them.
fn runs(field: &str) -> bool {
    let blank = |char: char| char == APOSTROPHE || char == '\u{feff}' || char.is_whitespace();
    let begin = field.trim_start_matches(blank);
    let signs = [
        '=', '+', '-', '@', '＝', '＋', '－', '＠', '﹢', '﹣', '﹦', '﹫',
    ];
    begin.starts_with(signs)
        || field
            .trim_start_matches(APOSTROPHE)
            .starts_with(['\t', '\r', '\n'])
}

/// The field with digits of every script and full-width letters and signs in ASCII.
pub(crate) fn narrowed(field: &str) -> Cow<'_, str> {
    if field.is_ascii() {
        return Cow::Borrowed(field);
    }
    let narrow = |char: char| {
        let value = crate::digit::decimal_value(char).and_then(|value| u32::try_from(value).ok());
        let digit = value.and_then(|value| char::from_digit(value, 10));
        digit.unwrap_or_else(|| match char {
            '\u{ff01}'..='\u{ff5e}' => {
                char::from_u32(u32::from(char) - 0xff00 + 0x20).unwrap_or(char)
            }
            _ if crate::digit::is_dash(char) => '-',
            _ => char,
        })
    };
    Cow::Owned(field.chars().map(narrow).collect())
}

const APOSTROPHE: char = '\'';

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_defused() {
        let signs = [
            "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "﹦", "﹢",
        ];
        let behind_blanks = [" =", "\u{a0}+", "\u{feff}@", "\u{3000}-"];
        for sign in signs.into_iter().chain(behind_blanks) {
            for field in [sign.to_owned(), format!("{sign}1+1"), format!("'{sign}1")] {
                let defused = defused(&field);
                assert_eq!(defused, format!("'{field}"));
                assert_eq!(restored(&defused), field);
            }
        }
        for field in ["", "a=b", "'quoted'", "1-2", "O'Neill"] {
            assert_eq!(defused(field), field);
            assert_eq!(restored(field), field);
        }
        assert_eq!(restored("=1"), "=1");
    }

    #[test]
    fn full_width_letters_and_digits_of_every_script_are_narrowed() {
        assert_eq!(narrowed("ＳＥＰ００：０Ｅ‐０８٠١"), "SEP00:0E-0801");
        assert_eq!(narrowed("Zoë"), "Zoë");
    }

    proptest! {
        #[test]
        fn every_field_survives_the_way_out_and_in(field in "['=+@\\-\t\r\n＝＋－＠ab]{0,6}") {
            let defused = defused(&field);
            prop_assert_eq!(restored(&defused), field.as_str());
            prop_assert!(!defused.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']));
        }
    }
}
