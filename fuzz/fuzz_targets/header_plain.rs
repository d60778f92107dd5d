//! Any values of a header of text: no panic, and an address only from a single value that holds it
//! as a whole and no other.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{HeaderSource, IdentityPattern};
use offhook_fuzz::header::PROXY;

static HEADERS: LazyLock<[HeaderSource; 3]> = LazyLock::new(|| {
    [
        ".*([0-9a-fA-F]{12}).*",
        ".*?((?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}).*",
        "(.*)",
    ]
    .map(|pattern| {
        HeaderSource::plain("macaddress", IdentityPattern::new(pattern).unwrap()).unwrap()
    })
});

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let (values, companions) = input;
    for header in &*HEADERS {
        let (all, others) = (values.iter().copied(), companions.iter().copied());
        let Ok(identity) = header.identity_with(&PROXY, all, others, SystemTime::UNIX_EPOCH) else {
            continue;
        };
        let [value] = values[..] else {
            panic!("{} values", values.len());
        };
        let digits = |text: &[u8]| {
            let digits = text.iter().filter(|byte| byte.is_ascii_hexdigit());
            digits.map(u8::to_ascii_uppercase).collect::<Vec<_>>()
        };
        let own = identity.mac().to_string().into_bytes();
        assert!(digits(value).windows(12).any(|window| window == own));
        assert!(own != b"000000000000" && own != b"FFFFFFFFFFFF");
        // No other word of twelve digits, where none can be of a UUID or a telephone number, but
        // for the addresses of groups: the second digit of these is odd.
        if value.iter().any(|byte| b"-+:".contains(byte)) {
            continue;
        }
        for word in value.split(|byte| !byte.is_ascii_alphanumeric()) {
            let digits = word.len() == 12 && word.iter().all(u8::is_ascii_hexdigit);
            let group = word
                .get(1)
                .is_some_and(|byte| b"13579bdfBDF".contains(byte));
            assert!(!digits || group || word.eq_ignore_ascii_case(&own));
        }
    }
});
