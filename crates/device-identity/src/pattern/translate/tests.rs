use crate::{IdentityPattern, PatternError, Unsupported};

/// The texts that `pattern` finds as a whole match, with group 1 around everything.
fn whole(pattern: &str, text: &str) -> bool {
    let translated = super::translate(&format!("({pattern})"), 1_024).unwrap();
    regex::Regex::new(&translated.pattern)
        .unwrap()
        .is_match(text)
}

#[test]
fn classes_hold_ascii_only() {
    for (pattern, yes, no) in [
        (r"\d", "7", "\u{ff11}"),
        (r"\w", "a", "é"),
        (r"\s", "\x0b", "\u{a0}"),
        (r"\D", "\u{ff11}", "7"),
        (r"[\d]", "7", "\u{ff11}"),
        (r"[^\d]", "\u{ff11}", "7"),
        (r"[\D]", "\u{ff11}", "7"),
        (r"\p{XDigit}", "F", "\u{ff26}"),
        (r"\P{Alnum}", "é", "e"),
        (r"(?i)k", "K", "\u{212a}"),
        (r"(?i)[a-k]", "K", "\u{212a}"),
        (r"(?i)[^k]", "\u{212a}", "K"),
        (r"(?i)[X-b]", "x", "c"),
        (r"(?i)[X-b]", "[", "d"),
    ] {
        assert!(whole(pattern, yes), "{pattern} on {yes}");
        assert!(!whole(pattern, no), "{pattern} on {no}");
    }
}

#[test]
fn a_dot_stops_at_every_line_break_unless_told_otherwise() {
    for text in ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
        assert!(!whole(".", text), "{text:?}");
        assert!(whole("(?s).", text), "{text:?}");
    }
    assert!(whole(".", "\x0b"));
}

#[test]
fn flags_end_with_their_group() {
    assert!(whole("(?:(?i)a)b", "Ab"));
    assert!(!whole("(?:(?i)a)b", "AB"));
    assert!(whole("(?i:a(?-i)b)c", "Abc"));
    assert!(!whole("(?i:a(?-i)b)c", "ABc"));
    assert!(!whole("(?i:a)c", "AC"));
    assert!(whole("(?i)a|b", "B"));
}

#[test]
fn escapes_and_quotations_stand_for_themselves() {
    for (pattern, text) in [
        (r"\x41\u0042\x{43}\0104\.", "ABCD."),
        (r"\0477", "'7"),
        (r"\Qa.b*\E+", "a.b***"),
        (r"\Qa\Q.\E", r"a\Q."),
        (r"[\]\-a]+", "]-a"),
        (r"[a-]+", "a-"),
        (r"[-a]+", "a-"),
        (r"[a^&]+", "a^&"),
        (r"#~ -", "#~ -"),
        ("]}", "]}"),
        (r"a{2}b{1,}c{0,2}d??", "aab"),
        ("(?<mac>x)", "x"),
        ("^a$", "a"),
        (r"\Aa\z", "a"),
        (r"\bSEP\b", "SEP"),
    ] {
        assert!(whole(pattern, text), "{pattern} on {text}");
    }
}

