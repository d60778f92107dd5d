//! What each proxy writes.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_device_identity::{
    AlbMode, CertificateHeader, ChainVerifier, DeviceIdentity, HeaderError, HeaderNameError,
    HeaderSource, IdentityPattern, ListedProxy, Rule, Source, TrustedProxies, XfccElement,
};
use rcgen::{CertificateParams, DnType};
use ring::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;

use crate::authority::{Authority, device, now};

pub(crate) fn proxy() -> ListedProxy {
    let proxies = TrustedProxies::new(["192.0.2.1".parse().unwrap()]);
    proxies.admit("192.0.2.1".parse().unwrap()).unwrap()
}

pub(crate) fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in body.as_bytes().chunks(64) {
        pem.push_str(str::from_utf8(line).unwrap());
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}

pub(crate) fn escaped(text: &str, safe: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let char = char::from(byte);
        if char.is_ascii_alphanumeric() || "-._~".contains(char) || safe.contains(char) {
            out.push(char);
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
    }
    out
}

pub(crate) fn hex(der: &[u8]) -> String {
    let mut out = String::new();
    for byte in digest(&SHA256, der).as_ref() {
        write!(out, "{byte:02x}").unwrap();
    }
    out
}

/// A device under an intermediate of a root that is the anchor.
pub(crate) struct World {
    pub(crate) verifier: Arc<ChainVerifier>,
    pub(crate) maker: Authority,
    pub(crate) device: CertificateDer<'static>,
}

impl World {
    pub(crate) fn new() -> Self {
        let root = Authority::root("Root CA");
        let maker = root.under("Manufacturing CA", &[]);
        let (device, _) = maker.issue(&phone());
        Self {
            verifier: root.verifier(),
            maker,
            device,
        }
    }

    /// A verifier that knows the intermediate, for the formats without a chain.
    pub(crate) fn pinned(&self) -> Arc<ChainVerifier> {
        self.maker.verifier()
    }

    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(&self.device)
    }

    pub(crate) fn escaped(&self) -> String {
        escaped(&pem(&self.device), "")
    }

    pub(crate) fn both(&self, safe: &str) -> String {
        let both = pem(&self.device) + &pem(&self.maker.certificate);
        escaped(&both, safe)
    }
}

pub(crate) fn phone() -> CertificateParams {
    device(&[(DnType::CommonName, "CP-8841-SEP000E08ABCDEF")])
}

pub(crate) fn pattern() -> IdentityPattern {
    IdentityPattern::new(".*([0-9a-fA-F]{12}).*").unwrap()
}

pub(crate) fn read(
    header: &HeaderSource,
    values: &[&str],
    companions: &[&str],
) -> Result<DeviceIdentity, HeaderError> {
    let values = values.iter().map(|value| value.as_bytes());
    let companions = companions.iter().map(|value| value.as_bytes());
    header.identity_with(&proxy(), values, companions, now())
}

#[test]
fn every_proxy_passes_on_the_identity() {
    let world = World::new();
    let (whole, pinned) = (&world.verifier, world.pinned());
    let whole = || Arc::clone(whole);
    let pinned = || Arc::clone(&pinned);
    let base64 = world.base64();
    let ca = STANDARD.encode(&world.maker.certificate);
    let one = world.escaped();
    let hash = hex(&world.device);
    let haproxy = || {
        HeaderSource::certificate(
            CertificateHeader::haproxy("X-SSL-DER", "X-SSL-Verify").unwrap(),
            pinned(),
        )
    };
    let envoy = || HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Only), pinned());
    let last = || HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Last), pinned());
    let table: Vec<(HeaderSource, String, Option<String>)> = vec![
        (
            HeaderSource::certificate(CertificateHeader::client_cert(), whole()),
            format!(":{base64}:"),
            Some(format!(":{ca}:")),
        ),
        (
            HeaderSource::certificate(CertificateHeader::client_cert(), whole()),
            format!(":{base64}:"),
            Some(format!(":{base64}: ,  :{ca}:")),
        ),
        (
            HeaderSource::certificate(CertificateHeader::client_cert(), pinned()),
            format!(":{base64}:"),
            Some(String::new()),
        ),
        (
            HeaderSource::certificate(CertificateHeader::nginx("X-SSL-Cert").unwrap(), pinned()),
            one.clone(),
            None,
        ),
        (haproxy(), format!("\"{base64}\""), Some("0".to_owned())),
        (haproxy(), base64.clone(), Some("\"0\"".to_owned())),
        (
            envoy(),
            format!("By=spiffe://a/b;Hash={hash};Cert=\"{one}\";Subject=\"CN=a,O=b\";URI=;DNS=a"),
            None,
        ),
        (envoy(), format!("Hash={hash};Cert={one}"), None),
        (
            HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Only), whole()),
            format!("Hash={hash};Cert=\"{one}\";Chain=\"{}\"", world.both("")),
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Only), whole()),
            format!("Chain=\"{}\"", world.both("")),
            None,
        ),
        (
            last(),
            format!("By=a;Subject=\"CN=805EC0112233, O=x\", By=b;By=c;Cert=\"{one}\""),
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::traefik(), pinned()),
            base64.clone(),
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::traefik(), whole()),
            format!("{base64},{ca}"),
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::traefik(), whole()),
            format!("{},{}", escaped(&base64, ""), escaped(&ca, "")),
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::apache("X-SSL-Cert").unwrap(), pinned()),
            escaped(&pem(&world.device), "+=/").replace("%0A", "%0a"),
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::aws_alb(AlbMode::Passthrough), whole()),
            world.both("+=/"),
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::aws_alb(AlbMode::Verify), pinned()),
            escaped(&pem(&world.device), "+=/"),
            None,
        ),
    ];
    for (header, value, companion) in table {
        let companion: Vec<&str> = companion.iter().map(String::as_str).collect();
        let identity = read(&header, &[&value], &companion).unwrap();
        assert_eq!(identity.mac().to_string(), "000E08ABCDEF", "{header:?}");
        assert_eq!(identity.source(), Source::Header);
        assert_eq!(identity.rule(), Rule::ModelAndName);
        assert!(identity.key().is_some());
        assert_eq!(companion.is_empty(), header.companion().is_none());
    }
    let subject = HeaderSource::envoy_subject(XfccElement::Only, pattern());
    let value = "Hash=00;Subject=\"ST=000e08abcdef,L=serial,OU=CP-8841-3PCC\"";
    let identity = read(&subject, &[value], &[]).unwrap();
    assert_eq!(identity.mac().to_string(), "000E08ABCDEF");
    assert_eq!(identity.rule(), Rule::Pattern);
}

