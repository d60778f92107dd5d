//! An OAuth issuer: a token endpoint for refresh tokens, and the key set.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use offhook_bearer_token::{
    AccessToken, ClientSecret, MachineClaims, MachineTokenIssuer, RefreshToken, Scope, Subject,
};
use offhook_onboarding::http::{Clock, key_set_router};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

/// An OAuth issuer with clients that come with refresh tokens, each good for one use.
#[derive(Debug)]
pub struct Issuer {
    tokens: Arc<MachineTokenIssuer>,
    clock: Arc<dyn Clock>,
    clients: Mutex<HashMap<String, Client>>,
}

/// What a client of the issuer gets to start with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: ClientSecret,
    /// The first refresh token.
    pub refresh_token: RefreshToken,
}

struct Client {
    secret: String,
    refresh_token: String,
    scopes: Vec<Scope>,
    subject: Uuid,
}

impl Issuer {
    /// The issuer that signs with `tokens`.
    #[must_use]
    pub fn new(tokens: Arc<MachineTokenIssuer>, clock: Arc<dyn Clock>) -> Self {
        Self {
            tokens,
            clock,
            clients: Mutex::default(),
        }
    }

    /// Adds a client that may have `scopes`.
    ///
    /// # Errors
    ///
    /// When there is no entropy.
    pub fn add_client(&self, id: &str, scopes: Vec<Scope>) -> anyhow::Result<ClientCredentials> {
        let (secret, refresh_token) = (random_text()?, random_text()?);
        self.add_known_client(id, &secret, &refresh_token, scopes)?;
        Ok(ClientCredentials {
            id: id.to_owned(),
            secret: ClientSecret::new(&secret),
            refresh_token: refresh_token.parse()?,
        })
    }

    /// Adds a client as [`add_client`](Self::add_client) does, with a secret and a first refresh token of
    /// the caller's.
    ///
    /// # Errors
    ///
    /// When there is no entropy.
    pub fn add_known_client(
        &self,
        id: &str,
        secret: &str,
        refresh_token: &str,
        scopes: Vec<Scope>,
    ) -> anyhow::Result<()> {
        let client = Client {
            secret: secret.to_owned(),
            refresh_token: refresh_token.to_owned(),
            scopes,
            subject: random_uuid()?,
        };
        self.clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), client);
        Ok(())
    }

    /// A token for `subject` with `scopes`, as the token endpoint would give it.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn issue(&self, subject: Uuid, scopes: &[Scope]) -> anyhow::Result<AccessToken> {
        self.sign(MachineClaims::new(Subject::from(subject)), scopes)
    }

    /// A token as of [`issue`](Self::issue) that is bound to the certificate with this SHA-256.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn issue_bound(
        &self,
        subject: Uuid,
        scopes: &[Scope],
        thumbprint: [u8; 32],
    ) -> anyhow::Result<AccessToken> {
        let claims = MachineClaims::new(Subject::from(subject)).with_confirmation(thumbprint);
        self.sign(claims, scopes)
    }

    fn sign(&self, claims: MachineClaims, scopes: &[Scope]) -> anyhow::Result<AccessToken> {
        let claims = scopes
            .iter()
            .cloned()
            .fold(claims, MachineClaims::with_scope);
        let mut token_id = [0; 16];
        fill(&mut token_id)?;
        Ok(self.tokens.issue(&claims, token_id, self.clock.now())?)
    }

    /// The routes `POST /token` and `GET /.well-known/jwks.json`.
    ///
    /// # Errors
    ///
    /// When the key set cannot be written.
    ///
    /// # Source
    ///
    /// [RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6).
    pub fn router(self: &Arc<Self>) -> anyhow::Result<Router> {
        let token = Router::new()
            .route("/token", post(token))
            .with_state(Arc::clone(self));
        Ok(token.merge(key_set_router(self.tokens.key_set_json()?)))
    }

    fn refresh(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Value, (StatusCode, &'static str)> {
        const INVALID_CLIENT: (StatusCode, &str) = (StatusCode::UNAUTHORIZED, "invalid_client");
        let bad_request = |error| (StatusCode::BAD_REQUEST, error);
        let (id, secret) = basic(headers).ok_or(INVALID_CLIENT)?;
        let form: HashMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        let field = |name: &str| form.get(name).map(String::as_str);
        if field("grant_type") != Some("refresh_token") {
            return Err(bad_request("unsupported_grant_type"));
        }

        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients
            .get_mut(&id)
            .filter(|client| client.secret == secret)
            .ok_or(INVALID_CLIENT)?;
        if field("refresh_token") != Some(&client.refresh_token) {
            return Err(bad_request("invalid_grant"));
        }
        let wanted: Vec<Scope> = match field("scope") {
            None => client.scopes.clone(),
            Some(text) => text
                .split(' ')
                .filter_map(|scope| scope.parse().ok())
                .collect(),
        };
        if wanted.iter().any(|scope| !client.scopes.contains(scope)) {
            return Err(bad_request("invalid_scope"));
        }
        let failed = |_| (StatusCode::INTERNAL_SERVER_ERROR, "server_error");
        let token = self.issue(client.subject, &wanted).map_err(failed)?;
        client.refresh_token = random_text().map_err(failed)?;
        Ok(json!({
            "access_token": token.secret(),
            "token_type": "Bearer",
            "expires_in": self.tokens.lifetime().as_secs(),
            "refresh_token": client.refresh_token,
        }))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

async fn token(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: Bytes) -> Response {
    match issuer.refresh(&headers, &body) {
        Ok(answer) => ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response(),
        Err((status, error)) => (status, Json(json!({ "error": error }))).into_response(),
    }
}

/// Client id and secret from HTTP Basic, each form-encoded.
///
/// # Source
///
/// [RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let (id, secret) = str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((form_decode(id), form_decode(secret)))
}

fn form_decode(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes())
        .map(|(name, _)| name.into_owned())
        .collect()
}

pub(crate) fn random_uuid() -> anyhow::Result<Uuid> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

pub(crate) fn random_text() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn fill(bytes: &mut [u8]) -> anyhow::Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| anyhow::anyhow!("no entropy"))
}
