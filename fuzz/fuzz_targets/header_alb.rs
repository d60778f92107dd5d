//! Any values of an AWS load balancer's header, see [`check`].
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{AlbMode, CertificateHeader};
use offhook_fuzz::header::{check, escaped_pem, is_sane, one, write_pem};

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let slowly = |value: &[u8]| is_sane(value).then(|| escaped_pem(value, b"+=/"))?;
    let write = |der: &[u8]| write_pem(der, b"+=/");
    let passthrough = CertificateHeader::aws_alb(AlbMode::Passthrough);
    check(&passthrough, input.clone(), |value, _| slowly(value), write);
    let verify = CertificateHeader::aws_alb(AlbMode::Verify);
    check(&verify, input, |value, _| one(slowly(value)), write);
});
