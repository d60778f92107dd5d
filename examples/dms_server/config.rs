//! The configuration file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use offhook_onboarding::Actor;
use serde::{Deserialize, Deserializer};

/// What a server is and where its files are; paths are beside the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The version of this format: 1.
    pub(crate) version: u32,
    /// Whose devices these are.
    pub(crate) tenant: String,
    /// Where the server answers, by TLS.
    pub(crate) listen: SocketAddr,
    /// `sqlite:FILE`, or a URL of PostgreSQL.
    pub(crate) store: String,
    /// Root certificates of the PostgreSQL server.
    pub(crate) store_roots: Option<PathBuf>,
    /// The number of this node among those that share a store.
    #[serde(default = "first")]
    pub(crate) node: u32,
    /// The folder of device type archives.
    pub(crate) device_types: PathBuf,
    /// The file of peppers.
    pub(crate) peppers: PathBuf,
    pub(crate) tls: Tls,
    pub(crate) tokens: Tokens,
    pub(crate) operators: Option<Operators>,
    #[serde(default)]
    pub(crate) codes: Codes,
    pub(crate) onboarding: Option<Onboarding>,
    pub(crate) remote_access: Option<RemoteAccess>,
    pub(crate) identity: Option<IdentityHeader>,
    pub(crate) forwarded: Option<Forwarded>,
    pub(crate) dm_bridge: Option<Bridge>,
    pub(crate) mail: Mail,
    pub(crate) events: Option<Webhook>,
    #[serde(default)]
    pub(crate) limits: Limits,
}

/// The certificates of the server and of the devices' makers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Roots of the makers whose certificates devices show.
    pub(crate) device_roots: PathBuf,
    /// Roots of the services that this one asks: DM Bridge, webhooks, key sets.
    pub(crate) service_roots: Option<PathBuf>,
}

/// The machine tokens that this server signs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// Keys by their id; all verify.
    pub(crate) keys: BTreeMap<String, PathBuf>,
    /// The id of the key that signs.
    pub(crate) signing: String,
    #[serde(default = "an_hour", deserialize_with = "duration")]
    pub(crate) lifetime: Duration,
}

/// Who gives out the tokens of administrators, where it is not this server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operators {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) key_set: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Codes {
    /// Administrators may have codes in the answer.
    #[serde(default)]
    pub(crate) shown: bool,
    /// How they are redeemed, where there is no `[remote_access]`.
    pub(crate) mode: Option<Mode>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// With or without a certificate.
    #[default]
    Broadworks,
    /// With a certificate of a maker.
    OnPremises,
}

/// How models are onboarded on premises; where it is left out, all of them may have codes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Onboarding {
    /// By model; those that are not named are auto-registered, and have no codes.
    pub(crate) methods: BTreeMap<String, Method>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    ActivationCode,
    AutoRegistration,
}

/// All codes are for telephones outside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoteAccess {
    /// The SRV record of the edge, such as `_collab-edge._tls.example.com`.
    pub(crate) srv_record: String,
    /// The authorities that telephones trust there.
    pub(crate) edge_trust: Option<PathBuf>,
}

/// A proxy in front proves the devices.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityHeader {
    pub(crate) format: HeaderFormat,
    pub(crate) name: String,
    /// The header with the proxy's verdict, where the format has one.
    pub(crate) verify_name: Option<String>,
    /// The pattern of a plain header.
    pub(crate) pattern: Option<String>,
    /// Networks of the proxies whose header counts.
    pub(crate) proxies: Vec<String>,
}

/// Proxies in front tell whose request it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forwarded {
    #[serde(default = "x_forwarded_for")]
    pub(crate) header: String,
    /// Networks of the proxies whose header counts.
    pub(crate) proxies: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HeaderFormat {
    Haproxy,
    Nginx,
    Plain,
}

/// The DM Bridge; where none is named, this server vouches for its devices itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bridge {
    pub(crate) url: String,
    pub(crate) token_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: PathBuf,
    pub(crate) refresh_token: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub(crate) enum Mail {
    /// Each mail becomes a file of this folder; for a lab.
    Folder {
        path: PathBuf,
    },
    Smtp(Smtp),
    Webhook(Webhook),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Smtp {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) from: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<PathBuf>,
}

/// Somebody who is told by HTTPS.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    /// The file of the secret that signs what is sent.
    pub(crate) secret: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    /// Requests of one address in a second, over a while; 0 for no limit.
    pub(crate) requests_per_second: u32,
    /// How many may come at once.
    pub(crate) request_burst: u32,
    /// How long events are kept where nobody is to hear of them.
    #[serde(deserialize_with = "duration")]
    pub(crate) events_kept: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 64,
            requests_per_second: 20,
            request_burst: 200,
            events_kept: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

