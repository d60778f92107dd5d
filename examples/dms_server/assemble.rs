//! The services, out of the configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use axum::Router;
use offhook_activation_code::{
    CodeMode, CodePolicy, GuessBudget, GuessPolicy, Peppers, StoreError, SystemEntropy, TenantId,
};
use offhook_bearer_token::{
    Fetch, KeySet, MachineTokenIssuer, SigningKey, TokenCache, TokenVerifier,
};
use offhook_device_identity::{ChainVerifier, ClientAuthentication, DeviceCertificateVerifier};
use offhook_device_name::DeviceModel;
use offhook_onboarding::http::{
    ActivationApi, ActivationLedger, Clock, ManagementApi, RateLedger, RateLimit, SystemClock,
    TlsCredentials, activation_router, fallback_router, forwarded, health_router, key_set_json,
    key_set_router, logged, management_router, openapi_router, operator_router, rate_limited,
    server_config,
};
use offhook_onboarding::{
    ActivationService, CodeDesk, Counters, DeviceManagement, DeviceTypes, EdgeTrust,
    OnboardingMethod, OnboardingMethods, Registry, RemoteAccess,
};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::config::{Config, Forwarded, Method, Mode, Onboarding, secret};
use crate::devices::{Proof, device_types, networks};
use crate::refresh_token::Upstream;
use crate::upstream::{bridge, fetch, mailer, operators, upstream};
use offhook_examples::keys::Keys;

/// What lives as long as the process does: a reload keeps it.
pub(crate) struct Lasting {
    pub(crate) tenant: TenantId,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) counters: Arc<Counters>,
    budget: Arc<GuessBudget>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether events are delivered by this process.
    has_event_receiver: bool,
    /// What each address has sent.
    ledger: RateLedger,
    /// The activations that each device was refused.
    refused: ActivationLedger,
    /// What the ids of its requests begin with, and how often that was.
    node: String,
    loads: AtomicU64,
    /// The DM Bridge of somebody else: its refresh token may be good for one use.
    pub(crate) upstream: Option<Arc<Upstream>>,
}

/// What a reload replaces.
pub(crate) struct Serving {
    pub(crate) router: Router,
    pub(crate) tls: Arc<ServerConfig>,
    /// Under which the sources of wrong codes are counted.
    pub(crate) peppers: Peppers,
    /// What an operator should hear of, though it can be served.
    pub(crate) doubt: Option<String>,
}

impl Lasting {
    pub(crate) fn new(config: &Config, registry: Arc<dyn Registry>) -> anyhow::Result<Self> {
        let peppers = Keys::read(&config.peppers)?.peppers;
        let budget = GuessBudget::new(
            Arc::clone(&registry) as Arc<dyn offhook_activation_code::GuessStore>,
            &peppers,
            CodePolicy::default(),
            GuessPolicy::default(),
            config.node,
        );
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let started = clock.now().duration_since(SystemTime::UNIX_EPOCH);
        let started = started.unwrap_or_default().as_millis();
        Ok(Self {
            tenant: TenantId::new(&config.tenant).context("tenant")?,
            registry,
            counters: Arc::default(),
            budget: Arc::new(budget),
            clock,
            ledger: RateLedger::default(),
            refused: ActivationLedger::default(),
            has_event_receiver: config.events.is_some(),
            node: format!("{}-{started:x}", config.node),
            loads: AtomicU64::new(0),
            upstream: upstream(config)?.map(Arc::new),
        })
    }

    /// Counts wrong codes as a node does that begins with these peppers.
    pub(crate) fn replace_peppers(&self, peppers: &Peppers) {
        self.budget.replace_peppers(peppers);
    }

    /// Tells the store what this node has counted of wrong codes.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        self.budget.sync(self.clock.now()).await
    }
}

