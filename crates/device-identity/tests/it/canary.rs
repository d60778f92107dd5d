//! What a header holds never comes back in an error.

use std::error::Error;
use std::fmt::Write as _;

use offhook_device_identity::{AlbMode, CertificateHeader, HeaderSource, XfccElement};

use crate::authority::now;
use crate::proxy::{World, pattern, proxy};

const CANARY: &str = "CANARYcanary";

#[test]
fn no_error_repeats_what_it_refused() {
    let world = World::new();
    let certificate = |header| HeaderSource::certificate(header, world.pinned());
    let sources = [
        certificate(CertificateHeader::client_cert()),
        certificate(CertificateHeader::nginx("x").unwrap()),
        certificate(CertificateHeader::apache("x").unwrap()),
        certificate(CertificateHeader::haproxy("x", "y").unwrap()),
        certificate(CertificateHeader::envoy(XfccElement::Only)),
        certificate(CertificateHeader::traefik()),
        certificate(CertificateHeader::aws_alb(AlbMode::Passthrough)),
        HeaderSource::envoy_subject(XfccElement::Last, pattern()),
        HeaderSource::plain("x", pattern()).unwrap(),
    ];
    let values = [
        CANARY.to_owned(),
        format!(":{CANARY}:"),
        format!("\"{CANARY}\""),
        format!("%2{CANARY}"),
        format!("Cert=\"{CANARY}\""),
        format!("Subject=\"CN={CANARY}\";{CANARY}=a"),
        format!("{CANARY},{CANARY}"),
        format!("{CANARY}\u{e9}\r\n"),
        format!("-----BEGIN%20CERTIFICATE-----%0A{CANARY}%0A-----END%20CERTIFICATE-----"),
    ];
    for source in &sources {
        for value in &values {
            for companion in ["0", CANARY] {
                let companion = source.companion().map(|_| companion.as_bytes());
                let outcome = source.identity_with(&proxy(), [value.as_bytes()], companion, now());
                let error = outcome.unwrap_err();
                let mut text = format!("{source:?} {error:?} {error}");
                let mut cause = error.source();
                while let Some(error) = cause {
                    write!(text, " {error:?} {error}").unwrap();
                    cause = error.source();
                }
                assert!(!text.contains(CANARY), "{text}");
            }
        }
    }
}
