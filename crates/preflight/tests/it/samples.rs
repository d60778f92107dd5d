//! The samples that come with the project, and their certificates.

use std::fs;

use offhook_preflight::{Rule, Severity};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, SanType,
};

use crate::sample::{NOW, World, at, folder};

#[test]
fn the_sample_that_passes_has_no_finding_and_nothing_unknown() {
    let report = World::passing().report();
    assert_eq!(report.findings(), []);
    assert_eq!(report.unknown(), []);
    assert_eq!(report.exit_code(Severity::Note), 0);
}

#[test]
fn the_certificates_of_the_samples_are_good_for_fifty_years() {
    let mut world = World::passing();
    world.now = at(NOW + 50 * 365 * 86_400);
    assert_eq!(world.broken(), [""; 0]);
}

#[test]
fn the_sample_that_fails_breaks_every_rule_that_one_description_can_break() {
    let broken = World::of("failing.toml").broken();
    // A description cannot break these beside others, or what is seen breaks them.
    let others = [
        "nothing-described",
        "no-device",
        "broadworks-release",
        "mac-source-missing",
        "sip-domain",
        "sip-domain-srv",
        "sbc-expiry",
        "edge-record",
        "uds-record",
        "edge-port",
    ];
    for rule in Rule::ALL.iter().filter(|rule| !others.contains(&rule.id())) {
        assert!(broken.contains(&rule.id()), "{rule}");
    }
    for rule in others {
        assert!(!broken.contains(&rule), "{rule}");
    }
}

/// `OFFHOOK_REMAKE=1` makes them anew; the keys are thrown away.
#[test]
fn sample_certificates() {
    if std::env::var_os("OFFHOOK_REMAKE").is_none() {
        return;
    }
    let root = Authority::new("Example Root CA", None);
    let issuing = Authority::new("Example Issuing CA", Some(&root));
    let maker = Authority::new("Example Maker CA", None);
    let both = [
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let sbc = leaf("example.test", &["example.test"], &both[..1], &issuing);
    put("sbc.pem", &[&sbc, &issuing.pem]);
    let edge_c = ["expressway-c", "cluster", "encrypted", "conference"];
    let edge_c = edge_c.map(|name| format!("{name}.example.test"));
    let edge_c: Vec<_> = edge_c.iter().map(String::as_str).collect();
    let expressway_c = leaf(edge_c[0], &edge_c, &both, &root);
    put("expressway-c.pem", &[&expressway_c, &root.pem]);
    let names = [
        "expressway-e.example.test",
        "example.test",
        "conference.example.test",
    ];
    put(
        "expressway-e.pem",
        &[&leaf(names[0], &names, &both, &root), &root.pem],
    );
    for name in ["unified-cm", "im-and-presence"] {
        let host = format!("{name}.example.test");
        let certificate = leaf(&host, &[&host], &both, &root);
        put(&format!("{name}.pem"), &[&certificate, &root.pem]);
    }
    let phone = leaf("CP-8851-SEP000E08ABCDEF", &[], &both[1..], &maker);
    put("phone.pem", &[&phone, &maker.pem]);
    put("root.pem", &[&root.pem]);
    put("maker.pem", &[&maker.pem]);
    put(
        "unified-cm-trust.pem",
        &[&expressway_c, &root.pem, &maker.pem],
    );

    // Those of the sample that fails.
    let stranger = Authority::new("Example Stranger CA", None);
    let name = ["other.example.test"];
    put(
        "wrong-sbc.pem",
        &[&leaf(name[0], &name, &both[..1], &stranger)],
    );
    put(
        "wrong-expressway-c.pem",
        &[&leaf(name[0], &name, &both[..1], &root), &stranger.pem],
    );
    put("stranger.pem", &[&stranger.pem]);
    let ended = Authority::dated("Example Ended CA", None, ENDED);
    let name = "unified-cm.example.test";
    let own = ended.sign_dated(name, &dns_names(&[name]), &both, ENDED);
    put("ended.pem", &[&own, &ended.pem]);
}

const ENDED: Dates = [(2020, 1, 1), (2026, 1, 1)];

pub(crate) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str, issuer: Option<&Self>) -> Self {
        Self::dated(name, issuer, LONG)
    }

    pub(crate) fn dated(name: &str, issuer: Option<&Self>, dates: Dates) -> Self {
        Self::with_key(name, issuer, dates, KeyPair::generate().unwrap())
    }

    pub(crate) fn with_key(name: &str, issuer: Option<&Self>, dates: Dates, key: KeyPair) -> Self {
        let mut params = params(name, dates);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = match issuer {
            Some(issuer) => params.signed_by(&key, &issuer.issuer),
            None => params.self_signed(&key),
        };
        Self {
            pem: certificate.unwrap().pem(),
            issuer: Issuer::new(params, key),
        }
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn sign(
        &self,
        name: &str,
        names: &[SanType],
        usages: &[ExtendedKeyUsagePurpose],
    ) -> String {
        self.sign_dated(name, names, usages, LONG)
    }

    pub(crate) fn sign_dated(
        &self,
        name: &str,
        names: &[SanType],
        usages: &[ExtendedKeyUsagePurpose],
        dates: Dates,
    ) -> String {
        let mut params = params(name, dates);
        params.subject_alt_names = names.to_vec();
        params.extended_key_usages = usages.to_vec();
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &self.issuer).unwrap().pem()
    }
}

pub(crate) fn leaf(
    name: &str,
    names: &[&str],
    usages: &[ExtendedKeyUsagePurpose],
    by: &Authority,
) -> String {
    by.sign(name, &dns_names(names), usages)
}

pub(crate) fn dns_names(names: &[&str]) -> Vec<SanType> {
    let names = names.iter();
    names
        .map(|name| SanType::DnsName((*name).try_into().unwrap()))
        .collect()
}

/// The first and the last day, each from its first moment on.
pub(crate) type Dates = [(i32, u8, u8); 2];

pub(crate) const LONG: Dates = [(2020, 1, 1), (2120, 1, 1)];

fn params(name: &str, [begin, end]: Dates) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(begin.0, begin.1, begin.2);
    params.not_after = rcgen::date_time_ymd(end.0, end.1, end.2);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn put(name: &str, parts: &[&str]) {
    fs::write(folder().join(name), parts.concat()).unwrap();
}
