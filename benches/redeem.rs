//! How many codes are redeemed in a second: in memory, and durably with one and with 64 callers?

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench may fail"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeId, CodePolicy, CodeStore, GrantId,
    MemoryStore, NewCode, Pepper, PepperId, Peppers, ProfileId, Redemption, SystemEntropy,
    TenantId, Timestamp,
};
use offhook_device_name::DeviceModel;
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use rusqlite::{Connection, named_params};
use tokio::runtime::Runtime;

const CALLERS: usize = 64;
const EACH: usize = 8;

fn redeem(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("redeem");
    group.throughput(Throughput::Elements(1));

    let memory = MemoryStore::new();
    group.bench_function("memory, 1 caller", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&memory)),
            |redemption| runtime.block_on(memory.redeem(&redemption, now())).unwrap(),
            BatchSize::SmallInput,
        );
    });

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("codes.db");
    let store = Arc::new(SqliteStore::open(&path, &SqliteOptions::default()).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = FULL")
        .unwrap();
    group.bench_function("SQLite, bare loop with the same statement", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&*store)),
            |redemption| bare(&connection, &redemption),
            BatchSize::NumIterations(64),
        );
    });
    group.bench_function("SQLite, 1 caller", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&*store)),
            |redemption| runtime.block_on(store.redeem(&redemption, now())).unwrap(),
            BatchSize::NumIterations(64),
        );
    });
    group.throughput(Throughput::Elements((CALLERS * EACH) as u64));
    group.bench_function("SQLite, 64 callers with 8 codes each", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue_all(&store)),
            |callers| runtime.block_on(all(&store, callers)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

async fn issue_all(store: &Arc<SqliteStore>) -> Vec<Vec<Redemption>> {
    let issue = |_| {
        let store = Arc::clone(store);
        tokio::spawn(async move { issue(&*store).await })
    };
    let tasks: Vec<_> = (0..CALLERS * EACH).map(issue).collect();
    let mut callers = vec![Vec::new(); CALLERS];
    for (task, caller) in tasks.into_iter().zip((0..CALLERS).cycle()) {
        callers[caller].push(task.await.unwrap());
    }
    callers
}

async fn all(store: &Arc<SqliteStore>, callers: Vec<Vec<Redemption>>) {
    let caller = |redemptions: Vec<Redemption>| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for redemption in redemptions {
                store.redeem(&redemption, now()).await.unwrap();
            }
        })
    };
    let tasks: Vec<_> = callers.into_iter().map(caller).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// What a store without threads, queue and types would do.
fn bare(connection: &Connection, redemption: &Redemption) {
    let execute = |sql| connection.prepare_cached(sql).unwrap().execute([]).unwrap();
    execute("BEGIN IMMEDIATE");
    let digest = redemption.digests().current();
    let claimant = redemption.claimant();
    let now = i64::try_from(Timestamp::from(now()).as_millis()).unwrap();
    let account: String = connection
        .prepare_cached(
            "UPDATE codes
             SET state = 'redeemed', changed_at = :now, redeemed_at = :now,
                 grant_id = :grant, claimant_key = :key, claimant_mac = :mac
             WHERE digest = :digest AND pepper = :pepper
               AND state = 'issued' AND expires_at > :now
               AND (mac IS NULL OR mac = :mac)
               AND (models IS NULL OR instr(models, :model) > 0)
             RETURNING grant_id, id, tenant, account, profile, redeemed_at",
        )
        .unwrap()
        .query_row(
            named_params! {
                ":now": now,
                ":grant": redemption.grant().as_uuid().as_bytes(),
                ":key": claimant.key().to_string(),
                ":mac": claimant.mac().map(|mac| mac.to_string()),
                ":model": claimant.model().map(|model| format!("\n{model}\n")),
                ":digest": digest.as_bytes(),
                ":pepper": digest.pepper_id().get(),
            },
            |row| row.get(3),
        )
        .unwrap();
    execute("COMMIT");
    assert!(!account.is_empty());
}

/// Issues a code, and gives what its device will present.
async fn issue(store: &impl CodeStore) -> Redemption {
    let entropy = &mut SystemEntropy::new();
    let peppers = Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap());
    let code = ActivationCode::draw(entropy).unwrap();
    let digests = peppers.digests(&TenantId::new("acme").unwrap(), &code);
    let id = CodeId::draw(entropy).unwrap();
    let model = DeviceModel::new("Cisco Desk Pro").unwrap();
    let new = NewCode::new(
        id,
        digests.clone(),
        "user@acme.example".parse().unwrap(),
        ProfileId::new(&id.to_string()).unwrap(),
        Binding::Model(model.clone()),
        &CodePolicy::default(),
        now(),
    );
    store.issue(&new, now()).await.unwrap();
    let claimant = Claimant::new(ClaimantKey::Certificate([1; 32])).with_model(model);
    Redemption::new(digests, claimant, GrantId::draw(entropy).unwrap())
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
    targets = redeem
}
criterion_main!(benches);
