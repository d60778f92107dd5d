//! How long it takes from a certificate, or a header, to the address of the device, beside what
//! others take, with the number of allocations.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use allocation_counter::measure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};
use offhook_device_identity::{
    AlbMode, ChainVerifier, HeaderSource, IdentityPattern, TrustedProxies, XfccElement, candidates,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use regex::Regex;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::der::Decode as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

const NOW: Duration = Duration::from_secs(1_767_225_600);

struct Certificates {
    authority: CertificateDer<'static>,
    stranger: CertificateDer<'static>,
    device: CertificateDer<'static>,
    pem: String,
}

impl Certificates {
    fn new() -> Result<Self, rcgen::Error> {
        let issuer_key = KeyPair::generate()?;
        let issuer = authority("Manufacturing CA");
        let mut device = CertificateParams::default();
        device.not_before = date_time_ymd(2020, 1, 1);
        device.not_after = date_time_ymd(2030, 1, 1);
        let names = &mut device.distinguished_name;
        names.push(DnType::CountryName, "US");
        names.push(DnType::OrganizationName, "Cisco Systems, Inc.");
        names.push(DnType::OrganizationalUnitName, "CP-8841-3PCC");
        names.push(DnType::LocalityName, "88012BA01234");
        names.push(DnType::StateOrProvinceName, "000e08abcdef");
        // As long as a maker's certificate with an RSA key.
        let filler =
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 32_473, 1], vec![0; 650]);
        device.custom_extensions.push(filler);
        let authority_der = issuer.self_signed(&issuer_key)?.der().clone();
        let issuer = Issuer::new(issuer, issuer_key);
        let device = device.signed_by(&KeyPair::generate()?, &issuer)?;
        let stranger = authority("Stranger").self_signed(&KeyPair::generate()?)?;
        Ok(Self {
            authority: authority_der,
            stranger: stranger.der().clone(),
            device: device.der().clone(),
            pem: device.pem(),
        })
    }

    /// The PEM, percent-encoded but for letters, digits and `safe`.
    fn escaped(&self, safe: &str) -> String {
        let escape = |byte| match char::from(byte) {
            char if char.is_ascii_alphanumeric() || safe.contains(char) => char.to_string(),
            _ => format!("%{byte:02X}"),
        };
        self.pem.bytes().map(escape).collect()
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Measures `work`, and counts the allocations of its second run: the first one fills caches.
macro_rules! bench {
    ($group:ident, $name:expr, $work:expr) => {
        black_box($work);
        let allocations = measure(|| {
            black_box($work);
        });
        println!("{}: {} allocations", $name, allocations.count_total);
        $group.bench_function($name, |bencher| bencher.iter(|| $work));
    };
}

fn certificate_mac(criterion: &mut Criterion) {
    let Ok(certificates) = Certificates::new() else {
        return;
    };
    let der = &certificates.device;
    let Ok(regex) = Regex::new(".*([0-9a-fA-F]{12}).*") else {
        return;
    };
    println!("certificate of {} octets", der.len());

    let mut group = criterion.benchmark_group("certificate_mac");
    bench!(
        group,
        "candidates",
        candidates(black_box(der)).is_ok_and(|found| found.one().is_ok())
    );
    bench!(
        group,
        "webpki parse alone",
        EndEntityCert::try_from(black_box(der)).is_ok()
    );
    bench!(
        group,
        "x509-parser and regex",
        X509Certificate::from_der(black_box(der)).is_ok_and(|(_, certificate)| {
            let subject = certificate.subject().to_string();
            regex
                .captures(&subject)
                .is_some_and(|found| found.len() == 2)
        })
    );
    bench!(
        group,
        "x509-cert and regex",
        x509_cert::Certificate::from_der(black_box(der)).is_ok_and(|certificate| {
            let subject = certificate.tbs_certificate().subject().to_string();
            regex
                .captures(&subject)
                .is_some_and(|found| found.len() == 2)
        })
    );

    let now = SystemTime::UNIX_EPOCH + NOW;
    let (Some(verifier), Ok(anchor)) = (
        verifier(&certificates.authority),
        anchor_from_trusted_cert(&certificates.authority),
    ) else {
        return;
    };
    let chain = [der.clone()];
    bench!(
        group,
        "verify and identify",
        verifier.identify(black_box(&chain), now).is_ok()
    );
    let anchors = [anchor];
    bench!(
        group,
        "webpki verify alone",
        EndEntityCert::try_from(black_box(der)).is_ok_and(|certificate| {
            let usage = KeyUsage::client_auth();
            let now = UnixTime::since_unix_epoch(NOW);
            certificate
                .verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &[], now, usage, None, None)
                .is_ok()
        })
    );
    group.finish();
}

