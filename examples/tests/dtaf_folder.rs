//! The folder that the example `dtaf` keeps a system in.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/dtaf.rs"]
mod support;

use std::fs;
#[cfg(unix)]
use std::io::Read as _;
use std::process::{Command, Stdio};

#[cfg(unix)]
use offhook_device_profile::Tag;
use offhook_device_profile::{Archive, DeviceType, DeviceTypeFile, TagSet};
use support::{Files, phone, program};

/// The names of the files in the system.
fn names(files: &Files) -> Vec<String> {
    let entries = fs::read_dir(files.path("system")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A system of the archives that are given, under names of somebody's own.
fn system(archives: &[(&str, &Archive)]) -> Files {
    let files = Files::new();
    fs::create_dir(files.path("system")).unwrap();
    for (name, archive) in archives {
        files.put(&format!("system/{name}"), archive);
    }
    files
}

#[test]
fn what_is_updated_stays_in_the_file_that_it_was_read_from() {
    let files = system(&[
        ("my phone.dtaf", &Archive::new(phone("<a/>"))),
        ("sets.tsaf", &Archive::TagSet(TagSet::new("Access"))),
    ]);
    let (lines, status) = files.json(&[
        "import",
        "newer.dtaf",
        "--into",
        "system",
        "--device-type-file-update",
    ]);
    assert_eq!(status, Some(0), "{lines:?}");
    let (text, status) = files.text(&[
        "import",
        "set.tsaf",
        "--into",
        "system",
        "--tag-set-override",
    ]);
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(names(&files), ["my phone.dtaf", "sets.tsaf"]);
    let export = ["export", "--from", "system", "--device-type", "Phone/1"];
    let output = files.run(&[&export[..], &["out.dtaf"]].concat());
    assert!(output.status.success());
    assert_eq!(
        fs::read(files.path("out.dtaf")).unwrap(),
        fs::read(files.path("newer.dtaf")).unwrap()
    );
}

#[test]
fn what_is_new_takes_no_file_of_something_else() {
    let other = Archive::new(DeviceType::new("Other"));
    let files = system(&[("Phone%2F1.dtaf", &other)]);
    let (text, status) = files.text(&["import", "phone.dtaf", "--into", "system"]);
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(names(&files).len(), 2);
    for name in ["Other", "Phone/1"] {
        let out = format!("{}.dtaf", name.len());
        let export = ["export", "--from", "system", "--device-type", name, &out];
        let (text, status) = files.text(&export);
        assert_eq!(status, Some(0), "{text}");
    }
}

#[test]
fn imports_at_once_lose_nothing() {
    let files = Files::new();
    files.text(&["import", "phone.dtaf", "--into", "system"]);
    let count = 8;
    let imports: Vec<_> = (0..count)
        .map(|number| {
            let name = format!("{number}.dtaf");
            let more = DeviceTypeFile::new(&format!("{number}.xml"), "<a/>");
            files.put(&name, &Archive::new(phone("<a/>").with_file(more)));
            Command::new(program())
                .current_dir(files.path(""))
                .args(["import", &name, "--into", "system"])
                .arg("--device-type-file-update")
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut import in imports {
        assert!(import.wait().unwrap().success());
    }
    let bytes = fs::File::open(files.path("system/Phone%2F1.dtaf")).unwrap();
    let archive = Archive::open(bytes, &Default::default()).unwrap();
    assert_eq!(archive.files().count(), count + 1);
}

#[test]
fn first_imports_at_once_into_a_folder_that_is_not_there_lose_nothing() {
    let files = Files::new();
    files.put("bad.dtaf", &Archive::new(phone("<a>")));
    let sets = 6;
    let mut imports = Vec::new();
    for number in 0..sets {
        let name = format!("{number}.tsaf");
        files.put(&name, &Archive::TagSet(TagSet::new(&number.to_string())));
        // One that fails takes no folder away that another one has found.
        for (file, is_good) in [("bad.dtaf", false), (name.as_str(), true)] {
            let mut import = Command::new(program());
            let import = import.current_dir(files.path(""));
            let import = import.args(["import", file, "--into", "new/system"]);
            let import = import.stdout(Stdio::null()).spawn().unwrap();
            imports.push((import, is_good));
        }
    }
    for (mut import, is_good) in imports {
        assert_eq!(import.wait().unwrap().success(), is_good);
    }
    let entries = fs::read_dir(files.path("new/system")).unwrap();
    assert_eq!(entries.count(), sets);
}

#[test]
fn imports_that_fail_take_no_folder_from_under_others() {
    let files = Files::new();
    files.put("bad.dtaf", &Archive::new(phone("<a>")));
    let into = "new/a/b/c/system";
    for _ in 0..5 {
        let imports: Vec<_> = (0..24)
            .map(|number| {
                let file = ["bad.dtaf", "set.tsaf"][usize::from(number == 12)];
                let mut import = Command::new(program());
                let import = import.current_dir(files.path(""));
                let import = import.args(["import", file, "--into", into]);
                let import = import.stdout(Stdio::null()).stderr(Stdio::piped());
                (import.spawn().unwrap(), file)
            })
            .collect();
        for (import, file) in imports {
            let output = import.wait_with_output().unwrap();
            let status = if file == "bad.dtaf" { 1 } else { 0 };
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!((output.status.code(), &*told), (Some(status), ""));
        }
        fs::remove_dir_all(files.path("new")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_is_no_folder_that_comes_to_be() {
    let files = Files::new();
    std::os::unix::fs::symlink("nowhere", files.path("system")).unwrap();
    for into in ["system", "system/a"] {
        let (text, status) = files.text(&["import", "phone.dtaf", "--into", into]);
        assert_eq!(status, Some(4), "{text}");
        assert!(text.contains("File exists"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_report_that_nobody_reads_locks_no_folder() {
    let set = TagSet::new("Access");
    let files = system(&[("sets.tsaf", &Archive::TagSet(set.clone()))]);
    // More than a pipe holds.
    let tags = (0..4_000).map(|number| {
        let name = format!("%{number:0>60}%");
        Tag::new(&name.parse().unwrap(), "a")
    });
    let set = tags.fold(set, TagSet::with_tag);
    files.put("many.tsaf", &Archive::TagSet(set));
    for more in [&["--dry-run"][..], &[]] {
        let mut import = Command::new(program());
        let import = import.current_dir(files.path("")).stdout(Stdio::piped());
        let import = import.args(["import", "many.tsaf", "--into", "system"]);
        let import = import.arg("--tag-set-override").args(more);
        let mut import = import.spawn().unwrap();
        let mut report = import.stdout.take().unwrap();
        report.read_exact(&mut [0]).unwrap();
        let folder = fs::File::open(files.path("system")).unwrap();
        assert!(folder.try_lock().is_ok(), "{more:?}");
        assert_eq!(import.try_wait().unwrap(), None, "{more:?}");
        drop(folder);
        report.read_to_end(&mut Vec::new()).unwrap();
        assert!(import.wait().unwrap().code().is_some());
    }
}

#[test]
fn what_an_import_that_was_ended_left_behind_goes_with_the_next() {
    let files = system(&[("phone.dtaf", &Archive::new(phone("<a/>")))]);
    let left = ".dtaf-import-AbCdEf";
    files.put(&format!("system/{left}"), &Archive::new(phone("<a/>")));
    files.put("system/.mine", &Archive::new(phone("<a/>")));
    let import = ["import", "set.tsaf", "--into", "system"];
    files.text(&[&import[..], &["--dry-run"]].concat());
    assert!(names(&files).iter().any(|name| name == left));
    let (text, status) = files.text(&import);
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(names(&files), [".mine", "Access.tsaf", "phone.dtaf"]);
}
