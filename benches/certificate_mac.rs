//! How long it takes from a certificate, or a header, to the address of the device, beside what
//! others take, with the number of allocations.

use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use allocation_counter::measure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};
use offhook_device_identity::{
    AlbMode, CertificateHeader, ChainVerifier, HeaderSource, IdentityPattern, Limits, Rules,
    TrustedProxies, XfccElement, candidates, candidates_of,
};
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use regex::Regex;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::der::{Decode as _, Encode as _};
use x509_parser::prelude::{FromDer as _, X509Certificate};

const NOW: Duration = Duration::from_secs(1_767_225_600);
const AUTHORITY_KEY: &[u8] = include_bytes!("../testdata/rsa-keys/authority.pk8");
const DEVICE_KEY: &[u8] = include_bytes!("../testdata/rsa-keys/device.pk8");

/// An MPP phone under a manufacturing authority, both with RSA keys and the extensions that
/// makers use.
struct Certificates {
    authority: CertificateDer<'static>,
    device: CertificateDer<'static>,
    pem: String,
}

impl Certificates {
    fn new() -> Result<Self, rcgen::Error> {
        let mut issuer = CertificateParams::default();
        issuer
            .distinguished_name
            .push(DnType::CommonName, "Manufacturing CA");
        issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer_key = KeyPair::try_from(AUTHORITY_KEY)?;
        let authority = issuer.self_signed(&issuer_key)?.der().clone();
        let issuer = Issuer::new(issuer, issuer_key);

        let mut device = CertificateParams::default();
        device.not_before = date_time_ymd(2020, 1, 1);
        device.not_after = date_time_ymd(2030, 1, 1);
        let names = &mut device.distinguished_name;
        names.push(DnType::CountryName, "US");
        names.push(DnType::OrganizationName, "Cisco Systems, Inc.");
        names.push(DnType::OrganizationalUnitName, "CP-8841-3PCC");
        names.push(DnType::LocalityName, "88012BA01234");
        names.push(DnType::StateOrProvinceName, "000e08abcdef");
        device.is_ca = IsCa::ExplicitNoCa;
        device.use_authority_key_identifier_extension = true;
        device.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        device.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let list = "http://crl.example/security/pki/manufacturing.crl";
        device.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec![list.to_owned()],
        }];
        let device = device.signed_by(&KeyPair::try_from(DEVICE_KEY)?, &issuer)?;
        Ok(Self {
            authority,
            device: device.der().clone(),
            pem: device.pem(),
        })
    }

    /// The PEM as OpenSSL writes it, percent-encoded but for letters, digits and `safe`.
    fn escaped(&self, safe: &str) -> String {
        let escape = |byte| match char::from(byte) {
            char if char.is_ascii_alphanumeric() || safe.contains(char) => char.to_string(),
            _ => format!("%{byte:02X}"),
        };
        let pem = self.pem.replace('\r', "");
        pem.bytes().map(escape).collect()
    }
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

    bench!(
        group,
        "x509-cert and the rules",
        x509_cert::Certificate::from_der(black_box(der)).is_ok_and(|certificate| {
            candidates_of(&certificate, Rules::ALL).is_ok_and(|found| found.one().is_ok())
        })
    );
    group.finish();
}

/// What the policy of a chain costs beside the signature check of `webpki` and of `ring`.
fn chain_policy(criterion: &mut Criterion) {
    let Ok(certificates) = Certificates::new() else {
        return;
    };
    let der = &certificates.device;
    let now = SystemTime::UNIX_EPOCH + NOW;
    let (Some(verifier), Ok(anchor)) = (
        verifier(&certificates.authority),
        anchor_from_trusted_cert(&certificates.authority),
    ) else {
        return;
    };
    let anchors = [anchor];
    let ours = || verifier.verify(black_box(der), &[], now).is_ok();
    let webpkis = || {
        EndEntityCert::try_from(black_box(der)).is_ok_and(|certificate| {
            let usage = KeyUsage::client_auth();
            let now = UnixTime::since_unix_epoch(NOW);
            certificate
                .verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &[], now, usage, None, None)
                .is_ok()
        })
    };
    let Some((key, body, signature)) = signed(&certificates) else {
        return;
    };
    let rings = || {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, black_box(&key))
            .verify(&body, &signature)
            .is_ok()
    };
    assert!(ours() && webpkis() && rings());

    let mut group = criterion.benchmark_group("chain_policy");
    bench!(group, "verify", ours());
    let chain = [der.clone()];
    let whole = || verifier.identify(black_box(&chain), now).is_ok();
    bench!(group, "verify and identify", whole());
    bench!(group, "webpki verify alone", webpkis());
    bench!(group, "ring signature alone", rings());
    group.finish();
    in_turn("verify beside webpki", ours, webpkis);
    in_turn("verify and identify beside webpki", whole, webpkis);
    in_turn("webpki beside ring", webpkis, rings);
    in_turn("verify beside ring", ours, rings);
    in_turn("verify and identify beside ring", whole, rings);
}

/// The key of the authority, and what it has signed.
fn signed(certificates: &Certificates) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let authority = x509_cert::Certificate::from_der(&certificates.authority).ok()?;
    let device = x509_cert::Certificate::from_der(&certificates.device).ok()?;
    let key = authority.tbs_certificate().subject_public_key_info();
    Some((
        key.subject_public_key.as_bytes()?.to_vec(),
        device.tbs_certificate().to_der().ok()?,
        device.signature().as_bytes()?.to_vec(),
    ))
}

