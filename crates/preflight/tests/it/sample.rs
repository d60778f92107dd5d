//! The sample deployment, which other tests change one thing of at a time.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use offhook_preflight::{
    Deployment, Observations, Outcome, Question, Report, Server, Unread, check,
};

/// 2026-06-01T00:00:00Z.
pub(crate) const NOW: u64 = 1_780_272_000;

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/preflight")
}

pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A server that answers at `address`.
pub(crate) fn server(host: &str, address: &str) -> Server {
    Server::new(host, address.parse().unwrap())
}

/// The description, and all that there is to see of it, as it should be.
pub(crate) struct World {
    pub(crate) text: String,
    pub(crate) seen: Observations,
    pub(crate) now: SystemTime,
}

impl World {
    /// The deployment that passes.
    pub(crate) fn passing() -> Self {
        Self::of("passing.toml")
    }

    pub(crate) fn of(name: &str) -> Self {
        let text = text(name);
        let deployment = Deployment::from_toml(text.as_bytes()).unwrap();
        let mut seen = Observations::new();
        for file in deployment.certificate_files() {
            let contents = fs::read(folder().join(file)).map_err(|_| Unread::CannotOpen);
            seen.certificate_file(file, contents.as_deref().map_err(|error| *error));
        }
        for file in deployment.archive_files() {
            let contents = fs::read(folder().join(file)).map_err(|_| Unread::CannotOpen);
            seen.archive_file(file, contents.as_deref().map_err(|error| *error));
        }
        let domain = || "example.test".parse().unwrap();
        let sbc = vec![server("sbc.example.test", "192.0.2.1:5061")];
        let edge = vec![server("expressway-e.example.test", "192.0.2.5:8443")];
        seen.answer(Question::sip_domain(domain()), Outcome::Servers(sbc));
        seen.answer(Question::collab_edge(domain()), Outcome::Servers(edge));
        seen.answer(Question::cisco_uds(domain()), Outcome::Nothing);
        let now = at(NOW);
        Self { text, seen, now }
    }

    /// With this part of the description, which stands there once, put another way.
    pub(crate) fn with(mut self, old: &str, new: &str) -> Self {
        let times = self.text.matches(old).count();
        assert_eq!(times, 1, "{old:?} stands {times} times in the sample");
        self.text = self.text.replace(old, new);
        self
    }

    pub(crate) fn report(&self) -> Report {
        let deployment = Deployment::from_toml(self.text.as_bytes());
        let deployment = deployment.unwrap_or_else(|error| panic!("{error:?}\n{}", self.text));
        check(&deployment, &self.seen, self.now)
    }

    /// The rules that are broken, each once, in order.
    pub(crate) fn broken(&self) -> Vec<&'static str> {
        let report = self.report();
        let mut rules: Vec<_> = report
            .findings()
            .iter()
            .map(|each| each.rule.id())
            .collect();
        rules.dedup();
        rules
    }
}
