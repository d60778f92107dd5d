//! What attackers and mistakes can make of the headers of proxies.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offhook_device_identity::{
    AlbMode, CertificateHeader, ChainError, HeaderError, HeaderSource, IdentityError, XfccElement,
};

use crate::authority::{Authority, now};
use crate::proxy::{World, escaped, hex, pattern, pem, phone, proxy, read};

struct Attack {
    what: &'static str,
    header: HeaderSource,
    values: Vec<String>,
    companions: Vec<String>,
    refused: fn(&HeaderError) -> bool,
}

macro_rules! attack {
    ($what:literal, $header:expr, [$($value:expr),*], [$($companion:expr),*], $($refused:tt)+) => {
        Attack {
            what: $what,
            header: $header,
            values: vec![$($value.to_string()),*],
            companions: vec![$($companion.to_string()),*],
            refused: |error| matches!(error, $($refused)+),
        }
    };
}

/// The cases that are known of the field, each with what it would have given away.
#[test]
fn no_known_attack_or_mistake_gives_an_identity() {
    use HeaderError as E;

    let world = World::new();
    let pinned = world.pinned();
    let pinned = || Arc::clone(&pinned);
    let base64 = &world.base64();
    let one = &world.escaped();
    let both = &world.both("");
    let rfc9440 = || HeaderSource::certificate(CertificateHeader::client_cert(), pinned());
    let nginx =
        || HeaderSource::certificate(CertificateHeader::nginx("X-SSL-Cert").unwrap(), pinned());
    let haproxy = || {
        HeaderSource::certificate(
            CertificateHeader::haproxy("X-SSL-Client-DER", "X-SSL-Client-Verify").unwrap(),
            pinned(),
        )
    };
    let envoy = || HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Only), pinned());
    let last = || HeaderSource::certificate(CertificateHeader::envoy(XfccElement::Last), pinned());
    let subject = || HeaderSource::envoy_subject(XfccElement::Only, pattern());
    let traefik = || HeaderSource::certificate(CertificateHeader::traefik(), pinned());
    let alb = || HeaderSource::certificate(CertificateHeader::aws_alb(AlbMode::Verify), pinned());
    let plain = || HeaderSource::plain("macaddress", pattern()).unwrap();

    // An authority of the attacker's with the very name of the maker's.
    let impostor = Authority::root("Manufacturing CA");
    let (forged, _) = impostor.issue(&phone());
    let forged = &STANDARD.encode(&forged);
    let mut joined = world.device.to_vec();
    joined.extend_from_slice(&world.maker.certificate);
    let joined = STANDARD.encode(&joined);
    let hash = hex(&world.device);
    let raw = pem(&world.device);

    let attacks = vec![
        attack!(
            "the client's own header beside the proxy's",
            rfc9440(),
            [format!(":{base64}:"), format!(":{base64}:")],
            [],
            E::Repeated
        ),
        attack!(
            "the client's own header merged with the proxy's",
            rfc9440(),
            [format!(":{base64}:, :{base64}:")],
            [],
            E::List
        ),
        attack!(
            "an empty header, as of a client without certificate",
            rfc9440(),
            [""],
            [],
            E::Missing
        ),
        attack!(
            "a chain without the certificate",
            rfc9440(),
            [],
            [format!(":{base64}:")],
            E::Missing
        ),
        attack!(
            "two headers with the chain",
            rfc9440(),
            [format!(":{base64}:")],
            [format!(":{base64}:"), format!(":{base64}:")],
            E::Repeated
        ),
        attack!(
            "a quoted chain",
            rfc9440(),
            [format!(":{base64}:")],
            [format!("\"{base64}\"")],
            E::Quoted { .. }
        ),
        attack!(
            "a chain with parameters",
            rfc9440(),
            [format!(":{base64}:")],
            [format!(":{base64}:;a=1")],
            E::BadEncoding
        ),
        attack!(
            "a chain with a comma at its end",
            rfc9440(),
            [format!(":{base64}:")],
            [format!(":{base64}:,")],
            E::BadEncoding
        ),
        attack!(
            "a chain longer than any",
            rfc9440(),
            [format!(":{base64}:")],
            [vec![format!(":{base64}:"); 9].join(",")],
            E::Chain(ChainError::TooManyIntermediates { found: 9 })
        ),
        attack!(
            "nginx's encoding where RFC 9440 is expected",
            rfc9440(),
            [one],
            [],
            E::BadEncoding
        ),
        attack!(
            "RFC 9440 where nginx's encoding is expected",
            nginx(),
            [format!(":{base64}:")],
            [],
            E::StrayCharacter { at: 0 }
        ),
        attack!(
            "PEM of several lines, which ends the headers early",
            nginx(),
            [raw],
            [],
            E::ControlCharacter { .. }
        ),
        attack!(
            "PEM folded with tabs",
            nginx(),
            [raw.replace('\n', "\n\t")],
            [],
            E::ControlCharacter { .. }
        ),
        attack!(
            "a plus sign that no proxy has left",
            nginx(),
            [one.replace("%2B", "+").replace("%2F", "+")],
            [],
            E::StrayCharacter { .. }
        ),
        attack!(
            "a plus sign that a form decoder has made a space",
            nginx(),
            [one.replace("%2B", "%20").replace("%2F", "%20")],
            [],
            E::BadEncoding
        ),
        attack!(
            "a certificate encoded twice",
            nginx(),
            [escaped(one, "")],
            [],
            E::BadEncoding
        ),
        attack!(
            "text before the certificate",
            nginx(),
            [format!("SEP805EC0112233%0A{one}")],
            [],
            E::BadEncoding
        ),
        attack!(
            "two certificates where one is expected",
            nginx(),
            [both],
            [],
            E::SeveralCertificates
        ),
        attack!(
            "a certificate cut off by the size of a header",
            nginx(),
            [one[..one.len() / 2]],
            [],
            E::BadEncoding | E::BadEscape { .. }
        ),
        attack!(
            "a certificate of the client's without verify status (half of CVE-2026-46579)",
            haproxy(),
            [base64],
            [],
            E::NoVerifyStatus
        ),
        attack!(
            "an empty verify status",
            haproxy(),
            [base64],
            [""],
            E::NoVerifyStatus
        ),
        attack!(
            "a verification that has failed",
            haproxy(),
            [base64],
            ["20"],
            E::NotVerified
        ),
        attack!(
            "a verify status of the client's beside the proxy's",
            haproxy(),
            [base64],
            ["0", "20"],
            E::Repeated
        ),
        attack!(
            "a list of verify statuses",
            haproxy(),
            [base64],
            ["0, 20"],
            E::NotVerified
        ),
        attack!(
            "a verify status in words",
            haproxy(),
            [base64],
            ["SUCCESS"],
            E::NotVerified
        ),
        attack!(
            "no certificate, which HAProxy says is verified",
            haproxy(),
            ["\"\""],
            ["0"],
            E::Missing
        ),
        attack!(
            "a quotation mark that is not closed",
            haproxy(),
            [format!("\"{base64}")],
            ["0"],
            E::Quoted { at: 0 }
        ),
        attack!(
            "a quotation mark in the middle",
            haproxy(),
            [format!("\"{base64}\" \"{base64}\"")],
            ["0"],
            E::Quoted { .. }
        ),
        attack!(
            "a chain as one run of DER",
            haproxy(),
            [joined],
            ["0"],
            E::Chain(_)
        ),
        attack!(
            "an authority of the same name (CVE-2026-35616: names compared as text)",
            haproxy(),
            [forged],
            ["0"],
            E::Chain(_)
        ),
        attack!(
            "a certificate signed by itself",
            rfc9440(),
            [format!(":{}:", STANDARD.encode(&impostor.certificate))],
            [],
            E::Chain(_)
        ),
        attack!(
            "an element of the client's before the proxy's",
            envoy(),
            [format!("Cert=\"{one}\",By=a;Subject=\"\"")],
            [],
            E::List
        ),
        attack!(
            "an element of the client's, and the nearest has no certificate",
            last(),
            [format!("Cert=\"{one}\",By=a;Subject=\"\"")],
            [],
            E::MissingKey
        ),
        attack!(
            "a quotation mark that swallows the nearest element",
            last(),
            [format!("Cert=\"{one}\";Subject=\",Cert=\"{one}\"")],
            [],
            E::Quoted { .. }
        ),
        attack!(
            "an alternative name that brings a certificate",
            envoy(),
            [format!("By=a;Hash={hash};URI=urn:x;Cert=\"{one}\"")],
            [],
            E::BadElement { .. }
        ),
        attack!(
            "an alternative name that brings a second subject",
            subject(),
            ["Subject=\"CN=a\";URI=x;Subject=\"CN=000e08abcdef\""],
            [],
            E::BadElement { .. }
        ),
        attack!(
            "a second certificate in the element",
            envoy(),
            [format!("Cert=\"{one}\";Cert=\"{one}\"")],
            [],
            E::BadElement { .. }
        ),
        attack!(
            "a semicolon in the name that brings a certificate",
            envoy(),
            [format!(
                "Hash={hash};Cert=\"{one}\";Subject=\"CN=a;Cert=b\""
            )],
            [],
            E::BadElement { .. }
        ),
        attack!(
            "an escaped quotation mark in the name",
            subject(),
            ["Subject=\"CN=\\\"000e08abcdef\""],
            [],
            E::Quoted { .. }
        ),
        attack!(
            "an escaped quotation mark at the end of the name",
            subject(),
            ["Subject=\"CN=000e08abcdef\\\""],
            [],
            E::Quoted { .. }
        ),
        attack!(
            "a quoted name that goes on after its end",
            subject(),
            ["Subject=\"CN=a\"000e08abcdef"],
            [],
            E::Quoted { .. }
        ),
        attack!(
            "a quotation mark in a name that is not quoted",
            subject(),
            ["Subject=CN=000e08abcdef\"x"],
            [],
            E::Quoted { .. }
        ),
        attack!(
            "a name with the serial number beside the address",
            subject(),
            ["Subject=\"ST=000e08abcdef,L=88012BA01234,OU=CP-8841-3PCC\""],
            [],
            E::Identity(IdentityError::Ambiguous { .. })
        ),
        attack!(
            "a name longer than any",
            subject(),
            [format!("Subject=\"CN=000e08abcdef {}\"", "x".repeat(1_100))],
            [],
            E::TooLong { .. }
        ),
        attack!(
            "a key in other letters",
            envoy(),
            [format!("cert=\"{one}\"")],
            [],
            E::BadElement { at: 0 }
        ),
        attack!(
            "an element without key",
            envoy(),
            [one],
            [],
            E::BadElement { at: 0 }
        ),
        attack!(
            "a semicolon at the end",
            envoy(),
            [format!("Cert=\"{one}\";")],
            [],
            E::BadElement { .. }
        ),
        attack!(
            "a hash of another certificate",
            envoy(),
            [format!(
                "Hash={};Cert=\"{one}\"",
                hash.replace(['0', '1'], "2")
            )],
            [],
            E::Contradictory
        ),
        attack!(
            "a chain of another certificate",
            envoy(),
            [format!(
                "Cert=\"{one}\";Chain=\"{}\"",
                escaped(&pem(&world.maker.certificate), "")
            )],
            [],
            E::Contradictory
        ),
        attack!(
            "an element with a hash and no more",
            envoy(),
            [format!("Hash={hash}")],
            [],
            E::MissingKey
        ),
        attack!(
            "a certificate that Envoy has not encoded",
            envoy(),
            [format!("Cert=\"{}\"", escaped(&raw, "+/= "))],
            [],
            E::StrayCharacter { .. }
        ),
        attack!(
            "the client's own header passed on and the proxy's appended",
            traefik(),
            [base64, base64],
            [],
            E::Repeated
        ),
        attack!(
            "PEM with its first and last line, which Traefik removes",
            traefik(),
            [format!(
                "-----BEGIN CERTIFICATE-----{base64}-----END CERTIFICATE-----"
            )],
            [],
            E::BadEncoding
        ),
        attack!(
            "Traefik's encoding half old and half new",
            traefik(),
            [format!(
                "{},{base64}",
                escaped(base64, "").replacen(|_| true, "%4D", 1)
            )],
            [],
            E::StrayCharacter { .. }
        ),
        attack!(
            "a plus sign that has become a space",
            traefik(),
            [base64.replace(['+', '/'], " ")],
            [],
            E::BadEncoding
        ),
        attack!(
            "Traefik's text with the subject of the intermediate too",
            plain(),
            ["Subject=\"CN=000e08abcdef\",Subject=\"CN=805ec0112233\""],
            [],
            E::Quoted { .. }
        ),
        attack!(
            "the same text percent-encoded",
            plain(),
            ["Subject%3D%22CN%3D000e08abcdef%22%2CSubject%3D%22CN%3D805ec0112233%22"],
            [],
            E::PartOfLongerRun | E::Identity(_)
        ),
        attack!(
            "plus signs of a load balancer after a form decoder",
            alb(),
            [escaped(&raw, "+=/").replace(['+', '/'], " ")],
            [],
            E::StrayCharacter { .. }
        ),
        attack!(
            "a chain where the load balancer passes on one certificate",
            alb(),
            [world.both("+=/")],
            [],
            E::SeveralCertificates
        ),
        attack!(
            "two addresses in a list",
            plain(),
            ["805EC0112233, 000E08ABCDEF"],
            [],
            E::List
        ),
        attack!(
            "digits after the address",
            plain(),
            ["000e08abcdef;hash=0123456788abcdef0123"],
            [],
            E::PartOfLongerRun
        ),
        attack!(
            "a longer name that holds the address",
            plain(),
            ["SEP000E08ABCDEF00"],
            [],
            E::PartOfLongerRun
        ),
        attack!(
            "a host name with a second address",
            plain(),
            ["000e08abcdef.805ec0112233.example.com"],
            [],
            E::Identity(IdentityError::Ambiguous { .. })
        ),
    ];
    for attack in &attacks {
        let values: Vec<&str> = attack.values.iter().map(String::as_str).collect();
        let companions: Vec<&str> = attack.companions.iter().map(String::as_str).collect();
        match read(&attack.header, &values, &companions) {
            Ok(identity) => panic!("{}: {identity:?}", attack.what),
            Err(error) => assert!((attack.refused)(&error), "{}: {error:?}", attack.what),
        }
    }
}

/// The other half of CVE-2026-46579: what a client sends over plain HTTP through a listed proxy
/// that removes nothing is what the proxy itself would have sent. Only the proxy can prevent it.
#[test]
fn a_certificate_and_status_that_a_proxy_failed_to_remove_cannot_be_told_from_its_own() {
    let world = World::new();
    let header = CertificateHeader::haproxy("X-SSL-Client-DER", "X-SSL-Client-Verify").unwrap();
    let source = HeaderSource::certificate(header, world.pinned());
    let stolen = world.base64();
    let found = source.identity_with(&proxy(), [stolen.as_bytes()], [&b"0"[..]], now());
    assert_eq!(found.unwrap().mac().to_string(), "000E08ABCDEF");
}
