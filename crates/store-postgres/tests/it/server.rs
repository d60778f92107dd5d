//! A server of the test's own, which crashes, or speaks TLS.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fixture::url;

/// Started by `.ci/postgres`, and gone with this value.
pub(crate) struct Server {
    url: String,
}

impl Server {
    /// Nothing, where the tests are not to use a server at all.
    pub(crate) fn start(folder: Option<&Path>) -> Option<Self> {
        url()?;
        let mut arguments = vec!["start"];
        arguments.extend(folder.map(|folder| folder.to_str().unwrap()));
        let url = script(&arguments).trim().to_owned();
        Some(Self { url })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Lets the server die at once, and starts it again.
    pub(crate) fn crash(&self) {
        script(&["crash", &self.url]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        script(&["stop", &self.url]);
    }
}

fn script(arguments: &[&str]) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(root.join(".ci/postgres"))
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}
