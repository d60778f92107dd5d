use std::cell::RefCell;
use std::time::{Duration, UNIX_EPOCH};

use offhook_activation_code::{
    AccountId, ActivationCode, Claimant, CodePolicy, Pepper, PepperId, Peppers, ProfileId,
};
use offhook_device_name::DeviceModel;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use uuid::Uuid;

use super::*;
use crate::{SqliteOptions, schema};

thread_local! {
    static RUN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn trace(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(statement, _) = event {
        RUN.with_borrow_mut(|run| run.push(statement.sql().into_owned()));
    }
}

const MODEL: &str = "Cisco Desk Pro";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// The current pepper, or with `retired` that of an earlier time with two others since.
fn digests(number: u64, retired: bool) -> CodeDigests {
    let pepper = |id: u8| (PepperId::new(id.into()), Pepper::new(vec![id; 32]).unwrap());
    let code: ActivationCode = format!("{number:016}").parse().unwrap();
    let tenant = TenantId::new("acme").unwrap();
    let (id, current) = pepper(if retired { 1 } else { 3 });
    let mut peppers = Peppers::new(id, current);
    if !retired {
        for (id, pepper) in [pepper(1), pepper(2)] {
            peppers = peppers.with_retired(id, pepper).unwrap();
        }
    }
    peppers.digests(&tenant, &code)
}

fn attempt(number: u64, device: u8, model: &str) -> Redemption {
    let model = DeviceModel::new(model).unwrap();
    let claimant = Claimant::new(ClaimantKey::Certificate([device; 32])).with_model(model);
    let grant = GrantId::from_uuid(Uuid::from_u128(u128::from(number)));
    Redemption::new(digests(number, false), claimant, grant)
}

/// A claimant learns from the work nothing of whether there is a code, nor under which pepper.
#[test]
fn a_miss_and_every_refusal_run_the_same_statements() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("codes.db");
    let mut db = schema::open_writer(&path, &SqliteOptions::default()).unwrap();
    let id = |number: u64| CodeId::from_uuid(Uuid::from_u128(u128::from(number)));
    let tenant = TenantId::new("acme").unwrap();
    // Two of each, one under the current pepper and one under the oldest.
    for number in 0..10 {
        let new = NewCode::new(
            id(number),
            digests(number, number % 2 == 1),
            AccountId::new("user").unwrap(),
            ProfileId::new(&format!("desk-{number}")).unwrap(),
            Binding::Model(DeviceModel::new(MODEL).unwrap()),
            &CodePolicy::default(),
            now(),
        );
        issue(&db, &new, now()).unwrap().unwrap();
    }
    for number in [0, 1] {
        redeem(&db, &attempt(number, 1, MODEL), now())
            .unwrap()
            .unwrap();
    }
    for number in [2, 3] {
        revoke(&db, &tenant, id(number), now()).unwrap().unwrap();
    }
    let late = now() + CodePolicy::DEFAULT_TTL;
    let cases = [
        (99, 2, MODEL, now(), Refusal::Unknown),
        (0, 2, MODEL, now(), Refusal::AlreadyRedeemed),
        (1, 2, MODEL, now(), Refusal::AlreadyRedeemed),
        (2, 2, MODEL, now(), Refusal::Revoked),
        (3, 2, MODEL, now(), Refusal::Revoked),
        (4, 2, "Other", now(), Refusal::WrongModel),
        (5, 2, "Other", now(), Refusal::WrongModel),
        (6, 2, MODEL, late, Refusal::Expired),
        (7, 2, MODEL, late, Refusal::Expired),
    ];
    db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(trace))
        .unwrap();
    let statements = cases.map(|(number, device, model, now, expected)| {
        RUN.take();
        let answer = redeem(&db, &attempt(number, device, model), now).unwrap();
        assert_eq!(answer.unwrap_err(), expected);
        RUN.take()
    });
    let [miss, refusals @ ..] = statements;
    assert_eq!(miss.len(), 6, "{miss:?}");
    for refusal in refusals {
        assert_eq!(refusal, miss);
    }
}
