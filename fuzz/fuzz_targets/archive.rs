//! An archive that is read is written so that the same is read again, and keeps to the limits;
//! imported it is whole, and a second time it makes no difference.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use offhook_device_profile::{
    Archive, ArchiveReader, Import, ImportError, Inventory, Limits,
};

fuzz_target!(|data: &[u8]| {
    let mut limits = Limits::default();
    limits.entry_bytes = 65_536;
    limits.total_bytes = 131_072;
    let Ok(archive) = Archive::open(Cursor::new(data), &limits) else {
        return;
    };
    let unpacked: usize = archive.files().map(|file| file.content.len()).sum();
    assert!(unpacked <= 131_072);
    let violations = archive.violations(&limits);
    let mut bytes = Cursor::new(Vec::new());
    archive.write(&mut bytes).expect("memory can be written");
    let bytes = bytes.into_inner();
    let again = Archive::open(Cursor::new(&bytes), &Limits::default()).expect("our own archive");
    assert_eq!(again, archive);

    let mut reader = ArchiveReader::open(Cursor::new(&bytes), &Limits::default()).expect("again");
    for (file, each) in archive.files().enumerate() {
        assert_eq!(reader.content(file).expect("its file"), each.content);
    }
    let import = Import::new()
        .with_device_type_file_update()
        .with_tag_set_override()
        .with_device_family_override();
    let mut system = Inventory::new();
    match import.run(&mut reader, &mut system) {
        Ok(report) => {
            assert!(report.difference_found());
            let report = import.dry_run(&mut reader, &system).expect("the same");
            assert!(!report.difference_found(), "{report:?}");
        }
        Err(ImportError::Violations { .. }) => {
            assert!(!violations.is_empty());
            assert_eq!(system, Inventory::new());
        }
        Err(error) => panic!("{error:?}"),
    }
});