impl Config {
    /// Reads the file and makes its paths those from here.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let told = || format!("reading {}", path.display());
        let text = std::fs::read_to_string(path).with_context(told)?;
        let mut config: Self = toml::from_str(&text).with_context(told)?;
        if config.version != VERSION {
            bail!(
                "{}: version {} is not {VERSION}",
                path.display(),
                config.version
            );
        }
        config.check().with_context(told)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        config.move_paths(folder);
        Ok(config)
    }

    /// The file of the store, where it is one.
    pub(crate) fn sqlite(&self) -> Option<&Path> {
        self.store.strip_prefix("sqlite:").map(Path::new)
    }

    /// What no type tells.
    fn check(&self) -> anyhow::Result<()> {
        let Limits {
            connections,
            connections_per_address,
            ..
        } = self.limits;
        ensure!(
            (1..=MAX_CONNECTIONS).contains(&connections),
            "limits.connections is not 1 to {MAX_CONNECTIONS}"
        );
        ensure!(
            connections_per_address > 0,
            "limits.connections_per_address is 0"
        );
        let lifetime = self.tokens.lifetime;
        ensure!(
            (MIN_LIFETIME..=MAX_LIFETIME).contains(&lifetime),
            "tokens.lifetime is not 1 minute to 24 hours"
        );
        ensure!(
            self.tokens.keys.contains_key(&self.tokens.signing),
            "tokens.signing: no key of that id in tokens.keys"
        );
        self.check_issuer()?;
        self.check_codes()
    }

    /// An administrator whom the audit log cannot name is not let in, so nobody would be.
    fn check_issuer(&self) -> anyhow::Result<()> {
        let (key, issuer) = match &self.operators {
            Some(operators) => ("operators.issuer", &operators.issuer),
            None => ("tokens.issuer", &self.tokens.issuer),
        };
        let somebody = Actor::new("somebody", Some(issuer));
        somebody.with_context(|| format!("{key}: the audit log could name no administrator"))?;
        Ok(())
    }

    /// What would be without effect is an error and no warning: whoever takes codes away from a model
    /// relies on it.
    fn check_codes(&self) -> anyhow::Result<()> {
        let mode = self.codes.mode;
        ensure!(
            mode.is_none() || self.remote_access.is_none(),
            "codes.mode: with [remote_access] all codes are for telephones outside; leave out one of the two"
        );
        let is_on_premises = mode == Some(Mode::OnPremises);
        ensure!(
            is_on_premises || self.onboarding.is_none(),
            "onboarding.methods: they are asked with codes.mode = \"on-premises\" alone"
        );
        let header = self.identity.as_ref();
        ensure!(
            !is_on_premises || header.is_none_or(|header| header.format != HeaderFormat::Plain),
            "codes.mode: on-premises takes a certificate, which identity.format = \"plain\" does not show"
        );
        Ok(())
    }

    fn move_paths(&mut self, folder: &Path) {
        let mut paths = vec![
            &mut self.device_types,
            &mut self.peppers,
            &mut self.tls.certificate,
            &mut self.tls.key,
            &mut self.tls.device_roots,
        ];
        paths.extend(&mut self.store_roots);
        paths.extend(&mut self.tls.service_roots);
        if let Some(access) = &mut self.remote_access {
            paths.extend(&mut access.edge_trust);
        }
        paths.extend(self.tokens.keys.values_mut());
        if let Some(bridge) = &mut self.dm_bridge {
            paths.extend([&mut bridge.client_secret, &mut bridge.refresh_token]);
        }
        match &mut self.mail {
            Mail::Folder { path } => paths.push(path),
            Mail::Smtp(smtp) => paths.extend(&mut smtp.password),
            Mail::Webhook(webhook) => paths.push(&mut webhook.secret),
        }
        if let Some(events) = &mut self.events {
            paths.push(&mut events.secret);
        }
        for path in paths {
            *path = folder.join(&*path);
        }
        if let Some(file) = self.sqlite() {
            self.store = format!("sqlite:{}", folder.join(file).display());
        }
    }
}

/// The content of a file that holds one secret, without the line break at its end.
pub(crate) fn secret(path: &Path) -> anyhow::Result<zeroize::Zeroizing<String>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let text = zeroize::Zeroizing::new(text);
    Ok(zeroize::Zeroizing::new(text.trim_end().to_owned()))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(serde::de::Error::custom)
}

const fn an_hour() -> Duration {
    Duration::from_secs(60 * 60)
}

fn x_forwarded_for() -> String {
    "x-forwarded-for".to_owned()
}

const fn first() -> u32 {
    1
}

const VERSION: u32 = 1;
const MAX_CONNECTIONS: usize = 1_000_000;
const MIN_LIFETIME: Duration = Duration::from_secs(60);
/// Verifiers take tokens that live longer for a mistake.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
