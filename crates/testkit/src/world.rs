//! Everything that onboarding needs, on loopback: each service on a socket of its own.

mod options;

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use offhook_activation_code::{
    ActivationCode, CodeMode, CodePolicy, Entropy as _, GuessBudget, GuessPolicy, GuessStore,
    Pepper, PepperId, Peppers, ServiceDomain, SystemEntropy, TenantId,
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
    ADMIN_SCOPE, ActivationApi, HttpDmBridge, ManagementApi, REGISTRATION_SCOPE, TlsCredentials,
    activation_router, client_config, fallback_router, management_router, server_config,
};
use offhook_onboarding::{
    ActivationService, CodeDesk, Counters, DeviceManagement, DeviceTypes, EdgeTrust, LogMailer,
    Registry,
};
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use rustls::pki_types::CertificateDer;
use url::Url;

use crate::admin::AdminClient;
use crate::{
    CertificateAuthority, ClientCredentials, DmBridgeServer, DnsServer, EdgeServer, HttpAdmission,
    InsideServer, Issuer, Registrar, RegistrarSettings, ShiftedClock, TlsServer,
};

pub use options::{Codes, IdentityFrom, WorldOptions, Zone};

/// The SIP domain of the world.
pub const DOMAIN: &str = "example.test";

/// The service domain of telephones outside.
pub const EDGE_DOMAIN: &str = "mra.example.test";

/// Who issues the tokens of the world.
pub const ISSUER: &str = "https://issuer.example.test";

/// For whom the tokens are.
pub const AUDIENCE: &str = "devices.example.test";

/// The id of the key that signs the tokens.
pub const KEY_ID: &str = "2026-11";

/// All services, running; they end when it is dropped.
#[derive(Debug)]
pub struct World {
    service_authority: CertificateAuthority,
    maker_authority: CertificateAuthority,
    clock: Arc<ShiftedClock>,
    dns: DnsServer,
    issuer: Arc<Issuer>,
    bridge: Arc<DmBridgeServer>,
    registry: Arc<SqliteStore>,
    mail: Arc<LogMailer>,
    counters: Arc<Counters>,
    admin: AdminClient,
    activation_url: Url,
    management_url: Url,
    registrar: Registrar,
    edge: Option<EdgeServer>,
    servers: Vec<TlsServer>,
}