fn verifier(anchor: &CertificateDer<'_>) -> Option<Arc<ChainVerifier>> {
    let builder = ChainVerifier::builder().anchor(anchor).ok()?;
    builder.build().ok().map(Arc::new)
}

/// With a stranger as the anchor no signature is checked, so what a header takes beyond the
/// certificate itself is what it takes to decode it.
fn proxy_header(criterion: &mut Criterion) {
    let Ok(certificates) = Certificates::new() else {
        return;
    };
    let proxies = TrustedProxies::new("192.0.2.0/24".parse());
    let (Some(proxy), Some(verifier)) = (
        proxies.admit([192, 0, 2, 1].into()),
        verifier(&certificates.stranger),
    ) else {
        return;
    };
    let now = SystemTime::UNIX_EPOCH + NOW;
    let base64 = STANDARD.encode(&certificates.device);
    let escaped = certificates.escaped("-._~");
    let mut group = criterion.benchmark_group("proxy_header");
    bench!(
        group,
        "no header, stranger's certificate",
        verifier
            .verify(black_box(&certificates.device), &[], now)
            .is_ok()
    );
    let other = || Arc::clone(&verifier);
    for (name, source, value, companion) in [
        (
            "RFC 9440",
            Ok(HeaderSource::client_cert(other())),
            format!(":{base64}:"),
            None,
        ),
        (
            "nginx",
            HeaderSource::nginx("ssl-client-cert", other()),
            escaped.clone(),
            None,
        ),
        (
            "HAProxy",
            HeaderSource::haproxy("ssl-client-cert", "ssl-verify", other()),
            format!("\"{base64}\""),
            Some(&b"0"[..]),
        ),
        (
            "XFCC",
            Ok(HeaderSource::envoy(XfccElement::Only, other())),
            format!("Cert=\"{escaped}\""),
            None,
        ),
        (
            "Traefik",
            Ok(HeaderSource::traefik(other())),
            base64.clone(),
            None,
        ),
        (
            "ALB",
            Ok(HeaderSource::aws_alb(AlbMode::Passthrough, other())),
            certificates.escaped("-._~+=/"),
            None,
        ),
    ] {
        let Ok(source) = source else {
            return;
        };
        let value = value.as_bytes();
        bench!(
            group,
            name,
            source
                .identity_with(&proxy, [black_box(value)], companion, now)
                .is_ok()
        );
    }

    let Ok(pattern) = IdentityPattern::new(".*([0-9a-fA-F]{12}).*") else {
        return;
    };
    let hostile = "mac:".repeat(16_384);
    bench!(
        group,
        "hostile pattern input of 64 KiB",
        pattern.matches(black_box(&hostile))
    );
    let Ok(plain) = HeaderSource::plain("macaddress", pattern) else {
        return;
    };
    bench!(
        group,
        "plain",
        plain
            .identity(&proxy, [black_box(&b"000e08abcdef"[..])], now)
            .is_ok()
    );
    group.finish();
}

criterion_group!(benches, certificate_mac, proxy_header);
criterion_main!(benches);
