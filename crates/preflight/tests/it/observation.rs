//! What is seen, as values: answers by way of the resolver's planner, files by their contents.

use std::time::Duration;

use offhook_preflight::{Observations, Outcome, Question, Unread};
use offhook_sip_resolver::{
    Entropy, EntropyError, Plan, QueryFailure, QuestionKind, Record, RecordData, Reply, Response,
    Srv, Step, Target,
};

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(0);
        Ok(())
    }
}

/// What a name server with these records gives; one that fails with none at all.
fn outcome(question: &Question, zone: Option<&[(&str, RecordData)]>) -> Outcome {
    let target = Target::from(question.domain().clone());
    let mut plan = Plan::new(target, question.policy());
    while let Step::Ask(asked) = plan.step() {
        for each in asked {
            let reply = zone.map(|zone| {
                let records = zone.iter().filter(|(name, data)| {
                    *name == each.name().as_str() && kind(data) == each.kind()
                });
                let records = records.map(|(_, data)| {
                    Record::new(each.name().clone(), Duration::from_secs(60), data.clone())
                });
                Reply::Records(Response::new(records.collect()))
            });
            plan.answer(&each, reply.unwrap_or(Reply::Failed(QueryFailure::Timeout)));
        }
    }
    Outcome::from(&plan.finish(&mut Zeros))
}

fn kind(data: &RecordData) -> QuestionKind {
    match data {
        RecordData::A(_) => QuestionKind::A,
        RecordData::Srv(_) => QuestionKind::Srv,
        _ => QuestionKind::Naptr,
    }
}

fn srv(target: Option<&str>) -> RecordData {
    RecordData::Srv(Srv {
        priority: 10,
        weight: 0,
        port: 8443,
        target: target.map(|name| name.parse().unwrap()),
    })
}

fn address() -> RecordData {
    RecordData::A([192, 0, 2, 1].into())
}

#[test]
fn answers_tell_servers_from_records_that_lead_nowhere() {
    let domain = || "example.test".parse().unwrap();
    let uds = Question::cisco_uds(domain());
    let record = "_cisco-uds._tcp.example.test";
    let found = outcome(
        &uds,
        Some(&[(record, srv(Some("c.test"))), ("c.test", address())]),
    );
    let Outcome::Servers(servers) = found else {
        panic!("{found:?}");
    };
    assert_eq!(servers[0].host, "c.test");
    assert_eq!(servers[0].address, ([192, 0, 2, 1], 8443).into());
    assert!(!servers[0].by_address);
    // As where the name of a server exists inside only.
    let dangling = outcome(&uds, Some(&[(record, srv(Some("c.test")))]));
    assert_eq!(dangling, Outcome::Dangling);
    assert_eq!(
        outcome(&uds, Some(&[(record, srv(None))])),
        Outcome::NotOffered
    );
    assert_eq!(outcome(&uds, Some(&[])), Outcome::Nothing);
    assert_eq!(outcome(&uds, None), Outcome::Failed);
    let sip = Question::sip_domain(domain());
    let found = outcome(&sip, Some(&[("example.test", address())]));
    assert!(matches!(found, Outcome::Servers(servers) if servers[0].by_address));
}

#[test]
fn files_are_read_or_it_is_told_why_not() {
    let mut seen = Observations::new();
    let pem = crate::sample::text("sbc.pem");
    let marked = format!("\u{feff}{pem}");
    let long = vec![b'#'; Observations::MAX_FILE_BYTES + 1];
    let mut read = |contents: Result<&[u8], Unread>| {
        seen.certificate_file("a", contents);
        seen.certificates["a"].clone().map(|all| all.len())
    };
    assert_eq!(read(Ok(pem.as_bytes())), Ok(2));
    assert_eq!(read(Ok(marked.as_bytes())), Ok(2));
    assert_eq!(read(Ok(&[0x30, 0x82, 0, 0])), Ok(1));
    assert_eq!(read(Ok(b"")), Err(Unread::NoCertificate));
    assert_eq!(
        read(Ok(b"-----BEGIN CERTIFICATE-----\n!\n")),
        Err(Unread::Pem)
    );
    assert_eq!(read(Ok(&long)), Err(Unread::TooLong));
    assert_eq!(read(Err(Unread::CannotOpen)), Err(Unread::CannotOpen));
    seen.archive_file("b", Ok(b"PK"));
    assert_eq!(seen.archives["b"].as_ref().err(), Some(&Unread::NoArchive));
}
