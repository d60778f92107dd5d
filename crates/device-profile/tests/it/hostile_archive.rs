//! Archives made to harm, each refused for what it is.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use offhook_device_profile::{
    Archive, ArchiveError, ArchiveViolation, DeviceType, DeviceTypeFile, DocumentFault, EntryFault,
    Limits,
};
use proptest::prelude::*;

use crate::hand_made_zip::{Entry, crc32, zip};

pub(crate) fn open(bytes: &[u8]) -> Result<Archive, ArchiveError> {
    Archive::open(Cursor::new(bytes), &Limits::default())
}

/// The manifest of a type with one file.
pub(crate) fn manifest() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let device_type = DeviceType::new("T")
        .with_model("M")
        .with_file(DeviceTypeFile::new("f", "x"));
    Archive::new(device_type).write(&mut bytes).unwrap();
    let mut zip = zip::ZipArchive::new(bytes).unwrap();
    let text = io::read_to_string(zip.by_name("manifest.json").unwrap()).unwrap();
    text.into_bytes()
}

pub(crate) fn with(entries: impl IntoIterator<Item = Entry>) -> Result<Archive, ArchiveError> {
    let manifest = Entry::stored("manifest.json", &manifest());
    let entries: Vec<Entry> = [manifest].into_iter().chain(entries).collect();
    open(&zip(&entries))
}

