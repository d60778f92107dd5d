//! A deployment is read or refused at a line of it; what is read is judged, and the reports hold
//! what they must.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use offhook_preflight::{Deployment, Observations, Outcome, ReadError, Server, Severity, check};

// The description, then after a zero the contents of every file that it names.
fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let description = parts.next().unwrap_or_default();
    let file = parts.next().unwrap_or_default();
    let lines = description.iter().filter(|byte| **byte == b'\n').count() + 1;
    let deployment = match Deployment::from_toml(description) {
        Ok(deployment) => deployment,
        Err(ReadError::Malformed { line, column, fault }) => {
            assert!((1..=lines).contains(&line) && column > 0);
            assert!(!fault.to_string().contains(char::is_control));
            return;
        }
        Err(_) => return,
    };
    let now = UNIX_EPOCH + Duration::from_secs(1_780_272_000);
    let unseen = check(&deployment, &Observations::new(), now);
    let mut seen = Observations::new();
    for (at, question) in deployment.questions().into_iter().enumerate() {
        let address = ([192, 0, 2, 1], 5061).into();
        let server = Server::new("a.test", address);
        let outcomes = [Outcome::Nothing, Outcome::Servers(vec![server]), Outcome::Failed];
        seen.answer(question, outcomes[at % outcomes.len()].clone());
    }
    for name in deployment.certificate_files() {
        seen.certificate_file(name, Ok(file));
    }
    for name in deployment.archive_files() {
        seen.archive_file(name, Ok(file));
    }
    let report = check(&deployment, &seen, now);
    for report in [&unseen, &report] {
        for finding in report.findings() {
            assert!(finding.place.line.is_none_or(|line| (1..=lines).contains(&line)));
        }
        let table = report.to_table(80).to_string();
        assert!(!table.contains(|char: char| char.is_control() && char != '\n'));
        let json = serde_json::to_value(report.to_json()).expect("a report can be written");
        assert_eq!(
            json["findings"].as_array().map(Vec::len),
            Some(report.findings().len())
        );
        assert!(serde_json::to_string(&report.to_sarif("a.toml")).is_ok());
        let errors = report.summary().errors > 0;
        assert_eq!(report.exit_code(Severity::Error) == 1, errors);
    }
});
