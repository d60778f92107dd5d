//! What can be wrong with the settings of a federation partner.

use thiserror::Error;

/// The settings of federation and partners do not lead to a refresh token.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PartnerError {
    /// The release takes the refresh token from the federation settings, and there is none.
    #[error("no refresh token in the federation settings")]
    NoFederationToken,
    /// The release takes the refresh token from the partner settings, and the federation settings
    /// name no partner.
    #[error("no partner name in the federation settings")]
    NoPartnerName,
    /// No partner has the name of the federation settings.
    #[error("partner {name} is not in the partner settings")]
    UnknownPartner {
        /// The name in the federation settings.
        name: String,
    },
}

/// A text names no release.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a release")]
#[non_exhaustive]
pub struct ParseReleaseError;
