//! Everything that onboarding needs, on loopback: each service on a socket of its own.

mod options;
mod service;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use offhook_activation_code::ActivationCode;
use offhook_onboarding::http::{TlsCredentials, client_config};
use offhook_onboarding::{Counters, LogMailer, Registry};
use offhook_store_sqlite::SqliteStore;
use rustls::pki_types::CertificateDer;
use url::Url;

use crate::admin::AdminClient;
use crate::{
    CertificateAuthority, DmBridgeServer, DnsServer, EdgeServer, Issuer, Registrar, ShiftedClock,
    TlsServer,
};
use service::{Ground, Parts, Providers, device_types, https};

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
        let ground = Ground::new()?;
        let providers = Providers::start(&ground).await?;
        let parts = Parts::new(&ground, folder, options.codes)?;
        let activation_server = service::activation(&ground, &providers, &parts).await?;
        let mail_folder = folder.join("mail");
        std::fs::create_dir(&mail_folder).context("making the mail folder")?;
        let mail = Arc::new(LogMailer::new(&mail_folder));
        let types = device_types(archives)?;
        let identity = parts.identity(options.identity)?;
        let management_server =
            service::management(&ground, &providers, &parts, &mail, types, identity).await?;
        let management_url = https(management_server.address())?;
        // Call control, and the DNS that leads to it.
        let registrar = service::registrar(&ground, &providers, &management_url).await?;
        let inside = (management_server.address(), registrar.address());
        let edge = service::edge(&ground, &parts, inside).await?;
        let dns = service::dns(options.zone, &registrar, edge.as_ref()).await?;
        let admin = service::administrator(&ground, &providers, &management_url)?;
        let (issuer, bridge, [issuer_server, bridge_server]) = providers.into_parts();
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
            service_authority: ground.service_authority,
            maker_authority: ground.maker_authority,
            clock: ground.clock,
            dns,
            issuer,
            bridge,
            registry: parts.registry,
            mail,
            counters: parts.counters,
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

/// How long machine tokens live: one hour.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);
