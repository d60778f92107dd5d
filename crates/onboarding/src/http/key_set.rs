//! The key set of token issuers over HTTP.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use offhook_bearer_token::{IssuerError, MachineTokenIssuer};
use serde::{Deserialize, Serialize};

use super::fallback::method_not_allowed;

/// The JWK set that verifies the tokens of all `issuers`: of the one that signs, and of those before
/// it, whose tokens are still about.
///
/// # Errors
///
/// [`IssuerError`] when a key cannot be written, which a key that was read does not give.
///
/// # Source
///
/// [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5).
pub fn key_set_json<'a>(
    issuers: impl IntoIterator<Item = &'a MachineTokenIssuer>,
) -> Result<String, IssuerError> {
    let mut all = Set::default();
    for issuer in issuers {
        let json = issuer.key_set_json()?;
        let set: Set = serde_json::from_str(&json).map_err(|_| IssuerError::Key)?;
        all.keys.extend(set.keys);
    }
    serde_json::to_string(&all).map_err(|_| IssuerError::Key)
}

/// The route `GET /.well-known/jwks.json` with the JWK set `json`.
///
/// # Source
///
/// [RFC 7517 section 8.5.2](https://www.rfc-editor.org/rfc/rfc7517#section-8.5.2): the media type.
pub fn key_set_router(json: String) -> Router {
    let answer = move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/jwk-set+json")], json) }
    };
    Router::new()
        .route("/.well-known/jwks.json", get(answer))
        .method_not_allowed_fallback(method_not_allowed)
}

#[derive(Default, Deserialize, Serialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use offhook_bearer_token::{KeySet, SigningKey};

    use super::*;

    #[test]
    fn keys_that_sign_no_more_verify_still() {
        let issuer = |id| {
            let (key, _) = SigningKey::generate_es256(id).unwrap();
            MachineTokenIssuer::new(key, "https://i.test", "devices", Duration::from_secs(60))
        };
        let json = key_set_json([&issuer("new"), &issuer("old")]).unwrap();
        let set = KeySet::from_json(json.as_bytes()).unwrap();
        assert!(set.has_key("new") && set.has_key("old"));
        assert_eq!(set.len(), 2);
    }
}
