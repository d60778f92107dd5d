//! The services of a world, a builder for each.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use offhook_activation_code::{
    CodeMode, CodePolicy, Entropy as _, GuessBudget, GuessPolicy, GuessStore, Pepper, PepperId,
    Peppers, ServiceDomain, SystemEntropy, TenantId,
};
use offhook_bearer_token::{
    Fetch, HttpsFetch, KeySet, MachineTokenIssuer, RefreshedToken, RemoteKeys, Scope, SigningKey,
    TokenCache,
};
use offhook_device_identity::{
    CertificateHeader, ChainVerifier, ClientAuthentication, DeviceCertificateVerifier,
    HeaderSource, IdentityPattern, IdentitySource, TrustedProxies,
};
use offhook_device_profile::{Archive, DeviceType, Limits};
use offhook_onboarding::http::{
    ADMIN_SCOPE, ActivationApi, HttpDmBridge, ManagementApi, REGISTRATION_SCOPE, activation_router,
    client_config, fallback_router, management_router, server_config,
};
use offhook_onboarding::{
    ActivationService, CodeDesk, Counters, DeviceManagement, DeviceTypes, EdgeTrust, LogMailer,
};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier;
use url::Url;

use super::{
    AUDIENCE, Codes, DOMAIN, EDGE_DOMAIN, ISSUER, IdentityFrom, KEY_ID, TOKEN_LIFETIME, Zone,
};
use crate::admin::AdminClient;
use crate::{
    CertificateAuthority, ClientCredentials, DmBridgeServer, DnsServer, EdgeServer, HttpAdmission,
    InsideServer, Issuer, Registrar, RegistrarSettings, ShiftedClock, TlsServer,
};

/// What all services stand on.
pub(super) struct Ground {
    pub(super) clock: Arc<ShiftedClock>,
    pub(super) service_authority: CertificateAuthority,
    pub(super) maker_authority: CertificateAuthority,
    fetch: Arc<dyn Fetch>,
}

impl Ground {
    pub(super) fn new() -> anyhow::Result<Self> {
        let service_authority = CertificateAuthority::new("Example Services CA")?;
        let client = client_config(&[service_authority.certificate()], None)?;
        Ok(Self {
            clock: Arc::new(ShiftedClock::new()),
            fetch: Arc::new(HttpsFetch::new(client)),
            service_authority,
            maker_authority: CertificateAuthority::new("Example Phones Manufacturing CA")?,
        })
    }

    /// TLS of a service on this machine; `devices` looks at the certificates of its clients.
    fn tls(&self, devices: Option<Arc<dyn ClientCertVerifier>>) -> anyhow::Result<ServerConfig> {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let credentials = self.service_authority.server(&["localhost"], &[address])?;
        Ok(server_config(credentials, devices)?)
    }

    /// The keys of the issuer at `url`.
    fn keys(&self, url: &Url) -> anyhow::Result<RemoteKeys> {
        let keys = url.join(".well-known/jwks.json")?.as_str().parse()?;
        Ok(RemoteKeys::new(keys, Arc::clone(&self.fetch)))
    }
}

/// OAuth issuer and DM Bridge: somebody else's services, reached over HTTPS only.
pub(super) struct Providers {
    tokens: Arc<MachineTokenIssuer>,
    issuer: Arc<Issuer>,
    issuer_server: TlsServer,
    issuer_url: Url,
    bridge: Arc<DmBridgeServer>,
    bridge_server: TlsServer,
}

impl Providers {
    pub(super) async fn start(ground: &Ground) -> anyhow::Result<Self> {
        let tokens = Arc::new(machine_token_issuer()?);
        let issuer = Arc::new(Issuer::new(Arc::clone(&tokens), ground.clock.clone()));
        let issuer_server = TlsServer::start(issuer.router()?, ground.tls(None)?).await?;
        let issuer_url = https(issuer_server.address())?;
        let bridge = Arc::new(DmBridgeServer::new(
            Arc::clone(&issuer),
            ground.keys(&issuer_url)?,
            tokens.policy(),
            ground.clock.clone(),
        ));
        let bridge_router = Arc::clone(&bridge).router();
        let bridge_server = TlsServer::start(bridge_router, ground.tls(None)?).await?;
        Ok(Self {
            tokens,
            issuer,
            issuer_server,
            issuer_url,
            bridge,
            bridge_server,
        })
    }

    pub(super) fn into_parts(self) -> (Arc<Issuer>, Arc<DmBridgeServer>, [TlsServer; 2]) {
        let servers = [self.issuer_server, self.bridge_server];
        (self.issuer, self.bridge, servers)
    }

    /// The token of a new client, which may have `scope`.
    fn token(&self, ground: &Ground, id: &str, scope: Scope) -> anyhow::Result<RefreshedToken> {
        let url = self.issuer_url.join("token")?.as_str().parse()?;
        let ClientCredentials {
            id,
            secret,
            refresh_token,
        } = self.issuer.add_client(id, vec![scope])?;
        let fetch = Arc::clone(&ground.fetch);
        Ok(RefreshedToken::new(url, &id, secret, refresh_token, fetch))
    }
}

