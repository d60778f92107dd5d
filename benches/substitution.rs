//! What does putting in tags cost beside a copy of the text?

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may fail")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use offhook_device_profile::{Escape, Limits, TagTable, substitute};

criterion_main!(substitution);
criterion_group!(substitution, tags);

fn tags(criterion: &mut Criterion) {
    let mut table = TagTable::new();
    let name = "%BWHOST-1%".parse().unwrap();
    table.set_native(&name, "sip.example.net").unwrap();
    let limits = Limits::default();
    for (name, every) in [
        ("1 MB, a tag every 100 kB", 100_000),
        ("1 MB, a tag every 10 kB", 10_000),
        ("1 MB, a tag every 1 kB", 1_000),
        ("1 MB, a tag every 100 bytes", 100),
    ] {
        let template = text(1_000_000, every);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(template.len() as u64));
        group.bench_function("copy", |bencher| {
            bencher.iter(|| black_box(&template).clone());
        });
        for escape in [Escape::None, Escape::XmlText] {
            let id = BenchmarkId::new("substitute", format!("{escape:?}"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| substitute(black_box(&template), &table, escape, &limits).unwrap());
            });
        }
        group.finish();
    }
}

/// A text of this length with a tag each so many bytes.
fn text(length: usize, every: usize) -> String {
    let line = "  <Parameter_0_ ua=\"rw\">A value &amp; more of it</Parameter_0_>\n";
    let plain: String = line.chars().cycle().take(every - 10).collect();
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&plain);
        text.push_str("%BWHOST-1%");
    }
    text
}
