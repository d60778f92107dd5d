//! `kill -9` loses no redeem that was acknowledged.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use offhook_activation_code::{CodeStore, RedeemError, Refusal};
use offhook_store_contract::Fixture;

use crate::fixture::{OnDisk, new_code, now, open, redemption};

const FILE: &str = "OFFHOOK_CRASH_FILE";
const START: &str = "OFFHOOK_CRASH_START";
const ROUNDS: u64 = 10;
const CODES_A_ROUND: u64 = 400;

/// The test runs itself again as the process to be killed.
#[test]
fn a_killed_process_loses_no_acknowledged_redeem() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Ok(path) = env::var(FILE) {
        let start = env::var(START).unwrap().parse().unwrap();
        runtime.block_on(redeem_until_killed(&path, start));
        return;
    }
    let disk = OnDisk::new();
    runtime.block_on(async {
        let store = disk.store();
        let issue = |number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.issue(&new_code(number), now()).await })
        };
        let tasks: Vec<_> = (0..ROUNDS * CODES_A_ROUND).map(issue).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let enough = 3 + 17 * usize::try_from(round).unwrap();
        let found = kill_after(enough, &disk, round * CODES_A_ROUND);
        assert!(found.len() >= enough, "the child ended by itself");
        acknowledged.extend(found);
    }
    let disk = disk.reopened();
    runtime.block_on(async {
        for &number in &acknowledged {
            let grant = u128::from(number) + (1 << 64);
            let again = disk
                .store()
                .redeem(&redemption(number, 1, grant), now())
                .await;
            let again = again.unwrap();
            assert!(again.repeated());
            assert_eq!(again.id().as_uuid().as_u128(), number.into());
            let other = disk
                .store()
                .redeem(&redemption(number, 2, grant), now())
                .await;
            assert!(matches!(
                other,
                Err(RedeemError::Refused(Refusal::AlreadyRedeemed))
            ));
        }
    });
}

/// Kills the child once it has acknowledged `enough` redeems, and gives all that it has.
fn kill_after(enough: usize, disk: &OnDisk, start: u64) -> Vec<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "crash::a_killed_process_loses_no_acknowledged_redeem",
        ])
        .arg("--nocapture")
        .env(FILE, disk.path())
        .env(START, start.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < enough {
        let Some(line) = lines.next() else { break };
        acknowledged.extend(whole_number(&line.unwrap()));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line may be cut short, and is then no acknowledgement.
    let rest = lines.map_while(Result::ok);
    acknowledged.extend(rest.filter_map(|line| whole_number(&line)));
    acknowledged
}

fn whole_number(line: &str) -> Option<u64> {
    line.strip_suffix(';')
        .and_then(|number| number.parse().ok())
}

async fn redeem_until_killed(path: &str, start: u64) {
    let store = Arc::new(open(path.as_ref()));
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in (start..start + CODES_A_ROUND).filter(|n| n % 8 == task) {
                    let redemption = redemption(number, 1, number.into());
                    store.redeem(&redemption, now()).await.unwrap();
                    eprintln!("{number};");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
