//! The program `dtaf`, and archives to try it with.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use offhook_device_profile::{
    Archive, DeviceCredentials, DeviceFamily, DeviceType, DeviceTypeFile, Tag, TagSet,
};
use serde_json::Value;
use tempfile::TempDir;

/// A folder with archives in it.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.put("phone.dtaf", &Archive::new(phone("<a/>")));
        files.put("newer.dtaf", &Archive::new(phone("<a>newer</a>")));
        files.put("set.tsaf", &Archive::TagSet(tag_set()));
        let family = DeviceFamily::new("Phones");
        let family = family
            .with_device_type(phone("<a/>"))
            .with_tag_set(tag_set());
        files.put("family.dfaf", &Archive::DeviceFamily(family));
        files
    }

    pub(crate) fn put(&self, name: &str, archive: &Archive) {
        archive
            .write(File::create(self.path(name)).unwrap())
            .unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let program = program();
        let output = Command::new(&program)
            .current_dir(self.0.path())
            .args(arguments)
            .output();
        output.unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    }

    /// What the program says with `--json`, and its exit status.
    pub(crate) fn json(&self, arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
        let output = self.run(&[&["--json"], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (lines.collect(), output.status.code())
    }

    pub(crate) fn text(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = self.run(arguments);
        let all = [output.stdout, output.stderr].concat();
        (String::from_utf8(all).unwrap(), output.status.code())
    }
}

pub(crate) fn phone(content: &str) -> DeviceType {
    let mut phone =
        DeviceType::new("Phone/1").with_file(DeviceTypeFile::new("%BWDEVICEID%.xml", content));
    phone.device_management_mut().access_device_credentials =
        Some(DeviceCredentials::new("user", "Canary0123456789"));
    phone
}

pub(crate) fn tag_set() -> TagSet {
    TagSet::new("Access").with_tag(Tag::new(&"%SBC%".parse().unwrap(), "Canary0123456789"))
}

/// Cargo builds the examples of a package before it runs all of its tests.
pub(crate) fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("dtaf{}", env::consts::EXE_SUFFIX);
    profile.join("examples").join(name)
}