pub(crate) fn fault(answer: Result<Archive, ArchiveError>) -> EntryFault {
    match answer.unwrap_err() {
        ArchiveError::Entry { index: _, fault } => fault,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn content() -> Entry {
    Entry::stored("files/0", b"x")
}

#[test]
fn what_is_made_by_hand_is_read_where_it_is_honest() {
    let archive = with([content()]).unwrap();
    assert_eq!(&*archive.files().next().unwrap().content, b"x");
}

#[test]
fn a_name_that_leads_out_is_refused() {
    for name in [
        "/etc/passwd",
        "../x",
        "files/../../x",
        "files/..",
        "..",
        "c:x",
        "C:\\x",
        "files\\0",
        "\\\\host\\x",
    ] {
        let answer = with([content(), Entry::stored(name, b"x")]);
        assert_eq!(fault(answer), EntryFault::Traversal, "{name}");
    }
    let mut nul = Entry::stored("files/0", b"x");
    nul.name = b"files/0\0.txt".to_vec();
    assert_eq!(fault(with([content(), nul])), EntryFault::Traversal);
}

#[test]
fn a_name_given_twice_is_refused_in_any_case() {
    let twice = with([content(), content()]);
    assert!(
        matches!(twice, Err(ArchiveError::Inconsistent)),
        "{twice:?}"
    );
    let answer = with([content(), Entry::stored("FILES/0", b"x")]);
    assert_eq!(fault(answer), EntryFault::Duplicate);
}

#[test]
fn an_entry_nobody_named_is_refused() {
    for name in ["files/1", "files/00", "readme.txt", "files/0.bak"] {
        let answer = with([content(), Entry::stored(name, b"x")]);
        assert_eq!(fault(answer), EntryFault::Unexpected, "{name}");
    }
}

#[test]
fn links_directories_and_devices_are_refused() {
    for mode in [
        0o120_777, 0o040_755, 0o020_644, 0o060_644, 0o010_644, 0o140_644,
    ] {
        let mut entry = content();
        entry.mode = mode;
        assert_eq!(fault(with([entry])), EntryFault::NotAFile, "{mode:o}");
    }
    let mut entry = content();
    entry.mode = 0;
    assert!(with([entry]).is_ok());
}

#[test]
fn an_encrypted_entry_is_refused() {
    let mut entry = content();
    entry.flags = 1;
    assert_eq!(fault(with([entry])), EntryFault::Encrypted);
}

#[test]
fn a_method_that_we_do_not_unpack_is_refused() {
    for method in [9, 12, 14, 93, 99] {
        let mut entry = content();
        entry.method = method;
        assert_eq!(fault(with([entry])), EntryFault::Compression, "{method}");
    }
}

#[test]
fn damaged_and_lying_entries_are_refused() {
    let mut checksum = content();
    checksum.crc ^= 1;
    assert_eq!(fault(with([checksum])), EntryFault::Damaged);
    let mut deflated = content();
    deflated.method = 8;
    assert_eq!(fault(with([deflated])), EntryFault::Damaged);
    for size in [0, 2, 1_000] {
        let mut entry = content();
        entry.size = size;
        assert!(with([entry]).is_err(), "{size}");
    }
    let mut vast = content();
    vast.size = u32::MAX - 1;
    assert_eq!(fault(with([vast])), EntryFault::TooLarge);
}

#[test]
fn headers_that_disagree_are_refused() {
    let mut entry = content();
    entry.local_name = Some(b"files/9".to_vec());
    let answer = with([entry]);
    assert!(
        matches!(answer, Err(ArchiveError::Inconsistent)),
        "{answer:?}"
    );
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let mut shared = Entry::stored("files/1", b"x");
    shared.shares = Some(1);
    let answer = with([content(), shared]);
    assert!(
        matches!(answer, Err(ArchiveError::Inconsistent)),
        "{answer:?}"
    );
}

/// A deflated entry of `size` blanks, cut out of an honest archive.
fn bomb(size: usize) -> Entry {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    writer.start_file("b", options).unwrap();
    writer.write_all(&vec![b' '; size]).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut packed = Vec::new();
    Read::read_to_end(&mut archive.by_index_raw(0).unwrap(), &mut packed).unwrap();
    let mut entry = Entry::stored("files/0", b"");
    entry.method = 8;
    entry.packed = packed;
    entry.size = u32::try_from(size).unwrap();
    entry.crc = crc32(&vec![b' '; size]);
    entry
}

#[test]
fn a_bomb_is_refused_whether_it_tells_its_size_or_not() {
    assert!(with([bomb(65_536)]).is_ok());
    assert_eq!(fault(with([bomb(2_000_000)])), EntryFault::Ratio);
    assert_eq!(fault(with([bomb(5_000_000)])), EntryFault::TooLarge);
    for size in [66_000, 2_000_000, 5_000_000] {
        let mut liar = bomb(size);
        liar.size = 100;
        assert_eq!(fault(with([liar])), EntryFault::Damaged, "{size}");
    }
}

#[test]
fn bombs_within_one_another_are_not_unpacked() {
    let inner = zip(&[bomb(2_000_000)]);
    let archive = with([Entry::stored("files/0", &inner)]).unwrap();
    assert_eq!(*archive.files().next().unwrap().content, inner);
}

#[test]
fn an_end_that_could_be_another_is_refused_before_the_directory_is_read() {
    let good = zip(&[Entry::stored("manifest.json", &manifest()), content()]);
    assert!(open(&good).is_ok());
    let end = good.len() - 22;
    let mut commented = good.clone();
    commented[end + 20] = 4;
    commented.extend(b"PK\x05\x06");
    assert!(matches!(open(&commented), Err(ArchiveError::Zip)));
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[end + at] = byte;
        open(&bytes)
    };
    // Disk numbers, entries on this disk, size and place of the directory, a comment.
    for at in [4, 6, 8, 12, 16, 20] {
        let answer = changed(at, 77);
        assert!(
            matches!(answer, Err(ArchiveError::Directory)),
            "{at}: {answer:?}"
        );
    }
    let before: Vec<u8> = [b"MZ".as_slice(), &good].concat();
    assert!(matches!(open(&before), Err(ArchiveError::Directory)));
    let mut gap = good.clone();
    gap.splice(end..end, *b"gap");
    assert!(matches!(open(&gap), Err(ArchiveError::Directory)));
    // A locator of the 64-bit form where the directory ends.
    let mut located = good.clone();
    let size = u32::from_le_bytes(located[end + 12..end + 16].try_into().unwrap());
    located.splice(end..end, [b"PK\x06\x07".as_slice(), &[0; 16]].concat());
    located[end + 32..end + 36].copy_from_slice(&(size + 20).to_le_bytes());
    assert!(matches!(open(&located), Err(ArchiveError::Directory)));
}

#[test]
fn many_entries_are_refused_before_the_directory_takes_memory() {
    let entries: Vec<Entry> = (0..40_000)
        .map(|number| Entry::stored(&format!("files/{number}"), b""))
        .collect();
    let bytes = zip(&entries);
    let mut answer = None;
    let used = allocation_counter::measure(|| answer = Some(open(&bytes)));
    assert!(matches!(
        answer,
        Some(Err(ArchiveError::TooManyEntries { found: 40_000 }))
    ));
    assert!(used.bytes_max < 4_096, "{used:?}");
}

#[test]
fn bytes_before_the_directory_are_passed_over_unless_an_entry_begins_there() {
    let [manifest, content] = [Entry::stored("manifest.json", &manifest()), content()];
    let good = zip(&[manifest, content]);
    let end = good.len() - 22;
    let start = u32::from_le_bytes(good[end + 16..end + 20].try_into().unwrap());
    let with = |between: &[u8]| {
        let mut bytes = good.clone();
        let moved = start + u32::try_from(between.len()).unwrap();
        bytes[end + 16..end + 20].copy_from_slice(&moved.to_le_bytes());
        let at = usize::try_from(start).unwrap();
        bytes.splice(at..at, between.iter().copied());
        open(&bytes)
    };
    assert!(with(b"left by another writer").is_ok());
    let hidden = zip(&[Entry::stored("files/1", b"x")]);
    for more in [&b""[..], b"more"] {
        let answer = with(&[&hidden[..38], more].concat());
        assert!(
            matches!(answer, Err(ArchiveError::Inconsistent)),
            "{answer:?}"
        );
    }
}

/// An archive whose one file has this content.
fn carrying(content: &[u8]) -> Result<Archive, ArchiveError> {
    with([Entry::stored("files/0", content)])
}

#[test]
fn documents_that_could_harm_their_reader_are_refused() {
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><l>&b;</l>";
    let deep = "<a>".repeat(33);
    let many = format!("<a>{}</a>", "<b/>".repeat(20_000));
    // Longer than any document that is parsed here, and looked through all the same.
    let late = format!("<a>{}{deep}", " ".repeat(2_000_000));
    for (content, fault) in [
        (laughs, DocumentFault::Doctype),
        ("\u{feff}\n <!DOCTYPE a><a/>", DocumentFault::Doctype),
        ("<a/><!DOCTYPE a>", DocumentFault::Doctype),
        (&deep, DocumentFault::TooDeep),
        (&many, DocumentFault::TooManyElements),
        (&late, DocumentFault::TooDeep),
        // Behind tags, and behind what is wrong before it.
        ("%BWX%<!DOCTYPE a><a/>", DocumentFault::Doctype),
        ("\u{feff} %BWX% <!DOCTYPE a><a/>", DocumentFault::Doctype),
        ("\n%A% %B%\n<a/><!DOCTYPE a>", DocumentFault::Doctype),
        (&format!("%A%{deep}"), DocumentFault::TooDeep),
        ("<a>&b;</a><!DOCTYPE a>", DocumentFault::Doctype),
        (
            "<?xml version='1.0' encoding='latin1'?><!DOCTYPE a><a/>",
            DocumentFault::Doctype,
        ),
        ("<!doctype a><a/>", DocumentFault::Doctype),
        ("<![<!ENTITY a 'b'>", DocumentFault::Doctype),
    ] {
        assert_harmful(content.as_bytes(), fault);
    }
}

#[test]
fn documents_in_encodings_that_cannot_be_looked_into_are_refused() {
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\">]><l>&a;</l>";
    let wide = |order: fn(u16) -> [u8; 2], text: &str| -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    };
    for text in [
        format!("\u{feff}{laughs}"),
        "\u{feff}\n <a/>".to_owned(),
        laughs.to_owned(),
    ] {
        for order in [u16::to_be_bytes, u16::to_le_bytes] {
            assert_harmful(&wide(order, &text), DocumentFault::Encoding);
        }
        let four: Vec<u8> = text
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        assert_harmful(&four, DocumentFault::Encoding);
        let four: Vec<u8> = text
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect();
        assert_harmful(&four, DocumentFault::Encoding);
    }
    // What is no XML is taken as it is.
    let pictures: [&[u8]; 4] = [
        b"\xff\xfeno document",
        b"\xff\xfen\0o\0",
        b"\x89PNG\r\n<!DOCTYPE",
        b"\0\0\0\x20ftyp",
    ];
    for content in pictures {
        let archive = carrying(content).unwrap();
        assert_eq!(archive.violations(&Limits::default()), []);
    }
}

