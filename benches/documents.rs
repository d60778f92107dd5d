//! What does reading a configuration document cost beside roxmltree?

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may fail")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offhook_device_profile::Limits;
use offhook_device_profile::mpp::FlatProfile;
use offhook_device_profile::room_os::Configuration;
use offhook_device_profile::unified_cm::ConfigurationFile;
use quick_xml::events::Event;

criterion_main!(documents);
criterion_group!(documents, flat_profile, room_os, unified_cm);

fn flat_profile(criterion: &mut Criterion) {
    for (size, parameters) in SIZES {
        let xml = profile_of(parameters);
        let limits = roomy();
        let title = format!("flat-profile of {size}");
        beside_others(criterion, &title, &xml, |xml| {
            FlatProfile::parse(xml, &limits).unwrap()
        });
    }
}

fn room_os(criterion: &mut Criterion) {
    for (size, values) in SIZES {
        let xml = configuration_of(values);
        let limits = roomy();
        let title = format!("room device's configuration of {size}");
        beside_others(criterion, &title, &xml, |xml| {
            Configuration::parse(xml, &limits).unwrap()
        });
    }
}

fn unified_cm(criterion: &mut Criterion) {
    for (size, lines) in [("1 kB", 4), ("60 kB", 240), ("5 MB", 20_000)] {
        let xml = device_of(lines);
        let limits = roomy();
        let title = format!("device's document of Unified CM of {size}");
        beside_others(criterion, &title, &xml, |xml| {
            ConfigurationFile::parse(xml, &limits).unwrap()
        });
    }
}

/// Reads one document with roxmltree, with quick-xml's events alone, and with ours.
fn beside_others<T>(criterion: &mut Criterion, title: &str, xml: &str, parse: impl Fn(&[u8]) -> T) {
    let mut group = criterion.benchmark_group(title);
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("roxmltree, tree only", |bencher| {
        bencher.iter(|| roxmltree::Document::parse(black_box(xml)).unwrap());
    });
    group.bench_function("quick-xml, events only", |bencher| {
        bencher.iter(|| events(black_box(xml)));
    });
    group.bench_function("parse", |bencher| {
        bencher.iter(|| parse(black_box(xml.as_bytes())));
    });
    group.finish();
}

fn events(xml: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut count = 0;
    while !matches!(reader.read_event().unwrap(), Event::Eof) {
        count += 1;
    }
    count
}

/// A phone's document of that many parameters.
fn profile_of(parameters: usize) -> String {
    let mut xml = String::from("<device>\n<flat-profile>\n");
    for number in 0..parameters {
        if number % 10 == 0 {
            writeln!(
                xml,
                "  <Proxy_{number}_ ua=\"na\">sip.example.net</Proxy_{number}_>"
            )
            .unwrap();
        } else {
            writeln!(
                xml,
                "  <Parameter_{number}_ ua=\"rw\">A value &amp; more</Parameter_{number}_>"
            )
            .unwrap();
        }
    }
    xml.push_str("</flat-profile>\n</device>\n");
    xml
}

/// A room device's document of that many values, twenty in each group.
fn configuration_of(values: usize) -> String {
    let mut xml = String::from("<Configuration>");
    for group in 0..values.div_ceil(20) {
        write!(xml, "<Group{group}>").unwrap();
        for item in 1..=20.min(values - 20 * group) {
            write!(xml, "<Thing item=\"{item}\"><Mode>On</Mode></Thing>").unwrap();
        }
        write!(xml, "</Group{group}>").unwrap();
    }
    xml.push_str("</Configuration>");
    xml
}

/// A device's document of that many lines; prefixes are left out, which roxmltree would refuse.
fn device_of(lines: usize) -> String {
    let mut xml = String::from("<device>\n<sipProfile>\n<sipLines>\n");
    for line in 1..=lines {
        writeln!(
            xml,
            "<line  button=\"{line}\"  lineIndex=\"{line}\">\n<featureID>9</featureID>\n\
             <featureLabel>A &amp; B</featureLabel>\n<proxy>USECALLMANAGER</proxy>\n<port>5060</port>\n\
             <name>2001</name>\n<displayName>Alice</displayName>\n<callWaiting>3</callWaiting>\n</line>"
        )
        .unwrap();
    }
    xml.push_str("</sipLines>\n</sipProfile>\n</device>\n");
    xml
}

fn roomy() -> Limits {
    let mut limits = Limits::default();
    limits.document_bytes = 16 << 20;
    limits.elements = 1 << 20;
    limits
}

/// Names of sizes, and how many values make one.
const SIZES: [(&str, usize); 3] = [("1 kB", 16), ("60 kB", 960), ("5 MB", 80_000)];
