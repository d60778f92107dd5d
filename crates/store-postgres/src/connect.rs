//! From a URL to a pool of connections.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime,
};
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{OpenError, PostgresOptions};

/// The pool, which opens connections as they are needed.
pub(crate) fn pool(url: &str, options: &PostgresOptions) -> Result<Pool, OpenError> {
    let (url, file) = split(url);
    let options = &with_roots(file, options)?;
    let mut config: Config = url.parse().map_err(|err| OpenError::Url(Box::new(err)))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(OpenError::Url("no host".into()));
    }
    config
        .ssl_mode(tls(&config, options)?)
        .connect_timeout(options.connect_timeout())
        // Of several servers the one that takes writes.
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .keepalives_idle(KEEPALIVE)
        .keepalives_interval(KEEPALIVE)
        .keepalives_retries(3)
        .tcp_user_timeout(4 * KEEPALIVE);
    if config.get_application_name().is_none() {
        config.application_name(env!("CARGO_PKG_NAME"));
    }
    let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|err| OpenError::Url(Box::new(err)))?
        .with_root_certificates(options.roots().clone())
        .with_no_client_auth();
    let manager = Manager::from_config(
        config,
        MakeRustlsConnect::new(client),
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let (setup, limit) = (setup(options), options.connect_timeout());
    Pool::builder(manager)
        .runtime(Runtime::Tokio1)
        .max_size(options.pool_size())
        // The connection that was used last is the one whose server process is still warm.
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(options.wait_timeout()))
        // Of all the hosts in the URL together.
        .create_timeout(Some(options.connect_timeout()))
        .post_create(Hook::async_fn(move |client, _| {
            let setup = setup.clone();
            Box::pin(async move {
                timeout(limit, client.batch_execute(&setup))
                    .await
                    .map_err(|_| HookError::message("the session was not set up in time"))?
                    .map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|err| OpenError::Url(Box::new(err)))
}

/// The URL without what `libpq` has more than the driver, and the file of root certificates that it
/// names; of the ways to verify a server the strictest is the only one here.
fn split(url: &str) -> (Cow<'_, str>, Option<&str>) {
    let Some((base, query)) = url.split_once('?').filter(|(base, _)| base.contains("://")) else {
        return (Cow::Borrowed(url), None);
    };
    let mut file = None;
    let mut parts: Vec<&str> = Vec::new();
    for part in query.split('&') {
        match part {
            "sslmode=verify-ca" | "sslmode=verify-full" => parts.push("sslmode=require"),
            _ => match part.strip_prefix(ROOT_FILE) {
                Some(path) => file = Some(path),
                None => parts.push(part),
            },
        }
    }
    (Cow::Owned(format!("{base}?{}", parts.join("&"))), file)
}

/// The options with the root certificates of the file, where there is one.
fn with_roots(file: Option<&str>, options: &PostgresOptions) -> Result<PostgresOptions, OpenError> {
    let Some(file) = file else {
        return Ok(options.clone());
    };
    let read = || -> Result<PostgresOptions, Box<dyn StdError + Send + Sync>> {
        let path = percent_decode_str(file).decode_utf8()?;
        let pem = fs::read(path.as_ref())?;
        Ok(options.clone().with_root_certificates(&pem)?)
    };
    read().map_err(OpenError::RootFile)
}

/// TLS or not, settled before anybody on the way has a say: by the URL; and where that leaves it
/// open, TLS where there are roots or the server is on another host.
fn tls(config: &Config, options: &PostgresOptions) -> Result<SslMode, OpenError> {
    let local = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|addr: IpAddr| addr.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let addresses = config.get_hostaddrs();
    let all_local =
        config.get_hosts().iter().all(local) && addresses.iter().all(IpAddr::is_loopback);
    let required = match config.get_ssl_mode() {
        SslMode::Disable => false,
        SslMode::Require => true,
        _ => !options.roots().is_empty() || !all_local,
    };
    match required {
        false => Ok(SslMode::Disable),
        true if options.roots().is_empty() => Err(OpenError::NoRoots),
        true => Ok(SslMode::Require),
    }
}

/// What makes a session ours, whatever the server, the role or the URL would have it.
fn setup(options: &PostgresOptions) -> String {
    let limit = options.statement_timeout().as_millis();
    let schema = options.schema();
    // `remote_apply` is stronger than `on`, and is left alone. Every statement looks a few rows up by
    // an index, so one plan serves them all; left to itself the server would plan each redeem anew,
    // which takes it longer than the redeem.
    format!(
        "SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
         SET default_transaction_isolation = 'read committed';
         SET default_transaction_deferrable = off;
         SET statement_timeout = {limit};
         SET idle_in_transaction_session_timeout = {limit};
         SET plan_cache_mode = force_generic_plan;
         SET enable_seqscan = off;
         SET search_path = \"{schema}\";"
    )
}

const ROOT_FILE: &str = "sslrootcert=";
const KEEPALIVE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, OpenError> {
        tls(&url.parse().unwrap(), &PostgresOptions::default())
    }

    #[test]
    fn nothing_but_the_url_turns_tls_off_towards_another_host() {
        let remote = "postgres://u@db.example/d";
        assert!(matches!(mode(remote), Err(OpenError::NoRoots)));
        let mixed = "postgres://u@127.0.0.1,db.example/d";
        assert!(matches!(mode(mixed), Err(OpenError::NoRoots)));
        let address = "host=localhost hostaddr=192.0.2.1 user=u";
        assert!(matches!(mode(address), Err(OpenError::NoRoots)));
        let off = format!("{remote}?sslmode=disable");
        assert_eq!(mode(&off).unwrap(), SslMode::Disable);
        for local in ["127.0.0.1", "[::1]", "localhost", "%2Frun%2Fpostgresql"] {
            let url = format!("postgres://u@{local}/d");
            assert_eq!(mode(&url).unwrap(), SslMode::Disable, "{url}");
            let on = format!("{url}?sslmode=require");
            assert!(matches!(mode(&on), Err(OpenError::NoRoots)), "{on}");
        }
    }

    #[test]
    fn a_url_for_libpq_is_understood() {
        let url =
            "postgres://u@h/d?sslmode=verify-full&sslrootcert=%2Fno%20such&application_name=a";
        let (plain, file) = split(url);
        assert_eq!(
            (&*plain, file),
            (
                "postgres://u@h/d?sslmode=require&application_name=a",
                Some("%2Fno%20such")
            )
        );
        for as_it_is in ["postgres://u@h/d", "host=h user='a?sslrootcert=b'"] {
            assert_eq!(split(as_it_is), (Cow::Borrowed(as_it_is), None));
        }
        let read = with_roots(file, &PostgresOptions::default());
        assert!(matches!(read, Err(OpenError::RootFile(_))));

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root certificates.pem");
        let root = rcgen::generate_simple_self_signed(["ca".to_owned()]).unwrap();
        fs::write(&file, root.cert.pem()).unwrap();
        let file = file.to_str().unwrap().replace(' ', "%20");
        let url = format!("postgres://u@127.0.0.1/d?sslrootcert={file}");
        let (plain, file) = split(&url);
        let options = with_roots(file, &PostgresOptions::default()).unwrap();
        let config = plain.parse().unwrap();
        assert_eq!(tls(&config, &options).unwrap(), SslMode::Require);
    }

    #[test]
    fn a_url_without_a_host_is_refused() {
        for url in [
            "",
            "postgres://",
            "mysql://h/d",
            "postgres://h/d?nonsense=1",
        ] {
            let pool = pool(url, &PostgresOptions::default());
            assert!(matches!(pool, Err(OpenError::Url(_))), "{url}");
        }
    }
}