fn assert_harmful(content: &[u8], fault: DocumentFault) {
    let answer = carrying(content);
    assert!(
        matches!(&answer, Err(ArchiveError::Content { file: 0, source }) if source.fault == fault),
        "{fault}: {answer:?}"
    );
}

#[test]
fn a_template_that_is_no_document_yet_is_carried_and_told() {
    for content in [
        "<flat-profile>%BODY%",
        "<a>%TAG%</b>",
        "<a b=%TAG%/>",
        "<a>&b;</a>",
        "<a b='&c;'/>",
        "<\u{1}/>",
    ] {
        let archive = carrying(content.as_bytes()).unwrap();
        let found = archive.violations(&Limits::default());
        assert!(
            matches!(found[..], [ArchiveViolation::Content { file: 0, error: _ }]),
            "{content}: {found:?}"
        );
    }
    for content in [
        "",
        "text & more",
        "<a>%TAG%</a>",
        "PK",
        "%HEAD%<a></a></b>",
        "50 % <a",
    ] {
        let archive = carrying(content.as_bytes()).unwrap();
        assert_eq!(archive.violations(&Limits::default()), [], "{content}");
    }
}

#[test]
fn where_we_cannot_look_any_further_and_others_can_is_told_behind_tags_too() {
    let deep = "<a>".repeat(33);
    let many: String = (0..33).map(|at| format!(" a{at}=''")).collect();
    for (front, fault) in [
        ("<\u{e9}>".to_owned(), DocumentFault::Name),
        (format!("<a{many}>"), DocumentFault::Attribute),
        (
            "<?xml version='1.0' encoding='latin1'?>".to_owned(),
            DocumentFault::Encoding,
        ),
    ] {
        for tag in ["", "%HEAD%"] {
            let archive = carrying(format!("{tag}{front}{deep}").as_bytes()).unwrap();
            let found = archive.violations(&Limits::default());
            let [ArchiveViolation::Content { error, .. }] = &found[..] else {
                panic!("{tag}{front}: {found:?}");
            };
            assert_eq!(error.fault, fault);
            assert!(error.at >= tag.len() as u64, "{error:?}");
        }
    }
}

