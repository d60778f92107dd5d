//! The store, out of the configuration.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use offhook_onboarding::Registry;
use offhook_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};

use crate::assemble::told;
use crate::config::Config;

/// What becomes of a store that is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MissingStore {
    Made,
    Refused,
}

/// There is no store where it should be.
#[derive(Debug)]
pub(crate) enum NoStore {
    File(PathBuf),
    EmptyFile(PathBuf),
    Schema,
}

impl fmt::Display for NoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}: no such file", told("store", path)),
            Self::EmptyFile(path) => write!(f, "{}: the file is empty", told("store", path)),
            Self::Schema => f.write_str("store: nobody has served from this database"),
        }
    }
}

impl std::error::Error for NoStore {}

pub(crate) async fn registry(
    config: &Config,
    missing: MissingStore,
) -> anyhow::Result<Arc<dyn Registry>> {
    if let Some(path) = config.sqlite() {
        if missing == MissingStore::Refused {
            must_be_there(path)?;
        }
        let store = SqliteStore::open(path, &SqliteOptions::default());
        let store = store.with_context(|| format!("opening {}", path.display()));
        return Ok(Arc::new(store?));
    }
    if !config.store.starts_with("postgres") {
        bail!("store: neither sqlite:FILE nor postgres://USER@HOST/DATABASE");
    }
    let mut options = PostgresOptions::default();
    if missing == MissingStore::Refused {
        options = options.with_existing_schema();
    }
    if let Some(path) = &config.store_roots {
        let roots = fs::read(path).with_context(|| told("store_roots", path))?;
        options = options
            .with_root_certificates(&roots)
            .context("store_roots")?;
    }
    // The URL may hold a password.
    match PostgresStore::open(&config.store, &options).await {
        Err(OpenError::MissingSchema) => Err(NoStore::Schema.into()),
        store => Ok(Arc::new(store.context("opening the PostgreSQL store")?)),
    }
}

/// To open a file that is not there, or one without content, would make a store.
fn must_be_there(path: &Path) -> anyhow::Result<()> {
    match fs::metadata(path) {
        Ok(file) if file.len() == 0 => Err(NoStore::EmptyFile(path.to_owned()).into()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(NoStore::File(path.to_owned()).into())
        }
        found => found.map(drop).with_context(|| told("store", path)),
    }
}
