//! What does reading a configuration document cost beside roxmltree, and putting in its tags?

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may fail")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::{Escape, Limits, TagTable, substitute};

criterion_main!(documents);
criterion_group!(documents, flat_profile, room_os, tags);

fn flat_profile(criterion: &mut Criterion) {
    let xml = profile_of_1000("sip.example.net");
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("flat-profile of 1,000 parameters");
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("roxmltree, tree only", |bencher| {
        bencher.iter(|| roxmltree::Document::parse(black_box(&xml)).unwrap());
    });
    group.bench_function("parse", |bencher| {
        bencher.iter(|| FlatProfile::parse(black_box(xml.as_bytes()), &limits).unwrap());
    });
    group.finish();
}

fn room_os(criterion: &mut Criterion) {
    let mut xml = String::from("<Configuration>");
    for group in 0..50 {
        write!(xml, "<Group{group}>").unwrap();
        for item in 1..=20 {
            write!(xml, "<Thing item=\"{item}\"><Mode>On</Mode></Thing>").unwrap();
        }
        write!(xml, "</Group{group}>").unwrap();
    }
    xml.push_str("</Configuration>");
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("configuration of 1,000 values");
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("roxmltree, tree only", |bencher| {
        bencher.iter(|| roxmltree::Document::parse(black_box(&xml)).unwrap());
    });
    group.bench_function("parse", |bencher| {
        bencher.iter(|| Configuration::parse(black_box(xml.as_bytes()), &limits).unwrap());
    });
    group.finish();
}

fn tags(criterion: &mut Criterion) {
    let template = profile_of_1000("%BWHOST-1%");
    let mut tags = TagTable::new();
    tags.set_native(&"%BWHOST-1%".parse().unwrap(), "sip.example.net")
        .unwrap();
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("template with 100 tags");
    group.throughput(Throughput::Bytes(template.len() as u64));
    group.bench_function("copy", |bencher| {
        bencher.iter(|| black_box(&template).clone());
    });
    group.bench_function("substitute", |bencher| {
        bencher.iter(|| substitute(black_box(&template), &tags, Escape::XmlText, &limits).unwrap());
    });
    group.finish();
}

/// A document of the size a phone has, a tenth of its values being `host`.
fn profile_of_1000(host: &str) -> String {
    let mut xml = String::from("<device>\n<flat-profile>\n");
    for number in 0..100 {
        writeln!(xml, "  <Proxy_{number}_ ua=\"na\">{host}</Proxy_{number}_>").unwrap();
        for parameter in 0..9 {
            writeln!(xml, "  <Parameter_{parameter}_{number}_ ua=\"rw\">A value &amp; more</Parameter_{parameter}_{number}_>").unwrap();
        }
    }
    xml.push_str("</flat-profile>\n</device>\n");
    xml
}