/// Reads, and fails at the byte `at` by another error than an early end.
struct Failing<'b> {
    bytes: Cursor<&'b [u8]>,
    at: u64,
}

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (from, to) = (
            self.bytes.position(),
            self.bytes.position() + out.len() as u64,
        );
        if from <= self.at && self.at < to {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.bytes.read(out)
    }
}

impl Seek for Failing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

#[test]
fn a_reader_that_fails_is_no_fault_of_the_archive() {
    let good = zip(&[Entry::stored("manifest.json", &manifest()), content()]);
    for at in (0..good.len() as u64).step_by(7) {
        let bytes = Cursor::new(&good[..]);
        let answer = Archive::open(Failing { bytes, at }, &Limits::default());
        assert!(
            matches!(answer, Err(ArchiveError::Io(_)) | Ok(_)),
            "{at}: {answer:?}"
        );
    }
}

#[test]
fn limits_are_kept_to_the_byte() {
    let bytes = zip(&[
        Entry::stored("manifest.json", &manifest()),
        Entry::stored("files/0", &[b'x'; 5_000]),
    ]);
    let total = 5_000 + manifest().len() as u64;
    let open = |change: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        Archive::open(Cursor::new(&bytes), &limits)
    };
    assert!(open(&|limits| limits.archive_bytes = bytes.len() as u64).is_ok());
    let answer = open(&|limits| limits.archive_bytes = bytes.len() as u64 - 1);
    assert!(matches!(answer, Err(ArchiveError::TooLarge)));
    assert!(open(&|limits| limits.entries = 2).is_ok());
    let answer = open(&|limits| limits.entries = 1);
    assert!(matches!(
        answer,
        Err(ArchiveError::TooManyEntries { found: 2 })
    ));
    assert!(open(&|limits| limits.entry_bytes = 5_000).is_ok());
    let answer = open(&|limits| limits.entry_bytes = 4_999);
    assert_eq!(fault(answer), EntryFault::TooLarge);
    assert!(open(&|limits| limits.total_bytes = total).is_ok());
    let answer = open(&|limits| limits.total_bytes = total - 1);
    assert!(matches!(answer, Err(ArchiveError::TooLarge)), "{answer:?}");
}

