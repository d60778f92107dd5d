//! What an answer may say of a token.

use std::fmt;

/// What an answer may say of a token, each found in a member that a
/// [`TokenInfoFormat`](crate::TokenInfoFormat) names.
///
/// # Source
///
/// [RFC 7662 section 2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Claim {
    /// Whether it is good, `true` or `false` (`active`).
    Active,
    /// Whom it is for, a text or a list (`aud`).
    Audience,
    /// To which client it was given (`client_id`).
    ClientId,
    /// The certificate it is bound to (`cnf`).
    Confirmation,
    /// When it ends, in seconds since 1970 (`exp`).
    ExpiresAt,
    /// In how many seconds it ends, where nothing says when; no member unless one is named.
    ExpiresIn,
    /// When it was issued (`iat`); its lifetime counts from the question where nothing says.
    IssuedAt,
    /// Who issued it (`iss`).
    Issuer,
    /// From when on it is good (`nbf`).
    NotBefore,
    /// The roles it carries, a text or a list; `roles` unless another member is named.
    Roles,
    /// The scopes it carries, a text with spaces or a list (`scope`).
    Scope,
    /// Whom it speaks for (`sub`).
    Subject,
    /// Its own id (`jti`).
    TokenId,
    /// What kind of token it is, `Bearer` (`token_type`).
    TokenType,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "activity",
            Self::Audience => "audience",
            Self::ClientId => "client id",
            Self::Confirmation => "confirmation",
            Self::ExpiresAt => "expiry",
            Self::ExpiresIn => "remaining lifetime",
            Self::IssuedAt => "issuing time",
            Self::Issuer => "issuer",
            Self::NotBefore => "begin",
            Self::Roles => "roles",
            Self::Scope => "scope",
            Self::Subject => "subject",
            Self::TokenId => "token id",
            Self::TokenType => "token type",
        })
    }
}
