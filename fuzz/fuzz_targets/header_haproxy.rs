//! Any values of `HAProxy`'s headers, see [`check`].
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use offhook_device_identity::CertificateHeader;
use offhook_fuzz::header::{Read, base64, check, is_sane};

fn slowly(value: &[u8], status: Option<&[u8]>) -> Read {
    if !is_sane(value) || !matches!(status?.trim_ascii(), b"0" | b"\"0\"") {
        return None;
    }
    let inner = match value.strip_prefix(b"\"") {
        Some(inner) => inner.strip_suffix(b"\"")?,
        None => value,
    };
    if inner.is_empty() {
        return None;
    }
    Some(vec![base64(inner)?])
}

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let header = CertificateHeader::haproxy("x-haproxy", "x-verify").unwrap();
    let write = |der: &[u8]| format!("\"{}\"", STANDARD.encode(der)).into_bytes();
    check(&header, input, slowly, write);
});
