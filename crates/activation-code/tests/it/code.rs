use offhook_activation_code::{
    ActivationCode, CheckDigit, CodePolicy, EntropyError, ParseCodeError,
};
use proptest::prelude::*;

use crate::support::{Scripted, Seeded};

#[test]
fn draws_above_the_range_are_thrown_away() {
    let mut entropy = Scripted(vec![u64::MAX, 10_000_000_000_000_000, 42]);
    let code = ActivationCode::draw(&mut entropy).unwrap();
    assert_eq!(code.to_string(), "0000-0000-0000-0042");
}

#[test]
fn the_last_code_can_be_drawn() {
    let mut entropy = Scripted(vec![9_999_999_999_999_999]);
    let code = ActivationCode::draw(&mut entropy).unwrap();
    assert_eq!(code.to_string(), "9999-9999-9999-9999");
}

#[test]
fn a_source_that_runs_dry_is_an_error() {
    let mut entropy = Scripted(vec![u64::MAX]);
    let err = ActivationCode::draw(&mut entropy).unwrap_err();
    assert_eq!(err, EntropyError::new());
}

#[test]
fn a_source_stuck_above_the_range_is_an_error_and_no_endless_loop() {
    let mut entropy = Scripted(vec![u64::MAX; 1_000]);
    ActivationCode::draw(&mut entropy).unwrap_err();
    assert_eq!(entropy.0.len(), 900);
}

/// With 9 degrees of freedom chi-square is above 39.3 once in 100,000 fair columns.
#[test]
fn each_digit_is_equally_likely_in_each_place() {
    const DRAWS: u32 = 20_000;
    let mut entropy = Seeded(1);
    let mut counts = [[0_u32; 10]; ActivationCode::DIGITS];
    for _ in 0..DRAWS {
        let text = ActivationCode::draw(&mut entropy).unwrap().to_string();
        for (place, digit) in text.chars().filter(char::is_ascii_digit).enumerate() {
            counts[place][digit.to_digit(10).unwrap() as usize] += 1;
        }
    }
    let expected = f64::from(DRAWS) / 10.0;
    for (place, counts) in counts.iter().enumerate() {
        let chi_square: f64 = counts
            .iter()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected)
            .sum();
        assert!(chi_square < 39.3, "place {place}: {chi_square}");
    }
}

#[test]
fn digits_of_other_scripts_are_read() {
    for text in [
        "１２３４－５６７８－９０１２－３４５６",
        "١٢٣٤ ٥٦٧٨ ٩٠١٢ ٣٤٥٦",
        "१२३४–५६७८–९०१२–३४५६",
        "𝟏𝟐𝟑𝟒𝟧𝟨𝟩𝟪𝟿𝟶𝟷𝟸3456",
    ] {
        let code: ActivationCode = text.parse().unwrap();
        assert_eq!(code.to_string(), "1234-5678-9012-3456", "{text}");
    }
}

#[test]
fn spaces_and_dashes_of_every_kind_are_skipped() {
    let text = "\u{3000}1234\u{a0}5678\u{2009}\u{2212}9012\t\u{2014}34\u{ff0d}56\r\n";
    let code: ActivationCode = text.parse().unwrap();
    assert_eq!(code.to_string(), "1234-5678-9012-3456");
}

#[test]
fn anything_else_is_refused_where_it_stands() {
    for (text, at) in [
        ("1234.5678.9012.3456", 4),
        ("１２３O", 3),
        ("①234567890123456", 0),
        ("1234\u{200b}567890123456", 4),
        ("²234567890123456", 0),
        ("四", 0),
    ] {
        let err = text.parse::<ActivationCode>().unwrap_err();
        assert_eq!(err, ParseCodeError::NotADigit { at }, "{text}");
    }
}

#[test]
fn fifteen_and_seventeen_digits_are_refused() {
    let err = "123456789012345".parse::<ActivationCode>().unwrap_err();
    assert_eq!(err, ParseCodeError::TooFewDigits { found: 15 });
    let err = "1234-5678-9012-3456-7"
        .parse::<ActivationCode>()
        .unwrap_err();
    assert_eq!(err, ParseCodeError::TooManyDigits { at: 20 });
}

#[test]
fn reading_stops_after_128_characters() {
    let text = format!("{}1234567890123456", " ".repeat(1 << 20));
    let err = text.parse::<ActivationCode>().unwrap_err();
    assert_eq!(err, ParseCodeError::TooLong);
}

proptest! {
    #[test]
    fn what_is_displayed_is_read_back(digits in "[0-9]{16}") {
        let code: ActivationCode = digits.parse().unwrap();
        let shown = code.to_string();
        prop_assert_eq!(shown.replace('-', ""), digits);
        let back: ActivationCode = shown.parse().unwrap();
        prop_assert_eq!(back.to_string(), shown);
    }

    #[test]
    fn no_text_is_read_that_has_not_sixteen_digits(text in "\\PC{0,40}") {
        let digits = text.chars().filter(|char| char.is_numeric()).count();
        if text.parse::<ActivationCode>().is_ok() {
            prop_assert_eq!(digits, 16);
        }
    }
}

#[test]
fn a_code_under_damm_has_its_check_digit_and_each_of_the_others_is_equally_likely() {
    let policy = CodePolicy::default().with_check_digit(CheckDigit::Damm);
    let entropy = &mut Seeded(5);
    let mut counts = [[0_u32; 10]; 16];
    for _ in 0..20_000 {
        let text = policy.draw(entropy).unwrap().to_string().replace('-', "");
        assert!(policy.read(&text).is_ok());
        for (count, digit) in counts.iter_mut().zip(text.bytes()) {
            count[usize::from(digit - b'0')] += 1;
        }
    }
    // Nine degrees of freedom: more than 40 has a probability below 10^-5.
    for place in counts {
        let square: f64 = place
            .map(|count| (f64::from(count) - 2_000.0).powi(2))
            .iter()
            .sum();
        assert!(square / 2_000.0 < 40.0, "{place:?}");
    }
}

proptest! {
    /// Every wrong digit and every swap of neighbours is found, and no policy but Damm looks.
    #[test]
    fn typing_errors_are_found_under_damm(seed: u64, at in 0..16_usize, by in 1..10_u8) {
        let policy = CodePolicy::default().with_check_digit(CheckDigit::Damm);
        let code = policy.draw(&mut Seeded(seed)).unwrap().to_string().replace('-', "");
        let mut wrong = code.clone().into_bytes();
        wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
        let wrong = String::from_utf8(wrong).unwrap();
        prop_assert_eq!(policy.read(&wrong).unwrap_err(), ParseCodeError::CheckDigit);
        prop_assert!(CodePolicy::default().read(&wrong).is_ok());
        let mut swapped = code.clone().into_bytes();
        swapped.swap(at, (at + 1).min(15));
        let swapped = String::from_utf8(swapped).unwrap();
        prop_assert_eq!(policy.read(&swapped).is_ok(), swapped == code);
    }
}
