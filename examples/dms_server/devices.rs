//! Whose devices are known, and what kinds there are, out of the configuration.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use offhook_device_identity::{
    CertificateHeader, ChainVerifier, HeaderSource, IdentityPattern, IdentitySource, TrustedProxies,
};
use offhook_device_profile::{Archive, Limits};
use offhook_onboarding::DeviceTypes;

use crate::assemble::told;
use crate::config::{Config, HeaderFormat, IdentityHeader};

/// What proves who a device is.
pub(crate) struct Proof {
    /// The makers' certificates, as connections show them.
    pub(crate) chain: Arc<ChainVerifier>,
    /// What counts: the certificate of a connection, or a header of a proxy.
    pub(crate) identity: Arc<IdentitySource>,
}

impl Proof {
    pub(crate) fn read(config: &Config) -> anyhow::Result<Self> {
        let path = &config.tls.device_roots;
        let roots = fs::read(path).with_context(|| told("tls.device_roots", path))?;
        let chain = ChainVerifier::builder().anchors_from_pem(&roots);
        let chain = chain.and_then(|builder| builder.build());
        let chain = Arc::new(chain.context("tls.device_roots")?);
        let identity = match &config.identity {
            Some(header) => identity_header(header, &chain)?,
            None => IdentitySource::Certificate(Arc::clone(&chain)),
        };
        let identity = Arc::new(identity);
        Ok(Self { chain, identity })
    }
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

pub(crate) fn networks(proxies: &[String]) -> anyhow::Result<TrustedProxies> {
    let networks = proxies.iter().map(|network| {
        let parsed = network.parse();
        parsed.with_context(|| format!("{network} is no network such as 192.0.2.0/24"))
    });
    Ok(TrustedProxies::new(
        networks.collect::<anyhow::Result<Vec<_>>>()?,
    ))
}

/// All archives of the folder.
pub(crate) fn device_types(folder: &Path) -> anyhow::Result<DeviceTypes> {
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
