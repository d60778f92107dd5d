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