/// Prints how long `ours` takes beside `theirs`: the quartiles of many short rounds in turn, so
/// that what else the machine does falls on both.
fn in_turn(name: &str, ours: impl Fn() -> bool, theirs: impl Fn() -> bool) {
    let time = |work: &dyn Fn() -> bool| {
        #[expect(clippy::disallowed_methods, reason = "a bench may read the clock")]
        let start = Instant::now();
        for _ in 0..20 {
            black_box(work());
        }
        start.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<f64> = (0..801).map(|_| time(&ours) / time(&theirs)).collect();
    ratios.sort_by(f64::total_cmp);
    let at = |place: usize| ratios.get(place).copied().unwrap_or_default();
    println!("{name}: x{:.3} [{:.3} {:.3}]", at(400), at(200), at(600));
}

fn verifier(anchor: &CertificateDer<'_>) -> Option<Arc<ChainVerifier>> {
    let builder = ChainVerifier::builder().anchor(anchor).ok()?;
    builder.build().ok().map(Arc::new)
}

/// From the header of a listed peer to the address, without the signatures of the chain.
fn proxy_header(criterion: &mut Criterion) {
    let Ok(certificates) = Certificates::new() else {
        return;
    };
    let proxies = TrustedProxies::new("192.0.2.0/24".parse());
    let peer = IpAddr::from([192, 0, 2, 1]);
    let base64 = STANDARD.encode(&certificates.device);
    let escaped = certificates.escaped("-._~");
    let mut group = criterion.benchmark_group("proxy_header");
    for (name, header, value, companion) in [
        (
            "RFC 9440",
            Ok(CertificateHeader::client_cert()),
            format!(":{base64}:"),
            None,
        ),
        (
            "nginx",
            CertificateHeader::nginx("ssl-client-cert"),
            escaped.clone(),
            None,
        ),
        (
            "Apache",
            CertificateHeader::apache("ssl-client-cert"),
            certificates.escaped("-._~+=/"),
            None,
        ),
        (
            "HAProxy",
            CertificateHeader::haproxy("ssl-client-cert", "ssl-verify"),
            format!("\"{base64}\""),
            Some(&b"0"[..]),
        ),
        (
            "XFCC",
            Ok(CertificateHeader::envoy(XfccElement::Only)),
            format!("By=spiffe://a/b;Cert=\"{escaped}\";Subject=\"CN=a\";URI=spiffe://a/c"),
            None,
        ),
        (
            "Traefik",
            Ok(CertificateHeader::traefik()),
            base64.clone(),
            None,
        ),
        (
            "ALB",
            Ok(CertificateHeader::aws_alb(AlbMode::Passthrough)),
            certificates.escaped("-._~+=/"),
            None,
        ),
    ] {
        let Ok(header) = header else {
            return;
        };
        let value = value.as_bytes();
        let read = || {
            let proxy = proxies.admit(black_box(peer))?;
            let carried = header.read(&proxy, [black_box(value)], companion).ok()?;
            let only = carried.candidates().ok()?.one().ok()?;
            Some(only.mac())
        };
        assert!(read().is_some(), "{name}");
        bench!(group, name, read());
    }
    group.finish();
}

fn identity_pattern(criterion: &mut Criterion) {
    let hostile_pattern = ".*mac.*:.*([0-9a-fA-F]{12}).*";
    let mut limits = Limits::DEFAULT;
    limits.pattern_input_bytes = 65_536;
    let pattern = IdentityPattern::with_limits(hostile_pattern, limits);
    let field = IdentityPattern::new(".*([0-9a-fA-F]{12}).*");
    let proxies = TrustedProxies::new("192.0.2.0/24".parse());
    let (Ok(pattern), Ok(field), Some(proxy)) =
        (pattern, field, proxies.admit([192, 0, 2, 1].into()))
    else {
        return;
    };
    let now = SystemTime::UNIX_EPOCH + NOW;
    let mut group = criterion.benchmark_group("identity_pattern");
    let hostile = "mac:".repeat(16_384);
    let (short, _) = hostile.split_at(4_096);
    bench!(
        group,
        "hostile input of 4 KiB",
        pattern.matches(black_box(short))
    );
    bench!(
        group,
        "hostile input of 64 KiB",
        pattern.matches(black_box(&hostile))
    );
    let (almost, _) = hostile.split_at(4_084);
    let matching = format!("{almost}000e08abcdef");
    assert!(pattern.matches(&matching).is_some());
    bench!(
        group,
        "hostile input of 4 KiB that matches",
        pattern.matches(black_box(&matching))
    );
    let digits = "0e8mac:a4c".repeat(408) + "0e8e08abcdef";
    bench!(
        group,
        "digits of 4 KiB that match",
        pattern.matches(black_box(&digits))
    );
    bench!(
        group,
        "input of 64 KiB beyond the default limit",
        field.matches(black_box(&hostile))
    );
    let Ok(plain) = HeaderSource::plain("macaddress", field) else {
        return;
    };
    bench!(
        group,
        "plain header",
        plain
            .identity(&proxy, [black_box(&b"000e08abcdef"[..])], now)
            .is_ok()
    );
    group.finish();
}

criterion_group!(
    benches,
    certificate_mac,
    chain_policy,
    proxy_header,
    identity_pattern
);
criterion_main!(benches);
