//! Tokens for administrators and the registrar, signed by the server's own key.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use offhook_activation_code::{Entropy as _, GrantId, SystemEntropy};
use offhook_bearer_token::{AccessToken, MachineClaims, MachineTokenIssuer, Scope, Subject};
use offhook_onboarding::http::{Clock as _, SystemClock};

use crate::assemble::signing_key;
use crate::config::{Config, MAX_LIFETIME};

/// A subject that nobody has had before.
pub(crate) fn new_subject() -> anyhow::Result<Subject> {
    Ok(Subject::from(
        *GrantId::draw(&mut SystemEntropy::new())?.as_uuid(),
    ))
}

/// A token with `scopes` for `subject`.
pub(crate) fn sign(
    config: &Config,
    subject: Subject,
    scopes: &[String],
    lifetime: Duration,
) -> anyhow::Result<AccessToken> {
    ensure!(
        !lifetime.is_zero() && lifetime <= MAX_LIFETIME,
        "a token lives for 24 hours at most"
    );
    let tokens = &config.tokens;
    let key = signing_key(config)?;
    let issuer = MachineTokenIssuer::new(key, &tokens.issuer, &tokens.audience, lifetime);
    let mut claims = MachineClaims::new(subject);
    for scope in scopes {
        let scope: Scope = scope.parse().with_context(|| format!("scope {scope}"))?;
        claims = claims.with_scope(scope);
    }
    let mut token_id = [0; 16];
    SystemEntropy::new().fill(&mut token_id)?;
    issuer
        .issue(&claims, token_id, SystemClock::new().now())
        .context("signing a token")
}
