//! A lab that `dms-server init` makes, and what runs in it.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use offhook_bearer_token::{AccessToken, HttpsFetch};
use offhook_onboarding::Ownership;
use offhook_onboarding::http::{ManagementClient, client_config};
use offhook_onboarding::message::{CodeRequest, ProvisionRequest};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;
use tempfile::TempDir;

/// A lab on a port of its own.
pub(crate) struct Lab {
    folder: TempDir,
}

/// A server of a lab; it ends when it is dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lab = folder.path().join("lab");
        let made = run("dms-server", &["init", text(&lab)]);
        assert!(made.status.success(), "{made:?}");
        let lab = Self { folder };
        lab.change("127.0.0.1:8443\"", "127.0.0.1:0\"");
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("lab").join(name)
    }

    /// Puts `new` in the place of `old` in the configuration.
    pub(crate) fn change(&self, old: &str, new: &str) {
        let config = self.path("dms.toml");
        let before = fs::read_to_string(&config).unwrap();
        let after = before.replace(old, new);
        assert_ne!(before, after);
        fs::write(&config, after).unwrap();
    }

    /// Has events delivered to a receiver that is down.
    pub(crate) fn with_event_receiver(&self) {
        self.change("# [events]\n# url", "[events]\nurl");
        self.change("call-control.example.com", "127.0.0.1:9");
        self.change("# secret = \"events.secret\"", "secret = \"events.secret\"");
        let secret = format!("whsec_{}", "A".repeat(32));
        fs::write(self.path("events.secret"), secret).unwrap();
    }

    pub(crate) fn serve(&self) -> Server {
        self.serve_by(command("dms-server", &[]))
    }

    /// Serves by this way to run the program.
    pub(crate) fn serve_by(&self, mut program: Command) -> Server {
        let config = self.path("dms.toml");
        let mut child = program
            .args(["serve", text(&config), "--log", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(self.path("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap();
        Server {
            child,
            url: url.to_owned(),
        }
    }

    pub(crate) fn client(&self, server: &Server) -> ManagementClient {
        let root = fs::read(self.path("services-ca.pem")).unwrap();
        let root = CertificateDer::from_pem_slice(&root).unwrap();
        let fetch = HttpsFetch::new(client_config(&[&root], None).unwrap());
        ManagementClient::new(server.url.parse().unwrap(), Arc::new(fetch))
    }

    pub(crate) fn token(&self, name: &str) -> AccessToken {
        let token = fs::read_to_string(self.path(name)).unwrap();
        token.trim().parse().unwrap()
    }

    /// Provisions a room device and has a code issued.
    pub(crate) async fn code(&self, server: &Server, profile: &str) -> String {
        let (client, token) = (self.client(server), self.token("admin.token"));
        client.provision(&room(profile), &token).await.unwrap();
        let wanted = CodeRequest { recipient: None };
        let issued = client.issue_code(profile, &wanted, &token).await.unwrap();
        issued.activation_code.unwrap().secret().to_owned()
    }

    /// A room device with `mac` at `server` that keeps its secrets in `state`.
    pub(crate) fn room_device(
        &self,
        server: &Server,
        mac: &str,
        state: &str,
        more: &[&str],
    ) -> Output {
        let (ca, state) = (self.path("services-ca.pem"), self.path(state));
        let common = [
            "--management",
            &server.url,
            "--ca",
            text(&ca),
            "--mac",
            mac,
            "--state",
            text(&state),
            "--configuration-only",
            "--retries",
            "0",
            "--json",
        ];
        run("room-os-device", &[&common, more].concat())
    }
}

impl Server {
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lab {
    /// Waits until the log has `text`.
    pub(crate) async fn await_log(&self, text: &str) {
        self.await_log_times(text, 1).await;
    }

    /// Waits until the log has said something so many times.
    pub(crate) async fn await_log_times(&self, text: &str, times: usize) {
        for _ in 0..600 {
            let log = fs::read_to_string(self.path("log")).unwrap();
            if log.matches(text).count() >= times {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the log never said: {text}");
    }
}

pub(crate) fn room(profile: &str) -> ProvisionRequest {
    ProvisionRequest {
        profile: profile.to_owned(),
        account: "Room".to_owned(),
        device_type: "Room OS".to_owned(),
        model: "Cisco Desk Pro".parse().unwrap(),
        ownership: Ownership::Workspace,
        line_port: format!("{profile}@example.test"),
        mac_address: None,
        tags: [("%DISPLAY_NAME%".to_owned(), "Room".to_owned().into())].into(),
    }
}

pub(crate) fn command(name: &str, arguments: &[&str]) -> Command {
    // Cargo builds the examples beside the folder in which the tests are.
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let mut command = Command::new(profile.join("examples").join(name));
    command.args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn run(name: &str, arguments: &[&str]) -> Output {
    command(name, arguments).output().unwrap()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The words of the steps that a device told as done.
pub(crate) fn steps(output: &Output) -> Vec<String> {
    let told = String::from_utf8_lossy(&output.stdout);
    let told = told
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    let done = told.filter(|step| step["ok"] == true);
    done.map(|step| step["step"].as_str().unwrap().to_owned())
        .collect()
}
