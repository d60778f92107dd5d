//! A rule that is read is written so that the same is read again, and macros keep to the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::Limits;
use offhook_device_profile::mpp::{Macros, ProfileRule};

fuzz_target!(|parts: (&str, &str)| {
    let (rule, value) = parts;
    let mut limits = Limits::default();
    limits.output_bytes = 4_096;
    let Ok(rule) = ProfileRule::parse(rule, &limits) else {
        return;
    };
    let mut roomy = limits;
    // What is written has quotation marks that were not there.
    roomy.rule_bytes *= 8;
    let written = rule.write();
    let again = ProfileRule::parse(&written, &roomy).expect("our own rule");
    assert!(again == rule);
    let mut macros = Macros::new();
    for name in ["A", "MA", "PN", "SA", "SWVER"] {
        macros.set(name, value).expect("a good name");
    }
    if let Ok(Some(choice)) = rule.choose(&macros, &limits)
        && let Some(request) = choice.request
    {
        assert!(request.address.len() <= 4_096);
        let _ = request.scheme();
    }
});
