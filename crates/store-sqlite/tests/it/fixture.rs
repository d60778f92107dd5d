//! A store in a directory of its own, and codes for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeDigests, CodeId, CodePolicy, GrantId,
    NewCode, Pepper, PepperId, Peppers, Redemption, TenantId,
};
use offhook_device_name::DeviceModel;
use offhook_store_contract::{Fixture, SharedFixture};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) struct OnDisk {
    store: Arc<SqliteStore>,
    directory: TempDir,
}

impl OnDisk {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let store = open(&directory.path().join(FILE));
        Self {
            store: Arc::new(store),
            directory,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join(FILE)
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopened(self) -> Self {
        let Self { store, directory } = self;
        drop(Arc::into_inner(store).unwrap());
        let store = open(&directory.path().join(FILE));
        Self {
            store: Arc::new(store),
            directory,
        }
    }
}

impl Fixture for OnDisk {
    type Store = SqliteStore;

    fn store(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }
}

impl SharedFixture for OnDisk {
    fn location(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    async fn open(location: &str) -> SqliteStore {
        open(location.as_ref())
    }
}

pub(crate) fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, &SqliteOptions::default()).unwrap()
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// The code with the number `number`.
pub(crate) fn new_code(number: u64) -> NewCode {
    NewCode::new(
        CodeId::from_uuid(Uuid::from_u128(number.into())),
        digests(number),
        "user@acme.example".parse().unwrap(),
        format!("desk-{}", number % 1_000_000).parse().unwrap(),
        Binding::Model(model()),
        &CodePolicy::default(),
        now(),
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

fn digests(number: u64) -> CodeDigests {
    let peppers = Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap());
    let code: ActivationCode = format!("{number:016}").parse().unwrap();
    peppers.digests(&TenantId::new("acme").unwrap(), &code)
}

fn model() -> DeviceModel {
    DeviceModel::new("Cisco Desk Pro").unwrap()
}

const FILE: &str = "codes.db";
