//! The rules by which phones fetch what they need.

use offhook_device_profile::mpp::{Macros, ProfileRule, Request, Scheme};
use offhook_device_profile::{Limits, RuleFault};
use proptest::prelude::*;

fn parse(rule: &str) -> ProfileRule {
    ProfileRule::parse(rule, &Limits::default()).unwrap()
}

fn fault(rule: &str) -> (usize, RuleFault) {
    let error = ProfileRule::parse(rule, &Limits::default()).unwrap_err();
    (error.at, error.fault)
}

fn macros() -> Macros {
    let mut macros = Macros::new();
    for (name, value) in [
        ("MA", "000e08abcdef"),
        ("MAU", "000E08ABCDEF"),
        ("PN", "CP-8841-3PCC"),
        ("SWVER", "sip88xx.11-3-2MPP0001-609"),
        ("A", "$MA"),
        ("SA", "s3cret"),
    ] {
        macros.set(name, value).unwrap();
    }
    macros
}

fn request(rule: &str) -> Option<Request> {
    let choice = parse(rule).choose(&macros(), &Limits::default()).unwrap();
    choice.and_then(|choice| choice.request)
}

fn address(rule: &str) -> Option<String> {
    request(rule).map(|request| request.address)
}

#[test]
fn the_first_alternative_whose_condition_holds_is_taken() {
    let rule = "($SWVER lt sip88xx.11-3-2)? https://a/$MA.xml | ($PN eq \"CP-8841-3PCC\" and $MA != x)? https://b/$MAU.xml | https://c/";
    assert_eq!(address(rule).as_deref(), Some("https://b/000E08ABCDEF.xml"));
    assert_eq!(address("($PN = x)? a | ($PN = y)? b"), None);
    assert_eq!(
        address("/spa$(PN).cfg | b").as_deref(),
        Some("/spaCP-8841-3PCC.cfg")
    );
    assert_eq!(address("($PN=\"CP-8841-3PCC\")?a|b").as_deref(), Some("a"));
    // An alternative that holds and does nothing ends the search.
    assert_eq!(address("($PN ne x)? | b"), None);
}

#[test]
fn a_macro_in_parentheses_stands_wherever_a_bare_value_does() {
    for (rule, chosen) in [
        ("($(PN) eq CP-8841-3PCC)? /a", Some("/a")),
        ("($(PN) eq 8841)? /a", None),
        ("($PN eq $(PN))? /a", Some("/a")),
        ("($PN eq $(SWVER))? /a | /b", Some("/b")),
        ("($PN eq CP-8841-3PCC and $(MA) ne d)? /a", Some("/a")),
        ("(x$(PN)y eq \"x$(PN)y\")? /a", Some("/a")),
        ("(\"$(PN)\" eq $(PN))?(A = \"$(\";)! /a", Some("/a")),
    ] {
        assert_eq!(address(rule).as_deref(), chosen, "{rule}");
        assert_eq!(parse(&parse(rule).write()), parse(rule), "{rule}");
    }
    for rule in [
        "(Proxy_1_ = $(PN);)! /x",
        "($(MA) ne d)? (Proxy_1_ = $(PN);)! /x",
        "(Proxy_1_ = $(MA)-$(PN)$(;A = $(PN);)! /x",
    ] {
        let choice = parse(rule).choose(&macros(), &Limits::default());
        let choice = choice.unwrap().unwrap();
        assert!(choice.request.is_some(), "{rule}");
        let (_, value) = choice.assignments.last().unwrap();
        assert_eq!(value.secret(), "CP-8841-3PCC", "{rule}");
    }
    assert_eq!(fault("($(PN) eq 8841").1, RuleFault::Syntax);
}

#[test]
fn the_host_of_an_address_may_be_an_ipv6_address() {
    for rule in [
        "https://[2001:db8::1]/a.xml",
        "https://[::1]:8443/$MA.xml",
        "http://u:p@[2001:db8::1]",
        "[--key k] tftp://[fe80::1]/a?b",
    ] {
        assert_eq!(parse(&parse(rule).write()), parse(rule), "{rule}");
    }
    let chosen = address("https://[2001:db8::1]:8443/$MA.xml");
    assert_eq!(
        chosen.as_deref(),
        Some("https://[2001:db8::1]:8443/000e08abcdef.xml")
    );
    for rule in [
        "https://[2001:db8::g]/a",
        "https://[]/a",
        "https://[::1/a",
        "https://::1]/a",
        "https://h/[::1]",
        "https://[::1]/[a]",
        "https://[[::1]]/",
        "https://[::1]\"/",
        "https://[::1]evil.example/",
        "https://[::1]\\evil.example/",
        "https://u@[::1].evil.example",
        "evil.example/://[::1]/a",
        "evil.example?a://[::1]/a",
        "evil.example#://[::1]",
        "h://a@[::1]b]/",
        "a[::1]",
    ] {
        assert_eq!(fault(rule).1, RuleFault::Address, "{rule}");
    }
}

#[test]
fn versions_are_compared_by_their_numbers() {
    for (left, operator, right) in [
        (
            "sip88xx.11-3-2MPP0001-609",
            "lt",
            "sip88xx.11-3-10MPP0001-1",
        ),
        ("sip88xx.11-3-2", "ge", "sip88xx.11-3-2"),
        ("9", "<", "10"),
        ("09", "=", "9"),
        ("10", ">=", "9"),
        ("1.2", "lt", "1.2.1"),
        ("a", "<=", "b"),
        ("a", "ne", "A"),
        ("184467440737095516160", "gt", "18446744073709551616"),
    ] {
        let rule = format!("({left} {operator} {right})? yes | no");
        assert_eq!(address(&rule).as_deref(), Some("yes"), "{rule}");
    }
}

