//! A folder with everything that a first try needs.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use offhook_bearer_token::SigningKey;
use offhook_onboarding::http::{ADMIN_SCOPE, REGISTRATION_SCOPE};
use offhook_testkit::{CertificateAuthority, mpp_archive, pem, room_os_archive};

use crate::config::Config;
use crate::keys::for_the_owner;
use crate::token;

/// Makes `folder` and all that belongs into it; an existing folder must be empty.
pub(crate) fn make(folder: &Path) -> anyhow::Result<()> {
    private(folder).with_context(|| format!("making {}", folder.display()))?;
    if fs::read_dir(folder)?.next().is_some() {
        bail!("{} is not empty", folder.display());
    }
    for inner in ["types", "mail"] {
        fs::create_dir(folder.join(inner))?;
    }
    let write = |name: &str, text: &str| -> anyhow::Result<()> {
        let path = folder.join(name);
        let write = || for_the_owner(&path)?.write_all(text.as_bytes());
        write().with_context(|| format!("writing {}", path.display()))
    };

    let services = CertificateAuthority::new(SERVICES)?;
    let (certificate, key) = services.to_pem();
    write("services-ca.pem", &certificate)?;
    write("services-ca.key", &key)?;
    let makers = CertificateAuthority::new(MAKERS)?;
    let (certificate, key) = makers.to_pem();
    write("makers-ca.pem", &certificate)?;
    write("makers-ca.key", &key)?;
    let localhost = [[127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()];
    let (chain, key) = services.server(&["localhost"], &localhost)?.to_pem();
    write("server.pem", &chain)?;
    write("server.key", &key)?;
    let (_, pkcs8) = SigningKey::generate_es256("1").context("making the key of tokens")?;
    write("tokens-1.key", &pem("PRIVATE KEY", &pkcs8))?;
    for (name, archive) in [
        ("room-os", room_os_archive()?),
        ("mpp-8841", mpp_archive()?),
    ] {
        let path = folder.join("types").join(name).with_extension("dtaf");
        archive.write(for_the_owner(&path)?)?;
    }
    let path = folder.join("dms.toml");
    write("dms.toml", include_str!("lab.toml"))?;

    let config = Config::read(&path)?;
    for (name, scope) in [("admin", ADMIN_SCOPE), ("registrar", REGISTRATION_SCOPE)] {
        let token = token::sign(&config, &[scope.to_owned()], TOKEN_LIFETIME)?;
        write(&format!("{name}.token"), token.secret())?;
    }
    Ok(())
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
