//! The header of a signed document; nobody but the key has signed one, and what the key signs of it is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::Limits;
use offhook_device_profile::signed::{SignedDocument, Signer, SigningKey, sign};

const KEY: &[u8] = include_bytes!("../../testdata/rsa-keys/authority.pk8");

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let Ok(document) = SignedDocument::parse(data, &limits) else {
        return;
    };
    assert!(data.ends_with(document.unverified()));
    let signing = SigningKey::from_pkcs8(KEY).expect("a good key");
    let key = signing.verifying_key().expect("a good key");
    assert!(document.verify(&key, document.file_name()).is_err());
    let (content, name) = (document.unverified(), document.file_name());
    let signer = Signer::new(document.signer(), document.issuer(), document.serial());
    // The signature is longer than that of a shorter key, and the header may be too long with it.
    let Ok(written) = sign(content, name, &signer, &signing, document.signed_at()) else {
        return;
    };
    let again = SignedDocument::parse(&written, &limits).expect("what is written is read");
    assert_eq!(again.verify(&key, name), Ok(content));
    assert_eq!(again.signed_at(), document.signed_at());
    assert_eq!(
        (again.signer(), again.issuer(), again.serial()),
        (signer.name, signer.issuer, signer.serial)
    );
});
