//! Foreign payloads, and our own ones with a byte changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::payload::{Encryption, Entropy, decompress, decrypt};
use offhook_device_profile::{EntropyError, Limits};

struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(7);
        Ok(())
    }
}

fuzz_target!(|parts: (&[u8], u8, usize)| {
    let (data, size, at) = parts;
    let limits = Limits::default();
    let _ = decrypt(data, b"key", &limits);
    if let Ok(unpacked) = decompress(data, &limits) {
        assert!(unpacked.len() <= limits.document_bytes);
    }
    let encryption = Encryption::new(b"key").with_record_size(18 + usize::from(size));
    let sealed = encryption.and_then(|encryption| encryption.encrypt(data, &mut Fixed));
    let mut sealed = sealed.expect("good settings");
    if sealed.len() > limits.document_bytes {
        return;
    }
    let (_, opened) = decrypt(&sealed, b"key", &limits).expect("our own payload");
    assert_eq!(*opened, data);
    let at = at % sealed.len();
    // The length of records is not sealed: one that is longer than all there is says the same.
    if (16..20).contains(&at) {
        return;
    }
    sealed[at] ^= 1;
    assert!(decrypt(&sealed, b"key", &limits).is_err());
});