/// What the activation service and device management have in common.
pub(super) struct Parts {
    pub(super) registry: Arc<SqliteStore>,
    pub(super) counters: Arc<Counters>,
    desk: Arc<CodeDesk>,
    /// Who signs the certificate of the edge, where codes are for telephones outside.
    edge_authority: Option<CertificateAuthority>,
    chain: Arc<ChainVerifier>,
    by_certificate: Arc<IdentitySource>,
    devices: Arc<DeviceCertificateVerifier>,
}

impl Parts {
    pub(super) fn new(ground: &Ground, folder: &Path, codes: Codes) -> anyhow::Result<Self> {
        let options = SqliteOptions::default();
        let registry = SqliteStore::open(folder.join("onboarding.db"), &options);
        let registry = Arc::new(registry.context("opening the registry")?);
        let desk = code_desk(registry.clone())?;
        let (desk, edge_authority) = match codes {
            Codes::BroadWorks => (desk, None),
            Codes::RemoteAccess => {
                let service_domain = ServiceDomain::new(EDGE_DOMAIN)?;
                let desk = desk.with_mode(CodeMode::RemoteAccess { service_domain });
                (desk, Some(CertificateAuthority::new("Example Edge CA")?))
            }
        };
        let chain = ChainVerifier::builder().anchor(ground.maker_authority.certificate())?;
        let chain = Arc::new(chain.build()?);
        Ok(Self {
            registry,
            counters: Arc::new(Counters::default()),
            desk: Arc::new(desk),
            edge_authority,
            by_certificate: Arc::new(IdentitySource::Certificate(Arc::clone(&chain))),
            devices: Arc::new(DeviceCertificateVerifier::new(
                Arc::clone(&chain),
                ClientAuthentication::Optional,
            )),
            chain,
        })
    }

    /// Where device management takes identities from.
    pub(super) fn identity(&self, from: IdentityFrom) -> anyhow::Result<Arc<IdentitySource>> {
        Ok(match from {
            IdentityFrom::Certificate => Arc::clone(&self.by_certificate),
            IdentityFrom::Haproxy => {
                let header = CertificateHeader::haproxy("x-ssl-client-der", "x-ssl-client-verify")?;
                let header = HeaderSource::certificate(header, Arc::clone(&self.chain));
                Arc::new(from_proxy(header)?)
            }
            IdentityFrom::ProxyHeader => {
                let pattern = IdentityPattern::new(".*([0-9a-fA-F]{12}).*")?;
                Arc::new(from_proxy(HeaderSource::plain("macaddress", pattern)?)?)
            }
        })
    }
}

pub(super) async fn activation(
    ground: &Ground,
    providers: &Providers,
    parts: &Parts,
) -> anyhow::Result<TlsServer> {
    let activation = ActivationService::new(
        parts.registry.clone(),
        Arc::clone(&parts.desk),
        Arc::clone(&providers.tokens),
        Arc::clone(&parts.counters),
    );
    let activation = match &parts.edge_authority {
        Some(authority) => activation.with_edge_trust(EdgeTrust::from_pem(&authority.to_pem().0)?),
        None => activation,
    };
    let own_keys = KeySet::from_json(providers.tokens.key_set_json()?.as_bytes())?;
    let activation = ActivationApi::new(
        Arc::new(activation),
        Arc::new(TokenCache::new(own_keys)),
        Arc::clone(&parts.by_certificate),
        ground.clock.clone(),
    );
    TlsServer::start(
        activation_router(activation).merge(fallback_router()),
        ground.tls(Some(parts.devices.clone()))?,
    )
    .await
}

pub(super) async fn management(
    ground: &Ground,
    providers: &Providers,
    parts: &Parts,
    mail: &Arc<LogMailer>,
    types: DeviceTypes,
    identity: Arc<IdentitySource>,
) -> anyhow::Result<TlsServer> {
    let token = providers.token(ground, "device-management", Scope::DM_BRIDGE_DEVICE_AUTH)?;
    let bridge = HttpDmBridge::new(
        https(providers.bridge_server.address())?.join("v1/device-auth")?,
        token.with_scope(Scope::DM_BRIDGE_DEVICE_AUTH),
        Arc::clone(&ground.fetch),
    );
    let management = DeviceManagement::new(
        parts.registry.clone(),
        Arc::clone(&parts.desk),
        types,
        mail.clone(),
        Arc::new(bridge),
        Arc::clone(&parts.counters),
    );
    let api = ManagementApi::new(
        Arc::new(management),
        Arc::new(TokenCache::new(ground.keys(&providers.issuer_url)?)),
        providers.tokens.policy(),
        identity,
        ground.clock.clone(),
    );
    TlsServer::start(
        management_router(api).merge(fallback_router()),
        ground.tls(Some(parts.devices.clone()))?,
    )
    .await
}

