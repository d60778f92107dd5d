//! What does reading and importing an archive cost beside a bare unzip of the same bytes?

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench may fail"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{Cursor, Read as _};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offhook_device_profile::{
    Archive, ArchiveReader, DeviceType, DeviceTypeFile, FileCategory, Import, Inventory, Limits,
};
use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

criterion_main!(archive);
criterion_group!(archive, typical, large);

/// Four templates of 60 kB and a picture, as a telephone has them.
fn typical(criterion: &mut Criterion) {
    let mut phone = DeviceType::new("Phone");
    for number in 0..4 {
        let format = format!("{number}-%BWMACADDRESS%.xml");
        phone = phone.with_file(DeviceTypeFile::new(&format, template(800)));
    }
    let picture = DeviceTypeFile::new("logo.png", noise(60_000));
    let phone = phone.with_file(picture.with_category(FileCategory::Static));
    compare(criterion, "five files of 60 kB", phone);
}

/// One template as large as a document may be.
fn large(criterion: &mut Criterion) {
    let phone = DeviceType::new("Phone").with_file(DeviceTypeFile::new("a.xml", template(13_000)));
    compare(criterion, "one file of 1 MB", phone);
}

fn compare(criterion: &mut Criterion, name: &str, device_type: DeviceType) {
    let archive = Archive::new(device_type.clone());
    let mut bytes = Cursor::new(Vec::new());
    archive.write(&mut bytes).unwrap();
    let bytes = bytes.into_inner();
    let unpacked: usize = archive.files().map(|file| file.content.len()).sum();
    let limits = Limits::default();
    let mut there = Inventory::new();
    there.insert_device_type(device_type);
    let update = Import::new().with_device_type_file_update();

    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(unpacked as u64));
    group.bench_function("bare unzip", |bencher| {
        bencher.iter(|| unzip(black_box(&bytes)));
    });
    group.bench_function("bare unzip and parse", |bencher| {
        bencher.iter(|| {
            let entries = unzip(black_box(&bytes));
            for content in &entries[1..] {
                parse(content);
            }
            let manifest: serde_json::Value = serde_json::from_slice(&entries[0]).unwrap();
            (manifest, entries)
        });
    });
    group.bench_function("open", |bencher| {
        bencher.iter(|| Archive::open(Cursor::new(black_box(&bytes)), &limits).unwrap());
    });
    group.bench_function("import", |bencher| {
        bencher.iter(|| {
            let mut reader = ArchiveReader::open(Cursor::new(black_box(&bytes)), &limits).unwrap();
            let mut system = Inventory::new();
            Import::new().run(&mut reader, &mut system).unwrap();
            system
        });
    });
    group.bench_function("dry run over the same", |bencher| {
        bencher.iter(|| {
            let mut reader = ArchiveReader::open(Cursor::new(black_box(&bytes)), &limits).unwrap();
            update.dry_run(&mut reader, &there).unwrap()
        });
    });
    group.finish();
}

fn unzip(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let entries = 0..zip.len();
    let entry = |index| {
        let mut entry = zip.by_index(index).unwrap();
        let mut content = Vec::with_capacity(usize::try_from(entry.size()).unwrap());
        entry.read_to_end(&mut content).unwrap();
        content
    };
    entries.map(entry).collect()
}

/// What whoever wants to know that a document is well-formed cannot do without.
fn parse(content: &[u8]) {
    let Ok(text) = std::str::from_utf8(content) else {
        return;
    };
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) | Event::Empty(start) => {
                assert!(start.attributes().all(|attribute| attribute.is_ok()));
            }
            Event::Eof => return,
            _ => {}
        }
    }
}

fn template(parameters: usize) -> String {
    let mut xml = String::from("<device>\n<flat-profile>\n");
    for number in 0..parameters {
        writeln!(
            xml,
            "  <Parameter_{number}_ ua=\"rw\">A value &amp; %TAG_{}% more</Parameter_{number}_>",
            number % 100
        )
        .unwrap();
    }
    xml.push_str("</flat-profile>\n</device>\n");
    xml
}

/// Bytes that do not pack.
fn noise(length: usize) -> Vec<u8> {
    let mut seed = 1_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}
