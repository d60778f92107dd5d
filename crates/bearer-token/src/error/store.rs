//! What can go wrong with tokens that are kept in a store.

use std::error::Error as StdError;

use thiserror::Error;

use crate::IssuerError;

/// A store of tokens failed; asking again may help.
#[derive(Debug, Error)]
#[error("could not {action}")]
#[non_exhaustive]
pub struct TokenStoreError {
    /// What the store was doing, as it stands after "could not".
    pub action: &'static str,
    /// Why.
    #[source]
    pub source: Box<dyn StdError + Send + Sync>,
}

impl TokenStoreError {
    /// A failure of a store while it was doing `action`.
    pub fn new(action: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            action,
            source: source.into(),
        }
    }
}

/// An opaque token was not given out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueOpaqueError {
    /// What the token would say cannot be kept.
    #[error("token not made")]
    Issuer(#[source] IssuerError),
    /// The secret was used before: the source of randomness is broken.
    #[error("secret was used before")]
    Repeated,
    /// The store failed.
    #[error("token not kept")]
    Store(#[source] TokenStoreError),
}
