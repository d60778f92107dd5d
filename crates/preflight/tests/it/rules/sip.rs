//! The SIP domain and the session border controller.

use offhook_preflight::{Outcome, Question, Severity};

use rcgen::{ExtendedKeyUsagePurpose, SanType};

use super::{Case, case, error};
use crate::sample::{World, server};
use crate::samples::{Authority, dns_names};

fn domain() -> Question {
    Question::sip_domain("example.test".parse().unwrap())
}

fn answered(outcome: Outcome) -> World {
    let mut world = World::passing();
    world.seen.answer(domain(), outcome);
    world
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for outcome in [
        Outcome::Dangling,
        Outcome::Loop,
        Outcome::NoTls,
        Outcome::NotOffered,
        Outcome::Nothing,
        Outcome::Servers(Vec::new()),
    ] {
        cases.push(case(
            "sip-domain",
            Severity::Error,
            "sip.domain",
            answered(outcome),
        ));
    }
    let mut by_address = server("example.test", "192.0.2.1:5061");
    by_address.by_address = true;
    let by_address = answered(Outcome::Servers(vec![by_address]));

    let chain = "sip.sbc-certificates";
    let mut alone = World::passing();
    alone
        .seen
        .certificates
        .get_mut("sbc.pem")
        .unwrap()
        .as_mut()
        .unwrap()
        .truncate(1);
    let mut malformed = World::passing();
    malformed
        .seen
        .certificate_file("sbc.pem", Ok(&[0x30, 0x82, 0, 1, 0]));
    let mut other = World::passing().with(
        "domain = \"example.test\"\nsbc",
        "domain = \"sip.example.test\"\nsbc",
    );
    let question = Question::sip_domain("sip.example.test".parse().unwrap());
    let servers = vec![server("sbc.example.test", "192.0.2.1:5061")];
    other.seen.answer(question, Outcome::Servers(servers));
    let sip = "[sip]\ndomain = \"example.test\"\nsbc-certificates = \"sbc.pem\"\n\
               device-trust-list = \"root.pem\"\n";
    cases.extend([
        error("sip-domain", "sip", sip, ""),
        case("sip-domain-srv", Severity::Note, "sip.domain", by_address),
        error(
            "sbc-chain",
            chain,
            "device-trust-list = \"root.pem\"",
            "device-trust-list = \"maker.pem\"",
        ),
        case("sbc-chain", Severity::Error, chain, alone),
        case("sbc-chain", Severity::Error, chain, malformed),
        case("sbc-name", Severity::Warning, chain, other),
    ]);
    cases
}

pub(super) fn harmless() -> Vec<World> {
    // What name servers do not tell is unknown, not wrong.
    vec![answered(Outcome::Failed)]
}

#[test]
fn name_servers_that_fail_are_told_from_what_nobody_has_asked() {
    let report = answered(Outcome::Failed).report();
    assert_eq!(report.exit_code(Severity::Error), 3);
    assert_eq!(report.unknown().len(), 1);
    // An error is certain, whatever is unknown beside it.
    let world = answered(Outcome::Failed).with("\"2022.11\"", "\"2021.1\"");
    assert_eq!(world.report().exit_code(Severity::Error), 1);
    let mut world = World::passing();
    world.seen.answers.clear();
    assert_eq!(world.report().exit_code(Severity::Error), 0);
    assert_eq!(world.report().unknown().len(), 3);
}

#[test]
fn the_name_of_a_certificate_is_a_sip_uri_else_a_dns_name_and_no_wildcard() {
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let uri = |uri: &str| SanType::URI(uri.try_into().unwrap());
    let other = Authority::new("Other Root CA", None);
    for (names, is_named) in [
        (vec![dns("EXAMPLE.test")], true),
        (vec![dns("sbc.test"), uri("sip:example.test")], true),
        (vec![uri("SIP:Example.test:5061;transport=tls")], true),
        (vec![dns("example.test"), uri("https://sbc.test/")], true),
        (vec![dns("example.test"), uri("sip:sbc@sbc.test")], true),
        (vec![uri("sip:example.test@sbc.test")], false),
        (vec![uri("sips:example.test")], false),
        (vec![dns("example.test"), uri("sip:other.test")], false),
        (vec![dns("*.test")], false),
        (vec![dns("sbc.example.test")], false),
        (vec![], false),
    ] {
        let own = other.sign(
            "example.test",
            &names,
            &[ExtendedKeyUsagePurpose::ServerAuth],
        );
        let mut world = World::passing();
        world.seen.certificate_file("sbc.pem", Ok(own.as_bytes()));
        let roots = std::fs::read_to_string(crate::sample::folder().join("root.pem")).unwrap();
        world
            .seen
            .certificate_file("root.pem", Ok((roots + other.pem()).as_bytes()));
        let wanted: &[&str] = if is_named { &[] } else { &["sbc-name"] };
        assert_eq!(world.broken(), wanted, "{names:?}");
    }
}

#[test]
fn why_a_chain_does_not_verify_is_told_in_words() {
    let root = Authority::new("Other Root CA", None);
    let names = dns_names(&["example.test"]);
    let for_servers = [ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = root.sign("example.test", &names, &for_servers);
    let for_clients = [ExtendedKeyUsagePurpose::ClientAuth];
    let client = root.sign("example.test", &names, &for_clients);
    // Another key under the name of the root.
    let impostor = Authority::new("Other Root CA", None);
    let verify = "the chain of the SBC does not verify: ";
    for (certificate, anchor, what) in [
        (
            &client,
            &root,
            "its extended key usage does not allow servers",
        ),
        (&leaf, &impostor, "a signature in it is wrong"),
        (
            &root.pem().to_owned(),
            &root,
            "it is the certificate of an authority",
        ),
    ] {
        let mut world = World::passing();
        let seen = &mut world.seen;
        seen.certificate_file("sbc.pem", Ok(certificate.as_bytes()));
        seen.certificate_file("anchor.pem", Ok(anchor.pem().as_bytes()));
        let world = world.with(
            "device-trust-list = \"root.pem\"",
            "device-trust-list = \"anchor.pem\"",
        );
        let report = world.report();
        assert_eq!(report.findings()[0].what, format!("{verify}{what}"));
    }
    let mut world = World::passing();
    world
        .seen
        .certificate_file("sbc.pem", Ok(&[0x30, 0x82, 0, 1, 0]));
    let what = "the certificate of the SBC cannot be used: it is malformed";
    assert_eq!(world.report().findings()[0].what, what);
}

#[test]
fn a_chain_that_is_not_described_is_unknown() {
    for (line, path) in [
        ("sbc-certificates = \"sbc.pem\"\n", "sip.sbc-certificates"),
        (
            "device-trust-list = \"root.pem\"\n",
            "sip.device-trust-list",
        ),
    ] {
        let report = World::passing().with(line, "").report();
        assert_eq!(report.findings(), []);
        let places: Vec<_> = report
            .unknown()
            .iter()
            .map(|each| each.place.path.as_str())
            .collect();
        assert_eq!(places, [path]);
    }
}
