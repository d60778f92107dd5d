//! How a store is opened.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::{RootsError, SchemaNameError};

/// Whose clock says what is expired and when a thing happened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Clock {
    /// The caller's: every `now` is taken as it is. For tests, and for a single node.
    Caller,
    /// The database's, so that nodes whose clocks differ agree. The `now` of a verb is ignored, and
    /// a code that is issued lives from the database's `now` for as long as it was to live by the
    /// caller's clock (`expires_at − issued_at`).
    #[default]
    Database,
}

/// How a store is opened. The defaults suit one of several servers.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    clock: Clock,
    connect_timeout: Duration,
    missing_schema: MissingSchema,
    pool_size: usize,
    roots: RootCertStore,
    schema: SchemaName,
    statement_timeout: Duration,
    wait_timeout: Duration,
}

impl PostgresOptions {
    /// Whose clock decides: by default the database's.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// How long a connection may take to be made, with TLS and authentication: 5 seconds by
    /// default.
    #[must_use]
    pub fn with_connect_timeout(self, connect_timeout: Duration) -> Self {
        Self {
            connect_timeout,
            ..self
        }
    }

    /// How many connections this node opens at most: at least 1, by default 16. The sum over all
    /// nodes must stay below the server's `max_connections`.
    #[must_use]
    pub fn with_pool_size(self, pool_size: usize) -> Self {
        Self {
            pool_size: pool_size.max(1),
            ..self
        }
    }

    /// Adds the certificates in `pem` to those that vouch for the server; by default there are
    /// none. With any of them, every connection uses TLS and the server must prove its name.
    ///
    /// # Errors
    ///
    /// [`RootsError`] when `pem` holds no certificate, or one that cannot be read.
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Result<Self, RootsError> {
        let before = self.roots.len();
        for (at, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let certificate = certificate.map_err(|_| RootsError::NotPem { at })?;
            self.roots
                .add(certificate)
                .map_err(|_| RootsError::NotCertificate { at })?;
        }
        if self.roots.len() == before {
            return Err(RootsError::Empty);
        }
        Ok(self)
    }

    /// The schema in which the tables stand: `offhook` by default.
    #[must_use]
    pub fn with_schema(self, schema: SchemaName) -> Self {
        Self { schema, ..self }
    }

    /// Makes no schema: where there is none the store is not opened, with
    /// [`OpenError::MissingSchema`](crate::OpenError::MissingSchema). For who reads what another program
    /// has written, and would take an empty store for the one that was meant. A schema of an older
    /// version is brought up to date still.
    #[must_use]
    pub fn with_existing_schema(self) -> Self {
        Self {
            missing_schema: MissingSchema::Refused,
            ..self
        }
    }

    /// How long the server may take over one statement, and a transaction may lie idle: 5 seconds
    /// by default, whole milliseconds, at least 1. A verb that the server has not answered after
    /// twice that time fails, and its connection is given up.
    #[must_use]
    pub fn with_statement_timeout(self, statement_timeout: Duration) -> Self {
        Self {
            statement_timeout: statement_timeout.max(Duration::from_millis(1)),
            ..self
        }
    }

    /// How long a verb waits for a connection while all are in use: 5 seconds by default.
    #[must_use]
    pub fn with_wait_timeout(self, wait_timeout: Duration) -> Self {
        Self {
            wait_timeout,
            ..self
        }
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    pub(crate) fn missing_schema(&self) -> MissingSchema {
        self.missing_schema
    }

    pub(crate) fn pool_size(&self) -> usize {
        self.pool_size
    }

    pub(crate) fn roots(&self) -> &RootCertStore {
        &self.roots
    }

    pub(crate) fn schema(&self) -> &SchemaName {
        &self.schema
    }

    pub(crate) fn statement_timeout(&self) -> Duration {
        self.statement_timeout
    }

    pub(crate) fn wait_timeout(&self) -> Duration {
        self.wait_timeout
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            connect_timeout: Duration::from_secs(5),
            missing_schema: MissingSchema::Made,
            pool_size: 16,
            roots: RootCertStore::empty(),
            schema: SchemaName(DEFAULT_SCHEMA.into()),
            statement_timeout: Duration::from_secs(5),
            wait_timeout: Duration::from_secs(5),
        }
    }
}

/// What becomes of a schema that is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MissingSchema {
    Made,
    Refused,
}

/// The name of a schema: one to 63 characters, lower-case ASCII letters, digits and `_`, and no
/// digit first.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SchemaName(Box<str>);

impl SchemaName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SchemaName {
    type Err = SchemaNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let good = (1..=63).contains(&text.len())
            && text.bytes().next().is_some_and(first)
            && text
                .bytes()
                .all(|byte| first(byte) || byte.is_ascii_digit());
        if good {
            Ok(Self(text.into()))
        } else {
            Err(SchemaNameError)
        }
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const DEFAULT_SCHEMA: &str = "offhook";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_name_that_would_need_quotes_is_refused() {
        for good in ["offhook", "_1", "a23", &"s".repeat(63)] {
            assert_eq!(good.parse::<SchemaName>().unwrap().as_str(), good);
        }
        let long = "s".repeat(64);
        for bad in [
            "",
            "1a",
            "Offhook",
            "a-b",
            "a b",
            "a\"; DROP",
            "schéma",
            &long,
        ] {
            assert_eq!(bad.parse::<SchemaName>(), Err(SchemaNameError), "{bad}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused_where_it_stands() {
        let roots = |pem: &str| {
            PostgresOptions::default()
                .with_root_certificates(pem.as_bytes())
                .err()
        };
        assert_eq!(roots("no PEM at all"), Some(RootsError::Empty));
        let armour = |body: &str| {
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        };
        assert_eq!(roots(&armour("!")), Some(RootsError::NotPem { at: 0 }));
        assert_eq!(
            roots(&armour("MAA=")),
            Some(RootsError::NotCertificate { at: 0 })
        );
    }
}