impl World {
    /// Starts all services; what they keep goes into `folder`, which must exist and be empty.
    ///
    /// # Errors
    ///
    /// When a service cannot be started; the chain of causes says which.
    pub async fn start(
        folder: &Path,
        archives: &[PathBuf],
        options: WorldOptions,
    ) -> anyhow::Result<Self> {
        let clock = Arc::new(ShiftedClock::new());
        let service_authority = CertificateAuthority::new("Example Services CA")?;
        let maker_authority = CertificateAuthority::new("Example Phones Manufacturing CA")?;
        let fetch: Arc<dyn Fetch> = Arc::new(HttpsFetch::new(client_config(
            &[service_authority.certificate()],
            None,
        )?));
        let service =
            || service_authority.server(&["localhost"], &[IpAddr::V4(Ipv4Addr::LOCALHOST)]);

        // OAuth issuer and DM Bridge: somebody else's services, reached over HTTPS only.
        let tokens = Arc::new(machine_token_issuer()?);
        let policy = tokens.policy();
        let issuer = Arc::new(Issuer::new(Arc::clone(&tokens), clock.clone()));
        let issuer_server =
            TlsServer::start(issuer.router()?, server_config(service()?, None)?).await?;
        let issuer_url = https(issuer_server.address())?;
        let keys = || -> anyhow::Result<RemoteKeys> {
            Ok(RemoteKeys::new(
                issuer_url.join(".well-known/jwks.json")?.as_str().parse()?,
                Arc::clone(&fetch),
            ))
        };
        let bridge = Arc::new(DmBridgeServer::new(
            Arc::clone(&issuer),
            keys()?,
            policy.clone(),
            clock.clone(),
        ));
        let bridge_router = Arc::clone(&bridge).router();
        let bridge_server =
            TlsServer::start(bridge_router, server_config(service()?, None)?).await?;

        let token = |client: ClientCredentials| -> anyhow::Result<RefreshedToken> {
            let url = issuer_url.join("token")?.as_str().parse()?;
            let fetch = Arc::clone(&fetch);
            let ClientCredentials {
                id,
                secret,
                refresh_token,
            } = client;
            Ok(RefreshedToken::new(url, &id, secret, refresh_token, fetch))
        };

        // Ours: the registry, the activation service, device management.
        let registry = Arc::new(
            SqliteStore::open(folder.join("onboarding.db"), &SqliteOptions::default())
                .context("opening the registry")?,
        );
        let desk = code_desk(registry.clone())?;
        let (desk, edge_authority) = match options.codes {
            Codes::BroadWorks => (desk, None),
            Codes::RemoteAccess => {
                let service_domain = ServiceDomain::new(EDGE_DOMAIN)?;
                let desk = desk.with_mode(CodeMode::RemoteAccess { service_domain });
                (desk, Some(CertificateAuthority::new("Example Edge CA")?))
            }
        };
        let desk = Arc::new(desk);
        let counters = Arc::new(Counters::default());
        let chain = Arc::new(
            ChainVerifier::builder()
                .anchor(maker_authority.certificate())?
                .build()?,
        );
        let by_certificate = Arc::new(IdentitySource::Certificate(Arc::clone(&chain)));
        let devices = Arc::new(DeviceCertificateVerifier::new(
            Arc::clone(&chain),
            ClientAuthentication::Optional,
        ));

        let own_keys = KeySet::from_json(tokens.key_set_json()?.as_bytes())?;
        let activation = ActivationService::new(
            registry.clone(),
            Arc::clone(&desk),
            tokens,
            Arc::clone(&counters),
        );
        let activation = match &edge_authority {
            Some(authority) => {
                activation.with_edge_trust(EdgeTrust::from_pem(&authority.to_pem().0)?)
            }
            None => activation,
        };
        let activation = ActivationApi::new(
            Arc::new(activation),
            Arc::new(TokenCache::new(own_keys)),
            Arc::clone(&by_certificate),
            clock.clone(),
        );
        let activation_server = TlsServer::start(
            activation_router(activation).merge(fallback_router()),
            server_config(service()?, Some(devices.clone()))?,
        )
        .await?;

        let mail_folder = folder.join("mail");
        std::fs::create_dir(&mail_folder).context("making the mail folder")?;
        let mail = Arc::new(LogMailer::new(&mail_folder));
        let client = issuer.add_client("device-management", vec![Scope::DM_BRIDGE_DEVICE_AUTH])?;
        let bridge_client = HttpDmBridge::new(
            https(bridge_server.address())?.join("v1/device-auth")?,
            token(client)?.with_scope(Scope::DM_BRIDGE_DEVICE_AUTH),
            Arc::clone(&fetch),
        );
        let management = DeviceManagement::new(
            registry.clone(),
            desk,
            device_types(archives)?,
            mail.clone(),
            Arc::new(bridge_client),
            Arc::clone(&counters),
        );
        let identity = match options.identity {
            IdentityFrom::Certificate => by_certificate,
            IdentityFrom::Haproxy => {
                let header = HeaderSource::certificate(
                    CertificateHeader::haproxy("x-ssl-client-der", "x-ssl-client-verify")?,
                    chain,
                );
                Arc::new(from_proxy(header)?)
            }
            IdentityFrom::ProxyHeader => {
                let pattern = IdentityPattern::new(".*([0-9a-fA-F]{12}).*")?;
                Arc::new(from_proxy(HeaderSource::plain("macaddress", pattern)?)?)
            }
        };
        let api = ManagementApi::new(
            Arc::new(management),
            Arc::new(TokenCache::new(keys()?)),
            policy.clone(),
            identity,
            clock.clone(),
        );
        let management_server = TlsServer::start(
            management_router(api).merge(fallback_router()),
            server_config(service()?, Some(devices))?,
        )
        .await?;
        let management_url = https(management_server.address())?;

        // Call control, and the DNS that leads to it.
        let client = issuer.add_client("registrar", vec![REGISTRATION_SCOPE.parse()?])?;
        let url = management_url.clone();
        let admission = HttpAdmission::new(url, token(client)?, Arc::clone(&fetch), clock.clone());
        let settings = RegistrarSettings::new(
            DOMAIN,
            issuer_url.clone(),
            Scope::BROADWORKS_CONNECTOR_USER,
            Arc::new(keys()?),
            policy,
            Arc::new(admission),
            clock.clone(),
        );
        let credentials = service_authority.server(&[DOMAIN], &[])?;
        let registrar = Registrar::start(settings, server_config(credentials, None)?).await?;
        let edge = match &edge_authority {
            None => None,
            Some(authority) => {
                let client = client_config(&[service_authority.certificate()], None)?;
                let management = InsideServer {
                    address: management_server.address(),
                    name: "localhost",
                };
                let registrar = InsideServer {
                    address: registrar.address(),
                    name: DOMAIN,
                };
                let edge = EdgeServer::start(authority, EDGE_DOMAIN, client, management, registrar);
                Some(edge.await?)
            }
        };
        let mut zone = zone(options.zone, registrar.address().port());
        if let Some(edge) = &edge {
            let port = edge.web().port();
            zone +=
                &format!("_collab-edge._tls.mra IN SRV 10 10 {port} edge\nedge IN A 127.0.0.1\n");
        }
        let dns = DnsServer::start(DOMAIN, &zone).await?;

        let client = issuer.add_client("administrator", vec![ADMIN_SCOPE.parse()?])?;
        let url = management_url.clone();
        let admin = AdminClient::new(url, token(client)?, Arc::clone(&fetch), clock.clone());
        Ok(Self {
            admin,
            activation_url: https(activation_server.address())?,
            management_url,
            servers: vec![
                issuer_server,
                bridge_server,
                activation_server,
                management_server,
            ],
            service_authority,
            maker_authority,
            clock,
            dns,
            issuer,
            bridge,
            registry,
            mail,
            counters,
            registrar,
            edge,
        })
    }