/// Builds all services anew, from files as they are now.
pub(crate) fn serving(config: &Config, lasting: &Lasting) -> anyhow::Result<Serving> {
    let tokens = Tokens::read(config)?;
    let peppers = Keys::read(&config.peppers)?.peppers;
    let desk = desk(config, lasting, peppers.clone())?;
    let Proof { chain, identity } = Proof::read(config)?;
    let fetch = fetch(config)?;
    let clock = || Arc::clone(&lasting.clock);

    let activation = activation(config, lasting, &tokens, &desk)?;
    let activation = ActivationApi::new(
        Arc::new(activation),
        Arc::clone(&tokens.verifier),
        Arc::clone(&identity),
        clock(),
    );
    let types = device_types(&config.device_types)?;
    let doubt = types.names().next().is_none().then(|| {
        let folder = told("device_types", &config.device_types);
        format!("{folder}: no device type is offered, so no device can be provisioned")
    });
    let management = management(config, lasting, &tokens, desk, types, &fetch)?;
    let (policy, verifier) = (tokens.signing.policy(), tokens.verifier);
    let api = ManagementApi::new(
        Arc::new(management),
        Arc::clone(&verifier),
        policy,
        identity,
        clock(),
    );
    let (verifier, policy) = operators(config, verifier, &fetch)?;
    let api = api.with_operators(verifier, policy);
    let api = api.with_activation_ledger(lasting.refused.clone());

    let router = management_router(api.clone())
        .merge(operator_router(api))
        .merge(activation_router(activation))
        .merge(key_set_router(tokens.key_set))
        .merge(openapi_router())
        .merge(fallback_router());
    Ok(Serving {
        router: guarded(router, config, lasting)?,
        tls: tls(config, chain)?,
        peppers,
        doubt,
    })
}

/// The tokens of this server.
struct Tokens {
    signing: Arc<MachineTokenIssuer>,
    key_set: String,
    verifier: Arc<dyn TokenVerifier>,
}

impl Tokens {
    fn read(config: &Config) -> anyhow::Result<Self> {
        let issuers = issuers(config)?;
        let key_set = key_set_json(issuers.iter().map(AsRef::as_ref))?;
        let keys = KeySet::from_json(key_set.as_bytes()).context("reading our own keys")?;
        let signing = issuers.into_iter().next().context("tokens.keys: no key")?;
        Ok(Self {
            signing,
            key_set,
            verifier: Arc::new(TokenCache::new(keys)),
        })
    }
}

fn desk(config: &Config, lasting: &Lasting, peppers: Peppers) -> anyhow::Result<Arc<CodeDesk>> {
    let (tenant, budget) = (lasting.tenant.clone(), Arc::clone(&lasting.budget));
    let desk = CodeDesk::new(tenant, peppers, budget, SystemEntropy::new());
    Ok(Arc::new(desk.with_mode(mode(config)?)))
}

fn activation(
    config: &Config,
    lasting: &Lasting,
    tokens: &Tokens,
    desk: &Arc<CodeDesk>,
) -> anyhow::Result<ActivationService> {
    let activation = ActivationService::new(
        Arc::clone(&lasting.registry),
        Arc::clone(desk),
        Arc::clone(&tokens.signing),
        Arc::clone(&lasting.counters),
    );
    Ok(match edge_trust(config)? {
        Some(trust) => activation.with_edge_trust(trust),
        None => activation,
    })
}

fn management(
    config: &Config,
    lasting: &Lasting,
    tokens: &Tokens,
    desk: Arc<CodeDesk>,
    types: DeviceTypes,
    fetch: &Arc<dyn Fetch>,
) -> anyhow::Result<DeviceManagement> {
    let mut management = DeviceManagement::new(
        Arc::clone(&lasting.registry),
        desk,
        types,
        mailer(config, fetch, &lasting.clock)?,
        bridge(lasting, &tokens.signing),
        Arc::clone(&lasting.counters),
    );
    if config.codes.shown {
        management = management.with_codes_shown();
    }
    if !lasting.has_event_receiver {
        management = management.without_event_receiver();
    }
    if let Some(onboarding) = &config.onboarding {
        management = management.with_methods(methods(onboarding)?);
    }
    Ok(management)
}

/// `router` behind what stands before all routes: whose request it is, its line in the log, and the limit
/// of requests.
fn guarded(router: Router, config: &Config, lasting: &Lasting) -> anyhow::Result<Router> {
    let clock = || Arc::clone(&lasting.clock);
    let limits = &config.limits;
    let router = match limits.requests_per_second {
        0 => router,
        per_second => {
            let limit = RateLimit::new(Duration::from_secs(1) / per_second, limits.request_burst);
            let limit = limit.with_ledger(lasting.ledger.clone());
            rate_limited(router, limit, clock())
        }
    };
    // A balancer that is told to come again later takes the node for dead.
    let router = router.merge(health_router(Arc::clone(&lasting.registry)));
    let load = lasting.loads.fetch_add(1, Ordering::Relaxed);
    let router = logged(router, &format!("{}.{load}", lasting.node), clock());
    Ok(match &config.forwarded {
        None => router,
        Some(Forwarded { header, proxies }) => {
            let proxies = networks(proxies).context("forwarded.proxies")?;
            forwarded(router, proxies, header.parse().context("forwarded.header")?)
        }
    })
}