#[test]
fn options_are_read_and_secrets_go_nowhere_else() {
    let rule = "[--key $SA --uid \"u $SA\" --pwd p$SA --post $SA/$MA --alias \"a b\" --srv] https://h/$SA/$A/$$MA/$XX";
    let request = request(rule).unwrap();
    assert_eq!(request.key.unwrap().secret(), "s3cret");
    assert_eq!(request.user.unwrap().secret(), "u s3cret");
    assert_eq!(request.password.unwrap().secret(), "ps3cret");
    assert_eq!(request.post.as_deref(), Some("$SA/000e08abcdef"));
    assert_eq!(request.alias.as_deref(), Some("a b"));
    assert!(request.srv);
    assert_eq!(request.address, "https://h/$SA/$MA/$MA/$XX");
    let conditional = "($SA = s3cret)? yes | no";
    assert_eq!(address(conditional).as_deref(), Some("no"));
}

#[test]
fn assignments_are_made_with_macros() {
    let rule = parse("($PN ne x)? (GPP_A = \"$MA\"; GPP_B=b;)! tftp://h/f");
    let choice = rule.choose(&macros(), &Limits::default()).unwrap().unwrap();
    let made: Vec<_> = choice
        .assignments
        .iter()
        .map(|(name, value)| (name.as_str(), value.secret()))
        .collect();
    assert_eq!(made, [("GPP_A", "000e08abcdef"), ("GPP_B", "b")]);
    assert_eq!(choice.request.unwrap().address, "tftp://h/f");
}

#[test]
fn schemes_are_those_that_phones_know() {
    for (address, scheme) in [
        ("gds://", Some(Scheme::Gds)),
        ("HTTPS://h/f", Some(Scheme::Https)),
        ("http://h/f", Some(Scheme::Http)),
        ("tftp://h/f", Some(Scheme::Tftp)),
        ("/$PSN.xml", Some(Scheme::Tftp)),
        ("ftp://h/f", None),
    ] {
        assert_eq!(request(address).unwrap().scheme(), scheme, "{address}");
    }
}

#[test]
fn what_is_no_rule_is_refused_where_it_goes_wrong() {
    for (rule, at, wanted) in [
        ("", 0, RuleFault::Empty),
        ("a | ", 4, RuleFault::Empty),
        ("a | | b", 4, RuleFault::Empty),
        ("[]", 0, RuleFault::Empty),
        ("a | ()![]", 4, RuleFault::Empty),
        ("a b", 2, RuleFault::Syntax),
        ("(a eq b) c", 0, RuleFault::Syntax),
        ("(a eq b", 7, RuleFault::Syntax),
        ("(a is b)? c", 3, RuleFault::Operator),
        ("(a eq b or c eq d)? e", 8, RuleFault::Syntax),
        ("()? a", 1, RuleFault::Syntax),
        ("(A = \"b)! c", 5, RuleFault::Quotation),
        ("[--key \"k] u", 7, RuleFault::Quotation),
        ("[--kex k] u", 1, RuleFault::Option),
        ("[--key a --key b] u", 9, RuleFault::Duplicate),
        ("[--key a]", 9, RuleFault::NoAddress),
        ("http://[::g]/", 0, RuleFault::Address),
        ("a\u{1}", 0, RuleFault::Address),
    ] {
        let (found, fault) = fault(rule);
        assert_eq!(fault, wanted, "{rule}");
        assert_eq!(found, at, "{rule}");
    }
}

#[test]
fn rules_and_what_comes_of_them_are_bounded() {
    let mut limits = Limits::default();
    limits.rule_bytes = 5;
    assert!(ProfileRule::parse("a/$AB", &limits).is_ok());
    let error = ProfileRule::parse("a/$ABC", &limits).unwrap_err();
    assert_eq!(error.fault, RuleFault::TooLarge);
    let mut macros = Macros::new();
    macros.set("AB", &"x".repeat(100)).unwrap();
    let rule = ProfileRule::parse("a/$AB", &limits).unwrap();
    limits.output_bytes = 102;
    assert!(rule.choose(&macros, &limits).is_ok());
    limits.output_bytes = 101;
    let error = rule.choose(&macros, &limits).unwrap_err();
    assert_eq!(error.fault, RuleFault::TooLarge);
    for bad in ["", "A B", "$A", "A-B"] {
        let error = macros.set(bad, "").unwrap_err();
        assert_eq!(error.fault, RuleFault::Macro, "{bad}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        pieces in prop::collection::vec(
            prop::sample::select(&[
                "(", ")", "?", "!", "[", "]", "|", " ", "a", "$MA", "$(MA)", "=", "\"", "\"b c\"", ";",
                "eq", "and", "(a eq b)?", "(A=\"b\";)!", "[--key k]", "[--srv]", "http://h/f", "--uid", "é",
            ][..]),
            0..10,
        ),
    ) {
        let rule = pieces.concat();
        if let Ok(rule) = ProfileRule::parse(&rule, &Limits::default()) {
            let written = rule.write();
            let again = ProfileRule::parse(&written, &Limits::default());
            prop_assert!(again == Ok(rule), "{}", *written);
        }
    }
}
