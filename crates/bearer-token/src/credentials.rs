//! Reading `Authorization`.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::{AccessToken, CredentialsError};

/// Takes the token out of a request's one `Authorization` header.
///
/// A token in the query or in a form is never looked for: it would end in logs.
///
/// # Errors
///
/// [`CredentialsError::Missing`] without the header, [`CredentialsError::Several`] with more than
/// one, and what [`credentials_value`] says about its value.
///
/// # Source
///
/// [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
pub fn credentials(headers: &HeaderMap) -> Result<AccessToken, CredentialsError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(CredentialsError::Missing)?;
    if values.next().is_some() {
        return Err(CredentialsError::Several);
    }
    credentials_value(value.to_str().map_err(|_| CredentialsError::Malformed)?)
}

/// Takes the token out of the value of an `Authorization` header, of HTTP or SIP.
///
/// The scheme's case does not matter; one or more spaces stand before the token.
///
/// # Errors
///
/// [`CredentialsError::OtherScheme`] for a scheme that is not `Bearer`,
/// [`CredentialsError::Malformed`] when no token follows or something follows the token.
///
/// # Source
///
/// [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1) and
/// [RFC 8898 section 2.1](https://www.rfc-editor.org/rfc/rfc8898#section-2.1).
pub fn credentials_value(value: &str) -> Result<AccessToken, CredentialsError> {
    let value = value.trim_matches([' ', '\t']);
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(CredentialsError::OtherScheme);
    }
    rest.trim_start_matches(' ')
        .parse()
        .map_err(|_| CredentialsError::Malformed)
}
