//! The header of a signed document; nobody but the key has signed one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::Limits;
use offhook_device_profile::signed::{SignedDocument, SigningKey};

const KEY: &[u8] = include_bytes!("../../testdata/rsa-keys/authority.pk8");

fuzz_target!(|data: &[u8]| {
    let Ok(document) = SignedDocument::parse(data, &Limits::default()) else {
        return;
    };
    assert!(data.ends_with(document.unverified()));
    let key = SigningKey::from_pkcs8(KEY).and_then(|key| key.verifying_key());
    let verified = document.verify(&key.expect("a good key"), document.file_name());
    assert!(verified.is_err());
});
