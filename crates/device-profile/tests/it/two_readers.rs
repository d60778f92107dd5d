//! Archives of which two readers would see two things, each refused.

use offhook_device_profile::ArchiveError;

use crate::hand_made_zip::{Entry, zip};
use crate::hostile_archive::{content, manifest, open};

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
