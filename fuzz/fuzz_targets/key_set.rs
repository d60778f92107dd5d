//! A key set of any form, with and without shared secrets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_bearer_token::{KeySet, MAX_KEYS, danger};

fuzz_target!(|data: &[u8]| {
    let strict = KeySet::from_json(data);
    let open = danger::key_set_with_shared_secrets(data);
    assert_eq!(strict.is_ok(), open.is_ok());
    if let (Ok(strict), Ok(open)) = (strict, open) {
        assert!(strict.len() <= open.len() && open.len() <= MAX_KEYS);
        assert_eq!(strict.len() + strict.skipped(), open.len() + open.skipped());
    }
});
