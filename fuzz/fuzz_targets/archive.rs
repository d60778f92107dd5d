//! An archive that is read is written so that the same is read again, and keeps to the limits.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::{Archive, Limits};

fuzz_target!(|data: &[u8]| {
    let mut limits = Limits::default();
    limits.entry_bytes = 65_536;
    limits.total_bytes = 131_072;
    let Ok(archive) = Archive::open(Cursor::new(data), &limits) else {
        return;
    };
    let unpacked: usize = archive
        .device_type()
        .files
        .iter()
        .map(|file| file.content.len())
        .sum();
    assert!(unpacked <= 131_072);
    let _ = archive.device_type().violations();
    let mut bytes = Cursor::new(Vec::new());
    archive.write(&mut bytes).expect("memory can be written");
    let again = Archive::open(bytes, &Limits::default()).expect("our own archive");
    assert_eq!(again, archive);
});
