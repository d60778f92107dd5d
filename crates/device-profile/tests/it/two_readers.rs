//! Archives of which two readers would see two things, each refused.

use offhook_device_profile::{ArchiveError, EntryFault};

use crate::hand_made_zip::{Entry, crc32, zip};
use crate::hostile_archive::{content, fault, manifest, open, with};

#[test]
fn bytes_before_the_first_entry_are_refused_wherever_places_are_counted_from() {
    let entries = [Entry::stored("manifest.json", &manifest()), content()];
    let good = zip(&entries);
    assert!(open(&good).is_ok());
    let end = good.len() - 22;
    let add = |bytes: &mut [u8], at: usize, more: usize| {
        let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let new = old + u32::try_from(more).unwrap();
        bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
    };
    for before in [b"MZ".as_slice(), b"#!/bin/sh\n", &[0; 100], &good] {
        let mut bytes = [before, &good].concat();
        let end = before.len() + end;
        add(&mut bytes, end + 16, before.len());
        let mut header = bytes
            .windows(4)
            .rposition(|four| four == b"PK\x01\x02")
            .unwrap();
        add(&mut bytes, header + 42, before.len());
        header -= 46 + "manifest.json".len();
        add(&mut bytes, header + 42, before.len());
        let answer = open(&bytes);
        assert!(matches!(answer, Err(ArchiveError::Directory)), "{answer:?}");
    }
}

/// An end behind a directory, which it says has so many entries.
fn ended(before: &[u8], directory: &[u8], entries: u16) -> Vec<u8> {
    let [length, start] = [directory, before].map(|bytes| u32::try_from(bytes.len()).unwrap());
    let mut bytes = [before, directory, b"PK\x05\x06\0\0\0\0"].concat();
    bytes.extend([entries, entries].map(u16::to_le_bytes).as_flattened());
    bytes.extend([length, start].map(u32::to_le_bytes).as_flattened());
    bytes.extend([0; 2]);
    bytes
}

/// The entries of an archive and its directory, without its end.
fn parts(archive: &[u8]) -> (&[u8], &[u8]) {
    let start = archive.len() - 22 + 16;
    let start = u32::from_le_bytes(archive[start..start + 4].try_into().unwrap());
    archive[..archive.len() - 22].split_at(usize::try_from(start).unwrap())
}

fn assert_directory_refused(bytes: &[u8]) {
    let answer = open(bytes);
    assert!(matches!(answer, Err(ArchiveError::Directory)), "{answer:?}");
}

#[test]
fn a_directory_of_anything_but_the_entries_that_the_end_counts_is_refused() {
    let entry = Entry::stored("manifest.json", &manifest());
    let good = zip(&[entry.clone(), content()]);
    let (entries, directory) = parts(&good);
    assert!(open(&ended(entries, directory, 2)).is_ok());
    for count in [0, 1, 3] {
        assert!(open(&ended(entries, directory, count)).is_err(), "{count}");
    }
    // The second stands in the content of a file, where a reader that goes by the length finds it.
    let other = String::from_utf8(manifest()).unwrap();
    let other = zip(&[Entry::stored(
        "manifest.json",
        other.replace("\"T\"", "\"U\"").as_bytes(),
    )]);
    let (hidden, second) = parts(&other);
    let carrier = zip(&[entry, Entry::stored("files/0", hidden)]);
    let (entries, first) = parts(&carrier);
    let mut second = second.to_vec();
    let place = u32::try_from(entries.len() - hidden.len()).unwrap();
    second[42..46].copy_from_slice(&place.to_le_bytes());
    assert_directory_refused(&ended(entries, &[first, &second].concat(), 2));
    // A header of nothing, blanks, the signature that a directory may end with, and half a header.
    let (entries, directory) = parts(&good);
    let third = parts(&other).1;
    let signature = b"PK\x05\x05\x04\0abcd";
    for behind in [third, &[0; 20], signature, &third[..40], b"P"] {
        let bytes = ended(entries, &[directory, behind].concat(), 2);
        assert_directory_refused(&bytes);
        let bytes = ended(entries, &[behind, directory].concat(), 2);
        assert_directory_refused(&bytes);
    }
    assert_directory_refused(&ended(entries, &directory[..directory.len() - 1], 2));
}

