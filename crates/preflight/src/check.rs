//! The checks: pure functions over what is described and what was seen.

use std::time::SystemTime;

use rustls_pki_types::CertificateDer;

use crate::rule::table as rules;
use crate::{
    Deployment, Finding, Observations, Outcome, Place, Question, Report, Rule, Unknown, Why,
};

mod broadworks;
mod certificate;
mod device;
mod identity;
mod remote_access;
mod sip;
mod unified_cm;
mod validity;
mod version;

/// Judges a deployment at `now` by what was seen of it; finds everything at once.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// use offhook_preflight::{Deployment, Observations, Severity, check};
///
/// let deployment = Deployment::from_toml(b"version = 1")?;
/// let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let report = check(&deployment, &Observations::new(), now);
/// assert_eq!(report.findings()[0].rule.id(), "nothing-described");
/// assert_eq!(report.exit_code(Severity::Error), 1);
/// # Ok::<(), offhook_preflight::ReadError>(())
/// ```
#[must_use]
pub fn check(deployment: &Deployment, observations: &Observations, now: SystemTime) -> Report {
    let mut checker = Checker {
        deployment,
        observations,
        now,
        findings: Vec::new(),
        unknown: Vec::new(),
    };
    checker.description();
    checker.files();
    if let Some(broadworks) = &deployment.broadworks {
        broadworks::check(&mut checker, broadworks);
        identity::check(&mut checker, broadworks);
        device::check(&mut checker, broadworks);
    }
    sip::check(&mut checker);
    if let Some(remote) = &deployment.remote_access {
        remote_access::check(&mut checker, remote);
        version::check(&mut checker, remote);
        certificate::check(&mut checker, remote);
    }
    if let Some(cm) = &deployment.unified_cm {
        unified_cm::check(&mut checker, cm);
    }
    Report::new(&deployment.name, checker.findings, checker.unknown, now)
}

/// What all checks share.
struct Checker<'a> {
    deployment: &'a Deployment,
    observations: &'a Observations,
    now: SystemTime,
    findings: Vec<Finding>,
    unknown: Vec<Unknown>,
}

impl<'a> Checker<'a> {
    /// Adds a finding.
    fn find(&mut self, rule: Rule, path: &str, what: impl Into<String>) {
        let finding = self.finding(rule, path, what);
        self.findings.push(finding);
    }

    /// A finding that is to be made another in severity, source or host.
    fn finding(&self, rule: Rule, path: &str, what: impl Into<String>) -> Finding {
        Finding {
            rule,
            severity: rule.severity(),
            what: what.into(),
            place: self.place(path),
            source: rule.source(),
        }
    }

    /// Adds a finding where something does not hold.
    fn require(&mut self, holds: bool, rule: Rule, path: &str, what: &str) {
        if !holds {
            self.find(rule, path, what);
        }
    }

    fn unknown(&mut self, rule: Rule, path: &str, what: impl Into<String>, why: Why) {
        self.unknown.push(Unknown {
            rule,
            what: what.into(),
            place: self.place(path),
            why,
        });
    }

    /// What name servers say; where they say nothing that is reported as unknown.
    fn ask(&mut self, question: &Question, rule: Rule, path: &str) -> Option<&'a Outcome> {
        let why = match self.observations.answers.get(question) {
            None => Why::NotObserved,
            Some(Outcome::Failed) => Why::Failed,
            Some(outcome) => return Some(outcome),
        };
        self.unknown(rule, path, format!("DNS records of {question}"), why);
        None
    }

    /// The certificates of a file; what could not be read is reported elsewhere, what nobody has
    /// read as unknown.
    fn certificates(
        &mut self,
        file: &str,
        rule: Rule,
        path: &str,
    ) -> Option<&'a [CertificateDer<'static>]> {
        match self.observations.certificates.get(file) {
            Some(read) => read.as_deref().ok(),
            None => {
                let what = format!("certificates of {file:?}");
                self.unknown(rule, path, what, Why::NotObserved);
                None
            }
        }
    }

    /// The certificates of a file, none where it is not named or could not be read; that is
    /// reported elsewhere.
    fn read(&self, file: Option<&str>) -> &'a [CertificateDer<'static>] {
        let read = file.and_then(|file| self.observations.certificates.get(file));
        let read = read.and_then(|read| read.as_deref().ok());
        read.unwrap_or_default()
    }

    fn place(&self, path: &str) -> Place {
        Place {
            path: path.to_owned(),
            line: self.deployment.line(path),
            host: None,
        }
    }

    fn description(&mut self) {
        let deployment = self.deployment;
        let described = deployment.broadworks.is_some()
            || deployment.unified_cm.is_some()
            || deployment.remote_access.is_some();
        self.require(
            described,
            rules::NOTHING_DESCRIBED,
            "version",
            "nothing is described that devices could be onboarded to",
        );
        // Most rules are about devices that are described: without any a section passes unjudged.
        let broadworks = deployment.broadworks.as_ref();
        if broadworks.is_some_and(|broadworks| broadworks.device.is_empty()) {
            let what = "no device of BroadWorks is described, so that most of it is not judged";
            self.find(rules::NO_DEVICE, "broadworks.device", what);
        }
        let devices = deployment.unified_cm.as_ref().map(|cm| &cm.device);
        let has_remote = devices.map(|all| all.iter().any(|device| device.remote_access));
        if devices.is_some_and(Vec::is_empty) {
            let what = "no device of Unified CM is described, so that most of it is not judged";
            self.find(rules::NO_DEVICE, "unified-cm.device", what);
        } else if deployment.remote_access.is_some() && has_remote != Some(true) {
            let what = "no device is described that registers over remote access";
            self.find(rules::NO_DEVICE, "remote-access", what);
        }
    }

    fn files(&mut self) {
        let deployment = self.deployment;
        for (path, file) in deployment.named_certificates() {
            if let Some(Err(error)) = self.observations.certificates.get(file) {
                self.find(rules::UNREADABLE_FILE, &path, format!("{file:?}: {error}"));
            }
        }
        let archives = deployment.broadworks.iter();
        let archives = archives.flat_map(|broadworks| &broadworks.device_type_archives);
        for (at, file) in archives.enumerate() {
            let path = format!("broadworks.device-type-archives[{at}]");
            match self.observations.archives.get(file.as_str()) {
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    self.find(rules::UNREADABLE_FILE, &path, format!("{file:?}: {error}"));
                }
                None => {
                    let what = format!("device types of {file:?}");
                    self.unknown(rules::DEVICE_TYPE, &path, what, Why::NotObserved);
                }
            }
        }
    }
}
