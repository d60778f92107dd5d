//! The store that the command line names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use offhook_activation_code::CodeStore;
use offhook_store_postgres::{PostgresOptions, PostgresStore};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};

/// Where codes are kept.
pub(crate) enum Location {
    Postgres(String),
    Sqlite(PathBuf),
}

impl Location {
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            if path.is_empty() {
                bail!("sqlite: needs the name of a file");
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        bail!("a store is sqlite:FILE or postgres://USER@HOST/DATABASE");
    }

    /// Opens the store, making it where there is none.
    pub(crate) async fn open(&self) -> anyhow::Result<Arc<dyn CodeStore>> {
        match self {
            Self::Postgres(url) => {
                let store = PostgresStore::open(url, &PostgresOptions::default()).await;
                // The URL may hold a password.
                Ok(Arc::new(
                    store.context("could not open the PostgreSQL store")?,
                ))
            }
            Self::Sqlite(path) => {
                let store = SqliteStore::open(path, &SqliteOptions::default());
                let store = store.with_context(|| format!("could not open {}", path.display()))?;
                Ok(Arc::new(store))
            }
        }
    }

    /// What `--store` says of it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Postgres(url) => url.clone(),
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
        }
    }

    /// Where the secrets are unless told otherwise.
    pub(crate) fn keys(&self) -> PathBuf {
        match self {
            Self::Postgres(_) => Path::new("activation-codes.keys").to_owned(),
            Self::Sqlite(path) => path.with_extension("keys"),
        }
    }
}
