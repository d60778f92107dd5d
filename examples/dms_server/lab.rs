//! A folder with everything that a first try needs.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use offhook_bearer_token::SigningKey;
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_onboarding::http::{ADMIN_SCOPE, METRICS_SCOPE, REGISTRATION_SCOPE};
use offhook_testkit::{
    CertificateAuthority, DeviceSubject, credentials_pem, mpp_archive, mpp_by_proxy_archive, pem,
    room_os_archive, unified_cm_archive,
};

use crate::config::Config;
use crate::token;
use offhook_examples::keys::{Keys, for_the_owner};

/// Makes `folder` and all that belongs into it; an existing folder must be empty.
pub(crate) fn make(folder: &Path) -> anyhow::Result<()> {
    private(folder).with_context(|| format!("making {}", folder.display()))?;
    if fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty", folder.display());
    }
    for inner in ["types", "mail"] {
        fs::create_dir(folder.join(inner))?;
    }
    let write = |name: &str, text: &str| write(&folder.join(name), text);

    let services = CertificateAuthority::new(SERVICES)?;
    let (certificate, key) = services.to_pem();
    write("services-ca.pem", &certificate)?;
    write("services-ca.key", &key)?;
    let makers = CertificateAuthority::new(MAKERS)?;
    let (certificate, key) = makers.to_pem();
    write("makers-ca.pem", &certificate)?;
    write("makers-ca.key", &key)?;
    let localhost = [[127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()];
    let (chain, key) = credentials_pem(&services.server(&["localhost"], &localhost)?);
    write("server.pem", &chain)?;
    write("server.key", &key)?;
    let (_, pkcs8) = SigningKey::generate_es256("1").context("making the key of tokens")?;
    write("tokens-1.key", &pem("PRIVATE KEY", &pkcs8))?;
    for (name, archive) in [
        ("room-os", room_os_archive()?),
        ("mpp-8841", mpp_archive()?),
        ("mpp-8841-by-proxy", mpp_by_proxy_archive()?),
        ("unified-cm-8851", unified_cm_archive()?),
    ] {
        let path = folder.join("types").join(name).with_extension("dtaf");
        archive.write(for_the_owner(&path)?)?;
    }
    Keys::open(&folder.join("peppers.keys"))?;
    let path = folder.join("dms.toml");
    write("dms.toml", include_str!("lab.toml"))?;

    let config = Config::read(&path)?;
    for (name, scope) in [
        ("admin", ADMIN_SCOPE),
        ("metrics", METRICS_SCOPE),
        ("registrar", REGISTRATION_SCOPE),
    ] {
        let token = token::sign(
            &config,
            token::new_subject()?,
            &[scope.to_owned()],
            TOKEN_LIFETIME,
        )?;
        write(&format!("{name}.token"), token.secret())?;
    }
    Ok(())
}

/// Makes the certificate of a phone.
pub(crate) fn phone(folder: &Path, mac: MacAddress, model: &DeviceModel) -> anyhow::Result<()> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    let (certificate, key) = (read("makers-ca.pem")?, read("makers-ca.key")?);
    let makers = CertificateAuthority::restore(MAKERS, &certificate, &key)?;
    let subject = DeviceSubject::CiscoMultiplatform {
        model: model.to_string(),
        serial: format!("LAB{mac:X}"),
        mac: format!("{mac:x}"),
    };
    let (chain, key) = credentials_pem(&makers.device(&subject)?);
    let path = folder.join(format!("{mac:x}.pem"));
    write(&path, &chain)?;
    write(&path.with_extension("key"), &key)?;
    println!("{} and .key beside it", path.display());
    Ok(())
}

/// Writes a file that is not there yet, for its owner only.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || for_the_owner(path)?.write_all(text.as_bytes());
    write().with_context(|| format!("writing {}", path.display()))
}

fn private(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The common name of the authority of the servers of a lab.
const SERVICES: &str = "Example Services CA";
/// The common name of the authority of the devices of a lab.
const MAKERS: &str = "Example Phones Manufacturing CA";
const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
