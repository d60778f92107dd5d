//! What do drawing, reading and digesting a code cost?

#![expect(clippy::unwrap_used, reason = "a bench may fail")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use offhook_activation_code::{
    ActivationCode, CheckDigit, CodePolicy, Pepper, PepperId, Peppers, SystemEntropy, TenantId,
};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

fn code(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("code");
    let mut entropy = SystemEntropy::new();
    group.bench_function("draw", |bencher| {
        bencher.iter(|| ActivationCode::draw(&mut entropy).unwrap());
    });
    let damm = CodePolicy::default().with_check_digit(CheckDigit::Damm);
    group.bench_function("draw with a check digit", |bencher| {
        bencher.iter(|| damm.draw(&mut entropy).unwrap());
    });
    let random = SystemRandom::new();
    group.bench_function("draw, eight bytes of bare ring", |bencher| {
        bencher.iter(|| {
            let mut bytes = [0; 8];
            random.fill(&mut bytes).unwrap();
            black_box(bytes)
        });
    });
    for (name, text) in [
        ("read with dashes", "1234-5678-9012-3456"),
        ("read bare digits", "1234567890123456"),
        ("read, the standard library's u64", "1234567890123456"),
        ("read otherwise grouped", "12 34-56 78-90 12-34 56"),
        ("read full-width", "１２３４－５６７８－９０１２－３４５６"),
    ] {
        if name.ends_with("u64") {
            group.bench_function(name, |bencher| {
                bencher.iter(|| black_box(text).parse::<u64>().unwrap());
            });
            continue;
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(text).parse::<ActivationCode>().unwrap());
        });
    }

    let tenant = TenantId::new("acme").unwrap();
    let code: ActivationCode = "1234-5678-9012-3456".parse().unwrap();
    let pepper = |byte| Pepper::new(vec![byte; 32]).unwrap();
    let peppers = Peppers::new(PepperId::new(1), pepper(1));
    group.bench_function("digest", |bencher| {
        bencher.iter(|| peppers.digest(black_box(&tenant), black_box(&code)));
    });
    // The same with a key that is made anew each time, and with one that is kept.
    group.bench_function("digest, bare ring with a new key", |bencher| {
        bencher.iter(|| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, black_box(&[1; 32]));
            hmac::sign(&key, black_box(b"ac1|acme|1234567890123456"))
        });
    });
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    group.bench_function("digest, bare ring with a kept key", |bencher| {
        bencher.iter(|| hmac::sign(&key, black_box(b"ac1|acme|1234567890123456")));
    });
    group.finish();
}

criterion_group!(benches, code);
criterion_main!(benches);
