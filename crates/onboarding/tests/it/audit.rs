use std::borrow::Cow;
use std::io::{self, BufReader, Read as _};

use offhook_activation_code::{ProfileId, TenantId, Timestamp};
use offhook_onboarding::{
    Actor, ActorError, AuditEntry, AuditError, AuditEvent, AuditFileError, AuditLineError,
    AuditRecord, ChainHead, MAX_AUDIT_LINE_BYTES, verify_audit_log, write_audit_log,
};

use crate::delivery::events;

fn entry(reason: Option<&'static str>) -> AuditEntry {
    AuditEntry {
        at: Timestamp::from_millis(1_800_000_000_000),
        tenant: TenantId::new("Müller \"& Söhne\"").unwrap(),
        profile: reason.map(|_| ProfileId::new("room-7").unwrap()),
        event: AuditEvent::CodeRefused,
        reason: reason.map(Cow::Borrowed),
        actor: reason.map(|_| Actor::new("jo \"7\"", Some("https://id.example.test")).unwrap()),
    }
}

/// A chain of `count` records, each with this reason.
fn chain(count: usize, reason: Option<&'static str>) -> Vec<AuditRecord> {
    let mut records = Vec::new();
    for _ in 0..count {
        records.push(AuditRecord::after(records.last(), entry(reason)));
    }
    records
}

fn log(records: &[AuditRecord]) -> String {
    records.iter().map(|each| each.to_json() + "\n").collect()
}

fn verify(log: &str, noted: Option<&ChainHead>) -> Result<ChainHead, AuditFileError> {
    verify_audit_log(log.as_bytes(), None, noted)
}

#[tokio::test]
async fn a_log_that_was_written_out_verifies_without_its_store() {
    // More than are asked for at a time.
    let registry = events(1_500).await;
    let mut whole = Vec::new();
    let head = write_audit_log(registry.as_ref(), 0, &mut whole)
        .await
        .unwrap()
        .unwrap();
    assert!(head.sequence() > 1_500);
    let verified = verify_audit_log(&whole[..], None, Some(&head)).unwrap();
    assert_eq!(verified, head);

    // In two parts, the second behind the head of the first.
    let text = String::from_utf8(whole).unwrap();
    let middle = text.match_indices('\n').nth(699).unwrap().0 + 1;
    let first = verify(&text[..middle], None).unwrap();
    assert_eq!(first.sequence(), 700);
    let mut second = Vec::new();
    write_audit_log(registry.as_ref(), 700, &mut second)
        .await
        .unwrap();
    assert_eq!(second, text.as_bytes()[middle..].to_vec());
    let verified = verify_audit_log(&second[..], Some(&first), Some(&head)).unwrap();
    assert_eq!(verified, head);
    assert!(verify_audit_log(&second[..], None, None).is_err());
    let nothing = write_audit_log(registry.as_ref(), head.sequence(), &mut second).await;
    assert_eq!(nothing.unwrap(), None);
}

