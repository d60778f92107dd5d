//! Any values of Traefik's header, see [`check`].
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use offhook_device_identity::CertificateHeader;
use offhook_fuzz::header::{Read, base64, check, escape, is_sane, unescaped};

fn slowly(value: &[u8], _: Option<&[u8]>) -> Read {
    if !is_sane(value) {
        return None;
    }
    let escaped = value.contains(&b'%');
    let item = |item: &[u8]| match escaped {
        true => base64(&unescaped(item, b"")?),
        false => base64(item),
    };
    value.split(|byte| *byte == b',').map(item).collect()
}

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let header = CertificateHeader::traefik();
    let plain = |der: &[u8]| STANDARD.encode(der).into_bytes();
    check(&header, input.clone(), slowly, plain);
    check(&header, input, slowly, |der| escape(&plain(der), b""));
});
