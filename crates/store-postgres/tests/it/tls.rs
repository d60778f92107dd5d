//! TLS towards the server, with a throw-away authority.

use std::error::Error;
use std::path::Path;

use offhook_activation_code::{CodeStore, Page};
use offhook_store_postgres::{OpenError, PostgresOptions, PostgresStore};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

use crate::fixture::now;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn the_server_must_prove_its_name_to_a_known_authority() {
    let (authority, stranger) = (Authority::new("right"), Authority::new("wrong"));
    let folder = TempDir::new().unwrap();
    authority.certify("db.example", folder.path());
    let Some(server) = Server::start(Some(folder.path())) else {
        return;
    };
    // The certificate is for a name, at which the server is reached by its address.
    let port = server.url().split([':', '/']).nth(4).unwrap().to_owned();
    let at = |name: &str, more: &str| {
        format!("host={name} hostaddr=127.0.0.1 port={port} user=offhook dbname=postgres {more}")
    };
    let options = |authority: &Authority| {
        let pem = authority.certificate.pem();
        PostgresOptions::default()
            .with_root_certificates(pem.as_bytes())
            .unwrap()
    };

    let store = PostgresStore::open(&at("db.example", ""), &options(&authority))
        .await
        .unwrap();
    let codes = store
        .outstanding(&"acme".parse().unwrap(), Page::first(1), now())
        .await;
    assert_eq!(codes.unwrap(), []);
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE application_name = 'offhook-store-postgres'";
    let (client, connection) = tokio_postgres::connect(server.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let row = client.query_one(encrypted, &[]).await.unwrap();
    assert_eq!(row.get::<_, Option<bool>>(0), Some(true));

    for (url, options, reason) in [
        (at("db.example", ""), options(&stranger), "UnknownIssuer"),
        (
            at("other.example", ""),
            options(&authority),
            "not valid for name",
        ),
    ] {
        let err = PostgresStore::open(&url, &options).await.unwrap_err();
        let told = chain(&err);
        assert!(told.contains(reason), "{told}");
    }
    let none = PostgresOptions::default();
    let url = at("db.example", "sslmode=require");
    let err = PostgresStore::open(&url, &none).await.unwrap_err();
    assert!(matches!(err, OpenError::NoRoots), "{err:?}");
}

/// A server without TLS, or somebody on the way who takes it out, gets nothing to hear.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_there_are_roots() {
    let Some(url) = crate::fixture::url() else {
        return;
    };
    let pem = Authority::new("any").certificate.pem();
    let options = PostgresOptions::default().with_root_certificates(pem.as_bytes());
    let err = PostgresStore::open(&url, &options.unwrap())
        .await
        .unwrap_err();
    let told = chain(&err);
    assert!(told.contains("server does not support TLS"), "{told}");
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// Writes the server's certificate and key.
    fn certify(&self, name: &str, folder: &Path) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(folder.join("server.crt"), certificate.pem()).unwrap();
        std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    }
}

fn chain(err: &dyn Error) -> String {
    let mut told = format!("{err:?} {err}");
    let mut source = err.source();
    while let Some(err) = source {
        told.push_str(&format!(": {err}"));
        source = err.source();
    }
    told
}
