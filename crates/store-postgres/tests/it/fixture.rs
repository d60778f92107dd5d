//! A schema for each test, and codes for it.

use std::env;
use std::net::{IpAddr, SocketAddr};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeDigests, CodeId, CodePolicy, GrantId,
    NewCode, Pepper, PepperId, Peppers, Redemption, TenantId,
};
use offhook_device_name::{DeviceModel, DeviceName, MacAddress};
use offhook_onboarding::{Act, Actor, Device, Ownership};
use offhook_store_contract::{Fixture, NetworkFixture, SharedFixture};
use offhook_store_postgres::{Clock, PostgresOptions, PostgresStore, SchemaName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

/// A store in a schema of its own, which goes with it.
pub(crate) struct InSchema {
    store: Arc<PostgresStore>,
    schema: NewSchema,
    _turn: OwnedSemaphorePermit,
}

impl InSchema {
    /// Where the caller's clock decides. Nothing, with a message, where there is no server.
    pub(crate) async fn new() -> Option<Self> {
        Self::with(PostgresOptions::default().with_clock(Clock::Caller)).await
    }

    pub(crate) async fn with(options: PostgresOptions) -> Option<Self> {
        let url = url()?;
        // However many tests run at once, the server has connections for these.
        let turn = TURNS.get_or_init(|| Arc::new(Semaphore::new(8)));
        let turn = Arc::clone(turn).acquire_owned().await.unwrap();
        let schema = NewSchema::new(&url);
        let store = open_in(&url, options, schema.name()).await;
        Some(Self {
            store: Arc::new(store),
            schema,
            _turn: turn,
        })
    }

    /// Another node on the same schema.
    pub(crate) async fn node(&self, options: PostgresOptions) -> PostgresStore {
        open_in(self.url(), options, self.schema()).await
    }

    /// Another node, whose sessions bear the name of the schema.
    pub(crate) async fn named_node(&self, options: PostgresOptions) -> PostgresStore {
        let name = format!("application_name={}", self.schema());
        let url = with_parameter(self.url(), &name);
        open_in(&url, options, self.schema()).await
    }

    /// The URL by way of `proxy`.
    pub(crate) fn url_by(&self, proxy: SocketAddr) -> String {
        let server = self.server().to_string();
        self.url().replacen(&server, &proxy.to_string(), 1)
    }

    pub(crate) fn url(&self) -> &str {
        &self.schema.url
    }

    pub(crate) fn schema(&self) -> &SchemaName {
        self.schema.name()
    }

    /// A connection that is not the store's, in the schema.
    pub(crate) async fn client(&self) -> Client {
        client(self.url(), self.schema()).await
    }
}

/// The name of a schema, which goes with this value.
pub(crate) struct NewSchema {
    url: String,
    name: SchemaName,
}

impl NewSchema {
    pub(crate) fn new(url: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", process::id());
        Self {
            url: url.to_owned(),
            name: name.parse().unwrap(),
        }
    }

    pub(crate) fn name(&self) -> &SchemaName {
        &self.name
    }
}

impl Drop for NewSchema {
    fn drop(&mut self) {
        drop_schema(&self.url, &self.name);
    }
}

impl Fixture for InSchema {
    type Store = PostgresStore;

    fn store(&self) -> Arc<PostgresStore> {
        Arc::clone(&self.store)
    }
}

/// A schema and the URL of its database.
impl SharedFixture for InSchema {
    fn location(&self) -> String {
        format!("{} {}", self.schema(), self.url())
    }

    async fn open(location: &str) -> PostgresStore {
        let (schema, url) = location.split_once(' ').unwrap();
        let options = PostgresOptions::default().with_clock(Clock::Caller);
        open_in(url, options, &schema.parse().unwrap()).await
    }
}

impl NetworkFixture for InSchema {
    fn server(&self) -> SocketAddr {
        let config: Config = self.url().parse().unwrap();
        let address: IpAddr = match config.get_hosts() {
            [Host::Tcp(host)] => host.parse().unwrap(),
            hosts => panic!("not one host with an address: {hosts:?}"),
        };
        SocketAddr::new(address, *config.get_ports().first().unwrap())
    }

    fn location_by(&self, proxy: SocketAddr) -> String {
        format!("{} {}", self.schema(), self.url_by(proxy))
    }
}

/// The server for the tests, if there is one.
pub(crate) fn url() -> Option<String> {
    let url = env::var("OFFHOOK_POSTGRES_URL")
        .ok()
        .filter(|url| !url.is_empty());
    if url.is_none() {
        assert!(
            env::var("CI").as_deref() != Ok("true"),
            "OFFHOOK_POSTGRES_URL names no server"
        );
        eprintln!("skipped: OFFHOOK_POSTGRES_URL names no server");
    }
    url
}

pub(crate) fn with_parameter(url: &str, parameter: &str) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{parameter}")
}

