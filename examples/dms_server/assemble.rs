//! The services, out of the configuration.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use axum::Router;
use offhook_activation_code::{
    CodeMode, CodePolicy, GuessBudget, GuessPolicy, StoreError, SystemEntropy, TenantId,
};
use offhook_bearer_token::{KeySet, MachineTokenIssuer, SigningKey, TokenCache, TokenVerifier};
use offhook_device_identity::{
    CertificateHeader, ChainVerifier, ClientAuthentication, DeviceCertificateVerifier,
    HeaderSource, IdentityPattern, IdentitySource, TrustedProxies,
};
use offhook_device_name::DeviceModel;
use offhook_device_profile::{Archive, Limits};
use offhook_onboarding::http::{
    ActivationApi, Clock, ManagementApi, RateLedger, RateLimit, SystemClock, TlsCredentials,
    activation_router, fallback_router, forwarded, health_router, key_set_json, key_set_router,
    logged, management_router, openapi_router, operator_router, rate_limited, server_config,
};
use offhook_onboarding::{
    ActivationService, CodeDesk, Counters, DeviceManagement, DeviceTypes, DmBridge, EdgeTrust,
    OnboardingMethod, OnboardingMethods, Registry, RemoteAccess,
};
use offhook_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::sync::Mutex;

use crate::config::{
    Config, Forwarded, HeaderFormat, IdentityHeader, Method, Mode, Onboarding, secret,
};
use crate::upstream::{bridge, fetch, mailer, operators};
use offhook_examples::keys::Keys;

/// What lives as long as the process does: a reload keeps it.
pub(crate) struct Lasting {
    pub(crate) tenant: TenantId,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) budget: Arc<GuessBudget>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether events are delivered by this process.
    has_event_receiver: bool,
    /// What each address has sent.
    ledger: RateLedger,
    /// What the ids of its requests begin with, and how often that was.
    node: String,
    loads: AtomicU64,
    /// The bridge keeps a refresh token that is good for one use.
    pub(crate) bridge: Mutex<Option<Arc<dyn DmBridge>>>,
}

/// What a reload replaces.
pub(crate) struct Serving {
    pub(crate) router: Router,
    pub(crate) tls: Arc<ServerConfig>,
}

impl Lasting {
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let registry = registry(config, MissingStore::Made).await?;
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
            has_event_receiver: config.events.is_some(),
            node: format!("{}-{started:x}", config.node),
            loads: AtomicU64::new(0),
            bridge: Mutex::default(),
        })
    }

    /// Tells the store what this node has counted of wrong codes.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        self.budget.sync(self.clock.now()).await
    }
}

/// Builds all services anew, from files as they are now.
pub(crate) async fn serving(config: &Config, lasting: &Lasting) -> anyhow::Result<Serving> {
    let issuers = issuers(config)?;
    let signing = issuers.first().context("tokens.keys: no key")?;
    let key_set = key_set_json(issuers.iter().map(AsRef::as_ref))?;
    let keys = KeySet::from_json(key_set.as_bytes()).context("reading our own keys")?;
    let keys: Arc<dyn TokenVerifier> = Arc::new(TokenCache::new(keys));
    let fetch = fetch(config)?;

    let peppers = Keys::read(&config.peppers)?.peppers;
    let tenant = lasting.tenant.clone();
    let budget = Arc::clone(&lasting.budget);
    let desk = CodeDesk::new(tenant.clone(), peppers, budget, SystemEntropy::new());
    let desk = Arc::new(desk.with_mode(mode(config)?));

    let roots = fs::read(&config.tls.device_roots);
    let roots = roots.with_context(|| told("tls.device_roots", &config.tls.device_roots))?;
    let chain = ChainVerifier::builder().anchors_from_pem(&roots);
    let chain = Arc::new(
        chain
            .and_then(|builder| builder.build())
            .context("tls.device_roots")?,
    );
    let by_certificate = Arc::new(IdentitySource::Certificate(Arc::clone(&chain)));
    let by_header = config.identity.as_ref();
    let by_header = by_header
        .map(|header| identity_header(header, &chain))
        .transpose()?;
    let identity = by_header.map_or_else(|| Arc::clone(&by_certificate), Arc::new);

    let activation = ActivationService::new(
        Arc::clone(&lasting.registry),
        Arc::clone(&desk),
        Arc::clone(signing),
        Arc::clone(&lasting.counters),
    );
    let activation = match edge_trust(config)? {
        Some(trust) => activation.with_edge_trust(trust),
        None => activation,
    };
    let clock = || Arc::clone(&lasting.clock);
    let activation = ActivationApi::new(Arc::new(activation), Arc::clone(&identity), clock());
    let management = DeviceManagement::new(
        Arc::clone(&lasting.registry),
        desk,
        device_types(&config.device_types)?,
        mailer(config, &fetch, &lasting.clock)?,
        bridge(config, lasting, signing, &fetch).await?,
        Arc::clone(&lasting.counters),
    );
    let management = if config.codes.shown {
        management.with_codes_shown()
    } else {
        management
    };
    let management = if lasting.has_event_receiver {
        management
    } else {
        management.without_event_receiver()
    };
    let management = match &config.onboarding {
        Some(onboarding) => management.with_methods(methods(onboarding)?),
        None => management,
    };
    let api = ManagementApi::new(
        Arc::new(management),
        Arc::clone(&keys),
        signing.policy(),
        identity,
        clock(),
    );
    let (verifier, policy) = operators(config, keys, &fetch)?;
    let api = api.with_operators(verifier, policy);

    let router = management_router(api.clone())
        .merge(operator_router(api))
        .merge(activation_router(activation))
        .merge(key_set_router(key_set))
        .merge(health_router(Arc::clone(&lasting.registry), tenant))
        .merge(openapi_router())
        .merge(fallback_router());
    let limits = &config.limits;
    let router = match limits.requests_per_second {
        0 => router,
        per_second => {
            let interval = std::time::Duration::from_secs(1) / per_second;
            let limit = RateLimit::new(interval, limits.request_burst);
            let limit = limit.with_ledger(lasting.ledger.clone());
            rate_limited(router, limit, clock())
        }
    };
    let devices = DeviceCertificateVerifier::new(chain, ClientAuthentication::Optional);
    let read = |path: &Path| fs::read(path).with_context(|| told("tls", path));
    let credentials =
        TlsCredentials::from_pem(&read(&config.tls.certificate)?, &read(&config.tls.key)?)
            .context("tls.certificate and tls.key")?;
    let load = lasting.loads.fetch_add(1, Ordering::Relaxed);
    let router = logged(router, &format!("{}.{load}", lasting.node), clock());
    let router = match &config.forwarded {
        None => router,
        Some(Forwarded { header, proxies }) => {
            let proxies = networks(proxies).context("forwarded.proxies")?;
            forwarded(router, proxies, header.parse().context("forwarded.header")?)
        }
    };
    Ok(Serving {
        router,
        tls: Arc::new(server_config(credentials, Some(Arc::new(devices)))?),
    })
}