fn tls(config: &Config, chain: Arc<ChainVerifier>) -> anyhow::Result<Arc<ServerConfig>> {
    let devices = DeviceCertificateVerifier::new(chain, ClientAuthentication::Optional);
    let read = |path: &Path| fs::read(path).with_context(|| told("tls", path));
    let certificate = read(&config.tls.certificate)?;
    let key = Zeroizing::new(read(&config.tls.key)?);
    let settings = TlsCredentials::from_pem(&certificate, &key)
        .and_then(|credentials| server_config(credentials, Some(Arc::new(devices))));
    Ok(Arc::new(settings.context("tls.certificate and tls.key")?))
}

/// Who signs tokens by each key, the one that signs now first.
fn issuers(config: &Config) -> anyhow::Result<Vec<Arc<MachineTokenIssuer>>> {
    let tokens = &config.tokens;
    let mut keys: Vec<_> = tokens.keys.iter().collect();
    keys.sort_by_key(|(id, _)| **id != tokens.signing);
    let issuer = |(id, path): (&String, &PathBuf)| {
        let key = read_key(id, path)?;
        let (issuer, audience) = (&tokens.issuer, &tokens.audience);
        let issuer = MachineTokenIssuer::new(key, issuer, audience, tokens.lifetime);
        Ok(Arc::new(issuer))
    };
    keys.into_iter().map(issuer).collect()
}

/// The key that signs now.
pub(crate) fn signing_key(config: &Config) -> anyhow::Result<SigningKey> {
    let id = &config.tokens.signing;
    let path = config.tokens.keys.get(id).context("tokens.signing")?;
    read_key(id, path)
}

fn read_key(id: &str, path: &Path) -> anyhow::Result<SigningKey> {
    let pem = secret(path)?;
    // The parser's own text would repeat a part of the key.
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok();
    let der = der.with_context(|| format!("{} is no PEM of PKCS #8", path.display()))?;
    let der = der.secret_pkcs8_der();
    SigningKey::es256_from_pkcs8(id, der)
        .or_else(|_| SigningKey::eddsa_from_pkcs8(id, der))
        .with_context(|| format!("{} is neither a P-256 nor an Ed25519 key", path.display()))
}

/// The mode of all codes.
fn mode(config: &Config) -> anyhow::Result<CodeMode> {
    let Some(access) = &config.remote_access else {
        return Ok(match config.codes.mode.unwrap_or_default() {
            Mode::Broadworks => CodeMode::BroadWorks,
            Mode::OnPremises => CodeMode::OnPremises,
        });
    };
    let told = "remote_access.srv_record";
    let mut domains = RemoteAccess::new("main", &access.srv_record).context(told)?;
    domains.set_default("main").context(told)?;
    domains.code_mode("").context(told)
}

fn edge_trust(config: &Config) -> anyhow::Result<Option<EdgeTrust>> {
    let access = config.remote_access.as_ref();
    let Some(path) = access.and_then(|access| access.edge_trust.as_ref()) else {
        return Ok(None);
    };
    let told = || told("remote_access.edge_trust", path);
    let pem = fs::read_to_string(path).with_context(told)?;
    EdgeTrust::from_pem(&pem).with_context(told).map(Some)
}

fn methods(onboarding: &Onboarding) -> anyhow::Result<OnboardingMethods> {
    let mut methods = OnboardingMethods::new();
    for (model, method) in &onboarding.methods {
        let model = DeviceModel::new(model);
        let method = match method {
            Method::ActivationCode => OnboardingMethod::ActivationCode,
            Method::AutoRegistration => OnboardingMethod::AutoRegistration,
        };
        methods.switch(model.context("onboarding.methods")?, method);
    }
    Ok(methods)
}

pub(crate) fn told(key: &str, path: &Path) -> String {
    format!("{key}: {}", path.display())
}
