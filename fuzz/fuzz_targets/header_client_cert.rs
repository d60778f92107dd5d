//! Any values of `Client-Cert` and `Client-Cert-Chain`, see [`check`].
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{CertificateHeader, Limits};
use offhook_fuzz::header::{Read, base64, check, is_sane};

fn octets(value: &[u8]) -> Option<Vec<u8>> {
    base64(value.strip_prefix(b":")?.strip_suffix(b":")?)
}

fn slowly(value: &[u8], chain: Option<&[u8]>) -> Read {
    if !is_sane(value) {
        return None;
    }
    let mut all = vec![octets(value)?];
    let chain = chain.unwrap_or_default().trim_ascii();
    if chain.len() > Limits::DEFAULT.header_bytes {
        return None;
    }
    if !chain.is_empty() {
        // A tab is a control character, which no value has.
        if chain.iter().any(u8::is_ascii_control) {
            return None;
        }
        for item in chain.split(|byte| *byte == b',') {
            all.push(octets(item.trim_ascii())?);
        }
    }
    Some(all)
}

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let write = |der: &[u8]| format!(":{}:", STANDARD.encode(der)).into_bytes();
    check(&CertificateHeader::client_cert(), input, slowly, write);
});