#[test]
fn what_means_something_else_is_refused_by_name() {
    for (pattern, construct, at) in [
        ("a*+(b)", Unsupported::Possessive, 2),
        ("a++(b)", Unsupported::Possessive, 2),
        ("a?+(b)", Unsupported::Possessive, 2),
        ("a{2}+(b)", Unsupported::Possessive, 4),
        ("(?=a)(b)", Unsupported::LookAround, 0),
        ("(?!a)(b)", Unsupported::LookAround, 0),
        ("(?<=a)(b)", Unsupported::LookAround, 0),
        ("(?<!a)(b)", Unsupported::LookAround, 0),
        ("(?>a)(b)", Unsupported::AtomicGroup, 0),
        (r"(a)\1", Unsupported::BackReference, 3),
        (r"(?<n>a)\k<n>", Unsupported::BackReference, 7),
        (r"(\p{L})", Unsupported::CharacterProperty, 1),
        (r"(\p{javaLowerCase})", Unsupported::CharacterProperty, 1),
        (r"(\pL)", Unsupported::CharacterProperty, 1),
        (r"(?i)(\p{Lower})", Unsupported::CharacterProperty, 5),
        (r"(a)\Z", Unsupported::Position, 3),
        (r"(a)\B", Unsupported::Position, 3),
        (r"(a)\G", Unsupported::Position, 3),
        (r"([\b])", Unsupported::Position, 2),
        (r"(\h)", Unsupported::Space, 1),
        (r"(\R)", Unsupported::Space, 1),
        (r"(\v)", Unsupported::Space, 1),
        (r"([\Qa.\E])", Unsupported::Quotation, 2),
        (r"(\ud83d\ude00)", Unsupported::Surrogate, 1),
        (r"(\N{DIGIT ONE})", Unsupported::NamedCharacter, 1),
        ("(?U)(a)", Unsupported::Flag, 2),
        ("(?d)(a)", Unsupported::Flag, 2),
        ("(?im)(a)", Unsupported::Flag, 3),
        ("(?x)(a)", Unsupported::Flag, 2),
        ("([a[b]])", Unsupported::ClassOperation, 3),
        ("([a&&b])", Unsupported::ClassOperation, 3),
        ("(a*)*", Unsupported::EmptyRepeat, 4),
        ("(a|)+", Unsupported::EmptyRepeat, 4),
        ("(^)?", Unsupported::EmptyRepeat, 3),
        ("(?:(a?)b??){2}", Unsupported::EmptyRepeat, 11),
        ("(a$)b", Unsupported::InnerDollar, 2),
        ("(a)$|b", Unsupported::InnerDollar, 3),
    ] {
        assert_eq!(
            IdentityPattern::new(pattern).unwrap_err(),
            PatternError::Unsupported { construct, at },
            "{pattern}"
        );
    }
}

#[test]
fn what_java_refuses_is_refused() {
    for pattern in [
        "(",
        ")",
        "(a))",
        "([a)",
        "(a{)",
        "(a{2)",
        "(a{3,2})",
        "(a{,2})",
        "{",
        r"(\",
        r"(\y)",
        "([b-a])",
        "([])",
        "([^])",
        "(?<1>a)",
        "(?<>a)",
        "(?<n>a)(?<n>b)",
        "(?P<n>a)",
        "(?i-i-i)(a)",
        r"(\x4)",
        r"(\u12)",
        r"(\x{110000})",
        r"(\08)",
        r"([a-\d])",
        r"(\p{Alpha)",
    ] {
        assert!(
            matches!(
                IdentityPattern::new(pattern),
                Err(PatternError::Syntax { .. } | PatternError::NothingToRepeat { .. })
            ),
            "{pattern}"
        );
    }
    for pattern in ["(*a)", "(a**)", "(a|*)", "^*(a)", "((?i)*a)"] {
        assert!(
            matches!(
                IdentityPattern::new(pattern),
                Err(PatternError::NothingToRepeat { .. })
            ),
            "{pattern}"
        );
    }
}

#[test]
fn a_group_is_repeated_where_each_alternative_matches_something() {
    for pattern in [
        "(?:ab?|c{2,}|(?:d?e))*",
        "(a+)?",
        "(?:a|(b|cd?)e*)+",
        r"(?:\Qa\E|[b])+",
    ] {
        assert!(
            super::translate(&format!("({pattern})"), 1_024).is_ok(),
            "{pattern}"
        );
    }
}

#[test]
fn a_pattern_with_word_boundaries_matches_ascii_only() {
    let pattern = IdentityPattern::new(r".*\b([0-9a-f]{12})\b.*").unwrap();
    assert!(pattern.matches("mac 000e08abcdef").is_some());
    assert!(pattern.matches("mac\u{301} 000e08abcdef").is_none());
}

#[test]
fn a_pattern_without_group_is_refused() {
    assert_eq!(
        IdentityPattern::new("(?:[0-9a-f]{12})").unwrap_err(),
        PatternError::NoGroup
    );
}

#[test]
fn a_pattern_that_would_grow_too_large_is_refused() {
    for pattern in [
        "(((a{1000}){1000}){1000})".to_owned(),
        "(a{1001})".to_owned(),
        "a".repeat(1_025),
        format!("{}a{}", "(".repeat(33), ")".repeat(33)),
    ] {
        assert_eq!(
            IdentityPattern::new(&pattern).unwrap_err(),
            PatternError::TooLarge
        );
    }
}

#[test]
fn a_control_escape_is_the_control_character() {
    for (pattern, text) in [
        (r"\cA([0-9a-f]{12})", '\x01'),
        (r"[\cJ]([0-9a-f]{12})", '\n'),
    ] {
        let pattern = IdentityPattern::new(pattern).unwrap();
        assert!(pattern.matches(&format!("{text}000e08abcdef")).is_some());
        assert!(pattern.matches("A000e08abcdef").is_none());
    }
}