    /// Who signs the certificates of the services.
    #[must_use]
    pub const fn service_authority(&self) -> &CertificateAuthority {
        &self.service_authority
    }

    /// Who signs the certificates of the devices.
    #[must_use]
    pub const fn maker_authority(&self) -> &CertificateAuthority {
        &self.maker_authority
    }

    /// The clock of all services.
    #[must_use]
    pub fn clock(&self) -> &ShiftedClock {
        &self.clock
    }

    /// Where the DNS answers.
    #[must_use]
    pub const fn dns(&self) -> SocketAddr {
        self.dns.address()
    }

    /// Where the registrar answers.
    #[must_use]
    pub const fn registrar(&self) -> SocketAddr {
        self.registrar.address()
    }

    /// The edge, where codes are for telephones outside.
    #[must_use]
    pub const fn edge(&self) -> Option<&EdgeServer> {
        self.edge.as_ref()
    }

    /// The OAuth issuer.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The DM Bridge.
    #[must_use]
    pub fn bridge(&self) -> &DmBridgeServer {
        &self.bridge
    }

    /// The registry behind the services.
    #[must_use]
    pub fn registry(&self) -> &dyn Registry {
        self.registry.as_ref()
    }

    /// The code that was mailed last.
    ///
    /// # Errors
    ///
    /// When there is no mail, or no code in it.
    pub fn mailed_code(&self) -> anyhow::Result<ActivationCode> {
        let mail = self.mail.newest()?.context("no mail")?;
        let mut lines = mail.lines();
        let code = lines.find_map(|line| line.strip_prefix("Code:"));
        let code = code.context("no code in the mail")?.trim();
        code.parse().context("the code in the mail")
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// An administrator of device management, over HTTPS.
    #[must_use]
    pub const fn admin(&self) -> &AdminClient {
        &self.admin
    }

    /// Where the activation service answers.
    #[must_use]
    pub const fn activation_url(&self) -> &Url {
        &self.activation_url
    }

    /// Where device management answers.
    #[must_use]
    pub const fn management_url(&self) -> &Url {
        &self.management_url
    }

    /// A TLS client that trusts the services and shows `credentials`.
    ///
    /// # Errors
    ///
    /// When the credentials are not well formed.
    pub fn client(
        &self,
        credentials: Option<TlsCredentials>,
    ) -> anyhow::Result<rustls::ClientConfig> {
        let anchor: &CertificateDer<'static> = self.service_authority.certificate();
        Ok(client_config(&[anchor], credentials)?)
    }

    /// How many services are running behind TLS, the registrar among them.
    #[must_use]
    pub fn services(&self) -> usize {
        self.servers.len() + 1
    }
}

fn https(address: SocketAddr) -> anyhow::Result<Url> {
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

fn device_types(archives: &[PathBuf]) -> anyhow::Result<DeviceTypes> {
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

/// How long machine tokens live: one hour.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);
