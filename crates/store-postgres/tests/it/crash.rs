//! The server dies in the midst of the work.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use offhook_activation_code::{CodeStore, RedeemError, Refusal};
use offhook_store_postgres::{Clock, PostgresOptions, PostgresStore};
use tokio::task::JoinSet;

use crate::fixture::{new_code, now, redemption};
use crate::server::Server;

const CODES: u64 = 3_000;
const WORKERS: u8 = 16;
const CRASHES: u64 = 3;

/// Each code is presented by four devices, each of which asks until it is answered. Whoever won a
/// code before a crash holds it behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_under_load_loses_no_redeem_and_gives_none_twice() {
    let Some(server) = Server::start(None) else {
        return;
    };
    let options = PostgresOptions::default().with_clock(Clock::Caller);
    let store = Arc::new(PostgresStore::open(server.url(), &options).await.unwrap());
    let mut issuing = JoinSet::new();
    for number in 0..CODES {
        let store = Arc::clone(&store);
        issuing.spawn(async move { store.issue(&new_code(number, now()), now()).await });
    }
    for issued in issuing.join_all().await {
        issued.unwrap();
    }

    let progress = Arc::new(tokio::sync::Semaphore::new(0));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (store, progress) = (Arc::clone(&store), Arc::clone(&progress));
        workers.spawn(async move {
            let (mut won, mut failures) = (Vec::new(), 0);
            // Of each four workers in a row all present the same codes.
            for number in (u64::from(worker) / 4..CODES).step_by(usize::from(WORKERS) / 4) {
                loop {
                    let grant = u128::from(number) << 8 | u128::from(worker);
                    let answer = store
                        .redeem(&redemption(number, worker, grant), now())
                        .await;
                    match answer {
                        Ok(grant) => {
                            won.push((number, grant.id()));
                            break;
                        }
                        Err(RedeemError::Refused(Refusal::AlreadyRedeemed)) => break,
                        Err(RedeemError::Store(_)) => {
                            failures += 1;
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        Err(err) => panic!("{err:?}"),
                    }
                }
                progress.add_permits(1);
            }
            (won, failures)
        });
    }
    let all = CODES * 4;
    for _ in 0..CRASHES {
        let part = u32::try_from(all / (CRASHES + 1)).unwrap();
        progress.acquire_many(part).await.unwrap().forget();
        tokio::task::block_in_place(|| server.crash());
    }
    let (mut grants, mut failures) = (HashMap::new(), 0);
    for (won, failed) in workers.join_all().await {
        failures += failed;
        for (number, grant) in won {
            assert!(
                grants.insert(number, grant).is_none(),
                "code {number} given twice"
            );
        }
    }
    assert_eq!(grants.len() as u64, CODES, "codes redeemed");
    assert!(failures > 0, "no crash was noticed");

    server.crash();
    for (number, grant) in grants {
        let worker = u8::try_from(grant.as_uuid().as_u128() & 0xff).unwrap();
        let again = loop {
            // The pool finds out that its connections are dead one by one.
            match store
                .redeem(&redemption(number, worker, 1 << 100), now())
                .await
            {
                Err(RedeemError::Store(_)) => {}
                answer => break answer.unwrap(),
            }
        };
        assert_eq!(
            (again.id(), again.repeated()),
            (grant, true),
            "code {number}"
        );
    }
}
