//! The key set of a token issuer over HTTP.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use offhook_bearer_token::{IssuerError, MachineTokenIssuer};

/// The route `GET /.well-known/jwks.json` with the JWK set that verifies the tokens of `issuer`.
///
/// # Errors
///
/// [`IssuerError`] when the key cannot be written, which a key that was read does not give.
///
/// # Source
///
/// [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5): the JWK set, and
/// section 8.5.2 its media type.
pub fn key_set_router(issuer: &MachineTokenIssuer) -> Result<Router, IssuerError> {
    let json = issuer.key_set_json()?;
    let answer = move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/jwk-set+json")], json) }
    };
    Ok(Router::new().route("/.well-known/jwks.json", get(answer)))
}
