//! The services that this one asks and tells.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use offhook_activation_code::SystemEntropy;
use offhook_bearer_token::{
    ClientSecret, Fetch, HttpsFetch, MachineTokenIssuer, RefreshedToken, RemoteKeys, Scope,
    TokenCache, TokenPolicy, TokenVerifier,
};
use offhook_onboarding::http::{Clock, HttpDmBridge, client_config};
use offhook_onboarding::{
    Delivery, DmBridge, LocalDmBridge, LogMailer, MailAddress, Mailer, SmtpMailer, StoreName,
    Webhook, WebhookKey, WebhookMailer, WebhookSecret, WebhookSink,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::sync::Notify;
use url::Url;

use crate::assemble::{Lasting, told};
use crate::config::{self, Bridge, Config, Mail, Smtp, secret};
use crate::refresh_token::{TokenFile, Upstream};

/// Whose tokens administrators and the registrar bring.
pub(crate) fn operators(
    config: &Config,
    own: Arc<dyn TokenVerifier>,
    fetch: &Arc<dyn Fetch>,
) -> anyhow::Result<(Arc<dyn TokenVerifier>, TokenPolicy)> {
    let Some(operators) = &config.operators else {
        let tokens = &config.tokens;
        return Ok((own, TokenPolicy::new(&tokens.issuer, &tokens.audience)));
    };
    let url = operators.key_set.parse().context("operators.key_set")?;
    let keys = TokenCache::new(RemoteKeys::new(url, Arc::clone(fetch)));
    let policy = TokenPolicy::new(&operators.issuer, &operators.audience);
    Ok((Arc::new(keys), policy))
}

/// Who vouches for devices: somebody else, or this server.
pub(crate) fn bridge(lasting: &Lasting, signing: &Arc<MachineTokenIssuer>) -> Arc<dyn DmBridge> {
    match &lasting.upstream {
        Some(upstream) => upstream.bridge(),
        None => Arc::new(LocalDmBridge::new(
            Arc::clone(signing),
            SystemEntropy::new(),
        )),
    }
}

/// The DM Bridge of somebody else, where there is one.
pub(crate) fn upstream(config: &Config) -> anyhow::Result<Option<Upstream>> {
    let Some(Bridge {
        url,
        token_url,
        client_id,
        client_secret,
        refresh_token,
    }) = &config.dm_bridge
    else {
        return Ok(None);
    };
    let fetch = fetch(config)?;
    let (file, kept) = TokenFile::open(refresh_token).context("dm_bridge.refresh_token")?;
    let rotated = Arc::new(Notify::new());
    let token = RefreshedToken::new(
        token_url.parse().context("dm_bridge.token_url")?,
        client_id,
        ClientSecret::new(&secret(client_secret)?),
        kept.token,
        Arc::clone(&fetch),
    );
    let waker = Arc::clone(&rotated);
    let mut token = token
        .with_scope(Scope::DM_BRIDGE_DEVICE_AUTH)
        .on_rotation(move |_| waker.notify_one());
    if let Some(written) = kept.written {
        token = token.with_refresh_token_issued(written);
    }
    let url = url.parse().context("dm_bridge.url")?;
    let bridge = HttpDmBridge::new(url, token, fetch);
    Ok(Some(Upstream::new(bridge, file, rotated)))
}

/// Makes the folder that mails go to, where they go to one.
pub(crate) fn make_mail_folder(config: &Config) -> anyhow::Result<()> {
    match &config.mail {
        Mail::Folder { path } => fs::create_dir_all(path).with_context(|| told("mail.path", path)),
        _ => Ok(()),
    }
}

pub(crate) fn mailer(
    config: &Config,
    fetch: &Arc<dyn Fetch>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(match &config.mail {
        Mail::Folder { path } => {
            ensure!(
                path.is_dir() || !path.exists(),
                "{}: no folder",
                told("mail.path", path)
            );
            Arc::new(LogMailer::new(path))
        }
        Mail::Smtp(smtp) => Arc::new(by_smtp(smtp, config)?),
        Mail::Webhook(webhook) => {
            let webhook = webhook_at(webhook, fetch, clock).context("mail")?;
            Arc::new(WebhookMailer::new(webhook))
        }
    })
}

fn by_smtp(smtp: &Smtp, config: &Config) -> anyhow::Result<SmtpMailer> {
    let from = MailAddress::new(&smtp.from).context("mail.from is no mail address")?;
    let roots = service_roots(config)?;
    let mailer = SmtpMailer::starttls(&smtp.host, from, &roots).context("mail")?;
    let mailer = match smtp.port {
        Some(port) => mailer.with_port(port),
        None => mailer,
    };
    Ok(match (&smtp.user, &smtp.password) {
        (Some(user), Some(password)) => {
            let password = secret(password)?.as_str().to_owned();
            mailer.with_login(user, password.into())
        }
        (None, None) => mailer,
        _ => bail!("mail: user and password go together"),
    })
}

/// Somebody who is told by HTTPS.
fn webhook_at(
    webhook: &config::Webhook,
    fetch: &Arc<dyn Fetch>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Webhook> {
    let url: Url = webhook.url.parse().context("url")?;
    let key = secret(&webhook.secret)?.as_str().to_owned().into();
    let key = WebhookSecret::key(WebhookKey::from_text(&key).context("secret")?);
    Webhook::new(url, key, Arc::clone(fetch), Arc::clone(clock)).context("url")
}

/// Who delivers the outbox; nobody where nobody is to hear of events.
pub(crate) fn delivery(config: &Config, lasting: &Lasting) -> anyhow::Result<Option<Delivery>> {
    let Some(events) = &config.events else {
        return Ok(None);
    };
    let name = StoreName::new(&config.tenant);
    let name = name.context("events: the tenant is no name of lower-case letters and digits")?;
    let webhook = webhook_at(events, &fetch(config)?, &lasting.clock).context("events")?;
    let sink = Arc::new(WebhookSink::new(webhook));
    let registry = Arc::clone(&lasting.registry);
    let delivery = Delivery::new(registry, lasting.tenant.clone(), name, sink);
    Ok(Some(delivery.with_counters(Arc::clone(&lasting.counters))))
}

/// The client of the services that this one asks.
pub(crate) fn fetch(config: &Config) -> anyhow::Result<Arc<dyn Fetch>> {
    let roots = service_roots(config)?;
    let roots: Vec<_> = roots.iter().collect();
    // Who waits for us waits longer than that, and hears what was the matter.
    let fetch = HttpsFetch::new(client_config(&roots, None)?).with_timeout(UPSTREAM_TIME);
    Ok(Arc::new(fetch))
}

fn service_roots(config: &Config) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let Some(path) = &config.tls.service_roots else {
        return Ok(Vec::new());
    };
    let told = || told("tls.service_roots", path);
    let roots = CertificateDer::pem_file_iter(path).with_context(told)?;
    roots.collect::<Result<_, _>>().with_context(told)
}

/// How long a service that this one asks may take.
const UPSTREAM_TIME: Duration = Duration::from_secs(4);
