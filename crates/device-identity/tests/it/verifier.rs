//! A handshake in memory, by way of `rustls`.

use std::sync::Arc;
use std::time::Duration;

use offhook_device_identity::{
    ChainVerifier, ChainVerifierBuilder, ClientAuthentication, DeviceCertificateVerifier,
    IdentifyError, Source,
};
use rcgen::{DnType, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion, version,
};

use crate::authority::{Authority, days, device, now};
use crate::forge::{AUTHORITY_KEY, Body, DEVICE_KEY, rsa};

#[derive(Debug)]
struct Fixed;

impl TimeProvider for Fixed {
    fn current_time(&self) -> Option<UnixTime> {
        let since = now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Some(UnixTime::since_unix_epoch(since))
    }
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

/// The certificates that the server has seen, or why there was no connection.
fn handshake(
    verifier: &DeviceCertificateVerifier,
    client: Option<(CertificateDer<'static>, KeyPair)>,
    version: &'static SupportedProtocolVersion,
) -> Result<Vec<CertificateDer<'static>>, rustls::Error> {
    let provider = Arc::new(default_provider());
    let site = Authority::root("Site CA");
    let mut params = rcgen::CertificateParams::new(["dms.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    let (server_certificate, server_key) = site.issue(&params);
    let server = ServerConfig::builder_with_details(Arc::clone(&provider), Arc::new(Fixed))
        .with_protocol_versions(&[version])?
        .with_client_cert_verifier(Arc::new(verifier.clone()))
        .with_single_cert(vec![server_certificate], private(&server_key))?;
    let mut roots = RootCertStore::empty();
    roots.add(site.certificate).unwrap();
    let builder = ClientConfig::builder_with_details(provider, Arc::new(Fixed))
        .with_protocol_versions(&[version])?
        .with_root_certificates(roots);
    let client = match client {
        Some((certificate, key)) => {
            builder.with_client_auth_cert(vec![certificate], private(&key))?
        }
        None => builder.with_no_client_auth(),
    };
    let mut server = ServerConnection::new(Arc::new(server))?;
    let name = "dms.example".try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    for _ in 0..8 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
        }
        server.process_new_packets()?;
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
        }
        client.process_new_packets()?;
    }
    assert!(!server.is_handshaking());
    Ok(server.peer_certificates().unwrap_or_default().to_vec())
}

#[test]
fn a_device_proves_its_identity_in_a_handshake() {
    let maker = Authority::root("Manufacturing CA");
    let mandatory = ClientAuthentication::Mandatory;
    let verifier = DeviceCertificateVerifier::new(maker.verifier(), mandatory);
    for version in [&version::TLS12, &version::TLS13] {
        let pair = maker.issue(&device(&[(DnType::CommonName, "SEP000E08ABCDEF")]));
        let seen = handshake(&verifier, Some(pair), version).unwrap();
        let identity = verifier.identify(&seen, now()).unwrap();
        assert_eq!(identity.mac().to_string(), "000E08ABCDEF");
        assert_eq!(identity.source(), Source::Certificate);
        assert!(matches!(
            verifier.identify(&seen, days(4_000)),
            Err(IdentifyError::Chain(_))
        ));
    }
}

#[test]
fn a_strangers_certificate_ends_the_handshake_even_where_none_is_needed() {
    let maker = Authority::root("Manufacturing CA");
    let subject = device(&[(DnType::CommonName, "SEP000E08ABCDEF")]);
    for authentication in [
        ClientAuthentication::Mandatory,
        ClientAuthentication::Optional,
    ] {
        let verifier = DeviceCertificateVerifier::new(maker.verifier(), authentication);
        let pair = Authority::root("Manufacturing CA").issue(&subject);
        assert!(handshake(&verifier, Some(pair), &version::TLS13).is_err());
    }
}

#[test]
fn a_key_that_is_not_the_certificates_ends_the_handshake() {
    let maker = Authority::root("Manufacturing CA");
    let optional = ClientAuthentication::Optional;
    let verifier = DeviceCertificateVerifier::new(maker.verifier(), optional);
    let (der, _) = maker.issue(&device(&[(DnType::CommonName, "SEP000E08ABCDEF")]));
    let pair = (der, KeyPair::generate().unwrap());
    assert!(handshake(&verifier, Some(pair), &version::TLS13).is_err());
}

#[test]
fn a_concession_of_the_chain_holds_in_the_handshake_too() {
    let maker = Authority::with_key("Manufacturing CA", rsa(AUTHORITY_KEY));
    let mut subject = device(&[(DnType::CommonName, "SEP000E08ABCDEF")]);
    subject.not_after = rcgen::date_time_ymd(2025, 6, 1);
    let made = subject.signed_by(&rsa(DEVICE_KEY), &maker.issuer).unwrap();
    let der = Body::of(made.der()).signed_with_sha1();
    let mandatory = ClientAuthentication::Mandatory;
    let strict = DeviceCertificateVerifier::new(maker.verifier(), mandatory);
    let builder = ChainVerifier::builder().anchor(&maker.certificate).unwrap();
    let builder = builder
        .dangerous()
        .accept_sha1_signatures_of(&maker.certificate);
    let sha1_only = builder.unwrap();
    let most = Duration::from_secs(365 * 86_400);
    let both = sha1_only.clone().dangerous();
    let both = both.accept_expired_devices(most, "test").unwrap();
    let verifier = |builder: ChainVerifierBuilder| {
        DeviceCertificateVerifier::new(Arc::new(builder.build().unwrap()), mandatory)
    };
    for version in [&version::TLS12, &version::TLS13] {
        let pair = || Some((der.clone(), rsa(DEVICE_KEY)));
        assert!(handshake(&strict, pair(), version).is_err());
        assert!(matches!(
            handshake(&verifier(sha1_only.clone()), pair(), version),
            Err(rustls::Error::InvalidCertificate(
                rustls::CertificateError::Expired
            ))
        ));
        let lenient = verifier(both.clone());
        let seen = handshake(&lenient, pair(), version).unwrap();
        let identity = lenient.identify(&seen, now()).unwrap();
        assert_eq!(identity.concession(), Some("test"));
    }
}

#[test]
fn a_client_without_certificate_is_let_in_only_where_it_is_optional() {
    let maker = Authority::root("Manufacturing CA");
    let verifier =
        |authentication| DeviceCertificateVerifier::new(maker.verifier(), authentication);
    let optional = verifier(ClientAuthentication::Optional);
    let seen = handshake(&optional, None, &version::TLS13).unwrap();
    assert!(matches!(
        optional.identify(&seen, now()),
        Err(IdentifyError::NoCertificate)
    ));
    let mandatory = verifier(ClientAuthentication::Mandatory);
    assert!(handshake(&mandatory, None, &version::TLS13).is_err());
}
