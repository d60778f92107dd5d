//! Any values of a header: no panic, and an identity only from a single value that holds it.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{HeaderSource, IdentityPattern, ListedProxy, TrustedProxies};

static HEADER: LazyLock<HeaderSource> = LazyLock::new(|| {
    let pattern = IdentityPattern::new(".*([0-9a-fA-F]{12}).*").unwrap();
    HeaderSource::plain("macaddress", pattern).unwrap()
});

static PROXY: LazyLock<ListedProxy> = LazyLock::new(|| {
    let proxies = TrustedProxies::new(["192.0.2.1".parse().unwrap()]);
    proxies.admit("192.0.2.1".parse().unwrap()).unwrap()
});

fuzz_target!(|values: Vec<&[u8]>| {
    let identity = HEADER.identity(&PROXY, values.iter().copied(), SystemTime::UNIX_EPOCH);
    if let Ok(identity) = identity {
        let [value] = values[..] else {
            panic!("{} values", values.len());
        };
        let value = value.to_ascii_uppercase();
        let digits = identity.mac().to_string();
        assert!(value.windows(12).any(|window| window == digits.as_bytes()));
        assert!(!value.contains(&b','));
    }
});
