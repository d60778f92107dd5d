//! Any values of nginx's header, see [`check`].
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::CertificateHeader;
use offhook_fuzz::header::{check, escaped_pem, is_sane, one, write_pem};

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let slowly = |value: &[u8]| is_sane(value).then(|| one(escaped_pem(value, b"")))?;
    let header = CertificateHeader::nginx("x-nginx").unwrap();
    check(
        &header,
        input,
        |value, _| slowly(value),
        |der| write_pem(der, b""),
    );
});