#[test]
fn the_headers_have_the_names_that_the_proxies_give_them() {
    let verifier = Authority::root("CA").verifier();
    let verifier = || Arc::clone(&verifier);
    for (header, name, companion) in [
        (
            HeaderSource::certificate(CertificateHeader::client_cert(), verifier()),
            "client-cert",
            Some("client-cert-chain"),
        ),
        (
            HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Last), verifier()),
            "x-forwarded-client-cert",
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::traefik(), verifier()),
            "x-forwarded-tls-client-cert",
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::aws_alb(AlbMode::Passthrough), verifier()),
            "x-amzn-mtls-clientcert",
            None,
        ),
        (
            HeaderSource::certificate(CertificateHeader::aws_alb(AlbMode::Verify), verifier()),
            "x-amzn-mtls-clientcert-leaf",
            None,
        ),
        (
            HeaderSource::certificate(
                CertificateHeader::haproxy("X-Der", "X-Verify").unwrap(),
                verifier(),
            ),
            "x-der",
            Some("x-verify"),
        ),
    ] {
        assert_eq!((header.name(), header.companion()), (name, companion));
    }
    assert_eq!(
        CertificateHeader::haproxy("X-Der", "x-der").unwrap_err(),
        HeaderNameError::Twice
    );
    assert!(CertificateHeader::nginx("a b").is_err());
}

#[test]
fn what_a_header_carried_proves_by_the_word_of_the_proxy_whoever_verifies_it() {
    let world = World::new();
    let chain = [&world.device, &world.maker.certificate].map(|der| STANDARD.encode(der));
    let [own, chain] = chain.map(|base64| format!(":{base64}:"));
    let header = CertificateHeader::client_cert();
    let values = [own.as_bytes()];
    let carried = header.read(&proxy(), values, [chain.as_bytes()]).unwrap();
    assert_eq!(carried.end_entity(), &*world.device);
    assert!(carried.intermediates().eq([&*world.maker.certificate]));
    let verified = carried.verify(&world.verifier, now()).unwrap();
    assert_eq!(verified.identity().unwrap().source(), Source::Header);
    let pattern = IdentityPattern::new(".*([0-9a-fA-F]{12}).*").unwrap();
    let identity = pattern.identity(&verified).unwrap();
    assert_eq!(identity.source(), Source::Header);
}

#[test]
fn nginx_and_apache_can_be_asked_for_their_verify_status() {
    let world = World::new();
    for header in [
        CertificateHeader::nginx_verified("x-cert", "x-verify").unwrap(),
        CertificateHeader::apache_verified("x-cert", "x-verify").unwrap(),
    ] {
        assert_eq!(header.companion(), Some("x-verify"));
        let nginx = header
            .clone()
            .read(&proxy(), [world.escaped().as_bytes()], [&b"SUCCESS"[..]]);
        let value = if nginx.is_ok() {
            world.escaped()
        } else {
            escaped(&pem(&world.device), "+=/")
        };
        let source = HeaderSource::certificate(header, world.pinned());
        let read = |status: Option<&[u8]>| {
            source.identity_with(&proxy(), [value.as_bytes()], status, now())
        };
        assert!(read(Some(b"SUCCESS")).is_ok());
        for status in [None, Some(&b""[..])] {
            assert!(matches!(read(status), Err(HeaderError::NoVerifyStatus)));
        }
        for status in [
            "FAILED:unable to verify the first certificate",
            "FAILED",
            "GENEROUS",
            "NONE",
            "success",
            "0",
            "SUCCESS, SUCCESS",
        ] {
            assert!(
                matches!(read(Some(status.as_bytes())), Err(HeaderError::NotVerified)),
                "{status}"
            );
        }
    }
    assert_eq!(
        CertificateHeader::nginx_verified("x-cert", "X-Cert").unwrap_err(),
        HeaderNameError::Twice
    );
}

#[test]
fn the_values_of_rfc_9440_can_stand_in_headers_of_other_names() {
    let world = World::new();
    let header = CertificateHeader::client_cert_named("X-Cert", "X-Chain").unwrap();
    assert_eq!(
        (header.name(), header.companion()),
        ("x-cert", Some("x-chain"))
    );
    let source = HeaderSource::certificate(header, Arc::clone(&world.verifier));
    let own = format!(":{}:", world.base64());
    let chain = format!(":{}:", STANDARD.encode(&world.maker.certificate));
    let read = |chain: Option<&[u8]>| {
        source
            .identity_with(&proxy(), [own.as_bytes()], chain, now())
            .is_ok()
    };
    assert!(read(Some(chain.as_bytes())));
    assert!(!read(None));
}
