//! Any values of a header in every format: no panic, an identity only from a single value that
//! holds it, and any octets as a certificate reach the verification of the chain unchanged.
#![no_main]

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use offhook_device_identity::{
    AlbMode, ChainVerifier, HeaderError, CertificateHeader, HeaderSource, IdentityPattern, ListedProxy,
    TrustedProxies, XfccElement,
};

static TEXTS: LazyLock<[HeaderSource; 3]> = LazyLock::new(|| {
    let pattern = || IdentityPattern::new(".*([0-9a-fA-F]{12}).*").unwrap();
    [
        HeaderSource::plain("macaddress", pattern()).unwrap(),
        HeaderSource::envoy_subject(XfccElement::Only, pattern()),
        HeaderSource::envoy_subject(XfccElement::Last, pattern()),
    ]
});

/// No device certificate of this authority is known here, so no identity can come out.
static CERTIFICATES: LazyLock<[HeaderSource; 8]> = LazyLock::new(|| {
    let pem = include_bytes!("../../testdata/cisco-cas/crca2099.pem");
    let builder = ChainVerifier::builder().anchors_from_pem(pem).unwrap();
    let verifier = Arc::new(builder.build().unwrap());
    let verifier = || Arc::clone(&verifier);
    [
        HeaderSource::certificate(CertificateHeader::client_cert(), verifier()),
        HeaderSource::certificate(CertificateHeader::nginx("x-cert").unwrap(), verifier()),
        HeaderSource::certificate(CertificateHeader::haproxy("x-cert", "x-verify").unwrap(), verifier()),
        HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Only), verifier()),
        HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Last), verifier()),
        HeaderSource::certificate(CertificateHeader::traefik(), verifier()),
        HeaderSource::certificate(CertificateHeader::aws_alb(AlbMode::Passthrough), verifier()),
        HeaderSource::certificate(CertificateHeader::aws_alb(AlbMode::Verify), verifier()),
    ]
});

static PROXY: LazyLock<ListedProxy> = LazyLock::new(|| {
    let proxies = TrustedProxies::new(["192.0.2.1".parse().unwrap()]);
    proxies.admit("192.0.2.1".parse().unwrap()).unwrap()
});

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        write!(out, "%{byte:02x}").unwrap();
    }
    out
}

fuzz_target!(|input: (Vec<&[u8]>, Vec<&[u8]>)| {
    let (values, companions) = input;
    let now = SystemTime::UNIX_EPOCH;
    let both = || (values.iter().copied(), companions.iter().copied());
    for header in &*TEXTS {
        let (values, companions) = both();
        let Ok(identity) = header.identity_with(&PROXY, values.clone(), companions, now) else {
            continue;
        };
        let values: Vec<&[u8]> = values.collect();
        let [value] = values[..] else {
            panic!("{} values", values.len());
        };
        let digits = identity.mac().to_string();
        let value = value.to_ascii_uppercase();
        assert!(value.windows(12).any(|window| window == digits.as_bytes()));
    }
    for header in &*CERTIFICATES {
        let (values, companions) = both();
        let identity = header.identity_with(&PROXY, values, companions, now);
        assert!(identity.is_err());
    }
    let Some(der) = values.first().filter(|der| (1..8_000).contains(&der.len())) else {
        return;
    };
    let base64 = STANDARD.encode(der);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let pem = escaped(&pem);
    let written = [
        format!(":{base64}:"),
        pem.clone(),
        format!("\"{base64}\""),
        format!("Cert=\"{pem}\""),
        format!("By=a,Chain={pem};Subject=\"a,b\""),
        escaped(&base64),
        pem.clone(),
        pem,
    ];
    for (header, value) in CERTIFICATES.iter().zip(&written) {
        let verified = header.name() == "x-cert" && header.companion().is_some();
        let companions = verified.then_some(&b"0"[..]);
        let result = header.identity_with(&PROXY, [value.as_bytes()], companions, now);
        assert!(matches!(result, Err(HeaderError::Chain(_))), "{header:?}");
    }
});
