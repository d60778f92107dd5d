//! What can be wrong with the settings of TLS; no text of a parser, which may repeat a key.

use thiserror::Error;

/// No TLS settings can be made of what was given; asking again will not help.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A trust anchor is no certificate that can be one.
    #[error("trust anchor not usable")]
    Anchor(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The text has no certificate, or one that cannot be read.
    #[error("no certificate that can be read")]
    Certificate,
    /// The certificate cannot be shown with this key, as when it belongs to another.
    #[error("certificate and key not usable together")]
    Credentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The text has no private key, or one that cannot be read.
    #[error("no private key that can be read")]
    Key,
    /// The cryptography has no version of TLS that is good enough.
    #[error("no version of TLS to use")]
    Versions(#[source] Box<dyn std::error::Error + Send + Sync>),
}
