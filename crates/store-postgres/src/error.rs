//! What can go wrong between a store and its server.

use std::error::Error as StdError;
use std::time::Duration;

use offhook_activation_code::StoreError;
use thiserror::Error;

/// A store was not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The schema has tables that are not ours. Name another schema.
    #[error("the schema belongs to another program")]
    ForeignSchema,
    /// There is no schema, and the options forbid to make one. Name the database that was meant.
    #[error("the schema is not there")]
    MissingSchema,
    /// The schema was made by a newer version of this crate. Update the program.
    #[error("the schema has version {found}, newer than {known}")]
    NewerSchema {
        /// The version of the schema.
        found: i32,
        /// The newest version that this crate knows.
        known: i32,
    },
    /// The server is to be reached with TLS and no certificate vouches for it: give its authority
    /// to [`with_root_certificates`](crate::PostgresOptions::with_root_certificates) or as
    /// `sslrootcert` in the URL, or say `sslmode=disable` there.
    #[error("no root certificate to verify the server with")]
    NoRoots,
    /// The file that the URL names with `sslrootcert` cannot be read, or holds no certificate.
    #[error("root certificates not read")]
    RootFile(#[source] Box<dyn StdError + Send + Sync>),
    /// The server could not be asked.
    #[error("store not opened")]
    Store(#[source] StoreError),
    /// The URL is not one of a `PostgreSQL` server.
    #[error("not the URL of a PostgreSQL server")]
    Url(#[source] Box<dyn StdError + Send + Sync>),
}

/// Why a verb failed: what stands behind the [`StoreError`] of this crate, as its
/// [`source`](StdError::source).
///
/// It holds no value of a row: of what the server says, details are left out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// A record of the audit log holds what this crate has not written.
    #[error("audit record {sequence} cannot be read: column {column} holds no value of its kind")]
    AuditRecord {
        /// Which record.
        sequence: u64,
        /// The column, from 0.
        column: usize,
    },
    /// No connection could be made. Nothing was sent.
    #[error("no connection to the database")]
    Connect(#[source] Box<dyn StdError + Send + Sync>),
    /// All connections were in use for too long. Nothing was sent.
    #[error("no connection became free within {} ms", waited.as_millis())]
    Exhausted {
        /// How long the verb waited.
        waited: Duration,
    },
    /// The connection broke; whether the verb took place is not known.
    #[error("the connection to the database broke")]
    Lost(#[source] Box<dyn StdError + Send + Sync>),
    /// A row holds what this crate has not written.
    #[error("column {column} holds no value of its kind")]
    Row {
        /// The column, from 0.
        column: usize,
    },
    /// The server refused a statement, and has undone the verb.
    #[error("the database refused with SQLSTATE {code}{}", message.as_ref().map_or_else(String::new, |text| format!(": {text}")))]
    Server {
        /// Five characters that say why, as `PostgreSQL` lists them.
        code: String,
        /// The server's words, unless they may repeat a value.
        message: Option<String>,
        /// The constraint that was broken, if one was.
        constraint: Option<String>,
    },
    /// The server did not answer in time; whether the verb took place is not known.
    #[error("the database did not answer within {} ms", waited.as_millis())]
    Silent {
        /// How long the verb waited.
        waited: Duration,
    },
}

/// Root certificates were not taken.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum RootsError {
    /// There is no certificate in it.
    #[error("no certificate")]
    Empty,
    /// A section is no certificate.
    #[error("section {at} is no certificate")]
    NotCertificate {
        /// Which section, from 0.
        at: usize,
    },
    /// A section cannot be read.
    #[error("section {at} is not PEM")]
    NotPem {
        /// Which section, from 0.
        at: usize,
    },
}

/// A text is not the name of a schema.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a schema name of lower-case letters, digits and _")]
#[non_exhaustive]
pub struct SchemaNameError;

impl PostgresError {
    /// What the driver says; no conversion, so that the driver does not stand in our interface.
    pub(crate) fn of(err: tokio_postgres::Error) -> Self {
        let Some(server) = err.as_db_error() else {
            return Self::Lost(err.into());
        };
        let code = server.code().code();
        // 57P01 and its like are the last words of a session that is being ended, perhaps while it
        // waits for the standby of a commit that has taken place.
        if code.starts_with("57P") {
            return Self::Lost(err.into());
        }
        // Data exceptions and broken constraints are told with the value.
        let telling = code.starts_with("22") || code.starts_with("23");
        Self::Server {
            code: code.to_owned(),
            message: (!telling).then(|| server.message().to_owned()),
            constraint: server.constraint().map(str::to_owned),
        }
    }

    /// Whether the connection has an answer to what it was asked and may be asked again.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self, Self::Server { .. })
    }

    /// Whether the server says that it has undone the transaction because of others at the same
    /// time, so that it may be tried again.
    pub(crate) fn may_be_retried(&self) -> bool {
        matches!(self, Self::Server { code, .. } if ["40001", "40P01"].contains(&code.as_str()))
    }

    /// The unique index that the verb would have broken.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        match self {
            Self::Server {
                code, constraint, ..
            } if code == "23505" => constraint.as_deref(),
            _ => None,
        }
    }
}

impl OpenError {
    pub(crate) fn store(action: &'static str) -> impl FnOnce(PostgresError) -> Self {
        move |source| Self::Store(StoreError::new(action, source))
    }
}