#[test]
fn the_directory_has_1_024_bytes_an_entry_at_most() {
    let [manifest, content] = [Entry::stored("manifest.json", &manifest()), content()];
    let named = |length: usize| {
        let other = Entry::stored(&"x".repeat(length), b"x");
        open(&zip(&[manifest.clone(), content.clone(), other]))
    };
    // Each entry takes 46 bytes and its name.
    let room = 3 * 1_024 - 3 * 46 - "manifest.json".len() - "files/0".len();
    assert_eq!(fault(named(room)), EntryFault::Unexpected);
    let answer = named(room + 1);
    assert!(matches!(answer, Err(ArchiveError::Directory)), "{answer:?}");
}

#[test]
fn a_manifest_that_is_not_ours_is_refused() {
    let of = |text: &str| {
        open(&zip(&[
            Entry::stored("manifest.json", text.as_bytes()),
            content(),
        ]))
    };
    let good = String::from_utf8(manifest()).unwrap();
    assert!(of(&good).is_ok());
    for (from, to) in [
        ("offhook-dtaf", "other"),
        ("\"version\": 1", "\"version\": 2"),
    ] {
        let answer = of(&good.replacen(from, to, 1));
        assert!(matches!(answer, Err(ArchiveError::Format)), "{to}");
    }
    for (from, to) in [
        ("enableDeviceActivation", "enableDeviceActivatoin"),
        ("\"macInCert\": false", "\"macInCert\": 0"),
        (
            "\"macInCert\": false",
            "\"macInCert\": false, \"macInCert\": true",
        ),
        ("Dynamic Profile", "Dynamic"),
        ("\"allowHttps\": true,", ""),
        ("}", ""),
    ] {
        let answer = of(&good.replacen(from, to, 1));
        assert!(
            matches!(answer, Err(ArchiveError::Manifest { .. })),
            "{to}: {answer:?}"
        );
    }
    let deep = of(&"[".repeat(100_000));
    assert!(
        matches!(deep, Err(ArchiveError::Manifest { .. })),
        "{deep:?}"
    );
}

#[test]
fn a_missing_manifest_or_content_is_told() {
    let answer = open(&zip(&[content()]));
    assert!(matches!(answer, Err(ArchiveError::ManifestMissing)));
    assert!(matches!(
        with([]),
        Err(ArchiveError::ContentMissing { file: 0 })
    ));
}

#[test]
fn what_is_no_archive_is_refused() {
    let good = zip(&[Entry::stored("manifest.json", &manifest()), content()]);
    for bytes in [
        &[][..],
        b"PK",
        b"PK\x05\x06",
        &good[..good.len() - 1],
        &good[30..],
    ] {
        assert!(open(bytes).is_err());
    }
}

proptest! {
    #[test]
    fn no_change_of_a_byte_makes_the_reader_panic(at: prop::sample::Index, byte: u8) {
        let mut bytes = zip(&[Entry::stored("manifest.json", &manifest()), content()]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = open(&bytes);
    }
}
