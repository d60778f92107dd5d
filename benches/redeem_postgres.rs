//! How many codes are redeemed in a second in `PostgreSQL`, durably, beside the bare statement over
//! connections of the same kind, with one and with 64 callers?
//!
//! `OFFHOOK_POSTGRES_URL` names the server (`.ci/postgres start` starts one and prints it).

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench may fail"
)]

use std::env;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeId, CodePolicy, CodeStore, GrantId,
    NewCode, Pepper, PepperId, Peppers, ProfileId, Redemption, SystemEntropy, TenantId,
};
use offhook_device_name::DeviceModel;
use offhook_store_postgres::{PostgresOptions, PostgresStore};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, Statement};

const CALLERS: usize = 64;
const EACH: usize = 8;
const SCHEMA: &str = "offhook_bench";

fn redeem(criterion: &mut Criterion) {
    let Ok(url) = env::var("OFFHOOK_POSTGRES_URL") else {
        eprintln!("skipped: OFFHOOK_POSTGRES_URL names no server");
        return;
    };
    let runtime = Runtime::new().unwrap();
    let options = PostgresOptions::default()
        .with_schema(SCHEMA.parse().unwrap())
        .with_pool_size(CALLERS);
    let store = runtime.block_on(async {
        let admin = Bare::connect(&url).await;
        let fresh = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE");
        admin.batch_execute(&fresh).await.unwrap();
        Arc::new(PostgresStore::open(&url, &options).await.unwrap())
    });
    let bare: Arc<Vec<Bare>> = Arc::new(runtime.block_on(async {
        let mut bare = Vec::new();
        for _ in 0..CALLERS {
            bare.push(Bare::new(&url).await);
        }
        bare
    }));
    // So that both have their connections and their statements ready.
    runtime.block_on(async { all(&store, issue_all(&store).await).await });

    let mut group = criterion.benchmark_group("redeem");
    group.throughput(Throughput::Elements(1));
    group.bench_function("PostgreSQL, bare statement, 1 caller", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&*store)),
            |redemption| runtime.block_on(bare[0].redeem(&redemption)),
            BatchSize::NumIterations(64),
        );
    });
    group.bench_function("PostgreSQL, 1 caller", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue(&*store)),
            |redemption| runtime.block_on(store.redeem(&redemption, now())).unwrap(),
            BatchSize::NumIterations(64),
        );
    });
    group.throughput(Throughput::Elements((CALLERS * EACH) as u64));
    group.bench_function("PostgreSQL, bare statement, 64 callers", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue_all(&store)),
            |callers| runtime.block_on(all_bare(&bare, callers)),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("PostgreSQL, 64 callers", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(issue_all(&store)),
            |callers| runtime.block_on(all(&store, callers)),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    runtime.block_on(async {
        let gone = format!("DROP SCHEMA {SCHEMA} CASCADE");
        bare[0].client.batch_execute(&gone).await.unwrap();
    });
}

/// What a program without pool, types and errors would do.
struct Bare {
    client: Client,
    statement: Statement,
}

impl Bare {
    async fn connect(url: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn new(url: &str) -> Self {
        let client = Self::connect(url).await;
        let path = format!("SET search_path = {SCHEMA}");
        client.batch_execute(&path).await.unwrap();
        let statement = client
            .prepare(
                "UPDATE codes
                 SET state = 'redeemed', changed_at = floor(extract(epoch FROM now()) * 1000)::int8,
                     sealed = NULL, grant_id = $2, claimant_key = $3, claimant_mac = NULL
                 WHERE digest = $1
                   AND state = 'issued'
                   AND expires_at > floor(extract(epoch FROM now()) * 1000)::int8
                   AND mode = 'broadworks' AND binding = $4
                 RETURNING grant_id, id, tenant, account, profile, changed_at, mode",
            )
            .await
            .unwrap();
        Self { client, statement }
    }

    async fn redeem(&self, redemption: &Redemption) {
        let claimant = redemption.claimant();
        let row = self
            .client
            .query_one(
                &self.statement,
                &[
                    &redemption.digests().current().as_bytes().as_slice(),
                    redemption.grant().as_uuid(),
                    &claimant.key().to_string(),
                    &format!("model:{}", claimant.model().unwrap()),
                ],
            )
            .await
            .unwrap();
        assert!(!row.get::<_, &str>(3).is_empty());
    }
}

async fn issue_all(store: &Arc<PostgresStore>) -> Vec<Vec<Redemption>> {
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

async fn all(store: &Arc<PostgresStore>, callers: Vec<Vec<Redemption>>) {
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

async fn all_bare(bare: &Arc<Vec<Bare>>, callers: Vec<Vec<Redemption>>) {
    let caller = |(at, redemptions): (usize, Vec<Redemption>)| {
        let bare = Arc::clone(bare);
        tokio::spawn(async move {
            for redemption in redemptions {
                bare[at].redeem(&redemption).await;
            }
        })
    };
    let tasks: Vec<_> = callers.into_iter().enumerate().map(caller).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Issues a code, and gives what its device will present.
async fn issue(store: &PostgresStore) -> Redemption {
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

/// The database's clock decides.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
    targets = redeem
}
criterion_main!(benches);
