use std::fs;
use std::io::Cursor;

use offhook_testkit::{mpp_archive, room_os_archive, sample_archives, unified_cm_archive};

#[test]
fn sample_archives_on_disk_are_what_the_templates_give() {
    let made = [
        room_os_archive().unwrap(),
        mpp_archive().unwrap(),
        unified_cm_archive().unwrap(),
    ];
    for (path, archive) in sample_archives().into_iter().zip(made) {
        let mut bytes = Cursor::new(Vec::new());
        archive.write(&mut bytes).unwrap();
        if std::env::var_os("OFFHOOK_REMAKE").is_some() {
            fs::write(&path, bytes.get_ref()).unwrap();
        }
        assert!(
            fs::read(&path).unwrap() == *bytes.get_ref(),
            "{} is stale",
            path.display()
        );
    }
}