/// What becomes of a store that is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MissingStore {
    Made,
    Refused,
}

/// There is no store where it should be.
#[derive(Debug)]
pub(crate) enum NoStore {
    File(PathBuf),
    Schema,
}

impl fmt::Display for NoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}: no such file", told("store", path)),
            Self::Schema => f.write_str("store: nobody has served from this database"),
        }
    }
}

impl std::error::Error for NoStore {}

pub(crate) async fn registry(
    config: &Config,
    missing: MissingStore,
) -> anyhow::Result<Arc<dyn Registry>> {
    if let Some(path) = config.sqlite() {
        // To open it would make one.
        if missing == MissingStore::Refused
            && !path.try_exists().with_context(|| told("store", path))?
        {
            return Err(NoStore::File(path.to_owned()).into());
        }
        let store = SqliteStore::open(path, &SqliteOptions::default());
        let store = store.with_context(|| format!("opening {}", path.display()));
        return Ok(Arc::new(store?));
    }
    if !config.store.starts_with("postgres") {
        bail!("store: neither sqlite:FILE nor postgres://USER@HOST/DATABASE");
    }
    let mut options = PostgresOptions::default();
    if missing == MissingStore::Refused {
        options = options.with_existing_schema();
    }
    if let Some(path) = &config.store_roots {
        let roots = fs::read(path).with_context(|| told("store_roots", path))?;
        options = options
            .with_root_certificates(&roots)
            .context("store_roots")?;
    }
    // The URL may hold a password.
    match PostgresStore::open(&config.store, &options).await {
        Err(OpenError::MissingSchema) => Err(NoStore::Schema.into()),
        store => Ok(Arc::new(store.context("opening the PostgreSQL store")?)),
    }
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
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes());
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

fn identity_header(
    header: &IdentityHeader,
    chain: &Arc<ChainVerifier>,
) -> anyhow::Result<IdentitySource> {
    let verify_name = || {
        header
            .verify_name
            .as_deref()
            .context("identity.verify_name is missing")
    };
    let certificate = |format| HeaderSource::certificate(format, Arc::clone(chain));
    let source = match header.format {
        HeaderFormat::Haproxy => {
            certificate(CertificateHeader::haproxy(&header.name, verify_name()?)?)
        }
        HeaderFormat::Nginx => certificate(match &header.verify_name {
            Some(verify_name) => CertificateHeader::nginx_verified(&header.name, verify_name)?,
            None => CertificateHeader::nginx(&header.name)?,
        }),
        HeaderFormat::Plain => {
            let pattern = header.pattern.as_deref().unwrap_or(".*([0-9a-fA-F]{12}).*");
            HeaderSource::plain(&header.name, IdentityPattern::new(pattern)?)?
        }
    };
    let proxies = networks(&header.proxies).context("identity.proxies")?;
    Ok(IdentitySource::from_settings(
        None,
        Some((proxies, source)),
    )?)
}

fn networks(proxies: &[String]) -> anyhow::Result<TrustedProxies> {
    let networks = proxies.iter().map(|network| {
        let parsed = network.parse();
        parsed.with_context(|| format!("{network} is no network such as 192.0.2.0/24"))
    });
    Ok(TrustedProxies::new(
        networks.collect::<anyhow::Result<Vec<_>>>()?,
    ))
}

/// All archives of the folder.
fn device_types(folder: &Path) -> anyhow::Result<DeviceTypes> {
    let entries = fs::read_dir(folder).with_context(|| told("device_types", folder))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| told("device_types", folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "dtaf")
        {
            paths.push(path);
        }
    }
    paths.sort();
    let mut types = DeviceTypes::new();
    for path in paths {
        let read = || -> anyhow::Result<_> {
            let archive = Archive::open(fs::File::open(&path)?, &Limits::default())?;
            Ok(archive.into_device_type()?)
        };
        let device_type = read().with_context(|| told("device_types", &path))?;
        let with = types.with(device_type);
        types = with.with_context(|| told("device_types", &path))?;
    }
    Ok(types)
}

pub(crate) fn told(key: &str, path: &Path) -> String {
    format!("{key}: {}", path.display())
}
