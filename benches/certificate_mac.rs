//! How long it takes from a certificate, or a header, to the address of the device.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use offhook_device_identity::{
    ChainVerifier, HeaderSource, IdentityPattern, TrustedProxies, candidates,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

fn certificate_mac(criterion: &mut Criterion) {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Manufacturing CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let Ok(authority_key) = KeyPair::generate() else {
        return;
    };
    let Ok(authority) = params.self_signed(&authority_key) else {
        return;
    };
    let issuer = Issuer::new(params, authority_key);
    let mut device = CertificateParams::default();
    device.not_before = date_time_ymd(2020, 1, 1);
    device.not_after = date_time_ymd(2030, 1, 1);
    let names = &mut device.distinguished_name;
    names.push(DnType::CountryName, "US");
    names.push(DnType::OrganizationName, "Cisco Systems, Inc.");
    names.push(DnType::OrganizationalUnitName, "CP-8841-3PCC");
    names.push(DnType::LocalityName, "88012BA01234");
    names.push(DnType::StateOrProvinceName, "000e08abcdef");
    let Ok(device_key) = KeyPair::generate() else {
        return;
    };
    let Ok(device) = device.signed_by(&device_key, &issuer) else {
        return;
    };
    let der = device.der();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let verifier = ChainVerifier::builder()
        .anchor(authority.der())
        .and_then(|builder| builder.build());
    let Ok(verifier) = verifier.map(Arc::new) else {
        return;
    };

    let mut group = criterion.benchmark_group("certificate_mac");
    group.bench_function("candidates", |bencher| {
        bencher.iter(|| candidates(black_box(der)).map(|found| found.one()));
    });
    group.bench_function("webpki parse alone", |bencher| {
        bencher.iter(|| webpki::EndEntityCert::try_from(black_box(der)).is_ok());
    });
    group.bench_function("verify and identify", |bencher| {
        let chain = [der.clone()];
        bencher.iter(|| verifier.identify(black_box(&chain), now).is_ok());
    });
    group.finish();

    let proxies = TrustedProxies::new("192.0.2.0/24".parse());
    let Some(proxy) = proxies.admit([192, 0, 2, 1].into()) else {
        return;
    };
    let Ok(pattern) = IdentityPattern::new(".*([0-9a-fA-F]{12}).*") else {
        return;
    };
    let mut group = criterion.benchmark_group("proxy_header");
    let hostile = "mac:".repeat(16_384);
    group.bench_function("hostile pattern input of 64 KiB", |bencher| {
        bencher.iter(|| pattern.matches(black_box(&hostile)));
    });
    let Ok(plain) = HeaderSource::plain("macaddress", pattern) else {
        return;
    };
    group.bench_function("plain", |bencher| {
        bencher.iter(|| {
            plain
                .identity(&proxy, [black_box(&b"000e08abcdef"[..])], now)
                .is_ok()
        });
    });
    group.finish();
}

criterion_group!(benches, certificate_mac);
criterion_main!(benches);