#[test]
fn an_archive_within_is_not_read_instead() {
    let good = zip(&[Entry::stored("manifest.json", &manifest()), content()]);
    assert!(open(&good).is_ok());
    for directory in [&[0; 50], b"PK\x01\x02".as_slice()] {
        for count in [1, 2] {
            assert_directory_refused(&ended(&good, directory, count));
        }
    }
    // A comment that reaches to the second end makes the first one an honest one.
    let mut commented = good.clone();
    let length = commented.len();
    commented[length - 2..].copy_from_slice(&72_u16.to_le_bytes());
    assert_directory_refused(&ended(&commented, &[0; 50], 2));
    // What is no entry of a directory that is well formed otherwise.
    let (_, directory) = parts(&good);
    let name = 46 + "manifest.json".len();
    let mut broken = directory.to_vec();
    broken[20..28].fill(0xff);
    broken.splice(name..name, [1, 0, 4, 0, 0, 0, 0, 0]);
    broken[30] = 8;
    assert!(open(&ended(&good, &broken, 2)).is_err());
    let null = [b"PK\x01\x02".as_slice(), &[0; 42]].concat();
    assert!(open(&ended(&good, &null, 1)).is_err());
    assert_directory_refused(&ended(&good, &null, 2));
    assert!(open(&ended(&good, b"", 0)).is_err());
}

#[test]
fn an_entry_of_another_volume_is_refused() {
    let mut entry = content();
    entry.disk = 1;
    let answer = with([entry]);
    assert!(matches!(answer, Err(ArchiveError::Directory)), "{answer:?}");
}

#[test]
fn flags_of_contents_that_are_not_what_they_seem_are_refused() {
    for (bit, wanted) in [
        (5, EntryFault::Compression),
        (6, EntryFault::Encrypted),
        (13, EntryFault::Encrypted),
    ] {
        let mut entry = content();
        entry.flags = 1 << bit;
        assert_eq!(fault(with([entry])), wanted, "{bit}");
    }
    // How well it was deflated, and that names are UTF-8.
    for bit in [1, 2, 11] {
        let mut entry = content();
        entry.flags = 1 << bit;
        assert!(with([entry]).is_ok(), "{bit}");
    }
}

/// A field that says what the name is that stands for `old` where that is not in UTF-8.
fn unicode_path(old: &[u8], name: &[u8]) -> Vec<u8> {
    let length = u16::try_from(5 + name.len()).unwrap();
    let [id, length] = [0x7075_u16, length].map(u16::to_le_bytes);
    let checksum = crc32(old).to_le_bytes();
    [&id[..], &length, &[1], &checksum, name].concat()
}

#[test]
fn another_name_in_a_field_behind_the_name_is_refused() {
    let other = b"UT\x05\0\x01\0\0\0\0";
    for (raw, name) in [
        ("files/0", "files/1"),
        ("files/0", "../x"),
        ("evil", "files/0"),
        ("FILES/0", "files/0"),
    ] {
        let field = unicode_path(raw.as_bytes(), name.as_bytes());
        let mut entry = content();
        entry.name = raw.into();
        entry.extra = [&other[..], &field].concat();
        let answer = with([entry.clone()]);
        assert!(
            matches!(answer, Err(ArchiveError::Inconsistent)),
            "{answer:?}"
        );
        entry.local_extra = std::mem::take(&mut entry.extra);
        let answer = with([entry]);
        assert!(
            matches!(answer, Err(ArchiveError::Inconsistent)),
            "{answer:?}"
        );
    }
    let mut entry = content();
    entry.extra = [&other[..], &unicode_path(b"files/0", b"files/0")].concat();
    entry.local_extra.clone_from(&entry.extra);
    assert!(with([entry]).is_ok());
}

#[test]
fn bytes_behind_the_end_of_what_is_packed_are_refused() {
    // One block of one byte, stored.
    let packed = b"\x01\x01\0\xfe\xffx";
    let deflated = |packed: &[u8]| {
        let mut entry = content();
        entry.method = 8;
        entry.packed = packed.to_vec();
        with([entry])
    };
    assert!(deflated(packed).is_ok());
    for behind in [b"\0".as_slice(), b"garbage", packed, &[0; 20_000]] {
        let answer = deflated(&[packed, behind].concat());
        assert_eq!(fault(answer), EntryFault::Damaged, "{}", behind.len());
    }
    for length in 0..packed.len() {
        let answer = deflated(&packed[..length]);
        assert_eq!(fault(answer), EntryFault::Damaged, "{length}");
    }
    // The same byte, and no end behind it.
    assert_eq!(fault(deflated(b"\0\x01\0\xfe\xffx")), EntryFault::Damaged);
}