#[test]
fn what_was_changed_is_told_with_its_line() {
    let records = chain(4, Some("expired"));
    let good = log(&records);
    assert_eq!(verify(&good, None).unwrap(), records[3].head());
    let lines: Vec<&str> = good.lines().collect();

    let changed = good.replacen(
        "\"sequence\":3,\"time\":18",
        "\"sequence\":3,\"time\":17",
        1,
    );
    let dropped = [lines[0], lines[2], lines[3]].join("\n");
    let swapped = [lines[0], lines[2], lines[1]].join("\n");
    for (log, at, fault) in [
        (&changed, 3, AuditError::Changed { sequence: 3 }),
        (
            &dropped,
            2,
            AuditError::Gap {
                wanted: 2,
                found: 3,
            },
        ),
        (
            &swapped,
            2,
            AuditError::Gap {
                wanted: 2,
                found: 3,
            },
        ),
    ] {
        match verify(log, None).unwrap_err() {
            AuditFileError::Chain { line, source } => assert_eq!((line, source), (at, fault)),
            other => panic!("{other:?}"),
        }
    }
    let torn = &good[..good.len() - 10];
    for (log, at) in [
        (format!("{}\n\n{}\n", lines[0], lines[1]), 2),
        (torn.to_owned(), 4),
        (format!("{good}garbage"), 5),
    ] {
        match verify(&log, None).unwrap_err() {
            AuditFileError::Line {
                line,
                source: AuditLineError::Json(_),
            } => assert_eq!(line, at),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_log_cut_off_at_its_end_shows_against_a_noted_head() {
    let records = chain(4, Some("expired"));
    let cut = log(&records[..2]);
    // Nothing in it shows it.
    assert_eq!(verify(&cut, None).unwrap(), records[1].head());
    let noted = records[3].head();
    for (log, last) in [(cut.as_str(), 2), ("", 0)] {
        match verify(log, Some(&noted)).unwrap_err() {
            AuditFileError::Truncated { wanted, found } => assert_eq!((wanted, found), (4, last)),
            other => panic!("{other:?}"),
        }
    }
    // Older heads are in it.
    let whole = log(&records);
    for record in &records {
        assert_eq!(verify(&whole, Some(&record.head())).unwrap(), noted);
    }
}

#[test]
fn a_chain_that_was_made_anew_shows_against_a_noted_head() {
    let (records, other) = (chain(4, Some("expired")), chain(5, Some("unknown")));
    for at in [0, 2, 3] {
        match verify(&log(&other), Some(&records[at].head())).unwrap_err() {
            AuditFileError::NotNoted { line, sequence } => {
                assert_eq!((line, sequence), (at as u64 + 1, at as u64 + 1));
            }
            other => panic!("{other:?}"),
        }
    }
    // The start is a head too.
    let (start, rest) = (records[1].head(), log(&records[2..]));
    let check = |noted: &ChainHead| verify_audit_log(rest.as_bytes(), Some(&start), Some(noted));
    assert_eq!(check(&start).unwrap(), records[3].head());
    assert!(matches!(
        check(&other[1].head()),
        Err(AuditFileError::NotNoted {
            line: 0,
            sequence: 2
        })
    ));
    assert!(matches!(
        check(&records[0].head()),
        Err(AuditFileError::NotedBeforeStart)
    ));
}

#[test]
fn a_record_is_read_as_it_was_written_and_no_other_way() {
    for reason in [None, Some(""), Some("a\"b\\c\u{0}\u{2028}é")] {
        for record in chain(2, reason) {
            let line = record.to_json();
            assert!(!line.contains('\n'), "{line}");
            assert_eq!(AuditRecord::from_json(line.as_bytes()), Ok(record));
        }
    }
    let good = chain(1, Some("expired"))[0].to_json();
    let array: serde_json::Value = serde_json::from_str(&good).unwrap();
    let names = [
        "sequence", "time", "tenant", "profile", "event", "reason", "actor", "hash",
    ];
    let array = serde_json::Value::from(names.map(|name| array[name].clone()).to_vec());
    let refused = AuditRecord::from_json(array.to_string().as_bytes());
    assert!(matches!(refused, Err(AuditLineError::Json(_))));
    let hash = good.rsplit('"').nth(1).unwrap();
    for (from, to, fault) in [
        (
            "1800000000000",
            "253402300800000",
            Some(AuditLineError::Time),
        ),
        ("room-7", "", Some(AuditLineError::Profile)),
        ("Müller", "|", Some(AuditLineError::Tenant)),
        ("code-refused", "code-eaten", Some(AuditLineError::Event)),
        (
            "jo ",
            "jo\u{202e}",
            Some(AuditLineError::Actor(ActorError::Subject)),
        ),
        (
            "https://id.example.test",
            "",
            Some(AuditLineError::Actor(ActorError::Issuer)),
        ),
        ("\"subject\":", "\"name\":\"jo\",\"subject\":", None),
        ("\"subject\":", "\"subject\":\"jo\",\"subject\":", None),
        ("\"subject\":", "\"name\":", None),
        (hash, &hash.to_uppercase(), Some(AuditLineError::Hash)),
        (hash, &hash[1..], Some(AuditLineError::Hash)),
        (hash, &format!("{hash}0"), Some(AuditLineError::Hash)),
        ("{", "{\"more\":1,", None),
        ("{", "{\"sequence\":1,", None),
        ("\"sequence\":1", "\"sequence\":-1", None),
    ] {
        let error = AuditRecord::from_json(good.replacen(from, to, 1).as_bytes()).unwrap_err();
        match fault {
            Some(fault) => assert_eq!(error, fault, "{to}"),
            None => assert!(matches!(error, AuditLineError::Json(_)), "{to}"),
        }
    }
}

#[test]
fn an_endless_line_is_given_up() {
    let endless = BufReader::new(io::repeat(b' '));
    match verify_audit_log(endless, None, None).unwrap_err() {
        AuditFileError::Line { line: 1, source } => assert_eq!(source, AuditLineError::TooLong),
        other => panic!("{other:?}"),
    }
    // The longest that is read: spaces before the record do not matter to it.
    let record = chain(1, None)[0].to_json() + "\n";
    let spaces = MAX_AUDIT_LINE_BYTES - record.len();
    let padded = io::repeat(b' ')
        .take(spaces as u64)
        .chain(record.as_bytes());
    assert!(verify_audit_log(BufReader::new(padded), None, None).is_ok());
}

#[test]
fn a_head_has_one_spelling() {
    let head = chain(1, None)[0].head();
    let text = head.to_string();
    assert_eq!(text.parse(), Ok(head));
    assert_eq!(text.len(), 2 + 64);
    let hash = &text[2..];
    for bad in [
        "",
        "1",
        hash,
        &format!("01:{hash}"),
        &format!("+1:{hash}"),
        &format!("1:{hash}0"),
        &format!(" 1:{hash}"),
        &text.to_uppercase(),
        &text[..65],
    ] {
        assert!(bad.parse::<ChainHead>().is_err(), "{bad}");
    }
}
