//! Threads that open one file at once.

use crate::fixture::open;

#[test]
fn eight_threads_may_make_and_open_one_file_at_once() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("codes.db");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| open(&path));
        }
    });
}