pub(crate) async fn open_in(
    url: &str,
    options: PostgresOptions,
    schema: &SchemaName,
) -> PostgresStore {
    let options = options.with_schema(schema.clone());
    PostgresStore::open(url, &options).await.unwrap()
}

pub(crate) async fn client(url: &str, schema: &SchemaName) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let path = format!("SET search_path = {schema}");
    client.batch_execute(&path).await.unwrap();
    client
}

/// On a thread of its own, because the runtime of the test may be on its way out. A panic here
/// would hide why the test failed.
fn drop_schema(url: &str, schema: &SchemaName) {
    let (url, sql) = (
        url.to_owned(),
        format!("DROP SCHEMA IF EXISTS {schema} CASCADE"),
    );
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let Ok((client, connection)) = tokio_postgres::connect(&url, NoTls).await else {
                return;
            };
            tokio::spawn(connection);
            if let Err(err) = client.batch_execute(&sql).await {
                eprintln!("the schema stays: {err}");
            }
        });
    });
    let _ = thread.join();
}

/// What an administrator does at [`now`].
pub(crate) fn act() -> Act {
    Act::of(Actor::new("administrator", None).unwrap(), now())
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// The code with the number `number`, issued at `now`.
pub(crate) fn new_code(number: u64, now: SystemTime) -> NewCode {
    NewCode::new(
        CodeId::from_uuid(Uuid::from_u128(number.into())),
        digests(number),
        "user@acme.example".parse().unwrap(),
        format!("desk-{}", number % 1_000_000).parse().unwrap(),
        Binding::Model(model()),
        &CodePolicy::default(),
        now,
    )
}

/// The device `device` presents the code with the number `number`.
pub(crate) fn redemption(number: u64, device: u8, grant: u128) -> Redemption {
    let claimant = Claimant::new(ClaimantKey::Certificate([device; 32])).with_model(model());
    Redemption::new(
        digests(number),
        claimant,
        GrantId::from_uuid(Uuid::from_u128(grant)),
    )
}

/// The device of the code with the number `number`.
pub(crate) fn code_device(number: u64) -> Device {
    let code = new_code(number, now());
    let mut digits = [0; 6];
    digits[5] = u8::try_from(number).unwrap();
    Device {
        profile: code.code().profile().clone(),
        name: DeviceName::bat(digits),
        mac: None,
        ..device(0)
    }
}

/// The device with the number `number`, provisioned by its address.
pub(crate) fn device(number: u8) -> Device {
    Device::provisioned(
        TenantId::new("acme").unwrap(),
        format!("room-{number}").parse().unwrap(),
        "user@acme.example".parse().unwrap(),
        model(),
        "Cisco Desk Pro (RoomOS)".into(),
        Ownership::Workspace,
        "room@acme.example".parse().unwrap(),
        Some(mac(number)),
        [0; 6],
    )
}

pub(crate) fn mac(number: u8) -> MacAddress {
    MacAddress::new([0, 14, 8, 0, 0, number])
}

fn digests(number: u64) -> CodeDigests {
    let peppers = Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap());
    let code: ActivationCode = format!("{number:016}").parse().unwrap();
    peppers.digests(&TenantId::new("acme").unwrap(), &code)
}

pub(crate) fn model() -> DeviceModel {
    DeviceModel::new("Cisco Desk Pro").unwrap()
}

static TURNS: OnceLock<Arc<Semaphore>> = OnceLock::new();