/// Call control, which asks device management whom it may register.
pub(super) async fn registrar(
    ground: &Ground,
    providers: &Providers,
    management_url: &Url,
) -> anyhow::Result<Registrar> {
    let admission = HttpAdmission::new(
        management_url.clone(),
        providers.token(ground, "registrar", REGISTRATION_SCOPE.parse()?)?,
        Arc::clone(&ground.fetch),
        ground.clock.clone(),
    );
    let settings = RegistrarSettings::new(
        DOMAIN,
        providers.issuer_url.clone(),
        Scope::BROADWORKS_CONNECTOR_USER,
        Arc::new(ground.keys(&providers.issuer_url)?),
        providers.tokens.policy(),
        Arc::new(admission),
        ground.clock.clone(),
    );
    let credentials = ground.service_authority.server(&[DOMAIN], &[])?;
    Registrar::start(settings, server_config(credentials, None)?).await
}

/// The edge in front of device management and the registrar, where there is one.
pub(super) async fn edge(
    ground: &Ground,
    parts: &Parts,
    (management, registrar): (SocketAddr, SocketAddr),
) -> anyhow::Result<Option<EdgeServer>> {
    let Some(authority) = &parts.edge_authority else {
        return Ok(None);
    };
    let client = client_config(&[ground.service_authority.certificate()], None)?;
    let management = InsideServer {
        address: management,
        name: "localhost",
    };
    let registrar = InsideServer {
        address: registrar,
        name: DOMAIN,
    };
    let edge = EdgeServer::start(authority, EDGE_DOMAIN, client, management, registrar);
    edge.await.map(Some)
}

/// The DNS of the SIP domain, and of the edge where there is one.
pub(super) async fn dns(
    options: Zone,
    registrar: &Registrar,
    edge: Option<&EdgeServer>,
) -> anyhow::Result<DnsServer> {
    let mut zone = zone(options, registrar.address().port());
    if let Some(edge) = edge {
        let port = edge.web().port();
        zone += &format!("_collab-edge._tls.mra IN SRV 10 10 {port} edge\nedge IN A 127.0.0.1\n");
    }
    DnsServer::start(DOMAIN, &zone).await
}

pub(super) fn administrator(
    ground: &Ground,
    providers: &Providers,
    management_url: &Url,
) -> anyhow::Result<AdminClient> {
    let token = providers.token(ground, "administrator", ADMIN_SCOPE.parse()?)?;
    let (fetch, clock) = (Arc::clone(&ground.fetch), ground.clock.clone());
    Ok(AdminClient::new(
        management_url.clone(),
        token,
        fetch,
        clock,
    ))
}

pub(super) fn https(address: SocketAddr) -> anyhow::Result<Url> {
    Url::parse(&format!("https://{address}/")).context("URL of a service")
}

fn machine_token_issuer() -> anyhow::Result<MachineTokenIssuer> {
    let (key, _) = SigningKey::generate_es256(KEY_ID).context("signing key")?;
    Ok(MachineTokenIssuer::new(
        key,
        ISSUER,
        AUDIENCE,
        TOKEN_LIFETIME,
    ))
}

fn code_desk(guesses: Arc<dyn GuessStore>) -> anyhow::Result<CodeDesk> {
    let mut bytes = vec![0; 32];
    SystemEntropy::new().fill(&mut bytes).context("pepper")?;
    let peppers = Peppers::new(PepperId::new(1), Pepper::new(bytes)?);
    let budget = GuessBudget::new(
        guesses,
        &peppers,
        CodePolicy::default(),
        GuessPolicy::default(),
        1,
    );
    Ok(CodeDesk::new(
        TenantId::new("example")?,
        peppers,
        Arc::new(budget),
        SystemEntropy::new(),
    ))
}

pub(super) fn device_types(archives: &[PathBuf]) -> anyhow::Result<DeviceTypes> {
    let mut types = DeviceTypes::new();
    for path in archives {
        let read = || -> anyhow::Result<DeviceType> {
            let archive = Archive::open(File::open(path)?, &Limits::default())?;
            Ok(archive.into_device_type()?)
        };
        let device_type = read().with_context(|| format!("reading {}", path.display()))?;
        types = types
            .with(device_type)
            .with_context(|| format!("offering {}", path.display()))?;
    }
    Ok(types)
}

/// Identities from a header of the proxy at 127.0.0.2.
fn from_proxy(header: HeaderSource) -> anyhow::Result<IdentitySource> {
    Ok(IdentitySource::Header {
        proxies: TrustedProxies::new(["127.0.0.2/32".parse()?]),
        header,
    })
}

fn zone(zone: Zone, port: u16) -> String {
    let service = match zone {
        Zone::Tls => format!(
            "@ IN NAPTR 10 10 \"s\" \"SIPS+D2T\" \"\" _sip._tls\n\
             _sip._tls IN SRV 10 10 {port} sbc\n"
        ),
        Zone::PlaintextOnly => format!(
            "@ IN NAPTR 10 10 \"s\" \"SIP+D2U\" \"\" _sip._udp\n\
             _sip._udp IN SRV 10 10 {port} sbc\n"
        ),
    };
    format!(
        "$TTL 300\n\
         @ IN SOA ns hostmaster 1 3600 600 86400 60\n\
         @ IN NS ns\n\
         ns IN A 127.0.0.1\n\
         {service}\
         sbc IN A 127.0.0.1\n"
    )
}
