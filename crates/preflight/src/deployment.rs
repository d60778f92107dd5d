//! What a deployment is said to be.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};
use toml::de::DeTable;

use crate::lines::{Lines, place};
use crate::{Question, ReadError, SchemaFault};
use broadworks::BroadWorks;
use offhook_sip_resolver::DomainName;
use remote_access::RemoteAccess;
use unified_cm::UnifiedCm;

pub(crate) mod broadworks;
pub(crate) mod remote_access;
pub(crate) mod unified_cm;

/// A deployment, as somebody describes it in TOML; the README has the schema.
///
/// Secrets have no place in it: it says that there are some, not which.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Deployment {
    /// The version of the schema: [`SCHEMA_VERSION`].
    pub version: i64,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Where devices register.
    #[serde(default)]
    pub sip: Option<Sip>,
    /// `BroadWorks` with Webex.
    #[serde(default)]
    pub broadworks: Option<BroadWorks>,
    /// Unified CM.
    #[serde(default)]
    pub unified_cm: Option<UnifiedCm>,
    /// Mobile and remote access by Expressway.
    #[serde(default)]
    pub remote_access: Option<RemoteAccess>,
    #[serde(skip)]
    lines: Lines,
}

impl Deployment {
    /// Reads a description.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when it is too long, is not UTF-8, not TOML or not of the schema, or is of a
    /// version of the schema that is not known.
    pub fn from_toml(description: &[u8]) -> Result<Self, ReadError> {
        if description.len() > MAX_DESCRIPTION_BYTES {
            let length = description.len();
            return Err(ReadError::TooLong { length });
        }
        let text = str::from_utf8(description).map_err(|error| {
            let good = description.iter().take(error.valid_up_to());
            let line = good.filter(|byte| **byte == b'\n').count() + 1;
            ReadError::NotUtf8 { line }
        })?;
        let malformed = |error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = place(text, at);
            let fault = SchemaFault(error);
            ReadError::Malformed {
                line,
                column,
                fault,
            }
        };
        let table = DeTable::parse(text).map_err(malformed)?;
        // Of another version other keys may be unknown, which is not what is wrong.
        if let Some(version) = table.get_ref().get("version") {
            let found = version.get_ref().as_integer();
            let found =
                found.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
            if let Some(found) = found.filter(|found| *found != SCHEMA_VERSION) {
                let (line, _) = place(text, version.span().start);
                return Err(ReadError::UnsupportedVersion { line, found });
            }
        }
        let mut deployment: Self = toml::from_str(text).map_err(malformed)?;
        deployment.lines = Lines::of(text, table.get_ref());
        Ok(deployment)
    }

    /// What has to be asked of name servers outside, each once.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        if let Some(sip) = &self.sip {
            questions.push(Question::sip_domain(sip.domain.clone()));
        }
        if let Some(remote) = &self.remote_access {
            for domain in &remote.domains {
                questions.push(Question::collab_edge(domain.clone()));
                questions.push(Question::cisco_uds(domain.clone()));
            }
        }
        let domains = self.unified_cm.iter().flat_map(|cm| &cm.service_domain);
        for domain in domains.filter_map(|domain| domain.edge_domain()) {
            questions.push(Question::collab_edge(domain));
        }
        let mut seen = HashSet::new();
        questions.retain(|question| seen.insert(question.clone()));
        questions
    }

    /// The files with certificates that the description names, each once.
    #[must_use]
    pub fn certificate_files(&self) -> Vec<&str> {
        let named = self.named_certificates().into_iter();
        let mut files: Vec<&str> = named.map(|(_, file)| file).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Each file with certificates, behind the path of the key that names it.
    pub(crate) fn named_certificates(&self) -> Vec<(String, &str)> {
        let mut named: Vec<(String, &Option<String>)> = Vec::new();
        if let Some(sip) = &self.sip {
            named.push(("sip.sbc-certificates".to_owned(), &sip.sbc_certificates));
            named.push(("sip.device-trust-list".to_owned(), &sip.device_trust_list));
        }
        if let Some(broadworks) = &self.broadworks {
            named.push(("broadworks.maker-roots".to_owned(), &broadworks.maker_roots));
        }
        if let Some(remote) = &self.remote_access {
            for (_, key, file) in remote.chains.all() {
                named.push((format!("remote-access.chains.{key}"), file));
            }
            for (_, key, file) in remote.trust_stores.all() {
                named.push((format!("remote-access.trust-stores.{key}"), file));
            }
        }
        let named = named.into_iter();
        named
            .filter_map(|(path, file)| Some((path, file.as_deref()?)))
            .collect()
    }

    /// The device type archives that the description names, each once.
    #[must_use]
    pub fn archive_files(&self) -> Vec<&str> {
        let archives = self.broadworks.iter();
        let archives = archives.flat_map(|broadworks| &broadworks.device_type_archives);
        let mut archives: Vec<&str> = archives.map(String::as_str).collect();
        archives.sort_unstable();
        archives.dedup();
        archives
    }

    /// The line of what stands at `path`, or of the table around it.
    pub(crate) fn line(&self, path: &str) -> Option<usize> {
        self.lines.of_path(path)
    }
}

/// Where devices register.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Sip {
    /// The SIP domain in the configuration of the devices.
    #[serde(deserialize_with = "parsed")]
    pub domain: DomainName,
    /// The file with the certificate of the session border controller, and what it sends with it.
    #[serde(default)]
    pub sbc_certificates: Option<String>,
    /// The file with the authorities that the devices trust.
    #[serde(default)]
    pub device_trust_list: Option<String>,
}

/// How devices at Unified CM are onboarded.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Onboarding {
    /// By an activation code.
    ActivationCode,
    /// By auto-registration.
    AutoRegistration,
    /// By the MAC address that was provisioned.
    MacAddress,
}

impl fmt::Display for Onboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ActivationCode => "activation-code",
            Self::AutoRegistration => "auto-registration",
            Self::MacAddress => "mac-address",
        })
    }
}

/// Which version of IP something speaks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IpMode {
    /// Both.
    Both,
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
}

/// Reads a string as what it stands for.
pub(crate) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    struct Text<T>(PhantomData<T>);

    impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}

/// Reads each string of a list as what it stands for.
pub(crate) fn each_parsed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    struct One<T>(T);

    impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for One<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            parsed(deserializer).map(Self)
        }
    }

    let all = Vec::<One<T>>::deserialize(deserializer)?;
    Ok(all.into_iter().map(|One(each)| each).collect())
}

/// Reads a string, where there is one, as what it stands for.
pub(crate) fn maybe_parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    parsed(deserializer).map(Some)
}

/// The longest description that is read, in octets: 1,048,576.
pub const MAX_DESCRIPTION_BYTES: usize = 1 << 20;
/// The version of the schema that is read.
pub const SCHEMA_VERSION: i64 = 1;
