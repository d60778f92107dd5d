//! A PostgreSQL server of a test's own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, str};

/// A server; it is stopped, and its folder deleted, when it is dropped.
pub(crate) struct Postgres {
    pub(crate) url: String,
}

impl Postgres {
    /// `None` where the tests are not to have one: `.ci/run` says by a variable that they are.
    pub(crate) fn start() -> Option<Self> {
        if env::var_os("OFFHOOK_POSTGRES_URL").is_none() {
            assert!(
                env::var_os("CI").is_none(),
                "OFFHOOK_POSTGRES_URL is not set"
            );
            eprintln!("skipped: OFFHOOK_POSTGRES_URL is not set");
            return None;
        }
        let output = script(&["start"])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success());
        let url = str::from_utf8(&output.stdout).unwrap().trim().to_owned();
        Some(Self { url })
    }

    /// Lets it die as by a crash, and starts it again.
    pub(crate) fn crash(&self) {
        let status = script(&["crash", &self.url]).stdout(Stdio::null()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = script(&["stop", &self.url]).stdout(Stdio::null()).status();
    }
}

fn script(arguments: &[&str]) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/postgres");
    let mut command = Command::new(script);
    command.args(arguments);
    command
}
