//! What all devices of a fleet meet: the servers, and a registrar and a name server of ours.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use offhook_activation_code::{Entropy as _, SystemEntropy};
use offhook_bearer_token::{AccessToken, Fetch, HttpsFetch, RemoteKeys, Scope, TokenPolicy};
use offhook_onboarding::http::{ManagementClient, SystemClock, client_config, server_config};
use offhook_sip_resolver::{Options, Resolver};
use offhook_testkit::{
    CertificateAuthority, DOMAIN, DnsServer, HttpAdmission, Registrar, RegistrarSettings,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use url::Url;

use crate::arguments::Arguments;

/// What all devices of a fleet meet.
pub(crate) struct Ground {
    pub(crate) nodes: Vec<Node>,
    pub(crate) admin_token: AccessToken,
    pub(crate) makers: CertificateAuthority,
    /// Whom devices trust: the servers' authority and that of our registrar.
    pub(crate) roots: Vec<CertificateDer<'static>>,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) registrar: Registrar,
    pub(crate) prefix: String,
    /// The first three octets of all addresses.
    pub(crate) address: [u8; 3],
    pub(crate) phones: usize,
    pub(crate) retries: u32,
    _dns: DnsServer,
}

/// A server.
pub(crate) struct Node {
    pub(crate) url: Url,
    pub(crate) client: ManagementClient,
}

impl Ground {
    pub(crate) async fn prepare(arguments: &Arguments) -> anyhow::Result<Self> {
        let read = |name: &str| read(&arguments.lab.join(name));
        let services = CertificateDer::from_pem_slice(read("services-ca.pem")?.as_bytes());
        let services = services.context("services-ca.pem")?;
        let (certificate, key) = (read("makers-ca.pem")?, read("makers-ca.key")?);
        let makers = CertificateAuthority::restore(MAKERS, &certificate, &key)?;
        let token = |name| -> anyhow::Result<AccessToken> {
            read(name)?
                .trim()
                .parse()
                .with_context(|| format!("{name} is no token"))
        };
        let (admin_token, registrar_token) = (token("admin.token")?, token("registrar.token")?);
        let fetch: Arc<dyn Fetch> = Arc::new(HttpsFetch::new(client_config(&[&services], None)?));
        let node = |url: &Url| Node {
            url: url.clone(),
            client: ManagementClient::new(url.clone(), Arc::clone(&fetch)),
        };
        let nodes: Vec<Node> = arguments.url.iter().map(node).collect();
        let first = &nodes.first().context("no --url")?.url;

        let authority = CertificateAuthority::new("Example SIP CA")?;
        let key_set = first.join(".well-known/jwks.json")?.as_str().parse()?;
        let admission =
            HttpAdmission::with_token(first.clone(), registrar_token, Arc::clone(&fetch));
        let settings = RegistrarSettings::new(
            DOMAIN,
            first.clone(),
            Scope::BROADWORKS_CONNECTOR_USER,
            Arc::new(RemoteKeys::new(key_set, fetch)),
            TokenPolicy::new(&arguments.issuer, &arguments.audience),
            Arc::new(admission),
            Arc::new(SystemClock::new()),
        );
        let credentials = authority.server(&[DOMAIN], &[])?;
        let registrar = Registrar::start(settings, server_config(credentials, None)?).await?;
        let dns = DnsServer::start(DOMAIN, &zone(registrar.address().port())).await?;
        let resolver = Resolver::new([dns.address()], Options::default())?;

        let mut drawn = [0; 6];
        SystemEntropy::new()
            .fill(&mut drawn)
            .context("no entropy")?;
        let [a, b, c, name @ ..] = drawn;
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            nodes,
            admin_token,
            makers,
            roots: vec![services, authority.certificate().clone()],
            resolver: Arc::new(resolver),
            registrar,
            prefix: arguments
                .prefix
                .clone()
                .unwrap_or_else(|| format!("fleet-{name}")),
            // Locally administered, and no group.
            address: [a & 0xfc | 0x02, b, c],
            phones: usize::from(arguments.phones),
            retries: arguments.retries,
            _dns: dns,
        })
    }

    /// The server that a device speaks to.
    pub(crate) fn node(&self, number: usize) -> anyhow::Result<&Node> {
        let nodes = &self.nodes;
        nodes.get(number % nodes.len().max(1)).context("no server")
    }
}

fn zone(port: u16) -> String {
    format!(
        "$TTL 300\n\
         @ IN SOA ns hostmaster 1 3600 600 86400 60\n\
         @ IN NS ns\n\
         ns IN A 127.0.0.1\n\
         @ IN NAPTR 10 10 \"s\" \"SIPS+D2T\" \"\" _sip._tls\n\
         _sip._tls IN SRV 10 10 {port} sbc\n\
         sbc IN A 127.0.0.1\n"
    )
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// The common name of the authority of the devices of a lab.
const MAKERS: &str = "Example Phones Manufacturing CA";
