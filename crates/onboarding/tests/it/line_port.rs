use offhook_onboarding::{LinePort, ParseLinePortError};

#[test]
fn the_domain_is_read_in_any_case_and_kept_in_lower_case() {
    let line: LinePort = "Alice.1@Example.TEST".parse().unwrap();
    assert_eq!((line.user(), line.domain()), ("Alice.1", "example.test"));
    assert_eq!(line.to_string().parse(), Ok(line));
}

#[test]
fn what_could_break_out_of_a_sip_uri_is_refused() {
    use ParseLinePortError::{Domain, NoDomain, User};
    for (text, error) in [
        ("alice", NoDomain),
        ("@example.test", User),
        ("a b@example.test", User),
        ("a>@example.test", User),
        ("a\r\nVia: x@example.test", User),
        ("alice@", Domain),
        ("alice@example..test", Domain),
        ("alice@-example.test", Domain),
        ("alice@example.test>", Domain),
        ("alice@b@example.test", Domain),
        ("alice@exämple.test", Domain),
    ] {
        assert_eq!(text.parse::<LinePort>(), Err(error), "{text:?}");
    }
    assert!(
        format!("{}@example.test", "a".repeat(65))
            .parse::<LinePort>()
            .is_err()
    );
}
